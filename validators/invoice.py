"""An invoice on record: its reference number, who may upload and read it, and how it differs from
another of the same number."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from validators.authority import Person, Role
from validators.calendar import financial_year
from validators.errors import Fault, Refusal, fault
from validators.identifiers import UNREGISTERED
from validators.inv1 import NOTHING, TAXES, Inv1
from validators.inv1_numbers import thousandths


class InvoiceKey(Struct, frozen=True, order=True, gc=False):
    """What makes an invoice the same: supplier, financial year by its first calendar year, and
    document number in upper case."""

    financial_year: int
    supplier_gstin: str
    number: str

    @property
    def irn(self) -> str:
        """The Invoice Reference Number, r2(2): 64 lower-case hexadecimal characters."""
        named = f"{self.supplier_gstin}{_said(self.financial_year)}INV{self.number}"
        return sha256(named.encode("ascii")).hexdigest()


@lru_cache
def _said(financial_year: int) -> str:
    return f"{financial_year}-{(financial_year + 1) % 100:02}"


def key_of(form: Inv1) -> InvoiceKey:
    """The key of a sound form."""
    return InvoiceKey(
        financial_year(form.document_date), form.supplier.gstin, form.document_number.upper()
    )


class Invoice(NamedTuple):
    """An invoice on record: the form as normalised, and the last instant at which its reference
    number is good, r2(2)."""

    form: Inv1
    good_until: datetime


def require_may_upload(person: Person, form: Inv1) -> None:
    """r2(2): a tax invoice issued by the registered person. Raises Refusal NOT_A_PARTY."""
    if person.id != form.supplier.gstin:
        raise Refusal("NOT_A_PARTY", "only its supplier uploads an invoice")


def may_read(person: Person, form: Inv1) -> bool:
    """r2(2), r3(1): the supplier, who it is billed or shipped to, and every proper officer."""
    if person.role is Role.OFFICER:
        return True
    shipped_to = form.shipped_to.gstin if form.shipped_to else None
    return person.id in (form.supplier.gstin, form.billed_to.gstin, shipped_to)


def differences(first: Inv1, again: Inv1) -> list[Fault]:
    """A fault for every field in which two sound forms of one key say different things, each with
    its place in the second.

    The same is said by a document number in other letters, `9` and `9.00` per cent, a tax of
    nothing and none, `URP` and no GSTIN, the place billed to named again as shipped to and none.
    """
    pointers = [*_differing(replace(first, shipped_to=None), replace(again, shipped_to=None), "")]
    if first.shipped_to and again.shipped_to:
        pointers += _differing(first.shipped_to, again.shipped_to, "/shipped_to")
    elif first.shipped_to or again.shipped_to:
        one, other = (form.shipped_to or form.billed_to for form in (first, again))
        pointers += ["/shipped_to"] if any(_differing(one, other, "")) else []
    return [fault(pointer, "DIFFERS") for pointer in pointers]


def _differing(first: Any, again: Any, pointer: str) -> Iterator[str]:
    if isinstance(first, Struct) and isinstance(again, Struct):
        for name in first.__struct_fields__:
            one, other = getattr(first, name), getattr(again, name)
            if _meant(name, one) != _meant(name, other):
                yield from _differing(one, other, f"{pointer}/{name}")
    elif isinstance(first, list) and isinstance(again, list) and len(first) == len(again):
        for index, (one, other) in enumerate(zip(first, again, strict=True)):
            yield from _differing(one, other, f"{pointer}/{index}")
    else:
        yield pointer


def _meant(name: str, value: Any) -> Any:
    """What a member says, however it is written."""
    if name == "gstin":
        return value or UNREGISTERED
    if name == "document_number":
        return value.upper()
    if name in ("quantity", "rate"):
        return thousandths(value)
    if name in TAXES:
        worth = (thousandths(value.rate), value.amount) if value else None
        return worth if worth != (0, NOTHING) else None
    return value
