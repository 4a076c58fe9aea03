"""A quick run of the contract suite, and what of its outcome an agent needs, without any key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import schemathesis  # noqa: F401 - what a run needs is missed before it begins
from mcp.server.mcpserver.exceptions import ToolError

from qlara_contract.engine import check_deployment
from qlara_contract.errors import CannotRun
from qlara_contract.masking import mask
from qlara_contract.promises import PROMISES
from qlara_contract.report.summary import left_behind, verdict
from qlara_contract.results import PromiseState
from qlara_contract.settings import Mode, RunSettings, is_loopback, split_credentials
from qlara_mcp.bounds import cut, cut_all, with_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.engine import Outcome
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import PromiseResult

_MOST_SHOWN = 15
_LONGEST_TEXT = 600


class Checked(NamedTuple):
    """A deployment, and how it is to be checked. ``deadline`` is in seconds."""

    base_url: str
    api_key: str
    only: tuple[str, ...]
    mode: str | None
    seed: int
    deadline: float


def check(wanted: Checked, tell: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Run the suite and return its outcome, as ``Verification`` has it; *tell* is told how far it is.

    Raises:
        ToolError: it cannot run; the message says why.
    """
    settings = _settings(wanted)
    try:
        outcome = check_deployment(
            settings, progress=lambda each: tell(each.done, each.total, each.story)
        )
    except CannotRun as error:
        message = str(error).replace("--api-key", "apiKey")  # as it is called here
        raise ToolError(mask(message, settings.placeholders)) from None
    return _masked(_shown(outcome), settings)


def _settings(wanted: Checked) -> RunSettings:
    base_url, credentials = split_credentials(wanted.base_url)
    mode = Mode(wanted.mode) if wanted.mode else None
    if mode is Mode.FULL and not is_loopback(base_url):
        message = (
            "mode: expected read-only beyond this machine. A full run imports contacts into an account "
            "that cannot delete them: a person starts it, with qlara-sandbox verify --mode full."
        )
        raise ToolError(message)
    return RunSettings(
        base_url=base_url,
        api_key=wanted.api_key,
        credentials=credentials,
        mode=mode,
        only=_promises(wanted.only),
        seed=wanted.seed,
        deadline=wanted.deadline,
    )


def _promises(only: tuple[str, ...]) -> tuple[PromiseId, ...]:
    known = {str(each.id): each.id for each in PROMISES}
    unknown = [each for each in only if each not in known]
    if unknown:
        message = (
            f"only: unknown promise {cut(unknown[0], 100)!r}. Expected ids such as "
            f"{', '.join(list(known)[:3])}; qlara-sandbox verify --list shows all {len(known)}."
        )
        raise ToolError(message)
    return tuple(known[each] for each in only)


def _shown(outcome: Outcome) -> dict[str, Any]:
    broken = outcome.in_state(PromiseState.BROKEN)
    differing = outcome.in_state(PromiseState.DIFFERS)
    shown = len(broken[:_MOST_SHOWN]) + len(differing[:_MOST_SHOWN])
    return {
        "baseUrl": outcome.settings.base_url,
        "verdict": verdict(outcome),
        "conforms": outcome.exit_code == 0,
        "stopped": outcome.stopped or None,
        "mode": outcome.settings.effective_mode.value,
        "requests": outcome.requests,
        "seconds": round(outcome.seconds, 1),
        "counts": {state.value: len(outcome.in_state(state)) for state in PromiseState},
        "broken": [_unkept(outcome, each) for each in broken[:_MOST_SHOWN]],
        "differing": [_unkept(outcome, each) for each in differing[:_MOST_SHOWN]],
        "leftOut": len(broken) + len(differing) - shown,
        "leftBehind": left_behind(outcome),
        "notes": outcome.notes[:_MOST_SHOWN],
    }


def _unkept(outcome: Outcome, result: PromiseResult) -> dict[str, str]:
    evidence = outcome.evidence(result)[0]
    promise = result.promise
    return {
        "id": promise.id,
        "operation": promise.operation,
        "severity": promise.severity.value,
        "sentence": promise.sentence,
        "source": promise.source,
        "what": evidence.what,
        "expected": evidence.expected,
        "got": evidence.got,
    }


def _masked(shown: dict[str, Any], settings: RunSettings) -> dict[str, Any]:
    # Masked before it is cut: a part of a key is one, too.
    masked = {
        name: with_texts(each, lambda text: mask(text, settings.placeholders))
        for name, each in shown.items()
    }
    cut_short: dict[str, Any] = cut_all(masked, _LONGEST_TEXT)
    return cut_short
