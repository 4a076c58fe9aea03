"""Faults that a scenario orders: counted and seeded, so that every run meets the same ones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from qlara_sandbox.state.clock import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

EVERY_OPERATION = "*"
_LONGEST_SECONDS = 3600.0


class Network(StrEnum):
    """How a connection can fail. The last two damage a response; the first two leave none."""

    EMPTY_RESPONSE = "EMPTY_RESPONSE"
    CONNECTION_RESET = "CONNECTION_RESET"
    MALFORMED_CHUNK = "MALFORMED_CHUNK"
    TRUNCATED_BODY = "TRUNCATED_BODY"


LEAVES_NOTHING = frozenset({Network.EMPTY_RESPONSE, Network.CONNECTION_RESET})
_NEEDS_A_RESPONSE = frozenset({Network.MALFORMED_CHUNK, Network.TRUNCATED_BODY})


class Delay(Protocol):
    """How long a response waits."""

    def seconds(self, chance: random.Random) -> float:
        """Return one delay, in seconds."""
        ...


class Fixed(NamedTuple):
    """Always as long."""

    value: float

    def seconds(self, _: random.Random) -> float:
        return self.value


class Uniform(NamedTuple):
    """Between two bounds, all equally likely."""

    lower: float
    upper: float

    def seconds(self, chance: random.Random) -> float:
        return chance.uniform(self.lower, self.upper)


class LogNormal(NamedTuple):
    """Mostly near ``median``, with a long tail: as real latencies are."""

    median: float
    sigma: float

    def seconds(self, chance: random.Random) -> float:
        return min(chance.lognormvariate(log(self.median), self.sigma), _LONGEST_SECONDS)


class Dribble(NamedTuple):
    """The body in ``chunks`` pieces, spread over ``seconds``."""

    chunks: int
    seconds: float


class Respond(NamedTuple):
    """A response instead of the real one; no body: the one that fits the status."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FaultRule:
    """What fails, and when.

    Of the requests to ``on`` (an operationId, or ``*``), the first ``skip`` pass; then every
    ``every``-th fails, ``count`` times (None: for ever), until ``ttl`` has passed on the world's
    clock. ``after``: the request is carried out first, and only its response suffers. ``source`` is
    the rule as it was written.
    """

    on: str
    source: Mapping[str, Any]
    skip: int = 0
    count: int | None = None
    every: int = 1
    ttl: timedelta | None = None
    delay: Delay | None = None
    dribble: Dribble | None = None
    respond: Respond | None = None
    network: Network | None = None
    after: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the rule does, in single words."""
        named = {"delay": self.delay, "dribble": self.dribble, "respond": self.respond}
        network = (self.network.value,) if self.network else ()
        return (*(name for name, what in named.items() if what is not None), *network)


class MatchedFaults(NamedTuple):
    """The faults of one request, taken together: delays add up, else the first rule wins."""

    delay: float
    dribble: Dribble | None
    respond: Respond | None
    network: Network | None
    after: bool
    kinds: tuple[str, ...]

    @property
    def replaces(self) -> bool:
        """Whether the real response is never made."""
        return self.respond is not None or (self.network is not None and not self.after)


class ActiveFault:
    """A rule in force, with its counters: ``seen`` requests, of which ``fired`` failed."""

    __slots__ = ("expires", "fault_id", "fired", "rule", "seen")

    def __init__(self, fault_id: str, rule: FaultRule, expires: datetime | None) -> None:
        self.fault_id = fault_id
        self.rule = rule
        self.expires = expires
        self.seen = 0
        self.fired = 0

    def is_spent(self, now: datetime) -> bool:
        """Return whether the rule will never fire again."""
        used_up = self.rule.count is not None and self.fired >= self.rule.count
        return used_up or (self.expires is not None and now >= self.expires)

    def matches(self, now: datetime) -> bool:
        """Count a request, and return whether it fails."""
        if self.is_spent(now):
            return False
        position = self.seen - self.rule.skip
        self.seen += 1
        matched = position >= 0 and position % self.rule.every == 0
        self.fired += matched
        return matched


class Faults:
    """The faults of one world. The same *seed* gives the same delays.

    ``next_number`` is that of the next rule that is put in force.
    """

    def __init__(self, seed: str = "") -> None:
        self.seed = seed
        self.active: list[ActiveFault] = []
        self.next_number = 1

    def arm(self, rule: FaultRule, now: datetime) -> ActiveFault:
        """Put a rule in force, from *now* on."""
        expires = now.astimezone(UTC) + rule.ttl if rule.ttl is not None else None
        active = ActiveFault(f"fault_{self.next_number}", rule, expires)
        self.next_number += 1
        self.active.append(active)
        return active

    def disarm(self, fault_id: str | None = None) -> int:
        """Take one rule, or all, out of force; return how many there were."""
        before = len(self.active)
        self.active = [one for one in self.active if fault_id not in {None, one.fault_id}]
        return before - len(self.active)

    def match(self, operation: str, now: datetime) -> MatchedFaults | None:
        """Count a request to *operation*, and return what happens to it."""
        fired = [
            active
            for active in self.active
            if active.rule.on in {operation, EVERY_OPERATION} and active.matches(now)
        ]
        return self._together(fired) if fired else None

    def restore(self, active: Iterable[ActiveFault]) -> None:
        """Put rules in force as they were, counters and all."""
        self.active = list(active)
        taken = [int(one.fault_id.rpartition("_")[2]) for one in self.active]
        self.next_number = max(taken, default=0) + 1

    def _together(self, fired: list[ActiveFault]) -> MatchedFaults:
        rules = [active.rule for active in fired]
        ends = next((rule for rule in rules if rule.respond or rule.network), None)
        return MatchedFaults(
            delay=sum(self._delay(active) for active in fired),
            dribble=next((rule.dribble for rule in rules if rule.dribble), None),
            respond=ends.respond if ends else None,
            network=ends.network if ends else None,
            after=ends.after if ends else False,
            kinds=tuple(kind for rule in rules for kind in rule.kinds),
        )

    def _delay(self, active: ActiveFault) -> float:
        if active.rule.delay is None:
            return 0.0
        # A generator per draw: the counters alone say what comes next, in a snapshot too.
        chance = random.Random(f"{self.seed}:{active.fault_id}:{active.fired}")  # noqa: S311 - repeats
        return active.rule.delay.seconds(chance)


def fault_rule(source: Mapping[str, Any]) -> FaultRule:
    """Return the rule that *source* says, which keeps the schema of a fault already."""
    network = Network(source["network"]) if "network" in source else None
    respond = source.get("respond")
    dribble = source.get("dribble")
    return FaultRule(
        on=source["on"],
        source=source,
        skip=source.get("skip", 0),
        count=source.get("count"),
        every=source.get("every", 1),
        ttl=duration(source["ttl"]) if "ttl" in source else None,
        delay=_delay(source["delay"]) if "delay" in source else None,
        dribble=Dribble(dribble["chunks"], _seconds(dribble["over"])) if dribble else None,
        respond=Respond(respond["status"], respond.get("body"), respond.get("headers", {}))
        if respond
        else None,
        network=network,
        after=source.get("when") == "after" or network in _NEEDS_A_RESPONSE,
    )


def _delay(source: Mapping[str, Any]) -> Delay:
    if "fixed" in source:
        return Fixed(_seconds(source["fixed"]))
    if "uniform" in source:
        uniform = source["uniform"]
        return Uniform(_seconds(uniform["lower"]), _seconds(uniform["upper"]))
    lognormal = source["lognormal"]
    return LogNormal(_seconds(lognormal["median"]), lognormal["sigma"])


def _seconds(text: str) -> float:
    return duration(text).total_seconds()
