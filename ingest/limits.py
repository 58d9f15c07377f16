"""The limits of the gateway: sizes, queues, pools, time-outs. Units come last. Those of SMS are in
`ingest/sms_limits.py`.

Past a limit the answer is 413, 429 or 503 with Retry-After; nothing queues without bound. That they
fit each other is checked at start, in `ingest/limits_fit.py`.
"""

from datetime import timedelta
from typing import Final

HEAD_BYTES_MAX: Final = 64 * 1024
"""Of a request's line and headers, beyond those that came with its first piece."""
HEAD_SECONDS_MAX: Final = 30.0
BODY_BYTES_MAX: Final = 1024 * 1024
"""One document, after decompression. An INS-06 of 1,000 lines of goods in ASCII is a third."""
BODY_BYTES_DRAINED_MAX: Final = 8 * 1024 * 1024
"""A larger body is still read this far, so that the client hears 413 and not a broken pipe."""
BODY_SECONDS_MAX: Final = 30.0
"""How long the rest of a body may take once its first part is here."""
COMPRESSED_MEMBERS_MAX: Final = 16
ZSTD_WINDOW_LOG_MAX: Final = 23
"""8 MiB kept while a body is decompressed: all that RFC 9659 lets a sender ask for."""
TOKEN_REQUEST_BYTES_MAX: Final = 8192
QUERY_FIELDS_MAX: Final = 32

BATCH_BILLS_MAX: Final = 256
"""Bills in one transaction."""
WAITING_BILLS_MAX: Final = 4096
"""Bills waiting for a transaction in one worker; past it 503 OVERLOADED."""
WRITE_LANES: Final = 1
"""Transactions one worker has in flight. More of them are smaller, and cost more than they gain."""
WRITERS: Final = 6
"""What has lanes of its own: bills, Parts A, changes, verifications, invoices sent singly,
reads."""

BATCH_INVOICES_MAX: Final = 256
WAITING_INVOICES_MAX: Final = 4096
INVOICE_READ_LANES: Final = 1
BATCH_INVOICE_READS_MAX: Final = 32
"""Invoices fetched at once: each may be a megabyte."""
INVOICE_BYTES_IN_ONE_GO: Final = 64 * 1024
"""Of invoices read before another request has its turn: about a millisecond."""
INVOICE_IDS_BLOCK: Final = 20_000
"""Ids leased at once: half a second of a busy upload."""

