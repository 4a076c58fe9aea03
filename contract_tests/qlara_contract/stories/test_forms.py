"""Stories about forms as real clients send them: each is a valid multipart form with the same content."""

from __future__ import annotations

import re
from itertools import cycle
from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.promises import UPLOAD
from qlara_contract.story import TAG, exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

_BOUNDARY = "contract-check-edge"
_FILE_NAMES = (
    "rubrica telefonica (1).vcf",
    "contatti-àè.vcf",
    "連絡先.vcf",
    "A.B+C&D; E.VCF",
    f"{'contatti-' * 13}.vcf",
    'contatti \\"nuovi\\".vcf',  # RFC 9110 section 5.6.4
    "contatti %22nuovi%22.vcf",  # as browsers write a quotation mark
    "../contatti.vcf",
)
_PLAIN_NAME = "contacts.vcf"
_PLAIN = f"multipart/form-data; boundary={_BOUNDARY}"


def _part(name: str, content: str, *, file: str = "", head: str = "Content-Disposition") -> str:
    disposition = f'{head}: form-data; name="{name}"'
    if file:
        disposition += f'; filename="{file}"\r\nContent-Type: text/vcard'
    return f"--{_BOUNDARY}\r\n{disposition}\r\n\r\n{content}\r\n"


def _file_name(story: Story) -> str:
    """Return the field that the deployment needs beside the file; nothing where it needs none."""
    return _part("fileName", "contacts.vcf") if story.run.needs_file_name else ""


def _forms() -> dict[str, Callable[[tuple[str, ...]], tuple[str, str]]]:
    """Return, by what is particular about a form, how its media type and body are made of its parts."""
    end = f"--{_BOUNDARY}--\r\n"

    def body(change: Callable[[str], str]) -> Callable[[tuple[str, ...]], tuple[str, str]]:
        return lambda parts: (_PLAIN, change("".join(parts)) + end)

    def typed(media_type: str) -> Callable[[tuple[str, ...]], tuple[str, str]]:
        return lambda parts: (media_type, "".join(parts) + end)

    return {
        "the file last": lambda parts: (_PLAIN, "".join(reversed(parts)) + end),
        "a quoted boundary": typed(f'multipart/form-data; boundary="{_BOUNDARY}"'),
        "a parameter before the boundary": typed(
            f"multipart/form-data; charset=utf-8; boundary={_BOUNDARY}"
        ),
        "a parameter after the boundary": typed(
            f"multipart/form-data; boundary={_BOUNDARY}; charset=utf-8"
        ),
        "a line of the file that begins like the boundary": body(
            lambda text: text.replace("END:VCARD", f"--{_BOUNDARY[:8]}:x\r\nEND:VCARD", 1)
        ),
        "the media type in capitals": typed(f"Multipart/Form-Data; boundary={_BOUNDARY}"),
        "names without quotes": body(
            lambda text: text.replace('name="file"', "name=file").replace(
                'name="tags"', "name=tags"
            )
        ),
        "parameters of a part in another order": body(
            lambda text: re.sub(r'(name="file"); (filename="[^\r\n]*")', r"\2; \1", text)
        ),
        "header names in lower case": body(
            lambda text: text.replace("Content-Disposition", "content-disposition").replace(
                "Content-Type", "content-type"
            )
        ),
        "text before the first part": body(lambda text: f"A form.\r\n{text}"),
        "text after the last part": lambda parts: (
            _PLAIN,
            "".join(parts) + end + "The end.\r\n",
        ),
        "further headers in a part": body(
            lambda text: text.replace(
                "Content-Type: text/vcard",
                "X-Check: a; b=c\r\nContent-Type: text/vcard; charset=utf-8\r\n"
                "Content-Transfer-Encoding: binary",
            )
        ),
        "Content-Type before Content-Disposition": body(
            lambda text: re.sub(r"(Content-Disp.*)\r\n(Content-Type.*)\r\n", r"\2\r\n\1\r\n", text)
        ),
        "a file without a media type": body(
            lambda text: text.replace("\r\nContent-Type: text/vcard", "")
        ),
        "a media type for a field": body(
            lambda text: text.replace(
                'name="tags"\r\n', 'name="tags"\r\nContent-Type: text/plain; charset=utf-8\r\n'
            )
        ),
    }


