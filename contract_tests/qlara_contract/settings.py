"""The settings of one run: target, keys, caution and depth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId


class Mode(StrEnum):
    """What a run may do: ``READ_ONLY`` sends only GET requests."""

    READ_ONLY = "read-only"
    FULL = "full"


class Profile(StrEnum):
    """How deep a run goes."""

    QUICK = "quick"
    THOROUGH = "thorough"


@dataclass(frozen=True)
class Depth:
    """How many of each kind of generated request a profile sends."""

    model_files: int  # files that are compared with the oracle
    fuzzed: int  # generated requests per operation
    flows: int  # stateful sequences


DEPTHS = {
    Profile.QUICK: Depth(model_files=40, fuzzed=40, flows=8),
    Profile.THOROUGH: Depth(model_files=1000, fuzzed=1200, flows=80),
}

_MAX_WRITES = 1000
_MAX_WRITES_ON_THIS_MACHINE = 20_000


@dataclass(frozen=True)
class RunSettings:
    """One run. ``base_url`` is the part before ``/api``; ``rate`` is in requests per second."""

    base_url: str
    api_key: str
    mode: Mode | None = None
    max_writes: int | None = None
    profile: Profile = Profile.QUICK
    seed: int = 0
    only: tuple[PromiseId, ...] = ()
    rate: float | None = None
    exhausted_key: str = ""
    unpermitted_key: str = ""
    list_id: str = ""
    ca_file: str = ""
    timeout: float = 60.0

    @property
    def depth(self) -> Depth:
        return DEPTHS[self.profile]

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.base_url)

    @property
    def effective_mode(self) -> Mode:
        """The mode: as set, else full on this machine and read-only anywhere else."""
        if self.mode is not None:
            return self.mode
        return Mode.FULL if self.is_loopback else Mode.READ_ONLY

    @property
    def effective_max_writes(self) -> int:
        """How many contacts the run may create: as set, else 1000, or 20 000 on this machine."""
        if self.max_writes is not None:
            return self.max_writes
        return _MAX_WRITES_ON_THIS_MACHINE if self.is_loopback else _MAX_WRITES

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys, which no report may show."""
        return tuple(key for key in (self.api_key, self.exhausted_key, self.unpermitted_key) if key)


def is_loopback(url: str) -> bool:
    """Return whether *url* points to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
