"""Exchanges: a curl line can be repeated as it is, and shows no key."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from qlara_contract.checks import shape_error
from qlara_contract.curl import CurlStyle
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.masking import mask
from qlara_contract.promises import UPLOAD
from qlara_contract.strategies import card
from tests.qlara_contract.deployments import SECRET, answered, report

if TYPE_CHECKING:
    from pathlib import Path


def _sent(request: ApiRequest, key: str = SECRET) -> ApiExchange:
    response = ApiResponse(200, (("content-type", "text/plain"),), f"your key is {key}".encode())
    return ApiExchange("http://127.0.0.1:1", request, response, "", key)


def test_no_form_of_an_exchange_shows_the_key() -> None:
    request = ApiRequest("GET", "/x", headers=(("X-Api-Key", SECRET), ("X-Other", f"{SECRET}!")))
    exchange = _sent(request)
    shown = [exchange.curl(), exchange.shown_response()]
    assert [each for each in shown if SECRET in each] == []
    assert "-H 'X-Api-Key: YOUR_API_KEY'" in exchange.curl()


def test_a_key_that_the_suite_made_up_is_shown_for_it_is_needed_to_repeat() -> None:
    exchange = _sent(ApiRequest("GET", "/x"), "sandbox_contract-check__quota-exhausted")
    assert "sandbox_contract-check__quota-exhausted" in exchange.curl()


def test_the_curl_lines_of_an_upload_read_like_the_documentation() -> None:
    exchange = answered(UPLOAD, report(), fields=(("listId", "list_a"), ("tags", "it's,b")))
    assert exchange.curl() == (
        "printf 'BEGIN:VCARD\\r\\nVERSION:3.0\\r\\nFN:Marco Rossi\\r\\nTEL:+33199000001\\r\\n"
        "END:VCARD\\r\\n' > contacts.vcf\n"
        "curl -X POST http://127.0.0.1:8080/api/partner-gateway/v1/contacts/upload/vcard \\\n"
        "  -H 'X-Api-Key: YOUR_API_KEY' \\\n"
        "  -F 'file=@contacts.vcf;type=text/vcard;filename=contacts.vcf' \\\n"
        "  -F listId=list_a \\\n"
        "  -F 'tags=it'\"'\"'s,b'"
    )


@pytest.mark.parametrize(
    "content",
    [
        card("Zoë 'the' 100% \\ \"x\" $HOME `id`", "TEL:+33199000001").encode(),
        card("Niccolò", "TEL:1").encode("utf-16"),
        card("Niccolò", "TEL:1").encode("cp1252"),
        bytes(range(256)),
        b"--begins like an option",
    ],
    ids=["text", "utf-16", "windows-1252", "every byte", "hyphens"],
)
def test_the_file_that_the_lines_make_is_the_file_that_was_sent(
    content: bytes, tmp_path: Path
) -> None:
    form = ImportForm(FormFile(content), (("listName", "x"),))
    line = _sent(ApiRequest("POST", "/x", form=form)).curl().split("> contacts.vcf\n")[0]
    subprocess.run(["bash", "-c", line + "> contacts.vcf"], check=True, cwd=tmp_path)
    assert (tmp_path / "contacts.vcf").read_bytes() == content


def test_a_long_file_is_described_instead() -> None:
    form = ImportForm(FormFile(b"BEGIN:VCARD\r\n" + b"x" * 5000), (("listName", "x"),))
    assert (
        "# contacts.vcf: 5013 bytes, begins: 'BEGIN:VCARD"
        in _sent(ApiRequest("POST", "/x", form=form)).curl()
    )


def test_the_placeholder_of_the_documentation_is_not_masked() -> None:
    assert mask("X-Api-Key: YOUR_API_KEY", ("YOUR_API_KEY",)) == "X-Api-Key: YOUR_API_KEY"
    assert mask("abc and abcd", ("abc", "abcd")) == "YOUR_API_KEY and YOUR_API_KEY"


def test_a_lone_surrogate_in_a_body_can_be_printed() -> None:
    response = ApiResponse(200, (), b'{"name": "\\ud800 \\u00e8"}')
    exchange = ApiExchange("http://127.0.0.1:1", ApiRequest("GET", "/x"), response)
    assert exchange.shown_response().encode().decode().endswith('"name": "\\ud800 è"\n}')


def test_a_header_is_shown_with_the_letter_case_it_was_sent_with() -> None:
    exchange = _sent(ApiRequest("GET", "/x", headers=(("X-API-KEY", SECRET), ("X-Empty", ""))))
    lines = exchange.curl().split(" \\\n  ")
    assert lines[1:] == ["-H 'X-API-KEY: YOUR_API_KEY'", "-H 'X-Empty;'"]


def test_keys_are_told_apart_and_a_key_in_the_query_is_masked() -> None:
    style = CurlStyle({SECRET: "YOUR_API_KEY", "another-key": "YOUR_EXHAUSTED_KEY"})
    query = (("apiKey", SECRET),)
    shown = [
        _sent(ApiRequest("GET", "/x", query), key).curl(style)
        for key in ("another-key", f"{SECRET}x", SECRET[:-1], "unheard-of")
    ]
    assert [each.split("X-Api-Key: ")[1].rstrip("'") for each in shown] == [
        "YOUR_EXHAUSTED_KEY",
        "YOUR_API_KEYx",
        "YOUR_API_KEY_WITHOUT_ITS_LAST_CHARACTER",
        "YOUR_API_KEY",
    ]
    assert all("/x?apiKey=YOUR_API_KEY'" in each for each in shown)


def test_a_key_that_is_nearly_the_right_one_is_described() -> None:
    style = CurlStyle({SECRET: "YOUR_API_KEY"})
    nearly = (f"q{SECRET[1:]}", SECRET.replace("-", ""))
    shown = [_sent(ApiRequest("GET", "/x"), key).curl(style) for key in nearly]
    assert [each.split("X-Api-Key: ")[1].rstrip("'") for each in shown] == [
        "YOUR_API_KEY_WITH_ONE_OTHER_CHARACTER",
        "YOUR_API_KEY_WITH_LETTERS_AND_DIGITS_ALONE",
    ]


def test_what_curl_would_write_otherwise_is_sent_as_a_body() -> None:
    form = ImportForm(FormFile(b"x", 'a"b.vcf'), (("listName", "@file;type=a"),))
    assert "--data-binary @body.bin" in _sent(ApiRequest("POST", "/x", form=form)).curl()
    form = ImportForm(FormFile(b"x"), (("listName", "@file;type=a"),))
    curl = _sent(ApiRequest("POST", "/x", form=form)).curl()
    assert curl.endswith("--form-string 'listName=@file;type=a'")


def test_a_secret_is_masked_as_it_is_escaped() -> None:
    text = 'a%2Fb%26"c a/b&amp;&#34;c a/b&\\"c'
    assert mask(text, ('a/b&"c',)) == 'a%2Fb%26"c YOUR_API_KEY YOUR_API_KEY'


@pytest.mark.parametrize("body", [b"[" * 200_000, b"9" * 5000, b"\xff", b""])
def test_a_body_that_is_no_json_that_can_be_read_is_none(body: bytes) -> None:
    assert ApiResponse(200, (), body).json is None


def test_half_a_character_is_no_documented_shape() -> None:
    body = ApiResponse(200, (), b'{"listId": "\\ud800", "contacts": []}').json
    assert shape_error("listContacts", 200, body).startswith("the body: a text in it has half")
