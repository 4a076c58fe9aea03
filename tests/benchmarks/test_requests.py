"""Every upload can be another file, of the same length."""

from __future__ import annotations

from benchmarks import requests

CARD = b"BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD\r\n"


def test_a_file_gets_a_place_for_a_number_in_its_first_card() -> None:
    assert requests.numbered(CARD * 2) == (
        b"BEGIN:VCARD\r\nFN:Ann\r\nNOTE:@NUMBER@\r\nEND:VCARD\r\n" + CARD
    )


def test_a_number_has_as_many_digits_as_its_place() -> None:
    assert len(b"%08d" % 1) == len(requests.PLACE)


def test_a_request_is_the_same_with_another_key() -> None:
    upload = requests.upload(CARD)

    sent = upload.of("sandbox_other").encode("127.0.0.1", 80)

    assert sent.startswith(
        f"POST {requests.UPLOAD_PATH} HTTP/1.1\r\nHost: 127.0.0.1:80\r\n".encode()
    )
    assert b"\r\nX-Api-Key: sandbox_other\r\n" in sent
    assert sent.endswith(b"\r\n\r\n" + upload.form)
