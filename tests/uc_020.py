"""The headings of UC-020, which sources of the contract may name."""

from __future__ import annotations

HEADINGS = {
    "Prerequisites",
    "Step 1 — Upload the VCard file",
    "Response — Import completed",
    "Behind the scenes — VCard file parsing",
    "Step 2 — Verify imported contacts",
    "Response — Contacts in the list",
    "Behind the scenes — Indexing and search",
    "Complete end-to-end example",
    "Import with existing contact update",
    "Import into a new list",
    "Common errors",
    "400 Bad Request — Invalid VCard file",
    "413 Payload Too Large — File too large",
    "409 Conflict — Contact quota exhausted",
}
