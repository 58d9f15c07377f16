"""The parts of long messages, kept until their message is whole.

A part that was acknowledged is never delivered again, so it is durable before that.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ingest import limits, sms_limits
from ingest.batching import Batcher
from ingest.database import Database
from ingest.queries import SQL


class Part(NamedTuple):
    """A part of a long message: `sequence` of `total`, under the `reference` its sender chose.
    `payload` are its octets without their header, in the character set of `data_coding`."""

    source: str
    destination: str
    reference: int
    total: int
    sequence: int
    data_coding: int
    payload: bytes


class Whole(NamedTuple):
    """All parts of a message, in order; `at` is when the last of them was kept. It is the same
    however often it is answered."""

    parts: tuple[Part, ...]
    at: datetime
    part_ids: tuple[int, ...]


class SmsParts:
    """Parts of messages in the record.

    A part that comes again changes nothing, before its message is handled and after, for
    `PART_KEPT`. Other words in the place of a part that still waits are taken for those of a
    later message under the same reference, whose parts it then waits for.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keeping: Batcher[tuple[Part, datetime], Whole | None] = Batcher(
            self._keep_batch,
            batch_max=sms_limits.BATCH_SMS_PARTS_MAX,
            waiting_max=sms_limits.WAITING_SMS_PARTS_MAX,
            lanes=1,
        )

    async def keep(self, part: Part, at: datetime) -> Whole | None:
        """Returns once the part is on disk: the message it makes whole, or belongs to while that
        is whole and not handled; None when there is nothing to hand on. Raises Refusal OVERLOADED
        or RECORD_UNAVAILABLE."""
        return await self._keeping.submit((part, at))

    async def forget(self, whole: Whole, at: datetime) -> None:
        """The message was handled: its parts wait no longer. Raises Refusal RECORD_UNAVAILABLE."""
        await self._database.fetch("forget_sms_parts", whole.part_ids, at)

    async def sweep(self, now: datetime) -> None:
        """Deletes what is kept no longer, some at a time: what was handled, and what never became
        whole."""
        before, most = now - sms_limits.PART_KEPT, limits.SWEEP_ROWS_MAX
        deleted = most
        while deleted == most:
            deleted = len(await self._database.fetch("sweep_sms_parts", before, most))

    async def _keep_batch(
        self, batch: list[tuple[Part, datetime]]
    ) -> Sequence[Whole | Exception | None]:
        # Sorted, so that two transactions never wait for each other in a circle.
        order = sorted(range(len(batch)), key=lambda place: batch[place][0][:5])
        rows = [
            (*batch[place][0], batch[place][1], batch[place][1] - sms_limits.PART_KEPT)
            for place in order
        ]
        async with self._database.connection() as connection:
            found = await connection.fetch(SQL["keep_sms_parts"], *zip(*rows, strict=True))
        answers: list[Whole | None] = [None] * len(batch)
        for position, parts in groupby(found, key=itemgetter("position")):
            kept = list(parts)
            answers[order[position - 1]] = Whole(
                tuple(Part(*(row[field] for field in Part._fields)) for row in kept),
                max(row["kept_at"] for row in kept),
                tuple(row["part_id"] for row in kept),
            )
        return answers
