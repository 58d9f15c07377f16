"""The OpenAPI 3.1 document, derived from the operations and the types they read and answer."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from gateway.http import FORM, JSON
from gateway.operation import Operation
from gateway.problems import (
    DocumentProblemBody,
    PasswordProblemBody,
    ProblemBody,
    TokenProblemBody,
)
from gateway.views import schema_hook
from ingest import limits
from validators.errors import PROBLEMS
from validators.ins06 import Ins06
from validators.part_a_from_invoice import SAID_BY_INVOICE

_REF: Final = "#/components/schemas/{name}"
_ANY_CALL: Final = ("INTERNAL_ERROR",)
_WITH_CREDENTIALS: Final = ("UNAUTHENTICATED",)
_WITH_ROLES: Final = ("ROLE_NOT_PERMITTED",)
_WITH_BODY: Final = (
    "UNSUPPORTED_MEDIA_TYPE",
    "UNSUPPORTED_CONTENT_ENCODING",
    "BODY_TOO_LARGE",
    "MALFORMED_BODY",
)
_WITH_RECORD: Final = ("OVERLOADED", "RECORD_UNAVAILABLE")
_WITH_KEY: Final = ("INVALID_IDEMPOTENCY_KEY", "IDEMPOTENCY_KEY_REUSED")
_NAMING: Final = frozenset(
    {
        "DOCUMENT_ALREADY_HAS_EWAY_BILL",
        "DOCUMENT_ALREADY_HAS_PART_A",
        "PART_A_COMPLETED",
        "ALREADY_RENEWED",
        "INVOICE_DIFFERS",
        "INVOICE_ARCHIVED",
    }
)
"""Refusals that name what stands in the way."""
_PATH_PARAMETERS: Final = {
    "ebn": {"type": "string", "pattern": "^[1-9][0-9]{11}$", "examples": ["212000000001"]},
    "vehicle_number": {"type": "string", "examples": ["KA12AB1234"]},
    "number": {"type": "string", "examples": ["212000000002"]},
    "reference": {
        "type": "string",
        "pattern": "^PA[1-9][0-9]{11}$",
        "examples": ["PA212000000003"],
    },
    "irn": {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "examples": ["f5f1dc2cd8ee4e5c6d7d4b0ad6ea1b5cdd2e3d7bb9be37a1e4ba2b09c7ad0d18"],
    },
    "mobile": {"type": "string", "examples": ["9876543210"]},
    "tag": {"type": "string", "examples": ["E28011606000020401234567"]},
    "inspection_id": {"type": "string", "pattern": "^[1-9][0-9]{0,17}$", "examples": ["1"]},
}


def refusal_codes(operation: Operation) -> list[str]:
    """Every code an operation may be refused with, in order of precedence."""
    codes = {*_ANY_CALL, *operation.refusals}
    if operation.roles is not None:
        codes.update((*_WITH_CREDENTIALS, *_WITH_RECORD))
        if operation.roles:
            codes.update(_WITH_ROLES)
    if operation.request is not None:
        codes.update((*_WITH_BODY, *_WITH_RECORD))
        if JSON in operation.request_types:
            codes.add("MALFORMED_JSON")
    if operation.replayable:
        codes.update(_WITH_KEY)
    return [code for code in PROBLEMS if code in codes]


def openapi(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The document for these operations."""
    kinds: list[Any] = [ProblemBody, DocumentProblemBody, PasswordProblemBody, TokenProblemBody]
    for operation in operations:
        kinds += [kind for kind in (operation.request, operation.query) if kind]
        kinds += [kind for _, kind in operation.answers if kind]
    _, components = msgspec.json.schema_components(
        kinds, schema_hook=schema_hook, ref_template=_REF
    )
    if Ins06 in kinds:
        _require_beside_irn(components[Ins06.__name__])
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _describe(operation, components)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "E-way bill gateway",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "E-way bills (FORM GST INS-06) under India's Goods and Services Tax.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": {}}},
                }
            },
        },
    }


def _require_beside_irn(ins06: dict[str, Any]) -> None:
    """Says what its type cannot: with an invoice some of what is required may be left out."""
    ins06["required"] = [name for name in ins06["required"] if name not in SAID_BY_INVOICE]
    ins06["anyOf"] = [
        {"required": list(SAID_BY_INVOICE)},
        {"required": ["irn"], "properties": {"irn": {"type": "string"}}},
    ]


def _describe(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "parameters": [*_parameters(operation, components)],
        "responses": _responses(operation),
        "security": [] if operation.roles is None else [{"token": []}],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.roles:
        described["x-roles"] = sorted(operation.roles)
    if operation.request is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                media_type.decode(): {"schema": _ref(operation.request)}
                for media_type in operation.request_types
            },
        }
    return described


def _parameters(operation: Operation, components: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": _PATH_PARAMETERS[name]}
    if operation.query is not None:
        query = components[operation.query.__name__]
        for name, schema in query["properties"].items():
            required = name in query.get("required", ())
            yield {"name": name, "in": "query", "required": required, "schema": schema}
    if operation.replayable:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same body answers what the first did, for "
            f"{limits.REPLAY_KEPT.total_seconds() / 3600:.0f} hours.",
            "schema": {
                "type": "string",
                "pattern": "^[!-~]+$",
                "minLength": 1,
                "maxLength": limits.IDEMPOTENCY_KEY_CHARACTERS_MAX,
            },
        }


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    kinds: dict[int, list[dict[str, Any]]] = {}
    for status, kind in operation.answers:
        kinds.setdefault(status, []).append(_ref(kind) if kind else {"type": "string"})
    for status, schemas in kinds.items():
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        responses[str(status)] = {
            "description": operation.summary,
            "content": {operation.answer_type.decode(): {"schema": schema}},
        }
    by_status: dict[int, list[str]] = {}
    for code in refusal_codes(operation):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        body = _problem(operation, codes)
        response: dict[str, Any] = responses.setdefault(
            str(status), {"description": ", ".join(codes), "content": {}}
        )
        # Beside the reference stands which codes this operation may answer under this status.
        schema = _ref(body) | {"properties": {"code": {"enum": codes}}}
        response["content"]["application/problem+json"] = {"schema": schema}
        if status in (429, 503):
            response["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return responses


def _problem(operation: Operation, codes: Sequence[str]) -> type[ProblemBody]:
    if operation.request_types == (FORM,):
        return TokenProblemBody
    if "WRONG_PASSWORD" in codes:
        return PasswordProblemBody
    if not _NAMING.isdisjoint(codes):
        return DocumentProblemBody
    return ProblemBody


def _ref(kind: type) -> dict[str, Any]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _identifier(operation: Operation) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", f"{operation.method} {operation.path}".lower()))
