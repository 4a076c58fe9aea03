"""Conventions in an OpenAPI document: read from it, and written as an overlay over ``openapi.yaml``.

What plain OpenAPI can say (a default, a bound, a status, a nullable field) stands where OpenAPI has it;
the rest in the extension ``x-qlara-conventions`` at the root, a flat map from name to value.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from qlara_sandbox import resources
from qlara_sandbox.domain.conventions import (
    BY_NAME,
    TABLE,
    X_CONVENTIONS,
    X_DIFFERS,
    Conventions,
    InvalidConvention,
    Plain,
    convention,
)
from qlara_sandbox.http.yaml_document import read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Action = dict[str, Any]

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_UPLOAD = "$.paths['/api/partner-gateway/v1/contacts/upload/vcard'].post"
_LIST = "$.paths['/api/partner-gateway/v1/contacts/list/{listId}/contacts'].get"
_QUOTA_OPERATION = "$.paths['/api/v1/partner-gateway/subscription/contacts'].get"
_API_REFERENCE = "assumption: the API reference of the vendor has this field"
_PLATFORM = "assumption: the platform pages of the vendor show this body"
_QUOTA = {
    "planLimit": "Contacts that the plan allows.",
    "extraLimit": "Contacts that are allowed beside it.",
    "totalLimit": "Contacts that are allowed.",
    "remaining": "Contacts that may still be created.",
}
_PLAIN = frozenset(one.name for one in TABLE if one.place != X_CONVENTIONS)
_SOURCE = "x-qlara-source"
# Their names before the prefix: passed over, an overlay would choose nothing.
_FORMER = {"x-conventions": X_CONVENTIONS, "x-differs": X_DIFFERS}
_CHOSEN = "assumption: chosen by the overlay"
_MOST_REFERENCES = 20
LONGEST_SENTENCE = 300
_JSON_SCHEMA = ("content", "application/json", "schema")


def conventions_of(document: Mapping[str, Any]) -> Conventions:
    """Return the conventions that an OpenAPI document says; where it says nothing, the contract's.

    Raises:
        InvalidConvention: a name or a value that there is none of.
    """
    for former, name in _FORMER.items():
        if former in document:
            raise InvalidConvention(former, former, f"its name, {name}")
    said = document.get(X_CONVENTIONS, {})
    if not isinstance(said, dict):
        raise InvalidConvention(X_CONVENTIONS, said, "a mapping from names to values")
    values: dict[str, object] = {}
    for name, value in said.items():
        if name == _SOURCE:
            continue
        if name in _PLAIN:
            expected = f"to stand in {BY_NAME[name].place}, not in {X_CONVENTIONS}"
            raise InvalidConvention(name, value, expected)
        values[name] = convention(name, value).read(value)
    return Conventions.of(values | _Document(document).said())


def differs_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what an OpenAPI document says to differ and no convention has a word for.

    By promise of the contract suite: what was observed, in a sentence.

    Raises:
        InvalidConvention: ``x-qlara-differs`` is not such a map.
    """
    said = document.get(X_DIFFERS, {})
    expected = "a mapping from promise ids to a sentence of at most 300 characters each"
    if not isinstance(said, dict):
        raise InvalidConvention(X_DIFFERS, said, expected)
    for name, sentence in said.items():
        is_sentence = isinstance(sentence, str) and 0 < len(sentence.strip()) <= LONGEST_SENTENCE
        if not isinstance(name, str) or not is_sentence:
            raise InvalidConvention(f"{X_DIFFERS}: {name}", sentence, expected)
    return dict(said)


