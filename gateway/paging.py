"""Pages of a list: how many items, and the opaque cursor between two pages."""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from ingest import limits
from validators.errors import Fault, fault
from validators.identifiers import ebn_of

Item = TypeVar("Item")


def read_limit(limit: int, faults: list[Fault]) -> int:
    """The number of items asked for; adds a fault when it is not from 1 to the limit."""
    if isinstance(limit, int) and not 1 <= limit <= limits.LIST_ITEMS_MAX:
        faults.append(fault("/limit", "OUT_OF_RANGE", f"must be from 1 to {limits.LIST_ITEMS_MAX}"))
    return limit


def write_cursor(last: int | str) -> str:
    """The cursor of a page that ends with an item of this number or name."""
    return base64.urlsafe_b64encode(str(last).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, faults: list[Fault]) -> int | None:
    """The bill a cursor stands at, or None for the first page; adds a fault for any other text."""
    return read_cursor_of(cursor, faults, ebn_of)


def read_cursor_of(
    cursor: str | None, faults: list[Fault], item_of: Callable[[str], Item | None]
) -> Item | None:
    """As `read_cursor`, for items that are named otherwise."""
    if not isinstance(cursor, str):
        return None
    try:
        last = item_of(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (binascii.Error, ValueError):
        last = None
    if last is None:
        faults.append(fault("/cursor", "CURSOR_FORMAT"))
    return last
