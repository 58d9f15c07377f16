"""Whether the limits fit each other."""

from datetime import timedelta

from ingest import limits, sms_limits


def check() -> None:
    """The relations between limits; raises AssertionError when a change broke one."""
    # Bills, Parts A, changes, verifications, invoices, reads; lookups by number, vehicle and tag,
    # and of what a late read saw; replays recalled and kept; notifications; consolidations; lists
    # of both and of reads; reports; withdrawals; uploads; invoices read, listed for GSTR-1, and
    # searched for; tags, and conveyances that need one; mobile numbers registered, looked up, heard
    # of, and registered by nobody; aggregators; parts of messages. The rest is for the chores and
    # for single rows: a lease of numbers or of the hot state must not wait for these.
    in_use = limits.WRITERS * limits.WRITE_LANES + 2 * limits.READ_LANES + 1 + 1 + 2 + 1 + 1
    in_use += (
        limits.CONSOLIDATIONS_AT_ONCE
        + 3 * limits.LISTS_AT_ONCE
        + 5 * limits.RARE_WRITES_AT_ONCE
        + 4
    )
    in_use += limits.BULK_WRITES_AT_ONCE + limits.INVOICE_READ_LANES + limits.EXTRACTS_AT_ONCE
    in_use += limits.INVOICE_SEARCHES_AT_ONCE + 1
    assert in_use + 2 <= limits.POSTGRES_CONNECTIONS_PER_WORKER, "the chores need connections"
    # A changed bill is locked with the vehicles it was and is on.
    written = limits.WRITERS * limits.WRITE_LANES * limits.BATCH_BILLS_MAX * 3
    written += limits.WRITE_LANES * max(limits.RFID_READ_BILLS_MAX, limits.VEHICLE_STAYS_MAX) * 3
    locks = (limits.WORKERS_MAX + 1) * (
        (2 * limits.READ_LANES + 2) * limits.BATCH_READS_MAX + written
    )
    assert locks < limits.POSTGRES_CONNECTIONS_MAX * limits.POSTGRES_LOCKS_PER_TRANSACTION, (
        "PostgreSQL's shared lock table"
    )
    assert sms_limits.STRANGER_TOLD_EVERY <= sms_limits.KNOWN_FOR, (
        "a message that comes again is told nothing more"
    )
    assert 3 * limits.HOT_STATE_CHECK_SECONDS < limits.HOT_STATE_LEASE_SECONDS, (
        "a missed check must not end trust"
    )
    # A call, then a transaction of ten statements in five attempts, by a clock that is ahead.
    slowest = timedelta(
        seconds=limits.RFID_CALL_SECONDS_MAX + 50 * limits.POSTGRES_COMMAND_SECONDS_MAX
    )
    assert limits.READ_AGE_MAX + slowest + limits.READ_AHEAD_MAX < limits.READ_CLAIM_KEPT, (
        "a read whose claim is forgotten is refused for its age"
    )
    in_turns = limits.RFID_SLICES_AT_ONCE * limits.RFID_READS_IN_A_SLICE
    assert limits.RFID_READS_OF_A_LANE < limits.RFID_READS_IN_A_SLICE <= limits.BATCH_RFID_READS_MAX
    assert 2 * in_turns <= limits.WAITING_RFID_READS_MAX, (
        "large calls do not fill the queue by themselves"
    )
    assert limits.BATCH_RFID_READS_MAX < limits.RFID_READ_NUMBERS_BLOCK // 4, (
        "a lease ahead of need"
    )
    assert limits.BATCH_BILLS_MAX <= limits.WAITING_BILLS_MAX
    assert limits.BATCH_INVOICES_MAX <= limits.WAITING_INVOICES_MAX
    assert limits.BATCH_BILLS_MAX <= limits.BULK_BILLS_IN_FLIGHT_MAX <= limits.WAITING_BILLS_MAX, (
        "uploads make whole batches, and do not fill the queue by themselves"
    )
    assert limits.BULK_LINE_BYTES_MAX <= limits.BULK_SLICE_BYTES_MAX
    assert limits.BULK_UPLOADS_OF_ONE_MAX < limits.BULK_UPLOADS_MAX
    assert limits.BULK_SLICE_LINES_MAX < limits.INVOICE_IDS_BLOCK // 4, "a lease ahead of need"
    assert sms_limits.ON_ITS_WAY_MAX < sms_limits.KNOWN_FOR, (
        "a message whose claim is forgotten is too late"
    )
    assert limits.LIST_ITEMS_DEFAULT <= limits.LIST_ITEMS_MAX
    assert limits.EXTRACTS_AT_ONCE < limits.EXTRACTS_OPEN_MAX, "a line to wait in"
    assert limits.REDIS_COMMAND_SECONDS_MAX < limits.POSTGRES_COMMAND_SECONDS_MAX, (
        "Redis must fail first"
    )
    # The process of SMS lists, extracts and uploads nothing, so its sender has connections enough.
    assert sms_limits.CONNECTIONS <= 3 * limits.LISTS_AT_ONCE
    sending = (
        sms_limits.WORDED_SECONDS_MAX
        + sms_limits.SEND_SECONDS_MAX
        + sum(sms_limits.MARK_PAUSES_SECONDS)
        + limits.POSTGRES_COMMAND_SECONDS_MAX
    )
    assert timedelta(seconds=sending) < sms_limits.LEASE, "what is being sent is nobody else's"
    assert sms_limits.LEASE < sms_limits.TRIED_AGAIN_AFTER_MAX, (
        "what is leased is counted as waiting"
    )
    # aiohttp ends what takes longer than a few seconds at the next whole second.
    assert sms_limits.HTTP_SECONDS_MAX + 1 < sms_limits.SEND_SECONDS_MAX, (
        "what an aggregator took is not sent again because its answer does not end"
    )
    assert (
        sms_limits.SEND_SECONDS_MAX + sms_limits.SMPP_UNBIND_SECONDS_MAX < limits.DRAIN_SECONDS_MAX
    ), "what was begun is ended"
    assert 2 * sms_limits.GIVEN_AHEAD_SECONDS < sms_limits.SEND_SECONDS_MAX, (
        "what waits for its turn with the carrier is not given up"
    )
    # Beside the workers one more process may use the services.
    most = (limits.WORKERS_MAX + 1) * limits.POSTGRES_CONNECTIONS_PER_WORKER
    assert most < limits.POSTGRES_CONNECTIONS_MAX, "PostgreSQL's max_connections"
