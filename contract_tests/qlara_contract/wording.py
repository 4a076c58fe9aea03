"""How reports name what they are about: a run of the suite, or whatever else judges a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.results import PromiseResult


@dataclass(frozen=True)
class Wording:
    """The words of one kind of report.

    ``not_exercised`` is what a promise is called that nothing showed, and ``remedy``, if given, returns what
    would show it. ``leaves_contacts``: what is reported on may have left contacts behind. ``counts_checks``: a page tells how often each
    promise was kept. ``about_requests`` is what it says of the requests that it shows.
    """

    tool: str = "qlara-sandbox verify"
    title: str = "Contract report"
    not_exercised: str = "not exercised"
    remedy: Callable[[PromiseResult], str] | None = None
    leaves_contacts: bool = True
    counts_checks: bool = False
    about_requests: str = (
        "Each request is shown as it was sent; `YOUR_…` stands for what is secret. Run the lines in the "
        "folder of this report."
    )

    def of(self, state: PromiseState) -> str:
        """Return how a state is called."""
        return self.not_exercised if state is PromiseState.NOT_EXERCISED else state.value


OF_A_RUN = Wording()


@dataclass(frozen=True)
class Remark:
    """Something that is told beside the promises: what was seen how often, and one exchange that shows it."""

    what: str
    expected: str = ""
    times: int = 1
    exchange: ApiExchange | None = None


@dataclass(frozen=True)
class Remarks:
    """Remarks of one kind, under a title and a sentence about them. ``name`` is that of the JSON field."""

    name: str
    title: str
    about: str
    remarks: tuple[Remark, ...]
