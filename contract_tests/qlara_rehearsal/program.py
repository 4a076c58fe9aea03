"""The client under rehearsal: a command that is run once per act, or a person who is asked to use it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qlara_contract.errors import CannotRun
from qlara_contract.masking import PLACEHOLDER, mask
from qlara_rehearsal.output import OutputReader
from qlara_rehearsal.strays import stop_strays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GRACE_SECONDS = 2.0
_LONGEST_FIRST_LINE = 256  # bytes: what Linux reads of it
_EXEMPT = ("NO_PROXY", "no_proxy")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Part:
    """What a client is told in one act. With ``list_name``, a new list of this name is meant."""

    base_url: str
    api_key: str
    file: Path
    list_id: str
    list_name: str
    strategy: str

    @property
    def values(self) -> dict[str, str]:
        """The values by their placeholders."""
        return {
            "base_url": self.base_url,
            "api_key": self.api_key,
            "file": str(self.file),
            "list_id": self.list_id,
            "list_name": self.list_name,
            "strategy": self.strategy,
        }

    @property
    def variables(self) -> dict[str, str]:
        """The values by their environment variables."""
        return {f"QLARA_{name.upper()}": value for name, value in self.values.items()}


@dataclass(frozen=True)
class Ending:
    """How a client ended. ``output`` is what it printed, keys masked; ``ended`` in seconds since 1970.

    ``exit_code`` is ``None`` for a client that had to be stopped. ``has_told`` is what a person said, who
    was asked whether the client told of an error.
    """

    exit_code: int | None
    output: str
    seconds: float
    ended: float
    has_told: bool | None = None

    @property
    def is_well(self) -> bool:
        """Whether it says that all went well."""
        return self.exit_code == 0

    @property
    def how(self) -> str:
        """How it ended, in words: ``exit code 3``, or the signal that ended it."""
        if self.exit_code is None:
            return "had to be stopped"
        names = {-each.value: each.name for each in signal.Signals}
        if self.exit_code in names:
            return f"ended by {names[self.exit_code]}"
        return f"exit code {self.exit_code}"


class Performer(Protocol):
    """Whatever plays the client's part."""

    def stop(self) -> None:
        """End what is under way, for good."""
        ...

    def play(self, part: Part, asks: str) -> Ending:
        """Play *part*, and return how it ended. *asks* is what a person must look for, if anything."""
        ...


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with its placeholders replaced; other braces stay."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


@dataclass(frozen=True)
class CommandClient:
    """A command. ``environment`` is what it inherits, ``additions`` are set besides, with placeholders.

    ``secrets`` are masked in what it prints, as the key of the act is.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    additions: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0
    secrets: tuple[str, ...] = ()
    _under_way: set[subprocess.Popen[bytes]] = field(default_factory=set, repr=False, compare=False)
    _stopped: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def stop(self) -> None:
        """End what runs, and all that it has started; it is not run again."""
        self._stopped.set()
        for process in list(self._under_way):
            _stop(process)

    def play(self, part: Part, asks: str) -> Ending:  # noqa: ARG002 - only people are asked
        """Run the command, for at most ``timeout`` seconds.

        Raises:
            CannotRun: there is no such command, or it was stopped.
        """
        self._require_wanted()
        values = part.values
        command = [filled(each, values) for each in self.command]
        additions = {name: filled(value, values) for name, value in self.additions.items()}
        direct = _without_a_proxy(self.environment)
        environment = {**self.environment, **direct, **part.variables, **additions}
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a null character in an argument
            raise CannotRun(f"{self.command[0]}: cannot be run: {_reason(error)}.") from error
        self._under_way.add(process)
        output = OutputReader(process)
        try:
            # One that was stopped while it was started is not waited for.
            exit_code = _wait(process, 0 if self._stopped.is_set() else self.timeout)
        finally:
            self._under_way.discard(process)
            stop_strays(part.variables)
            text = output.text()
        ended = time.time()
        self._require_wanted()
        shown = mask(text, dict.fromkeys((part.api_key, *self.secrets), PLACEHOLDER))
        return Ending(exit_code, shown, time.monotonic() - began, ended)

    def _require_wanted(self) -> None:
        if self._stopped.is_set():
            raise CannotRun(f"{self.command[0]}: stopped.")


def _without_a_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which programs reach this machine directly, though a proxy is set for the network."""
    if not any(name.lower().endswith("_proxy") for name in environment):
        return {}
    exempt = [environment[name] for name in _EXEMPT if environment.get(name)]
    return dict.fromkeys(_EXEMPT, ",".join([*dict.fromkeys(exempt), "127.0.0.1", "localhost"]))


def _reason(error: OSError | ValueError) -> str:
    """Return why a command cannot be run; of a script whose interpreter is not found, that."""
    if not isinstance(error, FileNotFoundError) or not error.filename:
        return str(getattr(error, "strerror", None) or error)
    try:
        with Path(error.filename).open("rb") as script:
            line = script.readline(_LONGEST_FIRST_LINE)
    except OSError:
        return str(error.strerror)
    named = line.removeprefix(b"#!").decode("utf-8", "replace").rstrip("\n")
    if named.endswith("\r"):
        return (
            "its lines end as on Windows (CR LF), so that the program in its first line, "
            f"{named.strip()!r}, is not found; write it with LF"
        )
    return f"the program in its first line, {named.strip()!r}, is not found"


def _wait(process: subprocess.Popen[bytes], timeout: float) -> int | None:
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:  # also what it has started and left behind
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if os.name != "posix":
        process.kill()
        return
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except (ProcessLookupError, PermissionError):
            return
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue


@dataclass(frozen=True)
class ManualClient:
    """A client that a person uses: ``tell`` shows what to do, ``ask`` waits for yes or no."""

    tell: Callable[[Part], None]
    ask: Callable[[str], bool]

    def stop(self) -> None:
        """Do nothing: a person ends by themselves."""

    def play(self, part: Part, asks: str) -> Ending:
        """Wait until the person has done it."""
        began = time.monotonic()
        self.tell(part)
        has_told = not self.ask(asks)
        return Ending(int(has_told), "", time.monotonic() - began, time.time(), has_told)
