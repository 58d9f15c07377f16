"""Content encodings of request bodies: gzip and zstd, whole or as a stream, never more than a bound
in memory. Both allow several members one after the other."""

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from ingest import limits
from validators.errors import Refusal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class _Member(Protocol):
    """One member of a compressed body. What does not fit into `max_length` is kept for the next
    call, which then takes no data until `needs_input`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gunzip:
    """zlib with the manners of the standard library's other decompressors."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)  # 16: with gzip's wrapper.
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        part = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = len(part) < max_length and not self._inflate.unconsumed_tail
        return part


def _unzstd() -> _Member:
    window_log_max = zstd.DecompressionParameter.window_log_max
    return zstd.ZstdDecompressor(options={window_log_max: limits.ZSTD_WINDOW_LOG_MAX})


_MEMBERS: Final[Mapping[bytes, Callable[[], _Member]]] = {
    b"gzip": _Gunzip,
    b"zstd": _unzstd,
}


def too_large(bytes_max: int) -> Refusal:
    """The refusal of a body of more than a bound."""
    return Refusal("BODY_TOO_LARGE", f"at most {bytes_max} bytes are taken here")


def decompressed(body: bytes, encoding: bytes, bytes_max: int) -> bytes:
    """The body without its content encoding. Raises Refusal UNSUPPORTED_CONTENT_ENCODING,
    MALFORMED_BODY or BODY_TOO_LARGE."""
    decompressor = Decompressor(encoding, limits.COMPRESSED_MEMBERS_MAX)
    parts, size = [], 0
    for part in decompressor.parts(body, bytes_max + 1):
        parts.append(part)
        size += len(part)
        if size > bytes_max:
            raise too_large(bytes_max)
    decompressor.end()
    return b"".join(parts)


class Decompressor:
    """A compressed body as it arrives, of at most `members_max` members. Raises Refusal
    UNSUPPORTED_CONTENT_ENCODING."""

    def __init__(self, encoding: bytes, members_max: int) -> None:
        name = encoding.strip().lower()
        if name != b"identity" and name not in _MEMBERS:
            raise Refusal("UNSUPPORTED_CONTENT_ENCODING")
        self._name = name
        self._members_max = members_max
        self._members = 0
        self._member: _Member | None = None

    def parts(self, data: bytes, part_bytes_max: int) -> Iterator[bytes]:
        """What data that arrived says, in parts, one of them at least for every member, if only an
        empty one. Raises Refusal MALFORMED_BODY."""
        if self._name == b"identity":
            yield data
            return
        while data or not (self._member is None or self._member.needs_input):
            if self._member is None:
                if self._members == self._members_max:
                    raise Refusal("MALFORMED_BODY", "the compressed body has too many members")
                self._members += 1
                self._member = _MEMBERS[self._name]()
            try:
                part = self._member.decompress(data, part_bytes_max)
            except (zlib.error, zstd.ZstdError) as error:
                words = f"not {self._name.decode()}: {error}"
                raise Refusal("MALFORMED_BODY", words) from error
            data = b""
            if self._member.eof:
                data = self._member.unused_data
                self._member = None
            yield part

    def end(self) -> None:
        """Raises Refusal MALFORMED_BODY when the body ended within a member, or before the
        first."""
        if self._name != b"identity" and (self._member is not None or not self._members):
            raise Refusal("MALFORMED_BODY", "the compressed body ends too early")
