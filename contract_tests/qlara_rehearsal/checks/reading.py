"""Whether a client reads a list to its end, and takes no half of it for the whole.

Right is any page size, several passes, a look at one page of one contact, and one page past the end.
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from qlara_contract.report.counting import counted
from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.exchanges import LIST, ActExchange, of_operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qlara_rehearsal.evidence import ActEvidence

_PAST_THE_END = 1
_SHOWN = 4


class ReadPage(NamedTuple):
    """A page that the client got whole: its ``number``, of how many ``pages``, and of how many contacts in ``total``."""

    exchange: ActExchange
    number: int
    pages: int
    total: int


def pages(evidence: ActEvidence, _: str) -> Iterator[ActFinding]:
    """Yield that no pass through a list came to its end, or that pages were read more than once."""
    passes = [one for one in _passes(pages_read(evidence)) if not _is_peek(one[-1])]
    if passes and not any(map(_is_whole, passes)):
        best = max(passes, key=len)
        last = best[-1]
        yield ActFinding(
            f"The list has {last.total} contacts on {counted(last.pages, 'page')}; the client read "
            f"{_numbers(best)} and no more.",
            "Every page, from the first on, while hasMore is true, whatever the page size.",
            _shown(best[-_SHOWN:]),
        )
    for one in passes:
        if repeated := _repeated(one):
            yield ActFinding(
                f"In one pass through the list the client read page {repeated[0].number} more than once.",
                "Each page once.",
                _shown(repeated),
            )
        if past := [each for each in one if each.number > each.pages + _PAST_THE_END]:
            yield ActFinding(
                f"The list has {counted(past[0].pages, 'page')}; the client read on, up to page "
                f"{max(each.number for each in past)}.",
                "No page after the one that says hasMore: false.",
                _shown(past),
            )


def half_a_list(evidence: ActEvidence, _: str) -> Iterator[ActFinding]:
    """Yield that a page which broke off was not read again, and the client ended well."""
    listed = of_operation(evidence.exchanges, LIST)
    for broken in (one for one in listed if one.is_failure):
        later = [one for one in listed if one.number > broken.number and one.is_good]
        again = [one for one in later if page_number(one) <= page_number(broken)]
        if not again and evidence.ending.is_well:
            yield ActFinding(
                "A page of the list broke off in the middle. The client did not read it again, and "
                "ended with exit code 0.",
                "The page is read again, or the client ends with an error: what came is not the list.",
                (broken,),
            )


def has_read_all(evidence: ActEvidence, after: ActExchange) -> bool:
    """Return whether the client has read a list, or its size, once *after* was over."""
    return any(
        each.number == 1 and each.exchange.number > after.number for each in pages_read(evidence)
    )


def has_more(evidence: ActEvidence, exchange: ActExchange) -> bool:
    """Return whether pages follow the one that the client got in *exchange*."""
    return any(
        each.number < each.pages and not _is_peek(each) for each in _read(evidence, [exchange])
    )


def page_number(exchange: ActExchange) -> int:
    """Return which page a request is for, counted from 1."""
    text = exchange.parameters.get("page", "")
    return int(text) if text.isdecimal() else 1


def pages_read(evidence: ActEvidence) -> list[ReadPage]:
    """Return the pages that the client got whole, in their order."""
    return list(_read(evidence, of_operation(evidence.exchanges, LIST)))


def _read(evidence: ActEvidence, exchanges: Iterable[ActExchange]) -> Iterator[ReadPage]:
    for one in exchanges:
        if not one.is_good:
            continue
        limit = one.parameters.get("limit", "")
        total = one.body.get("total")
        if not isinstance(total, int):  # a long page, of which the journal keeps the beginning
            list_id = unquote(one.path.split("/")[-2])
            total = evidence.before.lists.get(list_id, evidence.after.lists.get(list_id, 0))
        count = one.body.get("totalPages")
        if not isinstance(count, int):
            count = ceil(total / int(limit)) if limit.isdecimal() and int(limit) else 1
        yield ReadPage(one, page_number(one), count, total)


def _passes(read: Sequence[ReadPage]) -> Iterator[list[ReadPage]]:
    """Yield the pages of each pass: of one list, with one page size, from the first page on."""
    under_way: dict[tuple[str, str], list[ReadPage]] = defaultdict(list)
    for one in read:
        key = (one.exchange.path, one.exchange.parameters.get("limit", ""))
        if one.number == 1 and under_way[key]:
            yield under_way.pop(key)
        under_way[key].append(one)
    yield from (each for each in under_way.values() if each)


def _is_peek(one: ReadPage) -> bool:
    """Return whether a page is asked for to learn how many contacts there are: the first, of one contact."""
    return one.number == 1 and one.exchange.parameters.get("limit") == "1"


def _is_whole(one: Sequence[ReadPage]) -> bool:
    return {each.number for each in one} >= set(range(1, min(each.pages for each in one) + 1))


def _repeated(one: Sequence[ReadPage]) -> list[ReadPage]:
    seen: set[int] = set()
    repeated = []
    for each in one:
        if each.number in seen:
            repeated.append(each)
        seen.add(each.number)
    return repeated


def _shown(read: Iterable[ReadPage]) -> tuple[ActExchange, ...]:
    return tuple(each.exchange for each in read)[:_SHOWN]


def _numbers(one: Sequence[ReadPage]) -> str:
    numbers = sorted({each.number for each in one})
    if len(numbers) == 1:
        return f"page {numbers[0]}"
    return f"{counted(len(numbers), 'page')} ({numbers[0]} to {numbers[-1]})"
