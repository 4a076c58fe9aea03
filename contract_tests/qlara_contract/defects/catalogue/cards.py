"""Defects of reading vCard files: bytes, lines, escapes, versions, and what is extracted."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, instead, on_file
from qlara_contract.defects.files import PropertyLine, change_properties
from qlara_contract.defects.kinds import UTF_16, on_text
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour

_NOT_A_VCARD = "Invalid VCard format. Expected BEGIN:VCARD header."


def _property(
    kind: str, change: Callable[[PropertyLine], PropertyLine | None]
) -> Callable[[], Behaviour]:
    return on_file(lambda content: change_properties(content, kind, change))


def _left_out(kind: str) -> Callable[[], Behaviour]:
    return _property(kind, lambda _: None)


def _name(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    """Change each FN."""
    return _property("FN", lambda fn: replace(fn, value=change(fn.value)))


def _refusing(is_unread: Callable[[bytes], bool], message: str) -> Callable[[], Behaviour]:
    """Refuse with 400 a file that this deployment cannot read."""

    def response(request: ServedRequest) -> ServedResponse | None:
        form = request.form if request.operation == UPLOAD else None
        if form is None or not is_unread(form.file or b""):
            return None
        return fail(400, "file", message)

    return instead(response)


def _ascii(text: str) -> str:
    return "".join(each if each.isascii() else "?" for each in text)


def _until_beyond_the_plane(text: str) -> str:
    return re.split(r"[\U00010000-\U0010ffff]", text)[0]


def _mojibake(content: bytes) -> bytes:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    return content.decode("latin-1").encode()


def _replaced(content: bytes) -> bytes:
    if content.startswith(UTF_16):
        return content
    return content.decode("utf-8", "replace").encode()


def _replaced_where_folded(content: bytes) -> bytes:
    folded_inside = re.search(rb"[\xc2-\xf4]\r?\n[ \t][\x80-\xbf]", content)
    return _replaced(content) if folded_inside else content


def _has_lone_line_feeds(content: bytes) -> bool:
    return not content.startswith(UTF_16) and b"\n" in content.replace(b"\r\n", b"")


def _has_lone_returns(content: bytes) -> bool:
    return not content.startswith(UTF_16) and b"\r" in content.replace(b"\r\n", b"")


def _is_version(version: bytes) -> Callable[[bytes], bool]:
    return lambda content: re.search(rb"(?im)^VERSION:" + version, content) is not None


def _only_in_upper_case(one: PropertyLine) -> PropertyLine | None:
    if one.kind in ("BEGIN", "END", "VERSION") or one.name == one.name.upper():
        return one
    return None


def _cut_at_the_first_colon(tel: PropertyLine) -> PropertyLine:
    before, _, after = str(tel).partition(":")
    return tel if '"' not in before else PropertyLine("TEL", "", after)


def _never_closed(text: str) -> str:
    """Return the file with a card that is not closed run together with the next."""
    is_open = False
    kept = []
    for line in text.splitlines(keepends=True):
        word = line.strip().upper()
        if not (word == "BEGIN:VCARD" and is_open):
            kept.append(line)
        is_open = word == "BEGIN:VCARD" or (is_open and word != "END:VCARD")
    return "".join(kept)


_G = Group.CARDS

DEFECTS = (
    Defect(
        "version-3-refused",
        _G,
        "A vCard 3.0 is refused.",
        ("upload.imports-a-file",),
        _refusing(_is_version(rb"3\.0"), "Only vCard 4.0 is supported."),
    ),
    Defect(
        "version-4-refused",
        _G,
        "A vCard 4.0 is refused.",
        ("cards.version-4",),
        _refusing(_is_version(rb"4\.0"), "Only vCard 3.0 is supported."),
    ),
    Defect(
        "other-version-imported",
        _G,
        "A card of version 2.1 is imported.",
        ("cards.other-version",),
        _property("VERSION", lambda one: replace(one, value=one.value.replace("2.1", "3.0"))),
    ),
    Defect(
        "other-version-spoils-the-file",
        _G,
        "A file with a card of version 2.1 is refused as a whole.",
        ("cards.other-version",),
        _refusing(_is_version(rb"2\.1"), "Unsupported version 2.1."),
    ),
    Defect(
        "line-feeds-not-read",
        _G,
        "A file whose lines end with LF is not a vCard.",
        ("cards.line-ends",),
        _refusing(_has_lone_line_feeds, _NOT_A_VCARD),
    ),
    Defect(
        "carriage-returns-not-read",
        _G,
        "A file whose lines end with CR is not a vCard.",
        ("cards.line-ends",),
        _refusing(_has_lone_returns, _NOT_A_VCARD),
    ),
    Defect(
        "folded-lines-cut",
        _G,
        "A folded line is cut at the fold.",
        ("cards.folded-lines",),
        on_text(lambda text: re.sub(r"(\r\n|\r|\n)[ \t][^\r\n]*", "", text)),
    ),
    Defect(
        "folds-become-spaces",
        _G,
        "A fold becomes a space.",
        ("cards.folded-lines",),
        on_text(lambda text: re.sub(r"(\r\n|\r|\n)[ \t]", " ", text)),
    ),
    Defect(
        "folded-after-decoding",
        _G,
        "Lines are decoded before they are unfolded: a character split by a fold is lost.",
        ("cards.folded-inside-a-character",),
        on_file(_replaced_where_folded),
    ),
    Defect(
        "comma-ends-the-name",
        _G,
        "A name ends at its first escaped comma.",
        ("cards.escapes",),
        _name(lambda value: value.split("\\,")[0]),
    ),
    Defect(
        "escapes-kept",
        _G,
        "Escaping backslashes stay in the name.",
        ("cards.escapes",),
        _name(lambda value: value.replace("\\", "\\\\")),
    ),
    Defect(
        "mojibake",
        _G,
        "UTF-8 is read as Latin-1: `Zoë` becomes `ZoÃ«`.",
        ("cards.non-ascii",),
        on_file(_mojibake),
    ),
    Defect(
        "question-marks",
        _G,
        "Non-ASCII characters in a name become question marks.",
        ("cards.non-ascii",),
        _name(_ascii),
    ),
    Defect(
        "cut-at-emoji",
        _G,
        "A name is cut at its first character outside the Basic Multilingual Plane, as by some databases.",
        ("cards.non-ascii",),
        _name(_until_beyond_the_plane),
    ),
    Defect(
        "byte-order-mark-not-read",
        _G,
        "A file with a byte order mark is not a vCard.",
        ("cards.byte-order-mark",),
        _refusing(lambda content: content.startswith(codecs.BOM_UTF8), _NOT_A_VCARD),
    ),
    Defect(
        "utf-16-not-read",
        _G,
        "A file in UTF-16 is not a vCard.",
        ("cards.utf-16",),
        _refusing(lambda content: content.startswith(UTF_16), _NOT_A_VCARD),
    ),
    Defect(
        "windows-1252-replaced",
        _G,
        "Bytes that are not UTF-8 become replacement characters.",
        ("cards.windows-1252",),
        on_file(_replaced),
    ),
    Defect(
        "groups-not-read",
        _G,
        "A property in a group is not read.",
        ("cards.groups",),
        _property("", lambda one: None if "." in one.name else one),
    ),
    Defect(
        "upper-case-only",
        _G,
        "A property whose name is not in upper case is not read.",
        ("cards.letter-case",),
        _property("", _only_in_upper_case),
    ),
    Defect(
        "quotes-not-read",
        _G,
        "The value begins at the first colon, even inside a quoted parameter.",
        ("cards.quoted-parameters",),
        _property("TEL", _cut_at_the_first_colon),
    ),
    Defect(
        "unclosed-card-swallows-the-next",
        _G,
        "A card without END:VCARD swallows the next one.",
        ("cards.broken-card",),
        on_text(_never_closed),
    ),
    Defect("fn-ignored", _G, "FN is not read.", ("cards.name",), _left_out("FN")),
    Defect("n-ignored", _G, "N is not read.", ("cards.name-from-n",), _left_out("N")),
    Defect("org-ignored", _G, "ORG is not read.", ("cards.name-from-org",), _left_out("ORG")),
    Defect(
        "email-lost",
        _G,
        "EMAIL is not read.",
        ("cards.email", "list.contact-as-imported"),
        _left_out("EMAIL"),
    ),
    Defect(
        "names-in-upper-case",
        _G,
        "Names are stored in upper case.",
        ("cards.name", "list.contact-as-imported"),
        _name(str.upper),
    ),
    Defect(
        "photos-refused",
        _G,
        "A file with a PHOTO is refused.",
        ("cards.other-properties",),
        _refusing(lambda content: b"\nPHOTO" in content, "Photos are not supported."),
    ),
)
