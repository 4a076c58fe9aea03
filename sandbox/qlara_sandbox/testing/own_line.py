"""Lets the traceback of a documented error end in the line that called, not inside the sandbox."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def ends_in_own_line(function: Callable[P, R]) -> Callable[P, R]:
    """Let documented errors of *function* look as if its caller had raised them.

    Their messages say everything; how the sandbox found out is of no use to a test. Any other error
    is a bug of the sandbox, and keeps its traceback.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True  # pytest leaves this frame out
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if not _is_documented(error):
                raise
            raise error.with_traceback(None) from None

    return called


def _is_documented(error: Exception) -> bool:
    """Return whether *error* is one that the methods of a sandbox say they raise.

    An exact ``ValueError``, ``RuntimeError`` or ``TypeError``: a subclass is something else's.
    """
    from qlara_sandbox.domain.errors import Refusal
    from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario

    documented = (OSError, Refusal, InvalidScenario, UnknownScenario)
    return isinstance(error, documented) or type(error) in {ValueError, RuntimeError}
