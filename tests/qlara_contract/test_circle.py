"""The circle: what is learnt of a deployment makes a sandbox that cannot be told from it."""

from __future__ import annotations

from itertools import islice, zip_longest
from typing import TYPE_CHECKING

import pytest
import yaml

from qlara_contract.conventions import NO_OVERLAY, TABLE, overlay_for, read_overlay
from qlara_contract.engine import check_deployment
from qlara_contract.results import ALWAYS_UPDATES, NOT_COMPLETED, PromiseState
from qlara_contract.settings import RunSettings
from qlara_contract.targets import SANDBOX_KEY, running_sandbox
from qlara_sandbox.resources import OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qlara_contract.engine import Outcome

Plain = int | str

# They are as the contract says, or hide what others do.
_BY_THEMSELVES = {
    "settle",
    "quota.settle",
    "list-names.create",
    "list-names.create-status",
    "quota.fields",
    "error-body",
    "duplicates.strategy",
}
# UC-020's own commands ask for 10 contacts, and it says 10 MB: less would break what it documents.
_SAMPLES: dict[str, tuple[Plain, ...]] = {"limit.maximum": (100,), "file.maximum": (10_000_000,)}


def _values(name: str) -> Iterator[Plain]:
    one = next(each for each in TABLE if each.name == name)
    samples = _SAMPLES.get(name, one.kind.samples())
    yield from (value for value in samples if value != one.default)


def _sets() -> list[dict[str, Plain]]:
    """Return sets of conventions in which each value of each appears once."""
    names = [each.name for each in TABLE if each.name not in _BY_THEMSELVES]
    columns = zip_longest(*(_values(name) for name in names))
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in islice(columns, 6)
    ]


def _run(overlay: Path, *, strict: bool) -> Outcome:
    said = read_overlay(overlay) if strict else NO_OVERLAY
    with running_sandbox("--overlay", str(overlay)) as url:
        return check_deployment(RunSettings(url, SANDBOX_KEY, strict=strict), overlay=said)


@pytest.mark.parametrize("values", _sets(), ids=lambda values: ",".join(values)[:60])
def test_a_sandbox_with_an_overlay_keeps_what_the_overlay_says(
    values: dict[str, Plain], tmp_path: Path
) -> None:
    overlay = tmp_path / "conventions.yaml"
    overlay.write_text(yaml.safe_dump(overlay_for(values)))

    strict = _run(overlay, strict=True)
    assert (strict.broken, strict.differing, strict.failures, strict.stopped) == ([], [], [], "")


def test_nearly_every_promise_is_exercised_under_the_reading_of_the_api_reference() -> None:
    strict = _run(OVERLAYS / "api-reference.yaml", strict=True)
    assert (strict.broken, strict.differing, strict.failures, strict.stopped) == ([], [], [], "")
    left = {each.promise.id: each.reason for each in strict.in_state(PromiseState.NOT_EXERCISED)}
    assert set(left.values()) == {ALWAYS_UPDATES}
    assert len(left) <= len(strict.promises) / 10


def test_the_reading_of_the_api_reference_is_learnt() -> None:
    with running_sandbox("--overlay", "api-reference") as url:
        learnt = check_deployment(RunSettings(url, SANDBOX_KEY))
    shipped = read_overlay(OVERLAYS / "api-reference.yaml")
    assert learnt.conventions.known == shipped.conventions.differences()
    assert learnt.otherwise == {}
    reasons = {each.reason for each in learnt.in_state(PromiseState.NOT_EXERCISED)}
    assert reasons <= {NOT_COMPLETED}  # the printed texts of refusals that have another body


def test_what_was_learnt_is_what_the_overlay_says(tmp_path: Path) -> None:
    values: dict[str, Plain] = {"limit.default": 20, "page.first": 0, "order": "newest"}
    overlay = tmp_path / "conventions.yaml"
    overlay.write_text(yaml.safe_dump(overlay_for(values)))

    outcome = _run(overlay, strict=False)
    assert (outcome.broken, outcome.conventions.known) == ([], values)
    written = overlay_for(outcome.conventions.known)
    assert written["actions"] == overlay_for(values)["actions"]
