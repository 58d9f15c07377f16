"""An invoice on record: its reference number, who may upload and read it, and how it differs from
another of the same number."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec import Struct

from validators.authority import Person, Role
from validators.calendar import financial_year
from validators.errors import Fault, Refusal, fault
from validators.identifiers import UNREGISTERED
from validators.inv1 import Inv1, Tax
from validators.invoice_arithmetic import thousandths


class InvoiceKey(NamedTuple):
    """What makes an invoice the same: supplier, financial year by its first calendar year, and
    document number in upper case."""

    financial_year: int
    supplier_gstin: str
    number: str

    @property
    def irn(self) -> str:
        """The Invoice Reference Number, r2(2): 64 lower-case hexadecimal characters."""
        year = self.financial_year
        named = f"{self.supplier_gstin}{year}-{(year + 1) % 100:02}INV{self.number}"
        return sha256(named.encode("ascii")).hexdigest()


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
    """A fault for every field in which two sound forms say different things. An amount of nothing
    and a tax of nothing are as good as none; `9` and `9.00` per cent are the same."""
    return [fault(pointer, "DIFFERS") for pointer in _differing(first, again, "")]


def _differing(first: Any, again: Any, pointer: str) -> Iterator[str]:
    if isinstance(first, Tax) or isinstance(again, Tax):
        if _worth(first) != _worth(again):
            yield pointer
    elif isinstance(first, Struct) and isinstance(again, Struct):
        for name in first.__struct_fields__:
            yield from _differing(
                _meant(name, getattr(first, name)),
                _meant(name, getattr(again, name)),
                f"{pointer}/{name}",
            )
    elif isinstance(first, list) and isinstance(again, list) and len(first) == len(again):
        for index, (one, other) in enumerate(zip(first, again, strict=True)):
            yield from _differing(one, other, f"{pointer}/{index}")
    elif first != again:
        yield pointer


def _meant(name: str, value: Any) -> Any:
    if name == "gstin":
        return value or UNREGISTERED
    return thousandths(value) if name == "quantity" else value


def _worth(tax: Tax | None) -> tuple[int | None, str]:
    return (thousandths(tax.rate), tax.amount) if tax else (0, "0.00")
