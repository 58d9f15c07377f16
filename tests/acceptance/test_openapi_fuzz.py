"""Schemathesis asks every operation of /openapi.json, as every role that may use it, as one that
may not and without credentials; whatever is answered must be as the document says.

Most requests are Schemathesis's, of those that fit the schema and those that do not, sent as they
are, or with numbers of what exists, or with a sound body of which only some members are
Schemathesis's; some are sound as a whole, and sent twice.
An answer is wrong when it is a 5xx (but 503 OVERLOADED with Retry-After), when its status, media
type, headers or body are not documented, when a problem's code is not one that this operation
documents for this status, or when a request that the schema forbids is taken.

In CI one seeded round. Long, with what was asked and answered printed at the end:

    export OPENAPI_FUZZ_ROUNDS=20 OPENAPI_FUZZ_EXAMPLES=20
    python -m pytest -s tests/acceptance/test_openapi_fuzz.py

OPENAPI_FUZZ_EXAMPLES sets the requests of an operation and role in a round (beside those of the
edges of its schema), OPENAPI_FUZZ_SEED the first round. A round is the same each time.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.config import GenerationConfig
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import REQUEST_SHAPE_PROBES
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from tests.fuzz_world import NOBODY, PERSONS, World
from tests.life_driver import gateway_in_thread
from tests.reads import READS
from validators.errors import PROBLEMS

ROUNDS: Final = int(os.environ.get("OPENAPI_FUZZ_ROUNDS", "1"))
EXAMPLES: Final = int(os.environ.get("OPENAPI_FUZZ_EXAMPLES", "8"))
SEED: Final = int(os.environ.get("OPENAPI_FUZZ_SEED", "0"))
AGES: Final = tuple(timedelta(hours=hours) for hours in (0, 0, 9, 0, 30, 0, 80))
"""How old what exists is when it is asked about, in turn: most windows are those of a new bill."""

# Not `positive_data_acceptance`: a schema cannot tell a right check character, a date that is not
# in the future or two fields that contradict one another, so what fits it may be refused.
CHECKS: Final = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
PROBLEM: Final = "application/problem+json"
NDJSON: Final = "application/x-ndjson"
AnyCase = Case[Any]
AnyOperation = APIOperation[Any, Any, Any, Any]
AS_IT_IS, KNOWN, NEAR, ENCODED = "as it is", "known numbers", "nearly sound", "wrong encoding"
HOWS: Final = (AS_IT_IS, AS_IT_IS, KNOWN, NEAR, NEAR, NEAR, ENCODED)
CREDENTIALS: Final = {"client_id", "client_secret"}
OF_WHAT_EXISTS: Final = {"ebn", "document_number", "vehicle_number", "from", *CREDENTIALS}
"""Query parameters that are given what there is."""
WRONG_ENCODINGS: Final = (
    {"Content-Type": "text/plain"}, {"Content-Encoding": "br"}, {"Content-Encoding": "gzip"}
)  # fmt: skip


@schemathesis.serializer(NDJSON)
def _one_line(_: Any, value: Any) -> bytes:
    """An upload of one document."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@schemathesis.deserializer(NDJSON)
def _first_line(_: Any, answer: Any) -> Any:
    """What is held against the schema; `_wrong_lines` looks at them all."""
    return json.loads(answer.content.partition(b"\n")[0])


def _wrong_lines(answer: schemathesis.Response) -> Iterator[str]:
    """What is wrong with the answer to an upload of a few lines."""
    *lines, end = [json.loads(line) for line in answer.content.splitlines()]
    if [line["line"] for line in lines] != list(range(1, len(lines) + 1)):
        yield "lines that do not follow each other"
    if set(end) != {"summary"} or end["summary"]["received"] != len(lines):
        yield "no true summary"
    yield from _wrong_statuses(lines)


