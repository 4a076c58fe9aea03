"""Tries the circle on the deployment: what is learnt of it makes a sandbox that cannot be told from it.

``python -m tests.qlara_contract.foreign_circle [--kind KIND] [--sample N] [--seed S] [--jobs J] [NAME …]`` goes round once
per freedom; a NAME may be several joined by ``+``. Once round is: learn the deployment and write the
overlay; judge the deployment by it, strictly; serve a sandbox with it and judge that likewise; compare
both in what the overlay says. Prints a line each and a summary; exit code 0 if every circle closes,
else 1.
"""

from __future__ import annotations

import argparse
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Any

import yaml

from qlara_contract.contract import contract
from qlara_contract.conventions import NO_OVERLAY, ReadOverlay, overlay_for, read_overlay
from qlara_contract.differential import DifferenceKind, compare
from qlara_contract.engine import check_deployment, stories
from qlara_contract.promises import LIST, UPLOAD
from qlara_contract.settings import RunSettings
from qlara_contract.targets import SANDBOX_KEY, running_sandbox
from tests.foreign.deployment import SEEDED_LIST
from tests.foreign.freedoms import FREEDOMS
from tests.foreign.serving import (
    EXHAUSTED_KEY,
    KEY,
    NEARLY_EXHAUSTED_KEY,
    UNPERMITTED_KEY,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qlara_contract.differential import DeploymentComparison, ResponseDifference
    from qlara_contract.engine import Outcome
    from qlara_contract.exchange import ApiExchange

    Recorded = list[tuple[str, ApiExchange]]

# In place of what names the deployment, so that overlays that say the same are the same.
_INFO = {"title": "Conventions of a deployment", "version": "1.0.0"}
# Stories that are not compared: what is learnt is, by name; of the numbers that are alike there are few,
# so that an account may hold one; the others use accounts that hold other things.
_NOT_COMPARED = {
    "learning",
    "a number is not taken for one that ends like it",
    "no account sees or changes another",
    "at a full quota only what creates nothing is imported",
}
_OF_REFUSALS = {"answers.refusal-shape", "answers.documented-status"}
# Promises that are checked wherever the field stands, whatever the story.
_OF_FIELDS = {
    "status": "upload.completed-at-once",
    "errors": "upload.errors-listed",
    "errors[].line": "upload.error-line-exact",
    "errors[].name": "upload.errors-listed",
    "contacts[].tags[]": "tags.order",
}


@dataclass(frozen=True)
class Judged:
    """A run, and every exchange of it."""

    outcome: Outcome
    recorded: Recorded

    @property
    def problems(self) -> list[str]:
        """Why the run is not green, in words; empty if it is."""
        outcome = self.outcome
        found = [f"{each} is broken" for each in outcome.broken]
        found += [f"{each} differs" for each in outcome.differing if outcome.settings.strict]
        found += [*outcome.failures, *filter(None, [outcome.stopped])]
        return found or ([f"exit {outcome.exit_code}"] if outcome.exit_code else [])


@dataclass(frozen=True)
class Circle:
    """Once round with the freedoms in ``name``: what was learnt, and what does not hold.

    ``parted`` are the stories that went on otherwise with the sandbox: the rest of them is not compared.
    """

    name: str
    learnt: Mapping[str, int | str]
    differs: Mapping[str, str]
    problems: tuple[str, ...]
    seconds: float
    parted: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.learnt.items()) or "nothing"
        also = f"; differs: {', '.join(self.differs)}" if self.differs else ""
        also += f"; parted: {', '.join(self.parted)}" if self.parted else ""
        end = f"OPEN ({'; '.join(self.problems)})" if self.problems else "closed"
        return f"{self.name or '(none)'}: {end}; learnt {said}{also}, {self.seconds:.1f} s"


