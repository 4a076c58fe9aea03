"""Contacts held against their cards: those that an import created, and those that were there before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qlara_contract.promises import promise
from qlara_proxy.judging.imports import moment_of, promise_of, suspects
from qlara_proxy.judging.known import KnownContact, digest, same_as
from qlara_proxy.judging.listed import ListedImport
from qlara_proxy.judging.reading import hashed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.reading import CardDigest

_SLACK = timedelta(seconds=2)
_NOW = timedelta(minutes=5)
_ORDERS = frozenset({"FN N", "N FN"})
AS_IMPORTED: PromiseId = "list.contact-as-imported"


class FieldChecks(ListedImport):
    """Judges the fields of contacts."""

    def created(self, card: CardDigest, contact: Mapping[str, Any]) -> None:
        """Compare a contact that the import has created with its card."""
        self._ledger.kept(*(card.number_traits | card.traits | self._file_traits()))
        if card.version is not None:
            self._ledger.kept(card.version)
        if not card.number_traits:
            self._ledger.kept("numbers.e164")
        right = self._name(card, contact) and self._email(card, contact)
        self._tags(contact)
        self._times(contact)
        special = card.name_traits | card.email_traits | card.number_traits | card.traits
        if right and special <= {"cards.email-absent"}:
            self._ledger.kept(AS_IMPORTED)

    def _file_traits(self) -> frozenset[PromiseId]:
        return self._seen.file.whole if self._seen.file is not None else frozenset()

    def _name(self, card: CardDigest, contact: Mapping[str, Any]) -> bool:
        if not card.name:
            return True
        got = contact.get("name")
        fits = isinstance(got, str) and hashed(got) == card.name
        if not fits and isinstance(got, str) and "cards.escapes" in card.name_traits:
            # An escaped line feed is one; what becomes of it in a name is not said.
            fits = hashed(" ".join(got.split())) == card.words
        if fits:
            self._ledger.orders.add(card.order)
            self._ledger.kept(*(card.name_traits or {"cards.name"}))
            return True
        if card.order and self._ledger.orders & _ORDERS == _ORDERS - {card.order}:
            what = "The name is right only on cards with FN and N in the other order."
            about: PromiseId = "cards.properties-in-any-order"
            shown = self._ledger.shown(str(got))
            self._doubt(about, what, "the name on the card", shown, "order of names")
        whole = self._file_traits() - {"cards.line-ends"}
        of_name = card.name_traits - ({"cards.non-ascii"} if whole else set())
        if "cards.escapes" in of_name and "\\" in str(got):
            of_name -= {"cards.name-verbatim"}  # it is there, with its escapes
        traits = of_name | card.traits | whole
        self._wrong("name", traits, "cards.name", card, got)
        return False

    def _email(self, card: CardDigest, contact: Mapping[str, Any]) -> bool:
        got = contact.get("email")
        if not card.email and isinstance(got, str) and "@" in got:
            what = "A contact whose card has no EMAIL shows an address."
            kinds: set[PromiseId] = {"cards.email", *(card.email_traits & {"cards.email-absent"})}
            for each in sorted(kinds):
                self._doubt(each, what, "none", self._ledger.shown(got), f"made up {each}")
            return False
        if not card.email:
            if "cards.email-absent" in card.email_traits:
                due = {"absent": "email" not in contact, "null": got is None, "empty": got == ""}
                what = "A contact whose card has no EMAIL shows one."
                self._check(
                    "cards.email-absent",
                    what,
                    self._expected.email_absent,
                    self._ledger.shown(str(got)),
                    "email-absent",
                    holds=due[self._expected.email_absent],
                )
            return True
        if isinstance(got, str) and hashed(got) == card.email:
            self._ledger.kept(*(card.email_traits or {"cards.email"}))
            return True
        traits = card.email_traits | card.traits
        self._wrong("email", traits, "cards.email", card, got)
        return False

    def _wrong(
        self,
        field: str,
        traits: frozenset[PromiseId],
        general: PromiseId,
        card: CardDigest,
        got: object,
    ) -> None:
        abouts = suspects(traits, general, self._ledger)
        what = f"The {field} of the card at line {card.line} is stored as another one."
        shown = self._ledger.shown(str(got))
        if abouts and not any(promise(each).is_assumed for each in abouts):
            abouts = (*abouts, *({general, AS_IMPORTED} - {*abouts}))
        for each in sorted(abouts):
            self._doubt(each, what, f"the {field} on the card", shown, f"{field} {each}")

    def _tags(self, contact: Mapping[str, Any]) -> None:
        got, sent = contact.get("tags"), list(self._seen.tags)
        shown = self._ledger.shown(", ".join(map(str, got)) if isinstance(got, list) else str(got))
        if not sent:
            what = "An import without tags has given a contact some."
            self._check("tags.none", what, "no tags", shown, "tags none", holds=got == [])
            return
        about: PromiseId = self._seen.tags_rest_on
        what = "The tags of a contact are not those of its import."
        same = isinstance(got, list) and sorted(map(str, got)) == sorted(sent)
        due = self._ledger.shown(", ".join(sent))
        if not same and about == "tags.all-in-order":
            self._doubt(AS_IMPORTED, what, due, shown, "tags as imported")
        if self._check(about, what, due, shown, "tags", holds=same):
            what = "The tags of a contact are in another order than they were sent in."
            self._check(
                "tags.order",
                what,
                self._ledger.shown(", ".join(sent)),
                shown,
                "tags order",
                holds=got == sent,
            )

    def _times(self, contact: Mapping[str, Any]) -> None:
        created, completed = moment_of(contact.get("createdAt")), moment_of(self._seen.completed_at)
        if created is None or completed is None:
            what = "A time is not written as RFC 3339 says, with an offset."
            got = str(contact.get("createdAt") if created is None else self._seen.completed_at)
            if len(got) > 1 and self._seen.completed_at:
                about: PromiseId = "upload.completed-after-created"
                self._check(about, what, "a time", got[:40], "no time", holds=False)
            return
        late = self._expected.settle + _SLACK
        what = "A contact was created after its import was complete."
        self._check(
            "upload.completed-after-created",
            what,
            f"at {completed} at the latest",
            str(created),
            "created late",
            holds=created <= completed + late,
        )
        took = timedelta(seconds=self._seen.ended - self._seen.began)
        what = "`createdAt` of a new contact is not the time of the import."
        self._check(
            "upload.times-are-now",
            what,
            f"about {completed}",
            str(created),
            "created at",
            holds=abs(created - completed) < _NOW + late + took,
        )

    def known(
        self, card: CardDigest, contacts: Sequence[Mapping[str, Any]], known: KnownContact
    ) -> None:
        """Judge a contact that was there before, by the one import that named its number since."""
        contact = same_as(contacts, known)
        is_here = self._page.list_id == self._seen.list_id
        if self._seen.strategy == "SKIP":
            self._untouched(card, contact, known)
        elif card.number not in self._once:
            return
        elif self._seen.strategy == "UPDATE":
            self._updated(card, contact, known)
            if is_here and known.times and hash(self._page.list_id) in known.lists:
                what = "UPDATE has put a contact on the list again that was on it."
                about: PromiseId = "duplicates.update-keeps-the-contact"
                got = f"{len(contacts)} times"
                holds = len(contacts) <= known.times
                self._check(about, what, "as often", got, "update again", holds=holds)
        elif self._seen.strategy == "DUPLICATE" and is_here:
            ids = {hash(str(each.get("contactId"))) for each in contacts}
            is_known_here = hash(self._page.list_id) in known.lists
            copies = [
                each for each in contacts if hash(str(each.get("contactId"))) != known.contact_id
            ]
            self._check(
                "duplicates.copy-creates",
                "DUPLICATE has not made a copy.",
                "a copy",
                "none",
                "copy",
                holds=bool(ids - {known.contact_id}) and len(ids) > is_known_here,
            )
            if copies:
                self._copy(card, copies[-1])

    def _copy(self, card: CardDigest, copied: Mapping[str, Any]) -> None:
        """Compare a copy with its card."""
        if card.traits or card.name_traits or card.email_traits:
            return
        now = digest(copied)
        what = "The copy that DUPLICATE made has not what its card says."
        self._check(
            "duplicates.copy-creates",
            what,
            "name and address of the card",
            "others",
            "copy fields",
            holds=(now.name, now.email) == (card.name, card.email),
        )

    def _untouched(self, card: CardDigest, contact: Mapping[str, Any], known: KnownContact) -> None:
        now = digest(contact, known.lists, known.read_at)._replace(times=known.times)
        same = now == known if known.contact_id else not self._turned(card, now, known)
        what = "SKIP has changed a contact that was there before."
        abouts: list[PromiseId] = ["duplicates.skip-leaves-the-contact"]
        if not (same or self._seen.has_strategy):
            abouts.append("duplicates.skip-is-default")
        for about in abouts:
            due = "the contact as it was"
            self._check(about, what, due, "another one", f"skip {about}", holds=same)

    def _turned(self, card: CardDigest, now: KnownContact, known: KnownContact) -> bool:
        """Return whether a contact has become what a card of a later import says."""
        name = card.name != known.name and now.name == card.name
        email = bool(card.email) and card.email != known.email and now.email == card.email
        return name or email or bool((set(map(hash, self._seen.tags)) - known.tags) & now.tags)

    def _updated(self, card: CardDigest, contact: Mapping[str, Any], known: KnownContact) -> None:
        now = digest(contact)
        self._replaced(card, now, known)
        tags = set(map(hash, self._seen.tags))
        if tags:
            what = "UPDATE has not given a contact the tags of the import."
            self._check(
                "duplicates.update-adds-tags",
                what,
                "the tags",
                "not all of them",
                "update tags",
                holds=tags <= now.tags,
            )
        what = "UPDATE has made another contact of one that was there before."
        self._check(
            "duplicates.update-keeps-the-contact",
            what,
            "the same id and createdAt",
            "others",
            "update keeps",
            holds=not known.contact_id
            or (now.contact_id, now.created_at) == (known.contact_id, known.created_at),
        )
        is_sure = bool(known.contact_id) or self._ledger.is_kept("tags.all-in-order")
        if self._expected.update_tags == "added" and known.tags and is_sure:
            what = "UPDATE has removed tags of a contact."
            self._check(
                "duplicates.update-keeps-tags",
                what,
                "the tags as well that it had",
                "fewer",
                "update keeps tags",
                holds=known.tags <= now.tags,
            )

    def _replaced(self, card: CardDigest, now: KnownContact, known: KnownContact) -> None:
        """Judge the fields that an UPDATE replaces, and those that it must not."""
        about: PromiseId = "duplicates.update-replaces"
        if card.name and promise_of(card.traits | card.name_traits, about) in (
            about,
            "cards.non-ascii",
            "cards.escapes",
        ):
            what = "UPDATE has not replaced the name of a contact."
            self._check(
                about,
                what,
                "the name on the card",
                "another name",
                "update name",
                holds=now.name == card.name,
            )
        if card.email and not (card.email_traits or card.traits):
            what = "UPDATE has not replaced the address of a contact."
            self._check(
                about,
                what,
                "the address on the card",
                "another one",
                "update email",
                holds=now.email == card.email,
            )
        is_sure = bool(known.contact_id) or self._ledger.is_kept("cards.email")
        is_kept = self._expected.update_missing_fields == "kept" and is_sure
        if not card.email and known.email and is_kept:
            what = "UPDATE has removed an address that the card does not name."
            self._check(
                "duplicates.update-never-blanks",
                what,
                "the address as it was",
                "another, or none",
                "update blanks",
                holds=now.email == known.email,
            )
