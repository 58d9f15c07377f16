"""Whether an answer is right, by what it says: each judge answers what was told, or raises Wrong.

What is right is written here anew, as data from the rules: a gateway that judged itself by its own
tables would always agree with itself.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

T = TypeVar("T")
VALIDITY: Final = ((100, 1), (300, 3), (500, 5), (1000, 10), (None, 20))
"""r1(8): below so many kilometres, so many days of 24 hours from the instant of generation."""
_EBN: Final = re.compile("[1-9][0-9]{11}").fullmatch
_SMS_GENERATED: Final = re.compile(
    r"EBN (\d+) dt (\d\d/\d\d/\d{4} \d\d:\d\d) valid till (\d\d/\d\d/\d{4} \d\d:\d\d) (\w+)"
).fullmatch
_MINUTE: Final = "%d/%m/%Y %H:%M"


class Wrong(Exception):
    """An answer is not what it should be; in words without numbers of bills, to be counted."""


class Told(NamedTuple):
    """A bill as its generation was answered; without instants where the answer has none to the
    microsecond."""

    ebn: str
    generated_at: str | None = None
    valid_until: str | None = None


def validity(distance_km: int) -> timedelta:
    """How long a bill of a distance is valid, r1(8)."""
    days = next(days for below, days in VALIDITY if below is None or distance_km < below)
    return timedelta(days=days)


def answered(status: int, wanted: int, text: str) -> Any:
    """The JSON of an answer of the status that is wanted."""
    _right("status", status, wanted, _code(text))
    try:
        return json.loads(text)
    except ValueError:
        raise Wrong("the answer is not JSON") from None


def judged(judge: Callable[[int, str], T], status: int, text: str) -> T:
    """What a judge reads in an answer; an answer of another form than it reads is wrong too."""
    try:
        return judge(status, text)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise Wrong(f"the answer has another form: {error!r}") from error


def token(status: int, text: str) -> tuple[str, int]:
    """An access token, and for how many seconds it is good."""
    told = answered(status, 200, text)
    _right("token_type", told.get("token_type"), "Bearer")
    return str(told["access_token"]), int(told["expires_in"])


def generated(status: int, text: str, sent: Mapping[str, Any], by: str) -> Told:
    """The bill of a document that somebody sent."""
    told = answered(status, 201, text)
    bill = _bill(told, sent)
    _right("status of the bill", told.get("status"), "ACTIVE")
    _right("generated_by", told.get("generated_by"), by)
    _right("requirement", told.get("requirement", {}).get("required"), True)
    _right("vehicle", (told.get("part_b") or {}).get("vehicle_number"), sent["vehicle_number"])
    _right("acceptance", told.get("acceptance", {}).get("status"), "PENDING")
    return bill


def refused_again(status: int, text: str, ebn: str) -> None:
    """A document that has its bill, sent again: refused with the number of that bill."""
    told = answered(status, 409, text)
    _right("code", told.get("code"), "DOCUMENT_ALREADY_HAS_EWAY_BILL")
    _right("ebn is that of the first", told.get("ebn") == ebn, True)


def changed(
    status: int, text: str, ebn: str, sent: Mapping[str, Any], wanted: Mapping[str, str | None]
) -> None:
    """A bill after a change. `wanted`: `status`, `acceptance` and `vehicle`."""
    told = answered(status, 200, text)
    _is_now(told, ebn, sent, wanted)


def listed(
    status: int, text: str, ebn: str, sent: Mapping[str, Any], wanted: Mapping[str, str | None]
) -> None:
    """A list that holds one bill and no other."""
    items = answered(status, 200, text).get("items", [])
    _right("bills in the list", len(items), 1)
    _is_now(items[0], ebn, sent, wanted)


def mapped(status: int, text: str, vehicle: str) -> None:
    """A tag that is on a vehicle now and was on none."""
    told = answered(status, 201, text)
    _right("vehicle is that of the tag", told.get("vehicle_number") == vehicle, True)


def passes(status: int, text: str, vehicle: str, bill: Told) -> None:
    """A lane's answer for a lorry that carries one bill."""
    told = answered(status, 200, text)
    _right("decision", told.get("decision"), "PASS", str(told.get("reasons")))
    _right("vehicle is that of the tag", told.get("vehicle_number") == vehicle, True)
    shown = [(one["ebn"], one["status"], _instant(one["valid_until"])) for one in told["items"]]
    right = (bill.ebn, "ACTIVE", _instant(bill.valid_until))
    _right("bills are the lorry's", shown == [right], True)


def stops(status: int, text: str) -> None:
    """A lane's answer for a tag that nobody put on a vehicle."""
    told = answered(status, 200, text)
    _right("decision", told.get("decision"), "STOP")
    _right("reasons", told.get("reasons"), ["TAG_NOT_MAPPED"])


