"""`gateway upload`: from its arguments to its exit code."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop

from gateway.settings import SettingError
from gateway.upload.answers import AnswersFile
from gateway.upload.arguments import (
    CLIENT_ID,
    CLIENT_SECRET,
    CONNECTIONS_MAX,
    URL,
    URL_DEFAULT,
)
from gateway.upload.documents import FileRefused, Kind, Outcome
from gateway.upload.doubled import refuse_doubled
from gateway.upload.progress import Progress
from gateway.upload.refusals import UploadFailed
from gateway.upload.refused import put_aside, refused_files, write_refused
from gateway.upload.sending import send
from gateway.upload.source import Source, open_source
from gateway.upload.tokens import Credentials

SOME_REFUSED: Final = 3
"""The exit code when everything was answered, and not everything taken."""


def upload(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Uploads a file; answers 0 when all was taken and 3 when some was refused.

    Raises SettingError when it was asked wrongly, UploadFailed when it could not be finished.
    """
    url = _url(chosen.url or environment.get(URL) or URL_DEFAULT)
    credentials = _credentials(chosen.credentials, environment)
    if not 1 <= chosen.connections <= CONNECTIONS_MAX:
        raise SettingError(f"--connections {chosen.connections} is not from 1 to {CONNECTIONS_MAX}")
    if chosen.tries < 1:
        raise SettingError(f"--tries {chosen.tries} is not 1 or more")
    path: Path = chosen.file
    try:
        source = open_source(path, Kind(chosen.kind) if chosen.kind else None)
        answers_path = path.with_name(f"{path.name}.answers.ndjson")
        answers = AnswersFile(answers_path, source, url, credentials.client_id, again=chosen.again)
    except FileRefused as refused:
        raise SettingError(str(refused)) from refused
    if chosen.again:
        put_aside(*refused_files(source))
    with answers:
        failure = _send(source, answers, url, credentials, chosen)
        if failure is None:
            refuse_doubled(source, answers)
        mend = refused_files(source) if answers.counts[Outcome.REFUSED] else []
        # What is there already somebody may have begun to mend.
        if mend and (answers.added or not all(file.exists() for file in mend)):
            write_refused(source, answers)
        print(_summary(source, answers, mend))
        if failure:
            raise UploadFailed(f"{failure}\nTo go on where it stopped, say the same again.")
        return SOME_REFUSED if answers.counts[Outcome.REFUSED] else 0


def _send(
    source: Source,
    answers: AnswersFile,
    url: str,
    credentials: Credentials,
    chosen: argparse.Namespace,
) -> str | None:
    """Sends what is unanswered; why it ended before its end, if it did."""
    progress = Progress(source.lines)
    failure = None
    try:
        uvloop.run(
            send(
                source,
                answers,
                progress,
                url=url,
                credentials=credentials,
                connections=chosen.connections,
                tries=chosen.tries,
            )
        )
    except UploadFailed as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "interrupted"
    progress.close(finished=failure is None)
    return failure


def _url(written: str) -> str:
    parts = urlsplit(written)
    if "@" in parts.netloc:  # Nor is it said again: its password is nobody's to read.
        raise SettingError("the URL names a user: say it without, and who uploads with "
                           "--credentials")  # fmt: skip
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(f"{written!r} is not the URL of a gateway, such as {URL_DEFAULT}")
    return written.rstrip("/")


def _credentials(file: Path | None, environment: Mapping[str, str]) -> Credentials:
    if file is None:
        written: object = {
            "client_id": environment.get(CLIENT_ID),
            "client_secret": environment.get(CLIENT_SECRET),
        }
    else:
        try:
            written = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingError(f"--credentials {file}: {error}") from error
    if isinstance(written, dict):
        client_id, secret = written.get("client_id"), written.get("client_secret")
        if isinstance(client_id, str) and isinstance(secret, str) and client_id and secret:
            return Credentials(client_id, secret)
    if file is None:
        raise SettingError(f"who uploads? Say --credentials FILE, or set {CLIENT_ID} and "
                           f"{CLIENT_SECRET}")  # fmt: skip
    raise SettingError(f"--credentials {file} is not what `gateway enrol` prints")


def _summary(source: Source, answers: AnswersFile, mend: list[Path]) -> str:
    lines = [f"{source.path}: {answers.total:,} {source.kind.title} answered"]
    lines += [f"  {what.value:9}{count:>12,}" for what, count in answers.counts.items()]
    lines.append(f"answers: {answers.path}")
    if mend:
        lines.append(f"refused: {', '.join(map(str, mend))}")
        lines.append(f"mend the lines in {mend[0]} and upload that file")
    return "\n".join(lines)
