"""Reads a JSON document into a typed form, reporting every fault of its shape, not the first.

A form is a `msgspec.Struct` with `forbid_unknown_fields`. A sound document takes the fast path:
one decode, one conversion. Only a faulty one is walked field by field.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import EnumType
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Struct

from validators.errors import Fault, Refusal, fault
from validators.money import Paise, decode_hook

FAULTS_MAX: Final = 100
"""A document's first hundred faults are reported; a form has far fewer fields."""

KEY_CHARACTERS_SHOWN_MAX: Final = 100

_INTEGER: Final = re.compile(r"-?[0-9]{1,9}").fullmatch

Form = TypeVar("Form", bound=Struct)

# JSON numbers with a fraction become Decimal, never float: 50000.01 rupees must stay exact.
_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode


def parse_json(body: bytes) -> Any:
    """The JSON value of a body. Raises Refusal MALFORMED_JSON, naming the place."""
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        raise Refusal("MALFORMED_JSON", "a number is too long") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal("MALFORMED_JSON", str(error)) from error
    except (ValueError, ArithmeticError) as error:
        raise Refusal("MALFORMED_JSON", "a number is out of every range") from error


def read_json(body: bytes) -> tuple[Any, list[Fault]]:
    """The JSON value of a body from outside, and a fault for every key given twice in one object.
    Raises Refusal MALFORMED_JSON."""
    try:
        document = parse_json(body)
        return document, _duplicate_keys(body, document)
    except RecursionError as error:
        raise Refusal("MALFORMED_JSON", "the document nests too deeply") from error


def read_form(body: bytes, form: type[Form]) -> tuple[Form, list[Fault]]:
    """The form a body says, and the faults of its shape: types, unknown, missing, doubled fields.

    A field at fault is UNSET in the form, so that its other fields can still be examined.
    Raises Refusal MALFORMED_JSON when the body is not JSON.
    """
    document, faults = read_json(body)
    return _convert(document, form, faults)


def read_query(query: Mapping[str, str], form: type[Form]) -> tuple[Form, list[Fault]]:
    """As `read_form`, for query parameters, whose numbers are text."""
    numbers = {field.name for field in _fields(form).values() if int in field.alternatives}
    document = {
        name: int(text) if name in numbers and _INTEGER(text) else text
        for name, text in query.items()
    }
    return _convert(document, form, [])


def _convert(document: Any, form: type[Form], faults: list[Fault]) -> tuple[Form, list[Fault]]:
    if not faults:
        try:
            return msgspec.convert(document, form, dec_hook=decode_hook), faults
        except msgspec.ValidationError:
            pass
    read = _walk(document, form, "", faults)
    return read, faults[:FAULTS_MAX]


class _Field(NamedTuple):
    name: str
    """As the document writes it; the form's attribute may be named otherwise."""
    attribute: str
    kind: Any
    alternatives: tuple[Any, ...]
    """The field's type and, if that is a union, its members."""
    required: bool
    default: Any
    nested: type[Struct] | None
    repeated: bool
    item: "_Field | None"
    """What a list of plain values has for entries."""


@lru_cache
def _fields(form: type[Struct]) -> dict[str, _Field]:
    hints = get_type_hints(form)
    return {
        field.encode_name: _field(
            field.encode_name,
            field.name,
            field.type,
            hints[field.name],
            required=field.required,
            default=field.default,
        )
        for field in msgspec.structs.fields(form)
    }


def _field(
    name: str, attribute: str, kind: Any, hint: Any, *, required: bool, default: Any
) -> _Field:
    alternatives = (hint, *get_args(hint))
    parts = [part for kind in alternatives for part in (kind, *get_args(kind))]
    structs = [part for part in parts if isinstance(part, type) and issubclass(part, Struct)]
    lists = [kind for kind in alternatives if get_origin(kind) is list]
    item = None
    if lists and not structs:
        (entry,) = get_args(lists[0])
        item = _field(name, attribute, entry, entry, required=True, default=UNSET)
    nested = structs[0] if structs else None
    return _Field(name, attribute, kind, alternatives, required, default, nested, bool(lists), item)


def _walk(document: Any, form: type[Form], pointer: str, faults: list[Fault]) -> Form:
    """Reads what can be read of a faulty document, appending a fault for what cannot."""
    fields = _fields(form)
    values: dict[str, Any] = {field.attribute: UNSET for field in fields.values()}
    if not isinstance(document, dict):
        faults.append(wrong_type(pointer, "an object", document))
        return form(**values)
    faults += [
        fault(f"{pointer}/{escaped(key)}", "UNKNOWN_FIELD") for key in document if key not in fields
    ]
    for field in fields.values():
        here = f"{pointer}/{field.name}"
        if field.name not in document:
            if field.required:
                faults.append(fault(here, "REQUIRED"))
            else:
                values[field.attribute] = field.default
            continue
        values[field.attribute] = _read_field(document[field.name], field, here, faults)
    return form(**values)


