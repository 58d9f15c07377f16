"""/openapi.json, /docs and /docs/errors: whole, true of what is answered, and offline."""

import re
from html.parser import HTMLParser
from typing import Any, Final

import pytest

from gateway.app import operations
from gateway.metrics import Metrics
from tests.documents import (
    COMMISSIONER,
    OFFICER,
    READER,
    SUPPLIER,
    TRANSPORTER,
    document,
    notification,
    person,
)
from tests.gateway_in_process import Gateway
from tests.invoices import INVOICES, invoice
from tests.reads import READS, read
from tests.reports import DETENTIONS, INSPECTIONS, detention, final, summary
from tests.sms_numbers import MOBILE, NUMBERS
from tests.tags import OPERATOR, TAG, TAGS
from validators.errors import FAULTS, PROBLEMS

BILLS: Final = "/v1/eway-bills"
PARTS_A: Final = "/v1/part-a"
CONSOLIDATED: Final = "/v1/consolidated-eway-bills"
ASKED: Final = f"{BILLS}/requirement"
BULK: Final = (f"{BILLS}/bulk", "/v1/invoices/bulk")
UNKEYED: Final = ("/v1/oauth/token", "/sms/inbound", ASKED, "/v1/rfid/reads", *BULK)
VEHICLE: Final = "/v1/vehicles/{vehicle_number}/eway-bills"
MAPPED: Final = f"{TAGS}/{{tag}}"
CONFIRMATION: Final = f"{NUMBERS}/{{mobile}}/confirmation"
DEAD_LETTERS: Final = "/v1/sms/dead-letters"
FINAL: Final = f"{INSPECTIONS}/{{inspection_id}}/final"
PAGES: Final = {("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/docs/errors")}
"""They are the documentation; whether it lists itself is its own affair."""

