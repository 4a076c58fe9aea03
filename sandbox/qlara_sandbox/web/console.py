"""``/__console``: the page on which people see the API, and each of its errors, at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import Response

from qlara_sandbox import resources
from qlara_sandbox.domain.errors import Refusal
from qlara_sandbox.web.pages import SECURITY_HEADERS, PageRoute, missing, page, read, refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from qlara_sandbox.web.runtime import Runtime

PATH = "/__console"
SAMPLES = frozenset(
    (
        "contacts-export.vcf",
        "contacts-updated.vcf",
        "outlook-contacts.vcf",
        "bad-header.vcf",
        "no-footer.vcf",
    )
)
_FILES = resources.SCENARIOS / "files"


def routes(runtime: Runtime) -> list[PageRoute]:
    """Return the routes of the page and of the sample files that it offers."""

    async def console(request: Request) -> Response:
        response = closed(runtime, request)
        return page(read("console.html")) if response is None else response

    async def sample(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in SAMPLES:
            return missing(name)
        data = (_FILES / name).read_bytes()
        return Response(data, media_type="text/vcard", headers=SECURITY_HEADERS)

    return [
        PageRoute(PATH, console, methods=["GET"]),
        PageRoute(f"{PATH}/samples/{{name}}", sample, methods=["GET"]),
    ]


def closed(runtime: Runtime, request: Request) -> Response | None:
    """Return the refusal of a page that is reached under a name that is not this machine's.

    The page itself holds nothing: all that it shows comes from the API and the control API. So a
    link may lead here from anywhere, and where a token is needed, the page asks for it.
    """
    from qlara_sandbox.web.gates.access import require_access

    settings = runtime.settings
    if settings.admin_token is not None:
        return None
    reached = Headers({"host": request.headers.get("host", "")})
    try:
        require_access(settings, reached, request.url.scheme)
    except Refusal as error:
        return refused(error)
    return None
