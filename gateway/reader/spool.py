"""The spool: reads on disk from the sighting until the gateway has answered them.

One SQLite file. What must last (a read, and that it was answered) is on the disk when the call
returns; the last sightings need not be, and are written without waiting for it.
"""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from gateway.reader.reads import Read

REFUSED_READS_MAX: Final = 100_000
"""Of the refused reads so many are kept, the newest. Each was told when it was refused."""
_APPLICATION_ID: Final = 0x52464944
"""Says that a SQLite file is a spool: RFID."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT, read_id TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL, read_at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY AUTOINCREMENT, read_id TEXT NOT NULL,
    tag TEXT NOT NULL, read_at TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sighting (
    tag TEXT PRIMARY KEY, last_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""


class SpoolRefused(Exception):
    """The file cannot be used as a spool; the message says why."""


class SpoolFull(Exception):
    """The spool holds as many reads as it may."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A read that the gateway refuses for good, and why."""

    read: Read
    reason: str


class Spool:
    """The reads that wait. One relay at a time may have a spool open; a crash leaves it whole."""

    def __init__(self, path: Path, reads_max: int) -> None:
        """Opens or begins the file. Raises SpoolRefused when it is in use, or no spool."""
        self.path = path
        self._reads_max = reads_max
        self._lock = _locked(path)
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            self._lock.close()
            raise SpoolRefused(f"{path} cannot be used as a spool: {error}") from error
        try:
            self._begin()
        except sqlite3.Error as error:
            self.close()
            raise SpoolRefused(f"{path} cannot be used as a spool: {error}") from error
        except SpoolRefused:
            self.close()
            raise
        self.waiting: int = self._count("waiting")
        """Reads that are not answered yet."""

    def add(self, reads: Sequence[Read], sightings: Mapping[str, datetime]) -> None:
        """Keeps reads with the sightings they come from: all of it lasts on return, or nothing.

        Raises SpoolFull, and sqlite3.Error when the disk does not take it.
        """
        if self.waiting + len(reads) > self._reads_max:
            raise SpoolFull(f"the spool holds {self.waiting:,} reads of {self._reads_max:,}")
        with self._transaction():
            self._database.executemany(
                "INSERT INTO waiting (read_id, tag, read_at) VALUES (?, ?, ?)", map(_row, reads)
            )
            self._see(sightings)
        self.waiting += len(reads)

    def oldest(self, count: int, *, passed_over: int = 0) -> list[Read]:
        """The reads that wait longest but for so many `passed_over`, at most `count`, in the order
        they were added."""
        rows = self._database.execute(
            "SELECT read_id, tag, read_at FROM waiting ORDER BY number LIMIT ? OFFSET ?",
            (count, passed_over),
        )
        return [Read(read_id, tag, datetime.fromisoformat(at)) for read_id, tag, at in rows]

    def settle(self, counted: Iterable[Read], refused: Sequence[Refused]) -> None:
        """Takes out what the gateway has counted; puts what it refuses for good with its reason
        among the refused. It lasts on return. Raises sqlite3.Error when the disk does not take it.
        """
        answered = [(read.read_id,) for read in (*counted, *(each.read for each in refused))]
        with self._transaction():
            self._database.executemany("DELETE FROM waiting WHERE read_id = ?", answered)
            self._database.executemany(
                "INSERT INTO refused (read_id, tag, read_at, reason) VALUES (?, ?, ?, ?)",
                ((*_row(each.read), each.reason) for each in refused),
            )
            self._database.execute(
                "DELETE FROM refused WHERE number <= (SELECT max(number) FROM refused) - ?",
                (REFUSED_READS_MAX,),
            )
        self.waiting -= len(answered)

    def sightings(self) -> dict[str, datetime]:
        """When each tag was last seen, as far as it was saved."""
        rows = self._database.execute("SELECT tag, last_at FROM sighting")
        return {tag: datetime.fromisoformat(at) for tag, at in rows}

    def save_sightings(self, seen: Mapping[str, datetime], forgotten: Iterable[str] = ()) -> None:
        """Keeps last sightings through a crash of this process; through a power cut not always."""
        with self._transaction(synchronous="NORMAL"):
            self._see(seen)
            self._database.executemany(
                "DELETE FROM sighting WHERE tag = ?", ((tag,) for tag in forgotten)
            )

    def close(self) -> None:
        """Another relay may have the spool from here on."""
        self._database.close()
        self._lock.close()

    def _begin(self) -> None:
        (ours,) = self._database.execute("PRAGMA application_id").fetchone()
        if ours != _APPLICATION_ID and self._count("sqlite_schema"):
            raise SpoolRefused(f"{self.path} is the file of another program")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._database.executescript(_SCHEMA)

    def _count(self, table: str) -> int:
        (count,) = self._database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        return int(count)

    def _see(self, sightings: Mapping[str, datetime]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO sighting VALUES (?, ?)",
            ((tag, at.isoformat()) for tag, at in sightings.items()),
        )

    @contextmanager
    def _transaction(self, *, synchronous: str = "FULL") -> Iterator[None]:
        self._database.execute(f"PRAGMA synchronous = {synchronous}")
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            # Where SQLite has rolled back by itself there is nothing left to roll back.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise


def _locked(path: Path) -> TextIO:
    """A lock of its own: SQLite's would keep out who only looks, too, and would be lost with any
    other descriptor of the file that this process closes."""
    try:
        lock = path.with_name(f"{path.name}.lock").open("a")
    except OSError as error:
        raise SpoolRefused(f"{path}: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SpoolRefused(f"{path} is in use by another relay") from error
    return lock


def _row(read: Read) -> tuple[str, str, str]:
    return read.read_id, read.tag, read.read_at.isoformat()
