"""The pictures of docs/console.md can be taken anew, and show the page as it is shaped today."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from tests.console.images import FOLDER, take

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.server import Running

PAGE = FOLDER.parent / "console.md"
MOST_BYTES = 150_000
# Fonts differ from machine to machine, and with them where lines break.
TOLERANCE = 0.25


def size(png: bytes) -> tuple[int, int]:
    """Return width and height of a picture (PNG, section 11.2.1)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_every_picture_can_be_taken_anew_and_has_the_shape_of_the_one_that_is_shown(
    browser: Browser, sandbox: Running
) -> None:
    taken = dict(take(browser, sandbox))

    assert set(re.findall(r"images/([\w-]+\.png)", PAGE.read_text("utf-8"))) == taken.keys()
    assert {path.name for path in FOLDER.glob("console-*.png")} == taken.keys()
    for name, picture in taken.items():
        shown = (FOLDER / name).read_bytes()
        assert len(shown) < MOST_BYTES, name
        for now, then in zip(size(picture), size(shown), strict=True):
            assert abs(now - then) <= TOLERANCE * then, f"{name} has changed: make images"
