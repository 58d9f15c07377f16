"""The named queries of `ingest/sql`: each `-- name:` there is an entry of `SQL` here."""

import re
from importlib.resources import files
from typing import Final

_NAMED: Final = re.compile(r"^-- name: (\w+)\n((?:.+\n?|\n(?!-- name))*)", re.MULTILINE)


def _load() -> dict[str, str]:
    queries: dict[str, str] = {}
    for source in sorted(files("ingest").joinpath("sql").iterdir(), key=lambda entry: entry.name):
        for name, text in _NAMED.findall(source.read_text()):
            if name in queries:
                raise ValueError(f"two queries are named {name}")
            queries[name] = text.strip().rstrip(";")
    return queries


SQL: Final = _load()
