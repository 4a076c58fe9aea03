"""What an account may still add."""

from __future__ import annotations

from typing import NamedTuple

from qlara_sandbox.domain.errors import QuotaExceeded


class Quota(NamedTuple):
    """How many contacts an account holds (``used``) and its plan allows (``total``)."""

    used: int
    total: int

    @property
    def available(self) -> int:
        """How many contacts may still be created; never negative."""
        return max(0, self.total - self.used)

    def require(self, created: int) -> None:
        """Refuse an import that would create more contacts than are left: all or nothing.

        Creating none always passes, also in a full account (UC-020: Indexing and search says that
        skipped duplicates do not consume quota).

        Raises:
            QuotaExceeded: UC-020: 409 Conflict.
        """
        if created > 0 and created > self.available:
            raise QuotaExceeded(used=self.used, total=self.total, asked=created)
