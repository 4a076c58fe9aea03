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
        while (await receive())["more_body"]:  # type: ignore[operator]
            pass

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(_: object) -> None: ...

    scope = {"type": "http", "path": "/x", "headers": list(headers), "query_string": query}
    anyio.run(observer.wrap(app), scope, receive, send)
    return observer.of(numbers[0])


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_the_names_of_all_fields_are_seen_and_a_key_among_them(size: int) -> None:
    found = observed(FORM % KEY.encode(), size, FORM_TYPE)

    assert (found.owner, found.has_key) == (KEY, False)
    assert found.names == ["file", "listId", "apiKey"]


def test_a_key_in_its_header_is_told_from_one_elsewhere() -> None:
    key = KEY.encode()

    found = [
        observed(b"", 1, (b"x-api-key", key)),
        observed(b"", 1, (b"authorization", b"Bearer " + key)),
        observed(b"", 1, query=b"key=" + key),
        observed(b"", 1, (b"x-api-key", b"another")),
    ]

    assert [(one.owner, one.has_key) for one in found] == [
        (KEY, True),
        (KEY, False),
        (KEY, False),
        ("", False),
    ]


def test_a_head_without_an_end_is_no_part() -> None:
    assert observed(b'--B\r\nname="' + b"x" * 20_000, 1000, FORM_TYPE).names == []


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_files_that_begin_alike_are_told_from_others_whatever_stands_around_them(size: int) -> None:
    first = observed(FORM % b"x", size, FORM_TYPE).file_begins
    alone = b"--C\r\nContent-Disposition: form-data; filename=b; name=file\r\n\r\n"
    card = FORM.partition(b"\r\n\r\n")[2].partition(b"\r\n--B")[0]
    kind = (b"content-type", b"multipart/form-data; boundary=C")

    assert first
    assert observed(alone + card + b"\r\n--C--\r\n", 10_000, kind).file_begins == first
    assert observed(alone + card + b"x\r\n--C--\r\n", size, kind).file_begins != first
    assert observed(FORM % b"x", size, FORM_TYPE, (b"expect", b"100-continue")).file_begins == first


def test_of_a_long_file_the_beginning_is_known_before_its_end() -> None:
    long = FORM.replace(b"BEGIN:VCARD", b"BEGIN:VCARD\r\n" * 1000) % b"x"

    assert (
        observed(long, 700, FORM_TYPE).file_begins
        == observed(long[:9000], 40, FORM_TYPE).file_begins
    )


def test_a_form_without_a_file_is_not_waited_for_without_end() -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="listId"\r\n\r\n' + b"x" * 300_000

    assert observed(body, 1000, FORM_TYPE).file_begins == ""
