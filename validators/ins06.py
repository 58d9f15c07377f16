"""FORM GST INS-06 as furnished: Part A (the consignment) and Part B (the conveyance)."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Final, Literal, Protocol

from msgspec import Meta, Struct

from validators.errors import Fault, fault
from validators.exemption import Condition, Exemption, conditions_faults, exemption_faults
from validators.identifiers import (
    document_number_fault,
    email_fault,
    gstin_fault,
    hsn_fault,
    irn_fault,
    mobile_fault,
    normal_vehicle,
    party_fault,
    pin_fault,
    text_fault,
    upper,
    vehicle_fault,
)
from validators.money import VALUE_PAISE_MAX, Paise, rupees
from validators.rulebook import DISTANCE_KM_MAX, Rulebook

GOODS_MAX: Final = 1000
DESCRIPTION_CHARACTERS_MAX: Final = 300
TRANSPORT_DOCUMENT_CHARACTERS_MAX: Final = 30

SUPPLY: Final = 1
"""A.7: the goods go by way of supply."""

EXPORT_IMPORT: Final = 2
"""A.7: the goods leave India, or come in."""

DocumentType = Literal["INVOICE", "BILL_OF_SUPPLY", "CHALLAN", "BILL_OF_ENTRY"]
Mode = Literal["ROAD", "RAIL", "AIR", "VESSEL"]

Money = Annotated[
    Paise,
    Meta(
        description="Rupees as a decimal string or a number, at most two decimals.",
        extra_json_schema={
            "anyOf": [{"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,2})?$"},
                      {"type": "number"}],
            "examples": ["75000.00"],
        },
    ),
]  # fmt: skip
Gstin = Annotated[
    str, Meta(description="A GSTIN with a right check character.", examples=["27AAPFU0939F1ZV"])
]
Party = Annotated[
    str,
    Meta(description="A GSTIN, or `URP` for an unregistered person.", examples=["29AAGCB7383J1Z4"]),
]
Pin = Annotated[
    str, Meta(description="A PIN code: 6 digits, the first not 0.", examples=["560001"])
]
Vehicle = Annotated[str, Meta(description="Part B", examples=["KA12AB1234"])]
Hsn = Annotated[str, Meta(description="HSN code of 4, 6 or 8 digits.", examples=["7215"])]


class GoodsLine(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One line of goods, where a consignment has more than one."""

    hsn_code: Hsn
    description: str
    value: Money
    conditions: list[Condition] | None = None


class Consignment(Protocol):
    """What a form and a bill's Part A both say of the goods."""

    @property
    def hsn_code(self) -> str: ...
    @property
    def goods(self) -> list[GoodsLine] | None: ...


class SupplierContact(Struct, forbid_unknown_fields=True, kw_only=True):
    """How an unregistered supplier can be reached, r1(6) proviso."""

    mobile: str | None = None
    email: str | None = None


class Ins06(Struct, forbid_unknown_fields=True, kw_only=True):
    """FORM GST INS-06 as a request. Who submits it follows from the credentials, not from here."""

    supplier_gstin: Party
    recipient_gstin: Annotated[Party, Meta(description="A.1")]
    place_of_dispatch: Pin | None = None
    place_of_delivery: Annotated[Pin, Meta(description="A.2")]
    document_type: DocumentType | None = None
    document_number: Annotated[str, Meta(description="A.3: 1 to 16 of A-Z a-z 0-9 - /")]
    document_date: Annotated[date, Meta(description="A.4: not in the future in Asia/Kolkata")]
    value_of_goods: Annotated[Money, Meta(description="A.5: more than zero")]
    hsn_code: Annotated[Hsn, Meta(description="A.6")]
    reason_code: Annotated[
        int,
        Meta(
            description="A.7: 1 Supply, 2 Export/Import, 3 Job Work, 4 SKD/CKD, 5 Recipient not "
            "known, 6 Sales Return, 7 For own use, 0 Others"
        ),
    ]
    transport_document_number: Annotated[
        str | None, Meta(description="A.8: needed by rail, air or vessel")
    ] = None
    mode: Mode | None = None
    distance_km: Annotated[int, Meta(description="1 to 4000")]
    distance_to_transporter_km: Annotated[
        int | None, Meta(description="Supplier's place to transporter's place, r1(1) third proviso")
    ] = None
    over_dimensional: Annotated[
        bool | None, Meta(description="Over-dimensional cargo, which some rulebooks give more time")
    ] = None
    vehicle_number: Vehicle | None = None
    transporter_id: Gstin | None = None
    irn: Annotated[
        str | None, Meta(description="Of an uploaded invoice: what it says may be left out, r2(3)")
    ] = None
    goods: list[GoodsLine] | None = None
    supplier_contact: SupplierContact | None = None
    exemption: Exemption | None = None


