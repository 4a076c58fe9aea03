"""How worlds, and whom they belong to, are named in the engine."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple


class Names(NamedTuple):
    """The keys of one world in the engine; what stands in braces decides on the node of a cluster."""

    head: str
    log: str
    counters: str
    lease: str
    trace: str

    @classmethod
    def of(cls, prefix: str, digest: str) -> Names:
        """Return the keys of the world with this digest."""
        stem = f"{prefix}world:{{{digest}}}"
        return cls(*(f"{stem}:{name}" for name in cls._fields))

    def part(self, name: str) -> str:
        """Return the key of a part of it."""
        return f"{self.head.removesuffix('head')}part:{name}"


def digest(*names: str) -> str:
    """Return what stands for an API key in the engine, alone or with what else names a world: 32 hexadecimal digits."""
    return blake2b("\0".join(names).encode(), digest_size=16).hexdigest()
