"""Money: exact paise in, exact rupees out, and nothing that merely resembles an amount."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_validators_ins06 import RULEBOOK, encoded, faults_of, sound
from validators.forms import read_form
from validators.ins06 import Ins06
from validators.money import VALUE_PAISE_MAX, MoneyFormatError, Paise, rupees
from validators.requirement import requirement

PATIENT = settings(deadline=None)


@PATIENT
@given(st.integers(-(10**17) + 1, 10**17 - 1))
def test_what_is_printed_is_parsed_back(paise: int) -> None:
    assert Paise.parse(rupees(paise)) == paise


@PATIENT
@given(st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", fullmatch=True))
def test_parsing_is_exact(written: str) -> None:
    exact = Decimal(written) * 100
    assert Paise.parse(written) == exact
    assert Paise.parse(Decimal(written)) == exact
    assert Decimal(rupees(Paise.parse(written))) * 100 == exact


@PATIENT
@given(st.text("0123456789.-+eE_, \n\u0967\u0663\uff11", max_size=12))
def test_only_plain_amounts_are_accepted(written: str) -> None:
    try:
        paise = Paise.parse(written)
    except MoneyFormatError:
        return
    assert set(written) <= set("-0123456789.")
    assert len(written.partition(".")[2]) <= 2
    assert paise == Decimal(written) * 100


@pytest.mark.parametrize(
    ("paise", "written"),
    [
        (0, "0.00"),
        (1, "0.01"),
        (-1, "-0.01"),
        (-100, "-1.00"),
        (7_500_000, "75000.00"),
        (VALUE_PAISE_MAX, "9999999999999.99"),
    ],
)
def test_printed(paise: int, written: str) -> None:
    assert rupees(paise) == written


@pytest.mark.parametrize(
    ("written", "paise"),
    [
        ("75000", 7_500_000),
        ("75000.5", 7_500_050),
        ("0.05", 5),
        ("-0.50", -50),
        (75000, 7_500_000),
        (Decimal("75000.10"), 7_500_010),
    ],
)
def test_parsed(written: object, paise: int) -> None:
    parsed = Paise.parse(written)
    assert parsed == paise
    assert type(parsed) is Paise


@pytest.mark.parametrize(
    "written",
    [
        75000.0,
        float("nan"),
        True,
        False,
        None,
        b"75000.00",
        ["75000.00"],
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+2"),
        Decimal("1E-7"),
        Decimal("75000.000"),
        10**15,
        10**400,
        "NaN",
        "Infinity",
        "1e5",
        "75000.000",
        "75000.001",
        "75000.",
        ".50",
        "75_000.00",
        "75,000.00",
        "+75000.00",
        "--1",
        "-",
        "",
        " ",
        " 75000.00",
        "75000.00 ",
        "75000.00\n",
        "75000. 00",
        "0x10",
        "\u096d\u096b.00",
        "\u0667\u0665.00",
        "\uff17\uff15.00",
        "\u22121.00",
        "9" * 16,
    ],
    ids=lambda written: ascii(written)[:24],
)
def test_not_an_amount(written: object) -> None:
    with pytest.raises(MoneyFormatError):
        Paise.parse(written)


def value_read(json_number: str) -> tuple[object, list[str]]:
    body = encoded(sound(value_of_goods="@")).replace(b'"@"', json_number.encode())
    form, shape = read_form(body, Ins06)
    return form.value_of_goods, [each.code for each in shape]


@pytest.mark.parametrize(
    ("json_number", "paise"),
    [
        ("50000", 5_000_000),
        ("50000.0", 5_000_000),
        ("50000.00", 5_000_000),
        ("50000.01", 5_000_001),
        ("9999999999999.99", VALUE_PAISE_MAX),
    ],
)
def test_json_number_is_exact(json_number: str, paise: int) -> None:
    assert value_read(json_number) == (paise, [])
    assert value_read(json.dumps(json_number)) == (paise, [])


@pytest.mark.parametrize("json_number", ["50000.000000000000001", "50000.000", "5e4", "5E-3"])
def test_json_number_is_never_rounded(json_number: str) -> None:
    assert value_read(json_number)[1] == ["MONEY_FORMAT"]


@pytest.mark.parametrize(
    ("written", "required"), [("49999.99", False), ("50000.00", False), ("50000.01", True)]
)
def test_threshold_to_the_paisa(written: str, required: bool) -> None:
    form, _ = read_form(encoded(sound(value_of_goods=written)), Ins06)
    assert requirement(form, RULEBOOK).required is required


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("-0.01", ["NOT_POSITIVE"]),
        ("0.00", ["NOT_POSITIVE"]),
        ("-0", ["NOT_POSITIVE"]),
        ("0.01", []),
        ("9999999999999.99", []),
        ("10000000000000.00", ["OUT_OF_RANGE"]),
        ("999999999999999.99", ["OUT_OF_RANGE"]),
    ],
)
@pytest.mark.parametrize("pointer", ["/value_of_goods", "/goods/0/value"])
def test_boundaries_of_an_amount(pointer: str, written: str, codes: list[str]) -> None:
    goods = [{"hsn_code": "7215", "description": "bars", "value": written}]
    document = sound(value_of_goods=written, goods=goods)
    assert [code for at, code in faults_of(document) if at == pointer] == codes
