"""Reads HTML pages as a browser saves them: headings, blocks of code, comments."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from qlara_examples.blocks import Block, Heading, Line, UnreadablePage, directive_in
from qlara_examples.markdown import read_block

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SILENT = frozenset({"script", "style", "button", "svg", "template", "noscript"})
_NUMBERS = re.compile(r"\b(?:line-?numbers?|lineno|linenos|gutter|hash-link)\b")
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight-source|brush:)[-\s]?([\w+-]+)")
_BLOCKS = frozenset({"div", "li", "p", "tr"})
_VOID = frozenset({"br", "img", "hr", "input", "meta", "link", "wbr", "source", "col"})


def read_web_page(text: str) -> list[Block]:
    """Return the blocks of an HTML page.

    Raises:
        UnreadablePage: it has a declaration that is not HTML.
    """
    reader = _HtmlReader()
    try:
        reader.feed(text)
        reader.close()
    except AssertionError as error:  # how the standard library's parser fails
        raise UnreadablePage(f"not HTML at line {reader.getpos()[0]}: {error}") from error
    return reader.blocks


class _HtmlReader(HTMLParser):
    """Collects the text of headings and of ``<pre>``, each line with its number in the source."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.blocks: list[Block] = []
        self._stack: list[tuple[str, bool]] = []  # open elements, and whether they are silent
        self._heading: tuple[int, int, list[str]] | None = None
        self._pre: list[Line] | None = None
        self._language = ""

    @property
    def _silent(self) -> bool:
        return any(silent for _, silent in self._stack)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = next((value or "" for name, value in attrs if name == "class"), "")
        if tag == "br":
            self._add("\n")
        if tag in _VOID:
            return
        if self._pre is not None and tag in _BLOCKS and self._pre[-1].text:
            self._add("\n")
        self._stack.append((tag, tag in _SILENT or bool(_NUMBERS.search(classes))))
        if named := _LANGUAGE.search(classes):
            self._language = named[1].lower()
        if tag == "pre":
            self._pre = [Line(self.getpos()[0], "")]
        elif tag in _HEADINGS:
            self._heading = (self.getpos()[0], _HEADINGS[tag], [])

    def handle_endtag(self, tag: str) -> None:
        if tag not in [name for name, _ in self._stack]:
            return
        while self._stack.pop()[0] != tag:
            pass
        if tag == "pre" and self._pre is not None:
            self.blocks += read_block(_trimmed(self._pre), self._language)
            self._pre, self._language = None, ""
        elif tag in _HEADINGS and self._heading is not None:
            line, level, parts = self._heading
            self.blocks.append(Heading(line, level, " ".join("".join(parts).split()).rstrip("#¶ ")))
            self._heading = None

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._add(unescape(f"&#{name};"))

    def handle_comment(self, data: str) -> None:
        found = directive_in(Line(self.getpos()[0], f"<!--{data}-->"))
        if found:
            self.blocks.append(found)

    def _add(self, text: str) -> None:
        if self._silent:
            return
        if self._heading is not None:
            self._heading[2].append(text)
        if self._pre is not None:
            self._add_code(text.replace("\xa0", " ").replace("\u200b", ""))

    def _add_code(self, text: str) -> None:
        assert self._pre is not None
        number = self.getpos()[0]
        for at, part in enumerate(text.split("\n")):
            if at:
                self._pre.append(Line(number + at, part))
            else:
                begun = self._pre[-1]
                line = begun.number if begun.text else number
                self._pre[-1] = Line(line, begun.text + part)


def _trimmed(lines: list[Line]) -> list[Line]:
    kept = [Line(line.number, line.text.rstrip()) for line in lines]
    while kept and not kept[0].text.strip():
        kept.pop(0)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return kept
