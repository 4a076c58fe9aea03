"""Measure what hostile vCard files cost: ``python -m benchmarks.hostile_files``.

Each shape is made to cost as much as it can: one thing, over and over. Printed are CPU time and peak
memory of planning its import, each in a process of its own, and the ratio to an ordinary file of the
same size, the worst first. The exit code is 1 if one takes more than ``TARGET_RATIO`` times as long.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Strategy
from qlara_sandbox.samples.generating import Spec, generate
from qlara_sandbox.services.importing import plan_import

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET_RATIO = 10
ORDINARY = "ordinary"
_BYTES_PER_CONTACT = 210


def _lines(
    line: Callable[[int], bytes], size: int, before: bytes = b"", after: bytes = b""
) -> bytes:
    made, left, number = [before], size - len(before) - len(after), 0
    while left > 0:
        made.append(line(number))
        left -= len(made[-1])
        number += 1
    return b"".join([*made, after])


def _cards(lines: Callable[[int], bytes], size: int) -> bytes:
    def card(number: int) -> bytes:
        return b"BEGIN:VCARD\nVERSION:3.0\n" + lines(number) + b"END:VCARD\n"

    return _lines(card, size)


def _one_card(line: Callable[[int], bytes], size: int) -> bytes:
    return _lines(line, size, b"BEGIN:VCARD\nVERSION:3.0\nFN:A\n", b"\nEND:VCARD\n")


def _text(template: str) -> Callable[[int], bytes]:
    return lambda number: (template % number).encode() if "%" in template else template.encode()


def _many_numbers(number: int) -> bytes:
    return b"".join(b"TEL:%dx%d\n" % (number % 9, number * 20 + turn) for turn in range(20))


def _utf_16_and_8(number: int) -> bytes:
    encoding = ("utf-16-le", "utf-16-be", "utf-8")[number % 3]
    return f"BEGIN:VCARD\nVERSION:3.0\nTEL:+39347{number:07d}\nEND:VCARD\n".encode(encoding)


_CARD_SHAPES = {
    "the smallest cards": "TEL:+39347%07d\n",
    "the same number": "TEL:+393471234567\n",
    "a number with blanks": "TEL:+39347" + " " * 243 + "#%d\n",
    "an extension": "TEL:1x%d\n",
    "letters of a keypad": "TEL:347abc%07d\n",
    "a rewritten prefix": "TEL:+54911%07d\n",
    "a plus before 00": "TEL:+0039347%07d\n",
    "a phone-context": "TEL:tel:%d;phone-context=+39\n",
    "a long phone-context": "TEL:tel:%d;phone-context=a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r\n",
    "format characters": "TEL:+39\u200b347%07dx\n",
    "two numbers": "TEL:+39347%07d, 3471234567\n",
    "a tel URI": "TEL;VALUE=uri:tel:%%34%07d;a=b\n",
    "a link": "TEL:https://wa.me/39347%07d\n",
    "another scheme": "TEL:callto:1%%2034567%d\n",
    "labels": "a.TEL:1\na.X-ABLABEL:%d\n",
    "quoted-printable": "FN;ENCODING=QUOTED-PRINTABLE:=41%d\nTEL:1\n",
    "base64": "FN;ENCODING=B:QUJD\nTEL:1%d\n",
    "addresses": "ADR:;;\\,a,b;c,d;e;f;g\nTEL:1\n",
    "structured names": "N:a,b;c\\;d;e,f;g;h\nTEL:1\n",
    "e-mail in brackets": 'EMAIL:<a@b> "x" (y)\nEMAIL:mailto:a%%40b%d\nTEL:1\n',
    "at signs": "EMAIL:<" + "@" * 490 + "\nTEL:1\n",
    "a comment of blanks": "EMAIL:<a" + " " * 480 + "x\nTEL:1\n",
    "groups": "KIND:group\n",
}
_ONE_CARD_SHAPES = {
    "numbers of one card": "TEL:1x%d\n",
    "new parameters": "TEL;A=%d:1\n",
    "new types": "TEL;TYPE=w%d:1\n",
    "quoted parameters": 'TEL;A="b:c":1\n',
    "escapes": "FN:\\,\n",
    "agents": "AGENT:\nBEGIN:VCARD\nEND:VCARD\n",
    "folds": " a\n",
    "soft breaks": "FN;ENCODING=QUOTED-PRINTABLE:=\n",
    "empty lines": "\n",
    "carriage returns": "\r",
    "double line ends": "F:\r\r\n",
    "NULs": "\0",
    "combining marks": "FN:a\u0301\u0323\n",
}
SHAPES: dict[str, Callable[[int], bytes]] = {
    ORDINARY: lambda size: generate(
        Spec(contacts=size // _BYTES_PER_CONTACT, size=size, region="IT")
    ).data,
    **{name: partial(_cards, _text(it)) for name, it in _CARD_SHAPES.items()},
    **{name: partial(_one_card, _text(it)) for name, it in _ONE_CARD_SHAPES.items()},
    "twenty numbers each": lambda size: _cards(_many_numbers, size),
    "unknown charsets": lambda size: _cards(lambda n: b"FN;CHARSET=x%d:\xff\nTEL:1\n" % n, size),
    "stray bytes": lambda size: _cards(lambda n: b"FN:\xc3\xa9\xff%d\nTEL:1\n" % n, size),
    "no lines in cards": lambda size: _lines(_text("BEGIN:VCARD\nEND:VCARD\n"), size),
    "cards on one line": lambda size: _lines(_text("BEGIN:VCARDEND:VCARD"), size),
    "cards joined by mistake": lambda size: _lines(
        _text("BEGIN:VCARD\nVERSION:3.0\nTEL:1END:VCARD"), size
    ),
    "cards that do not end": lambda size: _lines(_text("BEGIN:VCARD\n"), size, b"", b"END:VCARD\n"),
    "indented frames": lambda size: _lines(
        _text(" BEGIN:VCARD\nFN:x:VCARD\n \tEND:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "three encodings": lambda size: _lines(_utf_16_and_8, size),
    "one long name": lambda size: _lines(
        _text("\u0301\u0323"), size, b"BEGIN:VCARD\nVERSION:3.0\nFN:a", b"\nEND:VCARD\n"
    ),
    "one long property": lambda size: _lines(
        _text('";'), size, b"BEGIN:VCARD\nVERSION:3.0\nTEL", b":1\nEND:VCARD\n"
    ),
    "one long list": lambda size: _lines(
        _text(";"), size, b"BEGIN:VCARD\nVERSION:3.0\nN:", b"\nEND:VCARD\n"
    ),
}  # fmt: skip


def measure(shape: str, size: int) -> dict[str, float | str]:
    """Return CPU seconds, peak memory in MiB and the outcome of planning one import."""
    data = SHAPES[shape](size)
    options = ImportOptions(Strategy.SKIP, (), created_at="", next_number=1)
    nothing = ExistingContacts({}, {})
    plan_import(SHAPES["the smallest cards"](4_000), options, nothing, "IT")  # loads the tables
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    try:
        plan = plan_import(data, options, nothing, "IT")
        outcome = f"{plan.total} cards, {len(plan.errors)} errors"
    except (NotAVCard, UnterminatedVCard) as refusal:
        outcome = str(refusal)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "mib": (peak - before) / 1024, "outcome": outcome}


def _in_a_process(shape: str, size: int) -> dict[str, float | str]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.hostile_files",
        "--shape",
        shape,
        "--size",
        str(size),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float | str] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2 * 1024 * 1024, help="bytes of each file")
    parser.add_argument("--shape", choices=SHAPES, help="measure one shape, and print it as JSON")
    options = parser.parse_args()
    if options.shape:
        print(json.dumps(measure(options.shape, options.size)))
        return 0
    found = {shape: _in_a_process(shape, options.size) for shape in SHAPES}
    ordinary = float(found[ORDINARY]["seconds"])
    rows = sorted(found.items(), key=lambda row: -float(row[1]["seconds"]))
    for shape, it in rows:
        ratio = float(it["seconds"]) / ordinary
        cost = f"{float(it['seconds']) * 1000:7.0f} ms {float(it['mib']):6.0f} MiB"
        print(f"{ratio:5.1f} x  {shape:24} {cost}  {it['outcome']}")
    worst = float(rows[0][1]["seconds"]) / ordinary
    print(
        f"worst: {worst:.1f} x an ordinary file of {options.size} bytes (at most {TARGET_RATIO} x)"
    )
    return int(worst > TARGET_RATIO)


if __name__ == "__main__":
    sys.exit(main())
