"""``/llms.txt``: what this server is and how to call it, for language models (llmstxt.org)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import PlainTextResponse

from qlara_sandbox.domain import errors
from qlara_sandbox.http.error_responses import refusal
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.web.caller import DOCUMENTED_KEY
from qlara_sandbox.web.pages import PageRoute, reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.web.runtime import Runtime

PATH = "/llms.txt"
_UPLOAD, _LIST, _QUOTA = "uploadVCard", "listContacts", "getContactQuota"
_NO_CARD = "name,phone\\n"
_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-cache"}


class ShownCall(NamedTuple):
    """A command that can be run as it is, and the status of its response."""

    title: str
    command: str
    status: int

    def lines(self) -> list[str]:
        """Return it as Markdown."""
        return [f"{self.title}, status {self.status}:", "", "```bash", self.command, "```", ""]


def route(runtime: Runtime) -> PageRoute:
    """Return the route of the page."""

    async def endpoint(request: Request) -> Response:
        titles = await runtime.threads.run(lambda: _titles(runtime))
        text = page(runtime.contract, titles, reached(request), needs_token=not _is_open(runtime))
        return PlainTextResponse(text, headers=_HEADERS)

    return PageRoute(PATH, endpoint, methods=["GET"])


def page(contract: Contract, titles: Mapping[str, str], base_url: str, *, needs_token: bool) -> str:
    """Return the page of a sandbox at *base_url*; *titles* are those of its scenarios, by name.

    The order is that of llmstxt.org: title, summary, whatever needs no heading, then sections of links.
    """
    calls = _Calls(contract, base_url)
    lines = [
        f"# Sandbox of the {_one_line(contract.document['info']['title'])}",
        "",
        "> A server on the developer's machine that behaves like the Qlara contact API: it imports vCard "
        "files, finds duplicates, counts the quota and lists contacts. Nothing leaves the machine, and "
        "state is gone when it stops. Use it to write and to test code that calls the API.",
        "",
        f"- Base URL: {base_url}",
        f"- API key, in the header `X-Api-Key`: `{DOCUMENTED_KEY}`, or any that begins with `sandbox_`: "
        "each has an account of its own",
        "- Refusals are JSON, and name the fields at fault with what was expected of each",
        "",
        "The commands here run as they are"
        + (
            "; curl needs `--cacert FILE`, with the file that was printed at the start."
            if base_url.startswith("https:")
            else "."
        ),
        "",
        *(line for call in calls.that_succeed() for line in call.lines()),
        "To meet an error, choose a scenario: for one request with the header `X-Sandbox-Scenario: NAME`; "
        "with the key, `sandbox_LABEL__NAME`; or for later requests of a key with "
        f'`PUT {base_url}/__admin/scenario` and `{{"apiKey": KEY, "scenario": NAME}}`. '
        "`Prefer: code=STATUS` forces a documented response of any operation.",
        "",
        *(line for call in calls.that_are_refused(titles) for line in call.lines()),
        "Scenarios:",
        "",
        *(f"- `{name}`: {title}" for name, title in titles.items()),
        "",
        *_links(base_url, needs_token=needs_token),
    ]
    return "\n".join(lines) + "\n"


class _Calls:
    """Commands for the operations of a contract, as a deployment under it expects them."""

    def __init__(self, contract: Contract, base_url: str) -> None:
        self._contract = contract
        self._base_url = base_url
        self._example = _example_form(contract.document)

    def that_succeed(self) -> list[ShownCall]:
        list_id = self._example.get("listId", "list_crm_migration")
        return [
            ShownCall(
                "Import a vCard file", self._upload(DOCUMENTED_KEY, _card(self._example)), 200
            ),
            ShownCall("List the contacts of a list", self._list(DOCUMENTED_KEY, list_id), 200),
            ShownCall("Read the quota", self._quota(DOCUMENTED_KEY), 200),
        ]

    def that_are_refused(self, scenarios: Iterable[str]) -> list[ShownCall]:
        """Return the errors that the *scenarios* there are show, and those that need none."""
        card = _card(self._example)
        full = errors.QuotaExceeded(used=1, total=1, asked=1)
        in_a_scenario: Mapping[str, tuple[str, Callable[[str], str], errors.Refusal]] = {
            "quota-exhausted": ("The plan is full", lambda key: self._upload(key, card), full),
            "revoked-key": ("The key is revoked", self._quota, errors.UnknownKey("")),
            "no-permission": ("The key lacks permission", self._quota, errors.NotPermitted("")),
        }
        found = [
            ShownCall(title, command(f"sandbox_demo__{name}"), self._status(error))
            for name, (title, command, error) in in_a_scenario.items()
            if name in set(scenarios)
        ]
        no_card = self._upload(DOCUMENTED_KEY, _NO_CARD)
        found.append(ShownCall("The file is no vCard", no_card, self._status(errors.NotAVCard())))
        if isinstance(self._contract.conventions.unknown_list, int):
            command = self._list(DOCUMENTED_KEY, "list_unknown")
            found.append(
                ShownCall("The list is unknown", command, self._status(errors.UnknownList("")))
            )
        forced = self._quota(DOCUMENTED_KEY, "Prefer: code=429")
        return [*found, ShownCall("Too many requests, forced", forced, 429)]

    def _status(self, error: errors.Refusal) -> int:
        return refusal(error, self._contract.conventions).status

    def _upload(self, key: str, text: str) -> str:
        fields = " ".join(
            f"-F {shlex.quote(f'{name}={value}')}"
            for name, value in self._example.items()
            if name != "file"
        )
        url = self._url(_UPLOAD)
        file = '-F "file=@-;filename=contacts.vcf"'
        return f"printf {shlex.quote(text)} | curl -s {url} {_header(key)} {file} {fields}"

    def _list(self, key: str, list_id: str) -> str:
        return f"curl -s {self._url(_LIST, listId=list_id)} {_header(key)}"

    def _quota(self, key: str, *headers: str) -> str:
        more = "".join(f" -H {shlex.quote(each)}" for each in headers)
        return f"curl -s {self._url(_QUOTA)} {_header(key)}{more}"

    def _url(self, operation_id: str, **parameters: str) -> str:
        path = self._contract.by_id[operation_id].path
        for name, value in parameters.items():
            path = path.replace(f"{{{name}}}", value)
        return shlex.quote(f"{self._base_url}{path}")


def _header(key: str) -> str:
    return f'-H "X-Api-Key: {key}"'


def _example_form(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of the contract's first whole form, and of those that it demands besides."""
    operation = next(
        one
        for item in document["paths"].values()
        for one in item.values()
        if isinstance(one, dict) and one.get("operationId") == _UPLOAD
    )
    form = operation["requestBody"]["content"]["multipart/form-data"]
    fields = {str(name): str(each) for name, each in _first_value(form).items()}
    fields = fields or {"listId": "list_crm_migration"}
    schema = form["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][str(schema["$ref"]).rpartition("/")[2]]
    missing = {name: "contacts.vcf" for name in schema.get("required", ()) if name not in fields}
    return fields | missing


def _first_value(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the value of a form's first example; empty, if it has none. Nothing checks extensions."""
    examples = form.get("x-qlara-examples")
    first = next(iter(examples.values()), None) if isinstance(examples, dict) else None
    value = first.get("value") if isinstance(first, dict) else None
    return value if isinstance(value, dict) else {}


def _card(example: Mapping[str, str]) -> str:
    """Return the file of a form as ``printf`` writes it."""
    text = example.get("file", "BEGIN:VCARD\r\nVERSION:3.0\r\nTEL:+393471234567\r\nEND:VCARD\r\n")
    escaped = text.replace("\\", "\\\\").replace("%", "%%")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


def _links(base_url: str, *, needs_token: bool) -> list[str]:
    closed = "; needs `Authorization: Bearer TOKEN`, the token that was printed at the start"
    admin = f"{base_url}/__admin"
    return [
        "## Contract",
        "",
        f"- [OpenAPI contract]({base_url}/openapi.yaml): every operation, limit and refusal, each with "
        f"its source; [as JSON]({base_url}/openapi.json); "
        f"[for Schemathesis]({base_url}/openapi.fuzzing.yaml), which is led there",
        f"- [Contract as a page]({base_url}/__docs): with the errors, and what was assumed",
        "",
        "## Control API",
        "",
        f"- [OpenAPI contract]({admin}/openapi.json): scenarios, faults, clocks, states"
        f"{closed if needs_token else ''}",
        f"- [Scenarios]({admin}/scenarios): the story of each",
        f"- [Journal]({admin}/requests): the last requests and their responses, keys masked",
        "",
        "## Optional",
        "",
        f"- [Console]({base_url}/__console): try the API in a browser",
    ]


def _titles(runtime: Runtime) -> dict[str, str]:
    titles = {}
    for name in runtime.library.names():
        try:
            titles[name] = _one_line(runtime.library.get(name).title)
        except (InvalidScenario, UnknownScenario):  # another page says what is wrong with it
            continue
    return titles


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_open(runtime: Runtime) -> bool:
    return runtime.settings.loopback and runtime.settings.admin_token is None
