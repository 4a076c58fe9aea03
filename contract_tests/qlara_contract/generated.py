"""Requests that Schemathesis generates from the contract: examples, coverage, fuzzing, stateful flows.

Runs its engine, which sends the requests, and yields each as an exchange together with the results
of its checks. Lists, names and the number of writes are limited here.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import requests
import schemathesis
from schemathesis.engine import Status, events, from_schema
from schemathesis.transport.requests import SameHostRedirectsSession

from qlara_contract.contract import contract
from qlara_contract.conventions import Conventions, apply_overlay, overlay_for
from qlara_contract.errors import RunStopped
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.numbers import AMERICAN
from qlara_contract.promises import LIST, UPLOAD
from qlara_contract.settings import Mode, Profile
from qlara_contract.strategies import VCardFile, draw_file, vcard_texts
from qlara_contract.targets import for_fuzzing
from qlara_contract.untrusted import read_within_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis.engine.recorder import ScenarioRecorder
    from schemathesis.schemas import BaseSchema

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.settings import RunSettings

_DOCUMENTED_LIST = "list_crm_migration"
_PREFIX = "contract-check"
_SPECIAL = re.compile(r"([][\\^$.|?*+(){}])")  # in the regular expressions of JSON Schema
CARDS_AT_MOST = 4

# The promise that each check of Schemathesis judges. Its checks of status, media type and shape are
# missing: qlara_contract.checks makes those on every exchange, whoever made the request.
_PROMISES: dict[str, PromiseId] = {
    "positive_data_acceptance": "answers.valid-requests-accepted",
    "negative_data_rejection": "answers.invalid-requests-refused",
    "missing_required_header": "answers.invalid-requests-refused",
    "unsupported_method": "answers.unknown-method",
    "ignored_auth": "access.unknown-key",
}


@dataclass(frozen=True)
class GeneratedRequest:
    """One generated request: its exchange, the phase, and per promise what a check found.

    ``found`` maps a promise to the failure, empty where the check passed. ``file`` is the file
    that was sent, where the suite wrote it.
    """

    exchange: ApiExchange
    phase: str
    is_valid: bool
    found: dict[PromiseId, str]
    file: VCardFile | None


class RunBounds(Protocol):
    """What keeps a generated request within the limits of its run."""

    def may_write(self, cards: int) -> bool:
        """Return whether so many more cards may be imported."""
        ...

    def charge(self, request: ApiRequest) -> None:
        """Charge the cards of a request before it is sent."""
        ...

    def note(self, exchange: ApiExchange) -> None:
        """Note what an exchange may have written."""
        ...

    def pace(self) -> None:
        """Wait until the run may send another request."""
        ...


class RequestGenerator:
    """One generated run, within the *bounds* of the run that it belongs to."""

    def __init__(
        self,
        settings: RunSettings,
        *,
        list_id: str,
        headers: tuple[tuple[str, str], ...],
        bounds: RunBounds,
        conventions: Conventions,
    ) -> None:
        self._settings = settings
        self._list_id = list_id
        self._headers = headers
        self._bounds = bounds
        self._conventions = conventions
        self._files: dict[str, VCardFile] = {}
        # Without a list of the run's own, a valid import would go into one of the user's.
        self._writes = bool(list_id) and settings.effective_mode is Mode.FULL and self._may_write()
        self.stopped = False
        self._stop: RunStopped | None = None

    def run(self) -> Iterator[GeneratedRequest]:
        """Send all requests; yield them phase by phase."""
        schemathesis.openapi.format("vcard", vcard_texts(self._files))
        schema: BaseSchema = schemathesis.openapi.from_dict(self._document(), config=self._config())
        if not self._writes:
            schema = schema.include(method="GET")
        _steer(self)
        SameHostRedirectsSession.__init__ = self._begin_session()  # type: ignore[method-assign, assignment]
        try:
            stream = from_schema(schema).execute()
            for event in stream:
                if isinstance(event, events.ScenarioFinished):
                    yield from self._scenario(event)
                elif isinstance(event, events.Interrupted) and not self._is_stopped:
                    raise KeyboardInterrupt
                elif isinstance(event, events.FatalError):
                    raise event.exception
                if self._is_stopped:
                    stream.stop()
            if self._stop is not None:
                raise self._stop
        finally:
            _steer(None)
            del SameHostRedirectsSession.__init__

    def _begin_session(self) -> Callable[[SameHostRedirectsSession], None]:
        """Return what begins a session: one that reads no more than it must, and goes the way of the run.

        Schemathesis has no hook for the sessions of its probes and checks.
        """
        settings = self._settings

        def begin(session: SameHostRedirectsSession) -> None:
            requests.Session.__init__(session)
            session.hooks["response"].append(_bounded)  # called before anybody reads
            session.trust_env = not settings.is_loopback
            if settings.proxy and not settings.is_loopback:
                session.proxies = {"http": settings.proxy, "https": settings.proxy}
            session.cert = settings.client_certificate or None

        return begin

    def before_call(self, case: schemathesis.Case[Any]) -> None:
        """Keep a request within its limits: stop when no more contacts may be created."""
        try:
            self._bounds.pace()
        except RunStopped as error:
            self._stop = error  # raised again where the run can end by it
            raise
        self._encode(case)
        if case.operation.definition.raw.get("operationId") != UPLOAD or case.method != "POST":
            return
        if not self._may_write():
            self.stopped = True
            raise BudgetSpent
        if isinstance(case.body, dict):
            case.body = _marked_as_own(case.body, self._list_id)
        form = _form_of(case)
        if form is not None:
            self._bounds.charge(ApiRequest("POST", contract().path_of(UPLOAD), form=form))

    def _encode(self, case: schemathesis.Case[Any]) -> None:
        """Encode the id of the run's list as it is: Schemathesis takes `%20` in it for a blank."""
        encoded = quote(unquote(self._list_id), safe="")
        for name, value in case.path_parameters.items():
            if value == encoded:
                case.path_parameters[name] = quote(self._list_id, safe="")

    def _is_of_own_list_alone(self, case: schemathesis.Case[Any]) -> bool:
        """Return whether only the id of the run's own list is taken for wrong in a request."""
        components = case.meta.components if case.meta else {}
        wrong = [where for where, info in components.items() if info.mode.is_negative]
        own = quote(self._list_id, safe="")
        return wrong == ["path"] and own in case.path_parameters.values()

    def after_call(self, case: schemathesis.Case[Any], response: Any) -> None:
        """Count what an import created, at once."""
        self._bounds.note(self._exchange(case, response.request, response))

    @property
    def _is_stopped(self) -> bool:
        return self.stopped or self._stop is not None

    def _may_write(self) -> bool:
        return self._bounds.may_write(CARDS_AT_MOST)

    def _document(self) -> dict[str, Any]:
        """Return the contract with the documented list replaced by one that may be used."""
        # Valid is what is valid there: where a page may have 100 contacts, `limit` goes up to 100.
        overlay = overlay_for(self._conventions.differences())
        document = for_fuzzing(apply_overlay(contract().document, overlay))
        if self._conventions.limit_above != "refused":
            del _limit_of(document)["maximum"]  # a larger one is accepted, too
        if self._list_id:
            _replace(document, _DOCUMENTED_LIST, self._list_id)
            _admit(document["components"]["schemas"]["ListId"], self._list_id)
        if not self._settings.is_loopback:
            _use_fictional_numbers(document, self._settings.seed)
        return document

    def _config(self) -> schemathesis.Config:
        settings, depth = self._settings, self._settings.depth
        coverage: dict[str, Any] = {}
        if not (self._writes and settings.is_loopback):
            coverage["unexpected-methods"] = []  # another method may exist there and have effects
        return schemathesis.Config.from_dict(
            {
                "seed": settings.seed,
                "base-url": settings.base_url,
                "headers": {
                    "X-Api-Key": settings.api_key,
                    **dict(self._headers),
                    **({"Authorization": settings.authorization} if settings.authorization else {}),
                },
                "continue-on-failure": True,
                "request-timeout": settings.timeout,
                "tls-verify": False if settings.insecure else settings.ca_file or True,
                "rate-limit": _rate_limit(settings.rate),
                "cache": {"enabled": False},
                # A slow machine sends what a fast one does.
                "suppress-health-check": ["all"],
                "generation": {
                    "max-examples": depth.fuzzed,
                    "database": "none",
                    "no-shrink": True,
                },
                "phases": {
                    # Stories send most of what it would; it alone is a quarter of a quick run.
                    "coverage": coverage | {"enabled": settings.profile is not Profile.QUICK},
                    "stateful": {
                        "enabled": self._writes,
                        "max-steps": 4,
                        "generation": {"max-examples": depth.flows},
                    },
                },
            }
        )

    def _scenario(self, event: events.ScenarioFinished) -> Iterator[GeneratedRequest]:
        recorder: ScenarioRecorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is None:
                continue
            case = recorder.cases[case_id].value
            exchange = replace(
                self._exchange(case, interaction.request, interaction.response),
                at=interaction.timestamp - interaction.response.elapsed,  # noted at its end
            )
            meta = case.meta
            found = _found(recorder, case_id)
            if self._is_of_own_list_alone(case):
                found.pop("answers.invalid-requests-refused", None)
            yield GeneratedRequest(
                exchange,
                event.phase.value,
                meta is not None and meta.generation.mode.is_positive,
                found,
                self._files.get(_text_of(case)),
            )

    def _exchange(self, case: schemathesis.Case[Any], request: Any, response: Any) -> ApiExchange:
        """Return the exchange; *request* is a recorded or a prepared one."""
        uri = urlsplit(getattr(request, "uri", None) or request.url)
        base_path = urlsplit(self._settings.base_url).path.rstrip("/")
        path = uri.path.removeprefix(base_path)
        headers = {str(name).lower(): _one(value) for name, value in request.headers.items()}
        form = _form_of(case)
        known = contract().operation_of(request.method or "", path)
        return ApiExchange(
            self._settings.base_url,
            ApiRequest(
                request.method or "",
                path,
                tuple(parse_qsl(uri.query, keep_blank_values=True)),
                self._headers if form else _shown_headers(headers),
                form,
                None if form else _body_of(request),
            ),
            ApiResponse(
                response.status_code,
                tuple((str(name).lower(), _one(value)) for name, value in response.headers.items()),
                response.content or b"",
            ),
            known.operation_id if known else "",
            headers.get("x-api-key", ""),
            took=response.elapsed,
        )


