"""The baseline of every request: a Starlette route without any check, on uvicorn.

``python -m benchmarks.bare FILE PORT``; the JSON file says which ``content`` each path gets, and with
which ``headers``. The body of a request is read and passed over.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request


def _route(path: str, response: dict[str, Any]) -> Route:
    content, headers = response["content"], response["headers"]

    async def read(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse(content, headers=headers)

    async def respond(_: Request) -> JSONResponse:
        return JSONResponse(content, headers=headers)

    method: str = response["method"]
    endpoint: Callable[[Request], Awaitable[JSONResponse]] = read if method == "POST" else respond
    return Route(path, endpoint, methods=[method])


def main() -> None:
    responses = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    app = Starlette(routes=[_route(path, response) for path, response in responses.items()])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
