"""A run in one sentence, and how it was made in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome


def verdict(outcome: Outcome) -> str:
    """Return the run in one sentence."""
    counts = {state: len(outcome.in_state(state)) for state in PromiseState}
    if outcome.failures:
        return "The suite itself failed; its findings up to then are incomplete."
    if outcome.stopped:
        return f"The run stopped early: {outcome.stopped}"
    parts = [f"{counts[PromiseState.KEPT]} kept"]
    if differs := counts[PromiseState.DIFFERS]:
        parts.append(f"{differs} decided otherwise")
    if known := counts[PromiseState.DEVIATION]:
        parts.append(f"{known} known {'deviation' if known == 1 else 'deviations'}")
    if counts[PromiseState.NOT_EXERCISED]:
        parts.append(f"{counts[PromiseState.NOT_EXERCISED]} not exercised")
    rest = ", ".join(parts)
    if broken := counts[PromiseState.BROKEN]:
        return f"{broken} {'promise is' if broken == 1 else 'promises are'} broken; {rest}."
    if outcome.exit_code:
        return f"No promise could be judged: {rest}."
    return f"No promise is broken: {rest}."


def circumstances(outcome: Outcome) -> list[str]:
    """Return how the run was made: the base URL first, then mode, requests and time."""
    settings = outcome.settings
    parts = [settings.base_url]
    if outcome.sandbox_scenario:
        parts.append(f"a sandbox, scenario {outcome.sandbox_scenario}")
    parts.append(f"{settings.effective_mode}, {settings.profile}, seed {settings.seed}")
    parts.append(f"{outcome.requests} requests in {outcome.seconds:.1f} s")
    if outcome.waited:
        parts.append(f"{outcome.waited:.0f} s of that spent waiting out 429s")
    return parts
