"""Italian mobile numbers in the many ways in which people type them, and what they type instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# Prefixes that are in use for ten-digit mobile numbers.
_PREFIXES = (
    *("320", "324", "327", "328", "329", "330", "331", "333", "334", "335", "338", "339"),
    *("340", "342", "345", "346", "347", "348", "349", "350", "351", "360", "366", "368"),
    *("370", "371", "373", "375", "377", "380", "388", "389", "391", "392", "393"),
)
# {0} prefix, {1} and {2} the rest, {3} to {5} the rest cut otherwise.
_INTERNATIONAL = (
    "+39 {0} {1}{2}",
    "+39 {0} {1} {2}",
    "+39{0}{1}{2}",
    "+39-{0}-{1}-{2}",
    "+39 {0} {3} {4} {5}",
    "(+39) {0} {1}{2}",
)
_NATIONAL = (
    "{0} {1} {2}",
    "{0} {1}{2}",
    "{0}{1}{2}",
    "{0}-{1}{2}",
    "{0}/{1}{2}",
    "{0}.{1}.{2}",
    "{0} {3} {4} {5}",
    "0039 {0} {1}{2}",
    "0039{0}{1}{2}",
)
_URIS = ("tel:+39-{0}-{1}-{2}", "tel:+39{0}{1}{2}")
_INVALID_ANYWHERE = (
    "n/d",
    "da chiedere",
    "+39 {0} {1}{2} / +39 348 {2}{1}",
    "+39 3",
    "+39 118",
    "non ha il cellulare",
)
_INVALID_IN_ITALY = (
    "{0} {1}{2} / 348 {2}{1}",
    "{0}{1}{2}, 349{2}{1}",
    "4898989",
    "40112",
    "118",
    "{0} 12",
    "{0} {1}{2}{1}{2}",
    "899 {1}456",
)


def new_number(rng: Random, taken: set[str]) -> str:
    """Return a mobile number in E.164 that is not yet *taken*, and add it there."""
    while True:
        number = f"+39{rng.choice(_PREFIXES)}{rng.randrange(1_000_000, 10_000_000)}"
        if number not in taken:
            taken.add(number)
            return number


def typed(rng: Random, number: str, *, region: str, uri: bool) -> str:
    """Return an E.164 *number* of ours as somebody would type it.

    An account of another region than Italy reads no national number and no ``0039`` as Italian, so
    there it always begins with ``+39``. With *uri*, ``tel:`` URIs (RFC 3966) are drawn as well.
    """
    forms = _INTERNATIONAL + (_NATIONAL if region == "IT" else ())
    if uri and rng.random() < 0.5:  # noqa: PLR2004 - half of them
        forms = _URIS
    return _fill(rng.choice(forms), number)


def not_a_number(rng: Random, *, region: str) -> str:
    """Return what people type into ``TEL`` and no reading makes a usable number of."""
    forms = _INVALID_ANYWHERE + (_INVALID_IN_ITALY if region == "IT" else ())
    number = f"+39{rng.choice(_PREFIXES)}{rng.randrange(1_000_000, 10_000_000)}"
    return _fill(rng.choice(forms), number)


def landline(rng: Random) -> str:
    """Return a number of an office, as a second number of a card."""
    return rng.choice(("02 8{}", "+39 06 6{}", "051-2{}")).format(rng.randrange(100_000, 1_000_000))


def _fill(form: str, number: str) -> str:
    prefix, rest = number[3:6], number[6:]
    return form.format(prefix, rest[:3], rest[3:], rest[:2], rest[2:4], rest[4:])