def _bounded(response: requests.Response, **_: Any) -> None:
    """Read what a deployment sends as the suite's own client does."""
    chunks = response.raw.stream(65_536, decode_content=False)
    body, is_cut = read_within_bounds(chunks, response.headers.get("Content-Encoding", ""))
    response.close()
    # Nothing public sets what has been read.
    vars(response).update(_content=body, _content_consumed=True, is_cut=is_cut)


class BudgetSpent(Exception):
    """No more contacts may be created."""


_current: list[RequestGenerator] = []


def _steer(generator: RequestGenerator | None) -> None:
    """Let the hooks below serve *generator* (Schemathesis knows only process-wide hooks)."""
    _current[:] = [generator] if generator else []


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:  # noqa: ARG001 - the hook's signature
    for generator in _current:
        generator.before_call(case)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001 - the hook's signature
    for generator in _current:
        generator.after_call(case, response)


def _marked_as_own(body: dict[str, Any], list_id: str) -> dict[str, Any]:
    """Return a form that can leave nothing unmarked behind: own lists, names and tags only.

    A deployment may accept what the contract refuses. Random extra fields are dropped: that they are
    ignored is a promise with a story of its own.
    """
    properties = contract().document["components"]["schemas"]["VCardUpload"]["properties"]
    known = {*properties, "fileName"}  # which some deployments need
    kept = {name: value for name, value in body.items() if name in known}
    name, tags, into = (body.get(each) for each in ("listName", "tags", "listId"))
    if "listName" in kept:
        kept["listName"] = f"{_PREFIX} {name}"
        if _is_valid(name, properties["listName"]):
            kept["listName"] = kept["listName"][: properties["listName"]["maxLength"]]
    kept["tags"] = f"{_PREFIX},{tags}" if tags else _PREFIX
    if tags is not None and _is_valid(tags, properties["tags"]):
        kept["tags"] = kept["tags"][: properties["tags"]["maxLength"]]
    if into is not None and into != list_id and isinstance(into, str):
        kept["listId"] = f"{_PREFIX}-{into}" if into else into
    return kept


