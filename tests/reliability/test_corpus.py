from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from reliability import corpus, dictionaries
from reliability.mutation import LONGEST, Mutator, change_a_value
from reliability.shrinking import shrink

if TYPE_CHECKING:
    from pathlib import Path


def test_the_corpus_grows_by_short_inputs_while_there_is_room(tmp_path: Path) -> None:
    many = [b"x" * size for size in range(1, corpus.MOST + 10)]

    kept = corpus.grow("t", [b"y" * (corpus.LARGEST + 1), *reversed(many)], tmp_path)

    assert kept == corpus.MOST
    assert sorted(corpus.load("t", tmp_path), key=len) == many[: corpus.MOST]
    assert corpus.grow("t", [b"z"], tmp_path) == 0


def test_a_corpus_can_be_made_anew(tmp_path: Path) -> None:
    corpus.grow("t", [b"old"], tmp_path)

    corpus.replace("t", [b"new", b"x" * (corpus.LARGEST + 1)], tmp_path)

    assert set(corpus.load("t", tmp_path)) == {b"new", b"x" * (corpus.LARGEST + 1)}


def test_a_mutation_is_another_input_and_the_same_for_the_same_chance() -> None:
    mutate = Mutator(dictionaries.VCARD, [b"other\r\ninput\r\n"])
    data = b"BEGIN:VCARD\r\nTEL:+39 347 1234567\r\nEND:VCARD\r\n"

    first = [mutate(data, Random(seed)) for seed in range(300)]

    assert first == [mutate(data, Random(seed)) for seed in range(300)]
    assert len(set(first)) > 250
    assert max(map(len, first)) <= LONGEST
    assert mutate(b"", Random(1)) is not None


def test_one_value_of_a_document_is_changed() -> None:
    changed = set()
    for seed in range(300):
        document = {"a": [1, {"b": 2}]}
        change_a_value(document, ["new"], Random(seed))
        changed.add(repr(document))

    assert changed == {
        "{}",
        "{'a': 'new'}",
        "{'a': ['new', {'b': 2}]}",
        "{'a': [1, 'new']}",
        "{'a': [1, {'b': 'new'}]}",
        "{'a': [1, {}]}",
        "{'a': [1]}",
        "{'a': [{'b': 2}]}",
    }


def test_an_input_is_shortened_to_what_matters() -> None:
    data = b"a" * 500 + b"needle" + b"b" * 700 + b"!" + b"c" * 90

    assert shrink(data, lambda one: b"needle" in one and b"!" in one) == b"needle!"
