"""The goals, each with the figure of a run that it is held against."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import BARE, IN_MEMORY, LOGGED, OURS, QUIET, on_engine
from benchmarks.comparisons import BASELINE, CONNECTIONS, SHARED_CONNECTIONS, UPLOADERS
from benchmarks.statistics import ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.statistics import Spread


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal, and what came of it: ``figure`` as it was measured and ``wanted``, in words.

    ``reached`` is None if the run did not measure it; ``figure`` then says why.
    """

    goal: str
    figure: str
    wanted: str
    reached: bool | None


_AT_LEAST = ("≥", operator.ge)
_AT_MOST = ("≤", operator.le)
# A second run of the same differs by as much: what is equal may look so much slower.
_AS_FAST = 1.1


def verdicts(results: Mapping[str, Any]) -> list[Verdict]:
    """Hold *results* against all goals."""
    return [
        *_bare(results),
        *_peers(results),
        *_imports(results),
        *_others(results),
        *_start(results),
        *_workers(results),
        *_accounts(results),
    ]


def _workers(results: Mapping[str, Any]) -> Iterator[Verdict]:
    if "workers" not in results:  # it needs an engine, which not every machine has
        return
    how = f"list, {SHARED_CONNECTIONS} at a time"
    one, two = on_engine(1), on_engine(2)
    where = ("workers", "list")
    yield _ratio(f"{how}, {one} ÷ {IN_MEMORY}", results, where, (one, IN_MEMORY), 0.5)
    measured = results["workers"].get("list", {})
    goal = f"{how}, {two} ÷ {one}, without what the load takes"
    if one not in measured or two not in measured:
        yield _unmeasured(goal, results)
        return
    # One process has a core of its own. Several leave none to whoever puts the load on.
    alone = ratios(_without_load(measured[two]), measured[one]["rate"])
    beside = ratios(measured[two]["rate"], measured[one]["rate"]).median
    held = _held(goal, alone, _AT_LEAST, 1.6)
    yield replace(held, figure=f"{held.figure}, with it {beside:.2f} ×")


def _without_load(figures: Mapping[str, list[float]]) -> list[float]:
    """Return the responses per second of two cores, had the sender not taken a part of them."""
    cores = 2.0
    return [
        rate * cores / (cores - rate * sender / 1e6)
        for rate, sender in zip(figures["rate"], figures["senderCpu"], strict=True)
    ]


def _accounts(results: Mapping[str, Any]) -> Iterator[Verdict]:
    if "accounts" in results:  # it needs an engine, too
        yield _pair(
            "one account after another, 100 000 on Redis ÷ 10 000, CPU time",
            results,
            (("accounts", "100000", "cpu"), ("accounts", "10000", "cpu")),
            _AS_FAST,
        )


def _bare(results: Mapping[str, Any]) -> Iterator[Verdict]:
    for name, least, how in ((QUIET, 0.8, "quiet"), (LOGGED, 0.7, "default log")):
        goal = f"list, {CONNECTIONS} at a time, {how} ÷ {BARE}"
        yield _ratio(goal, results, ("list", CONNECTIONS), (name, BARE), least)


def _peers(results: Mapping[str, Any]) -> Iterator[Verdict]:
    for peer, least in (("WireMock", 1.5), ("MockServer", 1.0), ("Prism", 3.0)):
        for level in ("1", CONNECTIONS):
            goal = f"list, {level} at a time, quiet ÷ {peer}"
            yield _ratio(goal, results, ("list", level), (QUIET, peer), least)
    goal = "import of 250 cards, quiet ÷ Prism's canned response"
    yield _ratio(goal, results, ("upload", UPLOADERS), (QUIET, "Prism"), 1.2)


