"""What passed, in the terms of the contract suite: an exchange that its checks can be made on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import UPLOAD
from qlara_contract.secret_names import is_secret_name
from qlara_contract.untrusted import is_readable, read_within_bounds
from qlara_proxy.judging.forms import read_form
from qlara_proxy.traffic import coding_of, headers_named

if TYPE_CHECKING:
    from qlara_proxy.judging.forms import SeenForm
    from qlara_proxy.traffic import PassedExchange, PassedRequest, PassedResponse

# Of one connection, and not of the request or response (RFC 9110 section 7.6.1).
_OF_CONNECTION = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
)
_NOT_SHOWN = _OF_CONNECTION | {"host", "content-length", "accept-encoding", "content-type"}

_LONGEST_CODING = 20
_KEY_HEADER = "x-api-key"
HIDDEN = "HIDDEN"
"""What stands for a secret that is no API key: those are masked where they are shown."""


def path_and_query(target: str) -> tuple[str, str]:
    """Return the two parts of a request target."""
    path, _, query = target.partition("?")
    return path, query


def media_type_of(request: PassedRequest) -> str:
    """Return the ``Content-Type`` of a request; empty if it has none."""
    return next(iter(headers_named(request.headers, "content-type")), "")


def form_of(request: PassedRequest) -> SeenForm | None:
    """Return the multipart form of a request; ``None`` if it has none, or not all of it is kept."""
    if not (request.is_whole and request.body.is_whole and request.body.size):
        return None
    return read_form(media_type_of(request), request.body.read())


def is_evidence(exchange: PassedExchange) -> bool:
    """Return whether an exchange says something about the deployment.

    What the network, a gateway or one of the two ends broke off does not, nor what is compressed in a way
    that is not read here.
    """
    response = exchange.response
    whole = response is not None and response.is_whole and not exchange.failure
    return whole and exchange.request.is_whole and not unread_coding(exchange)


def unread_coding(exchange: PassedExchange) -> str:
    """Return the content coding of a response that is not read here, such as br; empty if there is none."""
    response = exchange.response
    coding = coding_of(response) if response is not None and response.body.size else ""
    return "" if is_readable(coding) else coding[:_LONGEST_CODING]


def api_exchange(
    base_url: str, exchange: PassedExchange, form: SeenForm | None
) -> ApiExchange | None:
    """Return an exchange as the checks of the suite take it; ``None`` where it is no evidence."""
    if exchange.response is None or not is_evidence(exchange):
        return None
    path, _ = path_and_query(exchange.request.target)
    operation = contract().operation_of(exchange.request.method, path)
    return ApiExchange(
        base_url,
        _request(exchange, form),
        _response(exchange.response),
        operation.operation_id if operation else "",
        exchange.key,
        exchange.began,
        exchange.seconds,
    )


def _request(exchange: PassedExchange, form: SeenForm | None) -> ApiRequest:
    request, key = exchange.request, exchange.key
    path, query = path_and_query(request.target)
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    parameters = tuple((name, _unless_secret(name, value)) for name, value in pairs)
    headers = tuple(
        (name, value if _is_key(name, value, key) else _unless_secret(name, value))
        for name, value in request.headers
        if name.lower() not in _NOT_SHOWN
    )
    if form is not None:
        return ApiRequest(request.method, path, parameters, headers, form=_import_form(form))
    body = request.body.read() if request.body.size and request.body.is_whole else None
    if media_type := media_type_of(request):
        headers = (*headers, ("Content-Type", media_type))
    return ApiRequest(request.method, path, parameters, headers, body=body)


def _is_key(name: str, value: str, key: str) -> bool:
    return name.lower() == _KEY_HEADER and value.strip() == key


def _unless_secret(name: str, value: str) -> str:
    return HIDDEN if value and is_secret_name(name) else value


def _import_form(form: SeenForm) -> ImportForm:
    content = form.file
    fields = tuple(
        (part.name, _unless_secret(part.name, part.content.decode("utf-8", "replace")))
        for part in form.parts
        if part.name != "file"
    )
    return ImportForm(FormFile(content) if content is not None else None, fields)


def _response(response: PassedResponse) -> ApiResponse:
    headers = tuple((name.lower(), _unless_secret(name, value)) for name, value in response.headers)
    body, is_cut = read_within_bounds([response.body.read()], coding_of(response))
    return ApiResponse(response.status, headers, body, is_cut=is_cut or not response.body.is_whole)


def is_import(exchange: PassedExchange) -> bool:
    """Return whether a request is an import."""
    path, _ = path_and_query(exchange.request.target)
    operation = contract().operation_of(exchange.request.method, path)
    return operation is not None and operation.operation_id == UPLOAD
