"""Why a run cannot begin, or cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange


class CannotRun(Exception):
    """The run cannot begin; the message says why."""


class RunStopped(Exception):
    """The run cannot go on; the message says why. What is known by then is reported."""


class DeploymentLost(RunStopped):
    """The deployment has stopped responding, or accepts the key no more: that is an outage, no drift."""


class DeadlineReached(RunStopped):
    """The run has taken as long as it may."""


class Interrupted(Exception):
    """A network, or a gateway before the deployment, failed in the middle of a request.

    Whether the deployment carried the request out is not known; the message says what happened.
    ``partial`` is the exchange, if it was its response that broke off.
    """

    def __init__(self, message: str, partial: ApiExchange | None = None) -> None:
        super().__init__(message)
        self.partial = partial


class WritesSpent(Exception):
    """The request would bring more contacts than the run may still write."""
