"""What an operator may set of an SMPP bind."""

from typing import Any

import msgspec
import pytest

from sms.smpp.settings import SmppSettings

REQUIRED = {
    "host": "smsc.example",
    "system_id": "gateway",
    "password": "secret",
}


def read(**fields: Any) -> SmppSettings:
    """As a settings file is read."""
    return msgspec.convert({**REQUIRED, **fields}, SmppSettings)


def test_what_is_left_out_has_its_default() -> None:
    settings = read()
    assert (settings.port, settings.tls, settings.data_coding_0) == (2775, False, "gsm7")
    assert (settings.entity_id_tag, settings.template_id_tag) == (0x1400, 0x1401)


@pytest.mark.parametrize("field", REQUIRED)
def test_what_has_no_default_is_needed(field: str) -> None:
    given = {name: value for name, value in REQUIRED.items() if name != field}
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(given, SmppSettings)


@pytest.mark.parametrize(
    ("field", "least", "most", "below", "above"),
    [
        ("port", 1, 65535, 0, 65536),
        ("source_ton", 0, 6, -1, 7),
        ("source_npi", 0, 18, -1, 19),
        ("deliver_window", 1, 1024, 0, 1025),
        ("submit_window", 1, 1024, 0, 1025),
        ("submits_per_second", 1, 10_000, 0.99, 10_001),
        ("enquire_link_seconds", 0.1, 3600, 0.09, 3601),
        ("answer_seconds", 0.1, 120, 0.09, 121),
        ("reconnect_seconds", 0.1, 60, 0.09, 61),
        ("entity_id_tag", 0x1400, 0x3FFF, 0x13FF, 0x4000),
        ("template_id_tag", 0x1401, 0x3FFF, 0x13FF, 0x4000),
        ("host", "h", "h." * 126 + "h", "", "h." * 126 + "hh"),
        ("host", "h" * 63, "192.0.2.1", "h" * 64, "a..b"),
        ("system_id", "s", "s" * 15, "", "s" * 16),
        ("password", "", "p" * 8, "\n", "p" * 9),
        ("system_type", "", "t" * 12, "\0", "t" * 13),
    ],
)
def test_each_field_has_its_range(
    field: str, least: object, most: object, below: object, above: object
) -> None:
    for good in (least, most):
        assert getattr(read(**{field: good}), field) == good
    for bad in (below, above):
        with pytest.raises(msgspec.ValidationError, match=f"^{field} must"):
            read(**{field: bad})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_in_no_range(number: float) -> None:
    with pytest.raises(ValueError, match="answer_seconds must"):
        SmppSettings(**REQUIRED, answer_seconds=number)  # type: ignore[arg-type]


def test_an_unknown_field_a_wrong_type_and_one_tag_for_two_are_refused() -> None:
    for fields in ({"hots": "x"}, {"port": "2775"}, {"data_coding_0": "utf8"}):
        with pytest.raises(msgspec.ValidationError):
            read(**fields)
    with pytest.raises(msgspec.ValidationError, match="template_id_tag must differ"):
        read(template_id_tag=0x1400)


def test_the_password_is_not_printed() -> None:
    assert "secret" not in repr(read())
    assert "secret" not in f"{read()}"
