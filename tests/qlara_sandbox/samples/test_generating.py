from __future__ import annotations

import re
from dataclasses import replace

import phonenumbers
import pytest
import vobject
from hypothesis import given, settings, strategies as st

from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Planner, Strategy
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import read_cards
from qlara_sandbox.samples.generating import GeneratedFile, ImpossibleFile, Spec, Versions, generate
from tests.simple_import import Outcome, cards_of, simple_import

MIXED = Spec(contacts=60, duplicates=9, invalid_phones=8, missing_phones=7)
COUNT = st.integers(0, 12)
SPECS = st.builds(
    Spec,
    contacts=st.integers(1, 20),
    duplicates=COUNT,
    invalid_phones=COUNT,
    missing_phones=COUNT,
    version=st.sampled_from(["3.0", "4.0", "mixed"]),
    seed=st.integers(),
    region=st.sampled_from(["IT", "IT", "GB", "US"]),
)


def expected(file: GeneratedFile) -> Outcome:
    return Outcome(file.summary, [(*error,) for error in file.errors], list(file.phone_numbers))


def imported(file: GeneratedFile, region: str) -> Outcome:
    order = ImportOptions(Strategy.SKIP, (), "2026-04-09T11:00:10+02:00", 1)
    planner = Planner(order, ExistingContacts({}, {}), normaliser(region))
    planner.add(read_cards(file.data))
    plan = planner.plan()
    summary = {
        "total": plan.total,
        "imported": plan.imported,
        "duplicates": plan.duplicates,
        "errors": len(plan.errors),
        "skipped": plan.skipped,
    }
    numbers = [contact.phone_number for contact in plan.created]
    return Outcome(summary, [(*error,) for error in plan.errors], numbers)


def size_or_field_refused(spec: Spec) -> int | str:
    try:
        return len(generate(spec).data)
    except ImpossibleFile as error:
        return error.field


@settings(max_examples=150, deadline=None)
@given(SPECS)
def test_an_import_straight_on_phonenumbers_gives_what_a_file_promises(spec: Spec) -> None:
    file = generate(spec)

    assert simple_import(file.data, spec.region) == expected(file)


@settings(max_examples=150, deadline=None)
@given(SPECS)
def test_our_own_import_gives_what_a_file_promises(spec: Spec) -> None:
    file = generate(spec)

    assert imported(file, spec.region) == expected(file)


def test_no_number_that_is_typed_for_none_can_be_used() -> None:
    file = generate(Spec(contacts=0, invalid_phones=3000, version="4.0"))

    assert simple_import(file.data) == expected(file)


def test_the_summary_counts_the_cards_as_they_were_ordered() -> None:
    assert generate(MIXED).summary == {
        "total": 84,
        "imported": 60,
        "duplicates": 9,
        "errors": 15,
        "skipped": 24,
    }


def test_the_same_spec_is_the_same_file() -> None:
    assert generate(MIXED) == generate(MIXED)


def test_another_seed_is_another_file_with_other_numbers() -> None:
    first, second = generate(MIXED), generate(replace(MIXED, seed=2))

    assert set(first.phone_numbers) & set(second.phone_numbers) == set()


def test_contacts_have_different_italian_mobile_numbers() -> None:
    numbers = generate(Spec(contacts=2000)).phone_numbers
    kinds = {phonenumbers.number_type(phonenumbers.parse(number)) for number in numbers}

    assert len(set(numbers)) == 2000
    assert kinds == {phonenumbers.PhoneNumberType.MOBILE}


@pytest.mark.parametrize(
    ("version", "versions"), [("3.0", {"3.0"}), ("4.0", {"4.0"}), ("mixed", {"3.0", "4.0"})]
)
def test_cards_have_the_version_that_was_asked_for(version: Versions, versions: set[str]) -> None:
    file = generate(replace(MIXED, version=version))
    written = [
        line.value for card in cards_of(file.data) for line in card if line.name == "VERSION"
    ]

    assert set(written) == versions
    assert len(written) == MIXED.cards


