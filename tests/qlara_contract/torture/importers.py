"""Importers to judge: a right one, right ones that decide otherwise, and wrong ones.

Each is what the sandbox's importer makes of a file, with the file, the contacts or the report changed.
"""

from __future__ import annotations

import html
import itertools
import random
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote, unquote_plus

from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.torture import Writer
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Strategy
from qlara_sandbox.services.importing import plan_import, summary

TAG = "contract-check"

Contacts = list[dict[str, Any]]
Report = dict[str, Any]
Importer = Callable[[bytes], tuple[Report, Contacts] | None]
"""Returns the report and the contacts of the list; ``None``: the file is refused."""


def imported(content: bytes) -> tuple[Report, Contacts] | None:
    """Import as the sandbox does, into an empty account in Italy."""
    options = ImportOptions(Strategy.SKIP, (TAG,), created_at="", next_number=1)
    try:
        plan = plan_import(content, options, ExistingContacts({}, {}), "IT")
    except (NotAVCard, UnterminatedVCard):
        return None
    report = {"summary": summary(plan), "errors": [each._asdict() for each in plan.errors]}
    contacts = [
        {
            "contactId": each.contact_id,
            "name": each.name,
            "phoneNumber": each.phone_number,
            "tags": list(each.tags),
        }
        | ({"email": each.email} if each.email else {})
        for each in plan.created
    ]
    return report, contacts


def writer(seed: int = 1) -> Writer:
    """Return a writer whose numbers come from ranges for fiction."""
    numbers = (f"+33{block}{at:04d}" for block in (19900, 26191) for at in range(10_000))
    national = itertools.count(1000)

    def typed() -> tuple[str, str]:
        number = next(national)
        return f"347 123 {number}", f"+39347123{number}"

    return Writer(random.Random(seed), lambda: next(numbers), typed)


@dataclass(frozen=True)
class Changed:
    """An importer that is right but for what it does to files, contacts, errors and reports."""

    file: Callable[[bytes], bytes] = lambda content: content
    contact: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda contact: contact
    error: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda error: error
    contacts: Callable[[Contacts], Contacts] = lambda contacts: contacts
    report: Callable[[Report], Report] = lambda report: report

    def __call__(self, content: bytes) -> tuple[Report, Contacts] | None:
        done = imported(self.file(content))
        if done is None:
            return None
        report, contacts = deepcopy(done)
        kept = [new for each in contacts if (new := self.contact(each)) is not None]
        report["errors"] = [
            new for each in report["errors"] if (new := self.error(each)) is not None
        ]
        return self.report(report), self.contacts(kept)


def _name(change: Callable[[str], str]) -> Changed:
    return Changed(
        contact=lambda contact: contact | {"name": change(contact["name"])},
        error=lambda error: error | {"name": change(error["name"])},
    )


def _email(change: Callable[[str], str | None]) -> Changed:
    def changed(contact: dict[str, Any]) -> dict[str, Any]:
        email = change(contact["email"]) if "email" in contact else None
        return contact | {"email": email}

    return Changed(contact=changed)


def _lines(change: Callable[[bytes], bytes | None]) -> Changed:
    """Change every physical line, or drop it."""

    def changed(content: bytes) -> bytes:
        lines = (change(line) for line in content.split(b"\r\n"))
        return b"\r\n".join(line for line in lines if line is not None)

    return Changed(file=changed)


def _sub(pattern: bytes, by: bytes) -> Changed:
    return Changed(file=lambda content: re.sub(pattern, by, content))


def _without(pattern: bytes) -> Changed:
    """Lose the cards that match; their lines stay, empty."""

    def lost(card: re.Match[bytes]) -> bytes:
        found = re.search(pattern, card[0])
        return b"\r\n" * card[0].count(b"\r\n") if found else card[0]

    cards = rb"BEGIN:VCARD\r\n.*?\r\nEND:VCARD\r\n"
    return Changed(file=lambda content: re.sub(cards, lost, content, flags=re.DOTALL))


def _unless(pattern: str) -> Changed:
    return Changed(contact=lambda contact: None if re.search(pattern, contact["name"]) else contact)


def _property(name: bytes, only: int) -> Changed:
    """Keep of each card only the first (0) or last (-1) property of *name*."""

    def changed(content: bytes) -> bytes:
        return re.sub(rb"BEGIN:VCARD\r\n.*?\r\nEND:VCARD\r\n", kept, content, flags=re.DOTALL)

    def kept(card: re.Match[bytes]) -> bytes:
        pattern = rb"^(?:[\w-]+\.)?" + name + rb"[;:][^\r]*\r\n(?:[ \t][^\r]*\r\n)*"
        found = re.findall(pattern, card[0], re.MULTILINE | re.IGNORECASE)
        text = card[0]
        for number, each in enumerate(found):
            if number != only % len(found):
                text = text.replace(each, b"", 1)
        return text

    return Changed(file=changed)


