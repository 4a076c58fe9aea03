"""A run in one sentence, and how it was made in one line."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from qlara_contract.causes import causes
from qlara_contract.promises import Severity
from qlara_contract.results import PromiseState
from qlara_contract.settings import Mode
from qlara_contract.wording import OF_A_RUN

if TYPE_CHECKING:
    from qlara_contract.causes import Cause
    from qlara_contract.engine import Outcome
    from qlara_contract.results import PromiseResult

COSTS = {
    Severity.CRITICAL: "contacts are lost, wrong or seen by others",
    Severity.MAJOR: "a correct client fails or is misled",
    Severity.MINOR: "a correct client copes",
}
"""What a broken promise costs, in words."""

DIFFERS = "no fault: UC-020 does not say it, and this deployment decides it otherwise"
"""What an assumed promise costs that is decided otherwise, in words."""

_LONGEST_REASON = 120
_OPTION = re.compile(r"`(--[\w-]+)")


def costs(state: PromiseState, severity: Severity) -> str:
    """Return what a promise in this state costs, in words; one that is kept, if it were not."""
    return DIFFERS if state is PromiseState.DIFFERS else COSTS[severity]


class FoundCauses(NamedTuple):
    """The causes that a report tells: of broken promises, and of those that only differ.

    What is decided otherwise for the same reason as a promise is broken hangs on that cause.
    """

    broken: list[Cause]
    differing: list[Cause]


def found_causes(outcome: Outcome) -> FoundCauses:
    """Return the causes of what is not kept, the worst first."""
    states = (PromiseState.BROKEN, PromiseState.DIFFERS)
    every = causes((each for state in states for each in outcome.in_state(state)), outcome.evidence)
    broken = [each for each in every if outcome.state(each.head) is PromiseState.BROKEN]
    return FoundCauses(broken, [each for each in every if each not in broken])


def verdict(outcome: Outcome) -> str:
    """Return the run in one sentence, of 200 characters at most."""
    if outcome.failures:
        return "The suite itself failed: what it found up to then is incomplete."
    if outcome.stopped:
        found = len(outcome.broken)
        until_then = f" Until then it found {_promises(found)} broken." if found else ""
        reason = outcome.stopped.rstrip(".")
        end = "…" if len(reason) > _LONGEST_REASON else "."
        return f"Stopped early: {shortened(reason, _LONGEST_REASON)}{end}{until_then}"
    judged = [each for each in outcome.promises if outcome.state(each) in _JUDGED]
    if not judged:
        return f"Nothing could be judged: {_promises(len(outcome.promises))} {outcome.wording.not_exercised}."
    broken = outcome.in_state(PromiseState.BROKEN)
    said = _breaks(outcome) if broken else _keeps(outcome)
    return "; ".join([said, *_known(outcome), *_differs(outcome)]) + "."


_JUDGED = (
    PromiseState.BROKEN,
    PromiseState.DEVIATION,
    PromiseState.DIFFERS,
    PromiseState.KEPT,
)


def _breaks(outcome: Outcome) -> str:
    severities = [each.promise.severity for each in outcome.in_state(PromiseState.BROKEN)]
    worst = min(severities, key=list(Severity).index)
    count, of_worst = len(severities), severities.count(worst)
    said = f"Does not keep {_promises(count, 'documented ')}"
    said += f", {of_worst} of them {worst}" if count > 1 else f" ({worst})"
    return f"{said}: {COSTS[worst]}"


def _keeps(outcome: Outcome) -> str:
    documented = [each for each in outcome.promises if not each.promise.is_assumed]
    kept = sum(outcome.state(each) is PromiseState.KEPT for each in documented)
    if not documented:
        return f"Keeps {_promises(len(outcome.in_state(PromiseState.KEPT)), 'assumed ')}"
    if kept == len(documented):
        return "Keeps " + (
            f"all {kept} documented promises" if kept > 1 else "the documented promise"
        )
    which = "could be exercised" if outcome.wording is OF_A_RUN else "was seen"
    return f"Keeps every documented promise that {which} ({kept} of {len(documented)})"


def _known(outcome: Outcome) -> list[str]:
    known = len(outcome.in_state(PromiseState.DEVIATION))
    return [f"{known} known {'deviation' if known == 1 else 'deviations'}"] if known else []


def _differs(outcome: Outcome) -> list[str]:
    count = len(outcome.differing)
    if not count:
        return []
    said = f"decides {count} undocumented {'thing' if count == 1 else 'things'} otherwise"
    return [said + (", which --strict does not allow" if outcome.settings.strict else "")]


def _promises(count: int, kind: str = "") -> str:
    return f"{count} {kind}{'promise' if count == 1 else 'promises'}"


def remedy(outcome: Outcome, result: PromiseResult) -> str:
    """Return what would exercise a promise that was not; empty where nothing that the run lacked would."""
    if outcome.wording.remedy is not None:
        return outcome.wording.remedy(result)
    text = result.remedy
    if outcome.stopped and result.reason.endswith(outcome.stopped):
        return "a run to its end"
    named = _OPTION.findall(text)
    had = [_is_in_effect(outcome, each) for each in named]
    enough = any if ", or " in text else all
    return "" if named and enough(had) else text


def _is_in_effect(outcome: Outcome, option: str) -> bool:
    settings = outcome.settings
    given = {
        "--exhausted-key": settings.exhausted_key,
        "--nearly-exhausted-key": settings.nearly_exhausted_key,
        "--unpermitted-key": settings.unpermitted_key,
        "--list-id": settings.list_id and not outcome.notes,
    }
    return settings.effective_mode is Mode.FULL if option == "--mode" else bool(given.get(option))


def circumstances(outcome: Outcome) -> list[str]:
    """Return how the run was made: the base URL first, then mode, requests and time."""
    return outcome.circumstances


def network_failures(outcome: Outcome) -> list[tuple[str, int]]:
    """Return what the network or a gateway did, and how often, the most frequent first."""
    return Counter(outcome.network_failures).most_common()


def left_behind(outcome: Outcome) -> str:
    """Return in sentences what the run may have left, and how to find and remove it."""
    ledger = outcome.ledger
    if not ledger.charged and not ledger.entries:
        return "Nothing: no contact and no list was sent to be written."
    if outcome.sandbox_scenario:
        return (
            f"{ledger.charged} cards were sent, into worlds of this run alone: nothing else that uses "
            "the sandbox sees what came of them. `POST /__admin/reset` removes it."
        )
    cards = sum(each.cards for each in ledger.entries)
    imported = sum(each.imported for each in ledger.entries)
    refused = (
        f" {ledger.refused_cards} more were refused, and left nothing."
        if ledger.refused_cards
        else ""
    )
    lists = len(ledger.entries)
    return (
        f"{ledger.charged} cards were sent. At most {cards} contacts may have come of them, tagged "
        f"contract-check, in {lists} {'list' if lists == 1 else 'lists'} named `contract-check …`; the "
        f"reports of the imports confirm {imported}.{refused} The API has no way to delete them: search "
        "for that tag and these lists where the account is managed, and delete them there."
    )


def shortened(text: str, longest: int) -> str:
    """Return the words of *text* that fit into *longest* characters; a word that is longer is cut."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    words = text[: longest + 1].rpartition(" ")[0]
    return words if len(words) > longest // 2 else text[:longest]
