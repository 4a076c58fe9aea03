"""Each goal is reached, not reached, or was not measured, and says by what."""

from __future__ import annotations

from benchmarks.candidates import IN_MEMORY, on_engine
from benchmarks.goals import Verdict, verdicts
from tests.benchmarks.figures import figures, results


def test_every_goal_has_its_figure() -> None:
    left_out = "was left out"
    assert verdicts(results()) == [
        Verdict(
            "list, 16 at a time, quiet ÷ bare Starlette",
            "0.85 × (0.85–0.85), CPU 0.83 ×",
            "≥ 0.8 ×",
            True,
        ),
        Verdict(
            "list, 16 at a time, default log ÷ bare Starlette",
            "0.50 × (0.49–0.50), CPU 0.50 ×",
            "≥ 0.7 ×",
            False,
        ),
        *(
            Verdict(
                f"list, {level} at a time, quiet ÷ WireMock",
                "2.12 × (2.10–2.15), CPU 7.50 ×",
                "≥ 1.5 ×",
                True,
            )
            for level in (1, 16)
        ),
        *(
            Verdict(
                f"list, {level} at a time, quiet ÷ {peer}",
                f"{peer} {left_out}",
                "",
                None,
            )
            for peer in ("MockServer", "Prism")
            for level in (1, 16)
        ),
        Verdict(
            "import of 250 cards, quiet ÷ Prism's canned response",
            f"Prism {left_out}",
            "",
            None,
        ),
        Verdict(
            "import of 10 MB ÷ vobject + phonenumbers, CPU time",
            "30.00 × (30.00–30.00)",
            "≥ 30 ×",
            True,
        ),
        Verdict("outcomes of 50 000 cards equal", "0 of 50000 differ", "0", True),
        Verdict(
            "p99 of a list beside four uploads of 10 MB ÷ idle",
            "4.00 × (4.00–4.00)",
            "≤ 3 ×",
            False,
        ),
        Verdict(
            "last page of 49 000 contacts ÷ the first, CPU time",
            "1.00 × (1.00–1.00)",
            "≤ 1.1 ×",
            True,
        ),
        Verdict(
            "one card, a known account, 20 000 worlds ÷ 20, CPU time",
            "1.00 × (1.00–1.00)",
            "≤ 1.1 ×",
            True,
        ),
        Verdict(
            "one card, new accounts, 20 000 worlds ÷ 20, CPU time",
            "18.00 × (18.00–18.00)",
            "≤ 1.1 ×",
            False,
        ),
        Verdict("time to ready ÷ the best peer", "0.45 s; WireMock 1.55 s", "< WireMock", True),
        Verdict("idle memory ÷ the best peer", "50 MB; WireMock 110 MB", "< WireMock", True),
    ]


def test_a_run_of_one_part_says_of_the_others_that_they_were_not_measured() -> None:
    found = verdicts({"skipped": {}, "list": results()["list"]})

    assert [it.figure for it in found if it.reached is None].count("not measured") == len(found) - 4
    assert len(found) == len(verdicts(results()))


def test_processes_that_share_their_worlds_have_goals_where_there_is_an_engine() -> None:
    measured = {
        "list": {
            IN_MEMORY: figures(1000, 100),
            on_engine(1): figures(600, 160),
            on_engine(2): figures(900, 180),
        }
    }

    found = verdicts({"skipped": {}, "workers": measured})[-2:]

    assert [(one.figure, one.wanted, one.reached) for one in found] == [
        ("0.60 × (0.60–0.60), CPU 0.62 ×", "≥ 0.5 ×", True),
        # 20 µs for each of 900 requests are nearly nothing of two cores.
        ("1.51 × (1.51–1.52), with it 1.50 ×", "≥ 1.6 ×", False),
    ]


def test_many_accounts_on_an_engine_are_to_be_as_fast_as_some() -> None:
    measured = {"bytes": [1, 1], "10000": figures(3000, 300), "100000": figures(3000, 360)}

    (found,) = verdicts({"skipped": {}, "accounts": measured})[-1:]

    assert (found.wanted, found.reached) == ("≤ 1.1 ×", False)
