from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from reliability import fuzz as command
from reliability.engine import Failure, Limits, Outcome, fuzz
from reliability.mutation import Mutator
from reliability.outcomes import read, write
from reliability.target import Figures, InvariantBroken

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path
    from random import Random

INPUTS = Limits(seconds=1e9, inputs=400)


class Lengths:
    """A target that breaks where an input has a ``#``, and behaves by length otherwise."""

    name = "lengths"

    def __init__(self) -> None:
        self.tried: list[bytes] = []
        self._mutator = Mutator([b"#", b"word"], self.seeds())

    def seeds(self) -> list[bytes]:
        return [b"first line\r\nsecond line\r\n"]

    def mutate(self, data: bytes, rng: Random) -> bytes:
        return self._mutator(data, rng)

    def run(self, data: bytes) -> Hashable:
        self.tried.append(data)
        if b"#" in data:
            raise InvariantBroken("no hash", f"at {data.index(b'#')}")
        return len(data).bit_length()

    def figures(self) -> Figures:
        return Figures(peak_mb=1.0)

    def close(self) -> None:
        pass


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, second, other = Lengths(), Lengths(), Lengths()

    fuzz(first, 1, INPUTS, [])
    fuzz(second, 1, INPUTS, [])
    fuzz(other, 2, INPUTS, [])

    assert first.tried == second.tried != other.tried


def test_an_input_that_breaks_something_is_shortened_and_the_others_are_counted() -> None:
    outcome = fuzz(Lengths(), 1, INPUTS, [])

    [failure] = outcome.failures
    assert failure[:3] == ("no hash", "at 0", b"#")
    assert outcome.failed == failure.inputs > 1


def test_a_failure_that_does_not_happen_again_is_reported_as_it_was() -> None:
    class Once(Lengths):
        def run(self, data: bytes) -> Hashable:
            self.tried.append(data)
            if len(self.tried) == 1:
                raise InvariantBroken("no hash", "at 0")
            return len(data)

    outcome = fuzz(Once(), 1, Limits(seconds=1e9, inputs=1), [])

    [failure] = outcome.failures
    assert failure.detail == "at 0 (not again when it was tried alone)"
    assert failure.data == b"first line\r\nsecond line\r\n"


def test_seeds_and_corpus_come_first_and_as_they_are() -> None:
    target = Lengths()

    outcome = fuzz(target, 1, Limits(seconds=1e9, inputs=2), [b"from the corpus"])

    assert target.tried == [*target.seeds(), b"from the corpus"]
    assert outcome.fresh == []


def test_a_run_ends_when_its_time_is_over() -> None:
    seconds = count()

    outcome = fuzz(Lengths(), 1, Limits(seconds=5), [], clock=lambda: float(next(seconds)))

    assert outcome.tried == 5  # the clock is read once before each


def test_only_inputs_with_a_new_behaviour_are_fresh() -> None:
    outcome = fuzz(Lengths(), 1, INPUTS, [])

    lengths = [len(data).bit_length() for data in outcome.fresh]
    assert len(set(lengths)) == len(lengths) == outcome.behaviours - 1  # the seed has one


def test_an_outcome_survives_its_file(tmp_path: Path) -> None:
    outcome = fuzz(Lengths(), 1, INPUTS, [])

    write(outcome, tmp_path / "outcome.json")

    assert read(tmp_path / "outcome.json") == outcome


def test_a_failure_is_written_down_with_the_command_that_reproduces_it(tmp_path: Path) -> None:
    failure = Failure("no hash", "at 0", b"#", 7)
    outcome = Outcome("lengths", 1, 400, 2.0, 5, [failure], [], Figures())

    said = command.report(outcome, tmp_path)

    [path] = (tmp_path / "lengths").iterdir()
    assert path.read_bytes() == b"#"
    assert said == (
        "lengths              400 inputs     200/s     5 behaviours     7 failures\n"
        "  broken (7 times): no hash\n"
        "    at 0\n"
        f"    python -m reliability.fuzz --target lengths --replay {path}"
    )
