"""Freedoms in how bytes travel."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.messages import Response
    from tests.foreign.stages import Context

TABLE = Table()


def _more_headers(response: Response, _: Context) -> Response:
    response.headers |= {
        "Cache-Control": "no-store",
        "ETag": f'"{uuid4()}"',
        "Set-Cookie": "lb=a1; Path=/; HttpOnly",
        "Strict-Transport-Security": "max-age=31536000",
        "Vary": "Origin",
        "X-Request-Id": str(uuid4()),
    }
    return response


for wait in ("number", "date", "body", "nothing"):
    says = f"20 requests a second; what a 429 says to wait: {wait}."
    TABLE.sets(
        "network",
        f"rate-limit-{wait}",
        says,
        network__rate=20.0,
        network__burst=20,
        network__wait_says=wait,
    )
TABLE.sets(
    "network",
    "rate-limit-50",
    "50 requests a second, as the public pages say.",
    network__rate=50.0,
    network__burst=50,
    network__rate_headers=True,
)
TABLE.sets(
    "network",
    "rate-headers",
    "Responses say how many requests are left.",
    network__rate_headers=True,
)
TABLE.sets(
    "network",
    "gateway-502",
    "Every 50th request gets a gateway's 502.",
    network__bad_gateway_every=50,
)
TABLE.sets(
    "network",
    "gateway-503",
    "Every 70th request gets a gateway's 503 with Retry-After.",
    network__bad_gateway_every=70,
    network__bad_gateway_status=503,
)
TABLE.sets(
    "network",
    "gateway-504-after-import",
    "Every 60th response is lost: a gateway says 504.",
    network__bad_gateway_every=60,
    network__bad_gateway_status=504,
    network__bad_gateway_after_import=True,
    network__bad_gateway_waits=False,
)
TABLE.sets(
    "network",
    "connection-dropped-10",
    "A connection ends without a word after 10 responses.",
    network__drop_idle_after=10,
)
TABLE.sets(
    "network",
    "connection-dropped-50",
    "A connection ends without a word after 50 responses.",
    network__drop_idle_after=50,
)
TABLE.sets(
    "network",
    "connection-idle-100ms",
    "An idle connection is closed after 100 ms.",
    network__idle=0.1,
)
TABLE.sets(
    "network",
    "connection-close",
    "Every response closes the connection.",
    network__close_always=True,
)
TABLE.sets("network", "http-1.0", "Responses are HTTP/1.0.", network__old_protocol=True)
TABLE.sets("network", "chunked", "Bodies are sent in chunks.", network__chunked=True)
TABLE.sets("network", "gzip", "Bodies are compressed if the client takes gzip.", network__gzip=True)
TABLE.sets(
    "network",
    "headers-lower-case",
    "Header names are in lower case.",
    network__header_case="lower",
)
TABLE.sets(
    "network",
    "headers-upper-case",
    "Header names are in upper case.",
    network__header_case="upper",
)
TABLE.sets(
    "network",
    "content-type-charset",
    "The content type has a charset.",
    network__content_type="application/json; charset=utf-8",
)
TABLE.sets(
    "network",
    "content-type-capitals",
    "The content type has capitals and no blank.",
    network__content_type="Application/JSON;charset=UTF-8",
)
TABLE.changes(
    "network", "headers-more", "Responses have more headers.", stages.RESPONSE, _more_headers
)
