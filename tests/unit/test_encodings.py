"""Compressed bodies as they arrive: a part for every member, of which there is a bounded number."""

import gzip
import sys

import pytest

from gateway.encodings import Decompressor
from validators.errors import Refusal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EMPTY = {b"gzip": gzip.compress(b""), b"zstd": zstd.compress(b"")}


@pytest.mark.parametrize("encoding", EMPTY)
def test_an_empty_member_is_a_part_too(encoding: bytes) -> None:
    """Else thousands of them would be gone through without a pause."""
    decompressor = Decompressor(encoding, 5)
    assert list(decompressor.parts(EMPTY[encoding] * 5, 1000)) == [b""] * 5
    decompressor.end()


@pytest.mark.parametrize("encoding", EMPTY)
def test_one_member_too_many(encoding: bytes) -> None:
    decompressor = Decompressor(encoding, 5)
    with pytest.raises(Refusal, match="too many members"):
        list(decompressor.parts(EMPTY[encoding] * 6, 1000))
