"""Measure what hostile vCard files cost: ``python -m benchmarks.hostile_files``.

Each shape is made to cost as much as it can: one thing, over and over. Printed are the CPU time of planning
its import, the memory beyond that of an ordinary file of the same size, and the ratio of its time to that
of the ordinary file, which is imported right before and after it in the same process, since a busy machine
makes both slower. Each run is a process of its own; of ``--repeats`` the least ratio counts. The worst
shape comes first, and the exit code is 1 if it takes more than ``TARGET_RATIO`` times as long.

The ordinary file is what the import is for, the export of an address book: every second card has what a
CRM or Outlook writes (N, FN, ORG, TITLE, two TEL with types, EMAIL, ADR, NOTE, REV, UID), every other
one what a telephone does (N, FN, one or two TEL, at times EMAIL). Names, numbers as people type them,
addresses and notes are drawn anew for each card; lines are folded at 75 octets, which about every
fourth CRM card needs. It has no photos, which would make it cheaper by the byte, and no mistakes, which
would make it dearer.

The worst shapes, between 4 and 5 times the ordinary file, are the shortest cards: those that never end,
and those with a frame in the wrong place or a new known word in their types. Of these the budget of an
import (`qlara_sandbox.domain.budget`) lets only so many be read with care.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Strategy
from qlara_sandbox.samples import dialling, people
from qlara_sandbox.samples.writing import GeneratedProperty, write
from qlara_sandbox.services.importing import plan_import

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET_RATIO = 5
ORDINARY = "ordinary"
_TITLES = ("Responsabile acquisti", "Direttrice commerciale", "Titolare", "Ingegnere", "Contabile")


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


def _ordinary(size: int) -> bytes:
    chance = random.Random(1)
    taken: set[str] = set()
    return _lines(lambda number: _ordinary_card(chance, number, taken), size)


def _ordinary_card(chance: random.Random, number: int, taken: set[str]) -> bytes:
    who = people.person(chance)
    mobile = dialling.typed(chance, dialling.new_number(chance, taken), region="IT", uri=False)
    properties = [
        GeneratedProperty("N", (who.family, who.given, "", "", "")),
        GeneratedProperty("FN", who.name),
        GeneratedProperty("TEL", mobile, ("cell",)),
        *(_of_a_crm if number % 2 else _of_a_telephone)(chance, who, number),
    ]
    return write("4.0", properties).encode()


def _of_a_telephone(
    chance: random.Random, who: people.Person, _number: int
) -> list[GeneratedProperty]:
    home = GeneratedProperty("TEL", dialling.landline(chance), ("home", "voice"))
    email = GeneratedProperty("EMAIL", people.email(chance, who), ("internet",))
    return [found for found in (home, email) if chance.random() < 0.4]


def _of_a_crm(chance: random.Random, who: people.Person, number: int) -> list[GeneratedProperty]:
    at = people.place(chance)
    address = ("", "", at.street, at.city, at.province, at.postcode, "Italia")
    day = f"2026-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}T10:{number % 60:02}:00Z"
    return [
        GeneratedProperty("ORG", (people.company(chance), chance.choice(people.DEPARTMENTS))),
        GeneratedProperty("TITLE", chance.choice(_TITLES)),
        GeneratedProperty("TEL", dialling.landline(chance), ("work", "voice")),
        GeneratedProperty("EMAIL", people.email(chance, who), ("internet", "work")),
        GeneratedProperty("ADR", address, ("work",)),
        GeneratedProperty("NOTE", chance.choice(people.NOTES)),
        GeneratedProperty("REV", day),
        GeneratedProperty("UID", f"urn:uuid:{chance.getrandbits(128):032x}"),
    ]


def _cards_of(count: int, line: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Return what makes a file of cards with *count* such lines each, all of them different."""

    def lines(card: int) -> bytes:
        return b"".join(map(line, range(card * count, card * count + count)))

    return lambda size: _cards(lines, size)


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
    "agents behind folds": "AGENT:\n BEGIN:VCARD\nA%d\nEND:VCARD\n",
    "ends in folds": "FN:%d\n END:VCARD\n",
    "begins in folds": "A%d\n BEGIN:VCARD\n",
    "begins in folds before versions": "A%d\n BEGIN:VCARD\nVERSION:\n",
    "frames in folds": "A%d\n BEGIN:VCARD\n x\n END:VCARD\n",
    "ends behind values of a card": "x%d END:VCARD\n",
    "ends behind digits": "%d END:VCARD\n",
    "begins in values": "A:%d BEGIN:VCARD x\n",
    "begins behind values": "%d:BEGIN:VCARD\n",
    "different glued frames": "%dEND:VCARDBEGIN:VCARD\n",
    "frames glued by blanks": "%d:END:VCARD BEGIN:VCARD\n",
    "frames glued in small letters": "%dend:vcardbegin:vcard\n",
    "folds": " a\n",
    "soft breaks": "FN;ENCODING=QUOTED-PRINTABLE:=\n",
    "empty lines": "\n",
    "carriage returns": "\r",
    "double line ends": "F:\r\r\n",
    "NULs": "\0",
    "combining marks": "FN:a\u0301\u0323\n",
}
_MANY_LINES: dict[str, Callable[[int], bytes]] = {
    "numbers": lambda n: b"TEL:%d\n" % n,
    "extensions": lambda n: b"TEL:%dx1\n" % n,
    "pauses": lambda n: b"TEL:%d,1\n" % n,
    "UTF-8 in numbers": _text("TEL:%d\u00b7,1\n"),
    "UTF-8 in parts": _text("TEL:%d\u00b71x,1\n"),
    "ISO 8859-1 in numbers": lambda n: b"TEL:%d\xb7,1\n" % n,
    "ISO 8859-1 and an extension": lambda n: b"TEL:%d\xb7x\xa01\n" % n,
    "types": lambda n: b"TEL;TYPE=w%d:1\n" % n,
    "types with humps": lambda n: b"TEL;TYPE=aB%dcD:1\n" % n,
    "types with many humps": lambda n: b"TEL;aBcDeF%dcD:1\n" % n,
    "types with known words": _text("TEL;aFAX%d:1\n"),
    "types with known words and odd numbers": _text("TEL;CELL%d:1\u00b71x,1\n"),
    "heads with quoted colons": _text('TEL;A="b:c%d":1\n'),
    "labels with known words": _text("a.X-ABLABEL:aFAX%d\na.TEL:1\n"),
    "types and numbers": lambda n: b"TEL;w%d:%dx1\n" % (n, n),
    "types with humps and numbers": lambda n: b"TEL;aB%d:%d,1\n" % (n, n),
    "parameters": lambda n: b"TEL;A=%d:1\n" % n,
    "parameters and numbers": lambda n: b"TEL;A=%d:%dx1\n" % (n, n),
    "groups": lambda n: b"a%d.TEL:%dx1\n" % (n, n),
    "WhatsApp ids": lambda n: b"TEL;WAID=%05d:1\n" % n,
    "labels": lambda n: b"a%d.X-ABLABEL:aB%d\na%d.TEL:1\n" % (n, n, n),
    "e-mails": lambda n: b"EMAIL:<%d@\xb7> \n" % n,
    "e-mail types": lambda n: b"EMAIL;A%d=:<@>\n" % n,
    "names": lambda n: b"FN;A%d=:\n" % n,
}
SHAPES: dict[str, Callable[[int], bytes]] = {
    ORDINARY: _ordinary,
    **{name: partial(_cards, _text(it)) for name, it in _CARD_SHAPES.items()},
    **{name: partial(_one_card, _text(it)) for name, it in _ONE_CARD_SHAPES.items()},
    "a known word and an odd number": _cards_of(1, _text("TEL;CELL%d:1\u00b71x,1\n")),
    "an odd number each": _cards_of(1, _text("TEL:%d\u00b71x,1\n")),
    "twenty numbers each": _cards_of(20, lambda n: b"TEL:%dx%d\n" % (n % 9, n)),
    **{f"many: {name}": _cards_of(200, line) for name, line in _MANY_LINES.items()},
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
    "glued frames": lambda size: _lines(
        _text("END:VCARDBEGIN:VCARD"), size, b"BEGIN:VCARD", b"END:VCARD"
    ),
    "frames behind values": lambda size: _lines(
        _text("A:BEGIN:VCARD\nEND:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "frames behind marks": lambda size: _lines(
        _text("\ufeffBEGIN:VCARD\n\ufeffEND:VCARD\n"), size
    ),
    "frames behind folds": lambda size: _lines(
        _text("A:\n BEGIN:VCARD\n END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "different frames behind folds": lambda size: _lines(
        _text("%d\n BEGIN:VCARD\n END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "cards with ends in folds": lambda size: _lines(
        _text("BEGIN:VCARD\nN%d:\n END:VCARD\n"), size
    ),
    "frames behind different folds": lambda size: _lines(
        _text("A\n BEGIN:VCARD\n %d\n END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "frames with blanks behind folds": lambda size: _lines(
        _text("%d\n BEGIN :VCARD\n END :VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "three glued frames": lambda size: _lines(
        _text("A%dEND:VCARDBEGIN:VCARDEND:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "lines of indented cards": lambda size: _lines(
        _text(" BEGIN:VCARD\n A\n B%d\n END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "folded lines of indented cards": lambda size: _lines(
        _text(" BEGIN:VCARD\n A%d\n  B\n  C\n"), size, b"BEGIN:VCARD\nEND:VCARD\n", b" END:VCARD\n"
    ),
    "letters of indented cards": lambda size: _lines(
        _text(" BEGIN:VCARD\n \u00e9\n  %d\n END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "different cards joined by mistake": lambda size: _lines(
        _text("BEGIN:VCARD\nVERSION:3.0\nTEL:%dEND:VCARD"), size
    ),
    "different indented frames": lambda size: _lines(
        _text(" BEGIN:VCARD\nFN:%d\n \tEND:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "indented lines": lambda size: _lines(
        _text(" a\n"), size, b"BEGIN:VCARD\nEND:VCARD\n BEGIN:VCARD\n", b" END:VCARD\n"
    ),
    "indented lines of every kind": lambda size: _lines(
        _text(" BEGIN:VCARD\n  a\n \n b%d\n END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "ends behind values": lambda size: _lines(
        _text("x%d END:VCARD\n"), size, b"BEGIN:VCARD\nEND:VCARD\n"
    ),
    "lines beside loose frames": lambda size: _lines(
        lambda n: b"X%d:a\n" % n if n % 1000 else b"xBEGIN:VCARD\n", size, b"BEGIN:VCARD\n"
    ),
    "empty lines beside loose frames": lambda size: _lines(
        lambda n: b"\n" if n % 1000 else b"xBEGIN:VCARD\n", size, b"BEGIN:VCARD\n"
    ),
    "cards in small letters that do not end": lambda size: _lines(
        _text("begin:vcard\n"), size, b"", b"END:VCARD\n"
    ),
    "begins behind names": lambda size: _lines(
        _text("N;BEGIN:VCARD\n"), size, b"BEGIN:VCARD\n", b"END:VCARD\n"
    ),
    "begins behind signs": lambda size: _lines(
        _text("&BEGIN:VCARD\n"), size, b"BEGIN:VCARD\n", b"END:VCARD\n"
    ),
    "names on one line": lambda size: _lines(
        _text("N:a,b;cend:vcardbegin:vcard"), size, b"BEGIN:VCARD\n", b"\nEND:VCARD\n"
    ),
    "types on one line": lambda size: _lines(
        _text("end:vcardbegin:vcardTEL;CELL%d:"), size, b"BEGIN:VCARD\n", b"\nEND:VCARD\n"
    ),
    "begins behind dots": lambda size: _lines(
        _text("BEGIN:VCARD x"), size, b"BEGIN:VCARD\nEND:VCARD\n" + b"." * (size // 2) + b"a", b"\n"
    ),
    "known words in cards that begin behind marks": lambda size: _lines(
        _text("\x1aBEGIN:VCARD\nVERSION:3.0\nTEL;CELL%d:1\nEND:VCARD\n"), size, b"BEGIN:VCARD\n"
    ),
    "frames behind marks and folds": lambda size: _lines(
        _text("\x1a\n BEGIN:VCARD\n \n  C\n"), size, b"BEGIN:VCARD\n", b"END:VCARD\n"
    ),
    "ends with texts in indented cards": lambda size: _lines(
        _text(" BEGIN:VCARD\n A\n  CEND:VCARDx\n"), size, b"BEGIN:VCARD\n", b" END:VCARD\n"
    ),
    "types with begins in indented cards": lambda size: _lines(
        _text(" TEL;CELL%d:BEGIN:VCARD\n \x1a\n  B\n"), size, b"BEGIN:VCARD\n", b"END:VCARD\n"
    ),
    "ends in folds, and odd types": lambda size: _lines(
        _text("%d:\n END:VCARD\nBegin:VCard\nN:\n  %d:\ntel;aFAX%d:\n".replace("%d", "1", 2)), size,
        b"BEGIN:VCARD\n", b"END:VCARD\n"
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
    """Return what planning one import costs and its outcome.

    ``seconds`` of CPU time, ``mib`` of peak memory, and the ``ratio`` of the seconds to those of the
    ordinary file.
    """
    data, ordinary = SHAPES[shape](size), SHAPES[ORDINARY](size)
    _plan(SHAPES["the smallest cards"](4_000))  # loads the tables
    before, _ = _plan(ordinary)
    peak_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, outcome = _plan(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    after, _ = _plan(ordinary)
    return {
        "seconds": seconds,
        "mib": (peak - peak_before) / 1024,
        "ratio": 2 * seconds / (before + after),
        "outcome": outcome,
    }


def _plan(data: bytes) -> tuple[float, str]:
    """Return the CPU seconds of planning an import, and its outcome."""
    options = ImportOptions(Strategy.SKIP, (), created_at="", next_number=1)
    begun = time.process_time()
    try:
        plan = plan_import(data, options, ExistingContacts({}, {}), "IT")
        outcome = f"{plan.total} cards, {len(plan.errors)} errors"
    except (NotAVCard, UnterminatedVCard) as refusal:
        outcome = str(refusal)
    return time.process_time() - begun, outcome


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


def _least(shape: str, size: int, repeats: int) -> dict[str, float | str]:
    runs = (_in_a_process(shape, size) for _ in range(repeats))
    return min(runs, key=lambda run: float(run["ratio"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2 * 1024 * 1024, help="bytes of each file")
    parser.add_argument(
        "--repeats", type=int, default=2, help="runs of each; the least ratio counts"
    )
    parser.add_argument("--shape", choices=SHAPES, help="measure one shape, and print it as JSON")
    options = parser.parse_args()
    if options.shape:
        print(json.dumps(measure(options.shape, options.size)))
        return 0
    found = {shape: _least(shape, options.size, options.repeats) for shape in SHAPES}
    rows = sorted(found.items(), key=lambda row: -float(row[1]["ratio"]))
    for shape, it in rows:
        cost = f"{float(it['seconds']) * 1000:7.0f} ms {float(it['mib']):6.0f} MiB"
        print(f"{float(it['ratio']):5.1f} x  {shape:34} {cost}  {it['outcome']}")
    worst = float(rows[0][1]["ratio"])
    print(
        f"worst: {worst:.1f} x an ordinary file of {options.size} bytes (at most {TARGET_RATIO} x)"
    )
    return int(worst > TARGET_RATIO)


if __name__ == "__main__":
    sys.exit(main())
