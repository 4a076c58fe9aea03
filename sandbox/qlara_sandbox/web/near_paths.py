"""Which path somebody meant who asked for one that there is not."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How alike two paths must be, from 0 to 1: a wrong letter, a missing part or two parts exchanged.
_ALIKE = 0.8
# Longer ones are no slip of the keyboard, and cost much to compare.
_LONGEST = 200


def hint(path: str, known: Sequence[str]) -> str | None:
    """Return a sentence that names the path of *known* that *path* is nearly one of; None: it is near none.

    What *known* has in braces stands for any part, and is shown as *path* has it.
    """
    if not 1 < len(path) <= _LONGEST:
        return None
    likeness, template = max(((_likeness(path, each), each) for each in known), default=(0, ""))
    if likeness < _ALIKE:
        return None
    return f"Did you mean {_filled_in(template, path)}?{_prefixes(path, template, known)}"


def _likeness(path: str, template: str) -> float:
    asked, there = _parts(path), _parts(_filled_in(template, path))
    if sorted(asked) == sorted(there):
        return 1.0
    if _ends_alike(asked, there, _parts(template)):
        return _ALIKE
    matcher = SequenceMatcher(None, "/".join(asked), "/".join(there), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


def _ends_alike(asked: list[str], there: list[str], template: list[str]) -> bool:
    """Return whether one is the end of the other, by two parts at least that are no parameters."""
    size = min(len(asked), len(there))
    named = [part for part in template[-size:] if not part.startswith("{")]
    return size > 0 and asked[-size:] == there[-size:] and len(named) > 1


def _parts(path: str) -> list[str]:
    return [part for part in path.lower().split("/") if part]


def _filled_in(template: str, path: str) -> str:
    """Return *template* with the parts of *path* that stand where it has parameters."""
    there, asked = template.split("/"), path.strip("/").split("/")
    if "{" not in template or not asked:
        return template
    # Counted from the end: what is missing or too much is mostly the prefix.
    filled = [
        asked[index] if part.startswith("{") and -index <= len(asked) and asked[index] else part
        for index, part in zip(range(-len(there), 0), there, strict=True)
    ]
    return "/".join(filled)


def _prefixes(path: str, template: str, known: Iterable[str]) -> str:
    """Return a sentence on the prefixes, where *path* has that of other paths."""
    asked, there = path.strip("/").split("/"), template.strip("/").split("/")
    for size in range(2, min(len(asked), len(there))):
        if asked[:size] != there[:size] and sorted(asked[:size]) == sorted(there[:size]):
            prefix, right = "/" + "/".join(asked[:size]), "/" + "/".join(there[:size])
            if any(other.startswith(f"{prefix}/") for other in known):
                return f" The two prefixes differ: {right} here, {prefix} for other paths."
            return ""
    return ""
