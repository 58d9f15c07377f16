"""A driver's telephone, through everything there is: its company registers it, it confirms, it
generates, changes and cancels, over an aggregator's HTTP and over SMPP. `pytest -s` shows what was
said."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiohttp import web

from gateway.sms_link import linked
from sms.settings import HttpSettings, SmsSettings
from sms.smpp.settings import SmppSettings
from tests.documents import RECIPIENT, SUPPLIER, person
from tests.gateway_in_process import Gateway
from tests.sms import Aggregator
from tests.sms_numbers import MOBILE, NUMBERS
from tests.smsc_peer import said, smsc_peer
from tests.waiting import until

BILLS: Final = "/v1/eway-bills"
BY: Final = person(SUPPLIER)
SOUND: Final = f"EWBG OSUP {RECIPIENT} 560012 546 20/11/2026 75000.00 1001 170 KA12AB1234"
WRONG: Final = [
    ("OSUP", "SALE", "TranType"),
    (RECIPIENT, "29AAGCB7383J1Z5", "RecGSTIN"),
    ("560012", "056001", "DelPinCode"),
    (" 546 ", " 54_6 ", "InvNo"),
    ("20/11/2026", "11/20/2026", "InvDate"),
    ("75000.00", "75,000.00", "TotalValue"),
    ("1001", "101", "HSNCode"),
    ("170", "170KM", "ApprDist"),
    ("KA12AB1234", "1234", "Vehicle"),
]


class Telephone:
    """One telephone: what it sends, and `got`, what it was sent. `carry` delivers a message with
    its number and id; `look` fetches what is there for it."""

    def __init__(
        self,
        mobile: str,
        carry: Callable[["Telephone", str, str], Awaitable[None]],
        look: Callable[["Telephone"], Awaitable[None]],
    ) -> None:
        self.mobile = mobile
        self.got: list[str] = []
        self._carry = carry
        self._look = look
        self._sent: list[str] = []
        self._read = 0

    async def says(self, text: str) -> str:
        """What a message is answered."""
        self._sent.append(text)
        print(f"  {self.mobile} > {text}")
        await self._carry(self, text, f"{self.mobile}-{len(self._sent)}")
        return await self.next()

    async def delivered_again(self) -> None:
        """The last message comes once more; whatever is said to it was said before."""
        print(f"  {self.mobile} > {self._sent[-1]} (delivered again)")
        await self._carry(self, self._sent[-1], f"{self.mobile}-{len(self._sent)}")
        await self._look(self)
        for text in self.got[self._read :]:
            assert text == self.got[self._read - 1]
            print(f"  {self.mobile} < {text}")
        self._read = len(self.got)

    async def next(self) -> str:
        """What it gets next."""
        await until(self._has_more)
        self._read += 1
        print(f"  {self.mobile} < {self.got[self._read - 1]}")
        return self.got[self._read - 1]

    async def _has_more(self) -> bool:
        await self._look(self)
        return len(self.got) > self._read


Telephones = Callable[[str], Telephone]


@asynccontextmanager
async def _over_http(gateway: Gateway) -> AsyncIterator[Telephones]:
    """Replies in the answers to the webhook, all else by an aggregator's API."""
    telephones: dict[str, Telephone] = {}

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        telephones[body["to"][2:]].got.append(body["text"])
        return web.json_response({"message_id": "m"})

    app = web.Application()
    app.router.add_post("/send", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    url = f"http://{host}:{port}/send"
    sms = SmsSettings(header="EWAYBL", http=HttpSettings(url=url, secret="s", unencrypted=True))
    aggregator = await Aggregator.enrolled(gateway)

    async def carry(telephone: Telephone, text: str, message_id: str) -> None:
        if reply := await aggregator.said(text, telephone.mobile, message_id):
            telephone.got.append(reply)

    async def look(_: Telephone) -> None:
        """It is there already."""

    async with linked(gateway.services, sms, gateway.clock):
        yield lambda mobile: telephones.setdefault(mobile, Telephone(mobile, carry, look))
    await runner.cleanup()


@asynccontextmanager
async def _over_smpp(gateway: Gateway) -> AsyncIterator[Telephones]:
    """Both ways over a transceiver's bind."""
    telephones: dict[str, Telephone] = {}

    async def carry(telephone: Telephone, text: str, _: str) -> None:
        number = await peer.deliver(text.encode("ascii"), source=f"91{telephone.mobile}")
        assert await peer.answered([number]) == ["ESME_ROK"]

    async def look(telephone: Telephone) -> None:
        submits = (await peer.ask("look"))["submits"]
        to = f"91{telephone.mobile}"
        telephone.got = [said(submit) for submit in submits if submit["destination"][1] == to]

    async with smsc_peer() as peer:
        sms = SmsSettings(
            header="EWAYBL",
            smpp=SmppSettings(
                host="127.0.0.1", port=peer.port, system_id="gateway", password="secret",
                submits_per_second=1000,
            ),
        )  # fmt: skip
        async with linked(gateway.services, sms, gateway.clock):
            yield lambda mobile: telephones.setdefault(mobile, Telephone(mobile, carry, look))


@pytest.mark.parametrize("over", [_over_http, _over_smpp])
async def test_a_drivers_day(gateway: Gateway, over: Any) -> None:
    async with over(gateway) as telephones:
        print(f"\n{over.__name__}")
        driver: Telephone = telephones(MOBILE)
        answer = await gateway.call(BY, "POST", NUMBERS, json={"mobile": MOBILE})
        assert answer.status_code == 201
        password = re.search(r"CONFIRM (\d{6})", await driver.next())
        assert password
        wrong = f"{(int(password[1]) + 1) % 1_000_000:06}"
        assert "Tries left: 4" in await driver.says(f"CONFIRM {wrong}")
        assert SUPPLIER in await driver.says(f"confirm {password[1]}")

        for right, written, field in WRONG:
            assert field in await driver.says(SOUND.replace(right, written))
        assert (await _bills(gateway)) == []
        generated = await driver.says(SOUND.lower().replace(" ", "  "))
        assert re.fullmatch(r"EBN \d{12} dt .{16} valid till .{16} KA12AB1234", generated)
        ebn = generated[4:16]
        await driver.delivered_again()
        assert [bill["ebn"] for bill in await _bills(gateway)] == [ebn]

        assert "KA13CD5678" in await driver.says(f"EWBV {ebn} KA 13 CD 5678 BRK")
        assert "ACTIVE" in await driver.says(f"EWBD {ebn}")
        stranger: Telephone = telephones("9123456780")
        assert "not registered" in await stranger.says(f"EWBC {ebn}")
        assert [bill["status"] for bill in await _bills(gateway)] == ["ACTIVE"]
        assert ebn in await driver.says(f"EWBC {ebn}")
        assert [bill["status"] for bill in await _bills(gateway)] == ["CANCELLED"]
        await driver.delivered_again()


async def _bills(gateway: Gateway) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await gateway.call(BY, "GET", BILLS)).json()["items"]
    return listed
