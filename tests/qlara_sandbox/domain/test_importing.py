from __future__ import annotations

from hypothesis import given, strategies as st

from qlara_sandbox.domain.contacts import Card, Contact, Phone
from qlara_sandbox.domain.importing import (
    INVALID_PHONE,
    MISSING_PHONE,
    CardError,
    ExistingContacts,
    ImportOptions,
    Plan,
    Planner,
    Strategy,
    contact_id,
    parse_tags,
)

NOW = "2026-04-09T11:00:10+02:00"


def digits_only(typed: str) -> str | None:
    """Stand in for the normaliser: whatever is all digits is a number."""
    return f"+39{typed}" if typed.isdigit() else None


def card(line: int, name: str, *typed: str, email: str = "", fault: str = "") -> Card:
    phones = tuple(Phone(text, line + 3) for text in typed)
    return Card(
        line, name, phones, line + 3 if typed else 0, email, "", fault, line if fault else 0
    )


def existing(*contacts: Contact) -> ExistingContacts:
    by_number: dict[str, str] = {}
    for contact in contacts:
        by_number.setdefault(contact.phone_number, contact.contact_id)
    return ExistingContacts({contact.contact_id: contact for contact in contacts}, by_number)


MARCO = Contact(
    "cnt_001", "Marco Rossi", "+39347", "marco@example.com", "Via Roma 1", ("old",), NOW
)


def plan(
    *cards: Card,
    strategy: Strategy = Strategy.SKIP,
    tags: tuple[str, ...] = (),
    existing_contacts: ExistingContacts | None = None,
    next_number: int = 1,
) -> Plan:
    planner = Planner(
        ImportOptions(strategy, tags, NOW, next_number),
        existing_contacts or existing(),
        digits_only,
    )
    planner.add(cards)
    return planner.plan()


def test_a_card_with_a_new_number_becomes_a_contact_with_the_tags_of_the_import() -> None:
    decided = plan(card(1, "Anna", "333", email="a@example.com"), tags=("crm", "q2"))

    assert decided.created == [
        Contact("cnt_001", "Anna", "+39333", "a@example.com", "", ("crm", "q2"), NOW)
    ]
    assert decided.members == ["cnt_001"]


def test_the_first_valid_number_of_a_card_wins() -> None:
    decided = plan(card(1, "Anna", "n/a", "333", "444"))

    assert [contact.phone_number for contact in decided.created] == ["+39333"]


def test_a_card_without_a_number_is_an_error_at_its_begin_line() -> None:
    assert plan(card(89, "Anna Neri")).errors == [CardError(89, "Anna Neri", MISSING_PHONE)]


def test_a_card_whose_numbers_are_all_invalid_is_an_error_at_its_first_number() -> None:
    assert plan(card(42, "Luca Verdi", "n/a")).errors == [
        CardError(45, "Luca Verdi", INVALID_PHONE)
    ]


def test_a_broken_card_is_an_error_with_its_own_reason() -> None:
    assert plan(card(7, "X", "333", fault="Unsupported version")).errors == [
        CardError(7, "X", "Unsupported version")
    ]


def test_errors_are_listed_by_line() -> None:
    decided = plan(card(1, "A", "n/a"), card(2, "B"))

    assert [error.line for error in decided.errors] == [2, 4]


def test_skip_leaves_the_contact_its_tags_and_its_lists_as_they_are() -> None:
    decided = plan(card(1, "Other", "347"), tags=("new",), existing_contacts=existing(MARCO))

    assert (decided.created, decided.updated, decided.members) == ([], [], [])
    assert (decided.imported, decided.duplicates, decided.skipped) == (0, 1, 1)


def test_update_replaces_what_the_card_has_keeps_what_it_lacks_and_adds_tags() -> None:
    decided = plan(
        card(1, "Marco R.", "347"),
        strategy=Strategy.UPDATE,
        tags=("new", "old"),
        existing_contacts=existing(MARCO),
    )

    assert decided.updated == [MARCO._replace(name="Marco R.", tags=("old", "new"))]
    assert decided.members == ["cnt_001"]
    assert (decided.imported, decided.duplicates, decided.skipped) == (1, 1, 0)


def test_update_with_two_cards_of_one_new_number_makes_one_contact_of_them() -> None:
    decided = plan(
        card(1, "Anna", "333"),
        card(9, "Anna Neri", "333", email="a@example.com"),
        strategy=Strategy.UPDATE,
    )

    assert [(c.name, c.email) for c in decided.created] == [("Anna Neri", "a@example.com")]
    assert (decided.imported, decided.duplicates) == (2, 1)


def test_update_meets_the_first_of_several_copies() -> None:
    copy = MARCO._replace(contact_id="cnt_002")
    decided = plan(
        card(1, "New", "347"), strategy=Strategy.UPDATE, existing_contacts=existing(MARCO, copy)
    )

    assert [contact.contact_id for contact in decided.updated] == ["cnt_001"]


def test_duplicate_creates_a_copy_of_a_known_number_and_of_one_in_the_same_file() -> None:
    decided = plan(
        card(1, "Marco", "347"),
        card(9, "Marco", "347"),
        strategy=Strategy.DUPLICATE,
        existing_contacts=existing(MARCO),
        next_number=2,
    )

    assert [contact.contact_id for contact in decided.created] == ["cnt_002", "cnt_003"]
    assert (decided.imported, decided.duplicates, decided.skipped) == (2, 2, 0)


def test_ids_have_at_least_three_digits() -> None:
    assert [contact_id(n) for n in (1, 230, 1234)] == ["cnt_001", "cnt_230", "cnt_1234"]


def test_tags_are_trimmed_unique_and_in_order() -> None:
    assert parse_tags(" q2-2026, crm ,, q2-2026,") == ("q2-2026", "crm")
    assert parse_tags("") == ()


CARDS = st.lists(
    st.builds(
        card,
        st.integers(1, 10_000),
        st.text(max_size=5),
        st.sampled_from(["1", "2", "3", "347", "n/a"]),
        fault=st.sampled_from(["", "", "", "broken"]),
    ),
    max_size=30,
)


@given(CARDS, st.sampled_from(Strategy))
def test_whatever_the_file_the_counts_add_up(cards: list[Card], strategy: Strategy) -> None:
    decided = plan(*cards, strategy=strategy, existing_contacts=existing(MARCO), next_number=2)

    assert decided.total == len(cards) == decided.imported + decided.skipped
    assert len(decided.errors) + decided.duplicates <= decided.total
    if strategy is Strategy.SKIP:
        assert decided.skipped == decided.duplicates + len(decided.errors)
        assert decided.imported == len(decided.created)


@given(CARDS, st.sampled_from([Strategy.SKIP, Strategy.UPDATE]))
def test_without_duplicate_no_number_is_created_twice(
    cards: list[Card], strategy: Strategy
) -> None:
    decided = plan(*cards, strategy=strategy, existing_contacts=existing(MARCO), next_number=2)
    numbers = [contact.phone_number for contact in decided.created]

    assert len(set(numbers)) == len(numbers)
    assert MARCO.phone_number not in numbers


@given(CARDS, st.sampled_from(Strategy))
def test_planning_changes_nothing_that_is_held(cards: list[Card], strategy: Strategy) -> None:
    existing_contacts = existing(MARCO)
    before = (dict(existing_contacts.contacts), dict(existing_contacts.by_number))

    plan(*cards, strategy=strategy, existing_contacts=existing_contacts)

    assert (dict(existing_contacts.contacts), dict(existing_contacts.by_number)) == before
