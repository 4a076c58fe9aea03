"""A client that handles every act: Python, with nothing but the standard library.

Each decision is a function of its own, so that a wrong client is this one with one of them replaced.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

ATTEMPTS = 4
FIRST_PAUSE = 0.3
PAGE_SIZE = 100
LARGEST = 10 * 1024 * 1024
BOUNDARY = "----good-client-5d1f0c7a9b"


class Refused(Exception):
    """The API refused a request."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Lost(Exception):
    """No whole response has arrived."""


class Response:
    """A response whose body is whole."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content


class Client:
    """One import, with a look at the list and the quota after it."""

    timeout = 30.0
    temporary: ClassVar[set[int]] = {429, 502, 503, 504}

    def __init__(self) -> None:
        self.base_url = os.environ["QLARA_BASE_URL"]
        self.api_key = os.environ["QLARA_API_KEY"]
        self.file = Path(os.environ["QLARA_FILE"])
        self.list_id = os.environ.get("QLARA_LIST_ID", "")
        self.list_name = os.environ.get("QLARA_LIST_NAME", "")
        self.strategy = os.environ.get("QLARA_STRATEGY") or "SKIP"

    # What it does.

    def run(self) -> int:
        """Import the file, read the list and the quota; return the exit code."""
        try:
            self.check_file()
            report = self.import_file()
            contacts = self.read_list(report["listId"] if report else self.list_id)
            quota = self.get(self.quota_path())
        except (Refused, Lost) as error:
            return self.give_up(error)
        if report:
            self.print_report(report)
        self.say(f"{len(contacts)} in the list, {quota['used']} of {quota['total']} used")
        return self.exit_code(report)

    def check_file(self) -> None:
        """Refuse a file that need not be sent."""

    def import_file(self) -> dict[str, Any] | None:
        """Import the file and return the report; ``None`` if the response was lost, but all are there."""
        before = self.total() if self.strategy == "DUPLICATE" and self.list_id else None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.upload(self.file.read_bytes())
            except (Refused, Lost) as error:
                if attempt == ATTEMPTS or not self.may_try_again(error):
                    raise
                self.wait(attempt, error)
                if self.has_happened(error, before):
                    return None
        raise AssertionError

    def has_happened(self, error: Exception, before: int | None) -> bool:
        """Return whether an import whose response was lost has been carried out after all."""
        return isinstance(error, Lost) and before is not None and self.total() > before

    def total(self) -> int:
        page = self.get(self.list_path(self.list_id, 1, 1))
        return int(page["total"])

    def read_list(self, list_id: str) -> list[dict[str, Any]]:
        """Return every contact of the list."""
        contacts: list[dict[str, Any]] = []
        number, more = self.first_page(), True
        while more:
            page = self.get(self.list_path(list_id, number, PAGE_SIZE))
            contacts += page["contacts"]
            more = self.has_more(page)
            number = self.next_page(number)
        return contacts

    def first_page(self) -> int:
        return 1

    def next_page(self, number: int) -> int:
        return number + 1

    def has_more(self, page: dict[str, Any]) -> bool:
        return bool(page["hasMore"])

    # What it makes of responses.

    def may_try_again(self, error: Exception) -> bool:
        return isinstance(error, Lost) or (
            isinstance(error, Refused) and error.status in self.temporary
        )

    def wait(self, attempt: int, error: Exception) -> None:
        told = getattr(error, "retry_after", None)
        self.sleep(self.pause(attempt) if told is None else told)

    def pause(self, attempt: int) -> float:
        return float(FIRST_PAUSE * 2 ** (attempt - 1))

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def read(self, response: Response) -> dict[str, Any]:
        """Return the JSON object of a response that succeeded."""
        if response.status != 200:
            raise self.refusal(response)
        value = json.loads(response.content)
        if not isinstance(value, dict):
            raise Lost("no JSON object")
        return value

    def refusal(self, response: Response) -> Refused:
        error = Refused(response.status, response.content.decode("utf-8", "replace")[:300])
        told = response.headers.get("retry-after", "")
        error.retry_after = float(told) if told.isdecimal() else None  # type: ignore[attr-defined]
        return error

    def give_up(self, error: Exception) -> int:
        self.say(f"import failed: {error}", sys.stderr)
        return 1

    def print_report(self, report: dict[str, Any]) -> None:
        summary = report["summary"]
        self.say(f"{summary['imported']} of {summary['total']} imported")
        for error in report["errors"]:
            self.say(f"line {error['line']}: {error['name']}: {error['reason']}")

    def exit_code(self, report: dict[str, Any] | None) -> int:
        return 3 if report and report["errors"] else 0

    def say(self, text: str, to: Any = None) -> None:
        print(text.encode("ascii", "backslashreplace").decode(), file=to or sys.stdout)

    # How it sends requests.

    def upload(self, content: bytes) -> dict[str, Any]:
        body = self.form(content)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.read(self.send("POST", self.upload_path(), body, headers))

    def get(self, path: str) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.read(self.send("GET", path))
            except (Refused, Lost) as error:
                if attempt == ATTEMPTS or not self.may_try_again(error):
                    raise
                self.wait(attempt, error)
        raise AssertionError

    def send(self, method: str, path: str, body: Any = None, headers: Any = None) -> Response:
        """Send a request and return its whole response.

        Raises:
            Lost: there is none.
        """
        where = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(
            where.hostname or "", where.port, timeout=self.timeout
        )
        try:
            connection.request(method, path, body, {**self.key_headers(), **(headers or {})})
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Lost(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, names, content)

    def key_headers(self) -> dict[str, str]:
        return {"X-Api-Key": self.api_key, "User-Agent": "good-client/1.0"}

    def form(self, content: bytes) -> bytes:
        parts = [
            self.part(f'name="file"; filename="{self.file.name}"', content, "text/vcard"),
            *(self.part(f'name="{name}"', value.encode()) for name, value in self.fields().items()),
        ]
        return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()

    def fields(self) -> dict[str, str]:
        return {**self.destination(), "duplicateStrategy": self.strategy}

    def destination(self) -> dict[str, str]:
        if self.list_name:
            return {"listName": self.list_name}
        return {"listId": self.list_id}

    def part(self, name: str, content: bytes, media_type: str = "") -> bytes:
        kind = f"Content-Type: {media_type}\r\n" if media_type else ""
        head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n{kind}\r\n"
        return head.encode() + content + b"\r\n"

    def upload_path(self) -> str:
        return "/api/partner-gateway/v1/contacts/upload/vcard"

    def list_path(self, list_id: str, page: int, limit: int) -> str:
        parameters = urlencode(self.list_parameters(page, limit))
        where = f"/api/partner-gateway/v1/contacts/list/{quote(list_id, safe='')}/contacts"
        return f"{where}?{parameters}"

    def list_parameters(self, page: int, limit: int) -> dict[str, Any]:
        return {"page": page, "limit": limit}

    def quota_path(self) -> str:
        return "/api/v1/partner-gateway/subscription/contacts"


if __name__ == "__main__":
    sys.exit(Client().run())
