"""INV-1 documents as traders send them. Every amount and every fault was written down once and is
never computed: it is what the gateway is held to."""

from typing import Any, Final, NamedTuple

from tests.documents import RECIPIENT
from tests.invoices import SHIPPED_TO, intra_invoice, intra_line, invoice, line, party

# Type of supply, State billed>shipped to (- where it is the same), freight, insurance, packing and
# total; then lines: quantity, unit, HSN, price, total, discount, taxable value, and taxes by their
# first letter (E is the cess): rate=amount.
_TABLE: Final = """
B2B 29>24 500.00 120.50 0.00 89120.50 | 10 TNE 7215 7600.00 76000.00 1000.00 75000.00 I18=13500.00
B2B 27>- 0.00 0.00 0.00 146999.98 | 3 NOS 8471 41525.42 124576.26 0.00 124576.26 C9=11211.86 S9=11211.86
B2B 27>29 0.00 0.00 0.00 16110.29 | 250.5 KGS 1006 61.25 15343.13 0.00 15343.13 I5=767.16
B2B 27>29 0.00 0.00 0.00 16110.29 | 250.5 KGS 1006 61.25 15343.13 0.00 15343.13 C2.5=383.58 S2.5=383.58
B2B 07>- 0.00 4500.00 0.00 1234500.00 | 1 NOS 8703 845000.00 845000.00 25000.00 820000.00 I28=229600.00 E22=180400.00
B2B 33>33 0.00 0.00 0.00 5546.41 | 1000 STK 2402 4.17 4170.00 0.00 4170.00 I28=1167.60 E5=208.50
B2B 27>27 0.00 0.00 0.00 38.00 | 0.333 LTR 2710 96.71 32.20 0.00 32.20 C9=2.90 S9=2.90
B2C 27>- 0.00 0.00 0.00 2654.00 | 2 PRS 640411 1249.50 2499.00 250.00 2249.00 C9=202.41 S9=202.41
B2C 29>- 49.00 0.00 0.00 22467.82 | 1 NOS 851713 18999.00 18999.00 0.00 18999.00 I18=3419.82
B2C 27>- 0.00 0.00 0.00 710.00 | 5 KGS 0713 142.00 710.00 0.00 710.00
EXPORT 96>27 25000.00 8120.40 1500.00 2248710.40 | 120 CTN 090111 18450.75 2214090.00 0.00 2214090.00
EXPORT 96>96 0.00 0.00 0.00 1475000.00 | 40 NOS 8504 31250.00 1250000.00 0.00 1250000.00 I18=225000.00
SEZ 27>- 0.00 0.00 0.00 185269.44 | 16 NOS 853710 9875.50 158008.00 1000.00 157008.00 I18=28261.44
SEZ 24>- 0.00 0.00 0.00 370500.00 | 7.125 MTQ 4407 52000.00 370500.00 0.00 370500.00
DEEMED_EXPORT 27>- 0.00 0.00 0.00 40000.00 | 100 BAG 252329 312.50 31250.00 0.00 31250.00 C14=4375.00 S14=4375.00
DEEMED_EXPORT 29>- 0.00 0.00 0.00 104288.40 | 900 KGS 39011010 98.20 88380.00 0.00 88380.00 I18=15908.40
REVERSE_CHARGE 29>- 0.00 0.00 0.00 67200.00 | 1 LOT 0801 64000.00 64000.00 0.00 64000.00 I5=3200.00
REVERSE_CHARGE 27>- 0.00 0.00 0.00 296700.00 | 2000 KGS 5201 148.35 296700.00 0.00 296700.00 C2.5=7417.50 S2.5=7417.50
ECOMMERCE_TCS 19>- 0.00 0.00 99.00 29302.77 | 1 NOS 9403 23499.00 23499.00 2350.00 21149.00 I18=3806.82 | 4 NOS 9404 899.99 3599.96 0.00 3599.96 I18=647.99
ECOMMERCE_TCS 27>- 0.00 0.00 0.00 1179.99 | 3 PAC 330499 333.33 999.99 0.00 999.99 C9=90.00 S9=90.00
B2B 36>36 350.00 0.00 75.00 162044.14 | 12 ROL 5208 1875.40 22504.80 0.00 22504.80 I5=1125.24 | 48 ROL 520811 1422.10 68260.80 682.61 67578.19 I5=3378.91 | 7 ROL 5007 9120.00 63840.00 0.00 63840.00 I5=3192.00
B2B 27>- 0.00 0.00 0.00 11799999.99 | 1 LOT 7204 9999999.99 9999999.99 0.00 9999999.99 C9=900000.00 S9=900000.00
B2B 29>- 0.00 0.00 0.00 0.01 | 1 NOS 7113 0.01 0.01 0.00 0.01 I3=0.00
B2B 97>- 0.00 0.00 0.00 8259.46 | 99999 NOS 7318 0.07 6999.93 0.00 6999.93 I18=1259.99
B2B 29>- 0.00 0.00 0.00 0.00 | 6 NOS 8414 1180.00 7080.00 7080.00 0.00
"""  # noqa: E501 - one invoice a row
_TAXES: Final = {"C": "cgst", "S": "sgst", "I": "igst", "E": "cess"}
_WORDS: Final = ("Mild steel rods", "बासमती चावल", "காஞ்சிபுரம் silk sarees", 'LED 32" "smart": TV')


