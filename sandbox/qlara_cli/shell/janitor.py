"""Cleans up after a command that was killed: removes its folder, and ends the shell that it had opened.

SIGKILL leaves a process no time for that. So another process waits for the end of a pipe that the
command holds open, and that the system closes however the command ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Interactive shells do not end for SIGTERM; what does not hear SIGHUP within two seconds is killed.
_CLEAN_UP = """
trap '' HUP INT TERM
cat > /dev/null
read -r child < "$1/child" && kill -HUP "$child" && {
  for _ in 1 2 3 4; do kill -0 "$child" || break; sleep 0.5; done
  kill -KILL "$child"
}
rm -rf -- "$1"
"""
_KNOWN = 'echo $$ > "$0" && exec "$@"'


@contextmanager
def removing(folder: Path) -> Iterator[None]:
    """Remove *folder* after the block, also if this process is killed in it."""
    path = os.pathsep.join([os.environ.get("PATH", ""), os.defpath])
    with subprocess.Popen(  # noqa: S603 - our own script
        ["/bin/sh", "-c", _CLEAN_UP, "janitor", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": path},
        cwd="/",
        start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
    ):
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # leaving the block closes the pipe


def ending_with_us(command: Sequence[str], folder: Path) -> list[str]:
    """Return *command* as a child that is ended if this process is killed, within ``removing``.

    Before it runs, it writes down its own process id: there is no moment at which it is not known.
    """
    return ["/bin/sh", "-c", _KNOWN, str(folder / "child"), *command]


def has_ended(folder: Path) -> None:
    """Take note that the child has ended by itself: its process id may be another's from now on."""
    (folder / "child").unlink(missing_ok=True)
