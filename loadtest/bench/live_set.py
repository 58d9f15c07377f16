"""Live bills on vehicles with a tag each, as many on each, laid straight into both records; Redis
is then filled from the gateway's by `gateway rebuild-hot-state`, while serving."""

import statistics
import time
from datetime import UTC, datetime
from typing import Final

import redis
from msgspec import Struct

from loadtest.bench.record import ask, told
from loadtest.bench.systems import Systems

_LAID_AT_ONCE: Final = 100_000
"""Bills."""
_LIVE: Final = "SELECT count(*) FROM eway_bill WHERE valid_until > now()"
_LEASE: Final = "SELECT lease_numbers($1, $2)"
_NAMES: Final = (
    """
CREATE FUNCTION vehicle_at(place bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT format('KA%sAB%s', lpad((place / 10000)::text, 2, '0'),
                  lpad((place % 10000)::text, 4, '0')) $$
""",
    """
CREATE FUNCTION tag_at(place bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT 'E28011606000' || upper(lpad(to_hex(place), 12, '0')) $$
""",
)
"""What is at a place, counted from 0."""
TAG_PATH: Final = "/v1/rfid/tags/E28011606000%012X/eway-bills"
"""As a format of a vehicle's number, counted from 0."""
_LAY: Final = """
INSERT INTO eway_bill (
    ebn, version, rulebook, generated_by, generated_at, valid_until, acceptance_until, required,
    clause, supplier_gstin, recipient_gstin, place_of_dispatch, place_of_delivery, document_type,
    document_number, document_date, value_paise, hsn_code, reason_code, transport_document_number,
    mode, distance_km, transporter_id, vehicle_number, vehicle_since)
SELECT $1 + position, 1, '2017-06', '27AAPFU0939F1ZV', now(), now() + interval '5 days',
    now() + interval '72 hours', true, '1(1)', '27AAPFU0939F1ZV', '29AAGCB7383J1Z4', '400001',
    '560001', 'INVOICE', 'L/' || position, current_date, 7500000, '7215', 1, 'GR-998877', 'ROAD',
    350, '27AAPFU0939F1ZV', vehicle_at(position % $4), now()
FROM generate_series($2::bigint, $3::bigint - 1) AS position
"""
_MAP: Final = """
INSERT INTO rfid_tag (tag, vehicle_number, transporter_id, since)
SELECT tag_at(position), vehicle_at(position), '27AAPFU0939F1ZV', now()
FROM generate_series(0, $1::bigint - 1) AS position
"""
_ORDINARY_LAY: Final = """
INSERT INTO eway_bill (
    status, generated_by, generated_at, valid_until, financial_year, supplier_gstin,
    recipient_gstin, place_of_dispatch, place_of_delivery, document_type, document_number,
    document_date, value_of_goods, hsn_code, reason_code, transport_document_number, mode,
    distance_km, transporter_id, vehicle_number)
SELECT 'ACTIVE', '27AAPFU0939F1ZV', now(), now() + interval '5 days', 2026, '27AAPFU0939F1ZV',
    '29AAGCB7383J1Z4', '400001', '560001', 'INVOICE', 'L/' || position, current_date, 75000, '7215',
    1, 'GR-998877', 'ROAD', 350, '27AAPFU0939F1ZV', vehicle_at(position % $3)
FROM generate_series($1::bigint, $2::bigint - 1) AS position
"""
_ORDINARY_MAP: Final = """
INSERT INTO rfid_tag (tag, vehicle_number) SELECT tag_at(position), vehicle_at(position)
FROM generate_series(0, $1::bigint - 1) AS position
"""
_ORDINARY_FIRST: Final = "SELECT min(ebn) FROM eway_bill WHERE document_number = 'L/0'"


class Filled(Struct, frozen=True):
    """How Redis was filled: with how many live bills, in how long, with how much memory; what a
    whole bill took of it, and a vehicle with its bills."""

    bills: int
    seconds: float
    bytes: int
    bytes_a_bill: float
    bytes_a_vehicle: float
    evicted: int


class LiveSet(Struct, frozen=True):
    """The bills laid in: the first number in each record, from which the others follow."""

    first_ebn: int
    ordinary_first_ebn: int
    bills: int
    vehicles: int
    filled: Filled


def lay_in(systems: Systems, bills: int, vehicles: int) -> LiveSet:
    """Lays them in and fills Redis; tells how it went. Takes minutes for millions."""
    own, ordinary = systems.gateway.postgres_dsn, systems.ordinary_dsn
    began = time.monotonic()
    for dsn in (own, ordinary):
        for function in _NAMES:
            ask(dsn, function)
    first = told(own, _LEASE, datetime.now(UTC).date(), bills)
    for done in range(0, bills, _LAID_AT_ONCE):
        until = min(done + _LAID_AT_ONCE, bills)
        ask(own, _LAY, first, done, until, vehicles)
        ask(ordinary, _ORDINARY_LAY, done, until, vehicles)
    ask(own, _MAP, vehicles)
    ask(ordinary, _ORDINARY_MAP, vehicles)
    for dsn in (own, ordinary):
        # Else the first readers would pay for what the writers left to do.
        ask(dsn, "VACUUM ANALYZE eway_bill")
        ask(dsn, "VACUUM ANALYZE rfid_tag")
    ask(own, "CHECKPOINT")
    seconds = time.monotonic() - began
    print(f"laid in {bills} live bills on {vehicles} vehicles with a tag each, {seconds:.0f} s")
    filled = _fill(systems)
    return LiveSet(first, told(ordinary, _ORDINARY_FIRST), bills, vehicles, filled)


def _fill(systems: Systems) -> Filled:
    # With those that were generated before.
    bills = told(systems.gateway.postgres_dsn, _LIVE)
    with redis.from_url(systems.gateway.redis_url) as hot:
        before = hot.info("memory")["used_memory"]
        began = time.monotonic()
        said = systems.gateway.command("rebuild-hot-state").strip()
        seconds = time.monotonic() - began
        used = hot.info("memory")["used_memory"] - before
        bill, vehicle = _bytes_of(hot, "b"), _bytes_of(hot, "v")
        evicted = hot.info("stats")["evicted_keys"]
    print(f"{said}: {seconds:.0f} s, {bills / seconds:.0f} bills a second, {evicted} evicted")
    print(
        f"Redis: {used / bills:.0f} bytes a bill in all; a whole bill {bill:.0f} of them, ", end=""
    )
    print(f"a vehicle with its bills {vehicle:.0f}", flush=True)
    return Filled(bills, seconds, used, bill, vehicle, evicted)


def _bytes_of(hot: "redis.Redis", letter: str) -> float:
    """What a key of one kind takes in Redis, by a sample."""
    sample: list[int] = []
    for key in hot.scan_iter(f"*:{letter}[0-9]*:*", count=1000):
        sample.append(int(hot.memory_usage(key) or 0))
        if len(sample) == 1000:
            break
    return statistics.mean(sample or [0])
