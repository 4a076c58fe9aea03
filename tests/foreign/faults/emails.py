"""Faults in e-mail addresses: UC-020 extracts EMAIL."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context
    from tests.foreign.vcards import Card

TABLE = Table()


def _email(name: str, says: str, change: Callable[[str], str]) -> None:
    def on_card(card: Card, _: Context) -> Card:
        return replace(card, email=change(card.email))

    TABLE.changes("emails", f"email-{name}", says, stages.CARD, on_card)


def _only(name: str, says: str, pattern: str) -> None:
    compiled = re.compile(pattern)
    _email(name, says, lambda text: text if compiled.fullmatch(text) else "")


_only("plus-lost", "An address with a plus is lost.", r"[^+]*")
_only("subdomain-lost", "An address with a subdomain is lost.", r"[^@]*@[^.]*\.[^.]*")
_only("capitals-lost", "An address with capitals is lost.", r"[^A-Z]*")
_only("apostrophe-lost", "An address with an apostrophe is lost.", r"[^']*")
_only("hyphen-lost", "An address with a hyphen is lost.", r"[^-]*")
_only("underscore-lost", "An address with an underscore is lost.", r"[^_]*")
_only(
    "long-domain-lost",
    "An address whose last label has more than 3 letters is lost.",
    r".*\.\w{2,3}",
)
_only("digit-first-lost", "An address that begins with a digit is lost.", r"\D.*")
_only("dots-lost", "An address with a dot before the @ is lost.", r"[^.@]*@.*")
_email("lost", "No contact has an address.", lambda _: "")
_email("plus-cut", "What follows a plus is cut.", lambda text: re.sub(r"\+[^@]*", "", text))
_email("cut-30", "An address is cut after 30 characters.", lambda text: text[:30])
_email("cut-64", "An address is cut after 64 characters.", lambda text: text[:64])
_email("mailto-added", "An address begins with mailto:.", lambda text: text and f"mailto:{text}")
_email("html-escaped", "An address is escaped as HTML.", html.escape)
_email("percent-encoded", "The @ is percent-encoded.", lambda text: text.replace("@", "%40"))
_email("return-kept", "An address ends with a carriage return.", lambda text: text and f"{text}\r")
_email(
    "local-part-only", "An address is what stands before the @.", lambda text: text.split("@")[0]
)


def _first_of(card: Card, lost: Callable[[Card], object]) -> Card:
    return replace(card, email="") if lost(card) else card


def _with_parameters(card: Card, _: Context) -> Card:
    return _first_of(card, lambda card: any(each.parameters for each in card.all("EMAIL")))


def _in_group(card: Card, _: Context) -> Card:
    return _first_of(card, lambda card: any(each.group for each in card.all("EMAIL")))


def _version_4(card: Card, _: Context) -> Card:
    return _first_of(card, lambda card: card.version == "4.0")


def _of_card_before(card: Card, context: Context) -> Card:
    card = card if card.email else replace(card, email=context.memory.get("email", ""))
    context.memory["email"] = card.email
    return card


def _joined(card: Card, _: Context) -> Card:
    return replace(card, email=",".join(each.text for each in card.all("EMAIL")))


def _name_for_email(card: Card, _: Context) -> Card:
    return replace(card, name=card.email or card.name)


TABLE.changes(
    "emails",
    "email-with-type-lost",
    "EMAIL with a parameter is not read.",
    stages.CARD,
    _with_parameters,
)
TABLE.changes(
    "emails", "email-in-group-lost", "EMAIL in a group is not read.", stages.CARD, _in_group
)
TABLE.changes(
    "emails", "email-version-4-lost", "EMAIL of a vCard 4.0 is not read.", stages.CARD, _version_4
)
TABLE.changes(
    "emails",
    "email-of-card-before",
    "A card without EMAIL has that of the card before.",
    stages.CARD,
    _of_card_before,
)
TABLE.changes("emails", "email-joined", "All addresses of a card are joined.", stages.CARD, _joined)
TABLE.changes("emails", "email-for-name", "The name is the address.", stages.CARD, _name_for_email)