@exercises("upload.any-valid-form", "upload.file-name-free", creates=20)
def test_a_form_is_read_as_any_client_writes_it(story: Story) -> None:
    list_id = story.upload(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")).list_id
    sent: dict[str, tuple[str, ApiExchange]] = {}
    has_odd_names = True
    for (what, made), name in zip(_forms().items(), cycle(_FILE_NAMES), strict=False):
        form, number = _made(story, made, name, list_id)
        exchange = _send(story, *form)
        if not 200 <= exchange.response.status < 300:
            # The form or the name of its file may be the cause: the same with a plain name tells.
            form, number = _made(story, made, _PLAIN_NAME, list_id)
            plain = _send(story, *form)
            if 200 <= plain.response.status < 300:
                _accepted(story, "upload.file-name-free", f"a file named {name}", exchange)
                has_odd_names = False
            exchange = plain
        if _accepted(story, "upload.any-valid-form", what, exchange):
            sent[what] = number, exchange
    _expect_imported(story, "upload.any-valid-form", list_id, sent)
    if has_odd_names and sent:
        story.expect("upload.file-name-free", True, True, None, "")


def _made(
    story: Story, made: Callable[[tuple[str, ...]], tuple[str, str]], name: str, list_id: str
) -> tuple[tuple[str, str], str]:
    """Return the media type and the body of a form, and the number of its card."""
    number = story.run.numbers.take()
    parts = (
        _part("file", card("Marco Rossi", f"TEL:{number}"), file=name),
        _part("listId", list_id),
        _part("tags", TAG),
        _file_name(story),
    )
    return made(parts), number


@exercises("upload.any-valid-form", creates=3)
def test_a_form_is_read_however_it_is_transferred(story: Story) -> None:
    list_id = story.upload(card("Marco Rossi", f"TEL:{story.run.numbers.take()}")).list_id
    sent: dict[str, tuple[str, ApiExchange]] = {}
    ways = {
        "`Expect: 100-continue`": ((("Expect", "100-continue"),), False, 417),
        "chunks in place of a length": ((), True, 411),
    }
    for what, (headers, is_chunked, may_refuse) in ways.items():
        number = story.run.numbers.take()
        body = _part("file", card("Marco Rossi", f"TEL:{number}"), file="contacts.vcf")
        body += _part("listId", list_id) + _part("tags", TAG) + _file_name(story)
        body += f"--{_BOUNDARY}--\r\n"
        request = ApiRequest(
            "POST",
            contract().path_of(UPLOAD),
            headers=(("Content-Type", _PLAIN), *headers),
            body=body.encode(),
            is_chunked=is_chunked,
        )
        exchange = story.send(request)
        if exchange.response.status == may_refuse:
            continue  # RFC 9110 sections 15.5.12 and 15.5.18
        if _accepted(story, "upload.any-valid-form", what, exchange):
            sent[what] = number, exchange
    _expect_imported(story, "upload.any-valid-form", list_id, sent)


def _send(story: Story, media_type: str, body: str) -> ApiExchange:
    headers = (("Content-Type", media_type),)
    path = contract().path_of(UPLOAD)
    return story.send(ApiRequest("POST", path, headers=headers, body=body.encode()))


def _accepted(story: Story, promise: PromiseId, what: str, exchange: ApiExchange) -> bool:
    status = exchange.response.status
    if not 200 <= status < 300:
        story.breaks(promise, f"A form with {what} is refused.", "a report", status, exchange)
    return 200 <= status < 300


def _expect_imported(
    story: Story, promise: PromiseId, list_id: str, sent: dict[str, tuple[str, ApiExchange]]
) -> None:
    """Check that the list holds the contact of each form, with its tag."""
    page = story.read(list_id, promise, count=len(sent) + 1)
    tags = {str(each.get("phoneNumber")): each.get("tags") for each in page.contacts}
    for what, (number, exchange) in sent.items():
        wrong = f"A form with {what} is accepted, and not read whole."
        if number not in tags:
            story.breaks(promise, wrong, f"{number} in the list", "no such contact", exchange)
        else:
            story.expect(promise, tags[number], [TAG], page.exchange, wrong)