def read(status: int, text: str, read_id: str, ebn: str) -> None:
    """A lorry's read, counted; it verified the lorry's bill."""
    reads = answered(status, 200, text).get("reads", [])
    _right("answers to one read", len(reads), 1)
    _right("read_id is that of the read", reads[0].get("read_id") == read_id, True)
    _right("status of the read", reads[0].get("status"), 201, str(reads[0].get("code")))
    _right("decision", reads[0].get("decision"), "PASS")
    _right("the read verified the bill", reads[0].get("verified") == [ebn], True)


def uploaded(status: int, text: str, lines: int) -> list[Told]:
    """An upload of new documents: each line answered, in order, with a bill of its own."""
    _right("status", status, 200, _code(text))
    try:
        *told, last = (json.loads(line) for line in text.splitlines())
    except ValueError:
        raise Wrong("the answer is not NDJSON to its end") from None
    whole = {"received": lines, "created": lines, "existing": 0, "refused": 0}
    for number, line in enumerate(told, 1):
        _right("line is in order", line.get("line") == number, True)
        _right("status of a line", line.get("status"), 201, str(line.get("code")))
    _right("summary", last.get("summary"), whole)
    ebns = [_ebn(line.get("ebn")) for line in told]
    _right("lines with a bill of their own", len(set(ebns)), lines)
    return [Told(ebn) for ebn in ebns]


def texted(status: int, text: str, sent: Mapping[str, Any]) -> Told:
    """The reply to EWBG, to the minute."""
    _right("status", status, 200, _code(text))
    found = _SMS_GENERATED(text)
    if found is None:
        raise Wrong(f"the reply is no bill: {_without_numbers(text)}")
    ebn, begins, ends, vehicle = found.groups()
    _validity(datetime.strptime(begins, _MINUTE), datetime.strptime(ends, _MINUTE), sent)  # noqa: DTZ007 - both on India's clock
    _right("vehicle is the document's", vehicle == sent["vehicle_number"], True)
    return Told(_ebn(ebn))


def replied(status: int, text: str, begins: str) -> None:
    """A reply to a change by SMS: how it begins is known to the letter."""
    _right("status", status, 200, _code(text))
    if not text.startswith(begins):
        raise Wrong(f"the reply is: {_without_numbers(text)}")


def _is_now(
    told: Mapping[str, Any], ebn: str, sent: Mapping[str, Any], wanted: Mapping[str, str | None]
) -> None:
    _right("ebn is the one asked for", _bill(told, sent).ebn == ebn, True)
    for name, value in wanted.items():
        shown = {
            "status": told.get("status"),
            "acceptance": told.get("acceptance", {}).get("status"),
            "vehicle": (told.get("part_b") or {}).get("vehicle_number"),
        }[name]
        if name == "vehicle":
            _right("vehicle is the last one", shown == value, True)
        else:
            _right(name, shown, value)


def _bill(told: Mapping[str, Any], sent: Mapping[str, Any]) -> Told:
    """A bill that is the document's, with a number and a validity that are right."""
    part_a = told.get("part_a", {})
    differs = [name for name in _OF_THE_DOCUMENT if part_a.get(name) != sent[name]]
    _right("fields of Part A that differ", differs, [])
    try:
        begins, ends = told["generated_at"], told["valid_until"]
    except KeyError as missing:
        raise Wrong(f"{missing} is missing") from None
    _validity(_instant(begins), _instant(ends), sent)
    return Told(_ebn(told.get("ebn")), begins, ends)


_OF_THE_DOCUMENT: Final[Sequence[str]] = (
    "supplier_gstin",
    "recipient_gstin",
    "document_number",
    "value_of_goods",
    "distance_km",
)


def _validity(begins: datetime, ends: datetime, sent: Mapping[str, Any]) -> None:
    days = validity(sent["distance_km"]).days
    # Without what it is instead, to the microsecond, failures of one kind count as one.
    if ends - begins != timedelta(days=days):
        raise Wrong(f"the validity of {sent['distance_km']} km is not {days} times 24 hours")


def _instant(text: object) -> datetime:
    """An instant with its offset."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise Wrong("an instant is not one of RFC 3339") from None
    _right("an instant has an offset", at.tzinfo is not None, True)
    return at


def _ebn(ebn: object) -> str:
    if not isinstance(ebn, str) or not _EBN(ebn):
        raise Wrong("the EBN is not 12 digits, the first of them not 0")
    return ebn


def _right(name: str, is_: object, should_be: object, more: str = "") -> None:
    if is_ != should_be:
        raise Wrong(f"{name}: {is_}, not {should_be} {more}".rstrip())


def _code(text: str) -> str:
    """Of a problem, or nothing."""
    found = re.search(r'"code": ?"(\w+)"', text or "")
    return found[1] if found else ""


def _without_numbers(text: str) -> str:
    """A reply as it may be counted."""
    return re.sub(r"\d", "0", text)[:100]
