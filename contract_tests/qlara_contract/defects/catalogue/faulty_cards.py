"""Defects of how cards at fault are counted, listed and named."""

from __future__ import annotations

import html
import re
from functools import partial
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_ok
from qlara_contract.defects.errors import error_cards, error_lines
from qlara_contract.defects.files import CardText
from qlara_contract.defects.kinds import Kind, cards_lost, each_error, error_text, on_cards
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qlara_contract.defects.defect import Body

_BEGIN, _END = "BEGIN:VCARD", "END:VCARD"


def _continued(lines: Iterable[str]) -> int:
    return sum(line.startswith((" ", "\t")) for line in lines)


def _lines_of_card(lines: list[str], line: int) -> tuple[int, int]:
    """Return the 1-based lines on which the card that holds *line* begins and ends."""
    begin = next((at for at in range(line, 0, -1) if lines[at - 1].upper() == _BEGIN), line)
    end = next((at for at in range(line, len(lines) + 1) if lines[at - 1].upper() == _END), line)
    return begin, end


def _last_tel(lines: list[str], line: int) -> int:
    begin, end = _lines_of_card(lines, line)
    tels = [at for at in range(begin, end) if re.match("(?i)TEL[;:]", lines[at - 1])]
    return max([line, *tels]) if line != begin else line


def _place_in_octets(lines: list[str], line: int) -> int:
    return sum(len(each) + 2 for each in lines[: line - 1])


def _listed(change: Callable[[list[Body]], list[Body]]) -> Callable[[Body], Body]:
    return lambda report: report | {"errors": change(report["errors"])}


def _once(*fields: str) -> Callable[[list[Body]], list[Body]]:
    """Keep, of errors that agree in some fields, the first."""

    def kept(errors: list[Body]) -> list[Body]:
        found: dict[tuple[str, ...], Body] = {}
        for each in errors:
            found.setdefault(tuple(str(each[name]) for name in fields), each)
        return list(found.values())

    return kept


def _by(key: str) -> Callable[[list[Body]], list[Body]]:
    return lambda errors: sorted(errors, key=lambda each: str(each[key]))


def _counting_them(count: Callable[[int], int]) -> Callable[[Body], Body]:
    """Count errors otherwise than they are listed."""
    return lambda report: (
        report | {"summary": report["summary"] | {"errors": count(report["summary"]["errors"])}}
    )


def _has_no_number(card: CardText) -> bool:
    return not card.value("TEL").strip()


def _has_no_valid_number(card: CardText) -> bool:
    tel = card.first("TEL")
    return tel is not None and len(tel.digits) < 3


def _filled_in(card: CardText) -> CardText:
    """Give a card without TEL a number, as an import that does not demand one."""
    if card.first("TEL") or "\nTEL" in card.text.upper():
        return card
    number = f"+3319900{sum(card.content) % 10_000:04d}"
    return CardText(re.sub("(?mi)^END:VCARD", f"TEL:{number}\r\nEND:VCARD", card.text), card.line)


def _named_by(kind: str) -> Callable[[CardText, Body], Body]:
    def named(card: CardText, error: Body) -> Body:
        value = card.value(kind)
        return error | {"name": value} if value else error

    return named


def _before_the_fold(card: CardText, error: Body) -> Body:
    found = re.search(r"(?m)^FN[^:]*:([^\r\n]*)\r\n[ \t]", card.text)
    return error | {"name": found[1]} if found else error


def _relative(card: CardText, error: Body) -> Body:
    return error | {"line": error["line"] - card.line + 1}


def _same_reason(reason: str) -> Callable[[str], str]:
    return lambda _: reason


_line = Kind(Group.ERRORS, ("upload.error-line",), error_lines)
_card = Kind(Group.ERRORS, ("upload.error-name",), error_cards)
_name = Kind(Group.ERRORS, ("upload.error-name",), error_text("name"))
_reason = Kind(Group.ERRORS, ("upload.error-wording",), error_text("reason"))
_error = Kind(Group.ERRORS, ("upload.report-shape",), each_error)
_list = Kind(Group.ERRORS, ("upload.errors-listed",), partial(on_ok, UPLOAD))
_lost = Kind(Group.ERRORS, ("upload.summary-total",), cards_lost)

