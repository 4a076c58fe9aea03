"""What the account holds at the end of an act.

An import may come in parts, with any strategy, into any list: what counts is that the account holds each
contact as often, and with the name and email address, as after one import of the whole file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.report.counting import counted
from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.exchanges import LIST, of_operation

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from qlara_rehearsal.evidence import ActEvidence
    from qlara_rehearsal.stage import HeldContact

_SHOWN = 3


def contacts(evidence: ActEvidence, wanted: str) -> Iterator[ActFinding]:
    """Yield what is doubled, missing, or otherwise than in the file."""
    found, right = evidence.after, evidence.imported
    surplus = found.numbers - _at_least(right.numbers, evidence.before.numbers)
    imports = tuple(one for one in evidence.uploads if one.happened)
    if doubled := [number for number in surplus if found.numbers[number] > 1]:
        yield ActFinding(
            f"{counted(len(doubled), 'contact')} of the file {_are(doubled)} in the account more than "
            f"once: {_listed(doubled)}.",
            "Each of them once: an import whose outcome is not known is not repeated with DUPLICATE "
            "without a look at the list.",
            imports,
        )
    if wanted == "none twice":
        return
    if missing := list(right.numbers - found.numbers):
        yield ActFinding(
            f"{len(missing)} of {counted(right.numbers.total(), 'contact')} "
            f"{_are(missing)} not in the account: {_listed(missing)}.",
            "All contacts of the file that can be imported.",
            evidence.exchanges,
        )
    if harmed := _harmed(found.counted, right.counted):
        yield ActFinding(
            f"{counted(len(harmed), 'contact')} {_are(harmed)} not as in the file: "
            + "; ".join(harmed[:_SHOWN])
            + _more(harmed)
            + ".",
            "Names and addresses arrive as the file has them, byte by byte.",
            imports,
        )
    if foreign := [one for one in surplus if found.numbers[one] == 1]:
        yield ActFinding(
            f"{counted(len(foreign), 'contact')} {_are(foreign)} in the account that the file does not "
            f"have: {_listed(foreign)}.",
            "The contacts of the file, and no others.",
            imports,
        )


def new_lists(evidence: ActEvidence, wanted: int) -> Iterator[ActFinding]:
    """Yield how many lists were created, if these are not as many as *wanted*."""
    if evidence.new_lists != wanted:
        named = [one for one in evidence.uploads if "listName" in (one.form or {})]
        yield ActFinding(
            f"{counted(evidence.new_lists, 'new list')} {'is' if evidence.new_lists == 1 else 'are'} in "
            "the account.",
            f"{counted(wanted, 'new list')}: every import with listName creates one. Further imports "
            "take the listId of the first report.",
            (*named, *of_operation(evidence.exchanges, LIST)[:1]),
        )


def _at_least(one: Counter[str], other: Counter[str]) -> Counter[str]:
    return one | other


def _harmed(found: Counter[HeldContact], right: Counter[HeldContact]) -> list[str]:
    """Return the contacts whose number arrived, but not their name or address."""
    expected = {one.phone_number: one for one in right - found}
    return [
        f"{_person(one)} in place of {_person(expected[one.phone_number])}"
        for one in found - right
        if one.phone_number in expected
    ]


def _person(contact: HeldContact) -> str:
    return f"{contact.name!r}" + (f" <{contact.email}>" if contact.email else "")


def _are(items: list[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _listed(numbers: list[str]) -> str:
    return ", ".join(numbers[:_SHOWN]) + _more(numbers)


def _more(items: list[str]) -> str:
    return f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
