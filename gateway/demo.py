"""`gateway demo`: a throwaway gateway, and a consignment's story told over its real HTTP."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway.demo_aggregator import Aggregator, aggregator
from gateway.worker import now
from validators.calendar import INDIA, india_date

_SUPPLIER, _RECIPIENT = "27AAPFU0939F1ZV", "29AAGCB7383J1Z4"
_TRANSPORTER, _OFFICER = "05AAACG2115R1ZN", "KA-1001"
_DRIVER = "9876543210"
_OLD_TRUCK, _NEW_TRUCK = "34161FA820328EE812345678", "34161FA820328EE812345679"
_WIDTH = 78
# Without the operator's settings: a demo must not write into the record they name.
_ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("GATEWAY_")}


def show() -> None:
    """Starts a gateway in a temporary directory, tells the story, stops it and leaves nothing."""
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as directory, aggregator() as carrier:
        _say("Starting a throwaway gateway with its own PostgreSQL and Redis ...")
        command = [sys.executable, "-m", "gateway", "serve", "--port", "0", "--workers", "1"]
        process = subprocess.Popen(
            [
                *(*command, "--data-dir", f"{directory}/data", "--log-level", "error"),
                *("--sms-settings", str(carrier.settings(Path(directory)))),
            ],
            env=_ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for above
        try:
            ready = process.stdout.readline()
            if "http://" not in ready:
                raise OSError("the throwaway gateway did not start; its messages are above")
            _tell(ready[ready.index("http://") :].strip(), Path(directory, "data"), carrier)
        finally:
            process.terminate()
            process.wait()
        _say("The throwaway gateway is stopped and its data removed. Now: ./run serve")


@dataclass(frozen=True)
class _Caller:
    """A person with a token, talking HTTP."""

    address: str
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return _request(
            f"{self.address}{path}",
            data,
            method,
            sent | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def text(self, path: str, body: Any) -> str:
        """What is answered in plain text."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return _answered(f"{self.address}{path}", json.dumps(body).encode(), "POST", sent).decode()


def _tell(address: str, data_dir: Path, carrier: Aggregator) -> None:
    supplier = _enrol(address, data_dir, "taxpayer", _SUPPLIER)
    recipient = _enrol(address, data_dir, "taxpayer", _RECIPIENT)
    transporter = _enrol(address, data_dir, "transporter", _TRANSPORTER)
    officer = _enrol(address, data_dir, "officer", _OFFICER, "--state", "29")
    reader = _enrol(address, data_dir, "reader", "LANE-1", "--state", "29", "--place", "Attibele")
    provider = _enrol(address, data_dir, "sms-provider", "Aggregator")

    _chapter("The supplier sends goods from Mumbai to Bengaluru and generates an e-way bill")
    document = {
        "supplier_gstin": _SUPPLIER,
        "recipient_gstin": _RECIPIENT,
        "place_of_dispatch": "400001",
        "place_of_delivery": "560001",
        "document_number": "INV/2026/000123",
        "document_date": (india_date(now()) - timedelta(days=1)).isoformat(),
        "value_of_goods": "75000.00",
        "hsn_code": "7215",
        "reason_code": 1,
        "distance_km": 984,
        "vehicle_number": "KA12AB1234",
    }
    bill = supplier.call("POST", "/v1/eway-bills", document)
    ebn = bill["ebn"]
    _say(f"E-way bill {ebn} is {bill['status']}, required under rule {_clause(bill)}.")
    _say(f"984 km: valid until {_clock(bill['valid_until'])}, ten days from now.")

    _chapter("Its connection breaks before the answer arrives, so it sends the same again")
    refused = supplier.call("POST", "/v1/eway-bills", document)
    _say(f"{refused['code']}: {refused['detail']}. Nothing was made twice.")

    _chapter("It mistypes another document; every fault is named at once")
    faulty = {"document_number": "INV 124", "distance_km": 0, "recipient_gstin": _RECIPIENT[::-1]}
    for fault in supplier.call("POST", "/v1/eway-bills", document | faulty)["errors"]:
        _say(f"{fault['pointer']}: {fault['detail']}")

    _chapter("An officer at a checkpoint asks what the truck KA12AB1234 carries")
    for carried in officer.call("GET", "/v1/vehicles/KA12AB1234/eway-bills")["items"]:
        _say(
            f"{carried['ebn']}, {carried['status']}, HSN {carried['part_a']['hsn_code']}, "
            f"Rs {carried['part_a']['value_of_goods']}, to {carried['part_a']['place_of_delivery']}"
        )

    _chapter("The recipient accepts the consignment, once")
    path = f"/v1/eway-bills/{ebn}/acceptance"
    accepted = recipient.call("POST", path, {"decision": "ACCEPTED"})
    _say(f"Acceptance is {accepted['acceptance']['status']}.")
    _say(f"Again: {recipient.call('POST', path, {'decision': 'REJECTED'})['code']}.")

    _chapter("The supplier cancels another bill within 24 hours, and may use its document again")
    second = supplier.call("POST", "/v1/eway-bills", document | {"document_number": "INV/2026/124"})
    path = f"/v1/eway-bills/{second['ebn']}/cancellation"
    cancelled = supplier.call("POST", path, {"reason": "the truck broke down"})
    _say(f"E-way bill {second['ebn']} is {cancelled['status']}.")
    third = supplier.call("POST", "/v1/eway-bills", document | {"document_number": "INV/2026/124"})
    _say(f"The same document now has e-way bill {third['ebn']}, {third['status']}.")

    carried = _tell_of_the_transporter(supplier, transporter, officer, reader, document)

    _tell_of_the_driver(supplier, provider, carrier)

    _chapter("The officer looks all four up by number")
    for number in (ebn, second["ebn"], third["ebn"], carried):
        read = officer.call("GET", f"/v1/eway-bills/{quote(number)}")
        _say(f"{number}: {read['status']}, acceptance {read['acceptance']['status']}")


