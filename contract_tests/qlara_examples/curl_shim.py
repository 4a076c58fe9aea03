"""Stands in for curl: finds the files that a documented command sends, then runs the real curl.

Two callers, told apart by the environment. A sandbox shell (``SANDBOX_CURL``, ``SANDBOX_FILES``)
only fills in missing files. The terminal of a page (``CURL_SHIM``, a JSON file) also confines the
command: to the relay, to known hosts, and to files of its own.

Runs as a program of its own, on an interpreter without site packages: standard library only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# name=@file, name=<file and @file, as -F and -d take them; ;type= and the like may follow
_FILE = re.compile(r'^((?:-[a-zA-Z]*[Fd])?(?:[\w.\[\]-]+=)?[@<])"?([^";,]+)"?(.*)$', re.DOTALL)
_TAKES_FILE = re.compile(r"^(?:-[a-zA-Z]*[Fd]|--(?:form|data|data-binary|data-ascii|json))$")
_TAKES_TEXT = re.compile(
    r"^(?:-[a-zA-Z]*[deFHAbu]|--(?:data.*|referer|header|form-string|json|cookie|user.*))$"
)
_WRITES = re.compile(
    r"^(?:-[a-zA-Z]*[oDc]|--(?:output|dump-header|cookie-jar|trace|trace-ascii|stderr|output-dir|hsts|alt-svc|etag-save|libcurl))$"
)
_REFUSED = re.compile(
    r"^(?:-[sSvifgkLNqR#0-9]*[KxTQPEU]|--(?:config|(?:pre)?proxy.*|socks.*|unix-socket|abstract-unix-socket"
    r"|connect-to|resolve|upload-file|dns-.*|doh-url|interface|next|proto.*))$"
)
COULD_NOT_CONNECT, COULD_NOT_READ, COULD_NOT_WRITE, MISUSED = 7, 26, 23, 2


class RefusedCommand(Exception):
    """A command that is not run: curl's exit status and the reason."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: list[str]) -> int:
    """Run curl with *arguments*, changed where necessary; return its exit status."""
    control = os.environ.get("CURL_SHIM")
    if control:
        return _in_page(arguments, json.loads(Path(control).read_text(encoding="utf-8")))
    return _in_shell(arguments)


def _in_shell(arguments: list[str]) -> int:
    folders = os.environ.get("SANDBOX_FILES", "").split(os.pathsep)

    def fill_in(path: str) -> str:
        found = None if Path(path).exists() else _by_name(path, filter(None, folders))
        if found is None:
            return path
        sys.stderr.write(f"sandbox shell: {path} does not exist; sending {found}\n")
        return found

    changed = [with_file(each, before, fill_in) for before, each in _pairs(arguments)]
    os.execv(os.environ["SANDBOX_CURL"], ["curl", *changed])  # noqa: S606 - no shell is wanted


def _in_page(arguments: list[str], control: dict[str, Any]) -> int:
    try:
        changed = [_confined(each, before, control) for before, each in _pairs(arguments)]
    except RefusedCommand as refused:
        sys.stderr.write(f"curl: ({refused.status}) {refused}\n")
        status, stderr = refused.status, str(refused)
    else:
        status, stderr = _run(control, changed)
    with Path(control["log"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"status": status, "stderr": stderr}) + "\n")
    return status


def with_file(argument: str, before: str, replace: Callable[[str], str]) -> str:
    """Return *argument* with the path of a file that curl sends replaced; *before* precedes it."""
    found = _FILE.match(argument)
    takes_file = _TAKES_FILE.match(before) or argument.startswith(("-F", "-d"))
    if not found or not takes_file:
        return argument
    path = replace(found[2])
    if path == found[2]:
        return argument
    return found[1] + (f'"{path}"' if "=" in found[1] else path) + found[3]


def _confined(argument: str, before: str, control: dict[str, Any]) -> str:
    if _REFUSED.match(argument):
        raise RefusedCommand(MISUSED, f"{argument} is not among the options that examples may use")
    if _WRITES.match(before):
        _check_output(argument)
    changed = with_file(argument, before, lambda path: _own_file(path, control))
    if changed != argument or _TAKES_TEXT.match(before):
        return changed
    return _to_relay(argument, control["hosts"])


def _to_relay(argument: str, hosts: list[str]) -> str:
    """Return a URL as one that the relay serves; raise ``RefusedCommand`` for another host."""
    if not re.match(r"^(?:[a-z]+)://", argument, re.IGNORECASE):
        return argument
    host = (urlsplit(argument).hostname or "").lower()
    if host not in hosts:
        message = f"examples may only reach {', '.join(hosts)}, not {host}"
        raise RefusedCommand(COULD_NOT_CONNECT, message)
    return re.sub(r"^https://", "http://", argument, flags=re.IGNORECASE)


def _own_file(path: str, control: dict[str, Any]) -> str:
    """Return the file to send: the substitute, one in the working folder, or one of this name."""
    if control["substitute"]:
        return str(control["substitute"])
    if path == "-" or (_is_inside(path) and Path(path).is_file()):
        return path
    found = _by_name(path, control["folders"]) or control["fallback"]
    if found is None:
        folders = ", ".join(control["folders"])
        raise RefusedCommand(COULD_NOT_READ, f"there is no {Path(path).name} in {folders}")
    return str(found)


def _by_name(path: str, folders: Iterable[str]) -> str | None:
    """Return the file in *folders* that has the name of *path*, or ``None``."""
    candidates = (Path(folder) / Path(path).name for folder in folders)
    return next((str(each) for each in candidates if each.is_file()), None)


def _check_output(path: str) -> None:
    if path not in {"-", "/dev/null", "%"} and not _is_inside(path):
        raise RefusedCommand(COULD_NOT_WRITE, f"{path} is outside the working folder")


def _is_inside(path: str) -> bool:
    return Path(path).resolve().is_relative_to(Path.cwd().resolve())


def _run(control: dict[str, Any], arguments: list[str]) -> tuple[int, str]:
    # Whatever the command says, every connection goes to the relay.
    ours = ["-q", "--noproxy", "*", "--proto", "=http", "--unix-socket", control["relay"]]
    shown = ["--no-progress-meter", "--show-error"]
    command = [control["curl"], *ours, *shown, *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    stderr = done.stderr.decode("utf-8", "replace")
    sys.stderr.write(stderr)
    return done.returncode, stderr


def _pairs(arguments: list[str]) -> list[tuple[str, str]]:
    """Return each argument after the one before it."""
    return list(zip(["", *arguments], arguments, strict=False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
