"""The way into PostgreSQL and Redis: use cases, group commit, numbers, hot state, queries.

PostgreSQL decides and keeps the record; Redis only answers faster. Nothing here knows HTTP.
"""