def _tell_of_the_transporter(
    supplier: _Caller,
    transporter: _Caller,
    officer: _Caller,
    reader: _Caller,
    document: dict[str, Any],
) -> str:
    """The number of the bill the transporter generates."""
    _chapter("Without a truck of its own it furnishes Part A, and its transporter does the rest")
    waiting = document | {"document_number": "INV/2026/125", "transporter_id": _TRANSPORTER}
    del waiting["vehicle_number"]
    part_a = supplier.call("POST", "/v1/eway-bills", waiting)
    _say(f"Part A {part_a['part_a_reference']} waits until {_clock(part_a['lapses_at'])}.")
    for assigned in transporter.call("GET", "/v1/part-a?assigned_to=me")["items"]:
        reference = assigned["part_a_reference"]
        path = f"/v1/part-a/{reference}/part-b"
        carried = transporter.call("PUT", path, {"vehicle_number": "MH 14 CD 5678"})
        _say(f"The transporter names the truck: e-way bill {carried['ebn']}, valid from now.")

    _chapter("The truck breaks down near Kolhapur and the goods go on with another")
    path = f"/v1/eway-bills/{carried['ebn']}"
    move = {"vehicle_number": "KA01AB4321", "reason": "BREAKDOWN", "place": "Kolhapur"}
    for each in transporter.call("POST", f"{path}/conveyances", move)["conveyances"]:
        _say(f"{each['vehicle_number']} since {_clock(each['since'])}")

    _chapter("Both trucks have RFID tags; a checkpoint lane asks what to do with them")
    for tag, vehicle in ((_NEW_TRUCK, "KA01AB4321"), (_OLD_TRUCK, "MH14CD5678")):
        transporter.call("PUT", f"/v1/rfid/tags/{tag}", {"vehicle_number": vehicle})
        lane = reader.call("GET", f"/v1/rfid/tags/{tag}/eway-bills")
        _say(f"{vehicle}: {' '.join([lane['decision'], *lane['reasons']])}")

    _chapter("Its read is a verification in transit; from now on nobody can cancel the bill")
    read = {"read_id": "lane-1/1", "tag": _NEW_TRUCK, "read_at": now().isoformat()}
    for counted in reader.call("POST", "/v1/rfid/reads", {"reads": [read]})["reads"]:
        _say(f"Read {counted['read_id']} verified {', '.join(counted['verified'])}.")
    refused = transporter.call("POST", f"{path}/cancellation", {"reason": "too late"})
    _say(f"The transporter's cancellation: {refused['code']}.")

    _chapter("The officer looks into the truck as well")
    seen = {"place": "Attibele", "result": "OK", "physical": True}
    verified = officer.call("POST", f"{path}/verifications", seen)
    _say(f"Verified at {verified['place']}, {verified['result']}.")
    return str(carried["ebn"])


def _tell_of_the_driver(supplier: _Caller, provider: _Caller, carrier: Aggregator) -> None:
    def types(text: str) -> str:
        _say(f"> {text}")
        message = {"from": _DRIVER, "text": text, "message_id": f"{now():%H%M%S%f}"}
        reply = provider.text("/sms/inbound", message)
        _say(f"< {reply}")
        return reply

    _chapter("Its driver has an old telephone; the supplier registers the number for SMS")
    supplier.call("POST", "/v1/sms/numbers", {"mobile": _DRIVER})
    password = carrier.next_message(seconds_max=30)
    _say(f"< {password}")
    types(f"CONFIRM {password.split()[0]}")

    _chapter("It mistypes an amount, generates, changes the truck and cancels, all by SMS")
    today = india_date(now()).strftime("%d/%m/%Y")
    types(f"EWBG OSUP {_RECIPIENT} 560001 546 {today} 75,000 1001 170 KA12AB1234")
    ebn = types(f"ewbg osup {_RECIPIENT} 560001 546 {today} 75000 1001 170 ka 12 ab 1234").split()[
        1
    ]
    types(f"EWBV {ebn} KA13CD5678 BRK")
    types(f"EWBC {ebn}")


def _enrol(address: str, data_dir: Path, role: str, person: str, *more: str) -> _Caller:
    command = [sys.executable, "-m", "gateway", "enrol", role, "--id", person, *more]
    done = subprocess.run(
        [*command, "--data-dir", data_dir],
        env=_ENVIRONMENT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    client = json.loads(done.stdout)
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    token = _request(
        f"{address}/v1/oauth/token",
        b"grant_type=client_credentials",
        "POST",
        {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    return _Caller(address, token["access_token"])


def _request(url: str, body: bytes | None, method: str, headers: dict[str, str]) -> dict[str, Any]:
    """The JSON answered, be it a refusal."""
    parsed: dict[str, Any] = json.loads(_answered(url, body, method, headers))
    return parsed


def _answered(url: str, body: bytes | None, method: str, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            answered: bytes = response.read()
    except urllib.error.HTTPError as refusal:
        answered = refusal.read()
    return answered


def _clause(bill: dict[str, Any]) -> str:
    return str(bill["requirement"]["clause"])


def _clock(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(INDIA).strftime("%d %B %Y, %H:%M in India")


def _chapter(title: str) -> None:
    print("\n" + textwrap.fill(title, _WIDTH), flush=True)


def _say(line: str) -> None:
    print(textwrap.indent(textwrap.fill(line, _WIDTH - 4), "    "), flush=True)
