"""Freedoms in refusals that UC-020 does not show."""

from __future__ import annotations

from tests.foreign.switch import Table

TABLE = Table()


for body in ("problem", "html", "empty", "text", "message", "error-list"):
    says = f"Refusals that UC-020 does not show have a body of the style {body}."
    TABLE.sets("refusals", f"refusal-body-{body}", says, refusals__body=body)
TABLE.sets("refusals", "key-missing-403", "A missing key gets 403.", refusals__missing_key=403)
TABLE.sets("refusals", "key-unknown-403", "An unknown key gets 403.", refusals__unknown_key=403)
TABLE.sets("refusals", "key-missing-400", "A missing key gets 400.", refusals__missing_key=400)
TABLE.sets(
    "refusals",
    "key-unpermitted-401",
    "A key without permission gets 401.",
    refusals__no_permission=401,
)
TABLE.sets(
    "refusals",
    "key-field-other",
    "The field of a wrong key is X-Api-Key.",
    refusals__key_field="X-Api-Key",
)
TABLE.sets("refusals", "path-unknown-403", "An unknown path gets 403.", refusals__unknown_path=403)
TABLE.sets(
    "refusals",
    "method-other-404",
    "A wrong method gets 404.",
    refusals__other_method=404,
    refusals__allow_header=False,
)
TABLE.sets(
    "refusals",
    "method-other-without-allow",
    "A 405 has no Allow header.",
    refusals__allow_header=False,
)
TABLE.sets(
    "refusals",
    "not-multipart-415",
    "A body that is no form gets 415.",
    refusals__not_multipart=415,
)
TABLE.sets(
    "refusals",
    "not-multipart-422",
    "A body that is no form gets 422.",
    refusals__not_multipart=422,
)
TABLE.sets("refusals", "options-204", "OPTIONS gets 204 with CORS headers.", refusals__options=204)
TABLE.sets("refusals", "options-200", "OPTIONS gets 200 with CORS headers.", refusals__options=200)
TABLE.sets("refusals", "trace-501", "TRACE gets 501.", refusals__trace=501)
TABLE.sets("refusals", "trace-404", "TRACE gets 404.", refusals__trace=404)
TABLE.sets("refusals", "head-served", "HEAD gets the headers of GET.", refusals__head="serve")
TABLE.sets("refusals", "size-decimal", "10 MB are 10 000 000 bytes.", size__limit=10_000_000)
TABLE.sets(
    "refusals",
    "size-of-request",
    "10 MB is the limit of the whole request.",
    size__of="request",
)
TABLE.sets(
    "refusals",
    "size-seen-early",
    "413 comes before the body is read, and the connection is closed.",
    size__early=True,
)
