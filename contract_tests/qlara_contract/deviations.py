"""Known deviations: a YAML file of promises, reason and until-date, each entry for one circumstance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import yaml

from qlara_contract import yaml_12
from qlara_contract.causes import causes
from qlara_contract.errors import CannotRun
from qlara_contract.promises import UnknownPromise, promise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from qlara_contract.causes import Cause
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import Evidence, PromiseResult

_DEEPEST = 50
_REQUIRED = ("promise", "reason", "until")
_FIELDS = (*_REQUIRED, "promises", "when", "story")


class InvalidDeviations(CannotRun):
    """The file of known deviations cannot be used; the message names entry and field."""


@dataclass(frozen=True)
class Deviation:
    """Promises that are known to be broken for one reason, until a day (inclusive).

    ``when`` and ``story`` narrow it to the evidence that says so: a text in what was wrong, expected or
    received (or in the reading it follows), and one in the name of the story. Other evidence against the same promise counts.
    """

    promises: tuple[PromiseId, ...]
    reason: str
    until: date
    when: str = ""
    story: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether only some evidence is known."""
        return bool(self.when or self.story)

    def holds(self, today: date) -> bool:
        """Return whether the deviation is still known on *today*."""
        return today <= self.until

    def knows(self, promise_id: PromiseId, evidence: Evidence) -> bool:
        """Return whether this evidence against a promise is what the entry is about."""
        if promise_id not in self.promises:
            return False
        variant = evidence.variant.value if evidence.variant else ""
        said = "\n".join((evidence.what, evidence.expected, evidence.got, variant)).casefold()
        return self.when.casefold() in said and self.story.casefold() in evidence.story.casefold()


def holding(deviations: Iterable[Deviation], today: date) -> tuple[Deviation, ...]:
    """Return the deviations that still hold on *today*."""
    return tuple(each for each in deviations if each.holds(today))


def unknown_evidence(result: PromiseResult, holds: Iterable[Deviation]) -> list[Evidence]:
    """Return the evidence against a promise that none of the deviations knows."""
    known = [each for each in holds if result.promise.id in each.promises]
    return [
        each
        for each in result.evidence
        if not any(one.knows(result.promise.id, each) for one in known)
    ]


def is_known(result: PromiseResult, holds: Iterable[Deviation]) -> bool:
    """Return whether the deviations know everything that was found against a promise."""
    known = [each for each in holds if result.promise.id in each.promises]
    if any(not each.is_narrowed for each in known):
        return True
    return bool(known) and not result.has_more_evidence and not unknown_evidence(result, known)


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
    seen: set[tuple[str, str, str]] = set()
    for at, each in enumerate(found, 1):
        for one in each.promises:
            if (one, each.when, each.story) in seen:
                raise InvalidDeviations(f"{path}: entry {at}: promise: {one} is listed twice.")
            seen.add((one, each.when, each.story))
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
    for name in _REQUIRED:
        if not entry.get(name) and not (name == "promise" and entry.get("promises")):
            raise InvalidDeviations(f"{where}: {name} is missing.")
    until = _day(entry["until"])
    if until is None:
        raise InvalidDeviations(f"{where}: until: expected a date like 2027-01-31.")
    for name in ("when", "story"):
        if name in entry and (not isinstance(entry[name], str) or not entry[name].strip()):
            raise InvalidDeviations(f"{where}: {name}: expected a text.")
    promises = _promises(where, entry)
    narrowed = {name: str(entry.get(name, "")) for name in ("when", "story")}
    return Deviation(promises, str(entry["reason"]), until, **narrowed)


def _promises(where: str, entry: dict[str, Any]) -> tuple[PromiseId, ...]:
    if "promise" in entry and "promises" in entry:
        raise InvalidDeviations(f"{where}: promises: expected instead of promise, not beside it.")
    name = "promises" if "promises" in entry else "promise"
    named = entry[name] if name == "promises" else [entry[name]]
    if not isinstance(named, list):
        raise InvalidDeviations(f"{where}: promises: expected a list of ids.")
    try:
        return tuple(dict.fromkeys(promise(str(each)).id for each in named))
    except UnknownPromise as error:
        raise InvalidDeviations(f"{where}: {name}: {error}") from error


def _day(text: Any) -> date | None:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None
    return day if str(day) == text else None


def draft(results: Iterable[PromiseResult], until: date) -> str:
    """Return a file of deviations that covers everything broken in *results*, for a person to edit.

    There is one entry for each cause, narrowed to what was seen where that is possible.
    """
    entries = [_entry(each, until) for each in causes(each for each in results if each.broken)]
    head = (
        "# Known deviations of a deployment, an entry for each cause. Write a reason that will still make\n"
        "# sense on the until-date; after it the promises count as broken again. `when` (a text in the\n"
        "# evidence) and `story` narrow an entry: other evidence against the same promise still counts.\n"
    )
    return head + yaml.safe_dump({"deviations": entries}, sort_keys=False, allow_unicode=True)


def _entry(cause: Cause, until: date) -> dict[str, Any]:
    ids = [result.promise.id for result, _ in cause.results]
    entry: dict[str, Any] = {"promise": ids[0]} if len(ids) == 1 else {"promises": ids}
    return entry | {"reason": _reason(cause.head), "until": until.replace()} | _narrowing(cause)


def _narrowing(cause: Cause) -> dict[str, str]:
    """Return what all the evidence has in common and a later run will have too."""
    evidence = [each for result, _ in cause.results for each in result.evidence]
    if any(result.has_more_evidence for result, _ in cause.results) or not evidence:
        return {}
    variants = {each.variant for each in evidence}
    variant = evidence[0].variant
    if variant is not None and len(variants) == 1:
        return {"when": variant.value}
    stories = {each.story for each in evidence}
    return {"story": evidence[0].story} if len(stories) == 1 and evidence[0].story else {}


def _reason(result: PromiseResult) -> str:
    if result.spec_variants:
        return "; ".join(each.value for each in result.spec_variants)
    return result.evidence[0].what if result.evidence else result.promise.sentence
