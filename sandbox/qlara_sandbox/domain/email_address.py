"""The e-mail address in the value of an ``EMAIL``, and how sure it is one that mail can be sent to.

Outlook and Exchange export X.400 and Exchange names as ``EMAIL``; web pages and mail programs leave
``mailto:``, angle brackets and the name of the person around the address.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_LONGEST = 500  # RFC 5321 4.5.3.1 allows an address 254 characters; the rest is for a name

_SCHEME = re.compile(r"\s*(?:mailto|smtp):\s*", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_QUOTES = ("'", '"')
_ADDRESS = re.compile(r"[^\s@<>,;:/=]+@[^\s@<>,;:/=]+")
# What an Exchange server makes of a name that is no address (IMCEAEX-_O=EX_OU=…@example.com).
_ENCAPSULATED = "IMCEA"


def bare(typed: str) -> str:
    """Return the address without ``mailto:``, angle brackets and display name.

    A text that is no address is returned as it is.
    """
    if not ("<" in typed or ":" in typed or " " in typed or typed[:1] in _QUOTES):
        return typed  # as nearly all are
    if len(typed) > _LONGEST:
        return typed
    scheme = _SCHEME.match(typed)
    address = typed[scheme.end() :] if scheme else typed
    if scheme and scheme[0].strip().lower() == "mailto:":
        address = unquote(address.partition("?")[0])
    for bracketed in _IN_BRACKETS.findall(address):
        inside = _without_mailto(bracketed.strip())
        if "@" in inside and not any(map(str.isspace, inside)):
            return inside
    address = _without_comment(address.strip()).strip(" \t\"'<>")
    return address if "@" in address else typed


def _without_mailto(address: str) -> str:
    return address[7:].lstrip() if address[:7].lower() == "mailto:" else address


def _without_comment(address: str) -> str:
    opened = address.rfind("(")
    closed = address.find(")", opened)
    return address[:opened] if 0 <= opened < closed == len(address) - 1 else address


def doubt(address: str) -> int:
    """Return 0 for what can be sent to, 1 for what at least has an ``@``, 2 for any other text."""
    if "@" not in address:
        return 2
    return int(address.upper().startswith(_ENCAPSULATED) or not _ADDRESS.fullmatch(address))
