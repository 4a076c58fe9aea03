"""Words become other words, the same one each time, and no two become one."""

from __future__ import annotations

from itertools import product
from unicodedata import normalize

import pytest
from hypothesis import given, strategies as st

from qlara_proxy.fictional.words import Words, shares_a_part
from qlara_proxy.sandbox import PHONE_WORDS

# Nothing becomes one of these, so that there are fewer than words.
MEANING_SOMETHING = {
    *("adr", "end", "fn", "geo", "org", "tel", "tz", "uid", "uri", "url"),
    *(each.lower() for each in PHONE_WORDS),
}


def words(secret: bytes = b"secret") -> Words:
    one = Words(secret)
    one.is_learning = False
    return one


def word(text: str, secret: bytes = b"secret") -> str:
    return "".join(words(secret).word(text))


@pytest.mark.parametrize(
    "text",
    [
        "Marco",
        "ROSSI",
        "müller",
        "Иванова",
        "Παπαδόπουλος",
        "山田太郎",
        "김민준",
        "محمد",
        "אברהם",
        "สมชาย",
        "अनिता",
        "Łukasz",
        "x",
        "Li",
    ],
)
def test_a_word_becomes_another_one_of_its_script_case_and_length(text: str) -> None:
    new = word(text)

    assert new != text
    assert (len(new), len(new.encode())) == (len(text), len(text.encode()))
    assert [each.isupper() for each in new] == [each.isupper() for each in text]


def test_composed_and_decomposed_letters_become_the_same() -> None:
    for text in ("Niccolò", "김영희", "Žižek"):
        new = word(text)
        assert normalize("NFC", word(normalize("NFD", text))) == new


def test_another_secret_makes_another_word() -> None:
    assert len({word("Quillfeather", bytes([each])) for each in range(20)}) == 20


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_words_and_digits_are_exchanged_one_for_one(length: int) -> None:
    one = words()
    texts = ["".join(each) for each in product("abcdefghijklmnopqrstuvwxyz", repeat=length)]
    texts = [each for each in texts if each not in MEANING_SOMETHING]
    numbers = ["".join(each) for each in product("0123456789", repeat=length)]
    letters = ["".join(one.word(each)) for each in texts]
    digits = ["".join(one.digits(each)) for each in numbers]

    assert (len(set(letters)), len(set(digits))) == (len(texts), len(numbers))
    assert all(a != b for a, b in zip(letters + digits, texts + numbers, strict=True))


def test_no_word_becomes_one_that_says_what_a_telephone_is_for_or_that_frames_a_card() -> None:
    one = words()
    found = {
        "".join(one.word(f"word{'abcdefghij'[at % 10]}{chr(97 + at // 100)}{chr(97 + at % 26)}"))
        for at in range(2_000)
    }

    assert not [
        each for each in found if "fax" in each or "cell" in each or each in {"begin", "tel"}
    ]


def test_nothing_becomes_what_somebody_else_is_called() -> None:
    one = Words(b"secret")
    becomes = word("marco")
    one.word(becomes)  # while it learns
    one.is_learning = False

    assert "".join(one.word("marco")) != becomes


@given(st.lists(st.text("abcdefghij", min_size=4, max_size=7), max_size=30, unique=True))
def test_different_words_become_different_words(texts: list[str]) -> None:
    one = words()
    new = ["".join(one.word(each)) for each in texts]

    assert len(set(new)) == len(texts)
    assert not any(shares_a_part(*each) for each in zip(texts, new, strict=True))
