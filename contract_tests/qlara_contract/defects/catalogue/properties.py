"""Defects of single properties of a card: groups, letter case, parameters, order, escapes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Group
from qlara_contract.defects.files import LEFT_OUT, CardText, PropertyLine
from qlara_contract.defects.kinds import Kind, cards_refused, on_cards, on_property, unread

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_CONTACTS = ("FN", "TEL", "EMAIL")


def _group(one: PropertyLine) -> str:
    return one.name.rpartition(".")[0]


def _outside(pattern: str) -> Callable[[PropertyLine], bool]:
    """Return whether a property stands in a group that *pattern* does not match."""
    return lambda one: bool(_group(one)) and not re.fullmatch(pattern, _group(one))


def _has(pattern: str) -> Callable[[PropertyLine], object]:
    """Return whether *pattern* is found in the parameters."""
    compiled = re.compile(pattern)
    return lambda one: compiled.search(one.parameters)


def _has_outside_quotes(pattern: str) -> Callable[[PropertyLine], object]:
    compiled = re.compile(pattern)
    return lambda one: compiled.search(re.sub(r'"[^"]*"', "", one.parameters))


def _in_value(pattern: str, other: str) -> Callable[[PropertyLine], PropertyLine]:
    compiled = re.compile(pattern)
    return lambda one: replace(one, value=compiled.sub(other, one.value))


def _without(kind: str, lines: list[str]) -> list[str]:
    return [LEFT_OUT + "\r\n" if re.match(rf"{kind}[;:]", each) else each for each in lines]


def _reading(kind: str, *, is_after: bool = False) -> Callable[[CardText], CardText]:
    """Read the name from *kind* where a card has it (and, *is_after*, has it after FN)."""

    def changed(card: CardText) -> CardText:
        found, fn = card.first(kind), card.first("FN")
        if found is None or (is_after and card.text.find(f"\n{kind}") < card.text.find("\nFN")):
            return card
        if fn is None:
            return card
        parts = [each for each in re.split(r"(?<!\\);", found.value) if each]
        return replace(card, text=card.text.replace(str(fn), f"FN:{' '.join(parts)}", 1))

    return changed


def _before_fn_lost(card: CardText) -> CardText:
    lines = card.text.splitlines(keepends=True)
    names = [at for at, line in enumerate(lines) if re.match(r"FN[;:]", line)]
    first = names[0] if names else 0
    for kind in ("TEL", "EMAIL"):
        lines[:first] = _without(kind, lines[:first])
    return replace(card, text="".join(lines))


def _number_anywhere(card: CardText) -> CardText:
    found = re.search(r"\+\d{8,}", card.text)
    if card.first("TEL") or not found:
        return card
    return replace(
        card, text=re.sub(r"(?m)^(FN[;:].*)$", rf"\1\nTEL:{found[0]}", card.text, count=1)
    )


def _repeats(*kinds: str) -> Callable[[CardText], bool]:
    def repeats(card: CardText) -> bool:
        names = re.findall(r"(?m)^([A-Z-]+)[;:]", card.text)
        return any(names.count(kind) > 1 for kind in kinds)

    return repeats


def _cards_with(pattern: str) -> Callable[[CardText], object]:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda card: compiled.search(card.text)


_groups = Kind(Group.CARDS, ("cards.groups",), unread(""))
_case = Kind(Group.CARDS, ("cards.letter-case",), unread(""))
_quoted = Kind(Group.CARDS, ("cards.quoted-parameters",), unread(""))
_tel = Kind(Group.CARDS, ("cards.type-spellings",), unread("TEL"))
_fn = Kind(Group.CARDS, ("cards.type-spellings",), unread("FN"))
_renamed = Kind(Group.CARDS, ("cards.other-properties",), on_property(""))
_escapes = Kind(Group.CARDS, ("cards.escapes",), on_property("FN"))
_order = Kind(Group.CARDS, ("cards.properties-in-any-order",), on_cards)
_name = Kind(Group.CARDS, ("cards.name",), on_cards)
_missing = Kind(Group.CARDS, ("upload.error-missing-phone",), on_cards)
_refused = Kind(Group.CARDS, ("cards.other-properties",), cards_refused)

DEFECTS = (
    _groups(
        "only-groups-called-item",
        "Only the groups `item1`, `item2` and so on are known.",
        _outside(r"item\d+"),
    ),
    _groups(
        "groups-of-one-digit",
        "`item12` is not a group: one digit is expected.",
        _outside(r"\D*\d?"),
    ),
    _groups(
        "groups-with-a-hyphen-not-read",
        "A property in a group with a hyphen is not read.",
        _outside("[^-]*"),
    ),
    _groups(
        "groups-in-capitals-not-read",
        "A property in a group in capitals is not read.",
        _outside("[^A-Z]*"),
    ),
    _groups(
        "groups-of-digits-not-read",
        "A property in a group that begins with a digit is not read.",
        _outside(r"\D.*"),
    ),
    _groups(
        "long-groups-not-read",
        "A property in a group of more than 32 characters is not read.",
        _outside(".{,32}"),
    ),
    _groups(
        "names-in-groups-not-read",
        "FN in a group is not read.",
        lambda one: one.kind == "FN" and _group(one),
    ),
    _groups(
        "emails-in-groups-not-read",
        "EMAIL in a group is not read.",
        lambda one: one.kind == "EMAIL" and _group(one),
    ),
    _case(
        "fn-in-upper-case-only",
        "FN in any other letter case is not read.",
        lambda one: one.kind == "FN" and "FN" not in one.name,
    ),
    _case(
        "email-in-upper-case-only",
        "EMAIL in any other letter case is not read.",
        lambda one: one.kind == "EMAIL" and "EMAIL" not in one.name,
    ),
    _case(
        "mixed-letter-case-not-read",
        "A property is read in upper or in lower case, not as `Tel` or `Email`.",
        lambda one: one.kind in _OF_CONTACTS and not one.name.isupper() and not one.name.islower(),
    ),
    _case(
        "parameters-in-lower-case-not-read",
        "A TEL with a parameter name in lower case is not read.",
        lambda one: one.kind == "TEL" and re.search(";[a-z]+=", one.parameters),
    ),
    _case(
        "uri-in-capitals-not-read",
        "A TEL with `VALUE=URI` in capitals is not read.",
        _has("VALUE=URI"),
    ),
    _quoted(
        "properties-with-quotes-not-read",
        "A property with a quoted parameter is not read.",
        _has('"'),
    ),
    _quoted(
        "quoted-semicolons-split",
        "A semicolon inside quotes ends the parameter, and what follows is not read.",
        _has('"[^"]*;'),
    ),
    _quoted(
        "quoted-commas-split",
        "A comma inside quotes ends the parameter, and what follows is not read.",
        _has('"[^"]*,'),
    ),
    _quoted(
        "quoted-colons-end-parameters",
        "A colon inside the quotes of FN or EMAIL begins the value.",
        lambda one: one.kind in ("FN", "EMAIL") and re.search('"[^"]*:', one.parameters),
    ),
    _quoted("empty-quotes-not-read", "A property with an empty parameter is not read.", _has('""')),
    _tel(
        "joined-types-not-read",
        "A TEL with several types in one parameter is not read.",
        _has_outside_quotes("(?i)TYPE=[^;]*,"),
    ),
    _tel(
        "repeated-types-not-read",
        "A TEL with `TYPE` twice is not read.",
        _has("(?i)TYPE=.*TYPE="),
    ),
    _tel(
        "unknown-types-not-read",
        "A TEL with a type that is not in RFC 2426 is not read.",
        _has("(?i)TYPE=(X-|TEXT)"),
    ),
    _tel(
        "numbers-of-work-not-read",
        "A TEL of `TYPE=WORK` is not read.",
        _has("(?i)TYPE=WORK"),
        "cards.folded-lines",
    ),
    _tel(
        "extended-parameters-not-read",
        "A TEL with a parameter `X-…` is not read.",
        _has("(?i);X-"),
    ),
    _tel(
        "preference-not-read",
        "A TEL with the parameter `PREF` is not read.",
        _has(r"(?i);PREF=\d"),
    ),
    _tel("value-text-not-read", "A TEL with `VALUE=text` is not read.", _has("(?i)VALUE=text")),
    _tel(
        "messages-not-read", "A TEL of `TYPE=MSG` or `TYPE=text` is not read.", _has("(?i)MSG|text")
    ),
    _tel(
        "four-parameters-not-read",
        "A property with more than three parameters is not read.",
        lambda one: one.parameters.count(";") > 3,
    ),
    _tel(
        "bare-types-not-read",
        "A type without `TYPE=`, as in vCard 2.1, hides the number.",
        _has(r";[A-Z]+(;|$)"),
        "cards.forgiving",
    ),
    _tel(
        "empty-types-not-read", "`TYPE=` hides the number.", _has(r"TYPE=(;|$)"), "cards.forgiving"
    ),
    _fn("language-not-read", "FN with `LANGUAGE` is not read.", _has("LANGUAGE")),
    _fn("alternatives-not-read", "A property with `ALTID` is not read.", _has("ALTID")),
    _fn("property-ids-not-read", "A property with `PID` is not read.", _has("PID=")),
    _escapes(
        "escaped-semicolons-kept",
        "`\\;` keeps its backslash; `\\,` does not.",
        _in_value(r"\\;", r"\\\\;"),
    ),
    _escapes(
        "escaped-commas-kept",
        "`\\,` keeps its backslash; `\\;` does not.",
        _in_value(r"\\,", r"\\\\,"),
    ),
    _escapes(
        "escaped-line-feeds-kept",
        "`\\n` stays as it is written.",
        _in_value(r"(?<!\\)\\n", r"\\\\n"),
    ),
    _escapes(
        "escaped-line-feeds-in-capitals-kept",
        "`\\N` stays as it is written.",
        _in_value(r"(?<!\\)\\N", r"\\\\N"),
    ),
    _escapes(
        "line-feeds-in-names-lost",
        "`\\n` is dropped, so that two words become one.",
        _in_value(r"(?<!\\)\\[nN]", ""),
    ),
    _escapes(
        "escapes-read-one-after-another",
        "A backslash before an n, `\\\\n`, becomes a line feed.",
        _in_value(r"\\\\(?=n)", r"\\"),
    ),
    _escapes("backslashes-lost", "All backslashes are dropped.", _in_value(r"\\\\", "")),
    _escapes(
        "semicolon-ends-the-name", "A name ends at its first semicolon.", _in_value(r"\\?;.*", "")
    ),
    _escapes(
        "backslash-ends-the-name",
        "A name ends at its first escaped backslash.",
        _in_value(r"\\\\.*", ""),
    ),
    _renamed(
        "extensions-read-as-properties",
        "`X-TEL` and `X-EMAIL` are read as TEL and EMAIL.",
        lambda one: replace(one, name=re.sub(r"^X-(?=TEL$|EMAIL$)", "", one.name)),
        "upload.error-missing-phone",
    ),
    _name(
        "name-from-nickname",
        "The name is NICKNAME wherever a card has it.",
        _reading("NICKNAME"),
    ),
    _name("name-from-n", "The name is N wherever a card has it.", _reading("N")),
    _name("name-from-org", "The name is ORG wherever a card has it.", _reading("ORG")),
    _name(
        "name-from-sort-string",
        "The name is SORT-STRING wherever a card has it.",
        _reading("SORT-STRING"),
    ),
    _order(
        "last-of-two-names", "The name is N if it stands after FN.", _reading("N", is_after=True)
    ),
    _order("properties-before-fn-lost", "TEL and EMAIL are only read after FN.", _before_fn_lost),
    _missing(
        "number-anywhere-taken",
        "Without TEL, anything on the card that looks like a number is taken.",
        _number_anywhere,
    ),
    _refused("two-emails-refused", "A card with two EMAIL is refused.", _repeats("EMAIL")),
    _refused("two-numbers-refused", "A card with two TEL is refused.", _repeats("TEL")),
    _refused(
        "extensions-refused",
        "A card with an unknown property is refused.",
        _cards_with("^(X-[A-Z-]+|FAVORITE)[;:]"),
    ),
    _refused(
        "empty-values-refused",
        "A card with an empty property is refused.",
        _cards_with(r"^(NOTE|ADR|X-CHECK):\r?$"),
    ),
    _refused("dates-refused", "A card with a BDAY is refused.", _cards_with("^BDAY")),
    _refused("identifiers-refused", "A card with a UID is refused.", _cards_with("^UID")),
    _refused("addresses-refused", "A card with an ADR is refused.", _cards_with("^ADR")),
)
