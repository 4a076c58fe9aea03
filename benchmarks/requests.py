"""The requests that every candidate gets, as bytes, and a plain exchange of one of them."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, replace
from pathlib import Path

HOST = "127.0.0.1"
KEY = "sandbox_bench__default"
LARGE_KEY = "sandbox_bench__large-account"
LIST_PATH = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
UPLOAD_PATH = "/api/partner-gateway/v1/contacts/upload/vcard"
QUOTA_PATH = "/api/v1/partner-gateway/subscription/contacts"
EXPORT = Path(__file__).parents[1] / "scenarios" / "files" / "contacts-export.vcf"
PLACE = "@NUMBER@"
"""Where the sender puts the number of a request, which has as many digits."""
_FORM = "multipart/form-data; boundary=benchmark"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a GET, or a POST if it has a form."""

    path: str
    form: bytes = b""
    key: str = KEY

    @property
    def method(self) -> str:
        return "POST" if self.form else "GET"

    @property
    def headers(self) -> dict[str, str]:
        form = {"Content-Type": _FORM} if self.form else {}
        return {"X-Api-Key": self.key, **form}

    def of(self, key: str) -> Request:
        """Return the same request with another API key: that of another account."""
        return replace(self, key=key)

    def encode(self, host: str, port: int) -> bytes:
        """Return the request as it is sent over a connection that stays open."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.form:
            lines.append(f"Content-Length: {len(self.form)}")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.form


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status, the headers as they were sent, and the body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


LIST = Request(LIST_PATH)
QUOTA = Request(QUOTA_PATH)


def upload(file: bytes) -> Request:
    """Return the request that imports the vCard *file* into the documented list."""
    head = (
        '--benchmark\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration\r\n'
        '--benchmark\r\nContent-Disposition: form-data; name="file"; filename="contacts.vcf"\r\n'
        "Content-Type: text/vcard\r\n\r\n"
    )
    return Request(UPLOAD_PATH, head.encode("ascii") + file + b"\r\n--benchmark--\r\n")


def numbered(file: bytes) -> bytes:
    """Return a vCard file with a place for a number in its first card: every upload is another file."""
    end = b"END:VCARD"
    return file.replace(end, b"NOTE:" + PLACE.encode("ascii") + b"\r\n" + end, 1)


def exchange(host: str, port: int, request: Request, timeout: float = 120) -> Response:
    """Send one request over a connection of its own, and return the response.

    Raises:
        OSError: there is none, or it is no HTTP.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(request.method, request.path, request.form or None, request.headers)
        response = connection.getresponse()
        return Response(response.status, response.getheaders(), response.read())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
