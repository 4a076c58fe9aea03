"""Known deviations: a YAML file of promises, reason and until-date, each entry for one circumstance."""

from __future__ import annotations

import re
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
_TELLING = 12  # characters: a shorter text is found in other evidence too
# Ids, phone numbers and the like, which are others in the next run.
_OF_THE_RUN = re.compile(r"\S*\d{5,}\S*|\S*(?:contract-check|_[a-z0-9]{8,})\S*")
_REQUIRED = ("promise", "reason", "until")
_FIELDS = (*_REQUIRED, "promises", "when", "story")


class InvalidDeviations(CannotRun):
    """The file of known deviations cannot be used; the message names entry and field."""


@dataclass(frozen=True)
class Deviation:
    """Promises that are known to be broken for one reason, until a day (inclusive).

    ``when`` and ``story`` narrow it to the evidence that says so: a text, or one of several, in what was
    wrong, expected or received (or in the reading it follows), and one in the name of the story. Other
    evidence against the same promise counts.
    """

    promises: tuple[PromiseId, ...]
    reason: str
    until: date
    when: str | tuple[str, ...] = ""
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
        texts = (self.when,) if isinstance(self.when, str) else self.when
        is_told = any(each.casefold() in said for each in texts)
        return is_told and self.story.casefold() in evidence.story.casefold()


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
    seen: set[tuple[str, str | tuple[str, ...], str]] = set()
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
    if "story" in entry and not _is_text(entry["story"]):
        raise InvalidDeviations(f"{where}: story: expected a text.")
    promises = _promises(where, entry)
    when, story = _when(where, entry), str(entry.get("story", ""))
    return Deviation(promises, str(entry["reason"]), until, when, story)


def _when(where: str, entry: dict[str, Any]) -> str | tuple[str, ...]:
    when = entry.get("when", "")
    if "when" not in entry or _is_text(when):
        return str(when)
    if isinstance(when, list) and when and all(map(_is_text, when)):
        return tuple(when)
    raise InvalidDeviations(f"{where}: when: expected a text, or a list of texts.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


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

    There is one entry for each cause, narrowed to the circumstances in which it was seen, as far as the
    evidence tells them: a person confirms them, or names them better.
    """
    entries = [_entry(each, until) for each in causes(each for each in results if each.broken)]
    head = (
        "# Known deviations of a deployment, an entry for each cause. Write a reason that will still make\n"
        "# sense on the until-date; after it the promises count as broken again. `when` (a text in the\n"
        "# evidence, or one of several) and `story` narrow an entry to what this run saw: confirm them.\n"
        "# Other evidence against the same promise still counts as broken.\n"
    )
    return head + yaml.dump(
        {"deviations": entries}, Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True
    )


class _WithoutAliases(yaml.SafeDumper):
    """Writes each value where it stands: entries are removed and moved by hand."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature of PyYAML
        return True


def _entry(cause: Cause, until: date) -> dict[str, Any]:
    ids = [result.promise.id for result, _ in cause.results]
    entry: dict[str, Any] = {"promise": ids[0]} if len(ids) == 1 else {"promises": ids}
    return entry | {"reason": _reason(cause.head), "until": until} | _narrowing(cause)


def _narrowing(cause: Cause) -> dict[str, str | list[str]]:
    """Return the circumstances that the evidence tells and a later run will tell again."""
    evidence = [each for result, _ in cause.results for each in result.evidence]
    if any(result.has_more_evidence for result, _ in cause.results) or not evidence:
        return {}
    narrowing: dict[str, str | list[str]] = {}
    circumstances = list(dict.fromkeys(map(_circumstance, evidence)))
    if len(circumstances) == 1 and circumstances[0]:
        narrowing["when"] = circumstances[0]
    elif all(circumstances):
        narrowing["when"] = circumstances
    stories = {each.story for each in evidence}
    if len(stories) == 1 and evidence[0].story:
        narrowing["story"] = evidence[0].story
    return narrowing


def _circumstance(evidence: Evidence) -> str:
    """Return what tells this evidence from other evidence, in any run; empty if nothing does.

    That is the reading, or what is wrong without the ids and numbers of this run.
    """
    if evidence.variant is not None:
        return evidence.variant.value
    lasting = max((each.strip() for each in _OF_THE_RUN.split(evidence.what)), key=len)
    return lasting if len(lasting) >= _TELLING else ""


def _reason(result: PromiseResult) -> str:
    if result.spec_variants:
        return "; ".join(each.value for each in result.spec_variants)
    return result.evidence[0].what if result.evidence else result.promise.sentence
