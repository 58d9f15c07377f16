"""Damaged lines among sound ones: each refused by its number, every sound one taken, none lost."""

import json
from random import Random
from typing import Any, Final

import pytest

from tests.damage import NOT_JSON, damaged, hopeless
from tests.gateway_in_process import Gateway
from tests.invoices import invoice
from tests.uploads import BY, INVOICES, KINDS, Answer, Kind, codes, ndjson, summary, uploaded
from validators.errors import PROBLEMS
from validators.forms import FAULTS_MAX

SEEDS: Final = 3
DAMAGED: Final = 300
TAKEN: Final = (200, 201)
TOLD: Final = ("code", "detail", "errors")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each of the two calls."""
    return KINDS[request.param]


def _refused(answer: Answer) -> None:
    assert answer["status"] in (400, 403, 409, 413, 422), answer
    assert PROBLEMS[answer["code"]].status == answer["status"]
    assert answer["detail"]
    assert (answer["code"] == "INVALID_DOCUMENT") == ("errors" in answer)


async def test_what_is_hopeless_is_refused_by_its_number(
    gateway: Gateway, dsn: str, kind: Kind
) -> None:
    pattern, *sound = kind.lines(400)
    bad = [line for line in hopeless(pattern) if b"\n" not in line]
    assert len(bad) > len(NOT_JSON)
    body = [line for pair in zip(bad, sound, strict=False) for line in pair]
    answers = await uploaded(gateway, kind, ndjson(body))
    last = answers.pop()["summary"]
    codes(answers)
    assert {answer["status"] for answer in answers[1::2]} == {201}
    for answer in answers[::2]:
        _refused(answer)
    count = len(bad)
    assert last == {"received": 2 * count, "created": count, "existing": 0, "refused": count}
    assert await kind.stored(dsn) == count
    again = await uploaded(gateway, kind, ndjson(sound[:count]))
    assert {answer["status"] for answer in again[:-1]} == {kind.again}


async def test_a_faulty_invoice_is_refused_as_on_its_own(gateway: Gateway) -> None:
    unknown = {f"x{number}": 0 for number in range(FAULTS_MAX)}
    faulty = [
        invoice(total_value="89120.50,0.00"),
        invoice(total_value="89120.50\n0.00"),
        invoice(freight="500.00,120.50", insurance="0.00"),
        unknown,
        unknown | invoice(billed_to=...),
    ]
    together = await uploaded(
        gateway, INVOICES, ndjson([json.dumps(one).encode() for one in faulty])
    )
    for one, answer in zip(faulty, together, strict=False):
        alone = await gateway.call(BY, "POST", "/v1/invoices", json=one)
        told = alone.json()
        assert alone.status_code == answer["status"] == 422, answer
        assert [answer[name] for name in TOLD] == [told[name] for name in TOLD]
    assert together[-1] == summary(len(faulty), 0, refused=len(faulty))


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_any_damage_harms_no_neighbour(
    gateway: Gateway, dsn: str, kind: Kind, seed: int
) -> None:
    """Whether a damaged line is still sound is for its answer to say: as many are in the record as
    were answered 201, and every sound one is."""
    random = Random(seed)  # noqa: S311 - not a secret
    lines = kind.lines(2 * DAMAGED)
    spoilt = set(random.sample(range(len(lines)), DAMAGED))
    body = [damaged(random, line) if at in spoilt else line for at, line in enumerate(lines)]
    answers = await uploaded(gateway, kind, ndjson(body))
    last: dict[str, Any] = answers.pop()["summary"]
    codes(answers)
    for at, answer in enumerate(answers):
        if answer["status"] not in TAKEN:
            _refused(answer)
            # A damaged line may have taken the number of a sound one.
            assert at in spoilt or answer["status"] == 409, answer
    created = [answer for answer in answers if answer["status"] == 201]
    assert last["received"] == len(lines)
    assert last["created"] == len(created) == await kind.stored(dsn)
    assert len({answer.get(kind.named, answer["line"]) for answer in created}) == len(created)
