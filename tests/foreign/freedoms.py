"""Freedoms: what a deployment may decide otherwise without breaking a word of UC-020."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.foreign import stages
from tests.foreign.importing import INVALID, MISSING
from tests.foreign.messages import Response, refuse
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.multipart import Form
    from tests.foreign.stages import Context
    from tests.foreign.vcards import Card, Line

_table = Table()
_sets, _changes = _table.sets, _table.changes


def _paging() -> None:
    for default in (5, 20, 25, 50, 100):
        says = f"A page holds {default} contacts unless limit says otherwise."
        _sets("paging", f"limit-default-{default}", says, paging__default_limit=default)
    for maximum in (20, 50, 100, 200):
        for beyond, does in (("clamp", "cut down"), ("refuse", "refused with 400")):
            says = f"A page holds at most {maximum} contacts; a larger limit is {does}."
            name = f"limit-maximum-{maximum}-{beyond}"
            default = min(maximum, 10)
            _sets(
                "paging",
                name,
                says,
                paging__maximum=maximum,
                paging__beyond=beyond,
                paging__default_limit=default,
            )
    _sets(
        "paging",
        "limit-above-maximum-ignored",
        "A limit above 100 gets the default.",
        paging__maximum=100,
        paging__beyond="ignore",
    )
    _sets(
        "paging",
        "limit-wrong-422",
        "A wrong limit or page is refused with 422.",
        paging__bad_status=422,
    )
    _sets(
        "paging",
        "limit-wrong-ignored",
        "A wrong limit or page gets the default.",
        paging__bad_value="ignore",
        paging__beyond="clamp",
    )
    _sets(
        "paging",
        "page-parameter-none",
        "There is no page parameter; only the first page can be read.",
        paging__page_parameter="",
    )
    _sets(
        "paging",
        "page-parameter-other",
        "The parameter is called pageNumber.",
        paging__page_parameter="pageNumber",
    )
    _sets(
        "paging",
        "page-from-0",
        "Pages are counted from 0, as the API reference says.",
        paging__first_page=0,
    )
    _sets(
        "paging",
        "page-past-end-404",
        "A page past the end is refused with 404.",
        paging__past_end="refuse",
    )
    _sets(
        "paging",
        "page-past-end-last",
        "A page past the end is the last page.",
        paging__past_end="last",
    )
    _sets(
        "paging", "empty-list-one-page", "An empty list has one page.", paging__empty_total_pages=1
    )
    _sets(
        "paging",
        "parameter-twice-first",
        "Of a repeated parameter the first value counts.",
        paging__repeated="first",
    )
    _sets(
        "paging",
        "parameter-twice-last",
        "Of a repeated parameter the last value counts.",
        paging__repeated="last",
    )
    _sets(
        "paging",
        "parameter-unknown-refused",
        "An unknown parameter is refused with 400.",
        paging__unknown_parameters="refuse",
    )
    for order in ("newest", "name", "id", "number", "scattered"):
        _sets(
            "paging",
            f"order-{order}",
            f"Contacts are listed in this order: {order}.",
            paging__order=order,
        )
    _changes(
        "paging",
        "page-cursor",
        "Pages have a nextCursor beside the page number.",
        stages.PAGE,
        _with_cursor,
    )


def _with_cursor(page: dict[str, Any], _: Context) -> dict[str, Any]:
    return page | {"nextCursor": f"c{page['page'] + 1}" if page["hasMore"] else None}


def _timing() -> None:
    for name, seconds in (("300ms", 0.3), ("1s", 1.0), ("2s", 2.0)):
        says = f"Contacts are visible in their list {name} after the import."
        _sets("timing", f"visible-after-{name}", says, timing__visible_after=seconds)
        says = f"The quota moves {name} after the import."
        _sets("timing", f"quota-after-{name}", says, timing__quota_after=seconds)
    _sets(
        "timing",
        "new-list-after-300ms",
        "A new list is unknown until it is indexed.",
        timing__visible_after=0.3,
        lists__until_indexed="missing",
    )
    _sets("timing", "slow", "Every response takes 60 ms.", timing__response_after=0.06)
    _sets(
        "timing",
        "asynchronous",
        "An import returns 202 and PROCESSING; contacts follow.",
        importing__status=202,
        importing__state="PROCESSING",
        timing__visible_after=0.5,
    )
    _sets(
        "timing",
        "asynchronous-zeros",
        "The same, and its counts are not known yet.",
        importing__status=202,
        importing__state="PROCESSING",
        importing__counts_at_once=False,
        timing__visible_after=0.5,
    )
    _sets(
        "timing",
        "accepted-at-once",
        "An import returns 202 although it is complete.",
        importing__status=202,
    )
    _sets("timing", "created-201", "An import returns 201.", importing__status=201)


def _lists() -> None:
    _sets(
        "lists",
        "list-name-taken-409",
        "A list name that is taken is refused with 409.",
        lists__same_name="conflict",
    )
    _sets(
        "lists",
        "list-name-taken-400",
        "A list name that is taken is refused with 400.",
        lists__same_name="refuse",
    )
    _sets(
        "lists",
        "list-name-reused",
        "A list name that is taken names that list.",
        lists__same_name="reuse",
    )
    _sets("lists", "list-by-name-403", "This key may not make lists.", lists__by_name="forbid")
    _sets(
        "lists", "list-by-name-400", "Lists cannot be made by an import.", lists__by_name="refuse"
    )
    _sets(
        "lists",
        "list-unknown-made",
        "An import into an unknown list makes it.",
        lists__unknown_id="create",
    )
    _sets(
        "lists",
        "list-unknown-400",
        "An unknown list is refused with 400.",
        lists__unknown_status=400,
    )
    _sets(
        "lists",
        "list-unknown-403",
        "An unknown list is refused with 403.",
        lists__unknown_status=403,
    )
    _sets(
        "lists",
        "list-unknown-422",
        "An unknown list is refused with 422.",
        lists__unknown_status=422,
    )
    _sets("lists", "list-both-id", "Of listId and listName the id counts.", lists__both="id")
    _sets("lists", "list-both-name", "Of listId and listName the name counts.", lists__both="name")
    _sets(
        "lists",
        "list-neither-default",
        "Without listId and listName the first list is taken.",
        lists__neither="default",
    )
    _sets("lists", "list-name-60", "A list name has at most 60 characters.", lists__longest_name=60)
    _sets(
        "lists", "list-name-500", "A list name has at most 500 characters.", lists__longest_name=500
    )
    _sets("lists", "list-name-ascii", "A list name is written in ASCII.", lists__ascii_names=True)
    styles = {
        "list": "uuid integer slash space plus unicode dots long percent colon query base64 upper tilde one-letter",
        "contact": "uuid integer slash unicode object long query",
        "import": "uuid integer colon unicode base64 object",
    }
    for what, names in styles.items():
        for style in names.split():
            says = f"Ids of {what}s are of the style {style}."
            _sets("ids", f"{what}-id-{style}", says, **{f"shown__{what}_ids": style})


def _importing() -> None:
    _sets(
        "import",
        "duplicates-within-list",
        "A contact of another list is no duplicate.",
        importing__duplicates_in="list",
    )
    _sets(
        "import",
        "repeated-in-file-error",
        "A number again in the same file is an error.",
        importing__same_file="error",
    )
    _sets(
        "import",
        "quota-partial",
        "What the plan has room for is imported, the rest are errors.",
        importing__over_quota="partial",
    )
    _sets(
        "import",
        "update-blanks-absent",
        "UPDATE blanks the fields that a card lacks.",
        importing__update_absent_blanks=True,
    )
    _sets(
        "import",
        "update-does-not-join",
        "An updated contact stays in its own lists.",
        importing__update_joins=False,
    )
    _sets(
        "import",
        "update-replaces-tags",
        "UPDATE replaces the tags.",
        importing__update_tags="replace",
    )
    _sets(
        "import",
        "update-counts-skipped",
        "Updated cards are duplicates and skipped, not imported.",
        importing__update_skipped=True,
    )
    _sets(
        "import",
        "skip-joins",
        "With SKIP the existing contact joins the list.",
        importing__skip_joins=True,
    )
    _sets(
        "import",
        "copies-no-duplicates",
        "DUPLICATE counts no duplicates.",
        importing__copies_are_duplicates=False,
    )
    _sets(
        "import",
        "nothing-importable-400",
        "A file of faulty cards alone is refused.",
        importing__nothing_importable="refuse",
    )
    _sets(
        "import",
        "strategy-any-case",
        "duplicateStrategy may be written in lower case.",
        importing__strategy_case=False,
    )
    _sets(
        "import",
        "field-empty-absent",
        "An empty field is as good as none.",
        importing__empty_field="absent",
    )
    _sets(
        "import", "field-wrong-422", "A wrong field is refused with 422.", importing__bad_status=422
    )
    _sets(
        "import",
        "field-unknown-refused",
        "An unknown field is refused.",
        importing__unknown_fields="refuse",
    )
    _sets(
        "import",
        "field-twice-first",
        "Of a repeated field the first value counts.",
        importing__repeated_field="first",
    )
    _sets(
        "import",
        "field-twice-last",
        "Of a repeated field the last value counts.",
        importing__repeated_field="last",
    )
    _sets(
        "import",
        "file-without-name",
        "A file part needs no file name.",
        importing__file_name_needed=False,
    )
    _changes("import", "file-name-vcf", "A file name must end in .vcf.", stages.FORM, _vcf_only)


def _errors() -> None:
    for shown in (1, 2, 10, 100):
        says = f"The report shows at most {shown} errors."
        _sets("errors", f"errors-shown-{shown}", says, importing__errors_shown=shown)
    _sets(
        "errors",
        "errors-backwards",
        "Errors are listed from the end of the file.",
        importing__errors_order="reverse",
    )
    _sets(
        "errors", "errors-by-reason", "Errors are listed by reason.", importing__errors_order="kind"
    )
    _sets(
        "errors",
        "error-line-begin",
        "An error's line is that of BEGIN:VCARD.",
        importing__error_line="begin",
    )
    _sets(
        "errors",
        "error-line-end",
        "An error's line is that of END:VCARD.",
        importing__error_line="end",
        importing__missing_line="end",
    )
    _changes(
        "errors",
        "error-reasons-reworded",
        "Reasons are told in other words.",
        stages.REPORT,
        _reworded,
    )
    _changes("errors", "error-reasons-detailed", "Reasons say more.", stages.REPORT, _detailed)
    _changes(
        "errors", "error-fields-more", "Errors have more fields.", stages.REPORT, _more_error_fields
    )


def _vcf_only(form: Form, _: Context) -> Form:
    for part in form.all("file"):
        if part.filename and not part.filename.lower().endswith(".vcf"):
            raise refuse(400, "file", "Expected a file name that ends in .vcf.")
    return form


_WORDS = {INVALID: "The phone number is not valid", MISSING: "No phone number was found"}


def _reworded(report: dict[str, Any], _: Context) -> dict[str, Any]:
    errors = [
        each | {"reason": _WORDS.get(each["reason"], each["reason"])} for each in report["errors"]
    ]
    return report | {"errors": errors}


def _detailed(report: dict[str, Any], _: Context) -> dict[str, Any]:
    errors = [each | {"reason": f"{each['reason']} (card skipped)"} for each in report["errors"]]
    return report | {"errors": errors}


def _more_error_fields(report: dict[str, Any], _: Context) -> dict[str, Any]:
    errors = [each | {"code": "E42", "field": None} for each in report["errors"]]
    return report | {"errors": errors}


def _cards() -> None:
    _sets(
        "cards",
        "version-2.1-read",
        "A vCard 2.1 is read.",
        importing__versions=("2.1", "3.0", "4.0"),
    )
    _sets(
        "cards",
        "version-other-read",
        "A card of any version, or none, is read.",
        importing__other_version="read",
    )
    _sets(
        "cards",
        "version-other-refuses-file",
        "A card of another version refuses the file.",
        importing__other_version="refuse",
    )
    _sets(
        "cards",
        "no-footer-error",
        "A last card without END:VCARD is an error of that card.",
        importing__no_footer="error",
    )
    _sets(
        "cards",
        "broken-card-refuses-file",
        "A card without END:VCARD refuses the file.",
        importing__broken_card="refuse",
    )
    _sets(
        "cards", "name-from-fn-alone", "The name is FN and nothing else.", cards__name_from=("FN",)
    )
    _sets(
        "cards",
        "name-missing-error",
        "A card without FN is an error.",
        cards__name_from=("FN",),
        cards__name_missing="error",
    )
    _sets(
        "cards",
        "name-missing-number",
        "A contact without a name is called by its number.",
        cards__name_from=("FN",),
        cards__name_missing="number",
    )
    _sets(
        "cards",
        "name-org-before-n",
        "Without FN the name is ORG, then N.",
        cards__name_from=("FN", "ORG", "N"),
    )
    _sets(
        "cards",
        "name-white-space-folded",
        "White space in names is folded to one blank.",
        cards__fold_blanks=True,
    )
    _sets("cards", "name-nfc", "Names are in normal form C.", cards__normal_form="NFC")
    _sets("cards", "utf-16-refused", "Files are UTF-8; UTF-16 is refused.", cards__utf16=False)
    _sets(
        "cards",
        "windows-1252-replaced",
        "Bytes that are not UTF-8 are replaced.",
        cards__legacy_charset="",
    )
    _sets(
        "cards",
        "latin-1-read",
        "A file that is not UTF-8 is ISO 8859-1.",
        cards__legacy_charset="latin-1",
    )
    _changes(
        "cards",
        "joined-cards-refused",
        "A BEGIN:VCARD must be on a line of its own.",
        stages.LINES,
        _no_joined,
    )
    _changes(
        "cards", "bare-cr-refused", "A line ends with CRLF or LF.", stages.CONTENT, _no_bare_cr
    )
    _changes(
        "cards",
        "byte-order-mark-refused",
        "A file begins with BEGIN:VCARD, not with a mark.",
        stages.CONTENT,
        _no_mark,
    )
    _changes(
        "cards",
        "group-cards-refused",
        "A card of KIND:group is an error that says so.",
        stages.CARD,
        _no_groups,
    )


def _numbers_and_tags() -> None:
    _sets(
        "numbers",
        "telephone-first",
        "Of several TEL the first one is tried first.",
        telephones__choice="first",
    )
    _sets(
        "numbers",
        "telephone-last",
        "Of several TEL the last one is tried first.",
        telephones__choice="last",
    )
    _sets(
        "numbers",
        "telephone-only-first",
        "Only the first TEL counts.",
        telephones__choice="first",
        telephones__only_first=True,
    )
    _sets("numbers", "telephone-fax-used", "A fax number is a number, too.", telephones__faxes=True)
    for region in ("DE", "GB", "US", "FR"):
        says = f"The account's default prefix is that of {region}."
        _sets("numbers", f"region-{region}", says, telephones__region=region)
    _sets(
        "numbers", "mobiles-only", "Only mobile numbers are contacts.", telephones__kinds="mobile"
    )
    _sets(
        "numbers",
        "any-kind",
        "Premium and shared-cost numbers are contacts, too.",
        telephones__kinds="any",
    )
    _sets(
        "numbers",
        "lenient-numbers",
        "A number of a possible length is a number.",
        telephones__kinds="possible",
    )
    _changes(
        "numbers",
        "extension-refused",
        "A number with an extension is invalid.",
        stages.TELEPHONE,
        _no_extension,
    )
    _sets("tags", "tags-not-trimmed", "Blanks around tags are kept.", tags__trim=False)
    _sets("tags", "tags-repeated", "A tag may be there twice.", tags__once=False)
    _sets("tags", "tags-sorted", "Tags are sorted.", tags__order="sorted")
    _sets("tags", "tags-lower-case", "Tags are in lower case.", tags__case="lower")
    _sets("tags", "tags-at-most-10", "A contact gets at most 10 tags of an import.", tags__most=10)
    _sets("tags", "tags-255", "The field tags has at most 255 characters.", tags__longest=255)


def _no_joined(lines: list[Line], _: Context) -> list[Line]:
    if any(re.search(r"END:VCARD.*BEGIN:VCARD", line.text.upper()) for line in lines):
        raise refuse(400, "file", "Invalid VCard format. Expected END:VCARD on a line of its own.")
    return lines


def _no_bare_cr(content: bytes, _: Context) -> bytes:
    if re.search(rb"\r(?![\r\n])", content):
        raise refuse(400, "file", "Invalid VCard format. Lines end with CRLF.")
    return content


def _no_mark(content: bytes, _: Context) -> bytes:
    if content[:3] == b"\xef\xbb\xbf":
        raise refuse(400, "file", "Invalid VCard format. Expected BEGIN:VCARD header.")
    return content


def _no_groups(card: Card, _: Context) -> Card:
    if any(each.text.lower() == "group" for each in card.all("KIND")):
        return replace(card, problem="Groups are not imported")
    return card


def _no_extension(number: str, _: Context) -> str:
    return "" if re.search(r"ext|(?<=\d)\s*x", number, re.IGNORECASE) else number


def _shown() -> None:
    _sets(
        "shown",
        "email-null",
        "A contact without an e-mail address has null.",
        shown__email_absent="null",
    )
    _sets(
        "shown",
        "email-empty",
        "A contact without an e-mail address has an empty one.",
        shown__email_absent="empty",
    )
    _sets("shown", "times-in-z", "Times are in UTC, written with Z.", shown__zone="Z")
    _sets("shown", "times-in-utc", "Times are in UTC, written with +00:00.", shown__zone="UTC")
    _sets(
        "shown", "times-in-new-york", "Times are those of New York.", shown__zone="America/New_York"
    )
    _sets(
        "shown",
        "times-in-kolkata",
        "Times are those of India, with half an hour.",
        shown__zone="Asia/Kolkata",
    )
    _sets(
        "shown", "times-milliseconds", "Times have milliseconds.", shown__time_style="milliseconds"
    )
    _sets(
        "shown", "times-microseconds", "Times have microseconds.", shown__time_style="microseconds"
    )
    _sets(
        "shown",
        "times-by-contact",
        "Every contact has a time of its own.",
        shown__created_at="contact",
        shown__time_style="microseconds",
    )
    extra = {"extra": {"a": [1, None]}, "_links": []}
    _changes(
        "shown",
        "report-fields-more",
        "A report has more fields.",
        stages.REPORT,
        lambda report, _: report | extra | {"summary": report["summary"] | {"updated": 0}},
    )
    _changes(
        "shown",
        "contact-fields-more",
        "A contact has more fields.",
        stages.SHOWN,
        lambda shown, _: shown | extra | {"gender": None, "isValid": True},
    )
    _changes(
        "shown",
        "page-fields-more",
        "A page has more fields.",
        stages.PAGE,
        lambda page, context: page | extra | {"limit": context.limit},
    )
    _changes(
        "shown",
        "quota-fields-more",
        "The quota has the fields of the API reference, too.",
        stages.QUOTA,
        lambda quota, _: (
            quota
            | {
                "planLimit": quota["total"],
                "extraLimit": 0,
                "remaining": quota["total"] - quota["used"],
            }
        ),
    )
    _changes(
        "shown",
        "refusal-fields-more",
        "A refusal has more fields.",
        stages.RESPONSE,
        _more_in_refusals,
    )
    _changes(
        "shown",
        "volatile-fields",
        "Every body has a requestId and the time.",
        stages.RESPONSE,
        _volatile,
    )
    _changes(
        "shown",
        "fields-sorted",
        "The fields of a body are in alphabetical order.",
        stages.RESPONSE,
        _sorted_fields,
    )
    _changes(
        "shown",
        "json-ascii",
        "JSON is written in ASCII with escapes.",
        stages.RESPONSE,
        lambda response, _: _rewritten(response, ascii_only=True),
    )
    _changes(
        "shown",
        "json-indented",
        "JSON is indented.",
        stages.RESPONSE,
        lambda response, _: _rewritten(response, indent=2),
    )


def _more_in_refusals(response: Response, _: Context) -> Response:
    if isinstance(response.body, dict) and response.body.get("status") == "fail":
        response.body = response.body | {"code": "E_REFUSED", "traceId": str(uuid4())}
    return response


def _volatile(response: Response, _: Context) -> Response:
    if isinstance(response.body, dict):
        now = datetime.now(UTC).isoformat()
        response.body = response.body | {"requestId": str(uuid4()), "serverTime": now}
    return response


def _sorted_fields(response: Response, _: Context) -> Response:
    if isinstance(response.body, dict):
        response.body = dict(sorted(response.body.items()))
    return response


def _rewritten(
    response: Response, *, ascii_only: bool = False, indent: int | None = None
) -> Response:
    if isinstance(response.body, dict):
        text = json.dumps(response.body, ensure_ascii=ascii_only, indent=indent)
        response.body = f"{text}\n".encode("utf-8", "surrogatepass")
    return response


def _refusals() -> None:
    for body in ("problem", "html", "empty", "text", "message", "error-list"):
        says = f"Refusals that UC-020 does not show have a body of the style {body}."
        _sets("refusals", f"refusal-body-{body}", says, refusals__body=body)
    _sets("refusals", "key-missing-403", "A missing key gets 403.", refusals__missing_key=403)
    _sets("refusals", "key-unknown-403", "An unknown key gets 403.", refusals__unknown_key=403)
    _sets("refusals", "key-missing-400", "A missing key gets 400.", refusals__missing_key=400)
    _sets(
        "refusals",
        "key-unpermitted-401",
        "A key without permission gets 401.",
        refusals__no_permission=401,
    )
    _sets(
        "refusals",
        "key-field-other",
        "The field of a wrong key is X-Api-Key.",
        refusals__key_field="X-Api-Key",
    )
    _sets("refusals", "path-unknown-403", "An unknown path gets 403.", refusals__unknown_path=403)
    _sets(
        "refusals",
        "method-other-404",
        "A wrong method gets 404.",
        refusals__other_method=404,
        refusals__allow_header=False,
    )
    _sets(
        "refusals",
        "method-other-without-allow",
        "A 405 has no Allow header.",
        refusals__allow_header=False,
    )
    _sets(
        "refusals",
        "not-multipart-415",
        "A body that is no form gets 415.",
        refusals__not_multipart=415,
    )
    _sets(
        "refusals",
        "not-multipart-422",
        "A body that is no form gets 422.",
        refusals__not_multipart=422,
    )
    _sets("refusals", "options-204", "OPTIONS gets 204 with CORS headers.", refusals__options=204)
    _sets("refusals", "options-200", "OPTIONS gets 200 with CORS headers.", refusals__options=200)
    _sets("refusals", "trace-501", "TRACE gets 501.", refusals__trace=501)
    _sets("refusals", "trace-404", "TRACE gets 404.", refusals__trace=404)
    _sets("refusals", "head-served", "HEAD gets the headers of GET.", refusals__head="serve")
    _sets("refusals", "size-decimal", "10 MB are 10 000 000 bytes.", size__limit=10_000_000)
    _sets(
        "refusals",
        "size-of-request",
        "10 MB is the limit of the whole request.",
        size__of="request",
    )
    _sets(
        "refusals",
        "size-seen-early",
        "413 comes before the body is read, and the connection is closed.",
        size__early=True,
    )


def _network() -> None:
    for wait in ("number", "date", "body", "nothing"):
        says = f"20 requests a second; what a 429 says to wait: {wait}."
        _sets(
            "network",
            f"rate-limit-{wait}",
            says,
            network__rate=20.0,
            network__burst=20,
            network__wait_says=wait,
        )
    _sets(
        "network",
        "rate-limit-50",
        "50 requests a second, as the public pages say.",
        network__rate=50.0,
        network__burst=50,
        network__rate_headers=True,
    )
    _sets(
        "network",
        "rate-headers",
        "Responses say how many requests are left.",
        network__rate_headers=True,
    )
    _sets(
        "network",
        "gateway-502",
        "Every 50th request gets a gateway's 502.",
        network__bad_gateway_every=50,
    )
    _sets(
        "network",
        "gateway-503",
        "Every 70th request gets a gateway's 503 with Retry-After.",
        network__bad_gateway_every=70,
        network__bad_gateway_status=503,
    )
    _sets(
        "network",
        "gateway-504-after-import",
        "Every 60th response is lost: a gateway says 504.",
        network__bad_gateway_every=60,
        network__bad_gateway_status=504,
        network__bad_gateway_after_import=True,
        network__bad_gateway_waits=False,
    )
    _sets(
        "network",
        "connection-dropped-10",
        "A connection ends without a word after 10 responses.",
        network__drop_idle_after=10,
    )
    _sets(
        "network",
        "connection-dropped-50",
        "A connection ends without a word after 50 responses.",
        network__drop_idle_after=50,
    )
    _sets(
        "network",
        "connection-idle-100ms",
        "An idle connection is closed after 100 ms.",
        network__idle=0.1,
    )
    _sets(
        "network",
        "connection-close",
        "Every response closes the connection.",
        network__close_always=True,
    )
    _sets("network", "http-1.0", "Responses are HTTP/1.0.", network__old_protocol=True)
    _sets("network", "chunked", "Bodies are sent in chunks.", network__chunked=True)
    _sets("network", "gzip", "Bodies are compressed if the client takes gzip.", network__gzip=True)
    _sets(
        "network",
        "headers-lower-case",
        "Header names are in lower case.",
        network__header_case="lower",
    )
    _sets(
        "network",
        "headers-upper-case",
        "Header names are in upper case.",
        network__header_case="upper",
    )
    _sets(
        "network",
        "content-type-charset",
        "The content type has a charset.",
        network__content_type="application/json; charset=utf-8",
    )
    _sets(
        "network",
        "content-type-capitals",
        "The content type has capitals and no blank.",
        network__content_type="Application/JSON;charset=UTF-8",
    )
    _changes(
        "network", "headers-more", "Responses have more headers.", stages.RESPONSE, _more_headers
    )


def _more_headers(response: Response, _: Context) -> Response:
    response.headers |= {
        "Cache-Control": "no-store",
        "ETag": f'"{uuid4()}"',
        "Set-Cookie": "lb=a1; Path=/; HttpOnly",
        "Strict-Transport-Security": "max-age=31536000",
        "Vary": "Origin",
        "X-Request-Id": str(uuid4()),
    }
    return response


for _add in (
    _paging,
    _timing,
    _lists,
    _importing,
    _errors,
    _cards,
    _numbers_and_tags,
    _shown,
    _refusals,
    _network,
):
    _add()

FREEDOMS = {each.name: each for each in _table.switches}
