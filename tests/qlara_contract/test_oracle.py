"""The oracle: the documented arithmetic, and what each strategy does to its account."""

from __future__ import annotations

from qlara_contract.oracle import INVALID, MISSING, KnownCard, ModelAccount

MARCO = KnownCard("Marco Rossi", "+33199000001", "marco@example.com")
GIULIA = KnownCard("Giulia Bianchi", "+33199000002")
AGAIN = KnownCard("Mario Rossi", "+33199000001")
NAMELESS = KnownCard("Anna Neri", "", fault=MISSING, line=12)
WRONG = KnownCard("Luca Verdi", "", fault=INVALID, line=3)
NOWHERE = range(0)


def _summary(account: ModelAccount, *cards: KnownCard, strategy: str = "SKIP") -> dict[str, int]:
    return account.import_cards(cards, "list", strategy, ["tag"]).summary


def test_the_documented_summary_follows_from_its_cards() -> None:
    account = ModelAccount()
    old = [KnownCard(f"Old {at}", f"+3319900{at:04d}") for at in range(15)]
    account.import_cards(tuple(old), "other list", "SKIP", [])
    new = [KnownCard(f"New {at}", f"+3326191{at:04d}") for at in range(230)]
    faulty = [KnownCard("Anna Neri", "", fault=MISSING, line=at) for at in range(5)]

    summary = _summary(account, *new, *old, *faulty)

    assert summary == {
        "total": 250,
        "imported": 230,
        "duplicates": 15,
        "errors": 5,
        "skipped": 20,
    }


def test_skip_leaves_the_contact_and_the_lists() -> None:
    account = ModelAccount()
    account.import_cards((MARCO,), "first", "SKIP", ["a"])
    expected = account.import_cards((AGAIN, GIULIA), "second", "SKIP", ["b"])
    assert expected.created == 1
    assert account.shown("first") == [
        {
            "name": "Marco Rossi",
            "phoneNumber": "+33199000001",
            "email": "marco@example.com",
            "tags": ["a"],
        }
    ]
    assert account.shown("second") == [
        {"name": "Giulia Bianchi", "phoneNumber": "+33199000002", "tags": ["b"]}
    ]


def test_update_replaces_what_the_card_has_and_joins_the_list() -> None:
    account = ModelAccount()
    account.import_cards((MARCO,), "first", "SKIP", ["a"])
    expected = account.import_cards((AGAIN, AGAIN), "second", "UPDATE", ["b", "a"])
    assert (expected.created, expected.imported, expected.skipped) == (0, 2, 0)
    updated = {
        "name": "Mario Rossi",
        "phoneNumber": "+33199000001",
        "email": "marco@example.com",
        "tags": ["a", "b"],
    }
    assert account.shown("first") == account.shown("second") == [updated]


def test_duplicate_creates_a_copy_each_time() -> None:
    account = ModelAccount()
    expected = account.import_cards((MARCO, AGAIN, MARCO), "list", "DUPLICATE", [])
    assert (expected.created, expected.duplicates, expected.skipped) == (3, 2, 0)
    assert account.single() == []


def test_errors_come_by_line_and_count_as_skipped() -> None:
    account = ModelAccount()
    expected = account.import_cards((NAMELESS, MARCO, WRONG), "list", "UPDATE", [])
    assert expected.errors == [
        {"line": 3, "name": "Luca Verdi", "reason": "Invalid phone number format", "card": NOWHERE},
        {"line": 12, "name": "Anna Neri", "reason": "Missing phone number", "card": NOWHERE},
    ]
    assert expected.summary == {
        "total": 3,
        "imported": 1,
        "duplicates": 0,
        "errors": 2,
        "skipped": 2,
    }
