"""``docs/scenarios.md``: every scenario, what to send, and what really comes back."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from docs.generate.layout import fold, indented
from docs.generate.stories import Shown, play
from qlara_sandbox import resources
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.scenario.model import Scenario

PAGE = Path(__file__).parent.parent / "scenarios.md"
BASE = "http://127.0.0.1:8080"
_ITEMS = 2
_LONGEST_LINE = 600

_INTRODUCTION = """\
# Scenarios

A scenario is a named starting point: what an account holds, what it may do, and what goes wrong. Choose
one for a request with the header `X-Sandbox-Scenario: NAME`, or with the key, `sandbox_LABEL__NAME`, for
clients that cannot send headers; or for the whole server with `qlara-sandbox serve --scenario NAME`. A
label of your own gives you an account of your own, and a fresh one with every new label. [Scenario files](scenario-files.md)
says how to write scenarios of your own.

Everything below was run to write this page, and is run again by the tests. To follow it, start the
sandbox with `make serve` and run in another terminal, at the top of the checkout:

```sh
export PATH="$PWD/.venv/bin:$PATH"
BASE=http://127.0.0.1:8080
FILES=scenarios/files
SCRATCH=$(mktemp -d)
```

Long arrays are shortened. Request ids are examples, and so are times unless a scenario stops the clock.
"""

# What differs from run to run where the clock runs, and what is shown instead.
_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"), "2026-04-09T11:00:10+02:00"),
    (re.compile(r"(?i)(x-ratelimit-reset: )\d+"), r"\g<1>1775725270"),
    (re.compile(r'(?i)(retry-after: |"retryAfter": ?|after )(?:5\d|60)\b'), r"\g<1>60"),
)
_ALWAYS_VOLATILE = (
    (re.compile(r"req_\d+"), "req_00000001"),
    (re.compile(r"(?im)^date: .*$"), "date: Thu, 09 Apr 2026 09:00:10 GMT"),
    (re.compile(r"\d+\.\d{6}(?= seconds| to the last)"), "…"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), BASE),
)


_BROKEN = "55 or 56: the connection broke, or the response is malformed"
_MEANING = {  # curl's exit codes
    18: "18: the response ends too early",
    28: "28: its time limit is over",
    52: "52: the connection was closed without a response",
    55: _BROKEN,
    56: _BROKEN,
}


def page() -> str:
    """Return the page, written anew from a sandbox that is started for it."""
    library = Library(resources.SCENARIOS)
    scenarios = [library.get(name) for name in library.names()]
    parts = [_INTRODUCTION, _contents(scenarios)]
    with running() as sandbox, tempfile.TemporaryDirectory() as scratch:
        parts += [_section(scenario, sandbox.base_url, Path(scratch)) for scenario in scenarios]
    return "\n".join(parts)


def key_of(scenario: str, label: str = "demo") -> str:
    """Return a key whose account starts from *scenario*."""
    return f"sandbox_{label}__{scenario}"


def _contents(scenarios: list[Scenario]) -> str:
    rows = [f"| [`{one.name}`](#{one.name}) | {one.title} |" for one in scenarios]
    return "\n".join(["| scenario | |", "|---|---|", *rows, ""])


def _section(scenario: Scenario, base: str, scratch: Path) -> str:
    parts = [f"## {scenario.name}\n", f"**{scenario.title}.** {scenario.story}\n"]
    parts.append(
        f"File: [scenarios/{scenario.name}.yaml](../scenarios/{scenario.name}.yaml)."
        f"{_source(scenario.source)}\n"
    )
    state = _state(scenario.path.read_text(encoding="utf-8"))
    if state:
        parts.append(f"```yaml\n{state}\n```\n")
    parts.append(f"```sh\nKEY={key_of(scenario.name)}\n```\n")
    for shown in play(scenario.try_lines, base=base, key=key_of(scenario.name), scratch=scratch):
        page = _step(shown, runs=scenario.clock.start is None)
        parts.append(page.replace(str(scratch), "$SCRATCH"))
    return "\n".join(parts)


def _source(source: str) -> str:
    if not source:
        return ""
    reason = source.removeprefix("assumption: ")
    return f" Source: {source}." if reason == source else f" Our assumption: {reason}."


def _state(text: str) -> str:
    """Return what a scenario file says beside its title, story, source and ``try`` lines."""
    kept: list[str] = []
    skipping = False
    for line in text.splitlines():
        if line and not line.startswith((" ", "-")):
            skipping = line.startswith(("#", "title:", "story:", "source:", "try:"))
        if not skipping:
            kept.append(line)
    return "\n".join(kept).strip()


def _step(shown: Shown, *, runs: bool) -> str:
    commands = "\n".join(
        fold(line.removesuffix(" || true")) for line in shown.step.commands.splitlines()
    )
    outcome, colon, says = shown.step.says.partition(": ")
    parts = [f"**{outcome}**{colon}{says}\n", f"```sh\n{commands}\n```\n"]
    output, language = _laid_out(_steady(shown.output.strip(), runs=runs))
    if output:
        parts.append(f"```{language}\n{output}\n```\n")
    parts += [f"curl gives up with exit code {_MEANING[code]}.\n" for code in shown.exit_codes]
    return "\n".join(parts)


def _steady(text: str, *, runs: bool) -> str:
    for pattern, instead in (*_ALWAYS_VOLATILE, *(_VOLATILE if runs else ())):
        text = pattern.sub(instead, text)
    return text


def _laid_out(output: str) -> tuple[str, str]:
    """Return an output with its JSON values indented, and the language of the result."""
    head, body = _split_head(output)
    pieces = list(_pieces(body))
    text = "\n".join(piece for piece, _ in pieces)
    if head:
        return f"{head}\n\n{text}", "http"
    if not all(is_json for _, is_json in pieces):
        return text, "text"
    return text, "jsonc" if "// …" in text or len(pieces) > 1 else "json"


def _pieces(body: str) -> Iterator[tuple[str, bool]]:
    """Yield the JSON values of *body* laid out, and the lines between them; say which is which."""
    decoder = json.JSONDecoder()
    rest = body.strip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except ValueError:
            line, _, rest = rest.partition("\n")
            yield line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …", False
        else:
            if not isinstance(value, dict):
                line, _, rest = rest.partition("\n")
                yield line, False
                continue
            yield indented(value, shown=_ITEMS), True
            rest = rest[end:]
        rest = rest.lstrip()


def _split_head(output: str) -> tuple[str, str]:
    lines = output.replace("\r\n", "\n")
    if not lines.startswith("HTTP/"):
        return "", lines
    head, _, body = lines.partition("\n\n")
    return head, body
