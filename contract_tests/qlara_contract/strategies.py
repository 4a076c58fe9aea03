"""Generated vCard files with known content: mostly valid cards, some with one known fault.

The writer of a file knows its cards, so each file comes with a ``KnownCard`` per card, and the oracle
needs no parser.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.numbers import AMERICAN, spaced
from qlara_contract.oracle import INVALID, MISSING, KnownCard

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

_GIVEN = (
    "Marco",
    "Giulia",
    "Anna",
    "Zoë",
    "Łukasz",
    "Ἑλένη",
    "Наталья",
    "美咲",
    "Jean-Luc",
    "Søren",
)
_FAMILY = (
    "Rossi",
    "Bianchi",
    "D'Angelo",
    "Müller",
    "Đỗ",
    "García, Jr.",
    "van; Dijk",
    "O\\Neil",
    "😀",
)
_FOLD = 60


@dataclass(frozen=True)
class VCardFile:
    """A file and the cards that are in it."""

    text: str
    cards: tuple[KnownCard, ...]

    @property
    def content(self) -> bytes:
        """The file in UTF-8."""
        return self.text.encode()


def card(
    name: str, *properties: str, version: str = "3.0", email: str = "", eol: str = "\r\n"
) -> str:
    """Return one card; *properties* are whole lines such as ``TEL:+33199000001``."""
    lines = ["BEGIN:VCARD", f"VERSION:{version}", f"FN:{escaped(name)}", *properties]
    if email:
        lines.append(f"EMAIL:{email}")
    return "".join(line + eol for line in [*lines, "END:VCARD"])


def escaped(text: str) -> str:
    """Return *text* as a vCard value (RFC 6350 section 3.4)."""
    for plain, written in (("\\", "\\\\"), ("\n", "\\n"), (",", "\\,"), (";", "\\;")):
        text = text.replace(plain, written)
    return text


def folded(line: str, eol: str = "\r\n") -> str:
    """Return a logical line folded to short physical ones (RFC 6350 section 3.2)."""
    parts = [line[at : at + _FOLD] for at in range(0, len(line), _FOLD)]
    return f"{eol} ".join(parts)


def draw_file(
    rng: random.Random,
    fresh: Callable[[], str],
    known: list[str],
    *,
    cards: int = 6,
    repeats: bool = True,
    line_feeds: bool = True,
) -> VCardFile:
    """Write a file of up to *cards* cards.

    Numbers are new ones (*fresh*), sometimes of *known* ones or (*repeats*) of an earlier card of the
    file. Lines end with CRLF, sometimes (*line_feeds*) with LF.
    """
    eol = rng.choice(("\r\n", "\r\n", "\n" if line_feeds else "\r\n"))
    text = ""
    made: list[KnownCard] = []
    for _ in range(rng.randint(1, cards)):
        begins = text.count("\n") + 1
        earlier = {each.number for each in made}
        left = known if repeats else [each for each in known if each not in earlier]
        number = _draw_number(rng, fresh, left, made if repeats else [])
        lines, one = _draw_card(rng, number, begins, eol)
        text += lines
        made.append(one)
    return VCardFile(text, tuple(made))


def _draw_number(
    rng: random.Random, fresh: Callable[[], str], known: list[str], made: list[KnownCard]
) -> str:
    repeated = [each.number for each in made if each.number]
    roll = rng.random()
    if roll < 0.15 and repeated:
        return rng.choice(repeated)
    if roll < 0.4 and known:
        return rng.choice(known)
    return fresh()


def _draw_card(rng: random.Random, number: str, begins: int, eol: str) -> tuple[str, KnownCard]:
    version = rng.choice(("3.0", "4.0"))
    name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
    email = f"check{rng.randrange(10_000)}@example.com" if rng.random() < 0.6 else ""
    fault = rng.choices(("", MISSING, INVALID), (84, 8, 8))[0]
    lines = ["BEGIN:VCARD", f"VERSION:{version}"]
    lines += [f"FN:{escaped(name)}"]
    lines += rng.choice(([], [f"NOTE:{'An added line of text. ' * 5}".rstrip()], ["X-CHECK:1"]))
    lines = [each for line in lines for each in folded(line, eol).split(eol)]
    tel_line = begins + len(lines)
    lines += _draw_tel(rng, number, version, fault)
    if email:
        lines.append(rng.choice(("EMAIL", "email", "EMAIL;TYPE=INTERNET")) + f":{email}")
    lines.append("END:VCARD")
    text = "".join(line + eol for line in lines)
    if fault:
        card_lines = range(begins, begins + len(lines))
        line = begins if fault == MISSING else tel_line
        return text, KnownCard(name, "", email, fault, line, card_lines)
    return text, KnownCard(name, number, email)


def _draw_tel(rng: random.Random, number: str, version: str, fault: str) -> list[str]:
    if fault == MISSING:
        return rng.choice(([], ["TEL:"], ["TEL;TYPE=CELL:"]))
    if fault == INVALID:
        return ["TEL:" + rng.choice(("n/d", "+33 1 99", "12", "ask Marco", "+999 123456"))]
    written = rng.choice((number, spaced(number), spaced(number).replace(" ", "-")))
    ways = [f"TEL:{written}", f"TEL;TYPE=CELL:{written}", f"tel;type=work:{written}"]
    if version == "4.0":
        ways.append(f"TEL;VALUE=uri:tel:{spaced(number).replace(' ', '-')}")
    return [rng.choice(ways)]


def vcard_texts(remember: dict[str, VCardFile]) -> SearchStrategy[str]:
    """Return a Hypothesis strategy of file texts; each file is noted in *remember* by its text.

    A strategy of ``str``: Schemathesis cannot judge a form whose file is ``bytes``.
    """
    from hypothesis import strategies

    def write(seed: int) -> str:
        rng = random.Random(seed)
        file = draw_file(rng, lambda: rng.choice(AMERICAN), [], cards=4)
        remember[file.text] = file
        return file.text

    return strategies.integers(min_value=0, max_value=2**32 - 1).map(write)
