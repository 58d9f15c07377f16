"""What was acknowledged, written down by each Locust process by itself, a line of JSON each; and
what must be true of every bill afterwards, read from all of them together."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_SUFFIX: Final = ".journal"


class Journal:
    """One process's journal, `{name}.journal` in a directory; a line is in the file when `write`
    returns, for a reader on the same machine."""

    def __init__(self, directory: Path, name: str) -> None:
        self._file = (directory / f"{name}{_SUFFIX}").open("x", buffering=1)
        self._write({"series": name})

    def generated(
        self,
        ebn: str,
        sent: Mapping[str, Any],
        by: str,
        generated_at: str | None = None,
        valid_until: str | None = None,
    ) -> None:
        """A document that somebody sent became a bill."""
        facts = {"by": by, "generated_at": generated_at, "valid_until": valid_until}
        self._write({"did": "generated", "ebn": ebn, "sent": sent, **facts})

    def changed(self, did: str, ebn: str, **facts: str) -> None:
        """A bill was `moved` (to `vehicle`), `cancelled`, `accepted` or `verified`; or it is
        `unsure` what became of it, since a change of it was not answered."""
        self._write({"did": did, "ebn": ebn, **facts})

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")


@dataclass
class Expected:
    """What must be true of a bill. `generated_at` and `valid_until` are None where they were not
    told to the microsecond."""

    ebn: int
    by: str
    supplier: str
    document_number: str
    value_of_goods: str
    distance_km: int
    vehicle: str
    generated_at: str | None
    valid_until: str | None
    cancelled: bool = False
    accepted: bool = False
    verified: bool = False
    unsure: bool = False
    """A change was not answered: its state may be before or after that."""


@dataclass
class Acknowledged:
    """What all journals of a day say. `twice` are numbers that two bills were answered."""

    bills: dict[int, Expected]
    series: list[str]
    twice: list[int]


def acknowledged(directory: Path) -> Acknowledged:
    """Reads every journal of a directory."""
    found = Acknowledged({}, [], [])
    for path in sorted(directory.glob(f"*{_SUFFIX}")):
        with path.open() as lines:
            _follow(found, map(json.loads, lines))
    return found


def _follow(found: Acknowledged, lines: Iterable[Mapping[str, Any]]) -> None:
    """What is said of one bill is in one journal, in its order."""
    for line in lines:
        if "series" in line:
            found.series.append(line["series"])
            continue
        ebn = int(line["ebn"])
        match line["did"]:
            case "generated" if ebn in found.bills:
                found.twice.append(ebn)
            case "generated":
                found.bills[ebn] = _generated(ebn, line)
            case "moved":
                found.bills[ebn].vehicle = line["vehicle"]
            case "cancelled" | "accepted" | "verified" | "unsure" as did:
                setattr(found.bills[ebn], did, True)
            case did:
                raise ValueError(f"a journal says {did!r}")


def _generated(ebn: int, line: Mapping[str, Any]) -> Expected:
    sent = line["sent"]
    return Expected(
        ebn=ebn,
        by=line["by"],
        supplier=sent["supplier_gstin"],
        document_number=sent["document_number"],
        value_of_goods=sent["value_of_goods"],
        distance_km=sent["distance_km"],
        vehicle=sent["vehicle_number"],
        generated_at=line["generated_at"],
        valid_until=line["valid_until"],
    )
