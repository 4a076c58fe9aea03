"""The servers of a contract that are this machine: where it is served, they are the sandbox that serves it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


def names_another(document: Mapping[str, Any], base_url: str) -> bool:
    """Return whether a server of *document* is this machine, at another address than *base_url*."""
    urls = [each.get("url") for each in document.get("servers") or []]
    return any(_is_local(url) and url != base_url for url in urls)


def document_at(document: Mapping[str, Any], base_url: str) -> Mapping[str, Any]:
    """Return *document* with *base_url* for every server that is this machine."""
    if not names_another(document, base_url):
        return document
    servers = [
        {**each, "url": base_url} if _is_local(each.get("url")) else each
        for each in document.get("servers") or []
    ]
    return {**document, "servers": servers}


def text_at(text: str, base_url: str) -> str:
    """Return the same of a document as text, YAML or JSON, of which nothing else is changed."""
    for begin, end in reversed(_places(text)):
        text = f"{text[:begin]}{json.dumps(base_url)}{text[end:]}"
    return text


@lru_cache(maxsize=1)  # the contract in force
def _places(text: str) -> tuple[tuple[int, int], ...]:
    """Return where the URLs of servers on this machine begin and end, in their order."""
    return tuple(
        (node.start_mark.index, node.end_mark.index)
        for node in _urls(text)
        if _is_local(node.value)
    )


def _urls(text: str) -> Iterator[yaml.ScalarNode]:
    """Yield the URLs of the servers, in their order in the text."""
    for servers in _values(yaml.compose(text, yaml.CSafeLoader), "servers"):
        for server in servers.value if isinstance(servers, yaml.SequenceNode) else ():
            yield from (
                each for each in _values(server, "url") if isinstance(each, yaml.ScalarNode)
            )


def _values(node: yaml.Node | None, key: str) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (value for name, value in node.value if name.value == key)


def _is_local(url: object) -> bool:
    try:
        return isinstance(url, str) and urlsplit(url).hostname in _LOCAL
    except ValueError:  # no URL, such as one with a variable in it
        return False
