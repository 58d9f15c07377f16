"""An SMSC: the server of smpp.twisted, which Jasmin's SMS gateway is made of, told what to do.

Started by `tests/smsc_peer.py`. It says two ports, for SMPP and for commands: of JSON, a line each,
answered by a line. It ends with the connection they come over. Whatever it says in SMPP is the
library's, and not a line of it the project's.
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    DataCodingScheme,
    EsmClass,
    EsmClassGsmFeatures,
    EsmClassMode,
    EsmClassType,
    MessageState,
    PDUResponse,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse, SMPPServerProtocol
from smpp.twisted.server import IAuthenticatedSMPP, SMPPServerFactory
from twisted.cred import error
from twisted.internet import defer, reactor
from twisted.internet.protocol import ServerFactory
from twisted.protocols.basic import LineReceiver

SETTLED = ("ESME_ROK", "ESME_RX_P_APPN")
"""An SMSC delivers again whatever was answered otherwise, or not at all."""


class Peer:
    """What the SMSC has seen, and what it is to do."""

    def __init__(self) -> None:
        self.connection: Any = None
        self.refuse = False
        self.silent = False
        self.submit_statuses: list[str] = []
        self.seen: dict[str, Any] = {
            "binds": [],
            "bound": False,
            "enquire_links": 0,
            "unbinds": 0,
            "nacks": [],
            "submits": [],
            "deliveries": [],
        }

    def login(self, credentials: Any, *_: object) -> Any:
        """The portal of the factory."""
        self.seen["binds"].append([credentials.username, credentials.password])
        if self.refuse:
            return defer.fail(error.UnauthorizedLogin())
        return defer.succeed((IAuthenticatedSMPP, credentials.username, lambda: None))

    def submitted(self, _: str, connection: Any, pdu: Any) -> Any:
        """The handler of submit_sm."""
        status = self.submit_statuses.pop(0) if self.submit_statuses else "ESME_ROK"
        if status == "UNANSWERED":
            return defer.Deferred()
        if status != "ESME_ROK":
            return CommandStatus[status]
        sent = pdu.params
        message_id = f"{len(self.seen['submits']) + 1:08X}"
        self.seen["submits"].append(
            {
                "message_id": message_id,
                "source": [sent["source_addr_ton"].name, sent["source_addr"].decode()],
                "destination": [sent["dest_addr_ton"].name, sent["destination_addr"].decode()],
                "octets": sent["short_message"].hex(),
                "coding": sent["data_coding"].schemeData.name,
                "has_header": bool(sent["esm_class"].gsmFeatures),
                "receipt": sent["registered_delivery"].receipt.name,
                "validity_seconds": _seconds(sent["validity_period"]),
                "pdu": connection.raw.hex(),
            }
        )
        return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=message_id.encode())

    def deliver(self, number: int) -> None:
        """Sends a delivery, and keeps what it is answered."""
        delivery = self.seen["deliveries"][number]
        told = delivery["told"]
        pdu = DeliverSM(
            source_addr=told["source"].encode(),
            source_addr_ton=AddrTon.INTERNATIONAL,
            source_addr_npi=AddrNpi.ISDN,
            destination_addr=told["destination"].encode(),
            dest_addr_ton=AddrTon.NATIONAL,
            dest_addr_npi=AddrNpi.ISDN,
            esm_class=_esm_class(told),
            data_coding=_coding(told["data_coding"]),
            short_message=bytes.fromhex(told["octets"]),
            **_parameters(told["parameters"]),
        )
        delivery["attempts"] += 1
        asked = self.connection.sendRequest(pdu, 600)
        asked.addCallbacks(
            lambda answer: delivery["statuses"].append(answer.response.status.name),
            lambda failure: self._failed(delivery, failure.value),
        )

    def _failed(self, delivery: dict[str, Any], why: Any) -> None:
        response = getattr(why, "response", None)
        if response is not None:
            delivery["statuses"].append(response.status.name)

    def unsettled(self) -> list[int]:
        """The deliveries to make again."""
        return [
            number
            for number, delivery in enumerate(self.seen["deliveries"])
            if not set(SETTLED) & set(delivery["statuses"])
        ]


PEER = Peer()


class Connection(SMPPServerProtocol):
    """A connection as the library serves it, unless it is to be silent."""

    raw = b""

    def rawMessageReceived(self, message: bytes) -> None:  # noqa: N802 the library's name
        if not PEER.silent:
            self.raw = message
            super().rawMessageReceived(message)

    def onPDURequest_enquire_link(self, reqPDU: Any) -> None:  # noqa: N802, N803
        PEER.seen["enquire_links"] += 1
        super().onPDURequest_enquire_link(reqPDU)

    def onPDURequest_unbind(self, reqPDU: Any) -> None:  # noqa: N802, N803
        PEER.seen["unbinds"] += 1
        super().onPDURequest_unbind(reqPDU)

    def PDUResponseReceived(self, pdu: PDUResponse) -> None:  # noqa: N802
        if pdu.commandId.name == "generic_nack":
            PEER.seen["nacks"].append(pdu.status.name)
        super().PDUResponseReceived(pdu)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        if PEER.connection is self:
            PEER.connection = None
            PEER.seen["bound"] = False
        super().connectionLost(reason)


class Factory(SMPPServerFactory):
    """Delivers again what is not settled as soon as somebody is bound."""

    protocol = Connection

    def addBoundConnection(self, connection: Any) -> None:  # noqa: N802
        super().addBoundConnection(connection)
        PEER.connection = connection
        PEER.seen["bound"] = True
        reactor.callLater(0, self.deliver_again)

    def deliver_again(self) -> None:
        """Once the bind was answered."""
        for number in PEER.unsettled():
            PEER.deliver(number)


def _esm_class(told: dict[str, Any]) -> EsmClass:
    kind = EsmClassType.SMSC_DELIVERY_RECEIPT if told["receipt"] else EsmClassType.DEFAULT
    features = [EsmClassGsmFeatures.UDHI_INDICATOR_SET] if told["has_header"] else []
    return EsmClass(EsmClassMode.DEFAULT, kind, features)


def _coding(data_coding: int) -> DataCoding:
    named = {0: "SMSC_DEFAULT_ALPHABET", 3: "LATIN_1", 8: "UCS2"}.get(data_coding)
    if named is None:
        return DataCoding(DataCodingScheme.RAW, data_coding)
    return DataCoding(DataCodingScheme.DEFAULT, DataCodingDefault[named])


def _parameters(told: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Callable[[Any], Any]] = {
        "message_payload": bytes.fromhex,
        "receipted_message_id": str.encode,
        "message_state": MessageState.__getitem__,
    }
    return {name: made.get(name, int)(value) for name, value in told.items()}


def _seconds(validity: Any) -> float | None:
    if validity is None:
        return None
    fields = {"years": 31_536_000, "months": 2_592_000, "days": 86_400, "hours": 3600,
              "minutes": 60, "seconds": 1}  # fmt: skip
    return float(sum(getattr(validity, name) * seconds for name, seconds in fields.items()))


class Commands(LineReceiver):
    """The commands, and their answers."""

    MAX_LENGTH = 1 << 24

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 the library's name
        command = json.loads(line)
        getattr(self, f"do_{command.pop('do')}")(**command)
        left = {"statuses_left": len(PEER.submit_statuses)}
        self.sendLine(json.dumps(PEER.seen | left).encode())

    def connectionLost(self, _: object = None) -> None:  # noqa: N802
        reactor.stop()

    def do_look(self) -> None: ...

    def do_deliver(self, **told: Any) -> None:
        PEER.seen["deliveries"].append({"told": told, "attempts": 0, "statuses": []})
        if PEER.connection is not None:
            PEER.deliver(len(PEER.seen["deliveries"]) - 1)

    def do_deliver_again(self, numbers: list[int]) -> None:
        for number in numbers:
            PEER.deliver(number)

    def do_set(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(PEER, name, value)

    def do_write(self, octets: str) -> None:
        PEER.connection.transport.write(bytes.fromhex(octets))

    def do_drop(self) -> None:
        PEER.connection.transport.abortConnection()

    def do_unbind(self) -> None:
        PEER.connection.unbindAndDisconnect()


def main() -> None:
    """Listens, says where, and serves until nobody gives commands any more."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    config = SMPPServerConfig(
        systems={"gateway": {"max_bindings": 8}},
        msgHandler=PEER.submitted,
        enquireLinkTimerSecs=0,
        inactivityTimerSecs=0,
    )
    factories = Factory(config, PEER), ServerFactory.forProtocol(Commands)
    ports = [reactor.listenTCP(0, each, interface="127.0.0.1") for each in factories]
    print(*(port.getHost().port for port in ports), flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
