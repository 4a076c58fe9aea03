"""Stands before curl in a sandbox shell: a documented file that is not there is sent from elsewhere.

Run as a program of its own, by an interpreter without site packages; standard library only. All
else about the request is left to curl and its configuration.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

# name=@file, name=<file and @file, as -F and -d take them; behind the file come ;type= and the like
_FILE = re.compile(r'^((?:-[a-zA-Z]*[Fd])?(?:[\w.\[\]-]+=)?[@<])"?([^";,]+)"?(.*)$', re.DOTALL)
_TAKES_FILE = re.compile(r"^(?:-[a-zA-Z]*[FdT]|--(?:form|data.*|json|upload-file))$")


def main(arguments: list[str]) -> None:
    """Become curl, with the files found."""
    folders = [Path(each) for each in os.environ.get("SANDBOX_FILES", "").split(os.pathsep) if each]
    found = [
        _found(argument, arguments[at - 1] if at else "", folders)
        for at, argument in enumerate(arguments)
    ]
    curl = os.environ["SANDBOX_CURL"]
    os.execv(curl, ["curl", *found])  # noqa: S606 - no shell is wanted


def _found(argument: str, before: str, folders: list[Path]) -> str:
    match = _FILE.match(argument)
    takes_file = _TAKES_FILE.match(before) or argument.startswith(("-F", "-d"))
    if not match or not takes_file or match[2] == "-" or Path(match[2]).exists():
        return argument
    for folder in folders:
        candidate = folder / Path(match[2]).name
        if candidate.is_file():
            sys.stderr.write(f"sandbox shell: {match[2]} is not there; sending {candidate}\n")
            return (
                f'{match[1]}"{candidate}"{match[3]}'
                if "=" in match[1]
                else f"{match[1]}{candidate}"
            )
    return argument


if __name__ == "__main__":
    main(sys.argv[1:])
