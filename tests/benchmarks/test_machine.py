"""The machine is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import machine
from tests.benchmarks.figures import MACHINE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_processor_has_the_name_that_it_gives_itself(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nprocessor\t: 1\n")

    assert machine.processor(cpuinfo) == "Some CPU @ 2 GHz"


def test_a_processor_that_gives_none_has_that_of_its_architecture(tmp_path: Path) -> None:
    assert machine.processor(tmp_path / "missing")


def test_a_machine_is_a_line_of_words() -> None:
    assert machine.in_words(MACHINE) == (
        "A Processor, 2 cores, Linux 6.1, Python 3.11.7; starlette 1.0, uvicorn 0.5"
    )
    assert "uvicorn" in machine.in_words(machine.machine())
