"""Results as tables."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import table
from benchmarks.candidates import BARE, QUIET
from tests.benchmarks.figures import figures, results


def test_servers_under_a_load_are_rows_the_sandbox_before_its_peers() -> None:
    measured = {"Prism": figures(1100), QUIET: figures(3000, 1250), BARE: figures(6000, 90.4)}

    text = table.as_text(table.load(measured)).replace("\N{NO-BREAK SPACE}", " ")
    assert text.splitlines() == [
        "server                CPU per request  responses/s  lowest–highest      p50     p99",
        "bare Starlette                  90 µs        6 000     5 990–6 010  1.00 ms  2.0 ms",
        "Qlara sandbox, quiet          1.25 ms        3 000     2 990–3 010  1.00 ms  2.0 ms",
        "Prism                               –        1 100     1 090–1 110  1.00 ms  2.0 ms",
    ]


def test_a_page_gets_the_same_rows() -> None:
    shown = table.as_markdown(table.servers({"WireMock": results()["servers"]["WireMock"]}))

    assert shown == (
        "| server | version | ready | lowest–highest | idle | after load |\n"
        "| --- | --: | --: | --: | --: | --: |\n"
        "| WireMock | 1.2.3 | 1.55 s | 1.50–1.60 s | 110 MB | 220 MB |"
    )


def test_what_has_no_peer_is_a_table_of_its_own() -> None:
    rows = table.others(results())

    assert {len(row) for row in rows} == {5}
    assert rows[1] == ["250 cards", "vobject + phonenumbers", "62 ms", "", ""]
    assert ["10 MB, 50 000 cards", "in process", "0.50 s", "", ""] in rows
    assert ["list request", "beside four uploads of 10 MB", "", "1.00 ms", "4.00 ms"] in rows
    assert ["one card", "new accounts, 20 000 worlds", "9.00 ms", "1.00 ms", "2.00 ms"] in rows


@pytest.mark.parametrize("part", ["cards", "largeImport", "besideUploads", "pages", "worlds"])
def test_a_part_that_was_not_measured_has_no_rows(part: str) -> None:
    found: dict[str, Any] = results()
    rows = len(table.others(found))
    del found[part]

    assert len(table.others(found)) < rows


def test_processes_that_share_their_worlds_are_rows_by_load() -> None:
    measured = {"list": {"in memory": figures(1000, 100)}, "large": {"on Redis": figures(15, 2e6)}}

    assert table.workers(measured)[1:] == [
        [
            "list of ten, 64 at a time",
            "in memory",
            "100 µs",
            "1\N{NO-BREAK SPACE}000",
            "1.00 ms",
            "2.00 ms",
        ],
        ["10 MB, 2 at a time", "on Redis", "2.00 s", "15", "1.00 ms", "2.00 ms"],
    ]


def test_accounts_on_an_engine_are_rows_by_how_many_there_are() -> None:
    measured = {"bytes": [1100, 1000], "10000": figures(3000, 300), "100000": figures(3000, 310)}

    assert table.accounts(measured)[1:] == [
        ["10 000", "1100 B", "300 µs", "1.00 ms", "2.00 ms"],
        ["100 000", "1000 B", "310 µs", "1.00 ms", "2.00 ms"],
    ]