def circle(name: str, seed: int = 0) -> Circle:
    """Go round once with the freedoms in *name*, joined by ``+``; ``""``: none."""
    started, problems = monotonic(), []
    learnt = _judged_foreign(name, seed, NO_OVERLAY, strict=False)
    problems += [f"learning: {each}" for each in learnt.problems]
    overlay = learnt.outcome.overlay | {"info": _INFO}
    said, sandbox = _judged_sandbox(yaml.safe_dump(overlay, allow_unicode=True), seed)
    foreign = _judged_foreign(name, seed, said, strict=True)
    problems += [f"strict: {each}" for each in foreign.problems]
    problems += [f"sandbox: {each}" for each in sandbox.problems]
    compared = _compared(foreign, sandbox)
    left_out = _NOT_COMPARED | _stories_of(said.otherwise)
    problems += _differences(compared, said, left_out, seed)
    usual = _usual(seed)
    parted = [
        each
        for each in compared.unpaired
        if each not in left_out | usual.parted and not _is_generated(each)
    ]
    if not _has_reasons(said, usual):
        problems += [f"`{each}` goes on otherwise with the sandbox" for each in parted]
    for judged in (foreign, sandbox):
        for convention, value in judged.outcome.conventions.differing.items():
            problems.append(f"{convention} is {value} at {judged.outcome.settings.base_url}")
    return Circle(
        name,
        learnt.outcome.conventions.known,
        learnt.outcome.otherwise,
        tuple(dict.fromkeys(problems)),
        monotonic() - started,
        tuple(parted),
    )


def _judged_foreign(name: str, seed: int, overlay: ReadOverlay, *, strict: bool) -> Judged:
    freedoms = [each for each in name.split("+") if each]
    recorded: Recorded = []
    with running(freedoms) as url:
        settings = RunSettings(
            url,
            KEY,
            seed=seed,
            strict=strict,
            fresh=True,
            exhausted_key=EXHAUSTED_KEY,
            nearly_exhausted_key=NEARLY_EXHAUSTED_KEY,
            unpermitted_key=UNPERMITTED_KEY,
            list_id=SEEDED_LIST,
        )
        return Judged(check_deployment(settings, record=recorded, overlay=overlay), recorded)


@lru_cache(maxsize=4)
def _judged_sandbox(overlay: str, seed: int) -> tuple[ReadOverlay, Judged]:
    """Judge a sandbox by the overlay that it is served with; the same for each that says the same."""
    recorded: Recorded = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "overlay.yaml"
        path.write_text(overlay)
        said = read_overlay(path)
        with running_sandbox("--overlay", str(path)) as url:
            settings = RunSettings(url, SANDBOX_KEY, seed=seed, strict=True, list_id=SEEDED_LIST)
            outcome = check_deployment(settings, record=recorded, overlay=said)
    return said, Judged(outcome, recorded)


# --- comparing -----------------------------------------------------------------------------------


def _differences(
    compared: DeploymentComparison, said: ReadOverlay, left_out: set[str], seed: int
) -> Iterator[str]:
    """Yield how the responses differ in what the overlay says."""
    usual = _usual(seed).differences
    for each in compared.differences.values():
        where = [
            story
            for story in each.stories
            if story not in left_out
            and not _is_generated(story)
            and (each.operation, each.kind is DifferenceKind.STATUS, story) not in usual
        ]
        if where and not _is_silent(each, said):
            yield f"{each.kind} in `{where[0]}`: {each.what}"


def _is_generated(story: str) -> bool:
    return story.startswith("generated requests")


def _compared(foreign: Judged, sandbox: Judged) -> DeploymentComparison:
    settings = foreign.outcome.settings, sandbox.outcome.settings
    return compare(*settings, foreign.recorded, sandbox.recorded)


def _has_reasons(said: ReadOverlay, usual: _Usual) -> bool:
    """Return whether a story may go on otherwise with the sandbox.

    The overlay says something that the sandbox cannot do, or each reads a list that was there before.
    """
    reads_others = said.conventions.list_names_create == "no"
    return reads_others or bool(said.otherwise.keys() - usual.otherwise)


