"""The room for e-way bills by SMS: message grammar and transports.

It will call the use cases of `ingest`, as the HTTP routes do, so that no rule is written twice.
Nothing is served by SMS yet.
"""
