"""Sound documents that nobody else sends, though no Locust process knows of another."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom
from typing import Any, Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMED_BY: Final = 9
"""Characters of a document number that name its series: 46 bits drawn from the system, so that of a
thousand processes two are the same once in a hundred million days. A document number has 16."""
_COUNTED: Final = 16 - NAMED_BY
_PINS: Final = ("110001", "400001", "411001", "560001", "600001", "700001")
_HSN: Final = ("1001", "7215", "847130", "87032291")


class Series:
    """The documents of one Locust process. `name` begins each of their numbers."""

    def __init__(self) -> None:
        self.chance: Final[Random] = SystemRandom()
        self.name: Final = "".join(self.chance.choices(_DIGITS, k=NAMED_BY))
        self._counted = itertools.count()

    def number(self) -> str:
        """A number that no document has, nor anything else that is given one."""
        left, digits = next(self._counted), ""
        for _ in range(_COUNTED):
            left, digit = divmod(left, 36)
            digits = _DIGITS[digit] + digits
        return self.name + digits

    def vehicle(self) -> str:
        """One of a thousand million: hardly any is drawn twice."""
        letters = "".join(self.chance.choices(_DIGITS[10:], k=2))
        state = self.chance.choice(("KA", "MH", "TN"))
        return f"{state}{self.chance.randrange(100):02}{letters}{self.chance.randrange(10_000):04}"

    def tag(self) -> str:
        """An RFID tag, 96 bits."""
        return f"E2{self.chance.getrandbits(88):022X}"

    def document(
        self,
        supplier: str,
        recipient: str,
        distances_km: Sequence[int],
        *,
        transporter: str | None = None,
        vehicle: str | None = None,
    ) -> dict[str, Any]:
        """An INS-06 of more than Rs 50,000 by road, of yesterday, which is not after today in
        India; on a vehicle of its own unless one is named."""
        paise = self.chance.randrange(5_000_001, 90_000_000)
        return {
            "supplier_gstin": supplier,
            "recipient_gstin": recipient,
            "place_of_dispatch": self.chance.choice(_PINS),
            "place_of_delivery": self.chance.choice(_PINS),
            "document_number": self.number(),
            "document_date": (datetime.now(UTC) - timedelta(days=1)).date().isoformat(),
            "value_of_goods": f"{paise // 100}.{paise % 100:02}",
            "hsn_code": self.chance.choice(_HSN),
            "reason_code": 1,
            "distance_km": self.chance.choice(distances_km),
            "vehicle_number": vehicle or self.vehicle(),
            "transporter_id": transporter,
        }
