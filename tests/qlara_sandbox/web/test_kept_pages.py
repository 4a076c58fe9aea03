"""A page of a list is made once while nothing changes, and never shown once something has."""

from __future__ import annotations

import gc
import tracemalloc
from weakref import ref

from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.domain.account import Account
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.http.response import Response
from qlara_sandbox.state.clock import Clock
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.world import World
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.kept_pages import KeptPages, PageKey, page_key
from tests.qlara_sandbox.web.calls import LIST, upload, vcf

CONTRACT = Contract(resources.SPEC)
PAGE = Response(200, {"contacts": []}, is_kept=True)
SHOWN = Response(200, b'{"contacts":[]}', is_kept=True)


def world() -> World:
    return World(Account(), Clock("UTC"), Ids("seed"))


def key(of: World, number: int = 1, list_id: str = "list_a") -> PageKey:
    found = page_key(of, CONTRACT, list_id, number, 10)
    assert found is not None, "no import settles"
    return found


def client() -> TestClient:
    return TestClient(create_app(), headers={"X-Api-Key": "sandbox_k__crm-migration"})


def test_a_page_is_kept_as_it_is_sent_and_found_again() -> None:
    pages, one, other = KeptPages(), world(), world()

    assert pages.find(key(one)) is None
    assert pages.keep(key(one), PAGE) == SHOWN
    assert pages.find(key(one)) == SHOWN
    assert (pages.find(key(one, 2)), pages.find(key(other))) == (None, None)


def test_a_page_of_a_world_that_has_changed_is_not_found() -> None:
    pages, one = KeptPages(), world()
    pages.keep(key(one), PAGE)
    one.changes += 1

    assert pages.find(key(one)) is None


def test_the_page_that_was_used_longest_ago_makes_room() -> None:
    pages, one = KeptPages(most_bytes=2000), world()
    for number in (1, 2):
        pages.keep(key(one, number), PAGE)
    pages.find(key(one, 1))
    pages.keep(key(one, 3), PAGE)

    assert [pages.find(key(one, number)) is not None for number in (1, 2, 3)] == [True, False, True]
    assert pages.bytes <= 2000


def test_what_is_too_large_is_not_kept_and_comes_all_the_same() -> None:
    pages, one = KeptPages(most_bytes=100), world()

    assert pages.keep(key(one), PAGE) == SHOWN
    assert pages.keep(key(one, list_id="l" * 201), PAGE) == SHOWN
    assert (len(pages), pages.bytes) == (0, 0)


def test_a_page_keeps_no_world_and_no_contract_alive() -> None:
    pages, one, contract = KeptPages(), world(), Contract(resources.SPEC)
    found = page_key(one, contract, "list_a", 1, 10)
    assert found is not None
    pages.keep(found, PAGE)
    gone = ref(one), ref(contract)
    del one, contract
    gc.collect()

    assert [each() for each in gone] == [None, None]
    assert len(pages) == 1


def test_a_list_shows_every_import_at_once_however_often_it_was_read_before() -> None:
    sandbox = client()
    for count in range(1, 4):
        upload(sandbox, vcf((f"Anna {count}", f"347 123 456{count}")))
        totals = [sandbox.get(LIST).json()["total"] for _ in range(3)]
        assert totals == [count] * 3


def test_an_update_shows_in_a_page_that_was_read_before() -> None:
    sandbox = client()
    upload(sandbox, vcf(("Anna", "347 123 4567")))
    before = sandbox.get(LIST).json()["contacts"][0]["name"]
    upload(sandbox, vcf(("Anna Neri", "347 123 4567")), duplicateStrategy="UPDATE")

    assert (before, sandbox.get(LIST).json()["contacts"][0]["name"]) == ("Anna", "Anna Neri")


def test_accounts_do_not_see_each_others_pages() -> None:
    sandbox = client()
    upload(sandbox, vcf(("Anna", "347 123 4567")))
    sandbox.get(LIST)
    other = sandbox.get(LIST, headers={"X-Api-Key": "sandbox_other__crm-migration"})

    assert other.json()["total"] == 0


def test_a_page_that_was_read_before_is_that_of_the_state_that_was_restored() -> None:
    who = {"apiKey": "sandbox_k__crm-migration"}
    headers = {"X-Api-Key": who["apiKey"]}
    sandbox = TestClient(create_app(), base_url="http://127.0.0.1", headers=headers)

    def total() -> set[int]:
        return {sandbox.get(LIST).json()["total"] for _ in range(2)}

    upload(sandbox, vcf(("Anna", "347 123 4567")))
    one, state = total(), sandbox.get("/__admin/state", params=who).json()
    upload(sandbox, vcf(("Bea", "347 123 4568")))
    two = total()
    restored = sandbox.put("/__admin/state", json={**who, "state": state})
    again = total()
    upload(sandbox, vcf(("Carla", "347 123 4569")))
    names = [each["name"] for each in sandbox.get(LIST).json()["contacts"]]
    sandbox.post("/__admin/reset", json=who)

    assert restored.status_code == 200, restored.text
    assert (one, two, again, names, total()) == ({1}, {2}, {1}, ["Anna", "Carla"], {0})


def test_a_page_that_breaks_the_contract_is_refused_each_time() -> None:
    app = create_app()
    runtime = app.state.runtime
    sandbox = TestClient(app, headers={"X-Api-Key": "sandbox_k__crm-migration"})
    upload(sandbox, vcf(("Anna", "347 123 4567")))
    [(_, held)] = list(runtime.worlds)
    [(identity, contact)] = held.contacts.items()
    held.contacts[identity] = contact._replace(phone_number="not a number")

    assert [sandbox.get(LIST).status_code for _ in range(2)] == [500, 500]


def test_reads_with_the_same_query_cannot_change_each_others_values() -> None:
    operation = CONTRACT.by_id["listContacts"]
    first = operation.read_parameters({"listId": "list_a"}, b"page=2")
    first["page"] = 99

    assert operation.read_parameters({"listId": "list_a"}, b"page=2")["page"] == 2
    assert operation.read_parameters({"listId": "list_b"}, b"page=2")["listId"] == "list_b"


def test_it_takes_no_more_memory_than_it_says() -> None:
    pages, one = KeptPages(), world()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(4000):
            page = Response(200, {"contacts": ["x" * 100]}, is_kept=True)
            pages.keep(key(one, number, f"list_{number}"), page)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert len(pages) > 3000
    assert grown < 1.1 * pages.bytes + 100 * 1024
