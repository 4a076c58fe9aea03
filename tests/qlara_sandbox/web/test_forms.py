"""Multipart forms as clients really write them, over a real socket."""

from __future__ import annotations

import base64
import gzip
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.qlara_sandbox.web.calls import MARCO, QUOTA, UPLOAD
from tests.server import exchange

if TYPE_CHECKING:
    from tests.server import Running

FILE = b'Content-Disposition: form-data; name="file"; filename="c.vcf"\r\n'
LIST_ID = b'Content-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration'
EXPECTED = "Expected a multipart/form-data body with a vCard file"
AS_TEXT = "pass the form object itself as the body."


def send(
    server: Running, body: bytes, *headers: str, key: str = "forms", boundary: str = "b"
) -> tuple[int, dict[str, Any]]:
    media = f"Content-Type: multipart/form-data; boundary={boundary}"
    own = any(header.lower().startswith("content-type") for header in headers)
    lines = [
        f"POST {UPLOAD} HTTP/1.1",
        "Host: localhost",
        f"X-Api-Key: sandbox_{key}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *([] if own else [media]),
        *headers,
    ]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    raw = exchange(server.port, head + body)
    return int(raw[9:12]), json.loads(raw.partition(b"\r\n\r\n")[2])


def form(*parts: bytes, boundary: bytes = b"b", pad: bytes = b"") -> bytes:
    lines = [b"--" + boundary + pad + b"\r\n" + part + b"\r\n" for part in parts]
    return b"".join(lines) + b"--" + boundary + b"--" + pad + b"\r\n"


def last_request(server: Running, key: str) -> dict[str, Any]:
    url = f"{server.url}/__admin/requests?apiKey=sandbox_{key}&limit=1"
    with urlopen(Request(url), timeout=10) as response:  # noqa: S310 - our own server
        [entry] = json.load(response)["requests"]
    shown: dict[str, Any] = entry["request"]["form"]
    return shown


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        (b"text/plain; charset=ISO-8859-1", "Città".encode("latin-1")),
        (b'text/plain; charset="iso-8859-1"', "Città".encode("latin-1")),
        (b"text/plain;charset=UTF-16", "Città".encode("utf-16")),
        (b"text/plain; charset=windows-1252", "Città".encode("cp1252")),
        (b"text/plain; charset=utf-8", "Città".encode()),
        (b"text/plain", "Città".encode()),
    ],
)
def test_a_text_part_is_read_in_the_character_set_that_it_declares(
    server: Running, content_type: bytes, text: bytes
) -> None:
    key = (
        f"charset-{content_type.rpartition(b'=')[2].strip(chr(34).encode()).decode()[:10]}".replace(
            "/", "-"
        )
    )
    name = b'Content-Disposition: form-data; name="listName"\r\nContent-Type: ' + content_type
    body = form(FILE + b"\r\n" + MARCO, name + b"\r\n\r\n" + text)

    assert send(server, body, key=key)[0] == 200
    assert last_request(server, key)["fields"] == {"listName": "Città"}


def test_a_character_set_that_is_none_is_refused_by_name(server: Running) -> None:
    name = (
        b'Content-Disposition: form-data; name="listName"\r\nContent-Type: text/plain; charset=x-9'
    )
    body = form(FILE + b"\r\n" + MARCO, name + b"\r\n\r\nA")

    assert send(server, body) == (
        400,
        {"status": "fail", "data": {"listName": "Unknown charset 'x-9'. Expected UTF-8 text."}},
    )


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-7", b"+2AA-"),
        ("unicode_escape", b"\\ud800"),
        ("raw_unicode_escape", b"\\ud800"),
        ("punycode", b"a-b"),
        ("idna", b"xn--a"),
        ("charmap", b"a"),
        ("x" * 41, b"a"),
    ],
)
def test_what_is_no_character_set_of_text_is_refused_and_leaves_the_journal_readable(
    server: Running, charset: str, text: bytes
) -> None:
    name = (
        b'Content-Disposition: form-data; name="listName"\r\nContent-Type: text/plain; charset='
        + charset.encode()
    )
    body = form(FILE + b"\r\n" + MARCO, name + b"\r\n\r\n" + text)
    message = f"Unknown charset {charset!r}. Expected UTF-8 text."

    assert send(server, body, key="no-text") == (
        400,
        {"status": "fail", "data": {"listName": message}},
    )
    assert last_request(server, "no-text")["fields"] == {"listName": text.decode()}


