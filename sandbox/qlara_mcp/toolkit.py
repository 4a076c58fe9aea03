"""What the tools work with: a sandbox, the files that they may read, and a deployment to verify."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from qlara_mcp.sandbox_client import SandboxClient

_LARGEST_FILE = 64 * 1024 * 1024


@dataclass(frozen=True)
class VerifiedDeployment:
    """A deployment whose key the tools have, and agents do not see."""

    base_url: str
    api_key: str = field(repr=False)


@dataclass(frozen=True)
class UploadableFiles:
    """The files that may be read: those below ``folder``, or any if ``anywhere``; none without a folder."""

    folder: Path | None = None
    anywhere: bool = False

    def read(self, name: str) -> tuple[str, bytes]:
        """Return the name and the content of a file; a relative path begins at the folder.

        Raises:
            ToolError: it may not be read, or cannot.
        """
        if self.folder is None:
            message = (
                "path: no files are read here. Expected the text of the file as vcard "
                "(or start the tools with --files FOLDER)."
            )
            raise ToolError(message)
        try:
            path = (self.folder / name).resolve()
            if not self.anywhere and not path.is_relative_to(self.folder.resolve()):
                raise ToolError(f"path: expected a file below {self.folder}; found {name[:300]!r}.")
            if not path.is_file():
                raise ToolError(f"path: expected a file; there is none at {name[:300]!r}.")
            if path.stat().st_size > _LARGEST_FILE:
                raise ToolError(f"path: expected at most 64 MB; {name[:300]!r} is larger.")
            return path.name, path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            raise ToolError(f"path: cannot read {name[:300]!r}: {reason}.") from error


@dataclass(frozen=True)
class Toolkit:
    """What every tool gets.

    ``is_own``: the sandbox was started for these tools. ``verifying`` is held while a run is under way, and
    ``rehearsing`` while a rehearsal is. ``commands`` is the environment of commands that tools may run;
    ``None``: they run none. ``under_way`` has what stops each of them that runs, and returns when it is over.
    """

    sandbox: SandboxClient
    is_own: bool = False
    files: UploadableFiles = field(default_factory=UploadableFiles)
    deployment: VerifiedDeployment | None = None
    verifying: anyio.Lock = field(default_factory=anyio.Lock)
    rehearsing: anyio.Lock = field(default_factory=anyio.Lock)
    commands: Mapping[str, str] | None = field(default=None, repr=False)
    under_way: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def stop_commands(self) -> None:
        """End every command that a tool runs, and wait until it is over."""
        for stop in list(self.under_way):
            stop()


ToolContext = Context[Toolkit, object]


def toolkit_of(context: ToolContext) -> Toolkit:
    """Return what a tool works with."""
    return context.request_context.lifespan_context
