"""Results as tables: rows of cells, for the terminal and for a page."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import BARE, LOGGED, QUIET
from benchmarks.goals import verdicts
from benchmarks.statistics import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Table = list[list[str]]
"""Rows of as many cells; the first row is the head."""

_CARDS = {
    "import": "a known account",
    "newAccounts": "new accounts",
    "sameFile": "the same file again",
}
_SHARED = {
    "list": "list of ten, 64 at a time",
    "quota": "quota, 64 at a time",
    "cards": "250 cards, 4 at a time",
    "large": "10 MB, 2 at a time",
}
_FEW = 10
_REACHED = {True: "reached", False: "not reached", None: "–"}


def load(measured: Mapping[str, Any]) -> Table:
    """Return the figures of the servers under one load."""
    head = ["server", "CPU per request", "responses/s", "lowest–highest", "p50", "p99"]
    return [head, *(_load_row(name, measured[name]) for name in in_order(measured))]


def _load_row(name: str, figures: Mapping[str, Sequence[float]]) -> list[str]:
    rate = Spread.of(figures["rate"])
    cpu = microseconds(median(figures["cpu"])) if "cpu" in figures else "–"
    return [
        name,
        cpu,
        number(rate.median),
        f"{number(rate.lowest)}–{number(rate.highest)}",
        f"{median(figures['p50']):.2f} ms",
        f"{median(figures['p99']):.1f} ms",
    ]


def servers(measured: Mapping[str, Any]) -> Table:
    """Return when each server was ready, and its memory."""
    head = ["server", "version", "ready", "lowest–highest", "idle", "after load"]
    return [head, *(_server_row(name, measured[name]) for name in in_order(measured))]


def _server_row(name: str, noted: Mapping[str, Any]) -> list[str]:
    ready = Spread.of(noted["ready"])
    loaded = f"{noted['loadedMb']:.0f} MB" if "loadedMb" in noted else "–"
    return [
        name,
        noted["version"],
        f"{ready.median:.2f} s",
        f"{ready.lowest:.2f}–{ready.highest:.2f} s",
        f"{median(noted['idleMb']):.0f} MB",
        loaded,
    ]


def goals(results: Mapping[str, Any]) -> Table:
    """Return what came of each goal."""
    rows = [[it.goal, it.figure, it.wanted, _REACHED[it.reached]] for it in verdicts(results)]
    return [["goal", "measured", "wanted", ""], *rows]


def others(results: Mapping[str, Any]) -> Table:
    """Return what is measured without peers: large imports, pages, worlds, uploads beside a list."""
    return [["what", "", "CPU", "p50", "p99"], *_other_rows(results)]


def _other_rows(results: Mapping[str, Any]) -> Iterator[list[str]]:
    yield from _card_rows(results.get("cards"))
    large = results.get("largeImport")
    if large:
        for what, key in (("vobject + phonenumbers", "baseline"), ("in process", "import")):
            seconds = f"{median(large[key]['cpuSeconds']):.2f} s"
            yield ["10 MB, 50 000 cards", what, seconds, "", ""]
        if "http" in large:
            yield _other_row("10 MB, 50 000 cards", "over HTTP, new accounts", large["http"])
    beside = results.get("besideUploads")
    if beside:
        yield _other_row("list request", "idle", {**beside["idle"], "cpu": []})
        yield _other_row(
            "list request", "beside four uploads of 10 MB", {**beside["busy"], "cpu": []}
        )
        yield _other_row("10 MB, 50 000 cards", "four at a time", beside["uploads"])
    pages = results.get("pages")
    if pages:
        yield _other_row("49 000 contacts", "first page of ten", pages["first"])
        yield _other_row("49 000 contacts", "last page of ten", pages["last"])
    worlds = results.get("worlds")
    if worlds:
        for key, account in (("sameAccount", "a known account"), ("newAccounts", "new accounts")):
            for count, label in (("few", "20 worlds"), ("many", "20 000 worlds")):
                yield _other_row("one card", f"{account}, {label}", worlds[key][count])


def _card_rows(cards: Mapping[str, Any] | None) -> Iterator[list[str]]:
    if cards:
        yield _other_row("250 cards", "vobject + phonenumbers", cards["baseline"])
        for key, where in _CARDS.items():
            if key in cards:
                yield _other_row("250 cards", f"over HTTP, {where}", cards[key])


def _other_row(what: str, where: str, figures: Mapping[str, Sequence[float]]) -> list[str]:
    cpu = microseconds(median(figures["cpu"])) if figures.get("cpu") else ""
    times = [milliseconds(median(figures[key])) if key in figures else "" for key in ("p50", "p99")]
    return [what, where, cpu, *times]


def workers(measured: Mapping[str, Any]) -> Table:
    """Return what one process in memory does, and how many do on an engine."""
    head = ["what", "served", "CPU per request", "responses/s", "p50", "p99"]
    return [head, *_worker_rows(measured)]


def _worker_rows(measured: Mapping[str, Any]) -> Iterator[list[str]]:
    for key, what in _SHARED.items():
        for who, figures in measured.get(key, {}).items():
            rate = median(figures["rate"])
            yield [
                what,
                who,
                microseconds(median(figures["cpu"])) if "cpu" in figures else "–",
                number(rate) if rate >= _FEW else f"{rate:.1f}",
                milliseconds(median(figures["p50"])),
                milliseconds(median(figures["p99"])),
            ]


def accounts(measured: Mapping[str, Any]) -> Table:
    """Return what an account costs where an engine keeps so many of them."""
    counts = [key for key in measured if key != "bytes"]
    rows = [
        [
            number(float(count)),
            f"{size} B",
            microseconds(median(measured[count]["cpu"])),
            milliseconds(median(measured[count]["p50"])),
            milliseconds(median(measured[count]["p99"])),
        ]
        for count, size in zip(counts, measured["bytes"], strict=True)
    ]
    return [["accounts", "memory of each", "CPU per request", "p50", "p99"], *rows]


def in_order(measured: Iterable[str]) -> list[str]:
    """Return the names of servers: the bare route, the sandbox, then the peers."""
    first = [BARE, QUIET, LOGGED]
    return sorted(measured, key=lambda name: first.index(name) if name in first else len(first))


def number(value: float) -> str:
    """Return a whole number in groups of three digits."""
    return f"{value:,.0f}".replace(",", "\N{NO-BREAK SPACE}")


def microseconds(value: float) -> str:
    """Return a time in a unit that suits it."""
    return f"{value:.0f} µs" if value < 1000 else milliseconds(value / 1000)


def milliseconds(value: float) -> str:
    """Return a time in a unit that suits it."""
    return (
        f"{value:.2f} ms"
        if value < 10
        else f"{value:.0f} ms"
        if value < 1000
        else f"{value / 1000:.2f} s"
    )


def as_text(table: Table) -> str:
    """Return a table for the terminal: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join(lines)


def as_markdown(table: Table) -> str:
    """Return a table for a page."""
    head, *rows = table
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])
