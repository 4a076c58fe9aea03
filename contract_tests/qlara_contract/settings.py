"""The settings of one run: target, keys, caution and depth."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from qlara_contract.masking import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    Profile.QUICK: Depth(model_files=4, fuzzed=4, flows=2),
    Profile.THOROUGH: Depth(model_files=1000, fuzzed=1200, flows=80),
}

_DEADLINES = {Profile.QUICK: 600.0, Profile.THOROUGH: 3600.0}
_MAX_WRITES = 1000
_SHORTEST_SECRET = 4  # a shorter password is a part of many words
_MAX_WRITES_ON_THIS_MACHINE = 20_000


@dataclass(frozen=True)
class RunSettings:
    """One run. ``base_url`` is the part before ``/api``; ``rate`` is in requests per second.

    ``credentials`` are a user and a password for a gateway before the deployment, as ``user:password``.
    ``timeout`` (of a request) and ``deadline`` (of the run) are in seconds. ``overlay`` is a file that
    says what is expected where UC-020 is silent, ``assume`` what the run need not learn. With
    ``strict``, a deployment that differs does not pass. ``fresh``: the account holds nothing of an
    earlier run, so that the numbers of which there are few can be chosen by the seed too.
    """

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
    nearly_exhausted_key: str = ""
    list_id: str = ""
    ca_file: str = ""
    client_certificate: str = ""
    insecure: bool = False
    proxy: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 30.0
    deadline: float | None = None
    credentials: str = ""
    overlay: str = ""
    assume: Mapping[str, int | str] = field(default_factory=dict)
    strict: bool = False
    fresh: bool = False

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
    def effective_deadline(self) -> float:
        """How many seconds the run may take: as set, else 10 minutes, or an hour if thorough."""
        return self.deadline or _DEADLINES[self.profile]

    @property
    def authorization(self) -> str:
        """The ``Authorization`` header (RFC 7617) for the credentials; empty if there are none."""
        if not self.credentials:
            return ""
        return f"Basic {b64encode(self.credentials.encode()).decode()}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys, and the credentials in every form; no report may show them."""
        return tuple(self.placeholders)

    @property
    def placeholders(self) -> dict[str, str]:
        """What stands for each secret in a request that is shown, for the reader to fill in."""
        password = self.credentials.partition(":")[2]
        candidates = (
            (self.api_key, PLACEHOLDER),
            (self.exhausted_key, "YOUR_EXHAUSTED_KEY"),
            (self.unpermitted_key, "YOUR_UNPERMITTED_KEY"),
            (self.nearly_exhausted_key, "YOUR_NEARLY_EXHAUSTED_KEY"),
            *(
                (value, f"YOUR_{name.upper().replace('-', '_')}")
                for name, value in self.headers
                if len(value) >= _SHORTEST_SECRET
            ),
            (self.credentials, "YOUR_USER:YOUR_PASSWORD"),
            (quote(self.credentials, safe=":"), "YOUR_USER:YOUR_PASSWORD"),
            (self.authorization, "Basic YOUR_CREDENTIALS"),
            (password if len(password) >= _SHORTEST_SECRET else "", "YOUR_PASSWORD"),
            (split_credentials(self.proxy)[1], "PROXY_USER:PROXY_PASSWORD"),
        )
        found: dict[str, str] = {}
        for secret, placeholder in candidates:
            if secret:
                found.setdefault(secret, placeholder)
        return found


def split_credentials(url: str) -> tuple[str, str]:
    """Return *url* without its user and password, and these: ``("https://host", "user:password")``."""
    before, scheme_end, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    if not at:
        return url, ""
    user, _, password = credentials.partition(":")
    return f"{before}{scheme_end}{host}{slash}{path}", f"{unquote(user)}:{unquote(password)}"


def is_loopback(url: str) -> bool:
    """Return whether *url* points to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
