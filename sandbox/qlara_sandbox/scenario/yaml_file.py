"""A YAML file as plain values, and the line on which each of them stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from qlara_sandbox.scenario.errors import InvalidScenario, Mistake
from qlara_sandbox.scenario.plain_yaml import PlainLoader, explained, require_shallow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


_KEY_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"})
_MOST_VALUES = 1_000_000
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null")
)


class YamlFile:
    """The values of one file; ``line_of`` leads from a path into them to a 1-based line.

    ``mistakes`` are the fields that stand twice or are nothing that a scenario has; ``value`` is without them.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            InvalidScenario: it is not YAML.
        """
        self.path = path
        self._lines: dict[tuple[str | int, ...], int] = {}
        self._values = 0
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise InvalidScenario(path, [Mistake(1, "", message)]) from error
        except UnicodeDecodeError as error:
            raise InvalidScenario(path, [Mistake(1, "", f"not UTF-8: {error}")]) from error
        try:
            require_shallow(text)
            loader = PlainLoader(text)
            node = loader.get_single_node()
            self.mistakes = list(self._walk(node, ())) if node is not None else []
            self.value: Any = None
            if node is not None and node.tag in _TAGS:
                self.value = loader.construct_document(node)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
            line, message = explained(error, text)
            if "'\\t'" in message or "tab character" in message:
                message += "; indent with blanks, not with tabs"
            raise InvalidScenario(path, [Mistake(line or 1, "", message)]) from error

    def line_of(self, path: Sequence[str | int]) -> int:
        """Return the line of the value at *path*, or of the nearest one around it."""
        at = tuple(path)
        while at not in self._lines and at:
            at = at[:-1]
        return self._lines.get(at, 1)

    def _walk(self, node: yaml.Node, at: tuple[str | int, ...]) -> Iterator[Mistake]:
        self._lines.setdefault(at, node.start_mark.line + 1)
        self._values += 1
        if self._values > _MOST_VALUES:  # also what aliases repeat, and repeat again
            raise yaml.YAMLError(f"more than {_MOST_VALUES} values")
        if node.tag not in _TAGS:
            yield Mistake(node.start_mark.line + 1, dotted(at), f"{node.tag} is not used here")
        if isinstance(node, yaml.MappingNode):
            usable: dict[str, tuple[yaml.Node, yaml.Node]] = {}
            for key, value in node.value:
                is_scalar = isinstance(key, yaml.ScalarNode)
                name, line = key.value if is_scalar else "?", key.start_mark.line + 1
                if key.tag not in _KEY_TAGS:
                    yield Mistake(line, dotted((*at, name)), "expected a name; put it in quotes")
                elif name in usable:
                    yield Mistake(line, dotted((*at, name)), "duplicate field")
                else:
                    usable[name] = key, value
                self._lines[(*at, name)] = line
                yield from self._walk(value, (*at, name))
                if value.tag not in _TAGS:
                    usable.pop(name, None)
            node.value = list(usable.values())
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self._walk(item, (*at, index))


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people read it: ``lists[0].contacts``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
