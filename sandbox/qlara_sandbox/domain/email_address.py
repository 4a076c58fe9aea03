"""The e-mail address in the value of an ``EMAIL``, and how sure it is one that mail can be sent to.

Outlook and Exchange export X.400 and Exchange names as ``EMAIL``; web pages and mail programs leave
``mailto:``, angle brackets and the name of the person around the address.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_LONGEST = 500  # RFC 5321 4.5.3.1 allows an address 254 characters; the rest is for a name

_SCHEME = re.compile(r"\s*(?:mailto|smtp):\s*", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<\s*(?:mailto:\s*)?([^<>\s]*@[^<>\s]*)\s*>", re.IGNORECASE)
_QUOTES = ("'", '"')
_COMMENT = re.compile(r"\s*\([^()]*\)\s*\Z")
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
    if bracketed := _IN_BRACKETS.search(address):
        return bracketed[1]
    address = _COMMENT.sub("", address).strip(" \t\"'<>")
    return address if "@" in address else typed


def doubt(address: str) -> int:
    """Return 0 for what can be sent to, 1 for what at least has an ``@``, 2 for any other text."""
    if "@" not in address:
        return 2
    return int(address.upper().startswith(_ENCAPSULATED) or not _ADDRESS.fullmatch(address))