def _imports(results: Mapping[str, Any]) -> Iterator[Verdict]:
    large = results.get("largeImport")
    goal, same = f"import of 10 MB ÷ {BASELINE}, CPU time", "outcomes of 50 000 cards equal"
    if large is None:
        yield from (_unmeasured(goal, results), _unmeasured(same, results))
        return
    yield _held(goal, ratios(large["baseline"]["cpu"], large["import"]["cpu"]), _AT_LEAST, 30)
    different = large["differences"]
    figure = f"{different} of {large['comparedCards']} differ"
    yield Verdict(same, figure, "0", different == 0 and large["comparedCards"] == 50_000)


def _others(results: Mapping[str, Any]) -> Iterator[Verdict]:
    yield _pair(
        "p99 of a list beside four uploads of 10 MB ÷ idle",
        results,
        (("besideUploads", "busy", "p99"), ("besideUploads", "idle", "p99")),
        3,
    )
    yield _pair(
        "last page of 49 000 contacts ÷ the first, CPU time",
        results,
        (("pages", "last", "cpu"), ("pages", "first", "cpu")),
        _AS_FAST,
    )
    for key, accounts in (("sameAccount", "a known account"), ("newAccounts", "new accounts")):
        yield _pair(
            f"one card, {accounts}, 20 000 worlds ÷ 20, CPU time",
            results,
            (("worlds", key, "many", "cpu"), ("worlds", key, "few", "cpu")),
            _AS_FAST,
        )


def _start(results: Mapping[str, Any]) -> Iterator[Verdict]:
    measured = results.get("servers", {})
    peers = [name for name in measured if name not in {*OURS, BARE} and "ready" in measured[name]]
    for goal, key, unit in (("time to ready", "ready", "s"), ("idle memory", "idleMb", "MB")):
        what = f"{goal} ÷ the best peer"
        if QUIET not in measured or not peers:
            yield _unmeasured(what, results)
            continue
        ours = median(measured[QUIET][key])
        best = min(peers, key=lambda name: float(median(measured[name][key])))
        theirs = median(measured[best][key])
        figure = f"{ours:.3g} {unit}; {best} {theirs:.3g} {unit}"
        yield Verdict(what, figure, f"< {best}", ours < theirs)


def _ratio(
    goal: str,
    results: Mapping[str, Any],
    where: tuple[str, str],
    names: tuple[str, str],
    least: float,
) -> Verdict:
    measured = results.get(where[0], {}).get(where[1], {})
    missing = next((name for name in names if name not in measured), None)
    if missing is not None:
        return _unmeasured(goal, results, missing)
    ours, theirs = (measured[name] for name in names)
    held = _held(goal, ratios(ours["rate"], theirs["rate"]), _AT_LEAST, least)
    if not ("cpu" in ours and "cpu" in theirs):
        return held
    # It decides nothing, but noise disturbs it least, and on two cores the client takes part of one.
    by_cpu = ratios(theirs["cpu"], ours["cpu"]).median
    return replace(held, figure=f"{held.figure}, CPU {by_cpu:.2f} ×")


def _pair(
    goal: str, results: Mapping[str, Any], paths: tuple[tuple[str, ...], ...], most: float
) -> Verdict:
    one, other = (_at(results, path) for path in paths)
    if one is None or other is None:
        return _unmeasured(goal, results)
    return _held(goal, ratios(one, other), _AT_MOST, most)


def _at(results: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        results = results.get(key)
        if results is None:
            return None
    return results


def _held(
    goal: str, ratio: Spread, how: tuple[str, Callable[[float, float], bool]], bound: float
) -> Verdict:
    sign, holds = how
    figure = f"{ratio.median:.2f} × ({ratio.lowest:.2f}–{ratio.highest:.2f})"
    return Verdict(goal, figure, f"{sign} {bound:g} ×", holds(ratio.median, bound))


def _unmeasured(goal: str, results: Mapping[str, Any], name: str = "") -> Verdict:
    skipped = results.get("skipped", {})
    why = f"{name} was left out" if name in skipped else "not measured"
    return Verdict(goal, why, "", None)
