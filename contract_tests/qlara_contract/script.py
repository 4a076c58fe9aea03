"""The requests that lead to a response as lines for a shell: set-up first, each as it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.curl import CurlStyle, is_plain
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.steps import steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.results import Evidence

_WHAT = {UPLOAD: "import the file", LIST: "read the list", QUOTA: "read the quota"}


def plain_curl(exchange: ApiExchange, variables: Mapping[str, str]) -> str:
    """Return a request as curl lines, values that *variables* stand for named by them."""
    return exchange.curl(CurlStyle(variables=variables))


def script(
    evidence: Evidence, curl: Callable[[ApiExchange, Mapping[str, str]], str] = plain_curl
) -> str:
    """Return the lines that repeat what was seen; empty if no one request shows it.

    A list that an earlier request makes is named by a variable: the same import makes one with another
    id. Requests that were sent at the same time run in the background. *curl* writes each request, given
    the variables by their values.
    """
    if evidence.exchange is None:
        return ""
    variables: dict[str, str] = {}
    blocks = []
    found = steps(evidence.before, evidence.exchange)
    for step, following in zip(found, [*found[1:], None], strict=True):
        lines = [curl(step.exchange, dict(variables))]
        is_together = step.exchange.is_one_of_several
        if step.says:
            what = _WHAT.get(step.exchange.operation, "send the request")
            how = ", at the same time" if is_together else ""
            lines.insert(0, f"# {step.says}{how}: {what}")
        if is_together:
            lines[-1] += " &"
            if following is None or not following.exchange.is_one_of_several:
                lines.append("wait")
        elif is_plain(step.makes):
            name = f"LIST_ID_{len(variables) + 1}" if variables else "LIST_ID"
            variables[step.makes] = name
            lines.append(f"{name}={step.makes}  # listId of this response")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
