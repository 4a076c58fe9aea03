"""What a run would send and write, without sending anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.engine import stories
from qlara_contract.settings import Mode

if TYPE_CHECKING:
    from qlara_contract.settings import RunSettings


def planned(settings: RunSettings) -> str:
    """Return what a run with these settings would do, one thing per line."""
    may_write = settings.effective_mode is Mode.FULL
    chosen = [each for each in stories(settings.only) if may_write or not each.unsafe]
    lines = [
        f"Would check {settings.base_url}, {settings.effective_mode}, {settings.profile}, "
        f"seed {settings.seed}.",
        f"  {len(chosen)} stories, after a few requests to learn its conventions; "
        f"for {settings.effective_deadline:g} s at most (--deadline).",
    ]
    if may_write:
        lines += [
            f"  At most {settings.effective_max_writes} cards in imports (--max-writes), each with the "
            "tag contract-check,",
            "  into new lists named `contract-check …`. Nothing is deleted: the API has no way to.",
        ]
    else:
        lines.append("  GET requests only: nothing is written.")
    if settings.rate:
        lines.append(f"  At most {settings.rate:g} requests per second (--rate).")
    return "\n".join(lines)
