"""The grammar of the messages: lenient in form, strict in meaning.

A message is its keyword and its fields, in words. Whether an identifier is sound is asked of
`validators.identifiers`; what depends on the day or on the record, of the use cases.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from msgspec import NODEFAULT
from msgspec.structs import fields

from sms.messages import FIELDS, MESSAGES, Message, Misread, ReasonCode, TranType
from sms.spelling import TEXT_CHARACTERS_MAX, plain
from validators.identifiers import (
    document_number_fault,
    ebn_of,
    gstin_fault,
    hsn_fault,
    normal_vehicle,
    party_fault,
    pin_fault,
    vehicle_fault,
)
from validators.money import MoneyFormatError, Paise, rupees

VEHICLE: Final = "vehicle_number"
"""The one field that drivers write with spaces; on number plates it has dashes as well."""

_DATE: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})").fullmatch
_KILOMETRES: Final = re.compile(r"[0-9]{1,9}").fullmatch
_PASSWORD: Final = re.compile(r"[0-9]{6}").fullmatch
_MAY_BE_PASSWORD: Final = re.compile(r"(?<![0-9])[0-9]{5,7}(?![0-9])")
"""Typed alone, or glued to its keyword, and perhaps with a slip."""


class _FieldFault(Exception):
    """A field cannot be read; its argument is the code of the fault."""


def read(text: str) -> Message | Misread:
    """What a text says, or the first thing wrong with it. Never raises, whatever the text.

    Words too many belong to the vehicle's number, where the message has one. `written` never holds
    a password, with its keyword, glued to it or alone.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        return Misread(None, None, "", "TOO_LONG")
    words = plain(text).split()
    if not words:
        return Misread(None, None, "", "REQUIRED")
    keyword, *words = words
    kind = MESSAGES.get(keyword)
    if kind is None:
        return Misread(None, None, _MAY_BE_PASSWORD.sub("*", keyword), "NOT_ONE_OF")
    return _read_fields(kind, words)


def _read_fields(kind: type[Message], words: list[str]) -> Message | Misread:
    names = kind.__struct_fields__
    if VEHICLE in names and len(words) > (first := names.index(VEHICLE)):
        surplus = max(len(words) - len(names), 0)
        # Where what comes after it is missing, it is all that is left.
        alone = not _vehicle_fault(" ".join(words[first:]))
        last = len(words) if alone else first + surplus + 1
        words[first:last] = [" ".join(words[first:last])]
    values: dict[str, Any] = {}
    for name, word in zip(names, words, strict=False):
        try:
            values[name] = _WAYS[name].read(word)
        except _FieldFault as at_fault:
            shown = "" if name == "password" else word
            return Misread(kind.keyword, FIELDS[name].name, shown, str(at_fault))
    if len(words) > len(names):
        if "password" in names:
            return Misread(kind.keyword, FIELDS["password"].name, "", "PASSWORD_FORMAT")
        return Misread(kind.keyword, None, words[len(names)], "UNKNOWN_FIELD")
    for field in fields(kind)[len(words) :]:
        if field.default is NODEFAULT:
            return Misread(kind.keyword, FIELDS[field.name].name, "", "REQUIRED")
    return kind(**values)


def written(message: Message) -> str:
    """The message as it is typed: `read(written(message)) == message` for every sound one."""
    words = [written_field(message, name) for name in message.__struct_fields__]
    return " ".join([message.keyword, *words]).rstrip()


def written_field(message: Message, attribute: str) -> str:
    """One field as it is typed; empty if it is left out."""
    value = getattr(message, attribute)
    return "" if value is None else _WAYS[attribute].write(value)


class _Way(NamedTuple):
    """How one field is read and written. Reading raises _FieldFault."""

    read: Callable[[str], object]
    write: Callable[[Any], str] = str


def _checked(fault_of: Callable[[str], str | None]) -> _Way:
    """A field that is kept as it is written, if it is sound."""

    def checked(word: str) -> str:
        if code := fault_of(word):
            raise _FieldFault(code)
        return word

    return _Way(checked)


def _one_of(values: Mapping[str, object]) -> _Way:
    def chosen(word: str) -> object:
        if word not in values:
            raise _FieldFault("NOT_ONE_OF")
        return values[word]

    return _Way(chosen)


def _date(word: str) -> date:
    if (match := _DATE(word)) is None:
        raise _FieldFault("DATE_FORMAT")
    try:
        return date(int(match[4]), int(match[3]), int(match[1]))
    except ValueError as error:
        raise _FieldFault("DATE_FORMAT") from error


def _amount(word: str) -> Paise:
    try:
        return Paise.parse(word)
    except MoneyFormatError as error:
        raise _FieldFault("MONEY_FORMAT") from error


def _kilometres(word: str) -> int:
    if not _KILOMETRES(word):
        raise _FieldFault("WRONG_TYPE")
    return int(word)


def _vehicle(words: str) -> str:
    if code := _vehicle_fault(words):
        raise _FieldFault(code)
    return _normal_vehicle(words)


def _vehicle_fault(words: str) -> str | None:
    number = _normal_vehicle(words)
    if " " in words and not number[-1:].isdigit():
        # A reason or a greeting would be read as the end of a temporary registration.
        return "VEHICLE_FORMAT"
    return vehicle_fault(number)


def _normal_vehicle(words: str) -> str:
    return normal_vehicle(words.replace("-", ""))


def _ebn(word: str) -> int:
    if (ebn := ebn_of(word)) is None:
        raise _FieldFault("EBN_FORMAT")
    return ebn


def _password_fault(word: str) -> str | None:
    return None if _PASSWORD(word) else "PASSWORD_FORMAT"


_WAYS: Final[Mapping[str, _Way]] = {
    "tran_type": _one_of(TranType.__members__),
    "supplier_gstin": _checked(party_fault),
    "recipient_gstin": _checked(party_fault),
    "other_party": _checked(party_fault),
    "place_of_delivery": _checked(pin_fault),
    "document_number": _checked(document_number_fault),
    "document_date": _Way(_date, lambda day: f"{day.day:02}/{day.month:02}/{day.year:04}"),
    "value_of_goods": _Way(_amount, rupees),
    "hsn_code": _checked(hsn_fault),
    "distance_km": _Way(_kilometres),
    VEHICLE: _Way(_vehicle),
    "ebn": _Way(_ebn),
    "reason": _one_of(ReasonCode.__members__),
    "transporter_id": _checked(gstin_fault),
    "topic": _one_of({keyword: keyword for keyword in MESSAGES}),
    "password": _checked(_password_fault),
    "gstin": _checked(gstin_fault),
}
