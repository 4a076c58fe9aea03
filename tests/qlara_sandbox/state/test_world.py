from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from qlara_sandbox.domain.account import Account
from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.conventions import USUAL
from qlara_sandbox.domain.errors import QuotaExceeded, UnknownList
from qlara_sandbox.domain.importing import Plan, Planner, Strategy
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.clock import LAST_MOMENT, Clock
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.world import ContactList, Destination, ImportReport, World

START = datetime.fromisoformat("2026-04-09T11:00:10+02:00")
CRM = Destination("list_crm", None)


def world(total: int = 50_000, elsewhere: int = 0) -> World:
    account = Account(quota_total=total, used_elsewhere=elsewhere)
    grown = World(
        account,
        Clock("Europe/Rome", START),
        Ids("seed", {"import": ["imp_1"], "list": ["list_new"]}),
        import_takes=timedelta(seconds=5),
    )
    grown.lists["list_crm"] = ContactList("list_crm", "CRM")
    return grown


def upload(
    target: World,
    *numbers: str,
    strategy: Strategy = Strategy.SKIP,
    destination: Destination = CRM,
) -> ImportReport:
    planner = Planner(
        target.import_options(strategy, ()), target.existing_contacts(), lambda typed: f"+{typed}"
    )
    planner.add(Card(i, f"n{i}", (Phone(text, i),), i) for i, text in enumerate(numbers, 1))
    return target.commit(planner.plan(), destination)


def test_an_import_reports_its_id_list_counts_and_time() -> None:
    assert upload(world(), "1", "2", "1") == ImportReport(
        import_id="imp_1",
        list_id="list_crm",
        total=3,
        imported=2,
        duplicates=1,
        skipped=1,
        errors=[],
        completed_at="2026-04-09T11:00:15+02:00",
    )


def test_contacts_are_created_when_the_import_begins() -> None:
    target = world()
    upload(target, "1")

    assert target.contacts["cnt_001"].created_at == "2026-04-09T11:00:10+02:00"


def test_the_quota_moves_by_what_was_created() -> None:
    target = world(elsewhere=10)
    upload(target, "1", "2", "2")

    assert target.quota == (12, 50_000)


def test_an_import_over_the_quota_changes_nothing_at_all() -> None:
    target = world(total=2)
    with pytest.raises(QuotaExceeded):
        upload(target, "1", "2", "3", destination=Destination(None, "New"))

    assert (target.contacts, target.by_number, list(target.lists)) == ({}, {}, ["list_crm"])
    assert target.clock.now() == START
    assert upload(target, "1").import_id == "imp_1"


def test_an_import_at_the_end_of_time_is_done_at_the_last_moment() -> None:
    target = world()
    target.clock.freeze(LAST_MOMENT - timedelta(days=1))
    target.import_takes = timedelta(days=400)
    first, second = upload(target, "1"), upload(target, "2")

    assert first.completed_at == second.completed_at == "3000-01-02T00:59:59+01:00"
    assert target.clock.now() == LAST_MOMENT


def test_a_new_list_never_takes_the_place_of_one_that_is_there() -> None:
    target = world()
    target.lists["list_new"] = ContactList("list_new", "Planned, and there already")

    assert upload(target, "1", destination=Destination(None, "New")).list_id != "list_new"


def test_a_full_account_still_takes_duplicates() -> None:
    target = world(total=1)
    upload(target, "1")

    assert upload(target, "1").duplicates == 1


def test_a_list_name_creates_a_list_and_the_same_name_another_one() -> None:
    target = world()
    first = upload(target, "1", destination=Destination(None, "Sync"))
    second = upload(target, "2", destination=Destination(None, "Sync"))

    assert first.list_id == "list_new"
    assert second.list_id != first.list_id
    assert target.lists["list_new"].name == "Sync"


def test_an_updated_contact_joins_the_list_once() -> None:
    target = world()
    upload(target, "1")
    other = Destination(None, "Other")
    list_id = upload(target, "1", "1", strategy=Strategy.UPDATE, destination=other).list_id

    assert target.lists[list_id].members == ["cnt_001"]


def test_a_skipped_contact_does_not_join_the_list() -> None:
    target = world()
    upload(target, "1")

    assert (
        target.lists[upload(target, "1", destination=Destination(None, "O")).list_id].members == []
    )


def test_a_copy_does_not_take_the_place_of_the_first_contact() -> None:
    target = world()
    upload(target, "1")
    upload(target, "1", strategy=Strategy.DUPLICATE)

    assert target.by_number == {"+1": "cnt_001"}
    assert len(target.contacts) == 2


def test_an_unknown_list_is_refused_by_name() -> None:
    with pytest.raises(UnknownList) as refusal:
        world().page("list_x", number=1, limit=10)

    assert refusal.value.data == {"listId": "No list with id 'list_x' in this account."}


@given(st.integers(0, 35), st.integers(1, 12))
def test_all_pages_together_are_the_list_without_loss_or_repetition(size: int, limit: int) -> None:
    target = world()
    if size:
        upload(target, *map(str, range(size)))
    first = target.page("list_crm", number=1, limit=limit)
    pages = [target.page("list_crm", number=n, limit=limit) for n in range(1, first.pages + 1)]
    numbers = [contact.phone_number for page in pages for contact in page.contacts]

    assert numbers == [f"+{n}" for n in range(size)]
    assert all(page.total == size for page in pages)
    assert all(len(page.contacts) == limit for page in pages[:-1])
    assert target.page("list_crm", number=first.pages + 1, limit=limit).contacts == []


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("scope", ["account", "list"])
@pytest.mark.parametrize("new_list", [False, True])
def test_a_large_import_is_carried_out_in_one_step_and_leaves_what_a_small_one_would(
    strategy: Strategy, scope: str, *, new_list: bool
) -> None:
    into = Destination(None, "New") if new_list else Destination("list_a", None)

    def planned(target: World) -> Plan:
        target.conventions = replace(USUAL, duplicates_scope=scope)
        planner = Planner(
            target.import_options(strategy, ("t",)), target.existing_contacts(into), str
        )
        numbers = [f"+39347{number:07}" for number in (*range(1500), *range(700))]
        planner.add(Card(1, f"P{n}", (Phone(n, 1),)) for n in numbers)
        return planner.plan()

    def account() -> World:
        held = World(Account(), Clock("UTC", START), Ids("seed"))
        held.add_list(ContactList("list_a", "A"))
        held.commit(planned(held), Destination("list_a", None))
        return held

    small, large = account(), account()
    report = small.commit(planned(small), into)
    prepared = large.prepare(planned(large), into)
    before = snapshot.take(large)
    holdings = large.holdings_after(prepared)
    untouched = snapshot.take(large)

    assert untouched == before
    assert large.carry_out(prepared, holdings) == report
    assert snapshot.take(large) == snapshot.take(small)
    assert large.by_number == small.by_number
    assert large.estimated_bytes() == small.estimated_bytes()
