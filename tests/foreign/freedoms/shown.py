"""Freedoms in how values and bodies are printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.messages import Response
    from tests.foreign.stages import Context

TABLE = Table()


def _more_in_refusals(response: Response, _: Context) -> Response:
    if isinstance(response.body, dict) and response.body.get("status") == "fail":
        response.body = response.body | {"code": "E_REFUSED", "traceId": str(uuid4())}
    return response


def _volatile(response: Response, _: Context) -> Response:
    if isinstance(response.body, dict):
        now = datetime.now(UTC).isoformat()
        response.body = response.body | {"requestId": str(uuid4()), "serverTime": now}
    return response


def _sorted_fields(response: Response, _: Context) -> Response:
    if isinstance(response.body, dict):
        response.body = dict(sorted(response.body.items()))
    return response


def _rewritten(
    response: Response, *, ascii_only: bool = False, indent: int | None = None
) -> Response:
    if isinstance(response.body, dict):
        text = json.dumps(response.body, ensure_ascii=ascii_only, indent=indent)
        response.body = f"{text}\n".encode("utf-8", "surrogatepass")
    return response


TABLE.sets(
    "shown",
    "email-null",
    "A contact without an e-mail address has null.",
    shown__email_absent="null",
)
TABLE.sets(
    "shown",
    "email-empty",
    "A contact without an e-mail address has an empty one.",
    shown__email_absent="empty",
)
TABLE.sets("shown", "times-in-z", "Times are in UTC, written with Z.", shown__zone="Z")
TABLE.sets("shown", "times-in-utc", "Times are in UTC, written with +00:00.", shown__zone="UTC")
TABLE.sets(
    "shown", "times-in-new-york", "Times are those of New York.", shown__zone="America/New_York"
)
TABLE.sets(
    "shown",
    "times-in-kolkata",
    "Times are those of India, with half an hour.",
    shown__zone="Asia/Kolkata",
)
TABLE.sets(
    "shown", "times-milliseconds", "Times have milliseconds.", shown__time_style="milliseconds"
)
TABLE.sets(
    "shown", "times-microseconds", "Times have microseconds.", shown__time_style="microseconds"
)
TABLE.sets(
    "shown",
    "times-by-contact",
    "Every contact has a time of its own.",
    shown__created_at="contact",
    shown__time_style="microseconds",
)
extra = {"extra": {"a": [1, None]}, "_links": []}
TABLE.changes(
    "shown",
    "report-fields-more",
    "A report has more fields.",
    stages.REPORT,
    lambda report, _: report | extra | {"summary": report["summary"] | {"updated": 0}},
)
TABLE.changes(
    "shown",
    "contact-fields-more",
    "A contact has more fields.",
    stages.SHOWN,
    lambda shown, _: shown | extra | {"gender": None, "isValid": True},
)
TABLE.changes(
    "shown",
    "page-fields-more",
    "A page has more fields.",
    stages.PAGE,
    lambda page, context: page | extra | {"limit": context.limit},
)
TABLE.changes(
    "shown",
    "quota-fields-more",
    "The quota has the fields of the API reference, too.",
    stages.QUOTA,
    lambda quota, _: (
        quota
        | {
            "planLimit": quota["total"],
            "extraLimit": 0,
            "remaining": quota["total"] - quota["used"],
        }
    ),
)
TABLE.changes(
    "shown",
    "refusal-fields-more",
    "A refusal has more fields.",
    stages.RESPONSE,
    _more_in_refusals,
)
TABLE.changes(
    "shown",
    "volatile-fields",
    "Every body has a requestId and the time.",
    stages.RESPONSE,
    _volatile,
)
TABLE.changes(
    "shown",
    "fields-sorted",
    "The fields of a body are in alphabetical order.",
    stages.RESPONSE,
    _sorted_fields,
)
TABLE.changes(
    "shown",
    "json-ascii",
    "JSON is written in ASCII with escapes.",
    stages.RESPONSE,
    lambda response, _: _rewritten(response, ascii_only=True),
)
TABLE.changes(
    "shown",
    "json-indented",
    "JSON is indented.",
    stages.RESPONSE,
    lambda response, _: _rewritten(response, indent=2),
)
