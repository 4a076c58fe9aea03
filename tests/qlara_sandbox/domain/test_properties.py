"""Heads of lines are read once, and read alike whatever was read before."""

from __future__ import annotations

from qlara_sandbox.domain.properties import HeadMemory, read_line


def test_what_is_remembered_of_heads_changes_nothing_of_what_is_read() -> None:
    memory = HeadMemory(most=3)
    lines = [
        b"TEL;TYPE=CELL:1",
        b"TEL;TYPE=CELL:2",
        b"item1.EMAIL:a@example.com",
        b"NOTE:a",
        b"NOTE:b",
        b'TEL;X=":":3',
        b'TEL;X=":":4',
        b"TEL;WAID=393471234567:5",
        b"TEL;WAID=393471234568:5",
        b"BEGIN:VCARD",
        b"no colon",
        b"F\0N:Anna",
        b"TEL;TYPE=CELL:6",
    ]

    assert [memory.read_line(line) for line in lines * 2] == [read_line(line) for line in lines * 2]
    assert len(memory) <= 3


def test_of_heads_that_are_too_long_none_is_remembered() -> None:
    memory = HeadMemory()
    memory.read_line(b"TEL;X=" + b"y" * 500 + b":1")

    assert len(memory) == 0