def _read_field(value: Any, field: _Field, pointer: str, faults: list[Fault]) -> Any:
    try:
        return msgspec.convert(value, field.kind, dec_hook=decode_hook)
    except msgspec.ValidationError:
        pass
    if field.nested and field.repeated and isinstance(value, list):
        return [
            _walk(item, field.nested, f"{pointer}/{index}", faults)
            for index, item in enumerate(value)
            if len(faults) < FAULTS_MAX
        ]
    if field.item and isinstance(value, list):
        return [
            _read_field(entry, field.item, f"{pointer}/{index}", faults)
            for index, entry in enumerate(value)
            if len(faults) < FAULTS_MAX
        ]
    if field.nested and not field.repeated and isinstance(value, dict):
        return _walk(value, field.nested, pointer, faults)
    faults.append(_field_fault(value, field, pointer))
    return UNSET


def _field_fault(value: Any, field: _Field, pointer: str) -> Fault:
    alternatives = field.alternatives
    allowed = [get_args(kind) for kind in alternatives if get_origin(kind) is Literal]
    allowed += [tuple(kind) for kind in alternatives if isinstance(kind, EnumType)]
    if (
        Paise in alternatives
        and isinstance(value, (str, int, Decimal))
        and not isinstance(value, bool)
    ):
        return fault(pointer, "MONEY_FORMAT")
    if isinstance(value, str) and date in alternatives:
        return fault(pointer, "DATE_FORMAT")
    if isinstance(value, str) and datetime in alternatives:
        return fault(pointer, "INSTANT_FORMAT")
    if isinstance(value, str) and allowed:
        return fault(pointer, "NOT_ONE_OF", f"must be one of {', '.join(allowed[0])}")
    if bool in alternatives:
        return wrong_type(pointer, "a boolean", value)
    if int in alternatives:
        return wrong_type(pointer, "an integer", value)
    if Paise in alternatives:
        return wrong_type(pointer, "an amount in rupees", value)
    if field.repeated:
        return wrong_type(pointer, "an array", value)
    return wrong_type(pointer, "an object" if field.nested else "a string", value)


_JSON_TYPES: Final = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    Decimal: "a number with a fraction",
    type(None): "null",
}


def wrong_type(pointer: str, expected: str, value: Any) -> Fault:
    """The fault of a JSON value that is not of the type expected, in words."""
    return fault(pointer, "WRONG_TYPE", f"must be {expected}, not {_JSON_TYPES[type(value)]}")


def escaped(key: str) -> str:
    """A key as a JSON Pointer has it."""
    # A key of a megabyte is named by its beginning, not sent back whole.
    shown = key if len(key) <= KEY_CHARACTERS_SHOWN_MAX else key[:KEY_CHARACTERS_SHOWN_MAX] + "…"
    return shown.replace("~", "~0").replace("/", "~1")


def _duplicate_keys(body: bytes, document: Any) -> list[Fault]:
    """A fault for every key given twice in one object; decoders would silently keep the last.

    Without a backslash no string holds a quote, so the quotes in the body are exactly two for
    every key and every string value. If the decoded document has that many, none was dropped.
    """
    if b"\\" not in body and body.count(b'"') == 2 * _string_count(document):
        return []
    pairs = json.loads(body, object_pairs_hook=_Pairs, parse_int=str, parse_float=str)
    return list(_doubled(pairs, ""))


def _string_count(value: Any) -> int:
    if type(value) is dict:
        count = len(value)
        for item in value.values():
            kind = type(item)
            if kind is str:
                count += 1
            elif kind is dict or kind is list:
                count += _string_count(item)
        return count
    if type(value) is list:
        return sum(map(_string_count, value))
    return 1 if type(value) is str else 0


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs in order, so that doubled keys are seen."""


def _doubled(value: Any, pointer: str) -> Iterator[Fault]:
    if isinstance(value, _Pairs):
        seen = set()
        for key, item in value:
            here = f"{pointer}/{escaped(key)}"
            if key in seen:
                yield fault(here, "DUPLICATE_KEY")
            seen.add(key)
            yield from _doubled(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _doubled(item, f"{pointer}/{index}")
