"""The scripts that run in the engine, each in one step, and the commands that call them."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Command = tuple[bytes | str | int, ...]


class Script(NamedTuple):
    """One of the scripts in ``store/lua``: Lua that runs in the engine, in one step."""

    name: str
    text: str
    digest: str

    @classmethod
    def named(cls, name: str) -> Script:
        """Return the script of this name."""
        folder = resources.files("qlara_sandbox.store") / "lua"
        text = (folder / f"{name}.lua").read_text("utf-8")
        return cls(name, text, sha1(text.encode(), usedforsecurity=False).hexdigest())

    def call(self, keys: Sequence[str], *arguments: bytes | str | int) -> Command:
        """Return the command that runs it."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


AGREE, BIND, COMMIT, COUNT, FORGET, GIVE_UP, OPEN, PEERS, SHORTEN, TAKE_TURN = SCRIPTS = tuple(
    Script.named(name)
    for name in (
        "agree",
        "bind",
        "commit",
        "count",
        "forget",
        "give_up",
        "open",
        "peers",
        "shorten",
        "take_turn",
    )
)