def _wrong_statuses(answers: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with the statuses of answers to lines, or to reads."""
    for line in answers:
        refused = PROBLEMS.get(line.get("code", ""))
        if line["status"] != (refused.status if refused else line["status"]):
            yield f"a line's status is not that of {line['code']}"
        if line["status"] >= 500 or (line["status"] >= 400) != (refused is not None):
            yield f"a line of {line['status']} and {line.get('code')}"


@dataclass
class Fuzz:
    """What asks, and what it found: one example, the shortest, of each misfit."""

    world: World
    address: str
    document: dict[str, Any]
    session: requests.Session = field(default_factory=requests.Session)
    statistics: Counter[str] = field(default_factory=Counter)
    misfits: dict[str, str] = field(default_factory=dict)

    def ask(self, case: AnyCase, role: str, who: int, extra: dict[str, str] | None = None) -> None:
        """Sends a request as one of the persons of a role and keeps what is wrong with the answer:
        the run goes on, since a wrong answer is no reason not to look for others."""
        headers = dict(extra or {})
        if role != NOBODY:
            person = PERSONS[role][who % len(PERSONS[role])]
            headers["Authorization"] = self.world.authorization(person)
        elif self.described(case.operation)["security"]:
            case.headers.pop("Authorization", None)
        answer = case.call(base_url=self.address, session=self.session, headers=headers)
        code = _code(answer)
        self.statistics[f"{answer.status_code} {code}".rstrip()] += 1
        wrong = [(what, "") for what in self._wrong(case, answer, code)]
        # Lines of an upload and reads are judged one by one, none of them by the status of all.
        judged = [one for one in CHECKS if one is not checks.negative_data_rejection]
        one_by_one = _of_lines(answer) or case.path == READS
        try:
            case.validate_response(answer, checks=judged if one_by_one else CHECKS)
        except FailureGroup as group:
            wrong += [(failure.title, failure.message) for failure in group.exceptions]
        for what, why in wrong:
            key = f"{case.method} {case.path} {answer.status_code} {code}: {what}"
            told = f"{key}\nas {role}: {case.as_curl_command()}\n{why}\n{answer.text[:500]}\n"
            self.misfits[key] = min(self.misfits.get(key, told), told, key=len)

    def described(self, operation: AnyOperation) -> dict[str, Any]:
        """An operation as the document has it, not as Schemathesis read it."""
        described: dict[str, Any] = self.document["paths"][operation.path][operation.method]
        return described

    def _wrong(self, case: AnyCase, answer: schemathesis.Response, code: str) -> Iterator[str]:
        status = answer.status_code
        if status >= 500 and (code != "OVERLOADED" or "retry-after" not in answer.headers):
            yield "a 5xx"
        if _of_lines(answer):
            yield from _wrong_lines(answer)
        if case.path == READS and case.method.upper() == "POST" and status == 200:
            yield from _wrong_statuses(answer.json()["reads"])
        if status < 400:
            return
        if code not in PROBLEMS or PROBLEMS[code].status != status:
            yield f"{code or 'no code'} is none of the catalogue for {status}"
        elif not _probes_shape(case) and code not in self._documented(case, status):
            yield f"{code} is not documented for this operation"

    def _documented(self, case: AnyCase, status: int) -> list[str]:
        """Read here and not left to Schemathesis's check of the schema: that one would say nothing
        if the codes went missing from the document."""
        responses = self.described(case.operation)["responses"]
        problem = responses.get(str(status), {"content": {}})["content"].get(PROBLEM)
        codes: list[str] = problem["schema"]["properties"]["code"]["enum"] if problem else []
        return codes


def _of_lines(answer: schemathesis.Response) -> bool:
    return NDJSON in answer.headers.get("content-type", [])


def _code(answer: schemathesis.Response) -> str:
    """The code of a problem; empty without one, whatever else may be there in its place."""
    try:
        told = answer.json() if answer.status_code >= 400 else None
    except ValueError:
        return ""
    return str(told.get("code", "")) if isinstance(told, dict) else ""


def _probes_shape(case: AnyCase) -> bool:
    """Whether a request is none of its operation: another method, or no usable media type."""
    data = case.meta.phase.data if case.meta else None
    return getattr(data, "scenario", None) in REQUEST_SHAPE_PROBES


def _altered(data: st.DataObject, world: World, case: AnyCase, how: str) -> dict[str, str]:
    """Puts what exists into a generated request; answers headers to send beside its own."""
    if how == AS_IT_IS:
        return {}
    for name in case.path_parameters:
        case.path_parameters[name] = data.draw(st.sampled_from(world.path[name]))
    for name in case.query.keys() & OF_WHAT_EXISTS:
        case.query[name] = data.draw(st.sampled_from(world.path[name]))
    if how == KNOWN or not case.operation.body:
        return {}
    sound = world.body(case.operation.method.upper(), case.path)
    generated = case.body if isinstance(case.body, dict) else {}
    if generated:
        taken = data.draw(st.sets(st.sampled_from(sorted(generated)), max_size=2))
        sound |= {name: generated[name] for name in taken}
    case.body = sound
    case.media_type = next(iter(case.operation.body)).media_type
    return data.draw(st.sampled_from(WRONG_ENCODINGS)) if how == ENCODED else {}


def _generated(operation: AnyOperation) -> st.SearchStrategy[AnyCase]:
    """Requests that fit the schema and, where there is anything to get wrong, that do not."""
    fits = operation.as_strategy(GenerationMode.POSITIVE)
    if not (operation.body or operation.query or operation.path_parameters):
        return fits
    return fits | operation.as_strategy(GenerationMode.NEGATIVE)


def _examples(fuzz: Fuzz, operation: AnyOperation, role: str, number: int, count: int) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=_generated(operation),
        how=st.sampled_from(HOWS),
        who=st.integers(0, 11),
        data=st.data(),
    )
    def ask(case: AnyCase, how: str, who: int, data: st.DataObject) -> None:
        extra = _altered(data, fuzz.world, case, how)
        fuzz.statistics[f"sent {how}"] += 1
        fuzz.ask(case, role, who, extra)

    ask()


def _sound(fuzz: Fuzz, operation: AnyOperation, role: str) -> None:
    """A request nothing is wrong with, twice, by every person of a role: these get furthest."""
    world, path = fuzz.world, operation.path
    parameters = {one["name"]: one for one in fuzz.described(operation)["parameters"]}
    for who in range(len(PERSONS.get(role, "-"))):
        body = world.body(operation.method.upper(), path) if operation.body else NOT_SET
        known = {name: some[who % len(some)] for name, some in world.path.items()}
        for _ in range(2):
            case = operation.Case(
                path_parameters={name: known[name] for name in known if f"{{{name}}}" in path},
                query={
                    name: known[name]
                    for name, one in parameters.items()
                    if one["in"] == "query" and (one["required"] or name in CREDENTIALS)
                },
                body=body,
                media_type=next(iter(operation.body)).media_type if operation.body else None,
            )
            fuzz.statistics["sent sound"] += 1
            fuzz.ask(case, role, who)


def _edges(fuzz: Fuzz, operation: AnyOperation, role: str) -> None:
    """The requests Schemathesis makes of the edges of a schema, the same each time; of what exists,
    unless the path is what is wrong with them."""
    for case in operation.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=GenerationConfig()
    ):
        path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
        if path and path.mode.is_positive:
            known = fuzz.world.path
            case.path_parameters = {name: known[name][0] for name in case.path_parameters}
        fuzz.statistics["sent edge"] += 1
        fuzz.ask(case, role, 0)


def _roles(described: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Those who may ask, and those who may not: one other role, and nobody."""
    if not described["security"]:
        return [NOBODY], []
    able = described.get("x-roles", sorted(PERSONS))
    return able, [*sorted(set(PERSONS) - set(able))[:1], NOBODY]


def _round(fuzz: Fuzz, number: int) -> None:
    """Every operation once, each role that may use it with a world of its own."""
    schema = schemathesis.openapi.from_dict(fuzz.document)
    turn = number * 1000
    for path, methods in fuzz.document["paths"].items():
        for method, described in methods.items():
            operation = schema[path][method.upper()]
            able, unable = _roles(described)
            for role in (*able, *unable):
                turn += 1
                fuzz.world.begin(AGES[turn % len(AGES)])
                fuzz.statistics[f"asked {method} {path}"] += 1
                _examples(fuzz, operation, role, turn, EXAMPLES if role in able else 3)
                fuzz.world.begin(AGES[(turn + number) % len(AGES)])
                _sound(fuzz, operation, role)
            fuzz.world.begin(timedelta())
            _edges(fuzz, operation, able[0])


@pytest.mark.slow
@pytest.mark.timeout(120 * ROUNDS)
def test_every_answer_is_as_openapi_says(dsn: str, redis_url: str) -> None:
    with (
        gateway_in_thread(dsn, redis_url) as gateway,
        httpx.Client(base_url=gateway.address, timeout=30) as http,
    ):
        document = http.get("/openapi.json").json()
        fuzz = Fuzz(World(gateway, dsn, http), gateway.address, document)
        for number in range(SEED, SEED + ROUNDS):
            _round(fuzz, number)
    print("\n".join(f"{count:8} {what}" for what, count in sorted(fuzz.statistics.items())))
    assert not fuzz.misfits, "\n".join(fuzz.misfits.values())
    asked = sum(one.startswith("asked ") for one in fuzz.statistics)
    assert asked == sum(map(len, document["paths"].values()))
