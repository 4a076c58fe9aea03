"""Takes what it can read of a page that broke off. Found by: half-a-list."""

from __future__ import annotations

import http.client
import json
import re
import sys
from typing import Any
from urllib.parse import urlsplit

from tests.qlara_rehearsal.clients.good import Client, Response


class Wrong(Client):
    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Any = None
    ) -> Response:
        where = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port)
        connection.request(method, path, body, {**self.key_headers(), **(headers or {})})
        response = connection.getresponse()
        try:
            content = response.read()
        except http.client.IncompleteRead as error:
            content = error.partial
        return Response(response.status, {}, content)

    def read(self, response: Response) -> dict[str, Any]:
        try:
            return super().read(response)
        except ValueError:
            names = re.findall(r'"name": ?"([^"]*)"', response.content.decode("utf-8", "replace"))
            return {"contacts": [{"name": json.dumps(name)} for name in names], "hasMore": False}


if __name__ == "__main__":
    sys.exit(Wrong().run())
