"""Known deviations: a YAML file of promise, reason and until-date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import yaml

from qlara_contract import yaml_12
from qlara_contract.errors import CannotRun
from qlara_contract.promises import UnknownPromise, promise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import PromiseResult

_DEEPEST = 50
_FIELDS = ("promise", "reason", "until")


class InvalidDeviations(CannotRun):
    """The file of known deviations cannot be used; the message names entry and field."""


@dataclass(frozen=True)
class Deviation:
    """A promise that is known to be broken, until a day (inclusive)."""

    promise: PromiseId
    reason: str
    until: date

    def holds(self, today: date) -> bool:
        """Return whether the deviation is still known on *today*."""
        return today <= self.until


def load_deviations(path: Path) -> tuple[Deviation, ...]:
    """Return the deviations in the file at *path*; raise ``InvalidDeviations``."""
    try:
        text = path.read_text(encoding="utf-8")
        _require_shallow(text)
        document = yaml_12.read(text)
    except OSError as error:
        raise InvalidDeviations(f"{path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidDeviations(f"{path}: is not UTF-8: {error}") from error
    except yaml.YAMLError as error:
        line, problem = yaml_12.mistake(error)
        raise InvalidDeviations(f"{path}:{line}: is not YAML: {problem}") from error
    if document is None:
        return ()
    entries = document.get("deviations") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidDeviations(f"{path}: expected `deviations:` with a list of entries.")
    found = tuple(_deviation(f"{path}: entry {at}", each) for at, each in enumerate(entries, 1))
    seen: set[PromiseId] = set()
    for at, each in enumerate(found, 1):
        if each.promise in seen:
            raise InvalidDeviations(f"{path}: entry {at}: promise: {each.promise} is listed twice.")
        seen.add(each.promise)
    return found


def _require_shallow(text: str) -> None:
    """Let a document pass whose values can be built; libyaml does that recursively, and has no bound.

    Raises:
        yaml.YAMLError: values are nested too deeply, or it is not YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            message = f"values nested more than {_DEEPEST} deep"
            mark = cast("yaml.error.Mark", event.start_mark)
            raise yaml.composer.ComposerError(None, None, message, mark)


def _deviation(where: str, entry: Any) -> Deviation:
    if not isinstance(entry, dict):
        raise InvalidDeviations(f"{where}: expected {', '.join(_FIELDS)}.")
    for name in entry:
        if name not in _FIELDS:
            raise InvalidDeviations(f"{where}: {name}: expected one of {', '.join(_FIELDS)}.")
    for name in _FIELDS:
        if not entry.get(name):
            raise InvalidDeviations(f"{where}: {name} is missing.")
    until = _day(entry["until"])
    if until is None:
        raise InvalidDeviations(f"{where}: until: expected a date like 2027-01-31.")
    try:
        known = promise(str(entry["promise"]))
    except UnknownPromise as error:
        raise InvalidDeviations(f"{where}: promise: {error}") from error
    return Deviation(known.id, str(entry["reason"]), until)


def _day(text: Any) -> date | None:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None
    return day if str(day) == text else None


def draft(results: Iterable[PromiseResult], until: date) -> str:
    """Return a file of deviations that covers everything broken in *results*, for a person to edit."""
    broken = [
        {
            "promise": result.promise.id,
            "reason": _reason(result),
            "until": until,
        }
        for result in results
        if result.broken
    ]
    head = (
        "# Known deviations of a deployment. Write a reason that will still make sense on the\n"
        "# until-date; after it the promise counts as broken again.\n"
    )
    return head + yaml.safe_dump({"deviations": broken}, sort_keys=False, allow_unicode=True)


def _reason(result: PromiseResult) -> str:
    if result.spec_variants:
        return "; ".join(each.value for each in result.spec_variants)
    return result.evidence[0].what if result.evidence else result.promise.sentence
