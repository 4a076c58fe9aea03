"""Requests that must be refused, as far as the request itself shows it, and what their responses must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.contract import contract
from qlara_contract.exchange import printable_json
from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.promises import LIST, QUOTA, UPLOAD, promise
from qlara_proxy.judging.forms import boundary_of, read_form
from qlara_proxy.judging.imports import OF_VERSIONS, suspects
from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.limits import ACCOUNTS, Kept
from qlara_proxy.judging.seen import SeenImport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.imports import ReportChecks
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.reading import CardDigest, FileDigest
    from qlara_proxy.judging.seen import Seen

_BAD, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _TOO_LARGE, _TOO_MANY = (
    *(400, 401, 403, 404, 409, 413, 429),
)
_HEADER_TEXT = "Invalid VCard format. Expected BEGIN:VCARD header."
_SIZE_TEXT = "File size exceeds maximum allowed (10 MB)"
_OF_FORMS = frozenset({411, 417})
_LIKE_BAD = frozenset({400, 403, 410, 422})
_UNKNOWN_LIST: dict[str, PromiseId] = {LIST: "list.unknown-list", UPLOAD: "upload.unknown-list"}
_KEY_HEADER = "x-api-key"
_NOT_ACCEPTABLE = 406
_LIMIT = 10_485_760
_SURELY_UNDER = 9_900_000
_STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")
_LONGEST = {"listName": 120, "tags": 1000}
_TEXTS = ("listId", "listName", "duplicateStrategy", "tags")
_QUOTA_TEXT = re.compile(
    r"Contact quota exceeded\. Current: (\d+)/(\d+)\. Upgrade your plan to import more contacts\."
)
_PLAIN = re.compile(r"-?[0-9]{1,12}", re.ASCII)

# What an import breaks that fails, by what is special about it.
_OF_STRATEGY: dict[str, PromiseId] = {
    "UPDATE": "duplicates.update-replaces",
    "DUPLICATE": "duplicates.copy-creates",
}
_OF_FAULTS: dict[str, PromiseId] = {
    MISSING: "upload.error-missing-phone",
    INVALID: "upload.error-invalid-phone",
}
_MANY = 100  # cards: so many are special themselves

Demand = tuple["PromiseId", int, tuple[str, ...]]
"""A promise, the status that it demands of a response, and the fields one of which it must name."""


class RefusalChecks:
    """Judges refusals, and requests that are accepted although they must be refused."""

    def __init__(
        self, ledger: TrafficLedger, conventions: Conventions, reports: ReportChecks
    ) -> None:
        self._reports = reports
        self._ledger = ledger
        self._expected = conventions
        self._unknown: Kept[str, bool] = Kept(ACCOUNTS)  # keys that it has refused as unknown
        self._accepted: Kept[str, bool] = Kept(ACCOUNTS)  # keys that a deployment has accepted
        self._lists: Kept[str, bool] = Kept(ACCOUNTS)  # that imports have gone to
        self._imported: Kept[tuple[str, bool], bool] = Kept(
            ACCOUNTS
        )  # keys, with `listName` or not
        self._strategies: set[str] = set()  # with which a file has been imported

    def judge(self, seen: Seen, api: ApiExchange) -> None:
        """Judge one exchange."""
        status = api.response.status
        if status >= 500 and self._accepted.find(api.key):
            self._failed(seen, api)
        if status == _TOO_MANY or status >= 500 or not api.operation:
            self._outside(api)
            return
        if self._is_blocked(seen, api) or not self._judge_key(api):
            return
        if status == _CONFLICT and api.operation == UPLOAD:
            self._quota(api)
        demands = list(self._demands(seen, api))
        if 200 <= status < 300 and _is_fail(api):
            self._refused_with_success(api)
        if len(demands) == 1:
            self._demand(*demands[0], api)
        elif not demands and 400 <= status < 500:
            self._unasked(seen, api)
        elif not demands and isinstance(seen, SeenImport) and 200 <= status < 300:
            self._accepted_import(seen, api)
        if len(demands) == 1 and status in (_BAD, _TOO_LARGE) and seen.operation == UPLOAD:
            self._text(demands[0][0], api)

    # --- keys ------------------------------------------------------------------------------------

    def _judge_key(self, api: ApiExchange) -> bool:
        """Judge a request by its key; return whether anything else about it can be judged."""
        status, expected = api.response.status, self._expected
        if not api.key:
            what = "A request without a key is not refused."
            difference = _difference("access.refused-without-key", what, "a refusal", api)
            if self._ledger.check(difference, holds=400 <= status < 500):
                self._demand("access.key-required", expected.key_missing, _names(expected), api)
            return False
        if 200 <= status < 300:
            if _fields_named(api) != {"apiKey"}:
                self._key_accepted(api)
            return True
        is_stranger = not self._accepted.find(api.key)
        if status == expected.key_unknown == _UNAUTHORIZED and is_stranger:
            self._ledger.kept("access.refused-without-key")
            self._demand("access.unknown-key", status, _names(expected), api)
            self._unknown.keep(api.key, value=True)
            if api.operation != QUOTA:
                self._ledger.kept("access.key-first")
            return False
        if status == expected.key_unpermitted == _FORBIDDEN:
            self._ledger.kept("access.refused-without-permission")
            self._demand("access.permission-required", status, _names(expected), api)
            return False
        return self._not_for_its_key(api)

    def _is_blocked(self, seen: Seen, api: ApiExchange) -> bool:
        """Return whether an import is refused with 403 though its key has imported in the same way before.

        What is special about the only card of its file is at fault then, if there is one such thing.
        """
        if not isinstance(seen, SeenImport) or api.response.status != _FORBIDDEN:
            return False
        if not self._imported.find((api.key, bool(seen.list_name))):
            return False
        cards = seen.file.cards if seen.file is not None else ()
        about = _only_trait(seen)
        if len(cards) == 1 and about is not None and self._is_taken(cards[0]):
            what = "A file is refused for what is special about its only card."
            self._ledger.doubtful(_difference(about, what, "a report", api))
        return True

    def _refused_with_success(self, api: ApiExchange) -> None:
        """Judge a refusal whose status says that it is none, by the field that it names."""
        what = "A refusal has the status of a success."
        if _fields_named(api) == {"apiKey"}:
            self._ledger.broken(_difference("access.unknown-key", what, "401", api, "key.unknown"))
        elif _fields_named(api) == {"listId"} and api.operation in _UNKNOWN_LIST:
            about = _UNKNOWN_LIST[api.operation]
            self._ledger.broken(_difference(about, what, "404", api, "unknown-list"))

    def _key_accepted(self, api: ApiExchange) -> None:
        self._accepted.keep(api.key, value=True)
        self._unknown.pop(api.key, None)
        if _spelled(api) != "X-Api-Key":
            self._ledger.kept("access.header-name-case")
        if {value for name, value in api.request.headers if name.lower() == "accept"} <= {"*/*"}:
            self._ledger.kept("answers.any-accept")

    def _not_for_its_key(self, api: ApiExchange) -> bool:
        """Return whether a refusal is for something else than how the key, or what is accepted, is written."""
        status = api.response.status
        if status == _NOT_ACCEPTABLE:
            what = "A request that accepts anything is not served."
            self._ledger.broken(_difference("answers.any-accept", what, "200", api))
            return False
        if self._unknown.find(api.key) and status in (_BAD, _NOT_FOUND):
            what = "Without a valid key, something else of a request is checked first."
            self._ledger.broken(_difference("access.key-first", what, "401", api))
            return False
        if (
            status == _UNAUTHORIZED
            and _spelled(api) != "X-Api-Key"
            and self._accepted.find(api.key)
        ):
            what = f"A key in a header named {_spelled(api)} is not accepted."
            self._ledger.doubtful(_difference("access.header-name-case", what, "200", api))
        return status not in (_UNAUTHORIZED, _FORBIDDEN)

    # --- what a request demands ------------------------------------------------------------------

    def _demands(self, seen: Seen, api: ApiExchange) -> Iterator[Demand]:
        if api.operation == LIST:
            yield from self._of_parameters(api)
        elif api.operation == UPLOAD:
            yield from self._of_upload(seen, api)

    def _of_parameters(self, api: ApiExchange) -> Iterator[Demand]:
        names = [name for name, _ in api.request.query]
        expected = self._expected
        for name in ("limit", "page"):
            values = [value for one, value in api.request.query if one == name]
            if names.count(name) > 1:
                yield "list.given-twice", expected.invalid_input, (name,)
            elif values and not _PLAIN.fullmatch(values[0]):
                yield "list.plain-integers", expected.invalid_input, (name,)
            elif values and name == "limit" and not 1 <= int(values[0]) <= expected.limit_maximum:
                if int(values[0]) < 1 or expected.limit_above == "refused":
                    yield "list.limit-out-of-range", expected.invalid_input, (name,)
            elif values and name == "page" and int(values[0]) < expected.page_first:
                yield "list.page-out-of-range", expected.invalid_input, (name,)

    def _of_upload(self, seen: Seen, api: ApiExchange) -> Iterator[Demand]:
        form = api.request.form
        if form is None:
            yield from self._of_body(api)
            return
        names = [name for name, _ in form.fields]
        if len(names) != len(set(names)):
            return  # which one counts is not said anywhere
        if form.file is None:
            yield "upload.file-required", self._expected.invalid_field, ("file",)
        yield from self._of_fields(dict(form.fields))
        yield from self._of_file(seen)

    def _of_fields(self, fields: Mapping[str, str]) -> Iterator[Demand]:
        refused = self._expected.invalid_field
        lists = ("listId", "listName")
        given = [name for name in lists if name in fields]
        if not given:
            yield "upload.list-required", refused, lists
        elif len(given) == len(lists):
            yield "upload.one-list-only", refused, lists
        strategy = fields.get("duplicateStrategy")
        if strategy and strategy not in _STRATEGIES:
            yield "upload.unknown-strategy", refused, ("duplicateStrategy",)
        for name in (*lists, "duplicateStrategy"):
            if fields.get(name) == "":
                yield "upload.empty-value", refused, (name,)
        for name, most in _LONGEST.items():
            if len(fields.get(name, "")) > most:
                yield "upload.over-long-value", refused, (name,)
        for name in _TEXTS:
            if not all(map(_is_text, fields.get(name, ""))):
                yield "answers.invalid-requests-refused", refused, (name,)

    def _of_body(self, api: ApiExchange) -> Iterator[Demand]:
        media_type = next(
            (value for name, value in api.request.headers if name.lower() == "content-type"), ""
        )
        body = api.request.body
        if media_type.split(";")[0].strip().lower() != "multipart/form-data":
            yield "upload.multipart-required", self._expected.not_a_form, ("file",)
            return
        end = b"--" + boundary_of(media_type).encode() + b"--"
        if (
            body is not None
            and end != b"----"
            and end not in body
            and not read_form(media_type, body)
        ):
            yield "upload.malformed-multipart", self._expected.invalid_field, ()

    def _of_file(self, seen: Seen) -> Iterator[Demand]:
        if not isinstance(seen, SeenImport) or seen.file is None:
            return
        if seen.file.size > max(_LIMIT, self._expected.file_maximum):
            yield "upload.file-too-large", _TOO_LARGE, ("file",)
        elif seen.file.refusal is not None:
            yield seen.file.refusal, _BAD, ("file",)

    def _demand(
        self, promise: PromiseId, status: int, fields: Sequence[str], api: ApiExchange
    ) -> None:
        response = api.response
        by = _DECIDED_BY.get(promise, "")
        if response.status != status:
            if response.status in (_NOT_FOUND, _CONFLICT):
                return  # refused for another reason, which comes first
            what = f"The request is not refused with {status}."
            difference = _difference(promise, what, str(status), api, by, value=response.status)
            self._ledger.broken(difference)
            return
        if self._expected.error_body == "message":
            self._ledger.kept(promise)
            return
        data = response.value("data")
        named = [each for each in fields if isinstance(data, dict) and each in data]
        wanted = f'{{"status": "fail", "data": …}} with a message in {" or ".join(fields)}'
        what = f"The {status} does not name the field at fault as documented."
        self._ledger.check(
            _difference(promise, what, wanted, api, "error-body", got=response.json),
            holds=not fields or bool(named),
        )

    # --- refusals that the request does not explain ------------------------------------------------

    def _unasked(self, seen: Seen, api: ApiExchange) -> None:
        status = api.response.status
        expected = self._expected
        page = dict(api.request.query).get("page", "1")
        if status == _NOT_FOUND and page not in ("0", "1"):
            return  # past the end, perhaps
        if status == _NOT_FOUND and expected.unknown_list == _NOT_FOUND:
            if api.operation in _UNKNOWN_LIST:
                self._demand(_UNKNOWN_LIST[api.operation], status, ("listId",), api)
        elif status == _TOO_LARGE and isinstance(seen, SeenImport) and seen.file is not None:
            size = seen.file.size
            under: PromiseId = "upload.file-under-the-limit"
            what = f"A file of {size} bytes is refused as too large."
            if size <= _SURELY_UNDER:
                self._ledger.broken(_difference(under, what, "a report", api))
            elif size <= expected.file_maximum:
                exact = _difference("upload.largest-file", what, "a report", api, "file.maximum")
                self._ledger.broken(exact)
        elif status in _OF_FORMS and isinstance(seen, SeenImport):
            what = "A valid request is refused for how it is sent."
            self._ledger.broken(_difference("upload.any-valid-form", what, "a report", api))
        else:
            self._refused_like_a_bad_one(seen, api)

    def _refused_like_a_bad_one(self, seen: Seen, api: ApiExchange) -> None:
        status = api.response.status
        if status in _LIKE_BAD and self._is_of_named_list(seen, api):
            what = "A form with `listName` is refused as if it had none."
            for each in sorted(seen.form_rests_on) if isinstance(seen, SeenImport) else ():
                self._ledger.broken(_difference(each, what, "a report", api))
        elif status in _LIKE_BAD and self._is_of_list(api):
            self._demand(_UNKNOWN_LIST[api.operation], _NOT_FOUND, ("listId",), api)
        elif status == _BAD:
            self._refused_although_right(seen, api)

    def _is_of_named_list(self, seen: Seen, api: ApiExchange) -> bool:
        """Return whether a form with one thing that is special is refused for a list that it names."""
        data = api.response.value("data")
        is_named = isinstance(seen, SeenImport) and len(seen.form_rests_on) == 1 and seen.list_name
        return bool(is_named) and isinstance(data, dict) and set(data) == {"listId"}

    def _is_of_list(self, api: ApiExchange) -> bool:
        """Return whether a refusal says that there is no such list."""
        data = api.response.value("data")
        return api.operation in _UNKNOWN_LIST and isinstance(data, dict) and set(data) == {"listId"}

    def _list_refused_although_right(self, api: ApiExchange) -> None:
        names = {name for name, _ in api.request.query}
        if names <= {"limit", "page"}:
            what = "A request that the contract allows is refused."
            limits = {value for name, value in api.request.query if name == "limit"}
            promise: PromiseId = (
                "list.limit-bounds" if limits & {"1", "1000"} else "answers.valid-requests-accepted"
            )
            self._ledger.broken(_difference(promise, what, "200", api))

    def _refused_although_right(self, seen: Seen, api: ApiExchange) -> None:
        data = api.response.value("data")
        if api.operation == LIST:
            self._list_refused_although_right(api)
            return
        if not isinstance(seen, SeenImport) or seen.file is None or not isinstance(data, dict):
            return
        if self._expected.file_name == "required" and "fileName" not in dict(_fields(api)):
            return
        cards = seen.file.cards
        faulty = [each for each in cards if each.fault]
        if "file" in data and cards and len(faulty) == len(cards):
            what = f"A file of {len(cards)} cards is refused as no vCard file."
            self._ledger.broken(_difference("upload.nothing-importable", what, "a report", api))
            return
        is_sound = any(self._is_taken(each) and not each.fault for each in cards)
        is_of_file = "file" in data and (bool(_traits_of(seen)) or not is_sound)
        is_of_name = bool(seen.list_name) and set(data) == {"listName"}
        if len(seen.form_rests_on) == 1 and not (is_of_file or is_of_name):
            what = "A valid form is refused."
            about = next(iter(seen.form_rests_on))
            self._ledger.broken(_difference(about, what, "a report", api, got=api.response.json))
            return
        if "file" not in data:
            refused = _of_valid_request(seen, data)
            self._ledger.broken(_difference(refused, "A valid request is refused.", "200", api))
            return
        if not is_sound:
            return  # whether it has a card that can be imported is not sure
        what = f"A file of {len(cards)} cards is refused as no vCard file."
        for about in sorted(self._of_refused_file(seen, cards)):
            self._ledger.broken(_difference(about, what, "a report", api))

    def _of_refused_file(self, seen: SeenImport, cards: Sequence[CardDigest]) -> set[PromiseId]:
        """Return what it breaks that a file is refused which has a card that can be imported."""
        is_faulty = any(each.fault for each in cards)
        plain: PromiseId = "upload.error-costs-one-card" if is_faulty else "upload.imports-a-file"
        traits, only = _traits_of(seen), _only_trait(seen)
        abouts: set[PromiseId] = {only} if only is not None else set()
        if len(cards) == 1 or not traits:
            abouts |= set(suspects(traits, plain, self._ledger))
        versions = {each.version for each in cards}
        if len(versions) == 1 and abouts & OF_VERSIONS:
            abouts |= {each for each in versions if each is not None}
        return abouts

    def _is_taken(self, card: CardDigest) -> bool:
        """Return whether the deployment takes a number of this kind for sure."""
        return card.is_mobile or self._reports.takes_any

    def _failed(self, seen: Seen, api: ApiExchange) -> None:
        """Judge a request that made the deployment fail: it is neither refused nor served as promised."""
        demands = list(self._demands(seen, api))
        if len(demands) == 1:
            about, status, _ = demands[0]
            what = "The deployment fails instead of refusing the request."
            self._ledger.doubtful(_difference(about, what, str(status), api))
        elif not demands and isinstance(seen, SeenImport) and seen.file is not None:
            what = "An import that the contract allows makes the deployment fail."
            for each in self._at_fault(seen, seen.file):
                self._ledger.doubtful(_difference(each, what, "a report", api))

    def _at_fault(self, seen: SeenImport, file: FileDigest) -> Iterator[PromiseId]:
        """Yield the promises that an import which fails breaks: a strategy that has worked is not at fault."""
        by_strategy = _OF_STRATEGY.get(seen.strategy)
        if by_strategy and seen.strategy not in self._strategies:
            yield by_strategy
            return
        only = _only_trait(seen) if len(file.cards) < _MANY else None
        if only is not None:
            yield only
        faults = {each.fault for each in file.cards} if len(file.cards) < _MANY else set()
        yield from (_OF_FAULTS[each] for each in faults & _OF_FAULTS.keys())
        if _is_documented(file.whole) and any(map(_is_due, file.cards)):
            yield "upload.imports-a-file"

    def _accepted_import(self, seen: SeenImport, api: ApiExchange) -> None:
        self._strategies.add(seen.strategy)
        self._imported.keep((api.key, bool(seen.list_name)), value=True)
        if seen.asked and seen.list_id and seen.asked != seen.list_id and not seen.goes_on:
            is_new = not (self._lists.find(seen.asked) or self._lists.find(seen.list_id))
            what = "An import into a list that was never seen has made another one."
            if is_new:
                difference = _difference("upload.unknown-list", what, "404", api, "unknown-list")
                self._ledger.doubtful(difference)
        self._lists.keep(seen.list_id, value=True)
        if seen.file is None:
            return
        self._ledger.kept(*seen.form_rests_on)
        if seen.file.size == self._expected.file_maximum:
            self._ledger.kept("upload.largest-file")
        elif _SURELY_UNDER <= seen.file.size < self._expected.file_maximum:
            self._ledger.kept("upload.file-under-the-limit")

    # --- texts, and what is outside ----------------------------------------------------------------

    def _text(self, promise: PromiseId, api: ApiExchange) -> None:
        texts: dict[PromiseId, tuple[PromiseId, str]] = {
            "upload.not-a-vcard": ("upload.not-a-vcard-text", _HEADER_TEXT),
            "upload.file-too-large": ("upload.file-too-large-text", _SIZE_TEXT),
        }
        data = api.response.value("data")
        if promise not in texts or not isinstance(data, dict) or "file" not in data:
            return
        about, text = texts[promise]
        what = "The message is not the documented one."
        self._ledger.check(
            _difference(about, what, text, api, got=data["file"]), holds=data["file"] == text
        )

    def _quota(self, api: ApiExchange) -> None:
        """Judge a refusal for the quota by its own numbers."""
        if self._expected.error_body == "message":
            return
        data = api.response.value("data")
        if isinstance(data, dict) and set(data) & {"listName", "listId"}:
            return  # the name of a list that there is already
        message = data.get("contacts") if isinstance(data, dict) else None
        what = "The 409 does not name the field `contacts` as documented."
        got = api.response.json
        named = _difference("upload.quota-exceeded", what, "a message in contacts", api, got=got)
        if not self._ledger.check(named, holds=isinstance(message, str)):
            return
        found = _QUOTA_TEXT.fullmatch(str(message))
        self._ledger.check(
            _difference(
                "upload.quota-exceeded-text",
                "The message for an exhausted quota is not the documented one.",
                "Contact quota exceeded. Current: USED/TOTAL. Upgrade your plan to import more contacts.",
                api,
                got=message,
            ),
            holds=found is not None and int(found[1]) <= int(found[2]),
        )

    def _outside(self, api: ApiExchange) -> None:
        if api.operation or api.response.status >= 500 or not api.key:
            return
        methods = [
            each.method
            for each in contract().operations.values()
            if each.pattern.fullmatch(api.request.path)
        ]
        if methods and api.request.method not in (*methods, "HEAD", "OPTIONS"):
            is_told = api.response.header("allow") is not None
            is_shaped = _is_fail(api) or self._expected.error_body == "message"
            what = "A method outside the contract is not refused as the contract says."
            self._ledger.check(
                _difference("answers.unknown-method", what, "405 with Allow", api),
                holds=api.response.status == 405 and is_told and is_shaped,
            )
        elif not methods and api.request.method == "GET" and api.response.status == _NOT_FOUND:
            what = "A path outside the contract is not refused in the documented shape."
            self._ledger.check(
                _difference("answers.unknown-path", what, "the shape of a refusal", api),
                holds=_is_fail(api) or self._expected.error_body == "message",
            )


_DECIDED_BY = {
    "access.key-required": "key.missing",
    "access.unknown-key": "key.unknown",
    "access.permission-required": "key.unpermitted",
    "list.unknown-list": "unknown-list",
    "upload.unknown-list": "unknown-list",
    "upload.multipart-required": "not-a-form",
    "list.limit-out-of-range": "invalid-input",
    "list.page-out-of-range": "invalid-input",
    "list.plain-integers": "invalid-input",
    "list.given-twice": "invalid-input",
}


def _names(expected: Conventions) -> tuple[str, ...]:
    return (expected.key_field,)


def _spelled(api: ApiExchange) -> str:
    """Return how the header of the key is written."""
    names = (name for name, _ in api.request.headers if name.lower() == _KEY_HEADER)
    return next(names, "X-Api-Key")


def _fields(api: ApiExchange) -> tuple[tuple[str, str], ...]:
    return api.request.form.fields if api.request.form is not None else ()


def _traits_of(seen: SeenImport) -> frozenset[PromiseId]:
    """Return all that reading the file of an import rests on."""
    if seen.file is None:
        return frozenset()
    found = set(seen.file.whole)
    for each in (one for one in seen.file.cards if not (one.fault and one.is_sure)):
        found |= each.traits | each.name_traits | each.number_traits | each.email_traits
    return frozenset(found - {"cards.email-absent"})


def _fields_named(api: ApiExchange) -> set[str]:
    """Return the fields that a refusal names."""
    data = api.response.value("data")
    return set(data) if isinstance(data, dict) else set()


def _of_valid_request(seen: SeenImport, data: Mapping[str, object]) -> PromiseId:
    """Return what the refusal of a valid import breaks, by the field that it names."""
    is_of_name = "listName" in data and not seen.list_name.isascii()
    return "upload.list-name-non-ascii" if is_of_name else "answers.valid-requests-accepted"


def _is_documented(traits: Iterable[PromiseId]) -> bool:
    return not any(promise(each).is_assumed for each in traits)


def _is_due(card: CardDigest) -> bool:
    """Return whether what is documented of files is enough to import a card."""
    special = card.traits | card.name_traits | card.number_traits
    return card.is_sure and not card.fault and _is_documented(special)


def _only_trait(seen: SeenImport) -> PromiseId | None:
    """Return the one thing that is special about the file of an import; of the whole file, if there is one."""
    traits = _traits_of(seen)
    whole = seen.file.whole if seen.file is not None else frozenset()
    for some in (whole, traits):
        if len(some) == 1:
            return next(iter(some))
    return None


def _is_text(char: str) -> bool:
    return char >= " " and char != "\x7f"


def _is_fail(api: ApiExchange) -> bool:
    data = api.response.value("data")
    return api.response.value("status") == "fail" and isinstance(data, dict)


def _difference(  # noqa: PLR0913 - what a difference is made of
    promise: PromiseId,
    what: str,
    expected: str,
    api: ApiExchange,
    by: str = "",
    *,
    value: int | None = None,
    got: object = None,
) -> Difference:
    seen = str(api.response.status) if got is None else printable_json(got)[:300]
    return Difference(promise, what, expected, seen, api, by=(by,) if by else (), value=value)
