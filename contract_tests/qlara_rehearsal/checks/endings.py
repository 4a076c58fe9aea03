"""How a client ends, so that a caller can tell what became of the import.

Right is any exit code but 0 where something went wrong, and also an output that says what did; and, where
a client finds a way around it (a file in parts), an import that is complete.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from qlara_rehearsal.evidence import ActFinding
from qlara_rehearsal.telling import tells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_rehearsal.evidence import ActEvidence

_REFUSED = 400  # and above: RFC 9110 section 15.5


def ends(evidence: ActEvidence, wanted: str) -> Iterator[ActFinding]:
    """Yield that the end of a client says something else than what happened."""
    ending = evidence.ending
    if ending.exit_code is None:
        return  # it had to be stopped, which is told for every act
    if wanted == "well":
        if not ending.is_well:
            yield ActFinding(
                f"It ended with {ending.how}, as if the import had failed."
                if ending.exit_code > 0
                else f"It was {ending.how}, as if the import had failed.",
                "Exit code 0: everything was imported.",
            )
    elif not ending.is_well:
        return
    elif wanted == "with an error":
        yield from _without_an_error(evidence)
    elif wanted == "with the errors of the file":
        yield from _without_the_errors(evidence)
    else:
        yield from _not_as_it_saw(evidence)


def tells_of_an_error(evidence: ActEvidence) -> bool:
    """Return whether a caller can tell that something went wrong."""
    return not evidence.ending.is_well or _says_so(evidence)


def _without_an_error(evidence: ActEvidence) -> Iterator[ActFinding]:
    if _says_so(evidence) or evidence.all_arrived:
        return
    refused = [one for one in evidence.exchanges if one.status >= _REFUSED]
    yield ActFinding(
        "Nothing was imported, and it ended with exit code 0 without a word of "
        + ("the refusal." if refused else "that."),
        "Another exit code than 0, or an output that says what was refused, or why nothing was sent.",
        tuple(refused[:1]),
    )


def _without_the_errors(evidence: ActEvidence) -> Iterator[ActFinding]:
    errors = evidence.report.get("errors", [])
    silent = [one for one in errors if not _names(evidence.ending.output, one)]
    if silent:
        names = ", ".join(f"{one['name']!r} (line {one['line']})" for one in silent[:3])
        yield ActFinding(
            f"{len(silent)} of {len(errors)} cards that were left out are not in its output ({names}), "
            "and it ended with exit code 0.",
            "Another exit code than 0, or an output with the name or line of each card that was left out.",
            tuple(one for one in evidence.uploads if one.happened)[:1],
        )


def _not_as_it_saw(evidence: ActEvidence) -> Iterator[ActFinding]:
    seen = [
        one for one in evidence.uploads if one.is_good and one.ended <= evidence.ending.ended + 0.1
    ]
    if not seen and not _says_so(evidence):
        yield ActFinding(
            "It ended with exit code 0 before the import had been answered.",
            "It waits for the response, or ends with an error when its time limit is over.",
            tuple(evidence.uploads[:2]),
        )


def _says_so(evidence: ActEvidence) -> bool:
    output = evidence.ending.output
    refused = [one for one in evidence.exchanges if one.status >= _REFUSED]
    if any(
        re.search(rf"\b{one.status}\b", output) or (one.reason() and one.reason() in output)
        for one in refused
    ):
        return True
    return tells(output) and tells(output, evidence.when_well())


def _names(output: str, error: dict[str, object]) -> bool:
    """Return whether *output* has the name of the card, however it is written, or its line."""
    name = str(error["name"])
    forms = {name, json.dumps(name)[1:-1], ascii(name)[1:-1]} - {""}
    return any(form in output for form in forms) or bool(re.search(rf"\b{error['line']}\b", output))