def test_a_file_holds_what_address_books_hold() -> None:
    properties = {line.name for card in cards_of(generate(Spec()).data) for line in card}

    assert properties == {
        *("BEGIN", "VERSION", "N", "FN", "TEL", "EMAIL", "ORG", "ADR", "BDAY", "CATEGORIES"),
        *("NOTE", "URL", "PHOTO", "X-ABLABEL", "END"),
    }


def test_vobject_reads_what_was_written() -> None:
    file = generate(replace(MIXED, version="3.0", contacts=300))
    read = [
        (card.fn.value, [phone.value for phone in card.contents.get("tel", [])])
        for card in vobject.readComponents(file.data.decode())
    ]
    written = [
        (
            next(line.value for line in card if line.name == "FN"),
            [line.value for line in card if line.name == "TEL"],
        )
        for card in cards_of(file.data)
    ]

    assert read == written


def test_physical_lines_keep_the_length_of_the_standard() -> None:
    lines = generate(Spec(contacts=500, version="4.0")).data.split(b"\r\n")

    assert max(map(len, lines)) == 75
    # A fold inside a character would leave a line that is not UTF-8.
    assert b"\r\n".join(line.decode().encode() for line in lines) == b"\r\n".join(lines)


@pytest.mark.parametrize("size", [10_485_760, 10_485_761])
@pytest.mark.parametrize("contacts", [1, 250])
def test_a_file_of_the_documented_limit_and_one_byte_more_can_be_had(
    size: int, contacts: int
) -> None:
    file = generate(Spec(contacts=contacts, size=size))

    assert len(file.data) == size
    assert simple_import(file.data) == expected(file)


@settings(max_examples=150, deadline=None)
@given(SPECS, st.integers(1, 10_000))
def test_a_file_is_of_the_very_size_or_refused(spec: Spec, size: int) -> None:
    assert size_or_field_refused(replace(spec, size=size)) in {size, "size"}


@settings(max_examples=100, deadline=None)
@given(SPECS, st.integers(10_000, 100_000))
def test_padding_changes_nothing_of_what_is_imported(spec: Spec, size: int) -> None:
    file = generate(replace(spec, size=size))

    assert len(file.data) == size
    assert imported(file, spec.region) == expected(file)


@pytest.mark.parametrize("seed", range(10))
def test_the_least_sizes_that_a_refusal_names_can_be_had(seed: int) -> None:
    spec = Spec(contacts=20, missing_phones=20, seed=seed)
    with pytest.raises(ImpossibleFile) as caught:
        generate(replace(spec, size=1))
    least, padded = (int(number) for number in re.findall(r"\d+", caught.value.message)[:2])

    sizes = [least, padded, padded + 1, padded + 20, padded + 80]
    assert [size_or_field_refused(replace(spec, size=size)) for size in sizes] == sizes
    assert size_or_field_refused(replace(spec, size=least - 1)) == "size"


def test_fifty_thousand_contacts_fit_into_the_largest_file() -> None:
    file = generate(Spec(contacts=50_000, version="4.0", size=10_485_760))

    assert len(file.data) == 10_485_760
    assert len(set(file.phone_numbers)) == 50_000


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"contacts": -1}, "contacts"),
        ({"contacts": 0}, "contacts"),
        ({"contacts": 0, "duplicates": 1}, "duplicates"),
        ({"invalid_phones": -1}, "invalid_phones"),
        ({"region": "Italy"}, "region"),
        ({"region": "it"}, "region"),
        ({"size": 100}, "size"),
        ({"size": 0}, "size"),
    ],
)
def test_what_cannot_be_is_refused_naming_the_field(wrong: dict[str, int], field: str) -> None:
    with pytest.raises(ImpossibleFile) as caught:
        generate(Spec(**wrong))  # type: ignore[arg-type]

    assert caught.value.field == field
