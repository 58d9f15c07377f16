"""How an invoice's document is stored: compressed with a dictionary of what invoices look like.

A document says the same two dozen names in each of its lines. A dictionary that knows them makes it
a quarter of its size, in less time than writing the rest to disk would take. What is stored begins
with the number of its dictionary; a better one gets a new number, and the old ones stay.
"""

import sys
from functools import lru_cache
from importlib.resources import files
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_NEWEST: Final = 1
_PARAMETERS: Final[dict[int, int]] = {
    zstd.CompressionParameter.compression_level: 1,
    # What repeats in an invoice are its names, which are long: looking for less takes longer.
    zstd.CompressionParameter.min_match: 7,
    # PostgreSQL knows the size and keeps the checksums.
    zstd.CompressionParameter.content_size_flag: 0,
    zstd.CompressionParameter.dict_id_flag: 0,
}


@lru_cache
def _dictionary(number: int) -> zstd.ZstdDict:
    return zstd.ZstdDict(
        files("ingest").joinpath(f"invoice_dictionary_{number}.zdict").read_bytes()
    )


_compressor: Final = zstd.ZstdCompressor(
    # Digested it would keep parameters of its own.
    options=_PARAMETERS,
    zstd_dict=_dictionary(_NEWEST).as_undigested_dict,
)
_PREFIX: Final = bytes([_NEWEST])


def pack(document: bytes) -> bytes:
    """A document as it is stored."""
    return _PREFIX + _compressor.compress(document, zstd.ZstdCompressor.FLUSH_FRAME)


def unpack(stored: bytes) -> bytes:
    """A stored document as it was."""
    return zstd.decompress(stored[1:], zstd_dict=_dictionary(stored[0]))
