"""An import held against the whole list that it went into: who is missing, who is there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.promises import promise
from qlara_proxy.judging.fields import AS_IMPORTED, FieldChecks
from qlara_proxy.judging.imports import promise_of, suspects
from qlara_proxy.judging.reading import hashed
from qlara_proxy.judging.traits import OF_REGION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.ledger import Difference
    from qlara_proxy.judging.listed import AccountContext
    from qlara_proxy.judging.reading import CardDigest
    from qlara_proxy.judging.seen import SeenImport, SeenPage


class ImportComparison(FieldChecks):
    """One import, and all contacts of its list, which were read from *began* on."""

    def __init__(
        self,
        context: AccountContext,
        seen: SeenImport,
        page: SeenPage,
        contacts: Sequence[Mapping[str, Any]],
        began: float,
    ) -> None:
        super().__init__(context, seen, page, contacts)
        self._delay = began - seen.ended
        self._late: list[Difference] = []

    def judge(self, others: Sequence[Any]) -> bool:
        """Judge the import by the list; *others* were sent at the same time.

        Return whether all of its contacts are there, as far as they are known to be due.
        """
        seen = self._seen
        if not self._cards or not seen.summary:
            return True
        missing = [each for each in self._cards if each.number not in self._by_number]
        found = [each for each in self._cards if each.number in self._by_number]
        if others:
            self._together(missing, others)
        else:
            self._alone(missing, found)
        if self._late:
            self._settling.missing(self._delay, *self._late)
        return not self._late

    def judge_again(self) -> bool:
        """Look once more for what was not there; return whether there is nothing more to look for."""
        missing = [each for each in self._cards if each.number not in self._by_number]
        found = [each for each in self._cards if each.number in self._by_number]
        if not missing:
            self._settling.late()
            what = "The contacts of an import were not in its list at once."
            self._ledger.broken(
                self._difference(
                    "list.visible-at-once", what, "at once", "later", "late", by=("settle",)
                )
            )
            return True
        self._missing(missing, found)
        self._settling.missing(self._delay, *self._late)
        return False

    def _alone(self, missing: Sequence[CardDigest], found: Sequence[CardDigest]) -> None:
        """Judge an import that nothing else was sent together with."""
        seen = self._seen
        is_due = not seen.summary["duplicates"] or seen.strategy == "UPDATE"
        reported = seen.summary["errors"] > (seen.file.total - len(self._cards) if seen.file else 0)
        if missing and is_due and not reported:
            self._missing(missing, found)
        elif not missing and found:
            self._settling.shown(self._delay)
            self._ledger.kept(
                "list.visible-at-once", "upload.imports-a-file", "upload.report-names-the-list"
            )
            if seen.list_name and not seen.asked:
                self._ledger.kept("upload.new-list")
            if self._faulty:
                self._ledger.kept("upload.error-costs-one-card")
            joined = seen.summary["duplicates"] and len(self._cards) == len(self._once)
            if seen.strategy == "UPDATE" and joined and seen.list_name:
                self._ledger.kept("duplicates.update-joins-the-list")
        if (
            seen.strategy == "SKIP"
            and seen.summary["duplicates"]
            and self._expected.skip_list == "unchanged"
        ):
            self._skipped_lists()
        self._as_a_whole(missing)
        for card in found:
            if card.number in self._once and card.number not in self._known.by_number:
                self._card(card, self._by_number[card.number])

    def _skipped_lists(self) -> None:
        """Judge whether SKIP has put contacts of other lists on the list of the import."""
        if not (self._knows_who_was_there() and self._known.is_account_wide):
            return
        for card in self._cards:
            if not self._known.is_elsewhere(self._seen, card.number):
                continue
            what = "SKIP has put a contact on the list of the import that was not on it."
            self._check(
                "duplicates.skip-leaves-the-lists",
                what,
                "not on the list",
                "on the list",
                "skip list",
                holds=card.number not in self._by_number,
            )

    def _together(self, missing: Sequence[CardDigest], others: Sequence[Any]) -> None:
        if any(each.strategy != "SKIP" for each in (self._seen, *others)):
            return
        twice = 0
        for card in self._cards:
            is_shared = any(card.number in self._known.cards_of(each) for each in others)
            for contact in self._by_number.get(card.number, ()) if is_shared else ():
                twice += not self._known.is_same(card.number, contact)
        if twice:
            what = f"{twice} contacts that two imports brought at the same time are there twice."
            self._doubt("upload.imports-together", what, "each once", "twice", "together twice")
        if self._seen.summary["duplicates"]:
            return
        if not missing:
            self._ledger.kept("upload.imports-together")
        missing = [each for each in missing if each.has_sure_number]
        if not missing:
            return
        what = (
            f"{len(missing)} contacts of an import are missing that was sent together with another."
        )
        self._late.append(
            self._difference(
                "upload.imports-together", what, "all of them in the list", "not there", "together"
            )
        )

    # --- cards that are not there -------------------------------------------------------------------

    def _missing(self, missing: Sequence[CardDigest], found: Sequence[CardDigest]) -> None:
        """Judge cards whose numbers no contact of the list has."""
        strangers = self._strangers()
        for card in missing:
            same = strangers.get(card.name, [])
            if len(same) == 1 and card.name:
                self._changed_number(card, same[0])
                continue
            if not card.has_sure_number:
                continue
            swapped = [each for each in self._contacts if _is_swapped(card, each)]
            if swapped:
                what = f"Name and number of the card at line {card.line} are swapped."
                self._doubt(AS_IMPORTED, what, "as on the card", "swapped", "swapped")
            before = self._known.by_number.find(card.number)
            here = hash(self._page.list_id)
            if self._seen.strategy == "UPDATE" and before is not None and here in before.lists:
                what = "A contact that was on the list is not there any more after an UPDATE."
                self._not_there("duplicates.update-keeps-the-contact", what)
            if card.number in self._known and self._seen.strategy == "UPDATE":
                if self._expected.update_list == "joined":
                    what = "A contact that UPDATE changed is not on the list of the import."
                    self._not_there("duplicates.update-joins-the-list", what)
                continue
            self._lost(card, found)

    def _strangers(self) -> dict[int, list[Mapping[str, Any]]]:
        """Return contacts by name that are of this import for sure, and of none of its numbers."""
        found: dict[int, list[Mapping[str, Any]]] = {}
        if not self._knows_who_was_there():
            return found  # a namesake may have been there before
        for number, contacts in self._by_number.items():
            for each in contacts if self._known.is_stranger(number) else ():
                found.setdefault(hashed(str(each.get("name") or "")), []).append(each)
        return found

    def _knows_who_was_there(self) -> bool:
        """Return whether it is known who was on the list before the import: nobody, or who was read."""
        is_full = self._page.total > self._seen.summary["imported"]
        is_new = self._is_named_anew and (self._has_list_of_its_own or not is_full)
        return is_new or self._known.has_read(self._page.list_id)

    @property
    def _is_named_anew(self) -> bool:
        is_named = bool(self._seen.list_name) and not self._seen.asked
        return is_named and self._expected.list_names == "free"

    @property
    def _has_list_of_its_own(self) -> bool:
        """Whether `listName` is known to lead to another list each time, also if there is one of that name."""
        return self._ledger.is_kept("upload.new-list-each-time")

    def _changed_number(self, card: CardDigest, contact: Mapping[str, Any]) -> None:
        got = str(contact.get("phoneNumber"))
        others = (card.number_traits | card.traits) - OF_REGION
        abouts = suspects(others, "numbers.e164", self._ledger)
        if not card.has_sure_number:
            is_elsewhere = got.startswith("+") and not got.startswith("+39")
            about = promise_of(others, "numbers.default-region")
            abouts = ("numbers.region",) if is_elsewhere else (about,) if about is not None else ()
        what = f"The number of the card at line {card.line} is stored as another one."
        shown = self._ledger.shown(got)
        if abouts and not any(promise(each).is_assumed for each in abouts):
            abouts = (*abouts, AS_IMPORTED)
        for each in abouts:
            self._doubt(each, what, "its number in E.164", shown, f"number {each}")

    def _lost(self, card: CardDigest, found: Sequence[CardDigest]) -> None:
        general: PromiseId = "upload.imports-a-file"
        if self._faulty and not (card.traits or card.number_traits):
            general = "upload.error-costs-one-card"
        traits = card.traits | card.number_traits | card.name_traits
        abouts = suspects(traits, general, self._ledger)
        what = f"The card at line {card.line} is counted as imported, and is not in the list."
        for each in abouts:
            self._not_there(each, what)
        if not abouts:
            return
        if not found and not (self._seen.file and self._seen.file.whole):
            self._not_there("upload.report-names-the-list", "None of the contacts is in that list.")

    def _not_there(self, about: PromiseId, what: str) -> None:
        kind = f"missing {about}"
        self._late.append(self._difference(about, what, "a contact with its number", "none", kind))

    # --- the list as a whole -------------------------------------------------------------------------

    def _as_a_whole(self, missing: Sequence[CardDigest]) -> None:
        seen, file = self._seen, self._seen.file
        if not self._is_named_anew or file is None or missing or not file.is_sure:
            return
        if not self._has_list_of_its_own and self._by_number.keys() > {
            each.number for each in self._cards
        }:
            return  # a list of that name may have been there before
        repeated = sum(len(each) - 1 for each in self._by_number.values())
        twice = len(self._cards) - len(self._once)
        in_file = len(self._cards) - len({each.number for each in self._cards})
        if seen.strategy == "SKIP" and seen.summary["duplicates"] <= in_file:
            imported = seen.summary["imported"]
            what = f"The report counts {imported} as imported, and the new list holds {self._page.total}."
            self._check(
                "upload.summary-imported",
                what,
                imported,
                self._page.total,
                "imported",
                holds=imported == self._page.total,
            )
            what = f"{repeated} numbers are in the list more than once, with SKIP."
            about: PromiseId = "duplicates.in-file-skip" if twice else "list.every-contact-once"
            self._check(about, what, "each once", "more than once", "repeated", holds=not repeated)
        elif seen.strategy == "DUPLICATE" and twice:
            what = f"The new list holds {self._page.total} contacts of {len(self._cards)} cards."
            self._check(
                "duplicates.in-file-copy",
                what,
                len(self._cards),
                self._page.total,
                "in-file copy",
                holds=self._page.total == len(self._cards),
            )
        elif seen.strategy == "UPDATE" and twice:
            what = f"{repeated} numbers are in the list more than once, with UPDATE."
            self._check(
                "duplicates.in-file-update",
                what,
                "each once",
                "more than once",
                "in-file update",
                holds=not repeated,
            )
        if twice and not seen.summary["duplicates"] > twice:
            self._repeated_in_file()
        if seen.summary["duplicates"] or self._expected.order != "import":
            return
        order = [hashed(str(each.get("phoneNumber"))) for each in self._contacts]
        wanted = [each.number for each in self._cards]
        if len(wanted) > 1 and sorted(order) == sorted(wanted):
            what = "The contacts of an import are in another order than their cards."
            self._check(
                "list.order",
                what,
                "the order of the file",
                "another order",
                "order",
                holds=order == wanted,
            )

    def _repeated_in_file(self) -> None:
        """Judge which of the cards with one number counts: with SKIP the first, with UPDATE the last."""
        about: PromiseId = (
            "duplicates.in-file-skip"
            if self._seen.strategy == "SKIP"
            else "duplicates.in-file-update"
        )
        if self._seen.strategy == "DUPLICATE":
            return
        ordered = self._cards if self._seen.strategy == "UPDATE" else self._cards[::-1]
        wanted = {each.number: each for each in ordered if each.number not in self._once}
        for number, card in wanted.items():
            if card.traits or card.name_traits or number in self._known.by_number or not card.name:
                continue
            names = [hashed(str(each.get("name") or "")) for each in self._by_number[number]]
            what = "Of two cards with one number, another counts."
            self._check(
                about,
                what,
                "the name on that card",
                "another name",
                "in-file name",
                holds=card.name in names,
            )

    # --- contacts ------------------------------------------------------------------------------------

    def _card(self, card: CardDigest, contacts: Sequence[Mapping[str, Any]]) -> None:
        """Judge a contact that was not known before, if the import has created it for sure."""
        if self._seen.summary["duplicates"]:
            return
        fits = [each for each in contacts if hashed(str(each.get("name") or "")) == card.name]
        self.created(card, fits[-1] if fits else contacts[-1])


def _is_swapped(card: CardDigest, contact: Mapping[str, Any]) -> bool:
    number, name = (hashed(str(contact.get(each) or "")) for each in ("name", "phoneNumber"))
    return bool(card.name) and (number, name) == (card.number, card.name)