class FaultyInvoice(NamedTuple):
    """A document that is refused, and with what, in the order of its places."""

    why: str
    document: dict[str, Any]
    faults: list[tuple[str, str]]


def sound_invoices() -> list[dict[str, Any]]:
    """The sound ones, with every amount as it is shown."""
    return [_sound(number, row) for number, row in enumerate(_TABLE.strip().splitlines(), 1)]


def _sound(number: int, row: str) -> dict[str, Any]:
    head, *lines = row.split(" | ")
    kind, states, freight, insurance, packing, total = head.split()
    billed, shipped = states.split(">")
    registered = RECIPIENT if kind not in ("B2C", "EXPORT") else None
    return invoice(
        document_number=f"GOLD/{number}",
        supply_type=kind,
        billed_to=party(billed, registered or ...),
        shipped_to=party(shipped, SHIPPED_TO) if shipped != "-" else ...,
        lines=[_line(serial, one) for serial, one in enumerate(lines, 1)],
        freight=freight,
        insurance=insurance,
        packing_forwarding=packing,
        total_value=total,
    )


def _line(serial: int, written: str) -> dict[str, Any]:
    quantity, unit, hsn, price, total, discount, taxable, *taxes = written.split()
    sent: dict[str, Any] = {
        "serial": serial, "description": _WORDS[serial % 4], "hsn_code": hsn, "quantity": quantity,
        "unit": unit, "unit_price": price, "total": total, "discount": discount,
        "taxable_value": taxable,
    }  # fmt: skip
    for tax in taxes:
        rate, amount = tax[1:].split("=")
        sent[_TAXES[tax[0]]] = {"rate": rate, "amount": amount}
    return sent


