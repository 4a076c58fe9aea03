"""What a scenario file says, checked and frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from qlara_sandbox.domain.account import Account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.state.faults import FaultRule


@dataclass(frozen=True, slots=True)
class ListSeed:
    """A list that exists from the start, and where its contacts come from.

    They are written out (``contacts``; an empty id or time is the sandbox's to give), imported from a
    vCard file (``file``, with ``tags``), or made up (``generate``, a number). Where some are written out
    and others made up, ``positions`` has the place of each that is written out, from 1; 0: any.
    """

    list_id: str
    name: str
    contacts: tuple[Contact, ...] = ()
    file: Path | None = None
    generate: int = 0
    tags: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockSeed:
    """When the world's clock stands still (``None``: real time), and how long an import takes."""

    start: datetime | None = None
    import_takes: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named starting point. ``try_lines`` are shell commands that show it.

    ``rate_limit`` is a number of requests and the time that they are for. ``overlay`` is the file of an
    OpenAPI Overlay over the contract, for its worlds alone. Without ``names_region``, the account's
    region is what the contract says.
    """

    path: Path
    title: str
    story: str
    source: str = ""
    try_lines: str = ""
    account: Account = field(default_factory=Account)
    quota_used: int | None = None
    lists: tuple[ListSeed, ...] = ()
    clock: ClockSeed = field(default_factory=ClockSeed)
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file_bytes: int | None = None
    rate_limit: tuple[int, timedelta] | None = None
    faults: tuple[FaultRule, ...] = ()
    overlay: Path | None = None
    names_region: bool = True

    def in_region(self, region: str) -> Scenario:
        """Return the scenario with an account of *region*, unless it names its own."""
        if self.names_region or region == self.account.region:
            return self
        return replace(self, account=replace(self.account, region=region))

    @property
    def name(self) -> str:
        """What the scenario is chosen by: the file's name."""
        return self.path.stem