def test_the_charset_field_speaks_for_fields_that_declare_none(server: Running) -> None:
    body = form(
        b'Content-Disposition: form-data; name="_charset_"\r\n\r\niso-8859-1',
        FILE + b"\r\n" + MARCO,
        b'Content-Disposition: form-data; name="listName"\r\n\r\n' + "Città".encode("latin-1"),
    )

    assert send(server, body, key="charset-field")[0] == 200
    assert last_request(server, "charset-field")["fields"] == {"listName": "Città"}


@pytest.mark.parametrize(
    ("boundary", "written"),
    [
        ("----=_Part_4_153.158", "----=_Part_4_153.158"),
        ("a'()+_,-./:=?z", "a'()+_,-./:=?z"),
        ("a'()+_,-./:=?z", '"a\'()+_,-./:=?z"'),
        ("b", "b ; charset=utf-8"),
        ("b c", '"b c"'),
    ],
)
def test_a_boundary_is_read_quoted_or_not(server: Running, boundary: str, written: str) -> None:
    body = form(FILE + b"\r\n" + MARCO, LIST_ID, boundary=boundary.encode())

    assert send(server, body, key="boundary", boundary=written)[0] == 200


def test_blanks_after_boundary_lines_are_no_part_of_the_form(server: Running) -> None:
    body = form(FILE + b"\r\n" + MARCO, LIST_ID, pad=b" \t ")

    status, report = send(server, body, key="padding")
    assert (status, report["summary"]["total"]) == (200, 1)


@pytest.mark.parametrize("line", [76, 7, 10**6])
def test_a_file_in_base64_is_decoded_however_its_lines_are_cut(server: Running, line: int) -> None:
    coded = base64.b64encode(MARCO)
    cut = b"\r\n".join(coded[at : at + line] for at in range(0, len(coded), line))
    part = FILE + b"Content-Transfer-Encoding: BASE64\r\n\r\n" + cut

    status, report = send(server, form(part, LIST_ID), key=f"base64-{line}")
    assert (status, report["summary"]["imported"]) == (200, 1)


@pytest.mark.parametrize(
    ("encoding", "content", "message"),
    [
        (
            b"quoted-printable",
            MARCO,
            "Expected a part sent as it is, or in base64; found Content-Transfer-Encoding "
            "quoted-printable.",
        ),
        (b"base64", b"QkVHS", "Expected base64, as Content-Transfer-Encoding says."),
        (b"base64", b"!!!!", "Expected base64, as Content-Transfer-Encoding says."),
        (b"base64", b"QQ==QUJD", "Expected base64, as Content-Transfer-Encoding says."),
    ],
)
def test_a_part_that_cannot_be_decoded_is_refused_in_words_that_name_the_cause(
    server: Running, encoding: bytes, content: bytes, message: str
) -> None:
    part = FILE + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content

    assert send(server, form(part, LIST_ID)) == (
        400,
        {"status": "fail", "data": {"file": message}},
    )


def test_a_text_part_that_is_not_base64_is_refused_under_its_own_name(server: Running) -> None:
    list_id = (
        b'Content-Disposition: form-data; name="listId"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!"
    )
    message = "Expected base64, as Content-Transfer-Encoding says."

    assert send(server, form(FILE + b"\r\n" + MARCO, list_id)) == (
        400,
        {"status": "fail", "data": {"listId": message}},
    )


def test_a_file_of_nothing_but_line_breaks_in_base64_is_too_large_all_the_same(
    server: Running,
) -> None:
    blank = b"\r\n" * (11 * 1024 * 1024)
    part = FILE + b"Content-Transfer-Encoding: base64\r\n\r\n" + blank

    assert send(server, form(part, LIST_ID)) == (
        413,
        {"status": "fail", "data": {"file": "File size exceeds maximum allowed (10 MB)"}},
    )


