"""The parts of long messages, kept until their message is whole.

A part that was acknowledged is never delivered again, so it is durable before that.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ingest.database import Database


class Part(NamedTuple):
    """A part of a long message: `sequence` of `total`, under the `reference` its sender chose.
    `payload` are its octets without their header, in the character set of `data_coding`; `kept_at`
    is when it first came."""

    source: str
    destination: str
    reference: int
    total: int
    sequence: int
    data_coding: int
    payload: bytes
    kept_at: datetime


class SmsParts:
    """Parts of messages in the record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, part: Part, at: datetime) -> Sequence[Part] | None:
        raise NotImplementedError

    async def forget(self, parts: Sequence[Part]) -> None:
        raise NotImplementedError

    async def sweep(self, now: datetime) -> None:
        raise NotImplementedError
