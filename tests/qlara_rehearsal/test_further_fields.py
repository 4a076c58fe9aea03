"""Responses with further fields: the known ones are all there, in another order."""

from __future__ import annotations

import json

from qlara_rehearsal.further_fields import changed


def test_an_object_keeps_its_fields_in_another_order_and_gets_further_ones_at_every_level() -> None:
    body = json.dumps({"listId": "l", "contacts": [{"name": "Zoë", "tags": ["a"]}], "total": 1})

    value = json.loads(changed(body.encode()))

    known = [name for name in value if name in {"listId", "contacts", "total"}]
    assert known == ["total", "contacts", "listId"]
    assert value["contacts"][0]["name"] == "Zoë"
    assert value["contacts"][0]["tags"] == ["a"]
    assert set(value) > set(known)
    assert set(value["contacts"][0]) > {"name", "tags"}


def test_anything_else_stays_as_it_is() -> None:
    assert [changed(body) for body in (b"", b"no JSON", b"[1]", b"2")] == [
        b"",
        b"no JSON",
        b"[1]",
        b"2",
    ]