def test_a_large_file_that_is_sent_as_text_is_refused_for_that(server: Running) -> None:
    part = b'Content-Disposition: form-data; name="file"\r\n\r\n' + b"x" * 1_500_000
    message = "Expected a vCard file, sent as a file part with a file name; found text."

    assert send(server, form(part, LIST_ID)) == (
        400,
        {"status": "fail", "data": {"file": message}},
    )


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (
            form(FILE + b"\r\n" + MARCO, LIST_ID, boundary=b"other"),
            "found no line --b, the boundary of the Content-Type header",
        ),
        (b'{"file": 1}', "found no line --b, the boundary of the Content-Type header"),
        (form(FILE + b"\r\n" + MARCO, LIST_ID)[:-4], "expected --b-- at its end"),
    ],
)
def test_a_form_without_its_boundary_lines_is_refused_with_the_one_that_is_missing(
    server: Running, body: bytes, cause: str
) -> None:
    assert send(server, body) == (
        400,
        {
            "status": "fail",
            "data": {"file": f"Malformed multipart/form-data body: {cause}."},
        },
    )


def test_a_compressed_body_is_refused_by_name(server: Running) -> None:
    body = gzip.compress(form(FILE + b"\r\n" + MARCO, LIST_ID))

    assert send(server, body, "Content-Encoding: gzip") == (
        400,
        {
            "status": "fail",
            "data": {"content-encoding": "Expected a body without Content-Encoding; found gzip."},
        },
    )


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        (b"", [], f"{EXPECTED}; the body is empty."),
        (b"", ["Content-Type: text/plain"], f"{EXPECTED}; the body is empty."),
        (
            b"[object FormData]",
            ["Content-Type: text/plain;charset=UTF-8"],
            f"{EXPECTED}; found the text '[object FormData]': {AS_TEXT}",
        ),
        (b"[object FormData]", [], f"{EXPECTED}; found the text '[object FormData]': {AS_TEXT}"),
        (
            b"{}",
            ["Content-Type: application/json"],
            f"{EXPECTED}; found application/json.",
        ),
        (
            b"--b\r\n",
            ["Content-Type: multipart/form-data"],
            "Expected a boundary of 1 to 200 characters in the Content-Type header; a client that "
            "builds the form sets it itself.",
        ),
    ],
)
def test_what_is_no_form_is_refused_with_what_was_found(
    server: Running, body: bytes, headers: list[str], message: str
) -> None:
    assert send(server, body, *headers) == (400, {"status": "fail", "data": {"file": message}})


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="Rubrica Città.vcf"'.encode(), "Rubrica Città.vcf"),
        ('filename="Città.vcf"'.encode("latin-1"), "Città.vcf"),
        (b"filename*=UTF-8''Citt%C3%A0.vcf", "Città.vcf"),
        (b"filename=\"Citta.vcf\"; filename*=UTF-8''Citt%C3%A0.vcf", "Città.vcf"),
        (b"filename*=iso-8859-1'it'Citt%E0.vcf; filename=Citta.vcf", "Città.vcf"),
        (b'filename="a \\"b\\".vcf"', 'a "b".vcf'),
        (b"filename=plain.vcf", "plain.vcf"),
        (b"filename*=x-nobody''plain.vcf", "plain.vcf"),
        (b"filename*=utf-7''+2AA-.vcf", "+2AA-.vcf"),
        (b"filename*=unicode_escape''%5cud800.vcf", "%5cud800.vcf"),
    ],
)
def test_the_name_of_a_file_stands_right_in_the_journal(
    server: Running, disposition: bytes, name: str
) -> None:
    part = b'Content-Disposition: form-data; name="file"; ' + disposition + b"\r\n\r\n" + MARCO

    assert send(server, form(part, LIST_ID), key="names")[0] == 200
    assert last_request(server, "names")["file"]["name"] == name


def test_a_client_of_http_1_0_gets_no_100_continue(server: Running) -> None:
    body = form(FILE + b"\r\n" + MARCO, LIST_ID)
    head = (
        f"POST {UPLOAD} HTTP/1.0\r\nX-Api-Key: sandbox_http10\r\nExpect: 100-continue\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_page_may_ask_whether_it_may_call_a_private_network(server: Running) -> None:
    preflight = (
        f"OPTIONS {QUOTA} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://partner.example\r\n"
        "Access-Control-Request-Method: GET\r\nAccess-Control-Request-Private-Network: true\r\n"
        "Connection: close\r\n\r\n"
    )
    raw = exchange(server.port, preflight.encode()).lower()

    assert raw.startswith(b"http/1.1 200 ok")
    assert b"access-control-allow-private-network: true\r\n" in raw
