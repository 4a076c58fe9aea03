"""The files that the documented stories upload, held against an import that shares nothing with us."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Plan, Planner, Strategy
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import read_cards
from tests.simple_import import Outcome, cards_of, simple_import

if TYPE_CHECKING:
    from types import ModuleType

    from qlara_sandbox.domain.contacts import Contact

FILES = resources.SCENARIOS / "files"
DOCUMENTED = {"total": 250, "imported": 230, "duplicates": 15, "errors": 5, "skipped": 20}


def read(name: str) -> bytes:
    return (FILES / name).read_bytes()


def make_files() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_files", FILES / "make_files.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def planned(*names: str, strategy: Strategy = Strategy.SKIP) -> Plan:
    """Return the plan of our own import of the last file, into an account that holds the others."""
    existing: dict[str, Contact] = {}
    for name in names[:-1]:
        existing |= {new.contact_id: new for new in _plan(name, existing, strategy).created}
    return _plan(names[-1], existing, strategy)


def _plan(name: str, existing: dict[str, Contact], strategy: Strategy) -> Plan:
    by_number = {contact.phone_number: key for key, contact in existing.items()}
    options = ImportOptions(strategy, (), "2026-04-09T11:00:10+02:00", len(existing) + 1)
    planner = Planner(options, ExistingContacts(existing, by_number), normaliser("IT"))
    planner.add(read_cards(read(name)))
    return planner.plan()


def outcome(plan: Plan) -> Outcome:
    summary = {
        "total": plan.total,
        "imported": plan.imported,
        "duplicates": plan.duplicates,
        "errors": len(plan.errors),
        "skipped": plan.skipped,
    }
    numbers = [contact.phone_number for contact in plan.created]
    return Outcome(summary, [(*error,) for error in plan.errors], numbers)


def test_the_script_writes_every_file_again_byte_for_byte() -> None:
    shipped = {path.name: path.read_bytes() for path in FILES.glob("*.vcf")}

    assert make_files().files() == shipped


def test_the_export_gives_the_documented_summary_and_errors() -> None:
    found = simple_import(read("contacts-export.vcf"))

    assert found.summary == DOCUMENTED
    assert found.errors == [
        (45, "Luca Verdi", "Invalid phone number format"),
        (89, "Anna Neri", "Missing phone number"),
        (648, "Studio Tecnico Fontana", "Invalid phone number format"),
        (1126, "Giorgio Parisi Conti", "Invalid phone number format"),
        (1768, "Assistenza Clienti", "Invalid phone number format"),
    ]


def test_the_export_begins_with_the_documented_contacts() -> None:
    first = [
        (contact.contact_id, contact.name, contact.phone_number, contact.email)
        for contact in planned("contacts-export.vcf").created[:2]
    ]

    assert first == [
        ("cnt_001", "Marco Rossi", "+393471234567", "marco.rossi@email.com"),
        ("cnt_002", "Giulia Bianchi", "+393489876543", "g.bianchi@company.it"),
    ]


@pytest.mark.parametrize(
    "name", ["contacts-export.vcf", "contacts-updated.vcf", "outlook-contacts.vcf"]
)
def test_our_own_import_of_a_file_is_that_of_the_simple_one(name: str) -> None:
    assert outcome(planned(name)) == simple_import(read(name))


def test_the_export_is_as_varied_as_real_ones() -> None:
    data = read("contacts-export.vcf")
    cards = cards_of(data)
    versions = [line.value for card in cards for line in card if line.name == "VERSION"]

    assert set(versions) == {"3.0", "4.0"}
    assert data.count(b"\n") == data.count(b"\r\n")
    assert data.count(b"\r\n ") > 50
    assert data.count(b"\r\nPHOTO") >= 3
    assert data.count(b"\r\nitem1.TEL") >= 10
    assert sum(sum(line.name == "TEL" for line in card) > 1 for card in cards) >= 25


def test_the_end_to_end_example_finds_the_same_export_under_its_own_name() -> None:
    assert read("crm-export-2026-04.vcf") == read("contacts-export.vcf")


def test_the_updates_change_people_of_the_export_and_bring_one_more() -> None:
    plan = planned("contacts-export.vcf", "contacts-updated.vcf", strategy=Strategy.UPDATE)

    assert [(new.name, new.phone_number) for new in plan.created] == [
        ("Sofia Marchetti", "+393895550106")
    ]
    assert [(contact.contact_id, contact.name, contact.email) for contact in plan.updated] == [
        ("cnt_001", "Marco Rossi", "marco@example.com"),
        ("cnt_002", "Giulia Bianchi", "g.bianchi@company.it"),
        ("cnt_003", "Chiara Ferri Moretti", "chiara.ferri@example.com"),
        ("cnt_004", "Joë Müller", "j.mueller@example.org"),
        ("cnt_005", "Amina Haddad", "amina.haddad@example.org"),
        ("cnt_006", "花子 山田", "hanako.yamada@example.com"),
        ("cnt_007", "Paolo Serra", "paolo.serra@example.it"),
    ]


def test_the_outlook_file_brings_ten_contacts_one_repeated_and_one_without_a_number() -> None:
    found = simple_import(read("outlook-contacts.vcf"))

    assert found.summary == {
        "total": 12,
        "imported": 10,
        "duplicates": 1,
        "errors": 1,
        "skipped": 2,
    }
    assert [(name, reason) for _, name, reason in found.errors] == [
        ("Elio Bassi", "Missing phone number")
    ]


def test_the_table_of_contacts_is_no_vcard_file() -> None:
    with pytest.raises(NotAVCard):
        list(read_cards(read("bad-header.vcf")))


def test_the_export_that_was_broken_off_lacks_its_footer() -> None:
    with pytest.raises(UnterminatedVCard):
        list(read_cards(read("no-footer.vcf")))