def overlay_for(
    values: Mapping[str, object],
    *,
    title: str = "Conventions",
    differs: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an OpenAPI Overlay 1.0 that gives ``openapi.yaml`` these conventions.

    *differs* is what no convention has a word for, as `differs_of` returns it.

    Raises:
        InvalidConvention: a name or a value that there is none of.
    """
    read = {name: convention(name, value).read(value) for name, value in values.items()}
    if "limit.maximum" in read and "limit.default" not in read:
        usual = int(BY_NAME["limit.default"].default)
        if int(read["limit.maximum"]) < usual:  # a default above the maximum would be no contract
            read["limit.default"] = read["limit.maximum"]
    actions: list[Action] = []
    beside = {name: value for name, value in read.items() if name not in _PLAIN}
    if beside:
        actions.append(_update("$", {X_CONVENTIONS: _with_sources(beside)}))
    for name in sorted(read.keys() & _PLAIN, key=list(BY_NAME).index):
        actions += _ACTIONS[name](read[name])
    actions += _documented_statuses(read)
    if differs:
        actions.append(_update("$", {X_DIFFERS: dict(differs)}))
    return {
        "overlay": "1.0.0",
        "info": {"title": title, "version": "1.0.0"},
        "extends": "openapi.yaml",
        "actions": actions or [{"target": "$", "update": {X_CONVENTIONS: {}}}],
    }


class _Document:
    """The places of a document where plain OpenAPI says a convention; what is not there is not said."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def said(self) -> dict[str, object]:
        """Return what is said, by name."""
        upload, pages = self._operation("uploadVCard"), self._operation("listContacts")
        limit, page = self._parameter(pages, "limit"), self._parameter(pages, "page")
        form = self._at(upload, "requestBody", "content", "multipart/form-data", "schema")
        found = {
            "limit.default": limit.get("default"),
            "limit.maximum": limit.get("maximum"),
            "page.first": page.get("default"),
            "file.maximum": self._at(form, "properties", "file").get("x-qlara-max-bytes"),
            "file-name": _by_required(form, "fileName", "required", "ignored"),
            "import.status": self._success(upload),
            "email.absent": self._email(pages),
            "error-list.none": self._errors(upload),
            "quota.fields": self._quota(),
            "error-body": self._refusal(upload),
        }
        # A document of somebody else's may say what no convention has: then it decides by itself.
        return {
            name: value
            for name, value in found.items()
            if isinstance(value, int | str)
            and not isinstance(value, bool)
            and BY_NAME[name].kind.accepts(value)
        }

    def _operation(self, operation_id: str) -> Any:
        for entry in self._at(self._document, "paths").values():
            item = self._resolved(entry)
            for method in _METHODS & item.keys():
                operation = self._resolved(item[method])
                if operation.get("operationId") == operation_id:
                    return {**operation, "parameters": _both(item, operation)}
        return {}

    def _parameter(self, operation: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        for entry in reversed(operation.get("parameters", [])):
            parameter = self._resolved(entry)
            if parameter.get("name") == name:
                return self._at(parameter, "schema")
        return {}

    def _success(self, operation: Mapping[str, Any]) -> int | None:
        responses = self._at(operation, "responses")
        return next((int(status) for status in ("200", "201", "202") if status in responses), None)

    def _email(self, operation: Mapping[str, Any]) -> str | None:
        page = self._at(operation, "responses", "200", *_JSON_SCHEMA)
        contact = self._at(page, "properties", "contacts", "items")
        email = self._at(contact, "properties", "email")
        if not email:
            return None
        types = email.get("type")
        if isinstance(types, list) and "null" in types:
            return "null"
        return _by_required(contact, "email", "empty", "absent")

    def _errors(self, operation: Mapping[str, Any]) -> str | None:
        report = self._at(operation, "responses", str(self._success(operation)), *_JSON_SCHEMA)
        errors = self._at(report, "properties", "errors")
        if not errors:
            return None
        types = errors.get("type")
        if isinstance(types, list) and "null" in types:
            return "null"
        has_entries = isinstance(fewest := errors.get("minItems"), int) and fewest > 0
        return _by_required(report, "errors", "empty", "absent") if has_entries else "empty"

    def _quota(self) -> str | None:
        operation = self._operation("getContactQuota")
        quota = self._at(operation, "responses", "200", *_JSON_SCHEMA)
        return _by_required(quota, "totalLimit", "limits", "total")

    def _refusal(self, operation: Mapping[str, Any]) -> str | None:
        refusal = self._at(operation, "responses", "400", *_JSON_SCHEMA)
        return _by_required(refusal, "message", "message", "data")

    def _at(self, node: Any, *steps: str) -> Mapping[str, Any]:
        for step in steps:
            node = self._resolved(self._resolved(node).get(step))
        return self._resolved(node)

    def _resolved(self, node: Any) -> Mapping[str, Any]:
        for _ in range(_MOST_REFERENCES):
            if not isinstance(node, dict):
                return {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._document
            for step in reference.removeprefix("#/").split("/"):
                key = step.replace("~1", "/").replace("~0", "~")
                node = node.get(key) if isinstance(node, dict) else None
        return {}


def _by_required(schema: Mapping[str, Any], name: str, if_so: str, else_: str) -> str:
    required = schema.get("required")
    return if_so if isinstance(required, list) and name in required else else_


def _both(item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Any]:
    found = [item.get("parameters"), operation.get("parameters")]
    return [entry for entries in found if isinstance(entries, list) for entry in entries]


def _update(target: str, update: Any) -> Action:
    return {"target": target, "update": update}


def _with_sources(values: Mapping[str, Plain]) -> dict[str, Any]:
    """Return *values*, and that those which are not the usual ones come from the overlay."""
    chosen = [name for name, value in values.items() if value != BY_NAME[name].default]
    sources = dict.fromkeys(chosen, _CHOSEN)
    return {**values, _SOURCE: sources} if sources else {**values}


def _limit(key: str) -> Callable[[Plain], Iterator[Action]]:
    def actions(value: Plain) -> Iterator[Action]:
        is_usual = value == BY_NAME[f"limit.{key}"].default
        source = {} if is_usual else {_SOURCE: {key: _CHOSEN}}
        yield _update(f"{_LIST}.parameters[?(@.name=='limit')].schema", {key: value, **source})

    return actions


def _first_page(value: Plain) -> Iterator[Action]:
    schema: dict[str, Any] = {"minimum": value, "default": value}
    if value != BY_NAME["page.first"].default:
        schema[_SOURCE] = {"minimum": _CHOSEN, "default": _CHOSEN}
    yield _update(f"{_LIST}.parameters[?(@.name=='page')].schema", schema)
    yield _update("$.components.schemas.ContactPage.properties.page", {"minimum": value})


def _import_status(value: Plain) -> Iterator[Action]:
    if value == BY_NAME["import.status"].default:
        return
    # Overlay 1.0 cannot rename a key: the response is removed and stands anew under the other.
    response = deepcopy(
        _shipped()["paths"]["/api/partner-gateway/v1/contacts/upload/vcard"]["post"]["responses"][
            "200"
        ]
    )
    yield {"target": f"{_UPLOAD}.responses['200']", "remove": True}
    yield _update(f"{_UPLOAD}.responses", {str(value): response})


def _absent_email(value: Plain) -> Iterator[Action]:
    if value == "absent":
        return
    schema = {"type": ["string", "null"]} if value == "null" else {"minLength": 0}
    yield _update("$.components.schemas.Contact", {"required": ["email"]})
    yield _update("$.components.schemas.Contact.properties.email", schema)


def _no_errors(value: Plain) -> Iterator[Action]:
    schema = "$.components.schemas.ImportReport"
    examples = "$.paths..examples[?(@.value.summary.errors==0)].value"
    if value == "null":
        yield _update(f"{schema}.properties.errors", {"type": ["array", "null"]})
        yield _update(examples, {"errors": None})
    if value == "absent":
        required = _shipped()["components"]["schemas"]["ImportReport"]["required"]
        yield {"target": f"{schema}.required", "remove": True}
        yield _update(schema, {"required": [each for each in required if each != "errors"]})
        yield _update(f"{schema}.properties.errors", {"minItems": 1})
        yield {"target": f"{examples}.errors", "remove": True}


def _file_maximum(value: Plain) -> Iterator[Action]:
    yield _update("$.components.schemas.VCardUpload.properties.file", {"x-qlara-max-bytes": value})


def _quota_fields(value: Plain) -> Iterator[Action]:
    if value == "total":
        return
    schema = "$.components.schemas.ContactQuota"
    yield {"target": f"{schema}.required", "remove": True}
    yield {"target": f"{schema}.properties.total", "remove": True}
    properties = {
        name: {
            "type": "integer",
            "minimum": 0,
            "description": sentence,
            "x-qlara-source": _API_REFERENCE,
        }
        for name, sentence in _QUOTA.items()
    }
    required = ["planLimit", "extraLimit", "totalLimit", "used", "remaining"]
    yield _update(schema, {"required": required, "properties": properties})
    example = f"{_QUOTA_OPERATION}.responses['200'].content['application/json'].examples.quota"
    yield {"target": f"{example}.value", "remove": True}
    limits = {"planLimit": 50_000, "extraLimit": 0, "totalLimit": 50_000}
    yield _update(example, {"value": {**limits, "used": 230, "remaining": 49_770}})


def _error_body(value: Plain) -> Iterator[Action]:
    if value == "data":
        return
    schema = "$.components.schemas.ErrorResponse"
    for keyword in ("required", "properties"):
        yield {"target": f"{schema}.{keyword}", "remove": True}
    text = {"type": "string", "minLength": 1}
    properties = {
        "status": {"type": "integer", "description": "The status.", "x-qlara-source": _PLATFORM},
        "error": {**text, "description": "The name of the status.", "x-qlara-source": _PLATFORM},
        "message": {**text, "description": "What was expected.", "x-qlara-source": _PLATFORM},
    }
    yield _update(schema, {"required": [*properties], "properties": properties})
    yield {"target": "$..examples.*.value.data", "remove": True}
    for target, status, message in _shown_refusals():
        content = {"status": status, "error": HTTPStatus(status).phrase, "message": message}
        yield _update(target, {"value": content})


def _shown_refusals() -> Iterator[tuple[str, int, str]]:
    """Yield the examples of refusals in ``openapi.yaml``: target, status and message."""
    statuses = {"Unauthorized": 401, "Forbidden": 403, "ListNotFound": 404}
    document = _shipped()
    holders = [
        (f"$.components.responses.{name}", status, document["components"]["responses"][name])
        for name, status in statuses.items()
    ]
    for path, item in document["paths"].items():
        for method in sorted(_METHODS & item.keys()):
            for status, response in item[method]["responses"].items():
                target = f"$.paths['{path}'].{method}.responses['{status}']"
                holders.append((target, int(status), response))
    for target, status, response in holders:
        media = response.get("content", {}).get("application/json", {})
        for name, example in media.get("examples", {}).items():
            if example["value"].get("status") == "fail":
                message = " ".join(example["value"]["data"].values())
                yield f"{target}.content['application/json'].examples.{name}", status, message


def _documented_statuses(values: Mapping[str, Plain]) -> Iterator[Action]:
    """Yield what documents the statuses of refusals that the contract has no response for."""
    response = {
        "description": "The request is not what is expected.",
        "x-qlara-source": "assumption: observed; UC-020 shows no response to such a mistake",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}},
    }
    known = _shipped()["paths"]
    for operation, (path, method), names in _STATUSES:
        shown = known[path][method]["responses"]
        statuses = {str(values[name]) for name in names if isinstance(values.get(name), int)}
        for status in sorted(statuses - shown.keys()):
            yield _update(f"{operation}.responses", {status: response})


_OF_KEYS = ("key.missing", "key.unknown", "key.unpermitted")
_OF_UPLOADS = ("invalid-field", "not-a-form", "unknown-list", "list-names.status")
_OF_LISTS = ("invalid-input", "unknown-list")
_STATUSES: tuple[tuple[str, tuple[str, str], tuple[str, ...]], ...] = (
    (
        _UPLOAD,
        ("/api/partner-gateway/v1/contacts/upload/vcard", "post"),
        (*_OF_UPLOADS, "list-names.create-status", *_OF_KEYS),
    ),
    (
        _LIST,
        ("/api/partner-gateway/v1/contacts/list/{listId}/contacts", "get"),
        (*_OF_LISTS, *_OF_KEYS),
    ),
    (_QUOTA_OPERATION, ("/api/v1/partner-gateway/subscription/contacts", "get"), _OF_KEYS),
)


def _file_name(value: Plain) -> Iterator[Action]:
    if value == "ignored":
        return
    schema = {
        "type": "string",
        "description": "The name of the file.",
        "maxLength": 255,
        "pattern": "\\.vcf$",
        "x-qlara-expected": "a file name that ends in .vcf",
        "x-qlara-source": _API_REFERENCE,
    }
    update = {"required": ["fileName"], "properties": {"fileName": schema}}
    yield _update("$.components.schemas.VCardUpload", update)
    examples = f"{_UPLOAD}.requestBody.content['multipart/form-data']['x-qlara-examples'].*.value"
    yield _update(examples, {"fileName": "contacts.vcf"})


_ACTIONS: Mapping[str, Callable[[Plain], Iterator[Action]]] = {
    "limit.default": _limit("default"),
    "limit.maximum": _limit("maximum"),
    "page.first": _first_page,
    "import.status": _import_status,
    "email.absent": _absent_email,
    "error-list.none": _no_errors,
    "file.maximum": _file_maximum,
    "quota.fields": _quota_fields,
    "error-body": _error_body,
    "file-name": _file_name,
}


@cache
def _shipped() -> dict[str, Any]:
    return read_document(resources.SPEC.read_text(encoding="utf-8"))
