"""What a reader at a checkpoint reports: the RFID tags that passed it, by the thousand, r3(2).

A read that is wrong is its own affair: it is told all that is wrong with it, and those beside it
are counted.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from validators.errors import Fault, Refusal, fault, invalid_document
from validators.forms import FAULTS_MAX, escaped, parse_json, read_form, wrong_type
from validators.identifiers import normal_tag, tag_fault

READ_FAULTS_MAX: Final = 10
"""Told of one read, which has three fields."""

_READS: Final = "reads"
_WRITTEN: Final = b'"reads"'
_LONG: Final[Mapping[bytes, type]] = {b"{": dict, b"[": list, b'"': str}
_READ_ID: Final = re.compile(r"[!-~]{1,64}").fullmatch


class ReadForm(Struct, forbid_unknown_fields=True, kw_only=True):
    """One read of a tag."""

    read_id: Annotated[
        str,
        Meta(
            description="1 to 64 visible ASCII characters; of the reads of one reader with the "
            "same one counts",
            examples=["7b1d3c52-000017"],
        ),
    ]
    tag: Annotated[
        str,
        Meta(description="EPC or TID in hexadecimal", examples=["E2801160600002054CC2096F"]),
    ]
    read_at: Annotated[
        datetime, Meta(tz=True, description="Up to 72 hours before and 5 minutes after the request")
    ]


class ReadsForm(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a reader has read, in the order it is answered."""

    reads: Annotated[list[ReadForm], Meta(description="1 to 5,000")]


class SentRead(NamedTuple):
    """A read as it was sent, and the faults of its shape: a field at fault is UNSET."""

    form: ReadForm
    faults: Sequence[Fault]

    @property
    def read_id(self) -> str | None:
        """Its `read_id` if that could be read."""
        read_id = self.form.read_id
        return read_id if isinstance(read_id, str) and _READ_ID(read_id) else None


class CountedRead(Struct, frozen=True):
    """A read as it was counted and is kept for ever: who, where, when and with which result,
    r3(2).
    `ebns` are the bills it verified in transit; `not_verified` let it pass as well, and could not
    be verified any more when it came in."""

    read_number: int
    read_at: datetime
    received_at: datetime
    reader_id: str
    read_id: str
    tag: str
    vehicle_number: str | None
    state: str
    place: str
    decision: str
    reasons: Sequence[str]
    ebns: Sequence[int]
    not_verified: Sequence[int]


_decode: Final = msgspec.json.Decoder(ReadsForm).decode
_require_json: Final = msgspec.json.Decoder(msgspec.Raw).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_reads(body: bytes, reads_max: int) -> Iterator[SentRead]:
    """The reads a body says, in their order, each with the faults of its own shape; pointers lead
    from the read. One that is at fault is looked into when it is its turn. Raises Refusal
    INVALID_DOCUMENT at once where it is not an object of one list of 1 to `reads_max` reads, and
    MALFORMED_JSON where it, or a read when it is its turn, is not JSON."""
    try:
        reads = _decode(body).reads
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _read_carefully(body, reads_max)
    # Three members and three texts a read, each in two quotes, if no member was given twice: a
    # decoder keeps the last without a word. Only a backslash spells a text in another way.
    if b"\\" in body or body.count(b'"') != 2 + 12 * len(reads):
        return _read_carefully(body, reads_max)
    if found := _length_faults(len(reads), reads_max):
        raise invalid_document(found)
    return (SentRead(form, ()) for form in reads)


def examine_read(form: ReadForm, oldest: datetime, newest: datetime) -> list[Fault]:
    """What is wrong with a read beside its shape; it must have been read from `oldest` to `newest`,
    both included."""
    faults = []
    if isinstance(form.read_id, str) and not _READ_ID(form.read_id):
        faults.append(fault("/read_id", "READ_ID_FORMAT"))
    if isinstance(form.tag, str) and (code := tag_fault(normal_tag(form.tag))):
        faults.append(fault("/tag", code))
    if isinstance(form.read_at, datetime):
        if form.read_at < oldest:
            faults.append(fault("/read_at", "READ_TOO_OLD"))
        elif form.read_at > newest:
            faults.append(fault("/read_at", "READ_AHEAD"))
    return faults


def _read_carefully(body: bytes, reads_max: int) -> Iterator[SentRead]:
    try:
        _require_json(body)
        reads, faults = _outer(body, reads_max)
    except RecursionError as error:
        raise Refusal("MALFORMED_JSON", "the document nests too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal("MALFORMED_JSON", str(error)) from error
    if faults:
        raise invalid_document(faults[:FAULTS_MAX])
    read = (read_form(bytes(raw), ReadForm) for raw in reads)
    return (SentRead(form, faults[:READ_FAULTS_MAX]) for form, faults in read)


def _outer(body: bytes, reads_max: int) -> tuple[Sequence[msgspec.Raw], list[Fault]]:
    """The reads of a body, none of them looked into, and what is wrong around them."""
    if (kind := _kind_of(body)) is not dict:
        return (), [wrong_type("", "an object", kind())]
    members = _decode_members(body)
    faults = [fault(f"/{escaped(name)}", "UNKNOWN_FIELD") for name in members if name != _READS]
    if _READS not in members:
        return (), [*faults, fault(f"/{_READS}", "REQUIRED")]
    if _are_doubled(body, members.values()):
        faults.append(fault(f"/{_READS}", "DUPLICATE_KEY"))
    given = bytes(members[_READS])
    if (kind := _kind_of(given)) is not list:
        return (), [*faults, wrong_type(f"/{_READS}", "an array", kind())]
    reads = _decode_list(given)
    return reads, [*faults, *_length_faults(len(reads), reads_max)]


def _kind_of(value: bytes) -> type:
    """Of a value of JSON. Arrays and objects may be long, and are not read for it."""
    first = value.lstrip()[:1]
    if first in _LONG:
        return _LONG[first]
    return type(parse_json(value))


def _are_doubled(body: bytes, values: Iterable[msgspec.Raw]) -> bool:
    """Whether the reads were given twice: a decoder keeps the last without a word."""
    # If one name is in the document beside those within its values, none was dropped; only a
    # backslash spells it in another way.
    within = sum(bytes(value).count(_WRITTEN) for value in values)
    if b"\\" not in body and body.count(_WRITTEN) == 1 + within:
        return False
    # Objects within become lists of their names as well, which nobody looks at.
    names = json.loads(body, object_pairs_hook=_names, parse_int=str, parse_float=str)
    return bool(names.count(_READS) > 1)


def _names(pairs: Iterable[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in pairs]


def _length_faults(length: int, reads_max: int) -> list[Fault]:
    if length == 0:
        return [fault(f"/{_READS}", "EMPTY")]
    return [fault(f"/{_READS}", "TOO_MANY")] if length > reads_max else []
