"""The badge of a run: the worst that it found, in a few words that can be read on its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from qlara_contract.report.badge import _COLOURS, Badge, as_endpoint, as_svg, badge
from tests.qlara_contract.test_outcome import _known, _outcome

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome


def _stopped() -> Outcome:
    outcome = _outcome()
    outcome.stopped = "the run was interrupted"
    return outcome


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (_outcome(), Badge("1 promise broken", "red")),
        (_outcome(broken=False), Badge("2 promises kept", "brightgreen")),
        (_outcome(_known("list.total")), Badge("2 kept, 1 known deviation", "brightgreen")),
        (_stopped(), Badge("stopped early", "lightgrey")),
    ],
)
def test_a_badge_tells_the_worst(outcome: Outcome, expected: Badge) -> None:
    assert badge(outcome) == expected


def test_the_endpoint_is_what_shields_io_reads() -> None:
    assert as_endpoint(Badge("1 promise broken", "orange")) == {
        "schemaVersion": 1,
        "label": "Qlara contract",
        "message": "1 promise broken",
        "color": "orange",
        "isError": True,
    }


def test_the_picture_says_the_same_to_those_who_do_not_see_it() -> None:
    root = ET.fromstring(as_svg(Badge("2 < 3", "red")))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"

    assert root.get("aria-label") == root.findtext(f"{space}title") == "Qlara contract: 2 < 3"
    assert [each.text for each in root.iter(f"{space}text")] == ["Qlara contract", "2 < 3"]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", _COLOURS.values())
def test_white_text_can_be_read_on_every_colour(colour: str) -> None:
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.5
