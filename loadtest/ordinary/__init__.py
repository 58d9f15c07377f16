"""The same service as a good team would ordinarily write it: FastAPI, pydantic and SQLAlchemy, with
a transaction a request; what the gateway is measured beside.

It verifies a token, checks the form, draws a number, inserts under a unique constraint, commits and
answers; reads by primary key; answers a checkpoint by a join; and takes invoices five hundred at a
time. With a pool of connections, prepared statements, bulk inserts and indexes like the gateway's.

What it does not do: gather requests into one transaction; keep hot state; Idempotency-Key; the life
of a bill after its generation; exemptions, notifications and rulebooks; lookalikes and spellings of
identifiers; every fault in the catalogue's words; partitions; metrics; lines answered while an
upload runs.
"""
