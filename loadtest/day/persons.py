"""Enrols everybody a day needs."""

from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Final

from loadtest.day.brief import Client, Clients
from loadtest.day.profile import Persons
from loadtest.gateway import Gateway
from loadtest.invoices import gstin

_AT_ONCE: Final = 4
_STATE: Final = "29"


def enrol(gateway: Gateway, persons: Persons) -> Clients:
    """As many as the profile counts, and one recipient, one officer, one aggregator."""
    chance = Random(2)  # noqa: S311 - GSTINs, not secrets

    def client(role: str, name: str, *more: str) -> Client:
        return Client(name, **gateway.enrol(role, "--id", name, *more))

    # Each is a command that takes half a second.
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def traders(role: str, state: str, count: int) -> list[Future[Client]]:
            return [pool.submit(client, role, gstin(chance, state)) for _ in range(count)]

        def placed(role: str, name: str, *place: str) -> Future[Client]:
            return pool.submit(client, role, name, "--state", _STATE, *place)

        transporters = traders("transporter", "27", persons.transporters)
        erps = traders("taxpayer", "33", persons.erps)
        dealers = traders("taxpayer", "24", persons.dealers)
        (recipient,) = traders("taxpayer", _STATE, 1)
        lanes = [placed("reader", f"lane-{n}", "--place", "Hosur") for n in range(persons.lanes)]
        officer = placed("officer", "KA-1001")
        sms_provider = pool.submit(client, "sms-provider", "aggregator")
    return Clients(
        transporters=[one.result() for one in transporters],
        erps=[one.result() for one in erps],
        dealers=[one.result() for one in dealers],
        lanes=[one.result() for one in lanes],
        recipient=recipient.result(),
        officer=officer.result(),
        sms_provider=sms_provider.result(),
    )