BULK_LINE_BYTES_MAX: Final = BODY_BYTES_MAX
"""One line of an upload is one document."""
BULK_UPLOADS_MAX: Final = 16
"""Uploads one worker takes at once; past it 503 OVERLOADED."""
BULK_UPLOADS_OF_ONE_MAX: Final = 4
"""Of them, those of one client: it must not keep the others out."""
BULK_SLICE_LINES_MAX: Final = 512
BULK_SLICE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Lines of one upload decided and stored together; several are on their way at once."""
BULK_SLICES_AHEAD: Final = 3
BULK_LINES_IN_ONE_GO: Final = 32
"""Lines decided before another request has its turn: about a millisecond of what most businesses
write, four where every line has to be walked field by field."""
BULK_LINE_BYTES_IN_ONE_GO: Final = 32 * 1024
"""After a longer line another request has its turn at once: a faulty one of a megabyte is a tenth
of a second."""
BULK_WRITES_AT_ONCE: Final = 2
"""Slices of invoices one worker stores at once, of all its uploads."""
BULK_WRITES_WAITING_MAX: Final = BULK_UPLOADS_MAX * BULK_SLICES_AHEAD
BULK_BILLS_IN_FLIGHT_MAX: Final = 2 * BATCH_BILLS_MAX
"""E-way bills of uploads that one worker has under way: a batch in its transaction and the next one
whole. A single request waits behind no more of them."""
BULK_PAUSE_SECONDS: Final = 0.1
"""Before a line of an upload is tried again that single requests had left no room for."""
BULK_COMPRESSED_MEMBERS_MAX: Final = 10_000
"""Of one upload: files put together have as many members as there were files."""
BULK_CHUNK_BYTES: Final = 256 * 1024
"""Of a compressed upload, decompressed at once."""
BULK_IDLE_SECONDS_MAX: Final = 60.0
"""How long an upload may send nothing."""
STREAM_UNREAD_SECONDS_MAX: Final = 60.0
"""How long a client may leave a part of a streamed answer unread."""

CONNECTIONS_KEPT_FOR_WRITES: Final = WRITERS * WRITE_LANES + BULK_WRITES_AT_ONCE

BATCH_READS_MAX: Final = 512
WAITING_READS_MAX: Final = 8192
READ_LANES: Final = 2

CONSOLIDATIONS_AT_ONCE: Final = 1
"""Consolidated bills one worker generates or reads at once: each is up to a thousand bills."""
CONSOLIDATIONS_WAITING_MAX: Final = 64
LISTS_AT_ONCE: Final = 2
"""List queries one worker runs: a list of a long history must not take the others' connections."""
LISTS_WAITING_MAX: Final = 256
VEHICLE_STAYS_MAX: Final = 2000
"""Of the newest bills on one vehicle that are looked at: twice a consolidated bill's."""
READ_AGE_MAX: Final = timedelta(hours=72)
"""How old a read of a checkpoint may be when it comes in: a weekend without a connection."""
READ_AHEAD_MAX: Final = timedelta(minutes=5)
"""How far a reader's clock may be ahead of ours."""
READ_LIVE_FOR: Final = timedelta(minutes=1)
"""A read no older is looked for where its tag is now, if it was there already."""
READ_CLAIM_KEPT: Final = READ_AGE_MAX + timedelta(hours=1)
"""How long after its instant a read that comes again is known to be the same."""
RFID_READS_MAX: Final = 5000
"""Of one call: of a MiB, an hour of a busy lane."""
RFID_READS_OF_A_LANE: Final = 16
"""A call of no more has no turn to wait for: it is a lane's own. Larger ones catch up."""
RFID_READS_IN_A_SLICE: Final = 256
RFID_SLICES_AT_ONCE: Final = 2
"""Slices of larger calls one worker has under way: a single read waits behind no more of them."""
RFID_LARGE_CALLS_MAX: Final = 16
"""Larger calls one worker has taken; past it 503 OVERLOADED."""
RFID_CALL_SECONDS_MAX: Final = 60.0
"""Reads of a call that are not begun by then are refused OVERLOADED."""
BATCH_RFID_READS_MAX: Final = 256
"""Reads in one transaction."""
WAITING_RFID_READS_MAX: Final = 4096
RFID_READ_BILLS_MAX: Final = 512
"""Bills that the reads of one transaction are the first to verify; one lorry may have more."""
RFID_READS_IN_ONE_GO: Final = 64
"""Reads of a call looked at before another request has its turn: faulty ones are a millisecond."""
RFID_BILLS_IN_ONE_GO: Final = 1024
"""Bills on board of reads that are looked at before another request has its turn: a millisecond."""
RFID_READ_NUMBERS_BLOCK: Final = 10_000
"""Numbers leased at once: seconds of readers that catch up."""
VEHICLE_BILLS_CHUNK: Final = 256
"""Bills of one vehicle looked at together."""
INVOICE_SEARCHES_AT_ONCE: Final = 1
"""Searches for a document number among the invoices of all suppliers, in one worker: each asks for
every supplier there is."""
INVOICE_SEARCHES_WAITING_MAX: Final = 64
INVOICE_SUPPLIERS_MAX: Final = 500
"""Of one document number; past it whoever asks has to name the supplier."""
LIST_ITEMS_DEFAULT: Final = 50
LIST_ITEMS_MAX: Final = 500