@dataclass(frozen=True)
class _Usual:
    """In what the two differ without any freedom.

    A difference is its operation, whether it is in status, and its story. ``parted`` are the stories in
    which they part, ``otherwise`` the promises that the deployment decides otherwise.
    """

    differences: frozenset[tuple[str, bool, str]]
    parted: frozenset[str]
    otherwise: frozenset[str]


@lru_cache(maxsize=4)
def _usual(seed: int) -> _Usual:
    foreign = _judged_foreign("", seed, NO_OVERLAY, strict=False)
    _, sandbox = _judged_sandbox(yaml.safe_dump(overlay_for({})), seed)
    compared = _compared(foreign, sandbox)
    differences = frozenset(
        (each.operation, each.kind is DifferenceKind.STATUS, story)
        for each in compared.differences.values()
        for story in each.stories
    )
    return _Usual(differences, frozenset(compared.unpaired), frozenset(foreign.outcome.otherwise))


def _stories_of(promises: Mapping[Any, str]) -> set[str]:
    """Return the stories that judge one of these promises, which the overlay says to differ."""
    return {
        story.__name__.removeprefix("test_").replace("_", " ")
        for story in stories()
        if promises.keys() & set(story.promises)
    }


def _is_silent(difference: ResponseDifference, said: ReadOverlay) -> bool:
    """Return whether no overlay could say it: wording, further fields, what no text can hold."""
    if difference.kind is DifferenceKind.WORDING:
        return True
    field, _, values = difference.what.partition(": ")
    if "upload.errors-listed" in said.otherwise and field.startswith("errors"):
        return True  # where entries stand in another order, so do their fields
    if "list.order" in said.otherwise and field.startswith("contacts"):
        return True
    if field == "errors[].reason" or _OF_FIELDS.get(field) in said.otherwise:
        return True  # where the contract names the words, promises judge them
    if said.conventions.settle and field in {"contacts", "total"}:
        return True  # read while an import was settling
    if said.conventions.list_names_create == "no" and difference.operation == LIST:
        return True  # each reads a list that was there before
    statuses = {each.response.status for pair in difference.examples for each in pair}
    is_report = difference.operation == UPLOAD and max(statuses) < 300
    if is_report and "upload.completed-at-once" in said.otherwise:
        return True  # what is known while an import goes on
    if min(statuses) >= 400 and said.otherwise.keys() & _OF_REFUSALS:
        return True
    if difference.what.endswith(" is only in the first"):
        return difference.what.split()[0].rpartition(".")[2] not in _known_fields()
    one, _, two = values.partition(" and ")
    return bool(two) and _printable(one) == _printable(two)


def _printable(text: str) -> str:
    return "".join(each for each in text if each.isprintable())


@lru_cache(maxsize=1)
def _known_fields() -> frozenset[str]:
    """Return every field of a response that the contract names."""
    schemas = contract().document["components"]["schemas"].values()
    return frozenset(name for schema in schemas for name in schema.get("properties", {}))


# --- the command ---------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.qlara_contract.foreign_circle", description=__doc__
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="freedoms; a+b for both at once")
    parser.add_argument("--kind", action="append", help="only freedoms of this kind; repeatable")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, chosen by --seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _chosen(options: argparse.Namespace) -> list[str]:
    found = [
        each.name for each in FREEDOMS.values() if not options.kind or each.kind in options.kind
    ]
    if options.names and not options.kind and options.sample is None:
        return list(options.names)
    if options.sample is not None and options.sample < len(found):
        found = random.Random(options.seed).sample(found, options.sample)
    return [*options.names, *found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Go round with the chosen freedoms; return the exit code."""
    options = _parser().parse_args(arguments)
    circles = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in pool.map(partial(circle, seed=options.seed), _chosen(options)):
            circles.append(done)
            sys.stdout.write(f"{done.line}\n")
            sys.stdout.flush()
    is_open = [each for each in circles if each.problems]
    sys.stdout.write(f"{len(circles) - len(is_open)} of {len(circles)} circles close.\n")
    for each in is_open:
        sys.stdout.write(f"  {each.name}\n")
    return int(bool(is_open))


if __name__ == "__main__":
    raise SystemExit(main())
