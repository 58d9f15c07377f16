"""The documentation pages: the OpenAPI document and the error catalogue as plain HTML.

No scripts and nothing fetched from elsewhere, so they render offline and under any policy.
"""

import json
from collections.abc import Iterable
from html import escape
from typing import Any, Final

from validators.errors import FAULTS, PROBLEMS

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0a66c2; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { border-top: 1px solid var(--line); padding-top: 1.5rem; }
code, pre { font: 0.9em ui-monospace, monospace; } pre { background: var(--soft); padding: 1rem;
overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0;
border-bottom: 1px solid var(--line); } a { color: var(--accent); }
.method { display: inline-block; min-width: 3.5rem; font-weight: 600; color: var(--accent); }
:target { background: #fc03; } details { margin: 0.5rem 0; } summary { cursor: pointer; }
"""


def reference_page(document: dict[str, Any]) -> bytes:
    """Every operation of an OpenAPI document on one page."""
    operations = [
        (path, method, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    contents = "".join(
        f'<li><a href="#{described["operationId"]}"><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></a> {escape(described['summary'])}</li>"
        for path, method, described in operations
    )
    sections = "".join(_operation(*operation) for operation in operations)
    schemas = "".join(
        f'<details id="{name}"><summary><code>{name}</code></summary>{_json(schema)}</details>'
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return _page(
        document["info"]["title"],
        f"<p>{escape(document['info']['description'])} Machines read "
        '<a href="/openapi.json">/openapi.json</a>; every refusal is explained under '
        f'<a href="/docs/errors">/docs/errors</a>.</p><ul>{contents}</ul>{sections}'
        f"<h2>Types</h2>{schemas}",
    )


def errors_page() -> bytes:
    """The error catalogue on one page, each code at its own anchor."""
    problems = "".join(
        f'<tr id="{problem.code}"><td><code>{problem.code}</code></td><td>{problem.status}</td>'
        f"<td>{escape(problem.title)}</td><td>{'may succeed' if problem.retry else ''}</td></tr>"
        for problem in PROBLEMS.values()
    )
    faults = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>the field {escape(words)}</td></tr>'
        for code, words in FAULTS.items()
    )
    return _page(
        "Refusals",
        "<p>In order of precedence: of several that are true, the first is answered.</p>"
        "<table><tr><th>Code</th><th>Status</th><th>Meaning</th><th>A retry</th></tr>"
        f"{problems}</table><h2>Faults of a field</h2>"
        f"<table><tr><th>Code</th><th>Meaning</th></tr>{faults}</table>",
    )


def _operation(path: str, method: str, described: dict[str, Any]) -> str:
    parts = [
        f'<h2 id="{described["operationId"]}"><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></h2><p>{escape(described['summary'])}. "
        f"{escape(described.get('description', ''))}</p>"
    ]
    if roles := described.get("x-roles"):
        parts.append(f"<p>For: {escape(', '.join(roles))}.</p>")
    if parameters := described["parameters"]:
        rows = (
            (f"<code>{parameter['name']}</code>", parameter["in"], _inline(parameter["schema"]))
            for parameter in parameters
        )
        parts.append(_table(("Parameter", "In", "Type"), rows))
    if body := described.get("requestBody"):
        for media_type, content in body["content"].items():
            parts.append(f"<p>Body: <code>{media_type}</code>, {_inline(content['schema'])}</p>")
    rows = (
        (status, escape(response["description"]), ", ".join(map(_inline, _schemas(response))))
        for status, response in described["responses"].items()
    )
    parts.append(_table(("Status", "When", "Body"), rows))
    return "".join(parts)


def _schemas(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [content["schema"] for content in response["content"].values()]


def _inline(schema: dict[str, Any]) -> str:
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f'<a href="#{name}"><code>{name}</code></a>'
    return f"<code>{escape(json.dumps(schema))}</code>"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    header = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{header}</tr>{body}</table>"


def _json(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=2, ensure_ascii=False))}</pre>"


def _page(title: str, content: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{content}</body></html>"
    ).encode()
