"""Generated files: the writer's knowledge of a file agrees with the file."""

from __future__ import annotations

import random

import pytest
import vobject
from hypothesis import given, settings, strategies

from qlara_contract.contract import contract
from qlara_contract.numbers import AMERICAN, spaced
from qlara_contract.oracle import INVALID
from qlara_contract.strategies import (
    VCardFile,
    card,
    draw_file,
    escaped,
    folded,
    vcard_texts,
)
from qlara_contract.targets import for_fuzzing

seeds = strategies.integers(0, 2**32 - 1)


def _drawn(seed: int) -> VCardFile:
    rng = random.Random(seed)
    return draw_file(rng, lambda: rng.choice(AMERICAN), ["+33199000001"])


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_errors_point_at_the_line_of_their_cause(seed: int) -> None:
    file = _drawn(seed)
    lines = file.text.replace("\r\n", "\n").split("\n")
    for each in file.cards:
        if each.fault:
            line = lines[each.line - 1]
            begins = "TEL:" if each.fault == INVALID else "BEGIN:VCARD"
            assert line.startswith(begins)


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_another_parser_reads_the_names_that_the_writer_knows(seed: int) -> None:
    file = _drawn(seed)
    read = [each.fn.value for each in vobject.readComponents(file.text)]
    assert read == [each.name for each in file.cards]


def test_the_same_seed_writes_the_same_file() -> None:
    assert _drawn(7) == _drawn(7)
    assert _drawn(7) != _drawn(8)


def test_some_files_hold_each_defect_and_some_repeat_a_number() -> None:
    files = [_drawn(seed) for seed in range(60)]
    faults = {each.fault for file in files for each in file.cards}
    assert faults == {"", "Missing phone number", "Invalid phone number format"}
    numbers = [[each.number for each in file.cards if each.number] for file in files]
    assert any(len(set(each)) < len(each) for each in numbers)


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_a_file_without_repeats_holds_no_number_twice(seed: int) -> None:
    rng, fresh = random.Random(seed), iter(AMERICAN)
    file = draw_file(rng, lambda: next(fresh), ["+33199000001", "+33199000002"], repeats=False)
    numbers = [each.number for each in file.cards if each.number]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_texts_for_generated_requests_match_the_contract_and_are_remembered() -> None:
    import re

    remembered: dict[str, VCardFile] = {}
    document = for_fuzzing(contract().document)
    schema = document["components"]["schemas"]["VCardUpload"]["properties"]["file"]
    text = vcard_texts(remembered).example()
    assert re.search(schema["pattern"], text)
    assert remembered[text].text == text


def test_values_are_escaped_and_lines_folded_as_the_format_demands() -> None:
    assert escaped("Rossi, Marco; C:\\x\n") == "Rossi\\, Marco\\; C:\\\\x\\n"
    assert folded("N" * 130).replace("\r\n ", "") == "N" * 130
    assert card("Zoë", "TEL:1", eol="\n") == (
        "BEGIN:VCARD\nVERSION:3.0\nFN:Zoë\nTEL:1\nEND:VCARD\n"
    )
    assert spaced("+33199001234") == "+33 19 90 01 23 4"
