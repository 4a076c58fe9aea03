"""What is observed of a request while it streams, however its body is cut into pieces."""

from __future__ import annotations

import anyio
import pytest

from qlara_rehearsal.observing import NUMBER_HEADER, Observed, Observer

KEY = "sandbox_rehearsal-one"
FORM = (
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.vcf"\r\n\r\n'
    b'BEGIN:VCARD\r\nNOTE:Content-Disposition: form-data; name="no"\r\nEND:VCARD\r\n'
    b'--B\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist\r\n'
    b'--B\r\nContent-Disposition: form-data; name="apiKey"\r\n\r\n%s\r\n--B--\r\n'
)
FORM_TYPE = (b"content-type", b"multipart/form-data; boundary=B")


def observed(body: bytes, size: int, *headers: tuple[bytes, bytes], query: bytes = b"") -> Observed:
    """Return what is observed of a request whose body comes in pieces of *size* bytes."""
    observer = Observer()
    observer.keys.add(KEY)
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    numbers: list[str] = []

    async def app(scope: object, receive: object, _: object) -> None:
        assert isinstance(scope, dict)
        numbers.append(dict(scope["headers"])[NUMBER_HEADER.encode()].decode())
        for _piece in list(pieces):
            await receive()  # type: ignore[operator]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(_: object) -> None: ...

    scope = {"type": "http", "path": "/x", "headers": list(headers), "query_string": query}
    anyio.run(observer.wrap(app), scope, receive, send)
    return observer.of(numbers[0])


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_the_names_of_all_fields_are_seen_and_a_key_among_them(size: int) -> None:
    found = observed(FORM % KEY.encode(), size, FORM_TYPE)

    assert found == Observed(KEY, has_key=False, names=["file", "listId", "apiKey"])


def test_a_key_in_its_header_is_told_from_one_elsewhere() -> None:
    key = KEY.encode()

    assert observed(b"", 1, (b"x-api-key", key)) == Observed(KEY, has_key=True)
    assert observed(b"", 1, (b"authorization", b"Bearer " + key)) == Observed(KEY)
    assert observed(b"", 1, query=b"key=" + key) == Observed(KEY)
    assert observed(b"", 1, (b"x-api-key", b"another")) == Observed()


def test_a_head_without_an_end_is_no_part() -> None:
    assert observed(b'--B\r\nname="' + b"x" * 20_000, 1000, FORM_TYPE).names == []