_HALF: Final = {"rate": "9", "amount": "6750.00"}
FAULTY: Final = [
    FaultyInvoice(why, document, faults)
    for why, document, faults in (
        ("nothing", {}, [(f"/{name}", "REQUIRED") for name in (
            "billed_to", "document_date", "document_number", "lines", "signatory", "supplier",
            "supply_type", "total_in_words", "total_value")]),
        ("before GST", invoice(document_date="2017-06-30"), [("/document_date", "BEFORE_GST")]),
        ("of tomorrow", invoice(document_date="2026-11-22"),
         [("/document_date", "DATE_IN_FUTURE")]),
        ("an extra member", invoice(place_of_supply="29"), [("/place_of_supply", "UNKNOWN_FIELD")]),
        ("a rupee and a paisa", invoice(total_value="89121.51"),
         [("/total_value", "DOES_NOT_ADD_UP")]),
        ("charges left out", invoice(total_value="88500.00"),
         [("/total_value", "DOES_NOT_ADD_UP")]),
        ("price x quantity", invoice(lines=[line(quantity="11")]),
         [("/lines/0/total", "DOES_NOT_ADD_UP")]),
        ("discount forgotten", invoice(lines=[line(taxable_value="76000.00")]),
         [("/lines/0/igst/amount", "DOES_NOT_ADD_UP"),
          ("/lines/0/taxable_value", "DOES_NOT_ADD_UP"), ("/total_value", "DOES_NOT_ADD_UP")]),
        ("discount above the total", invoice(lines=[line(discount="76100.00", taxable_value="0",
         igst=...)], total_value="620.50"), [("/lines/0/discount", "DOES_NOT_ADD_UP")]),
        ("tax of another rate", invoice(lines=[line(igst={"rate": "12", "amount": "13500.00"})]),
         [("/lines/0/igst/amount", "DOES_NOT_ADD_UP")]),
        ("IGST and halves", invoice(lines=[line(cgst=_HALF, sgst=_HALF)], total_value="102620.50"),
         [("/lines/0/igst", "IGST_BESIDE_CGST_SGST")]),
        ("IGST within the State", invoice(billed_to=party("27"), shipped_to=None),
         [("/lines/0/igst", "NOT_INTER_STATE")]),
        ("halves between States", invoice(lines=[intra_line()]),
         [("/lines/0/cgst", "INTER_STATE")]),
        ("halves to an SEZ", intra_invoice(supply_type="SEZ"), [("/lines/0/cgst", "INTER_STATE")]),
        ("one half", intra_invoice(lines=[intra_line(sgst=...)], total_value="82370.50"),
         [("/lines/0/cgst", "HALVES_DIFFER")]),
        ("halves of two rates", intra_invoice(lines=[intra_line(
         sgst={"rate": "6", "amount": "4500"})], total_value="86870.50"),
         [("/lines/0/cgst", "HALVES_DIFFER")]),
        ("B2C to the registered", invoice(supply_type="B2C"),
         [("/billed_to/gstin", "REGISTERED_RECIPIENT")]),
        ("B2B to nobody", invoice(billed_to=party(gstin=None)),
         [("/billed_to/gstin", "UNREGISTERED_RECIPIENT")]),
        ("abroad within India", invoice(billed_to=party("96")),
         [("/billed_to/state_code", "STATE_FORMAT")]),
        ("no lines", invoice(lines=[], total_value="620.50"), [("/lines", "EMPTY")]),
        ("words for numbers", invoice(lines=[line(quantity="ten", igst={"rate": "18%",
         "amount": "Rs 13,500"})], freight="nil"),
         [("/freight", "MONEY_FORMAT"), ("/lines/0/igst/amount", "MONEY_FORMAT"),
          ("/lines/0/igst/rate", "DECIMAL_FORMAT"), ("/lines/0/quantity", "DECIMAL_FORMAT")]),
        ("nothing sold", invoice(lines=[line(quantity=0)]),
         [("/lines/0/quantity", "NOT_POSITIVE")]),
        ("below nothing", invoice(freight=-500, total_value="88120.50"),
         [("/freight", "OUT_OF_RANGE")]),
        ("empty texts", invoice(total_in_words=" ", signatory={"name": "", "designation": "\t"}),
         [("/signatory/designation", "EMPTY"), ("/signatory/name", "EMPTY"),
          ("/total_in_words", "EMPTY")]),
        ("everything at once", invoice(
            document_number="INV 1", supply_type="B2X", colour="red", total_value="1.00",
            supplier={"gstin": "27AAPFU0939F1ZW", "address": "12 Mill Road\u202e"},
            billed_to=party("00", "URPX"), signatory="A. Kumar",
            lines=[line(hsn_code="72", total="1"), line(serial=0, unit="", quantity=None), 7],
         ), [
            ("/billed_to/gstin", "GSTIN_FORMAT"), ("/billed_to/state_code", "STATE_FORMAT"),
            ("/colour", "UNKNOWN_FIELD"), ("/document_number", "DOCUMENT_NUMBER_FORMAT"),
            ("/lines/0/discount", "DOES_NOT_ADD_UP"), ("/lines/0/hsn_code", "HSN_FORMAT"),
            ("/lines/0/total", "DOES_NOT_ADD_UP"), ("/lines/1/quantity", "WRONG_TYPE"),
            ("/lines/1/serial", "OUT_OF_RANGE"), ("/lines/1/unit", "EMPTY"),
            ("/lines/2", "WRONG_TYPE"), ("/signatory", "WRONG_TYPE"),
            ("/supplier/address", "CONTROL_CHARACTER"), ("/supplier/gstin", "GSTIN_CHECKSUM"),
            ("/supplier/legal_name", "REQUIRED"), ("/supply_type", "NOT_ONE_OF"),
         ]),
    )
]  # fmt: skip