EXTRACTS_AT_ONCE: Final = 1
"""Pages of GSTR-1 extracts one worker reads; the others wait in line. An extract whose client reads
slowly holds no turn and no connection in between."""
EXTRACTS_OPEN_MAX: Final = 32
"""Extracts one worker has begun; past it 503 OVERLOADED."""
EXTRACT_CLAIMS: Final = 20_000
"""Invoice numbers of the year looked at for one page: some tens of milliseconds where none of them
is of the month."""
EXTRACT_INVOICES: Final = 32
"""Fetched for one page, as they are stored: of 1 MiB each at the very most."""
EXTRACT_BILLS: Final = 512
"""Looked at for one page."""
EXTRACT_PAGE_BYTES: Final = 4 * 1024 * 1024
"""Of the invoices fetched, as they were uploaded: past it a page ends, and the rest of them is
fetched again for the next."""
EXTRACT_BYTES_IN_ONE_GO: Final = 64 * 1024
"""Invoices read before another request has its turn: about a millisecond."""
EXTRACT_RATES_MAX: Final = 1000
EXTRACT_GOODS_MAX: Final = 10_000
"""Rows of an extract's totals: India's tariff has about as many items. What is beyond is summed in
one row."""

ARCHIVE_INVOICES_AT_ONCE: Final = 100
"""Compressed between two fetches, however large, well before PostgreSQL ends the transaction as
idle."""
ARCHIVE_COUNT_SECONDS_MAX: Final = 3600.0
"""A partition of a hundred million invoices that are not in memory is counted in minutes."""
ARCHIVE_PAUSE_SECONDS: Final = 0.5
ARCHIVE_TRIES_MAX: Final = 240
"""To take a partition out between the statements of others, each of a tenth of a second."""

RARE_WRITES_AT_ONCE: Final = 1
"""Of one kind, in one worker: reports of inspections and detentions, withdrawals of Parts A, RFID
tags."""
RARE_WRITES_WAITING_MAX: Final = 256
TAG_HISTORY_MAX: Final = 100
"""Mappings of one tag that have ended and are shown, the newest."""

NUMBERS_BLOCK: Final = 5000
"""Numbers leased at once; at most two blocks a worker are lost in a crash."""

POSTGRES_CONNECTIONS_MAX: Final = 420
POSTGRES_CONNECTIONS_PER_WORKER: Final = 46
POSTGRES_COMMAND_SECONDS_MAX: Final = 30.0
POSTGRES_IDLE_IN_TRANSACTION_MS_MAX: Final = 10_000
"""A worker that froze within a transaction must not hold its locks for longer."""
POSTGRES_LOCKS_PER_TRANSACTION: Final = 512
POSTGRES_CONNECT_SECONDS_MAX: Final = 10.0

REDIS_COMMAND_SECONDS_MAX: Final = 1.0
HOT_STATE_LEASE_SECONDS: Final = 1.0
"""How long a reader believes an epoch after it asked PostgreSQL (docs/hot-state.md)."""
HOT_STATE_CHECK_SECONDS: Final = 0.25
HOT_STATE_RESERVATION_SECONDS: Final = 5
"""A reservation of a reader that died keeps others from filling for this long."""

NOTIFICATIONS_SECONDS: Final = 1.0
"""How often a worker looks for notifications. Those it does not know yet cost a second try."""
NOTIFICATIONS_WAITING_MAX: Final = 16
NOTIFICATIONS_PAUSE_SECONDS: Final = 0.1
"""Between two that one worker stores: the bills that have to be decided anew come in between."""

REPLAY_KEPT: Final = timedelta(hours=24)
IDEMPOTENCY_KEY_CHARACTERS_MAX: Final = 128
SWEEP_SECONDS: Final = 60.0
SWEEP_ROWS_MAX: Final = 10_000

METRICS_SECONDS: Final = 1.0

TOKEN_LIFETIME: Final = timedelta(minutes=30)
TOKENS_REMEMBERED_MAX: Final = 10_000
SECRET_CHECKS_AT_ONCE: Final = 2
"""Each takes 16 MiB and tens of milliseconds of a core."""
SECRET_CHECKS_WAITING_MAX: Final = 64

RETRY_AFTER_SECONDS: Final = 1
DRAIN_SECONDS_MAX: Final = 20

WORKERS_MAX: Final = 8
