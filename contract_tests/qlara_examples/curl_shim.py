"""Stands before curl in a page's terminal: leads its requests to the relay, finds its files.

Run as a program of its own, by an interpreter without site packages; standard library only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

_FILE = re.compile(r'^((?:-F|-d)?(?:[\w.\[\]-]+=)?[@<])"?([^";,]+)"?(.*)$', re.DOTALL)
_TEXT_FOLLOWS = re.compile(
    r"^(?:-[a-zA-Z]*[deFHAbu]|--(?:data.*|referer|header|form-string|json|cookie|user.*))$"
)
_READS = re.compile(r"^(?:-[a-zA-Z]*[Fd]|--(?:form|data|data-binary|data-ascii|json))$")
_WRITES = re.compile(
    r"^(?:-[a-zA-Z]*[oDc]|--(?:output|dump-header|cookie-jar|trace|trace-ascii|stderr|output-dir|hsts|alt-svc|etag-save|libcurl))$"
)
_REFUSED = re.compile(
    r"^(?:-[sSvifgkLNqR#0-9]*[KxTQPEU]|--(?:config|(?:pre)?proxy.*|socks.*|unix-socket|abstract-unix-socket"
    r"|connect-to|resolve|upload-file|dns-.*|doh-url|interface|next|proto.*))$"
)
COULD_NOT_CONNECT, COULD_NOT_READ, COULD_NOT_WRITE, MISUSED = 7, 26, 23, 2


class Refused(Exception):
    """A command that is not carried out: curl's exit status and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: list[str]) -> int:
    """Carry out curl with *arguments*, changed where need be; return its exit status."""
    control = json.loads(Path(os.environ["CURL_SHIM"]).read_text(encoding="utf-8"))
    try:
        changed = [
            _changed(argument, arguments[at - 1] if at else "", control)
            for at, argument in enumerate(arguments)
        ]
    except Refused as refused:
        sys.stderr.write(f"curl: ({refused.status}) {refused}\n")
        status, said = refused.status, str(refused)
    else:
        status, said = _run(control, changed)
    with Path(control["log"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"status": status, "said": said}) + "\n")
    return status


def _run(control: dict[str, str], arguments: list[str]) -> tuple[int, str]:
    # Whatever the command says, every connection goes to the relay.
    ours = ["-q", "--noproxy", "*", "--proto", "=http", "--connect-to", f"::{control['relay']}"]
    shown = ["--no-progress-meter", "--show-error"]
    command = [control["curl"], *ours, *shown, *arguments]
    run = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    said = run.stderr.decode("utf-8", "replace")
    sys.stderr.write(said)
    return run.returncode, said


def _changed(argument: str, before: str, control: dict[str, object]) -> str:
    if _REFUSED.match(argument):
        raise Refused(MISUSED, f"{argument} is not among the options that examples run")
    if _WRITES.match(before):
        _check_output(argument)
    found = _FILE.match(argument)
    if found and (_READS.match(before) or argument.startswith(("-F", "-d"))):
        return found[1] + _file(found[2], control) + found[3]
    if _TEXT_FOLLOWS.match(before):
        return argument
    return _led(argument, control)


def _led(argument: str, control: dict[str, object]) -> str:
    if not re.match(r"^(?:[a-z]+)://", argument, re.IGNORECASE):
        return argument
    host = (urlsplit(argument).hostname or "").lower()
    hosts = control["hosts"]
    assert isinstance(hosts, list)
    if host not in hosts:
        raise Refused(
            COULD_NOT_CONNECT, f"examples reach no other host than {', '.join(hosts)}: not {host}"
        )
    return re.sub(r"^https://", "http://", argument, flags=re.IGNORECASE)


def _file(path: str, control: dict[str, object]) -> str:
    """Return the path of the file that *path* means: in the working folder, or one of its name."""
    if control.get("instead"):
        return str(control["instead"])
    if path == "-":
        return path
    here = Path.cwd().resolve()
    meant = Path(path).resolve()
    if meant.is_relative_to(here) and meant.is_file():
        return path
    folders = control["folders"]
    assert isinstance(folders, list)
    for folder in folders:
        candidate = Path(folder) / Path(path).name
        if candidate.is_file():
            return str(candidate)
    if control.get("missing"):
        return str(control["missing"])
    raise Refused(COULD_NOT_READ, f"there is no {Path(path).name} in {', '.join(folders)}")


def _check_output(path: str) -> None:
    if path not in {"-", "/dev/null", "%"} and not Path(path).resolve().is_relative_to(
        Path.cwd().resolve()
    ):
        raise Refused(COULD_NOT_WRITE, f"{path} is outside the working folder")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