ANY = "INTERNAL_ERROR"
KNOWN = f"{ANY} UNAUTHENTICATED ROLE_NOT_PERMITTED OVERLOADED RECORD_UNAVAILABLE"
BODY = (
    "UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_CONTENT_ENCODING BODY_TOO_LARGE MALFORMED_BODY"
    " OVERLOADED RECORD_UNAVAILABLE"
)
CHANGE = (
    f"{KNOWN} {BODY} MALFORMED_JSON INVALID_DOCUMENT INVALID_IDEMPOTENCY_KEY"
    " IDEMPOTENCY_KEY_REUSED CHANGED_MEANWHILE OUTCOME_UNKNOWN"
)
DELIVERED = (
    f"{ANY} UNAUTHENTICATED ROLE_NOT_PERMITTED OVERLOADED RECORD_UNAVAILABLE OUTCOME_UNKNOWN"
    " INVALID_CLIENT INVALID_SIGNATURE SOURCE_NOT_ALLOWED TOO_MANY_MESSAGES INVALID_DOCUMENT"
    " IDEMPOTENCY_KEY_REUSED"
)
OF_NO_BILL = CHANGE.replace(" CHANGED_MEANWHILE", "")
CODES: Final = {
    **{("POST", path): f"{KNOWN} {BODY} IDEMPOTENCY_KEY_NOT_TAKEN" for path in BULK},
    ("GET", "/v1/rulebook"): f"{ANY} UNAUTHENTICATED OVERLOADED RECORD_UNAVAILABLE",
    ("POST", "/v1/notifications"): f"{CHANGE} NOTIFICATION_EXISTS",
    ("GET", "/healthz"): ANY,
    ("GET", "/readyz"): ANY,
    ("GET", "/metrics"): ANY,
    ("POST", "/v1/oauth/token"): f"{ANY} {BODY} INVALID_CLIENT UNSUPPORTED_GRANT_TYPE"
    " TOO_MANY_TOKEN_REQUESTS",
    ("GET", BILLS): f"{KNOWN} INVALID_QUERY",
    ("GET", f"{BILLS}/{{ebn}}"): f"{KNOWN} EWAY_BILL_NOT_FOUND",
    ("GET", VEHICLE): f"{KNOWN} INVALID_QUERY",
    ("GET", "/v1/rfid/tags/{tag}/eway-bills"): f"{KNOWN} INVALID_QUERY",
    ("POST", READS): f"{KNOWN} {BODY} IDEMPOTENCY_KEY_NOT_TAKEN MALFORMED_JSON INVALID_DOCUMENT",
    ("GET", READS): f"{KNOWN} INVALID_QUERY",
    ("POST", BILLS): f"{CHANGE} NOT_A_PARTY DOCUMENT_ALREADY_HAS_EWAY_BILL"
    " DOCUMENT_ALREADY_HAS_PART_A RFID_TAG_REQUIRED",
    ("POST", f"{BILLS}/{{ebn}}/conveyances"): f"{CHANGE} EWAY_BILL_NOT_FOUND NOT_THE_TRANSPORTER"
    " ALREADY_CANCELLED ALREADY_RENEWED EXPIRED NOT_BY_ROAD SAME_VEHICLE TOO_MANY_CHANGES"
    " RFID_TAG_REQUIRED",
    ("POST", f"{BILLS}/{{ebn}}/transporter"): f"{CHANGE} EWAY_BILL_NOT_FOUND NOT_A_PARTY"
    " ALREADY_CANCELLED ALREADY_RENEWED EXPIRED NOT_BY_ROAD SAME_TRANSPORTER TOO_MANY_CHANGES"
    " RFID_TAG_REQUIRED",
    ("POST", f"{BILLS}/{{ebn}}/renewal"): f"{CHANGE} EWAY_BILL_NOT_FOUND NOT_THE_TRANSPORTER"
    " ALREADY_CANCELLED ALREADY_RENEWED RENEWAL_WINDOW_NOT_OPEN RENEWAL_WINDOW_CLOSED NOT_BY_ROAD"
    " RENEWAL_LIMIT_REACHED RFID_TAG_REQUIRED",
    ("POST", f"{BILLS}/{{ebn}}/verifications"): f"{CHANGE} EWAY_BILL_NOT_FOUND ALREADY_CANCELLED"
    " ALREADY_RENEWED ALREADY_VERIFIED_IN_STATE",
    ("GET", PARTS_A): f"{KNOWN} INVALID_QUERY",
    ("GET", f"{PARTS_A}/{{reference}}"): f"{KNOWN} PART_A_NOT_FOUND",
    ("PUT", f"{PARTS_A}/{{reference}}/part-b"): f"{KNOWN} {BODY} MALFORMED_JSON INVALID_DOCUMENT"
    " CHANGED_MEANWHILE OUTCOME_UNKNOWN PART_A_NOT_FOUND NOT_THE_TRANSPORTER PART_A_COMPLETED"
    " PART_A_WITHDRAWN PART_A_LAPSED RFID_TAG_REQUIRED",
    ("POST", f"{PARTS_A}/{{reference}}/withdrawal"): f"{CHANGE} PART_A_NOT_FOUND"
    " NOT_THE_FURNISHER PART_A_COMPLETED PART_A_WITHDRAWN PART_A_LAPSED",
    ("POST", CONSOLIDATED): f"{CHANGE} RFID_TAG_REQUIRED",
    ("GET", f"{CONSOLIDATED}/{{number}}"): f"{KNOWN} CONSOLIDATED_NOT_FOUND",
    ("POST", ASKED): f"{KNOWN} {BODY} MALFORMED_JSON INVALID_DOCUMENT",
    ("POST", f"{BILLS}/{{ebn}}/cancellation"): f"{CHANGE} EWAY_BILL_NOT_FOUND NOT_THE_GENERATOR"
    " ALREADY_CANCELLED ALREADY_RENEWED ALREADY_VERIFIED_IN_TRANSIT CANCELLATION_WINDOW_CLOSED",
    ("POST", f"{BILLS}/{{ebn}}/acceptance"): f"{CHANGE} EWAY_BILL_NOT_FOUND NOT_THE_RECIPIENT"
    " ALREADY_CANCELLED ALREADY_ANSWERED DEEMED_ACCEPTED",
    ("PUT", MAPPED): f"{KNOWN} {BODY} MALFORMED_JSON INVALID_DOCUMENT TAG_OF_ANOTHER"
    " OUTCOME_UNKNOWN",
    ("DELETE", MAPPED): f"{KNOWN} TAG_NOT_FOUND OUTCOME_UNKNOWN",
    ("GET", MAPPED): f"{KNOWN} TAG_NOT_FOUND",
    ("GET", TAGS): f"{KNOWN} INVALID_QUERY",
    ("POST", "/sms/inbound"): f"{DELIVERED} {BODY} MALFORMED_JSON",
    ("GET", "/sms/inbound"): f"{DELIVERED} INVALID_QUERY",
    ("GET", "/v1/sms/dead-letters"): f"{KNOWN} INVALID_QUERY",
    ("POST", NUMBERS): f"{OF_NO_BILL} SMS_NUMBER_ALREADY_CONFIRMED TOO_MANY_SMS_NUMBERS"
    " TOO_MANY_PASSWORDS",
    ("GET", NUMBERS): KNOWN,
    ("POST", CONFIRMATION): f"{OF_NO_BILL} SMS_NUMBER_NOT_FOUND SMS_NUMBER_ALREADY_CONFIRMED"
    " NO_PASSWORD_AWAITED PASSWORD_SPENT PASSWORD_EXPIRED WRONG_PASSWORD",
    ("DELETE", f"{NUMBERS}/{{mobile}}"): f"{KNOWN} SMS_NUMBER_NOT_FOUND OUTCOME_UNKNOWN",
    ("POST", INSPECTIONS): CHANGE,
    ("GET", f"{INSPECTIONS}/{{inspection_id}}"): f"{KNOWN} INSPECTION_NOT_FOUND",
    ("PUT", FINAL): f"{KNOWN} {BODY} MALFORMED_JSON INVALID_DOCUMENT OUTCOME_UNKNOWN"
    " INSPECTION_NOT_FOUND NOT_THE_INSPECTOR FINAL_REPORT_EXISTS",
    ("POST", DETENTIONS): f"{CHANGE} EWAY_BILL_NOT_FOUND NOT_THE_TRANSPORTER",
    ("GET", "/v1/gstr-1"): f"{KNOWN} INVALID_QUERY INVOICE_ARCHIVED",
    ("POST", INVOICES): f"{OF_NO_BILL} NOT_A_PARTY INVOICE_DIFFERS INVOICE_ARCHIVED",
    ("GET", INVOICES): f"{KNOWN} INVALID_QUERY",
    ("GET", f"{INVOICES}/{{irn}}"): f"{KNOWN} INVOICE_NOT_FOUND",
    ("GET", DEAD_LETTERS): f"{KNOWN} INVALID_QUERY",
    ("GET", DETENTIONS): f"{KNOWN} INVALID_QUERY EWAY_BILL_NOT_FOUND NOT_THE_TRANSPORTER",
}
# As the contract writes them.
SENT = (
    "supplier_gstin recipient_gstin place_of_dispatch place_of_delivery document_type"
    " document_number document_date value_of_goods hsn_code reason_code transport_document_number"
    " mode distance_km vehicle_number transporter_id irn goods distance_to_transporter_km"
    " supplier_contact exemption over_dimensional"
)
ANSWERED = (
    "ebn status generated_at valid_until generated_by requirement part_a part_b acceptance"
    " verified_at rulebook"
)
INV_1 = (
    "supplier document_number document_date supply_type billed_to shipped_to lines freight"
    " insurance packing_forwarding total_value total_in_words signatory"
)
INV_1_LINE = (
    "serial description hsn_code quantity unit unit_price total discount taxable_value cgst sgst"
    " igst cess"
)
ANSWERED_PART_A = "part_a_reference status lapses_at"
LISTED_BY = "role status generated_from generated_to document_number limit cursor"


