"""What an import spends on odd lines: enough for every file of contacts, and no more in proportion."""

from __future__ import annotations

import pytest

from qlara_sandbox.domain.budget import FREE, OCTETS_EACH, ImportBudget, budget_of
from qlara_sandbox.domain.importing import (
    INVALID_PHONE,
    CardError,
    ExistingContacts,
    ImportOptions,
    Plan,
    Strategy,
)
from qlara_sandbox.services.importing import plan_import

HEAD, TAIL = "BEGIN:VCARD\nVERSION:3.0\n", "END:VCARD\n"


def card(*lines: str) -> str:
    return HEAD + "".join(f"{line}\n" for line in lines) + TAIL


def plan(text: str) -> Plan:
    options = ImportOptions(Strategy.SKIP, (), created_at="", next_number=1)
    return plan_import(text.encode(), options, ExistingContacts({}, {}), "IT")


def numbers(found: Plan) -> list[tuple[str, str]]:
    return [(contact.name, contact.phone_number) for contact in found.created]


# More than the budget of a file of this size, in each case.
MANY_INVALID = "".join(
    card(*["TEL:1x1", *(f"TEL:1x{n}{m}" for m in range(20))]) for n in range(4000)
)
MANY_HEADS = card(*(f"EMAIL;PREF={n + 101}:a@b.it" for n in range(20_000)), "TEL:3470000000")


def test_the_budget_grows_with_the_file() -> None:
    assert budget_of(0) == ImportBudget(FREE, FREE)
    assert budget_of(1000 * OCTETS_EACH) == ImportBudget(FREE + 1000, FREE + 1000)


def test_thousands_of_cards_with_a_new_head_and_an_invalid_number_each_are_within() -> None:
    cards = [
        card(
            f'N;SORT-AS="Rossi:{number}":Rossi;Anna {number};;;',
            f"FN:Anna Rossi {number}",
            f"TEL;TYPE=pref;X-ID={number}:n/d {number} 1",
            f"TEL;TYPE=cell:347 {number:07}",
        )
        for number in range(5000)
    ]

    found = plan("".join(cards))

    assert not found.errors
    assert numbers(found)[-1] == ("Anna Rossi 4999", "+393470004999")


def test_behind_many_invalid_numbers_the_preferred_one_of_each_card_is_tried() -> None:
    sound = card("FN:Sound", "TEL:1", "TEL;TYPE=pref:3471234567")
    second = card("FN:Second", "TEL;TYPE=pref:1", "TEL:3477654321")

    assert numbers(plan(sound + second)) == [
        ("Sound", "+393471234567"),
        ("Second", "+393477654321"),
    ]

    found = plan(MANY_INVALID + sound + second)

    line = MANY_INVALID.count("\n") + sound.count("\n") + 4
    assert numbers(found) == [("Sound", "+393471234567")]
    assert found.errors[-1] == CardError(line, "Second", INVALID_PHONE)
    assert len(found.errors) == 4001


def test_behind_many_heads_the_parameters_of_new_ones_are_passed_over() -> None:
    known = "TEL;TYPE=fax:0212345678"
    behind = card('FN;X="a:b":Next', "a.TEL;TYPE=pref;X=1:3471234567", "TEL;TYPE=pref:3477654321")

    found = plan(card("FN:First", known, "TEL:3479999999") + MANY_HEADS + behind)

    assert numbers(found) == [
        ("First", "+393479999999"),
        ("", "+393470000000"),
        ("Next", "+393471234567"),
    ]


def test_behind_many_heads_versions_frames_and_agents_are_read_as_before() -> None:
    behind = (
        "BEGIN:VCARD\nVERSION;X=1:3.0\nFN:Boss\nAGENT;X=2:\nBEGIN:VCARD\nFN:Agent\nEND:VCARD\n"
        "tel;X=3:3471234567\nEND:VCARD\n"
    )

    assert numbers(plan(MANY_HEADS + behind))[1:] == [("Boss", "+393471234567")]


def test_behind_many_odd_numbers_plain_ones_are_tried() -> None:
    plain, odd = (
        card("FN:Plain", "TEL:+39 (347) 123-4567"),
        card("FN:Odd", "TEL:347 7654321 ext. 5"),
    )
    invalid = "".join(card(f"TEL:1x{number}") for number in range(5000))

    assert [name for name, _ in numbers(plan(plain + odd))] == ["Plain", "Odd"]

    found = plan(invalid + plain + odd)

    assert numbers(found) == [("Plain", "+393471234567")]
    assert found.errors[-1] == CardError(
        (invalid + plain + odd).count("\n") - 1, "Odd", INVALID_PHONE
    )


def test_plain_numbers_that_are_invalid_cost_nothing() -> None:
    foreign = "".join(card(f"TEL:(12) 3-{number:04}") for number in range(5000))
    odd = card("FN:Odd", "TEL:347 7654321 ext. 5")

    assert numbers(plan(foreign + odd)) == [("Odd", "+393477654321")]


# More than the budget of a file of this size.
MANY_FRAMES = card(*(f"NOTE:{number} BEGIN:VCARD x" for number in range(20_000)))


def people(count: int, *, end: str = "\n") -> list[str]:
    return [
        f"BEGIN:VCARD\nVERSION:3.0\nFN:Al\nTEL:347{number:07}\nEND:VCARD{end}"
        for number in range(count)
    ]


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "cards",
    [
        pytest.param(people(5000, end=""), id="joined"),
        pytest.param(people(5000, end="BEGIN:VCARD\nEND:VCARD\n"), id="glued"),
        pytest.param([f"\n{indented(one)}" for one in people(5000)], id="indented"),
        pytest.param([f"\ufeff{one}" for one in people(5000)], id="behind marks"),
        pytest.param([indented("".join(people(5000)))], id="an indented file"),
    ],
)
def test_thousands_of_the_smallest_cards_with_frames_in_odd_places_are_within(
    cards: list[str],
) -> None:
    found = numbers(plan("".join(cards)))

    assert found == [("Al", f"+39347{number:07}") for number in range(5000)]


@pytest.mark.parametrize(
    "second",
    [
        "FN:AnnaEND:VCARDBEGIN:VCARD\nVERSION:3.0\nFN:Luca\nEND:VCARD\n",
        "FN:Anna\n END:VCARD\n BEGIN:VCARD\nVERSION:3.0\nFN:Luca\nEND:VCARD\n",
        "FN:Anna\nEND:VCARD\n\n BEGIN:VCARD\n VERSION:3.0\n FN:Luca\n END:VCARD\n",
    ],
)
def test_behind_many_frames_in_odd_places_only_those_on_a_line_of_their_own_count(
    second: str,
) -> None:
    text = f"BEGIN:VCARD\nVERSION:3.0\n{second}"
    last = card("FN:Last", "TEL:3471234567")

    assert plan(text + last).total == 3

    found = plan(MANY_FRAMES + text + last)

    assert found.total == 3  # that with the frames, Anna's and the last
    assert numbers(found) == [("Last", "+393471234567")]


def test_a_file_is_read_alike_whatever_was_read_before() -> None:
    text = MANY_HEADS + card("FN:Next", "TEL;TYPE=pref,x:1", "TEL;TYPE=fax:3471234567")

    assert numbers(plan(text)) == numbers(plan(text))
