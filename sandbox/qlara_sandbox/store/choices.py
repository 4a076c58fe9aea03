"""Which scenario is chosen: for everybody, and for single keys and sessions. All sandboxes choose alike."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox.state.worlds import MOST_BINDINGS
from qlara_sandbox.store.breaker import Breaker
from qlara_sandbox.store.names import digest
from qlara_sandbox.store.scripts import BIND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_sandbox.state.worlds import Worlds
    from qlara_sandbox.store.engine import Engine
    from qlara_sandbox.store.scripts import Command

    Whom = tuple[str, str]

_DEFAULT = "default"


class _Known(NamedTuple):
    """What was read for an API key and session: the command that reads it, and the scenario (empty: none) they are bound to."""

    command: Command
    bound: str


class Choices:
    """The choices that an engine keeps below *prefix*, as they were when this sandbox last read them.

    Each request reads those that it depends on. The default that is chosen is that of *worlds*.
    """

    def __init__(self, engine: Engine, prefix: str, worlds: Worlds) -> None:
        self._engine = engine
        self._worlds = worlds
        self._name = f"{prefix}choices"
        self._breaker = Breaker(engine)
        self._known: OrderedDict[Whom, _Known] = OrderedDict()

    def of(self, whom: Whom) -> str | None:
        """Return the scenario of requests that choose none; None if it has to be read first."""
        known = self._known.get(whom)
        return known and (known.bound or self._worlds.default)

    def command(self, whom: Whom | None) -> Command:
        """Return the command whose reply ``take`` takes."""
        if whom is None:
            return "HMGET", self._name, _DEFAULT
        known = self._known.get(whom)
        return known.command if known else ("HMGET", self._name, _DEFAULT, digest(*whom))

    def take(self, whom: Whom | None, reply: Sequence[bytes | None]) -> None:
        """Take over what was read for an API key and session (None: for everybody)."""
        # A reset of all worlds may have changed it since the last reply.
        self._worlds.default = (reply[0] or b"").decode() or self._worlds.first_default
        if whom is None:
            return
        bound = (reply[1] or b"").decode()
        known = self._known.get(whom)
        if known is None or known.bound != bound:
            self._known[whom] = _Known(self.command(whom), bound)
            if len(self._known) > MOST_BINDINGS:
                self._known.popitem(last=False)

    async def beside(self, whom: Whom) -> Sequence[Any] | None:
        """Return the reply to ``command``; None if its node of the cluster is gone, as if nothing had been chosen since."""
        replies = await self._breaker.send(self.command(whom))
        return None if replies is None else replies[0]

    async def learn(self, whom: Whom) -> None:
        """Read what is chosen for an API key and session of which nothing is known, unless its node of the cluster is gone.

        Raises:
            StateUnavailable: an engine that is no cluster does not respond.
        """
        if not self._engine.is_cluster:
            await self.read(whom)
        elif (reply := await self.beside(whom)) is not None:
            self.take(whom, reply)

    async def read(self, whom: Whom | None) -> None:
        """Read what is chosen for an API key and session (None: for everybody).

        Raises:
            StateUnavailable: the engine does not respond.
        """
        (reply,) = await self._engine.send(self.command(whom))
        self.take(whom, reply)

    async def choose(self, scenario: str, whom: Whom | None = None) -> None:
        """Choose the scenario for an API key and session (None: for everybody).

        Of more than ``MOST_BINDINGS``, any other is dropped.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        command: Command
        if whom is None:
            command = ("HSET", self._name, _DEFAULT, scenario)
        else:
            field = digest(*whom)
            command = BIND.call((self._name,), field, scenario, MOST_BINDINGS, _DEFAULT)
        await self._engine.send(command)
        await self.read(whom)

    async def chosen(self, whom: Whom | None) -> Mapping[str, str]:
        """Return what is chosen for an API key and session (None: for everybody), and what chose it.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        await self.read(whom)
        bound = whom is not None and self._known[whom].bound
        return {
            "scenario": bound or self._worlds.default,
            "chosenBy": "binding" if bound else "default",
        }

    async def forget(self) -> None:
        """Forget them all.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        await self._engine.send(("DEL", self._name))
        self._known.clear()
        await self.read(None)