def normalise(form: Ins06) -> None:
    """Brings a form to the spelling that is stored: upper case identifiers, defaults filled."""
    if form.document_type is None:
        form.document_type = "INVOICE"
    if form.mode is None:
        form.mode = "ROAD"
    if isinstance(form.supplier_gstin, str):
        form.supplier_gstin = upper(form.supplier_gstin)
    if isinstance(form.recipient_gstin, str):
        form.recipient_gstin = upper(form.recipient_gstin)
    if isinstance(form.transporter_id, str):
        form.transporter_id = upper(form.transporter_id)
    if isinstance(form.vehicle_number, str):
        form.vehicle_number = normal_vehicle(form.vehicle_number)


def _transport_document_fault(text: str) -> str | None:
    return text_fault(text, TRANSPORT_DOCUMENT_CHARACTERS_MAX)


_TEXT_CHECKS: Final[tuple[tuple[str, Callable[[str], str | None]], ...]] = (
    ("supplier_gstin", party_fault),
    ("recipient_gstin", party_fault),
    ("place_of_dispatch", pin_fault),
    ("place_of_delivery", pin_fault),
    ("document_number", document_number_fault),
    ("hsn_code", hsn_fault),
    ("transport_document_number", _transport_document_fault),
    ("vehicle_number", vehicle_fault),
    ("transporter_id", gstin_fault),
    ("irn", irn_fault),
)


def examine(form: Ins06, today: date, rulebook: Rulebook) -> list[Fault]:
    """All the faults of a normalised form; `today` is the date in India."""
    return examine_consignment(form, today, rulebook) + _conveyance_faults(form, rulebook)


def examine_consignment(form: Ins06, today: date, rulebook: Rulebook) -> list[Fault]:
    """As `examine`, whether or not the conveyance is known yet: Part A of INS-06, r1(1).

    A field whose shape is at fault is UNSET whatever its annotation says (`forms.read_form`), hence
    the tests of type: its fault is known already.
    """
    faults = [
        fault(f"/{name}", code)
        for name, check in _TEXT_CHECKS
        if (text := getattr(form, name)).__class__ is str and (code := check(text))
    ]
    if isinstance(form.document_date, date) and form.document_date > today:
        faults.append(fault("/document_date", "DATE_IN_FUTURE"))
    if rulebook.document_age_max is not None and (
        isinstance(form.document_date, date)
        and today - form.document_date > rulebook.document_age_max
    ):
        faults.append(fault("/document_date", "DOCUMENT_TOO_OLD"))
    if not 0 < _number(form.value_of_goods, 1) <= VALUE_PAISE_MAX:
        faults += _amount_faults("/value_of_goods", form.value_of_goods)
    if not 0 <= _number(form.reason_code, 0) <= 7:
        faults.append(range_fault("/reason_code", 0, 7))
    if not 1 <= _number(form.distance_km, 1) <= DISTANCE_KM_MAX:
        faults.append(range_fault("/distance_km", 1, DISTANCE_KM_MAX))
    if not 0 <= _number(form.distance_to_transporter_km, 0) <= DISTANCE_KM_MAX:
        faults.append(range_fault("/distance_to_transporter_km", 0, DISTANCE_KM_MAX))
    if isinstance(form.goods, list):
        faults += _goods_faults(form.goods, worthless=isinstance(form.irn, str))
    if isinstance(form.supplier_contact, SupplierContact):
        faults += _contact_faults(form.supplier_contact)
    if isinstance(form.exemption, Exemption):
        faults += exemption_faults(
            form.exemption,
            vehicle_number=form.vehicle_number,
            mode=form.mode,
            has_goods=form.goods is not None,
        )
    return faults


