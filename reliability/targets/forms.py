"""Multipart forms: a proper request around whatever is in the body.

An input is a ``Content-Type``, a line feed, and the body.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from reliability import dictionaries, schemas, wire
from reliability.mutation import Mutator
from reliability.target import Figures, InvariantBroken
from reliability.targets.served import KEY, Host, Served

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

_TYPE = b"multipart/form-data; boundary=b"
_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nTEL:+39347111%04d\r\nEND:VCARD\r\n"
_UNFIT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LONGEST_TYPE = 8000
_MANY_CONTACTS = 2000
_REFUSALS = {400, 404, 409, 413}


class Forms:
    """Uploads each input as a form, and holds response and contacts against each other."""

    name = "forms"

    def __init__(self, host: Host | None = None) -> None:
        self._served = Served(host)
        self._mutator = Mutator(dictionaries.FORM, self.seeds())
        self._used: int | None = None

    def seeds(self) -> list[bytes]:
        file = _CARD % 1
        forms = [
            wire.form(file),
            wire.form(file, listName="New", tags="a, b", duplicateStrategy="DUPLICATE"),
            wire.form(_CARD % 2 + _CARD % 3, duplicateStrategy="UPDATE", other="x"),
            wire.form(b"BEGIN:VCARD\r\n"),
            wire.form(file, listId="list_unknown"),
            wire.form(file).replace(b"\r\n\r\nBEGIN", b"\r\nContent-Type: text/vcard\r\n\r\nBEGIN"),
            b"preamble\r\n" + wire.form(file) + b"epilogue",
            wire.form(file).replace(b"\r\n", b"\n"),
        ]
        return [*(_TYPE + b"\n" + form for form in forms), b"application/json\n{}", b"\n"]

    def mutate(self, data: bytes, rng: Random) -> bytes:
        content_type, _, body = data.partition(b"\n")
        if rng.random() < 0.2:
            content_type = self._mutator(content_type, rng).replace(b"\n", b"")[:_LONGEST_TYPE]
        else:
            body = self._mutator(body, rng)
        return content_type + b"\n" + body

    def run(self, data: bytes) -> Hashable:
        served = self._served
        before = served.used() if self._used is None else self._used
        self._used = None  # until all is well
        try:
            response = served.client.send(as_request(data))
        except wire.Gone as error:
            served.check()
            raise InvariantBroken("a complete request gets a response", str(error)) from error
        served.check()
        kind = check_upload(response)
        after = served.used()
        if response.status != 200 and after != before:
            detail = f"{before} contacts before, {after} after a {response.status}"
            raise InvariantBroken("a refusal changes nothing", detail)
        if after > _MANY_CONTACTS:
            served.start_over()
        else:
            self._used = after
        return kind

    def figures(self) -> Figures:
        return self._served.figures()

    def close(self) -> None:
        self._served.close()


def as_request(data: bytes) -> bytes:
    """Return the upload that an input stands for."""
    content_type, _, body = data.partition(b"\n")
    content_type = _UNFIT.sub(b"?", content_type)[:_LONGEST_TYPE].strip()
    head = (
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: %b\r\nContent-Type: %b\r\n"
        b"Content-Length: %d\r\n\r\n"
    )
    return head % (wire.UPLOAD.encode(), KEY.encode(), content_type, len(body)) + body


def check_upload(response: wire.Response) -> Hashable:
    """Hold the response to an upload against the contract; return what kind of response it is.

    Raises:
        InvariantBroken: it is not what the contract allows.
    """
    try:
        content = response.json()
    except orjson.JSONDecodeError as error:
        raise InvariantBroken("a response is JSON", repr(response.body[:300])) from error
    if response.status == 200:
        schemas.require("ImportReport", content)
        summary = content["summary"]
        if summary["total"] != summary["imported"] + summary["skipped"]:
            raise InvariantBroken("total = imported + skipped", str(summary))
        return (200, min(summary["total"], 3), min(summary["errors"], 3))
    if response.status not in _REFUSALS:
        detail = f"{response.status} {response.body[:400]!r}"
        raise InvariantBroken(f"an upload is imported or refused ({response.status})", detail)
    schemas.require("ErrorResponse", content)
    words = tuple((field[:12], message[:24]) for field, message in content["data"].items())
    return (response.status, words[:3])
