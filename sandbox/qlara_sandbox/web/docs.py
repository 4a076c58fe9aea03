"""``/__docs``: the contract, browsable, with the source of every part of it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qlara_sandbox.web.pages import BASE_URL, DOCS_PATH, PageRoute, page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from qlara_sandbox.web.runtime import Runtime


def route(runtime: Runtime, *, of_proxy: bool = False) -> PageRoute:
    """Return the route of the page, which is rendered with the first request for it."""
    docs = Docs(runtime, of_proxy=of_proxy)

    async def endpoint(request: Request) -> Response:
        return page(docs.html(str(request.base_url).rstrip("/")))

    return PageRoute(DOCS_PATH, endpoint, methods=["GET"])


class Docs:
    """The page of one contract, rendered once."""

    def __init__(self, runtime: Runtime, *, of_proxy: bool = False) -> None:
        self._runtime = runtime
        self._of_proxy = of_proxy
        self._html: str | None = None

    def html(self, base_url: str) -> str:
        """Return the page as it reads under the address at which it was reached."""
        if self._html is None:
            # Imported with the first request: most runs of the sandbox never show the page.
            from qlara_sandbox.web.pages.contract_page import render

            contract = self._runtime.contract
            overlay = contract.overlay.name if contract.overlay is not None else ""
            self._html = render(contract.document, overlay, of_proxy=self._of_proxy)
        return self._html.replace(BASE_URL, escape(base_url))
