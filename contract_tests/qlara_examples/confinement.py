"""How the commands of a page are confined: by bubblewrap, by Landlock, or not by the kernel at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from qlara_contract.errors import CannotRun
from qlara_examples import bubblewrap, landlock
from qlara_examples.supervisor import children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.bubblewrap import View

AUTO = "auto"
_STOPS_WITHIN_SECONDS = 90


class ConfinementMode(StrEnum):
    """What confines the commands."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True)
class Confinement:
    """A mode, and why it is not a stronger one (half a sentence; empty for the strongest)."""

    mode: ConfinementMode
    reason: str = ""

    @property
    def summary(self) -> str:
        """The mode in one sentence, for the end of a run."""
        if self.mode is ConfinementMode.BUBBLEWRAP:
            return "Commands were confined by bubblewrap."
        if self.mode is ConfinementMode.LANDLOCK:
            return f"Commands were not confined by bubblewrap, only by Landlock: {self.reason}."
        return f"Commands were not confined: {self.reason}."

    @property
    def description(self) -> str:
        """What is prevented and what is not, in one paragraph, for the time before a run."""
        if self.mode is ConfinementMode.BUBBLEWRAP:
            return (
                "Commands are confined by bubblewrap. They see the system's programs and the folders "
                "with files to send, read-only, and an empty home; they write only to a scratch "
                "folder and reach only the deployment. Processes, memory, file size and time are "
                f"limited{_unless_root()}, and every process ends with the run."
            )
        if self.mode is ConfinementMode.LANDLOCK:
            return (
                f"Commands are confined by Landlock only, since {self.reason}. {_landlock_text()}"
            )
        return (
            f"Commands are not confined, since {self.reason}. curl reaches only the deployment, and "
            "redirections to other folders are refused where the text of a command shows them. "
            "Everything else is open: a command can read, change and delete whatever you can, and "
            f"connect anywhere. {_ends_text()}"
        )

    def command(self, program: Sequence[str], view: View) -> list[str]:
        """Return the command that runs *program* confined to *view*."""
        if self.mode is ConfinementMode.BUBBLEWRAP:
            return bubblewrap.wrapped(program, view)
        confined = list(program)
        if self.mode is ConfinementMode.LANDLOCK:
            folders = os.pathsep.join(map(str, view.writable))
            confined = [*_script("landlock.py"), folders, *confined]
        return [*_script("supervisor.py"), *confined]

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End what ``command`` has started, with everything that it has started in turn."""
        if self.mode is ConfinementMode.BUBBLEWRAP:
            # With the first process of a namespace all others end, before its parent hears of it.
            for pid in children(process.pid) or [process.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOPS_WITHIN_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def choose(wanted: str = AUTO) -> Confinement:
    """Return the confinement of that mode; ``auto``: the strongest that works here.

    Raises:
        CannotRun: this mode does not work here.
    """
    if wanted == ConfinementMode.NONE:
        return Confinement(ConfinementMode.NONE, "no confinement was asked for")
    missing = bubblewrap.obstacle()
    without_landlock = "" if landlock.version() else "the kernel has no Landlock"
    if wanted == ConfinementMode.LANDLOCK:
        if without_landlock:
            raise CannotRun(f"Commands cannot be confined by Landlock: {without_landlock}.")
        return Confinement(ConfinementMode.LANDLOCK, "Landlock was asked for")
    if not missing:
        return Confinement(ConfinementMode.BUBBLEWRAP)
    if wanted == ConfinementMode.BUBBLEWRAP:
        raise CannotRun(f"Commands cannot be confined by bubblewrap: {missing}.")
    if without_landlock:
        return Confinement(ConfinementMode.NONE, f"{missing} and {without_landlock}")
    return Confinement(ConfinementMode.LANDLOCK, missing)


def _landlock_text() -> str:
    offered = landlock.version()
    held = [
        "write, create or delete files outside a scratch folder",
        "read the environment of other processes",
    ]
    opened = ["read every file that you can read", "change modes and times of your files"]
    if offered < landlock.TRUNCATE_SINCE:
        opened.append("empty files")
    (held if offered >= landlock.TCP_SINCE else opened).append("open TCP connections")
    if offered >= landlock.SCOPES_SINCE:
        held += ["signal other processes", "connect to abstract UNIX sockets"]
        opened.append("use UDP and UNIX sockets that have a path")
    else:
        opened += ["signal other processes", "use UDP and UNIX sockets"]
    return f"They cannot {_joined(held, 'or')}. They can {_joined(opened, 'and')}. {_ends_text()}"


def _unless_root() -> str:
    if os.getuid():
        return ""
    return " (since you are root, the number of processes only by a watch, ten milliseconds apart)"


def _ends_text() -> str:
    if not Path("/proc/self/stat").exists():
        return (
            "File size and time are limited, but a process that leaves its process group may outlive "
            "the run."
        )
    unless = "a command kills its supervisor"
    if os.getuid() == 0:  # the kernel limits no processes of root
        unless += " or, since you are root, starts processes faster than they are ended"
    return (
        "Processes, memory, file size and time are limited, and every process ends with the run, "
        f"unless {unless}."
    )


def _joined(items: list[str], word: str) -> str:
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def _script(name: str) -> list[str]:
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name(name))]
