"""``make demo``: the use case and every documented error, from a sandbox that is started for it.

Each command is run as it is shown. The demo fails if a response has another status than it should.
"""

from __future__ import annotations

from qlara_cli.interrupts import INTERRUPTED, ends_at_once, interruptible

with ends_at_once():
    import json
    import os
    import re
    import subprocess
    import sys
    import tempfile
    import textwrap
    from pathlib import Path
    from typing import TYPE_CHECKING, NamedTuple

    import click

    from docs.generate.layout import fold, indented
    from qlara_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent.parent
WIDTH = 100
_INDENT = "    "
_ITEMS_SHOWN = 2
_HEADERS_SHOWN = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining")
_FIRST_ERROR = 400
_TOKEN = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*"(?=:))|(?P<text>"(?:[^"\\]|\\.)*"?)|(?P<more>// .*)'
)
_COLOURS = {"name": "blue", "text": "green", "more": "bright_black"}


class Scene(NamedTuple):
    """A request, what it shows, and the status that it gets.

    ``command`` is run by bash at the top of the checkout; ``before`` is how often it is run unseen,
    first. ``$BASE`` is the sandbox, ``$KEY`` stands for ``key`` and ``$SCRATCH`` for an empty folder.
    """

    status: int
    title: str
    says: str
    key: str
    command: str
    before: int = 0


class ReceivedResponse(NamedTuple):
    """What curl showed: the status line, the headers by lower-case name, and the body."""

    status_line: str
    headers: dict[str, str]
    body: str

    @property
    def status(self) -> int:
        return int(self.status_line.split()[1]) if self.status_line else 0


_MIGRATION = "sandbox_demo__crm-migration"
_UPLOAD = 'curl -i $BASE/api/partner-gateway/v1/contacts/upload/vcard -H "X-Api-Key: $KEY"'
_LIST = (
    "curl -i $BASE/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
    ' -H "X-Api-Key: $KEY"'
)
_QUOTA = 'curl -i $BASE/api/v1/partner-gateway/subscription/contacts -H "X-Api-Key: $KEY"'
_EXPORT = '-F "file=@scenarios/files/contacts-export.vcf"'
_TO_LIST = '-F "listId=list_crm_migration"'

USE_CASE = (
    Scene(200, "Is there room?", "The quota of the account.", _MIGRATION, _QUOTA),
    Scene(
        200,
        "Import a file",
        "An export of 250 cards: 230 people are new, 15 come twice, 5 have no number to call.",
        _MIGRATION,
        f'{_UPLOAD} {_EXPORT} {_TO_LIST} -F "duplicateStrategy=SKIP" -F "tags=crm-import,q2-2026"',
    ),
    Scene(
        200,
        "Look at the list",
        "They are there, with their tags, and every number in the international form.",
        _MIGRATION,
        _LIST,
    ),
    Scene(200, "The quota has moved", "By 230: duplicates cost nothing.", _MIGRATION, _QUOTA),
)
ERRORS = (
    Scene(
        400,
        "The file is not a vCard file",
        "It has the right name, but contains a table.",
        "sandbox_demo__bad-header",
        f'{_UPLOAD} -F "file=@scenarios/files/bad-header.vcf" {_TO_LIST}',
    ),
    Scene(
        400,
        "The file breaks off",
        "The last card is never closed. Nothing of the file is imported.",
        "sandbox_demo__bad-header",
        f'{_UPLOAD} -F "file=@scenarios/files/no-footer.vcf" {_TO_LIST}',
    ),
    Scene(401, "The key is unknown", "No account has this key.", "NOT_A_KEY", _QUOTA),
    Scene(
        403,
        "The key may not do this",
        "It is valid, but lacks the permission to see contacts.",
        "sandbox_demo__no-permission",
        _LIST,
    ),
    Scene(
        404,
        "The list does not exist",
        "The account has no list with this id.",
        "sandbox_demo",
        f'{_UPLOAD} {_EXPORT} -F "listId=list_of_nobody"',
    ),
    Scene(
        409,
        "The plan is full",
        "An import that would add anyone is refused as a whole.",
        "sandbox_demo__quota-exhausted",
        f"{_UPLOAD} {_EXPORT} {_TO_LIST}",
    ),
    Scene(
        413,
        "The file is too large",
        "10 MB are 10 485 760 bytes. This is one more.",
        "sandbox_demo__oversized-file",
        "qlara-sandbox vcard generate --contacts 200 --size 10485761 -o $SCRATCH/large.vcf >&2\n"
        f'{_UPLOAD} -F "file=@$SCRATCH/large.vcf" {_TO_LIST}',
    ),
    Scene(
        429,
        "Too many requests",
        "Ten a minute are allowed and have just been sent. This is the eleventh.",
        "sandbox_demo__rate-limited",
        _QUOTA,
        before=10,
    ),
)


PARTS = {"The use case": USE_CASE, "The errors": ERRORS}


def main(parts: Mapping[str, Sequence[Scene]] = PARTS) -> int:
    """Play every scene; return 0, 1 if one had another status than it should, 130 if interrupted."""
    os.chdir(ROOT)
    statuses: list[bool] = []
    try:
        with interruptible():
            _play_all(parts, statuses)
    except KeyboardInterrupt:
        total = sum(map(len, parts.values()))
        _say(f"\nInterrupted. {_closing(len(statuses), statuses.count(False), total)}")
        return INTERRUPTED
    _say(_closing(len(statuses), statuses.count(False)))
    return 0 if all(statuses) else 1


def _play_all(parts: Mapping[str, Sequence[Scene]], statuses: list[bool]) -> None:
    """Play every scene, and append to *statuses* whether each had the status that it should."""
    with running() as sandbox, tempfile.TemporaryDirectory(prefix="demo-") as scratch:
        _say(f"A sandbox runs at {sandbox.base_url} while this lasts.\n")
        for part, scenes in parts.items():
            _say(click.style(f"{part} ".ljust(WIDTH, "─"), bold=True) + "\n")
            for scene in scenes:
                number = len(statuses) + 1
                statuses.append(_play(number, scene, sandbox.base_url, scratch))


def _play(number: int, scene: Scene, base: str, scratch: str) -> bool:
    command = _with_values(scene.command, {"BASE": base, "KEY": scene.key, "SCRATCH": scratch})
    _say(click.style(f"{number:>2}  {scene.title}", bold=True))
    _say(textwrap.fill(scene.says, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT))
    shown = "\n".join(fold(line.removesuffix(" >&2"), WIDTH - 8) for line in command.splitlines())
    _say("\n" + textwrap.indent(click.style(_prompted(shown), fg="cyan"), _INDENT) + "\n")
    for _ in range(scene.before):
        _run(command)
    response = _run(command)
    as_it_should = response.status == scene.status
    colour = "green" if response.status < _FIRST_ERROR else "yellow"
    _say(
        _INDENT + click.style(response.status_line, fg=colour if as_it_should else "red", bold=True)
    )
    for name in _HEADERS_SHOWN:
        if name in response.headers:
            _say(f"{_INDENT}{name}: {response.headers[name]}")
    _say(_body(response.body) + "\n")
    if not as_it_should:
        _say(click.style(f"{_INDENT}Expected {scene.status}.\n", fg="red", bold=True))
    return as_it_should


def _with_values(command: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        command = command.replace(f"${name}", value)
    return command


def _prompted(command: str) -> str:
    lines = command.split("\n")
    return "\n".join(line if line.startswith("  ") else f"$ {line}" for line in lines)


def _run(command: str) -> ReceivedResponse:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command.replace("curl -i ", "curl -s -i ")],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, body = body.partition("\n\n")
    status_line, *lines = head.split("\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return ReceivedResponse(status_line, headers, body)


def _body(body: str) -> str:
    try:
        laid_out = indented(json.loads(body), shown=_ITEMS_SHOWN)
    except ValueError:
        return _INDENT + (body or "(no body)")
    lines = [_wrapped(line) for line in laid_out.split("\n")]
    return textwrap.indent("\n".join(_TOKEN.sub(_coloured, line) for line in lines), _INDENT)


def _wrapped(line: str) -> str:
    space = " " * (len(line) - len(line.lstrip()))
    width = WIDTH - len(_INDENT)
    parts = textwrap.wrap(
        line.lstrip(), width, initial_indent=space, subsequent_indent=f"{space}  "
    )
    return "\n".join(parts)


def _coloured(token: re.Match[str]) -> str:
    return click.style(token[0], fg=_COLOURS[token.lastgroup or "text"])


def _closing(played: int, wrong: int, total: int | None = None) -> str:
    """Return the last words: *total* is how many there would have been, where some are left out."""
    if wrong:
        return click.style(f"{wrong} of {played} responses are not as documented.", fg="red")
    if total is not None:
        return f"{played} of {total} responses were shown, all as documented."
    return (
        f"{played} responses, all as documented. The sandbox has stopped; `make serve` starts one that\n"
        "keeps running, and docs/scenarios.md shows how to get each of these responses, and more."
    )


def _say(text: str) -> None:
    click.echo(text, color=False if "NO_COLOR" in os.environ else None)


if __name__ == "__main__":
    sys.exit(main())
