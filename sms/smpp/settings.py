"""What an operator sets of a bind to an SMSC, strictly: a value out of its range has no effect but
an error that names the field."""

from typing import Final, Literal

from msgspec import Struct

_VENDOR_TAGS: Final = (0x1400, 0x3FFF)
_NUMBERS: Final[dict[str, tuple[float, float]]] = {
    "port": (1, 65535),
    "source_ton": (0, 6),
    "source_npi": (0, 18),
    "deliver_window": (1, 1024),
    "submit_window": (1, 1024),
    "submits_per_second": (1, 10_000),
    "enquire_link_seconds": (0.1, 3600),
    "answer_seconds": (0.1, 120),
    "reconnect_seconds": (0.1, 60),
    "entity_id_tag": _VENDOR_TAGS,
    "template_id_tag": _VENDOR_TAGS,
}
_CHARACTERS: Final[dict[str, tuple[int, int]]] = {
    "host": (1, 253),
    "system_id": (1, 15),
    "password": (0, 8),
    "system_type": (0, 12),
}
"""SMPP 3.4's own sizes, but for the host."""


class SmppSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bind as transceiver. Raises ValueError that names the field that is out of its range; its
    printed form leaves the password out.

    `source_ton` and `source_npi` are of the header messages go out from: six letters are type of
    number 5, alphanumeric. `data_coding_0` is the character set that the SMSC calls its default;
    GSM-7 is in octets, not packed. `deliver_window` is how many messages may be on their way in at
    once, `submit_window` how many may wait for the SMSC's answer. Whatever the SMSC leaves
    unanswered for `answer_seconds` is taken to be lost. The ids of the entity and of templates go
    out as the optional parameters of these tags (DLT); one that is empty is not sent.
    """

    host: str
    system_id: str
    password: str
    port: int = 2775
    tls: bool = False
    system_type: str = ""
    source_ton: int = 5
    source_npi: int = 0
    data_coding_0: Literal["gsm7", "latin1", "ascii"] = "gsm7"
    deliver_window: int = 256
    submit_window: int = 16
    submits_per_second: float = 50
    enquire_link_seconds: float = 30
    answer_seconds: float = 10
    reconnect_seconds: float = 1
    entity_id_tag: int = 0x1400
    template_id_tag: int = 0x1401

    def __post_init__(self) -> None:
        for field, (least, most) in _NUMBERS.items():
            if not least <= getattr(self, field) <= most:
                raise ValueError(f"{field} must be from {least} to {most}")
        for field, (shortest, longest) in _CHARACTERS.items():
            text: str = getattr(self, field)
            if not shortest <= len(text) <= longest:
                raise ValueError(f"{field} must have from {shortest} to {longest} characters")
            if not (text.isascii() and (text.isprintable())):
                raise ValueError(f"{field} must be printable ASCII")
        try:
            self.host.encode("idna")
        except UnicodeError:
            raise ValueError("host must be a name or an address") from None
        if self.entity_id_tag == self.template_id_tag:
            raise ValueError("template_id_tag must differ from entity_id_tag")

    def __repr__(self) -> str:
        return f"SmppSettings({self.system_id!r} at {self.host}:{self.port})"