def _is_valid(value: object, schema: dict[str, Any]) -> bool:
    return (
        isinstance(value, str)
        and schema.get("minLength", 0) <= len(value) <= schema["maxLength"]
        and re.search(schema["pattern"], value) is not None
    )


def _rate_limit(rate: float | None) -> str:
    """Return *rate* as Schemathesis writes it; without one, it waits as a 429 asks."""
    return f"{max(1, round(rate * 60))}/m" if rate else "auto"


def _replace(node: Any, old: str, new: str) -> None:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        if value == old:
            node[key] = new
        elif isinstance(value, (dict, list)):
            _replace(value, old, new)


def _limit_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the parameter `limit`."""
    parameters = document["paths"][contract().operations[LIST].template]["get"]["parameters"]
    schema: dict[str, Any] = next(each for each in parameters if each["name"] == "limit")["schema"]
    return schema


def _admit(schema: dict[str, Any], list_id: str) -> None:
    """Let a list id be valid, which is of any form in a deployment: else its list is never asked for."""
    if not re.search(schema["pattern"], list_id):
        escaped = _SPECIAL.sub(r"\\\1", list_id)
        schema["pattern"] += f"|^{escaped}$"
    schema["maxLength"] = max(schema["maxLength"], len(list_id))


def _use_fictional_numbers(document: dict[str, Any], seed: int) -> None:
    """Replace the files of the documented examples, whose phone numbers may be real."""
    rng = random.Random(seed)
    for path in document["paths"].values():
        for operation in path.values():
            form = (
                operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {})
            )
            for example in form.get("examples", {}).values():
                file = draw_file(rng, lambda: rng.choice(AMERICAN), [], cards=2)
                example["value"]["file"] = file.text


def _found(recorder: ScenarioRecorder, case_id: str) -> dict[PromiseId, str]:
    found: dict[PromiseId, str] = {}
    for check in recorder.checks.get(case_id, ()):
        promise = _PROMISES.get(check.name)
        if promise is None:
            continue
        if check.status is Status.FAILURE and check.failure_info is not None:
            failure = check.failure_info.failure
            found[promise] = f"{failure.title}. {failure.message}".strip()
        else:
            found.setdefault(promise, "")
    return found


def _text_of(case: schemathesis.Case[Any]) -> str:
    body = case.body
    return str(body.get("file", "")) if isinstance(body, dict) else ""


def _form_of(case: schemathesis.Case[Any]) -> ImportForm | None:
    """Return the form that a case sent, if it is one."""
    body = case.body
    if not isinstance(body, dict) or case.media_type != "multipart/form-data":
        return None
    file = body.get("file")
    fields = tuple(
        (str(name), value if isinstance(value, str) else json.dumps(value))
        for name, value in body.items()
        if name != "file"
    )
    return ImportForm(
        FormFile(str(file).encode("utf-8", "replace")) if "file" in body else None, fields
    )


def _shown_headers(headers: dict[str, str]) -> tuple[tuple[str, str], ...]:
    left_out = {
        *("x-api-key", "authorization", "user-agent", "accept-encoding", "connection"),
        "content-length",
    }
    return tuple((name, value) for name, value in headers.items() if name not in left_out)


def _body_of(request: Any) -> bytes | None:
    body: Any = request.body
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    return body if isinstance(body, bytes) else None


def _one(value: Any) -> str:
    value = value[0] if isinstance(value, list) else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
