"""The command line: serve, enrol, migrate, rebuild-hot-state, archive-invoices, upload, reader and
demo."""

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import uvloop
from redis.exceptions import RedisError

from gateway.reader.arguments import add_arguments as add_reader_arguments
from gateway.servers.embedded import DataDirectoryInUse, Endpoints, attach
from gateway.servers.process import ServerFailed
from gateway.settings import SettingError, Settings, environment, variable
from gateway.upload.arguments import add_arguments as add_upload_arguments
from ingest.archive import ArchiveError, archive_invoices
from ingest.clients import Enrolment, EnrolmentError, enrol
from ingest.database import Database
from ingest.hot_state import HotState
from ingest.migrations import migrate
from ingest.rebuild import Rebuilt, rebuild_hot_state
from validators.authority import Role
from validators.errors import Refusal

Result = TypeVar("Result")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command; exits 2 when it was asked wrongly, 1 when it could not be done."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        chosen.command(_settings(chosen), chosen)
    except (SettingError, EnrolmentError) as error:
        parser.error(str(error))
    except (
        DataDirectoryInUse,
        ServerFailed,
        ArchiveError,
        Refusal,
        OSError,
        RuntimeError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        RedisError,
    ) as error:
        print(f"gateway: {error}", file=sys.stderr)
        sys.exit(1)


def _settings(chosen: argparse.Namespace) -> Settings:
    flags = {name: getattr(chosen, name, None) for name in _setting_names()}
    return Settings.from_environment(environment(), **flags)