async def _openapi(gateway: Gateway) -> dict[str, Any]:
    answer = await gateway.http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    described: dict[str, Any] = answer.json()
    return described


def _described(openapi: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    }


def _nested(value: Any) -> list[dict[str, Any]]:
    """Every object within a JSON value."""
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in _nested(item))]
    return [one for item in value for one in _nested(item)] if isinstance(value, list) else []


def _resolved(openapi: dict[str, Any], reference: str) -> Any:
    value: Any = openapi
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


async def test_the_document_is_openapi_3_1(gateway: Gateway) -> None:
    openapi = await _openapi(gateway)
    assert re.fullmatch(r"3\.1\.\d", openapi["openapi"])
    assert set(openapi) <= {"openapi", "info", "paths", "components", "servers", "security", "tags"}
    assert {"title", "version"} <= set(openapi["info"])
    for one in _nested(openapi):
        if "$ref" in one:
            assert isinstance(_resolved(openapi, one["$ref"]), dict)
    described = _described(openapi)
    identifiers = [operation["operationId"] for operation in described.values()]
    assert len(set(identifiers)) == len(identifiers)
    for (method, path), operation in described.items():
        assert method in ("GET", "POST", "PUT", "DELETE")
        parameters = operation["parameters"]
        named = [(parameter["in"], parameter["name"]) for parameter in parameters]
        assert len(set(named)) == len(named)
        in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(one["required"] is True for one in parameters if one["in"] == "path")
        assert all("schema" in parameter for parameter in parameters)
        assert ("requestBody" in operation) == (method in ("POST", "PUT"))
        for security in operation["security"]:
            assert set(security) <= set(openapi["components"]["securitySchemes"])
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert response["description"]
            assert all("schema" in content for content in response["content"].values())


