"""Connections to one Redis process, a command at a time, each bounded in time.

redis-py's connection without its pool and client: these cost as much as everything else a batch
does, and what they add (retries, pools per command) is decided elsewhere here.
"""

import asyncio
from importlib.resources import files
from typing import Any, Final

import hiredis
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from ingest import limits

UNREACHABLE: Final = (RedisError, OSError, TimeoutError)
"""The errors by which Redis makes known that it may not have done what it was told."""

SCRIPTS: Final = {
    name: files("ingest").joinpath("lua", f"{name}.lua").read_text()
    for name in ("reserve", "fill", "carried")
}


class AnotherRedisError(RedisConnectionError):
    """A connection was made to another Redis process than the one expected."""


class RedisLink:
    """As many connections as are used at once, every one to the Redis process `run_id`, or with
    None to whichever answers."""

    def __init__(self, url: str, run_id: str | None) -> None:
        self._run_id = run_id
        # Only for its reading of the URL: connections are kept here.
        self._factory = ConnectionPool.from_url(
            url,
            protocol=2,
            redis_connect_func=self._greet,
            # Commands are bounded in `_call_on`; redis-py's own bound would make each a task, and
            # on Python 3.11 it can swallow the cancellation of whoever waits.
            socket_timeout=None,
            socket_connect_timeout=limits.REDIS_COMMAND_SECONDS_MAX,
            retry=Retry(NoBackoff(), 0),
        )
        self._idle: list[AbstractConnection] = []
        self._closed = False

    async def call(self, *command: Any) -> Any:
        """The answer to one command. Raises one of UNREACHABLE, after which the command may or
        may not have been done, or may yet be."""
        if self._idle:
            try:
                return await self._call_on(self._idle.pop(), command)
            except RedisConnectionError:
                # Closed while it was idle, most likely. Every command here may be done twice.
                await self.close_idle()
        return await self._call_on(self._connection(), command)

    async def _call_on(self, connection: AbstractConnection, command: tuple[Any, ...]) -> Any:
        try:
            async with asyncio.timeout(limits.REDIS_COMMAND_SECONDS_MAX):
                # hiredis packs in C what the connection's own packer does in Python.
                packed = hiredis.pack_command(command)
                await connection.send_packed_command(packed, check_health=False)
                answer = await connection.read_response()
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self._idle.append(connection)
        if self._closed:
            await self.close()
        return answer

    async def load(self, script: str) -> str:
        """The digest by which EVALSHA knows a script of `ingest/lua` from now on."""
        digest: bytes = await self.call("SCRIPT", "LOAD", SCRIPTS[script])
        return digest.decode()

    async def run_id(self) -> str:
        """The identity of the Redis process: another after every start."""
        return _run_id_in(await self.call("INFO", "server"))

    async def close(self) -> None:
        """Closes the connections, those in use once they are free."""
        self._closed = True
        await self.close_idle()

    async def close_idle(self) -> None:
        """Closes the connections not in use."""
        while self._idle:
            await self._idle.pop().disconnect()

    def _connection(self) -> AbstractConnection:
        connection: AbstractConnection = self._factory.make_connection()  # type: ignore[no-untyped-call]
        return connection

    async def _greet(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        if self._run_id is not None:
            await connection.send_command("INFO", "server")
            if _run_id_in(await connection.read_response()) != self._run_id:
                raise AnotherRedisError("this Redis was started since the epoch was opened")


def _run_id_in(information: bytes) -> str:
    _, _, rest = information.decode().partition("run_id:")
    return rest.split("\r\n", 1)[0]
