"""Import a vCard file into a list, read the list back, and read the quota.

Usage: python import_contacts.py FILE LIST_ID [SKIP|UPDATE|DUPLICATE]
Environment: QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT in seconds (default: 30)
Needs httpx.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT = 30  # seconds that we wait for a rate limit before we give up
UNTOLD_WAIT = 60  # where Retry-After is missing, or is a date
ATTEMPTS = 5
FIRST_PAUSE = 0.5  # seconds before the second attempt; each further pause is twice as long
PASSING = {502, 503, 504}  # of a gateway, or of a server that starts


class QlaraError(Exception):
    """Anything that keeps a call from succeeding."""


class Unavailable(QlaraError):
    """No whole response in time. An import may have happened; with SKIP it is safe to send it again."""


class Refused(QlaraError):
    """The API refused the request and changed nothing."""

    def __init__(self, response: httpx.Response, fields: dict[str, str]) -> None:
        self.status = response.status_code
        self.fields = fields  # each field at fault, with what is wrong with it
        self.request_id = response.headers.get("X-Request-Id", "unknown")
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()))


class InvalidRequest(Refused):
    """400: the file is no vCard file, or a field is not what is expected."""


class InvalidKey(Refused):
    """401: the key is missing, unknown or revoked."""


class NotPermitted(Refused):
    """403: the key may not manage contacts."""


class UnknownList(Refused):
    """404: the account has no such list."""


class QuotaExceeded(Refused):
    """409: the plan has no room for all contacts of the file; none was imported."""


class FileTooLarge(Refused):
    """413: split the file, at 10 MB each."""


class RateLimited(Refused):
    """429: try again in ``retry_after`` seconds."""

    def __init__(self, response: httpx.Response, retry_after: int) -> None:
        super().__init__(response, {"try again in": f"{retry_after} seconds"})
        self.retry_after = retry_after


class UnexpectedResponse(Refused):
    """Any other response: of a proxy, or of a server in trouble. An import may have happened."""


class Qlara:
    """The three calls, on one connection."""

    REFUSALS: ClassVar[dict[int, type[Refused]]] = {
        400: InvalidRequest,
        401: InvalidKey,
        403: NotPermitted,
        404: UnknownList,
        409: QuotaExceeded,
        413: FileTooLarge,
    }

    def __init__(self, base_url: str, api_key: str, timeout: float = 30) -> None:
        headers = {"X-Api-Key": api_key}
        self.http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout)

    def upload(self, file: Path, list_id: str, strategy: str = "SKIP") -> dict[str, Any]:
        """Import *file* into a list that exists; return the report."""
        content = file.read_bytes()
        return self._send(
            "POST",
            "/api/partner-gateway/v1/contacts/upload/vcard",
            "summary",
            repeatable=strategy != "DUPLICATE",
            data={"listId": list_id, "duplicateStrategy": strategy},
            files={"file": (file.name, content, "text/vcard")},
        )

    def contacts(self, list_id: str, limit: int = 100) -> Iterator[dict[str, Any]]:
        """Yield every contact of a list, page by page."""
        path = f"/api/partner-gateway/v1/contacts/list/{quote(list_id, safe='')}/contacts"
        number, more = 1, True
        while more:
            page = self._send("GET", path, "contacts", params={"limit": limit, "page": number})
            yield from page["contacts"]
            number, more = number + 1, page["hasMore"]

    def quota(self) -> dict[str, int]:
        """Return how many contacts are ``used``, of how many in ``total``."""
        return self._send("GET", "/api/v1/partner-gateway/subscription/contacts", "used")

    def _send(
        self, method: str, path: str, needed: str, *, repeatable: bool = True, **more: Any
    ) -> dict[str, Any]:
        """Send a request, again if that may help and does no harm.

        A request over the rate limit changed nothing. Of one without a whole response nobody knows:
        with ``repeatable`` it may be carried out twice.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._send_once(method, path, needed, **more)
            except (Refused, Unavailable) as error:
                pause = pause_after(error, attempt, repeatable=repeatable)
                if attempt == ATTEMPTS or pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError

    def _send_once(self, method: str, path: str, needed: str, **more: Any) -> dict[str, Any]:
        try:
            response = self.http.request(method, path, **more)
        except httpx.TransportError as error:  # also a time limit that is over, and half a response
            raise Unavailable(str(error) or type(error).__name__) from error
        if response.status_code == 429:
            seconds = response.headers.get("Retry-After", "")
            raise RateLimited(response, int(seconds) if seconds.isdecimal() else UNTOLD_WAIT)
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise UnexpectedResponse(response, {"body": response.text[:200]})
        if response.status_code == 200 and body.get(needed) is not None:
            return body
        refusal, fields = self.REFUSALS.get(response.status_code), body.get("data")
        if refusal is None or not isinstance(fields, dict):
            raise UnexpectedResponse(response, {"body": response.text[:200]})
        raise refusal(response, fields)


def pause_after(error: QlaraError, attempt: int, *, repeatable: bool) -> float | None:
    """Return how many seconds to wait for the next attempt; ``None``: there is none."""
    if isinstance(error, RateLimited):
        return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    passes = isinstance(error, Unavailable) or (
        isinstance(error, Refused) and error.status in PASSING
    )
    return FIRST_PAUSE * 2 ** (attempt - 1) if passes and repeatable else None


def main(file: Path, list_id: str, strategy: str = "SKIP") -> None:
    qlara = Qlara(
        os.environ["QLARA_BASE_URL"],
        os.environ["QLARA_API_KEY"],
        float(os.environ.get("QLARA_TIMEOUT", "30")),
    )
    report = qlara.upload(file, list_id, strategy)
    counts = report["summary"]
    print(f"{counts['imported']} of {counts['total']} imported, {counts['duplicates']} duplicates")
    for error in report["errors"]:  # cards that were left out; the others are imported
        print(f"line {error['line']}: {error['name']}: {error['reason']}")
    names = [contact["name"] for contact in qlara.contacts(list_id)]
    print(
        f"{len(names)} contacts in {list_id}, the last of them {names[-1] if names else 'nobody'}"
    )
    quota = qlara.quota()
    print(f"{quota['used']} of {quota['total']} contacts used")


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4 or not {"QLARA_BASE_URL", "QLARA_API_KEY"} <= os.environ.keys():
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]), *sys.argv[2:])
    except Refused as refused:
        kind = type(refused).__name__
        sys.exit(f"{refused.status} {kind}: {refused} (request {refused.request_id})")
    except Unavailable as unavailable:
        sys.exit(f"Unavailable: {unavailable}")
    except OSError as unreadable:
        sys.exit(f"{sys.argv[1]}: {unreadable.strerror}")
