"""Many sessions of one key at once, over real connections."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.qlara_sandbox.web.calls import LIST, QUOTA, UPLOAD, vcf

if TYPE_CHECKING:
    from tests.server import Running

SESSIONS = 200
AT_ONCE = 50
STEPS = 3


def ask(
    connection: http.client.HTTPConnection, session: str, path: str, body: bytes | None = None
) -> Any:
    headers = {"X-Api-Key": "sandbox_shared", "X-Sandbox-Session": session}
    if body is not None:
        headers["Content-Type"] = "multipart/form-data; boundary=b"
    connection.request("GET" if body is None else "POST", path, body, headers)
    response = connection.getresponse()
    assert (response.status, response.headers["x-sandbox-session"]) == (200, session)
    return json.load(response)


def form(number: int) -> bytes:
    file = vcf((f"Person {number}", f"+39347{number:07}"))
    return (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="c.vcf"\r\n'
        b"Content-Type: text/vcard\r\n\r\n"
        + file
        + b'\r\n--b\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration\r\n--b--\r\n'
    )


def story(server: Running, number: int) -> tuple[list[int], list[str]]:
    """Import three contacts of its own, one after the other; return what was seen on the way."""
    session = f"s{number}"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        seen = []
        for step in range(STEPS):
            ask(connection, session, UPLOAD, form(number * STEPS + step))
            seen.append(ask(connection, session, QUOTA)["used"])
        page = ask(connection, session, LIST)
    finally:
        connection.close()
    return seen, [contact["phoneNumber"] for contact in page["contacts"]]


def test_two_hundred_sessions_of_one_key_do_not_see_each_other(server: Running) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        stories = list(pool.map(lambda number: story(server, number), range(SESSIONS)))

    assert stories == [
        ([1, 2, 3], [f"+39347{number * STEPS + step:07}" for step in range(STEPS)])
        for number in range(SESSIONS)
    ]
