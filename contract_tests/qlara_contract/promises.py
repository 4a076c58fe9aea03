"""The promises: every checkable sentence of the contract, read from ``promises.yaml`` and checked.

``python -m qlara_contract.promises`` prints the page that is kept in ``docs/promises.md``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlara_contract import yaml_12

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.promise_ids import PromiseId

DATA = Path(__file__).with_name("promises.yaml")

UPLOAD = "uploadVCard"
LIST = "listContacts"
QUOTA = "getContactQuota"
EVERY = "every operation"

OPERATIONS = (UPLOAD, LIST, QUOTA, EVERY)


class Severity(StrEnum):
    """What a broken promise costs the partner who relied on it; worst first."""

    CRITICAL = "critical"  # contacts are lost, wrong, or seen by others
    MAJOR = "major"  # a correct client fails or is misled
    MINOR = "minor"  # a correct client copes


class PromiseKind(StrEnum):
    """Who makes a promise: UC-020, or the contract where UC-020 is silent."""

    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Promise:
    """One checkable sentence of the contract.

    ``heading`` is the heading of UC-020 that makes a documented promise; ``assumption`` is why the
    contract decided so where UC-020 is silent. One of the two is empty. ``exercised_by`` says what
    a run needs to exercise the promise; empty where any run does.
    """

    id: PromiseId
    operation: str
    severity: Severity
    sentence: str
    heading: str = ""
    rfc: str = ""
    assumption: str = ""
    exercised_by: str = ""

    @property
    def kind(self) -> PromiseKind:
        return PromiseKind.DOCUMENTED if self.heading else PromiseKind.ASSUMED

    @property
    def is_assumed(self) -> bool:
        return self.kind is PromiseKind.ASSUMED

    @property
    def source(self) -> str:
        """Where the promise comes from: the heading of UC-020, or the assumption."""
        if self.is_assumed:
            return f"assumption: {self.assumption}"
        return f"UC-020: {self.heading}" + (f" ({self.rfc})" if self.rfc else "")


class InvalidPromises(ValueError):
    """``promises.yaml`` is wrong; the message names the promise."""


class UnknownPromise(ValueError):
    """There is no promise of this id; the message suggests similar ones."""

    def __init__(self, promise_id: str) -> None:
        near = [each for each in BY_ID if each.startswith(promise_id.split(".")[0] + ".")]
        hint = f" Similar: {', '.join(near)}." if near else " `verify --list` prints all ids."
        super().__init__(f"Unknown promise {promise_id!r}.{hint}")


def load_promises(document: dict[str, Any]) -> tuple[Promise, ...]:
    """Return the promises in a document such as ``promises.yaml``.

    Raises:
        InvalidPromises: a field is unknown, missing or wrong, or an id appears twice.
    """
    promises = tuple(
        _promise(fields, operation, document["needs"])
        for operation, entries in document["promises"].items()
        for fields in entries
    )
    ids = [each.id for each in promises]
    repeated = sorted({each for each in ids if ids.count(each) > 1})
    if repeated:
        raise InvalidPromises(f"{', '.join(repeated)}: listed twice")
    return promises


def _promise(fields: dict[str, Any], operation: str, needs: dict[str, str]) -> Promise:
    about = f"{operation}: {fields.get('id', 'a promise without id')}"
    known = {**fields}
    try:
        required = known.pop("needs", "")
        made = Promise(
            operation=operation,
            severity=Severity(known.pop("severity", "")),
            exercised_by=needs[required] if required else "",
            **known,
        )
    except (TypeError, ValueError, KeyError) as error:
        raise InvalidPromises(f"{about}: {error}") from error
    if operation not in OPERATIONS or bool(made.heading) is bool(made.assumption):
        raise InvalidPromises(f"{about}: needs a known operation, and a heading or an assumption")
    return made


PROMISES = load_promises(yaml_12.read(DATA.read_text(encoding="utf-8")))

BY_ID: dict[str, Promise] = {each.id: each for each in PROMISES}


def promise(promise_id: str) -> Promise:
    """Return the promise with this id; raise ``UnknownPromise``."""
    try:
        return BY_ID[promise_id]
    except KeyError:
        raise UnknownPromise(promise_id) from None


class UnusableDifference(ValueError):
    """``x-qlara-differs`` names no promise, or a documented one; the message says which."""


def require_assumed(differs: Mapping[str, str]) -> Mapping[PromiseId, str]:
    """Return what an overlay says to differ if a deployment may decide it.

    Raises:
        UnusableDifference: a promise is unknown, or documented.
    """
    found: dict[PromiseId, str] = {}
    for name, sentence in differs.items():
        try:
            one = promise(name)
        except UnknownPromise as error:
            raise UnusableDifference(f"x-qlara-differs: {error}") from error
        if not one.is_assumed:
            raise UnusableDifference(
                f"x-qlara-differs: {name} is documented ({one.source}); a deployment that does otherwise "
                "breaks it. Known deviations are for that."
            )
        found[one.id] = sentence
    return found


def as_markdown() -> str:
    """Return ``docs/promises.md``: every promise, by operation."""
    lines = [
        "# Promises",
        "",
        "<!-- Written by `python -m qlara_contract.promises > docs/promises.md`. -->",
        "",
        f"What `qlara-sandbox verify` checks a deployment against: {len(PROMISES)} promises, each a sentence",
        "of the contract that a client can observe. Ids are stable; use them with `--only` and in a file of",
        "known deviations. Severity: *critical*, contacts are lost, wrong or seen by others; *major*, a",
        "correct client fails or is misled; *minor*, a correct client copes.",
        "",
        f"{_count(PromiseKind.DOCUMENTED)} of them are *documented*: a heading of UC-020 makes them, and a deployment that does",
        f"otherwise has broken them. {_count(PromiseKind.ASSUMED)} are *assumed*: UC-020 is silent, and a deployment that decides",
        "otherwise *differs*.",
    ]
    for operation, group in groupby(PROMISES, key=lambda each: each.operation):
        title = operation[0].upper() + operation[1:] if operation == EVERY else f"`{operation}`"
        lines += [
            "",
            f"## {title}",
            "",
            "| id | severity | promise | source |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{each.id}` | {each.severity} | {_cell(each.sentence)} | {_cell(each.source)} |"
            for each in group
        ]
    return "\n".join(lines) + "\n"


def _count(kind: PromiseKind) -> int:
    return sum(each.kind is kind for each in PROMISES)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