def _shifted(by: int) -> Changed:
    return Changed(error=lambda error: error | {"line": error["line"] + by})


def _by_index(report: Report) -> Report:
    errors = [each | {"line": at} for at, each in enumerate(report["errors"], 1)]
    return report | {"errors": errors}


def _counting(field: str, by: int) -> Changed:
    return Changed(
        report=lambda report: (
            report | {"summary": report["summary"] | {field: report["summary"][field] + by}}
        )
    )


def _swap(first: str, second: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda error: (
        error | ({"reason": second} if error["reason"] == first else {"reason": error["reason"]})
    )


def _latin_1(text: str) -> str:
    return text.encode().decode("latin-1")


def _next_email(contacts: Contacts) -> Contacts:
    """Keep the address of the card before where a card has none."""
    last = None
    for each in contacts:
        last = each["email"] = each.get("email") or last
    return contacts


def _at_begin(content: bytes) -> tuple[Report, Contacts] | None:
    """Name the line of BEGIN:VCARD in every error."""
    lines = content.decode("utf-8", "replace").upper().splitlines()
    begins = [at for at, line in enumerate(lines, 1) if line.startswith("BEGIN:VCARD")]

    def moved(error: dict[str, Any]) -> dict[str, Any]:
        return error | {"line": max((at for at in begins if at <= error["line"]), default=1)}

    return Changed(error=moved)(content)


def _at_end(content: bytes) -> tuple[Report, Contacts] | None:
    """Name the line of END:VCARD in every error."""
    lines = content.decode("utf-8", "replace").upper().splitlines()
    ends = [at for at, line in enumerate(lines, 1) if line.startswith("END:VCARD")]

    def moved(error: dict[str, Any]) -> dict[str, Any]:
        return error | {"line": min((at for at in ends if at >= error["line"]), default=1)}

    return Changed(error=moved)(content)


_OTHER_REASON = {MISSING: INVALID, INVALID: MISSING}

decoding_first = Changed(file=lambda content: content.decode("utf-8", "replace").encode())
"""Decodes a file before it unfolds lines: wrong only for folds that RFC 6350 section 3.2 forbids."""

WRONG: dict[str, Importer] = {
    # folds
    "unfolds without taking the blank out": _sub(rb"\r\n([ \t])", rb"\1"),
    "unfolds and trims the next line": _sub(rb"[ \t]*\r\n[ \t]+", b""),
    "unfolds and takes every blank of the next line": _sub(rb"\r\n[ \t]+", b""),
    "unfolds blanks, not tabs": _sub(rb"\r\n\t[^\r]*", b""),
    "drops folded lines": _sub(rb"\r\n[ \t][^\r]*", b""),
    "unfolds only once": _sub(rb"(\r\n [^\r]*)(?:\r\n[ \t][^\r]*)+", rb"\1"),
    "trims lines before it unfolds": _lines(
        lambda line: b" " + line.strip() if line[:1] in b" \t" and line else line.strip()
    ),
    "loses cards with lines of more than 998 octets": _without(rb"[^\r\n]{999}"),
    "drops cards with lines of more than 75 octets": _lines(
        lambda line: None if len(line) > 80 else line
    ),
    "ends a card at END:VCARD anywhere": _sub(rb"\r\n[ \t]*(?=END:VCARD \S)", b"\r\nEND:VCARD\r\n"),
    "begins a card at BEGIN:VCARD anywhere": _sub(rb"\r\n (?=BEGIN:VCARD)", b"\r\nBEGIN:VCARD\r\n"),
    # syntax
    "knows TEL in capitals only": _sub(rb"\n(?!TEL)((?i:tel)[;:])", rb"\nX-\1"),
    "knows FN in capitals only": _sub(rb"\n(?!FN)((?i:fn)[;:])", rb"\nX-\1"),
    "knows frames in capitals only": _sub(rb"(?:begin:vcard|Begin:vCard)", b"X:"),
    "knows no groups": _sub(rb"\n[A-Za-z0-9-]+\.((?:TEL|FN|EMAIL|tel)[;:])", rb"\nX-\1"),
    "knows groups named item1 only": _sub(rb"\n(?!item1)[A-Za-z0-9-]+\.(TEL[;:])", rb"\nX-\1"),
    "ends parameters at the first colon": _sub(rb'(\nTEL;[^\r":]*"[^\r":]*):[^\r]*', rb'\1":x'),
    "refuses quoted parameters": _sub(rb"\nTEL;[^\r:]*\"", b"\nX-T:"),
    "ignores repeated types": _sub(rb"\nTEL;TYPE=CELL;TYPE=VOICE", b"\nX-T"),
    "ignores joined types": _sub(rb"\nTEL;(?i:type)=\w+,\w+", b"\nX-T"),
    "ignores TEL with PREF": _sub(rb"\nTEL;PREF=", b"\nX-T;PREF="),
    "wants VERSION first": _without(rb"^BEGIN:VCARD\r\n(?!VERSION)"),
    "wants FN before TEL": _sub(rb"(VERSION:...\r\n)TEL", rb"\1X-T"),
    "takes X-TEL for TEL": _sub(rb"\nX-TEL", b"\nTEL"),
    "takes TEL in a NOTE": _sub(rb"\nNOTE:TEL", b"\nTEL"),
    "takes N for the name": _sub(rb"\nFN:(?=[^\r]*\r\nN:Altro)", b"\nX-FN:"),
    "takes a number from ADR": _sub(rb"\nADR:;;\+", b"\nTEL:+"),
    "loses cards with an empty property": _without(rb"\n(?:NOTE|X-CHECK):\r\n"),
    # escapes and names
    "does not unescape": _sub(rb"\\([,;\\])", rb"\\\\\\\1"),
    "unescapes one after the other": _sub(rb"\\\\n", rb"\\n"),
    "ends a name at a comma": _name(lambda name: name.split(",")[0]),
    "ends a name at a semicolon": _name(lambda name: name.split(";")[0]),
    "ends a name at a colon": _name(lambda name: name.split(":")[-1]),
    "reads UTF-8 as Latin-1": _name(_latin_1),
    "drops what is not ASCII": _name(lambda name: name.encode("ascii", "ignore").decode()),
    "drops what is not in the BMP": _name(lambda name: re.sub("[\U00010000-\U0010ffff]", "", name)),
    "replaces what is not in Latin-1": _name(
        lambda name: name.encode("latin-1", "replace").decode("latin-1")
    ),
    "strips accents": _name(lambda name: re.sub("[\u0300-\u036f]", "", normalize("NFD", name))),
    "drops the joiners of emoji": _name(lambda name: name.replace("\u200d", "")),
    "escapes HTML": _name(lambda name: html.escape(name, quote=False)),
    "escapes quotes": _name(lambda name: name.replace("'", "''")),
    "unescapes HTML": _name(html.unescape),
    "strips tags": _name(lambda name: re.sub("<[^>]*>", "", name)),
    "decodes percent signs": _name(unquote),
    "decodes plus signs": _name(lambda name: unquote_plus(name) if "+" in name else name),
    "capitalises names": _name(str.title),
    "takes names for numbers": _name(
        lambda name: str(int(name)) if name.isascii() and name.isdigit() else name
    ),
    "takes null for nothing": _unless("^(?:null|None)$"),
    "takes 0 for nothing": _unless("^0$"),
    "drops names of one letter": _unless("^.$"),
    "drops names with quotes": _unless('"'),
    "cuts names after 50 characters": _name(lambda name: name[:50]),
    "removes the first sign of a formula": _name(lambda name: name.lstrip("=+-@")),
    # addresses
    "drops what follows a plus": _email(lambda email: re.sub(r"\+[^@]*", "", email)),
    "writes addresses in small letters": _email(str.lower),
    "drops addresses with subdomains": _email(
        lambda email: None if email.count(".") > 3 else email
    ),
    "drops addresses with apostrophes": _email(lambda email: None if "'" in email else email),
    "cuts addresses after 40 characters": _email(lambda email: email[:40]),
    "drops all addresses": _email(lambda _: None),
    "keeps the address of the card before": Changed(contacts=_next_email),
    # numbers
    "reads no hyphens": _sub(rb"\nTEL:\+\d+-[^\r]*", b"\nTEL:n/d"),
    "reads no slashes": _sub(rb"\nTEL:\+\d+/[^\r]*", b"\nTEL:n/d"),
    "reads no two blanks": _sub(rb"\nTEL:\+\d+  [^\r]*", b"\nTEL:n/d"),
    "reads no parentheses": _sub(rb"\nTEL:\([^\r]*", b"\nTEL:n/d"),
    "reads no tel: URI": _sub(rb":tel:", b":sip:"),
    "reads tel: in small letters only": _sub(rb":TEL:", b":sip:"),
    "stores national numbers as they are": Changed(
        contact=lambda contact: (
            contact
            | {
                "phoneNumber": contact["phoneNumber"].removeprefix("+39")
                if "+39347" in contact["phoneNumber"]
                else contact["phoneNumber"]
            }
        )
    ),
    "drops the plus": Changed(
        contact=lambda contact: contact | {"phoneNumber": contact["phoneNumber"][1:]}
    ),
    "takes letters for a number": _sub(rb"\nTEL:(?:abcdefgh|n/d|unknown)", b"\nTEL:+33353649999"),
    "takes two digits for a number": _sub(rb"\nTEL:(?=12\r)", b"\nTEL:+333536499"),
    # errors
    "counts lines from 0 within folded files": _shifted(-9),
    "counts cards, not lines": Changed(report=_by_index),
    "counts logical lines": Changed(error=lambda error: error | {"line": error["line"] * 9 // 10}),
    "names BEGIN for every error": _shifted(-3),
    "gives errors no name": Changed(error=lambda error: error | {"name": ""}),
    "gives every error the same reason": Changed(
        error=_swap("Missing phone number", "Invalid phone number format")
    ),
    "takes a missing number for an invalid one": Changed(
        error=_swap("Invalid phone number format", "Missing phone number")
    ),
    "confuses the reasons": Changed(
        error=lambda error: error | {"reason": _OTHER_REASON.get(error["reason"], "")}
    ),
    "lists only errors of the first kind": Changed(
        error=lambda error: error if error["reason"].startswith("Missing") else None,
        report=lambda report: (
            report | {"summary": report["summary"] | {"errors": len(report["errors"])}}
        ),
    ),
    "counts one card too few": _counting("total", -1),
    "counts one error too many": _counting("errors", 1),
    "counts one import too few": _counting("imported", -1),
    # lists
    "keeps 200 contacts": Changed(contacts=lambda contacts: contacts[:200]),
    "loses the last contact": Changed(contacts=lambda contacts: contacts[:-1]),
    "lists a contact twice": Changed(contacts=lambda contacts: [*contacts, contacts[0]]),
    "adds a contact of nobody": Changed(
        contacts=lambda contacts: [*contacts, contacts[0] | {"name": "X Y", "phoneNumber": "+1"}]
    ),
    "gives no tags": Changed(contact=lambda contact: contact | {"tags": []}),
    "shifts the addresses by one": Changed(
        contacts=lambda contacts: [
            each | {"email": other.get("email")}
            for each, other in zip(contacts, [*contacts[1:], contacts[0]], strict=True)
        ]
    ),
}

FREE: dict[str, Importer] = {
    "ignores phone-context": _sub(rb";phone-context=[^\r]*", b""),
    "as the sandbox": imported,
    "null for no address": Changed(contact=lambda contact: {"email": None} | contact),
    "an empty address": Changed(contact=lambda contact: {"email": ""} | contact),
    "other fields beside": Changed(
        contact=lambda contact: contact | {"vip": True}, error=lambda error: error | {"code": 7}
    ),
    "the newest first": Changed(contacts=lambda contacts: contacts[::-1]),
    "two errors listed": Changed(report=lambda report: report | {"errors": report["errors"][:2]}),
    "no errors listed": Changed(report=lambda report: report | {"errors": []}),
    "errors in another order": Changed(
        report=lambda report: report | {"errors": report["errors"][::-1]}
    ),
    "reasons in other words": Changed(
        error=lambda error: (
            error
            | {"reason": "no number" if error["reason"].startswith("Missing") else "wrong number"}
        )
    ),
    "reasons with details": Changed(
        error=lambda error: error | {"reason": f"{error['reason']} (line {error['line']})"}
    ),
    "names decomposed": _name(lambda name: normalize("NFD", name)),
    "names tidied": _name(lambda name: re.sub("[\u200b\u00ad\u2060]", "", " ".join(name.split()))),
    "names cut after 255 characters": _name(lambda name: name[:255]),
    "domains in small letters": _email(
        lambda email: email.partition("@")[0] + email[email.index("@") :].lower()
    ),
    "rare addresses dropped": _email(
        lambda email: email if re.fullmatch(r"[\w.+'-]+@[a-z0-9.-]+", email, re.ASCII) else None
    ),
    "every error at BEGIN": _at_begin,
    "every error at the end": _at_end,
}