DEFECTS = (
    _line(
        "lines-counted-after-unfolding",
        "The line of an error counts folded lines as one.",
        lambda lines, line: line - _continued(lines[:line]),
    ),
    _line(
        "error-lines-relative",
        "The line of an error counts from the beginning of its card.",
        lambda lines, line: line - _lines_of_card(lines, line)[0] + 1,
    ),
    _line(
        "error-line-in-octets",
        "The line of an error is its place in the file, in octets.",
        _place_in_octets,
    ),
    _line(
        "line-of-the-end",
        "The line of an error is that of END:VCARD.",
        lambda lines, line: _lines_of_card(lines, line)[1],
        "upload.error-line-exact",
    ),
    _line(
        "line-of-the-last-number",
        "With several invalid TEL, the line is that of the last.",
        _last_tel,
        "upload.error-line-exact",
    ),
    _line(
        "line-after-the-number",
        "The line of an error is the next one.",
        lambda _, line: line + 1,
        "upload.error-line-exact",
    ),
    _line(
        "lines-at-most-100", "The line of an error is 100 at most.", lambda _, line: min(line, 100)
    ),
    _line(
        "lines-in-pairs-of-returns", "CR and LF count as two lines.", lambda _, line: 2 * line - 1
    ),
    _error(
        "line-as-text",
        "The line of an error is a string.",
        lambda error: error | {"line": str(error["line"])},
    ),
    _error(
        "error-line-missing",
        "Errors have no `line`.",
        lambda error: {name: error[name] for name in ("name", "reason")},
    ),
    _error(
        "name-of-an-error-null",
        "The name of an error is null.",
        lambda error: error | {"name": None},
        "upload.error-name",
    ),
    _name("names-of-errors-escaped-as-html", "Names of errors are escaped as HTML.", html.escape),
    _name(
        "names-of-errors-in-ascii",
        "Characters outside ASCII in names of errors become question marks.",
        lambda name: name.encode("ascii", "replace").decode(),
    ),
    _name(
        "names-of-errors-cut-at-50",
        "Names of errors are cut after 50 characters.",
        lambda name: name[:50],
    ),
    _name(
        "names-of-errors-in-quotes",
        "Names of errors stand in quotation marks.",
        lambda name: f'"{name}"',
    ),
    _name(
        "commas-in-names-of-errors-cut",
        "Names of errors end at a comma.",
        lambda name: name.split(",")[0],
    ),
    _name(
        "names-of-errors-masked",
        "Names of errors are shown with stars.",
        lambda name: re.sub(r"(?<=\w)\w", "*", name),
    ),
    _card(
        "names-of-errors-with-escapes",
        "Names of errors keep their backslashes.",
        lambda card, error: error | {"name": card.value("FN") or error["name"]},
    ),
    _card("names-of-errors-from-n", "The name of an error is N.", _named_by("N")),
    _card(
        "names-of-errors-from-email",
        "The name of an error is the EMAIL of its card.",
        _named_by("EMAIL"),
    ),
    _card(
        "names-of-errors-before-a-fold",
        "The name of an error ends where it is folded.",
        _before_the_fold,
    ),
    _reason(
        "reasons-in-italian",
        "Reasons are in Italian.",
        lambda reason: {"Missing phone number": "Numero di telefono mancante"}.get(
            reason, "Numero di telefono non valido"
        ),
    ),
    _reason(
        "reasons-with-details",
        "The reason continues after the documented text: `… (TEL)`.",
        lambda reason: f"{reason} (TEL)",
    ),
    _reason("reasons-in-capitals", "Reasons are in capitals.", str.upper),
    _reason(
        "every-number-missing",
        "An invalid number is reported as `Missing phone number`.",
        _same_reason("Missing phone number"),
    ),
    _reason(
        "reason-validation-failed",
        "Every reason is `Validation failed`.",
        _same_reason("Validation failed"),
    ),
    _list("errors-by-name", "`errors` is in the order of names.", _listed(_by("name"))),
    _list(
        "errors-by-line-as-text",
        "`errors` is in the order of lines compared as text: 10 comes before 5.",
        _listed(_by("line")),
    ),
    _list(
        "errors-once-for-each-reason",
        "Of errors with one reason, only the first is listed.",
        _listed(_once("reason")),
    ),
    _list(
        "every-tenth-error-lost",
        "Every tenth error is not listed.",
        _listed(lambda errors: [each for at, each in enumerate(errors, 1) if at % 10]),
    ),
    _list(
        "last-error-lost",
        "The last error of a file is not listed.",
        _listed(lambda errors: errors[:-1]),
    ),
    _list(
        "errors-twice",
        "Each error is listed twice.",
        _listed(lambda errors: [each for each in errors for _ in range(2)]),
    ),
    _list(
        "errors-never-listed",
        "`errors` is always empty.",
        _listed(lambda _: []),
        "upload.errors-shown",
    ),
    _list(
        "errors-counted-once",
        "`summary.errors` is 1 if there are errors.",
        _counting_them(lambda count: min(count, 1)),
        "upload.summary-errors",
    ),
    _list(
        "errors-and-one-more",
        "`summary.errors` is one too many where there are errors.",
        _counting_them(lambda count: count + bool(count)),
        "upload.summary-errors",
    ),
    _lost(
        "missing-numbers-silent",
        "A card without a number is dropped without a word.",
        _has_no_number,
    ),
    _lost(
        "invalid-numbers-silent",
        "A card with an invalid number is dropped without a word.",
        _has_no_valid_number,
    ),
    Defect(
        "number-not-mandatory",
        Group.ERRORS,
        "A card without TEL is imported, with a number made up for it.",
        ("upload.error-missing-phone",),
        on_cards(_filled_in),
    ),
)
