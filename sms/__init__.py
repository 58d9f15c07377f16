"""The room for e-way bills by SMS.

What is typed and what is said, decided without a clock or a connection: `spelling`, `grammar`,
`messages`, `forms`, `alphabets`, `wording`. What a message does, by the use cases of `ingest`, so
that no rule is written twice: `conversation`, `acts`, `pace`. What goes out, and by whom:
`sending`, `owed_words`, `receipts`, and the carriers `http_carrier` and `smpp` behind `carrier`.
What an operator sets of them: `settings`.
"""
