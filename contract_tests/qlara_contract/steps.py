"""Finds the earlier requests of a story that a response rests on, and no others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from qlara_contract.ledger import fields_of, is_import
from qlara_contract.promises import LIST, QUOTA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_contract.exchange import ApiExchange, ApiRequest

_LIST = re.compile(r"/list/([^/]+)/")
_FOLD = re.compile(rb"\r?\n[ \t]")
_NUMBER = re.compile(rb"(?im)^[\w.-]*TEL\b[^\r\n]*")
_DIGITS = re.compile(r"\d")
_TELLING = 9  # digits at its end that tell a number from others, whatever stands before them
_SHORTEST = 7
_MOST = 8


def led_to(exchange: ApiExchange, sent: Sequence[ApiExchange]) -> tuple[ApiExchange, ...]:
    """Return what *exchange* rests on, of the exchanges *sent* before it in its story, in their order.

    These are the imports into the list that it shows or names, those of the same numbers, for a quota
    the one before it and what was imported since, and what these rest on in turn.
    """
    at_end = next((at for at, each in enumerate(sent) if each is exchange), len(sent))
    earlier = sent[:at_end]
    needs = _Needs(exchange)
    since = _quota_before(exchange, earlier)
    found = {since} if since >= 0 else set()
    found |= {at for at, each in enumerate(earlier) if is_import(each) and -1 < since < at}
    for at in found:
        needs.add(earlier[at])
    while more := {
        at
        for at, each in enumerate(earlier)
        if at not in found and is_import(each) and needs.made_by(each)
    }:
        for at in more:
            needs.add(earlier[at])
        found |= more
    return tuple(earlier[at] for at in sorted(found)[-_MOST:])


def list_made_by(exchange: ApiExchange) -> str:
    """Return the id of the list that an import's response names; empty if there is none."""
    body = exchange.response.json if is_import(exchange) else None
    named = body.get("listId") if isinstance(body, dict) else None
    return str(named) if isinstance(named, (str, int)) else ""


def list_named_by(request: ApiRequest) -> str:
    """Return the id of the list that a request is about; empty if there is none."""
    found = _LIST.search(request.path)
    return unquote(found[1]) if found else fields_of(request).get("listId", "")


def _quota_before(exchange: ApiExchange, earlier: Sequence[ApiExchange]) -> int:
    """Return where the same quota was read before *exchange*; -1 if it was not, or this is none."""
    if exchange.operation != QUOTA:
        return -1
    same = (
        at
        for at, each in enumerate(earlier)
        if each.operation == QUOTA and each.key == exchange.key
    )
    return max(same, default=-1)


class ReplayStep(NamedTuple):
    """One request of those that lead to a response: ``says`` is its place, ``makes`` the list it makes.

    ``makes`` is empty where no later request needs that list.
    """

    exchange: ApiExchange
    says: str
    makes: str = ""


def steps(before: Sequence[ApiExchange], exchange: ApiExchange) -> list[ReplayStep]:
    """Return the requests that repeat *exchange*, in their order, each with what to say of it."""
    every = [*before, exchange]
    if not before:
        return [ReplayStep(exchange, "")]
    found = []
    for at, each in enumerate(every):
        made = list_made_by(each)
        is_new = made != list_named_by(each.request)  # else the request names it already
        is_needed = is_new and any(list_named_by(one.request) == made for one in every[at + 1 :])
        says = "first" if at == 0 else "last" if each is exchange and at > 1 else "then"
        found.append(ReplayStep(each, says, made if is_needed else ""))
    return found


class _Needs:
    """The lists and numbers that a response rests on."""

    def __init__(self, exchange: ApiExchange) -> None:
        self._lists: set[str] = set()
        self._numbers: set[str] = set()
        self.add(exchange)

    def add(self, exchange: ApiExchange) -> None:
        """Add what a request needs to have the same response again."""
        if exchange.operation == LIST or is_import(exchange):
            self._lists |= {list_named_by(exchange.request)} - {""}
        self._numbers |= _numbers(exchange.request)

    def made_by(self, exchange: ApiExchange) -> bool:
        """Return whether an import made one of the lists, or a contact with one of the numbers."""
        lists = {list_made_by(exchange), list_named_by(exchange.request)}
        return bool(lists & self._lists or _numbers(exchange.request) & self._numbers)


def _numbers(request: ApiRequest) -> set[str]:
    """Return the last digits of each number in the file of a request, in any spelling."""
    file = request.form.file if request.form is not None else None
    content = (file.content if file is not None else request.body or b"").replace(b"\0", b"")
    lines = _NUMBER.findall(_FOLD.sub(b"", content))
    numbers = ("".join(_DIGITS.findall(_value(line))) for line in lines)
    return {each[-_TELLING:] for each in numbers if len(each) >= _SHORTEST}


def _value(line: bytes) -> str:
    return line.decode("ascii", "ignore").partition(":")[2].partition(";")[0]
