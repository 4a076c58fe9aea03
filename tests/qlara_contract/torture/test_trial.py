"""A trial: each difference confirmed alone, refusals traced to a feature, few files sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.promises import promise
from qlara_contract.torture import TortureBudget, assemble
from qlara_contract.torture.catalogue import BY_ID
from qlara_contract.torture.trial import CONFIRMATIONS, HALVES, SentFile, Trial, Verdicts
from tests.qlara_contract.torture.importers import FREE, WRONG, Changed, Importer, imported, writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.qlara_contract.torture.importers import Contacts, Report

QUICK = TortureBudget(cards=350, files=7)


class _Deployment:
    """Imports files as an importer does; an exchange is the number of the file."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self.files: list[bytes] = []

    def send(self, content: bytes) -> SentFile[int]:
        self.files.append(content)
        done = self._importer(content)
        if done is None:
            return SentFile(None, lambda: None, len(self.files))
        return SentFile(done[0], lambda: done[1], len(self.files))


def _tried(
    importer: Importer, may_send: Callable[[int], bool] = lambda _: True
) -> tuple[Verdicts[int], _Deployment]:
    deployment = _Deployment(importer)
    drawn = writer()
    files = assemble(drawn, QUICK)
    return Trial(drawn, deployment.send, may_send).run(files), deployment


def _refusing(octets: bytes) -> Importer:
    def importer(content: bytes) -> tuple[Report, Contacts] | None:
        return None if octets in content else imported(content)

    return importer


def test_a_right_deployment_keeps_every_promise_with_no_file_more() -> None:
    verdicts, deployment = _tried(imported)
    assert verdicts.broken == []
    assert len(verdicts.kept) > 20
    assert len(deployment.files) == 1 + len(assemble(writer(), QUICK)) <= 8


def test_a_feature_is_confirmed_alone() -> None:
    verdicts, deployment = _tried(WRONG["drops what is not in the BMP"])
    first, others = [each for each in verdicts.broken if each.promise == "cards.non-ascii"]
    assert deployment.files[first.exchange - 1].count(b"BEGIN:VCARD") == 1
    assert "(script." in first.what
    assert others.what.startswith("The same promise fails with other cards: script.")
    assert "cards.non-ascii" not in verdicts.kept


@pytest.mark.parametrize("name", WRONG)
def test_the_trial_of_a_wrong_deployment_is_short(name: str) -> None:
    verdicts, deployment = _tried(WRONG[name])
    assert [each for each in verdicts.broken if promise(each.promise).heading]
    assert len(deployment.files) <= 1 + QUICK.files + CONFIRMATIONS
    assert len(verdicts.broken) <= 30


def test_a_difference_that_does_not_recur_alone_is_told_as_such() -> None:
    verdicts, _ = _tried(WRONG["keeps the address of the card before"])
    [broken] = verdicts.broken
    assert broken.promise == "cards.email"
    assert broken.what == (
        "A contact without EMAIL has an address. Among other cards; not when it is sent alone."
        " (mail.none)"
    )


def test_cards_that_are_lost_for_their_place_are_told_as_such() -> None:
    every_fiftieth = Changed(
        contacts=lambda contacts: [each for at, each in enumerate(contacts, 1) if at % 50]
    )
    verdicts, _ = _tried(every_fiftieth)
    [broken] = verdicts.broken
    assert broken.promise == "upload.imports-a-file"
    assert broken.what.startswith(
        "4 of the cards of a file do not become contacts. Sent alone, the first of them does, "
        "so its place in the file, or the size of the file, is the cause."
    )


def test_what_makes_a_deployment_refuse_a_file_is_found_and_the_rest_is_judged() -> None:
    verdicts, deployment = _tried(_refusing("👨‍👩‍👧‍👦".encode()))
    assert [(each.promise, each.what) for each in verdicts.broken] == [
        (
            "cards.non-ascii",
            f"{BY_ID['script.emoji-joined'].what} The whole file is refused. (script.emoji-joined)",
        )
    ]
    assert "cards.escapes" in verdicts.kept
    assert len(deployment.files) <= QUICK.files + HALVES + 2


def test_where_no_plain_card_is_imported_nothing_is_judged() -> None:
    verdicts, deployment = _tried(lambda _: None)
    assert verdicts == Verdicts(obstacle="a file of plain cards is not imported")
    assert len(deployment.files) == 1


def test_nothing_more_is_sent_than_there_is_room_for() -> None:
    for importer in (WRONG["drops the plus"], _refusing("ò".encode())):
        _, deployment = _tried(importer, may_send=lambda _: False)
        assert len(deployment.files) == 1 + len(assemble(writer(), QUICK))


@pytest.mark.parametrize("name", FREE)
def test_a_right_deployment_that_decides_otherwise_breaks_nothing_documented(name: str) -> None:
    verdicts, _ = _tried(FREE[name])
    broken = {each.promise for each in verdicts.broken if promise(each.promise).heading}
    assert broken <= {"upload.error-line-exact"}
