"""The exchanges that broke promises as a HAR 1.2 log, keys masked."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

import harfile

from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.engine import Outcome
    from qlara_contract.exchange import ApiExchange, ApiRequest
    from qlara_contract.forms import ImportForm

_TEXT_BYTES = 100_000


def as_har(outcome: Outcome) -> str:
    """Return the log as JSON text, in the order in which the requests were sent."""
    log = StringIO()
    with harfile.HarFile.open(log, creator=harfile.Creator(outcome.wording.tool, "1")) as har:
        for exchange, comment in sorted(_exchanges(outcome), key=lambda each: each[0].at):
            milliseconds = round(exchange.took * 1000, 3)
            har.add_entry(
                startedDateTime=_rfc_3339(exchange.at),
                time=milliseconds,
                request=_request(exchange),
                response=_response(exchange),
                timings=harfile.Timings(send=0, wait=milliseconds, receive=0),
                comment=comment,
            )
    return log.getvalue() + "\n"


def _exchanges(outcome: Outcome) -> Iterator[tuple[ApiExchange, str]]:
    for state in (PromiseState.BROKEN, PromiseState.DEVIATION):
        for result in outcome.in_state(state):
            for evidence in result.evidence:
                if evidence.exchange is not None:
                    yield evidence.exchange, f"{result.promise.id}: {evidence.what}"


def _request(exchange: ApiExchange) -> harfile.Request:
    request = exchange.request
    headers = exchange.shown_headers()
    return harfile.Request(
        request.method,
        exchange.base_url + exchange.shown_target(),
        "HTTP/1.1",
        headers=[harfile.Record(name, value) for name, value in headers],
        queryString=[harfile.Record(name, value) for name, value in request.query],
        postData=_post_data(request),
    )


def _post_data(request: ApiRequest) -> harfile.PostData | None:
    if request.form is not None:
        return harfile.PostData("multipart/form-data", params=_params(request.form))
    if request.body is not None:
        return harfile.PostData("", text=_text(request.body))
    return None


def _params(form: ImportForm) -> list[harfile.PostParameter]:
    file = form.file
    params = []
    if file is not None:
        content = _text(file.content)
        params.append(harfile.PostParameter("file", content, file.filename, file.media_type))
    return params + [harfile.PostParameter(name, value) for name, value in form.fields]


def _response(exchange: ApiExchange) -> harfile.Response:
    response = exchange.response
    return harfile.Response(
        response.status,
        "",
        "HTTP/1.1",
        headers=[harfile.Record(name, exchange.masked(value)) for name, value in response.headers],
        content=harfile.Content(
            size=len(response.body),
            mimeType=response.header("content-type") or "",
            text=exchange.masked(_text(response.body)),
        ),
        redirectURL="",
        headersSize=-1,
        bodySize=len(response.body),
    )


def _text(content: bytes) -> str:
    return content[:_TEXT_BYTES].decode("utf-8", "replace")


def _rfc_3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
