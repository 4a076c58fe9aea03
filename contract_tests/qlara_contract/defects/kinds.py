"""Kinds of defects: what a defect of many alike is made of is one change, so that each is one row."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from qlara_contract.defects.defect import Behaviour, Defect, each_contact, on_file, on_ok
from qlara_contract.defects.files import (
    CardText,
    PropertyLine,
    bytes_of,
    change_cards,
    change_properties,
    text_of,
)
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from qlara_contract.defects.defect import Body, Group
    from qlara_contract.promise_ids import PromiseId

Begin = Callable[[], Behaviour]
C = TypeVar("C")

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_NUMBER = "n/d"


@dataclass(frozen=True)
class Kind(Generic[C]):
    """Defects of one group that break the same promises; *begin* makes a behaviour of each change."""

    group: Group
    breaks: tuple[PromiseId, ...]
    begin: Callable[[C], Begin]

    def __call__(self, name: str, sentence: str, change: C, *breaks: PromiseId) -> Defect:
        """Return a defect of this kind, which breaks other promises than the rest if some are given."""
        return Defect(name, self.group, sentence, breaks or self.breaks, self.begin(change))


# --- files, before the sandbox reads them --------------------------------------------------------


def on_text(change: Callable[[str], str]) -> Begin:
    """Change the text of each file, but not of one in UTF-16."""
    return on_file(
        lambda content: (
            content if content.startswith(UTF_16) else bytes_of(change(text_of(content)))
        )
    )


def on_property(kind: str) -> Callable[[Callable[[PropertyLine], PropertyLine | None]], Begin]:
    """Return what changes each property of *kind* (empty: every property), or leaves it out."""
    return lambda change: on_file(lambda content: change_properties(content, kind, change))


def unread(kind: str) -> Callable[[Callable[[PropertyLine], object]], Begin]:
    """Return what leaves out the properties of *kind* for which a function returns something true."""
    return lambda is_unread: on_property(kind)(lambda one: None if is_unread(one) else one)


def on_cards(change: Callable[[CardText], CardText | None]) -> Begin:
    """Change each card of a file of whole cards; a card that is left out leaves empty lines behind."""
    return on_file(lambda content: change_cards(content, change))


def cards_lost(is_lost: Callable[[CardText], object]) -> Begin:
    """Lose the cards for which *is_lost* returns something true, without a word."""
    return on_cards(lambda card: None if is_lost(card) else card)


def cards_refused(is_refused: Callable[[CardText], object]) -> Begin:
    """Report the cards for which *is_refused* returns something true as errors."""
    return on_cards(lambda card: card.with_tel(_NO_NUMBER) if is_refused(card) else card)


def numbers_invalid(is_invalid: Callable[[PropertyLine], object]) -> Begin:
    """Take the TEL for which *is_invalid* returns something true for an invalid number."""
    return on_property("TEL")(
        lambda tel: replace(tel, value=_NO_NUMBER) if is_invalid(tel) else tel
    )


# --- contacts and reports, as they are shown -----------------------------------------------------


def shown(field: str) -> Callable[[Callable[[str], object]], Begin]:
    """Return what shows a text of each contact otherwise than it is stored; ``None`` leaves it out."""
    return lambda change: each_contact(lambda contact: _with_text(contact, field, change))


def each_error(change: Callable[[Body], Body | None]) -> Begin:
    """Change each error of a report, or leave it out."""

    def changed(report: Body) -> Body:
        errors = [change(each) for each in report["errors"]]
        return report | {"errors": [each for each in errors if each is not None]}

    return on_ok(UPLOAD, changed)


def error_text(field: str) -> Callable[[Callable[[str], object]], Begin]:
    """Return what shows a text of each error otherwise."""
    return lambda change: each_error(lambda error: _with_text(error, field, change))


def _with_text(body: Body, field: str, change: Callable[[str], object]) -> Body:
    value = body.get(field)
    if not isinstance(value, str):
        return body
    changed = change(value)
    rest = {name: one for name, one in body.items() if name != field}
    return rest if changed is None else body | {field: changed}
