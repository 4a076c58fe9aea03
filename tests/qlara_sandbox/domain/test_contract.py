"""Whatever is imported, every later response keeps the contract."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings, strategies as st

from qlara_sandbox import resources
from qlara_sandbox.domain.contacts import Card, Contact, Phone
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.importing import (
    ExistingContacts,
    ImportOptions,
    Plan,
    Planner,
    Strategy,
    merge,
)
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import read_cards
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.scenario.build import build_template
from qlara_sandbox.scenario.library import Library

NOW = "2026-04-09T11:00:10+02:00"
SCENARIOS = Library(resources.SCENARIOS)


@cache
def contract() -> Contract:
    return Contract(resources.SPEC)


def violation_of_page(contacts: list[Contact]) -> str | None:
    """Return how a page with these contacts breaks the contract, as the API would show it."""
    shown = [
        {
            "contactId": contact.contact_id,
            "name": contact.name,
            "phoneNumber": contact.phone_number,
            **({"email": contact.email} if contact.email else {}),
            "tags": list(contact.tags),
            "createdAt": contact.created_at,
        }
        for contact in contacts
    ]
    page = {
        "listId": "x",
        "contacts": shown,
        "total": len(shown),
        "page": 1,
        "totalPages": 1,
        "hasMore": False,
    }
    return _violation("listContacts", page)


def violation_of_report(plan: Plan) -> str | None:
    report = {
        "importId": "imp_1",
        "listId": "x",
        "status": "COMPLETED",
        "summary": {
            "total": plan.total,
            "imported": plan.imported,
            "duplicates": plan.duplicates,
            "errors": len(plan.errors),
            "skipped": plan.skipped,
        },
        "errors": [error._asdict() for error in plan.errors],
        "completedAt": NOW,
    }
    return _violation("uploadVCard", report)


def _violation(operation: str, content: dict[str, Any]) -> str | None:
    as_sent = orjson.loads(orjson.dumps(content))
    return contract().by_id[operation].violation(200, "application/json", as_sent)


def planned(
    data: bytes, region: str, strategy: Strategy, existing: tuple[Contact, ...] = ()
) -> Plan:
    by_id = {contact.contact_id: contact for contact in existing}
    by_number = {contact.phone_number: contact.contact_id for contact in existing}
    options = ImportOptions(strategy, ("a", "b"), NOW, len(existing) + 1)
    planner = Planner(options, ExistingContacts(by_id, by_number), normaliser(region))
    planner.add(read_cards(data))
    return planner.plan()


ODD = "\x00\x01\x1b\x7f\x85\u200b\u2028\ufeff\ufffe\U0001f600é,;:\\\"'<>@ \t=-+()/.pwx0123456789abZ"
texts = st.one_of(st.text(max_size=20), st.text(ODD, max_size=20)).map(
    lambda text: text.replace("\r", "").replace("\n", "")
)
numbers = st.one_of(
    st.text("0123456789", min_size=1, max_size=19),
    st.text("0123456789", min_size=1, max_size=19).map("+49 30 ".__add__),
    st.text("+0123456789 -/().,;pwx#*\u200b\u00b7", max_size=25),
    st.sampled_from(
        [
            "+39 347 1234567",
            "347 1234567",
            "+49 30 123456789012",
            "+290 2123",
            "+683 4002",
            "+43 1 1",
        ]
    ),
    texts,
)
heads = st.sampled_from(
    [
        *(
            "FN",
            "N",
            "ORG",
            "EMAIL",
            "EMAIL;TYPE=EX",
            "ADR",
            "FN;ENCODING=b",
            "EMAIL;ENCODING=BASE64",
            "FN;CHARSET=UTF-8",
        ),
        *(
            "N;ENCODING=QUOTED-PRINTABLE",
            "FN;CHARSET=UTF-16",
            "NOTE",
            "KIND",
            "VERSION",
            "X-ABLabel",
            "item1.X-ABLabel",
        ),
    ]
)
tel_heads = st.sampled_from(
    [
        "TEL",
        "TEL;TYPE=CELL",
        "item1.TEL",
        "TEL;VALUE=uri",
        "TEL;waid=999999999999999",
        "TEL;waid=393471234567",
        "TEL;PREF=1",
    ]
)
schemes = st.sampled_from(["", "", "", "tel:", "sms:", "callto:", "https://wa.me/"])
lines = st.one_of(
    st.builds(lambda head, value: f"{head}:{value}", heads, texts),
    st.builds(lambda head, scheme, value: f"{head}:{scheme}{value}", tel_heads, schemes, numbers),
)
cards = st.lists(lines, max_size=6).map(
    lambda body: "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *body, "END:VCARD", ""])
)
encodings = st.sampled_from(["utf-8", "utf-16", "utf-16-be", "cp1252", "utf-7"])
files = st.builds(
    lambda some, encoding, noise, at: _with(noise, "".join(some).encode(encoding, "replace"), at),
    st.lists(cards, min_size=1, max_size=4),
    encodings,
    st.binary(max_size=3),
    st.integers(0, 400),
)


def _with(noise: bytes, data: bytes, at: int) -> bytes:
    return data[:at] + noise + data[at:]


@settings(deadline=None, max_examples=150)
@given(files, st.sampled_from(["IT", "DE", "AT", "GB", "US", "AR"]), st.sampled_from(Strategy))
@example(b"BEGIN:VCARD\nVERSION:3.0\nTEL:+49 30 123456789012\nEND:VCARD", "IT", Strategy.SKIP)
@example(
    b"BEGIN:VCARD\nVERSION:3.0\nFN:\xed\xa0\xbd\nTEL:3471234567\nEND:VCARD", "IT", Strategy.SKIP
)
@example(
    b"BEGIN:VCARD\nVERSION:3.0\nFN:A\nEMAIL:<>\nTEL:3471234567\nEND:VCARD", "IT", Strategy.SKIP
)
def test_every_contact_and_every_error_of_an_import_is_one_of_the_contract(
    data: bytes, region: str, strategy: Strategy
) -> None:
    try:
        plan = planned(data, region, strategy)
    except (NotAVCard, UnterminatedVCard):
        return
    again = planned(data, region, Strategy.UPDATE, tuple(plan.created))

    assert violation_of_page(plan.created) is None
    assert violation_of_page(again.updated) is None
    assert violation_of_report(plan) is None
    assert plan.total == plan.imported + plan.skipped


@settings(deadline=None)
@given(texts, texts, texts)
def test_a_contact_that_is_brought_up_to_date_is_one_of_the_contract(
    name: str, email: str, address: str
) -> None:
    contact = Contact("cnt_001", "A", "+393471234567", "a@example.com", "", ("t",), NOW)

    assert violation_of_page([merge(contact, Card(1, name, (), 0, email, address), ())]) is None


@pytest.mark.parametrize("name", SCENARIOS.names())
def test_every_contact_that_a_scenario_brings_is_one_of_the_contract(name: str) -> None:
    contacts = build_template(SCENARIOS.get(name)).contacts

    assert violation_of_page(list(contacts)[:1_000]) is None


def test_the_number_of_a_card_is_normalised_only_once() -> None:
    asked: list[str] = []

    def normalise(typed: str) -> str | None:
        asked.append(typed)
        return "+39347" if typed == "c" else None

    planner = Planner(ImportOptions(Strategy.SKIP, (), NOW, 1), ExistingContacts({}, {}), normalise)
    phones = [Phone(text, 4) for text in "abacac"]
    planner.add([Card(1, "A", tuple(phones), 4), Card(9, "B", (Phone("d", 4),), 4)])

    assert asked == ["a", "b", "c", "d"]
    assert [error.line for error in planner.plan().errors] == [4]