def _conveyance_faults(form: Ins06, rulebook: Rulebook) -> list[Fault]:
    if form.mode == "ROAD":
        if form.vehicle_number is None and part_b_needed(form, rulebook):
            return [fault("/vehicle_number", "CONVEYANCE_REQUIRED")]
    elif isinstance(form.mode, str) and form.transport_document_number is None:
        return [fault("/transport_document_number", "TRANSPORT_DOCUMENT_REQUIRED")]
    return []


def _number(value: int | None, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def hsn_codes(consignment: Consignment) -> set[str]:
    """Every HSN code of a sound consignment: A.6 and those of its lines of goods."""
    return {consignment.hsn_code, *(line.hsn_code for line in consignment.goods or ())}


def part_b_needed(form: Ins06, rulebook: Rulebook) -> bool:
    """r1(1): by road Part B names the vehicle, save over less than 10 km to the transporter's
    place for further transport, r1(1) third proviso. A conveyance without a motor has no number to
    name, r1(12)(b)."""
    if form.mode != "ROAD" or _non_motorised(form.exemption):
        return False
    distance = form.distance_to_transporter_km
    if distance is None or form.transporter_id is None:
        return True
    # A distance that could not be read is a fault already; it does not make another.
    return isinstance(distance, int) and distance >= rulebook.part_b_exempt_below_km


def _non_motorised(exemption: Exemption | None) -> bool:
    if exemption is None:
        return False
    # As of a distance: what could not be read does not make another fault.
    return not isinstance(exemption, Exemption) or exemption.non_motorised is not False


def _amount_faults(pointer: str, paise: int) -> list[Fault]:
    if paise <= 0:
        return [fault(pointer, "NOT_POSITIVE")]
    if paise > VALUE_PAISE_MAX:
        return [fault(pointer, "OUT_OF_RANGE", f"must be at most {rupees(VALUE_PAISE_MAX)}")]
    return []


def range_fault(pointer: str, low: int, high: int) -> Fault:
    """The fault of a number outside its range."""
    return fault(pointer, "OUT_OF_RANGE", f"must be from {low} to {high}")


def _goods_faults(goods: list[GoodsLine], *, worthless: bool) -> list[Fault]:
    """`worthless`: a line may have no value, since an invoice may give goods away."""
    if not goods:
        return [fault("/goods", "EMPTY")]
    if len(goods) > GOODS_MAX:
        return [fault("/goods", "TOO_MANY", f"may have at most {GOODS_MAX} lines")]
    faults = []
    for index, line in enumerate(goods):
        here = f"/goods/{index}"
        if isinstance(line.hsn_code, str) and (code := hsn_fault(line.hsn_code)):
            faults.append(fault(f"{here}/hsn_code", code))
        if isinstance(line.description, str) and (
            code := text_fault(line.description, DESCRIPTION_CHARACTERS_MAX)
        ):
            faults.append(fault(f"{here}/description", code))
        if isinstance(line.value, Paise) and not (worthless and line.value == 0):
            faults += _amount_faults(f"{here}/value", line.value)
        if isinstance(line.conditions, list):
            faults += conditions_faults(f"{here}/conditions", line.conditions)
    return faults


def _contact_faults(contact: SupplierContact) -> list[Fault]:
    here = "/supplier_contact"
    if contact.mobile is None and contact.email is None:
        return [fault(here, "CONTACT_INCOMPLETE")]
    faults = []
    if isinstance(contact.mobile, str) and (code := mobile_fault(contact.mobile)):
        faults.append(fault(f"{here}/mobile", code))
    if isinstance(contact.email, str) and (code := email_fault(contact.email)):
        faults.append(fault(f"{here}/email", code))
    return faults