async def test_every_operation_and_every_code_it_answers_is_described(gateway: Gateway) -> None:
    described = _described(await _openapi(gateway))
    served = {(one.method, one.path) for one in operations(gateway.services, Metrics())}
    assert served - PAGES == set(CODES)
    assert set(described) - PAGES == set(CODES)
    told = {}
    for called in CODES:
        responses = described[called]["responses"]
        words = {status: set(re.findall(r"[A-Z_]{5,}", response["description"]))
                 for status, response in responses.items()}  # fmt: skip
        for status, codes in words.items():
            assert {PROBLEMS[code].status for code in codes & set(PROBLEMS)} <= {int(status)}
        told[called] = {code for codes in words.values() for code in codes}
    assert told == {called: set(codes.split()) for called, codes in CODES.items()}


async def test_the_contract_s_fields_are_described(gateway: Gateway) -> None:
    openapi = await _openapi(gateway)
    schemas, described = openapi["components"]["schemas"], _described(openapi)
    post = described["POST", BILLS]
    body = post["requestBody"]["content"]["application/json"]["schema"]
    form = _resolved(openapi, body["$ref"])
    assert set(form["properties"]) == set(SENT.split())
    assert form["additionalProperties"] is False
    furnished = post["responses"]["201"]["content"]["application/json"]["schema"]["anyOf"]
    assert [one["$ref"].rpartition("/")[2] for one in furnished] == [
        "EwayBillView",
        "PartAOnlyView",
    ]
    assert set(ANSWERED.split()) <= set(schemas["EwayBillView"]["properties"])
    assert set(ANSWERED_PART_A.split()) <= set(schemas["PartAOnlyView"]["properties"])
    listed = {one["name"] for one in described["GET", BILLS]["parameters"]}
    assert listed == set(LISTED_BY.split())
    asked = {one["name"]: one["required"] for one in described["GET", DETENTIONS]["parameters"]}
    assert asked == {"ebn": True, "limit": False, "cursor": False}
    assert {"items", "next_cursor"} == set(schemas["EwayBillList"]["properties"])
    uploaded = described["POST", INVOICES]["requestBody"]["content"]["application/json"]["schema"]
    assert set(_resolved(openapi, uploaded["$ref"])["properties"]) == set(INV_1.split())
    assert set(schemas["InvoiceLine"]["properties"]) == set(INV_1_LINE.split())
    view = set(schemas["InvoiceView"]["properties"])
    assert view == {*INV_1.split(), "irn", "uploaded_at", "valid_until"}
    bulk = described["POST", f"{INVOICES}/bulk"]
    for content in (bulk["requestBody"]["content"], bulk["responses"]["200"]["content"]):
        assert list(content) == ["application/x-ndjson"]
    problem = {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert problem <= set(schemas["ProblemBody"]["properties"])
    assert "ebn" in schemas["DocumentProblemBody"]["properties"]
    for (method, path), operation in described.items():
        keyed = any(one["name"] == "Idempotency-Key" for one in operation["parameters"])
        assert keyed == (method == "POST" and path not in UNKEYED)
        for status in ("429", "503"):
            if "application/problem+json" in operation["responses"].get(status, {"content": {}}):
                assert "Retry-After" in operation["responses"][status]["headers"]


_TYPES: Final[dict[str, Any]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
    "null": type(None), "number": (int, float),
}  # fmt: skip


def _fits(openapi: dict[str, Any], value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is as the part of JSON Schema used here says."""
    if "$ref" in schema:
        return _fits(openapi, value, _resolved(openapi, schema["$ref"]))
    if "anyOf" in schema:
        return any(_fits(openapi, value, one) for one in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "type" in schema and not isinstance(value, _TYPES[schema["type"]]):
        return False
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return (
            set(schema.get("required", ())) <= set(value) <= set(properties)
            and all(_fits(openapi, item, properties[name]) for name, item in value.items())
        )  # fmt: skip
    if isinstance(value, list):
        return all(_fits(openapi, item, schema["items"]) for item in value)
    return True


async def test_answers_fit_their_schemas(gateway: Gateway) -> None:
    openapi = await _openapi(gateway)
    described, by = _described(openapi), person(SUPPLIER)
    goods = [{"hsn_code": "0401", "description": "milk", "value": "1.00", "conditions": ["FRESH"]}]
    sent = document(goods=goods, supplier_contact={"mobile": "9845012345"})
    ebn = (await gateway.generate(by, sent)).json()["ebn"]
    sent_invoice = invoice(document_number="OPENAPI", shipped_to=None, freight=500)
    irn = (await gateway.call(by, "POST", INVOICES, json=sent_invoice)).json()["irn"]
    reason = {"reason": "not sent"}
    cancel = f"{BILLS}/{{ebn}}/cancellation"
    calls: list[tuple[Any, str, str, dict[str, Any]]] = [
        (by, "POST", BILLS, {"json": document(vehicle_number=..., mode="AIR")}),
        (by, "POST", BILLS, {"json": sent}),
        (by, "POST", BILLS, {"json": {}}),
        (by, "POST", ASKED, {"json": sent}),
        (by, "POST", ASKED, {"json": {}}),
        (by, "POST", BILLS, {"content": b"{"}),
        (None, "POST", BILLS, {"json": sent}),
        (READER, "POST", BILLS, {"json": sent}),
        (by, "GET", BILLS, {}),
        (by, "GET", BILLS, {"params": {"limit": "0"}}),
        (by, "GET", f"{BILLS}/{{ebn}}", {}),
        (by, "GET", "/v1/gstr-1", {"params": {"period": "2026-11"}}),
        (by, "GET", "/v1/gstr-1", {}),
        (OFFICER, "GET", VEHICLE, {}),
        (READER, "POST", READS, {"json": {"reads": [read(TAG, gateway.clock()), {}]}}),
        (READER, "POST", READS, {"json": {}}),
        (OFFICER, "GET", READS, {"params": {"vehicle_number": "KA12AB1234"}}),
        (OFFICER, "GET", READS, {}),
        (READER, "GET", VEHICLE, {}),
        (by, "POST", cancel, {"json": reason}),
        (by, "POST", cancel, {"json": reason}),
        (OFFICER, "POST", INSPECTIONS, {"json": summary(ebn=ebn)}),
        (OFFICER, "POST", INSPECTIONS, {"json": {}}),
        (OFFICER, "GET", f"{INSPECTIONS}/{{inspection_id}}", {}),
        (OFFICER, "PUT", FINAL, {"json": final()}),
        (OFFICER, "PUT", FINAL, {"json": {}}),
        (OFFICER, "PUT", FINAL, {"json": final(notice=..., tax_payable=...)}),
        (person(TRANSPORTER), "POST", DETENTIONS, {"json": detention(ebn)}),
        (person(TRANSPORTER), "POST", DETENTIONS, {"json": detention(ebn, detained_until=...)}),
        (OFFICER, "GET", DETENTIONS, {"params": {"ebn": ebn}}),
        (OFFICER, "GET", DETENTIONS, {}),
        (person(TRANSPORTER), "PUT", MAPPED, {"json": {"vehicle_number": "KA12AB1234"}}),
        (person(TRANSPORTER), "PUT", MAPPED, {"json": {"vehicle_number": "KA12AB1235"}}),
        (person(TRANSPORTER), "PUT", MAPPED, {"json": {"vehicle_number": "1"}}),
        (by, "PUT", MAPPED, {"json": {"vehicle_number": "KA12AB1234"}}),
        (person(TRANSPORTER), "GET", TAGS, {}),
        (person(TRANSPORTER), "GET", TAGS, {"params": {"vehicle_number": "1"}}),
        (OFFICER, "GET", MAPPED, {}),
        (person(TRANSPORTER), "DELETE", MAPPED, {}),
        (person(TRANSPORTER), "DELETE", MAPPED, {}),
        (person(TRANSPORTER), "GET", MAPPED, {}),
        (by, "POST", NUMBERS, {"json": {"mobile": MOBILE}}),
        (by, "POST", NUMBERS, {"json": {"mobile": MOBILE, "language": 1}}),
        (by, "POST", CONFIRMATION, {"json": {"password": "123456"}}),
        (by, "GET", NUMBERS, {}),
        (by, "DELETE", f"{NUMBERS}/{{mobile}}", {}),
        (by, "DELETE", f"{NUMBERS}/{{mobile}}", {}),
        (COMMISSIONER, "POST", "/v1/notifications", {"json": notification(gateway.clock())}),
        (COMMISSIONER, "POST", "/v1/notifications", {"json": {}}),
        (by, "POST", INVOICES, {"json": sent_invoice}),
        (by, "POST", INVOICES, {"json": sent_invoice}),
        (by, "POST", INVOICES, {"json": sent_invoice | {"total_in_words": "one"}}),
        (by, "POST", INVOICES, {"json": {}}),
        (by, "GET", f"{INVOICES}/{{irn}}", {}),
        (person(TRANSPORTER), "GET", f"{INVOICES}/{{irn}}", {}),
        (OFFICER, "GET", INVOICES, {"params": {"document_number": "OPENAPI"}}),
        (OFFICER, "GET", INVOICES, {}),
        (by, "GET", "/v1/rulebook", {}),
        (OPERATOR, "GET", DEAD_LETTERS, {}),
        (OPERATOR, "GET", DEAD_LETTERS, {"params": {"cursor": "x"}}),
        (None, "POST", "/v1/oauth/token", {"data": {"grant_type": "password"}}),
        (None, "GET", "/healthz", {}),
        (None, "GET", "/readyz", {}),
    ]
    misfits = []
    for who, method, path, how in calls:
        written = path.format(
            ebn=ebn, vehicle_number="KA12AB1234", inspection_id="1", irn=irn, tag=TAG, mobile=MOBILE
        )
        answer = await gateway.call(who, method, written, **how)
        contents = described[method, path]["responses"][str(answer.status_code)]["content"]
        schema = contents[answer.headers["content-type"]]["schema"]
        if not _fits(openapi, answer.json(), schema):
            misfits.append((method, path, answer.text))
    assert misfits == []


class _Page(HTMLParser):
    """A page as read; `error` says what is not well formed."""

    _VOID = frozenset({"meta", "br", "hr", "link", "img", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.error = ""
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self._VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "action", "srcset", "poster", "data"):
                self.links.append(value or "")
            if name.startswith("on") or name == "style":
                self.error = f"{name} on {tag}"

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.error = f"</{tag}> at {self.getpos()}"


@pytest.mark.parametrize("path", ["/docs", "/docs/errors"])
async def test_pages_are_well_formed_and_need_nothing_from_elsewhere(
    gateway: Gateway, path: str
) -> None:
    answer = await gateway.http.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = _Page(answer.text)
    assert (page.error, page.open) == ("", [])
    assert {"html", "head", "title", "body", "h1"} <= page.tags
    assert page.tags.isdisjoint({"script", "iframe", "link", "img", "object", "embed"})
    assert not re.search(r"https?://|@import|url\(", answer.text)
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert (await gateway.http.get(link)).status_code == 200


async def test_pages_have_every_operation_and_every_code(gateway: Gateway) -> None:
    reference = (await gateway.http.get("/docs")).text
    for method, path in CODES:
        assert re.search(rf">{method}</span> <code>{re.escape(path)}</code></h2>", reference)
    for codes in CODES.values():
        assert all(code in reference for code in codes.split())
    errors = _Page((await gateway.http.get("/docs/errors")).text)
    assert set(errors.ids) == set(PROBLEMS) | set(FAULTS)