def _setting_names() -> list[str]:
    return [field.name for field in fields(Settings)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="E-way bill gateway.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = _command(commands, "serve", "start everything and serve", _serve)
    _flags(
        serve,
        "host",
        "port",
        "workers",
        "log_level",
        "rulebooks",
        "sms_settings",
        "trusted_proxies",
    )

    new = _command(commands, "enrol", "give a person a client id and secret", _enrol)
    new.add_argument("role", choices=[role.value for role in Role], metavar="ROLE")
    new.add_argument("--id", required=True, help="GSTIN or transporter id, or the person's own id")
    new.add_argument("--state", help="State code, for an officer or a reader, such as 29")
    new.add_argument("--place", help="where a reader stands")
    new.add_argument("--mobile", help="mobile number an operator reaches the person at")
    new.add_argument("--class", dest="person_class", help="class of a transporter")
    new.add_argument(
        "--source",
        action="append",
        default=[],
        dest="sources",
        metavar="NETWORK",
        help="network an SMS provider delivers from, such as 192.0.2.0/24; may be repeated",
    )

    _command(commands, "migrate", "bring the schema to its newest version", _migrate)
    _command(commands, "rebuild-hot-state", "Redis anew from PostgreSQL, while serving", _rebuild)
    archive = _command(
        commands, "archive-invoices", "old invoices from the record into files", _archive
    )
    archive.add_argument(
        "--before", required=True, type=_month, metavar="YYYY-MM", help="the first month to keep"
    )
    archive.add_argument("--into", required=True, type=Path, help="directory of the files")
    send = _command(commands, "upload", "send a file to a gateway", _upload, servers=False)
    add_upload_arguments(send)
    reader = _command(
        commands, "reader", "send what an RFID reader reads to a gateway", _reader, servers=False
    )
    add_reader_arguments(reader)
    _command(commands, "demo", "a throwaway gateway shows what it does", _demo, servers=False)
    return parser


def _command(
    commands: Any,
    name: str,
    summary: str,
    run: Callable[[Settings, argparse.Namespace], None],
    *,
    servers: bool = True,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    command.set_defaults(command=run)
    if servers:
        _flags(command, "data_dir", "postgres_dsn", "redis_url", "postgres_bin", "redis_server")
    return command


_HELP = {
    "host": "address to listen on",
    "port": "port to listen on, 0 for any",
    "workers": "worker processes",
    "data_dir": "where the embedded servers keep their data",
    "postgres_dsn": "a PostgreSQL 18 to use instead of the embedded one",
    "redis_url": "a Redis to use instead of the embedded one",
    "postgres_bin": "directory of the postgres and initdb to embed",
    "redis_server": "redis-server or valkey-server to embed",
    "log_level": "debug, info, warning or error",
    "rulebooks": "versions of the rules that apply from their date on, comma-separated",
    "sms_settings": "TOML file of how SMS is sent; without it none is",
    "trusted_proxies": "addresses or networks whose X-Forwarded-For is believed, comma-separated",
}
_KINDS = {
    "port": int,
    "workers": int,
    "data_dir": Path,
    "postgres_bin": Path,
    "redis_server": Path,
    "sms_settings": Path,
}


def _flags(command: argparse.ArgumentParser, *names: str) -> None:
    defaults = Settings()
    for name in names:
        default = getattr(defaults, name)
        shown = "" if default is None else f", default {default}"
        command.add_argument(
            f"--{name.replace('_', '-')}",
            type=_KINDS.get(name, str),
            metavar=name.rpartition("_")[2].upper(),
            help=f"{_HELP[name]} ({variable(name)}{shown})",
        )


def _serve(settings: Settings, _: argparse.Namespace) -> None:
    # Whoever only calls a gateway needs nothing of what serves.
    from gateway import supervisor  # noqa: PLC0415

    supervisor.serve(settings, lambda line: print(line, flush=True))


def _enrol(settings: Settings, chosen: argparse.Namespace) -> None:
    wanted = Enrolment(
        Role(chosen.role),
        chosen.id,
        chosen.state,
        chosen.place,
        chosen.mobile,
        chosen.person_class,
        chosen.sources,
    )

    async def run(database: Database, _: Endpoints) -> tuple[str, str]:
        return await enrol(database, wanted, datetime.now(UTC))

    client_id, secret = _with_record(settings, run)
    print(json.dumps({"client_id": client_id, "client_secret": secret}))


def _migrate(settings: Settings, _: argparse.Namespace) -> None:
    with _servers(settings) as servers:
        applied = uvloop.run(migrate(servers.postgres_dsn))
    print("\n".join(f"applied {name}" for name in applied) or "the schema is the newest")


def _rebuild(settings: Settings, _: argparse.Namespace) -> None:
    def progress(done: Rebuilt, seconds: float) -> None:
        rate = sum(done) / max(seconds, 1e-9)
        told = f"{done.tags} tags, {done.vehicles} vehicles, {done.bills} bills"
        print(f"\r{told}; {rate:.0f} a second", end="", file=sys.stderr)

    async def run(database: Database, servers: Endpoints) -> Rebuilt:
        hot_state = HotState(database, servers.redis_url)
        try:
            # Whichever the gateway that serves was told: a list too short would be believed.
            return await rebuild_hot_state(database, hot_state, datetime.now(UTC), progress)
        finally:
            await hot_state.disconnect()

    done = _with_record(settings, run)
    print(
        f"\n{done.bills} live e-way bills, {done.vehicles} vehicles and {done.tags} tags "
        "were gone through"
    )


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a month YYYY-MM") from error


def _archive(settings: Settings, chosen: argparse.Namespace) -> None:
    async def run(database: Database, _: Endpoints) -> int:
        count = 0
        async for done in archive_invoices(database, chosen.before, chosen.into, datetime.now(UTC)):
            print(f"{done.partition}: {done.invoices} invoices in {done.file or 'no file'}")
            count += 1
        return count

    print(f"{_with_record(settings, run)} partitions archived")


def _upload(_: Settings, chosen: argparse.Namespace) -> None:
    # Whoever serves needs nothing of what an upload needs.
    from gateway.upload.command import upload  # noqa: PLC0415

    sys.exit(upload(chosen, environment()))


def _reader(_: Settings, chosen: argparse.Namespace) -> None:
    # sllurp is installed only where a reader is.
    try:
        from gateway.reader.command import read_tags  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "sllurp":
            raise
        raise SettingError("a reader needs sllurp: pip install 'eway-gateway[reader]'") from None
    read_tags(chosen, environment())


def _demo(_: Settings, __: argparse.Namespace) -> None:
    from gateway import demo  # noqa: PLC0415

    demo.show()


def _servers(settings: Settings) -> Any:
    return attach(
        settings.data_dir,
        settings.postgres_dsn,
        settings.redis_url,
        settings.postgres_bin,
        settings.redis_server,
    )


def _with_record(
    settings: Settings, use: Callable[[Database, Endpoints], Awaitable[Result]]
) -> Result:
    """Runs a use of the record, of the gateway that serves the data directory if one does."""

    async def run(servers: Endpoints) -> Result:
        await migrate(servers.postgres_dsn)
        database = await Database.connect(servers.postgres_dsn, connections_max=2)
        try:
            return await use(database, servers)
        finally:
            await database.close()

    with _servers(settings) as servers:
        return uvloop.run(run(servers))
