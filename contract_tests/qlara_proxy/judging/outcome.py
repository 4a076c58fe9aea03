"""What the traffic has shown so far: an outcome that the reports of the suite are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qlara_contract.engine import Outcome
from qlara_contract.masking import PLACEHOLDER
from qlara_contract.report.counting import counted
from qlara_contract.settings import RunSettings
from qlara_contract.wording import Remarks, Wording

if TYPE_CHECKING:
    from qlara_contract.wording import Remark

WORDING = Wording(
    tool="qlara-sandbox proxy",
    title="What the traffic shows",
    not_exercised="not seen",
    remedy=lambda _: "",  # the reason says what would show it
    leaves_contacts=False,
    counts_checks=True,
    about_requests=(
        "Each request is shown as it passed, except that whatever may be data of somebody is an outline "
        "(`Xxxxx`); `YOUR_…` and `HIDDEN` stand for what is secret."
    ),
)


WITH_DATA = replace(
    WORDING,
    about_requests="Each request is shown as it passed; `YOUR_…` and `HIDDEN` stand for what is secret.",
)


@dataclass(frozen=True)
class TrafficSettings(RunSettings):
    """The settings of a report on traffic: ``keys`` are all that were seen, and shown in none."""

    keys: tuple[str, ...] = ()

    @property
    def placeholders(self) -> dict[str, str]:
        """What stands for each key."""
        names = (PLACEHOLDER, *(f"{PLACEHOLDER}_{at}" for at in range(2, len(self.keys) + 1)))
        return dict(zip(self.keys, names, strict=False))


@dataclass
class TrafficOutcome(Outcome):
    """Everything that the traffic has shown. ``last`` is when its last exchange ended, since 1970."""

    wording: Wording = WORDING
    clients: tuple[Remark, ...] = ()
    doubts: tuple[Remark, ...] = ()
    accounts: int = 0
    without_evidence: int = 0

    @property
    def circumstances(self) -> list[str]:
        """What passed: the base URL first."""
        parts = [
            self.settings.base_url,
            f"{counted(self.requests, 'exchange')} of {counted(self.accounts, 'account')} "
            f"in {self.seconds:.1f} s",
        ]
        if self.sandbox_scenario:
            parts.insert(1, f"a sandbox, scenario {self.sandbox_scenario}")
        if self.without_evidence:
            parts.append(f"{self.without_evidence} of them broken off or from a gateway")
        return parts

    @property
    def how(self) -> dict[str, Any]:
        """That nothing was run: what passed was judged."""
        return {"mode": "traffic", "profile": None, "seed": None}

    @property
    def remarks(self) -> tuple[Remarks, ...]:
        """What is told beside the promises; none of it is drift."""
        return (
            Remarks(
                "doubts",
                "In doubt",
                "Seen otherwise than promised, and somebody else who uses the account could have brought "
                "it about. What is seen in the same way three times, with nothing against it, is broken.",
                self.doubts,
            ),
            Remarks(
                "clientFindings",
                "The client's requests",
                "Held against the contract. They are the client's, and never count against the deployment.",
                self.clients,
            ),
        )
