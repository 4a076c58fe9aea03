"""The words of the contract and of error messages: they say nothing of anybody, and stay."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import qlara_contract

FIELDS = frozenset(
    "importId listId status summary total imported duplicates errors skipped line name reason completedAt "
    "contacts contactId phoneNumber email tags createdAt page totalPages hasMore limit used data message "
    "error code retryAfter file listName duplicateStrategy fileName apiKey rateLimit available remaining "
    "detail details title type instance path timestamp requestId success address".split()
)
"""Names of fields, parameters and parts of forms that the contract or error bodies have."""

IDS = frozenset({"importId", "listId", "contactId", "id", "requestId", "traceId"})
TIMES = frozenset({"completedAt", "createdAt", "timestamp", "updatedAt", "renewsAt"})
PEOPLE = frozenset({"name", "phoneNumber", "email", "address", "firstName", "lastName", "phone"})

ENUMERATED = frozenset(
    "COMPLETED PENDING FAILED PROCESSING RUNNING QUEUED PARTIAL fail error success ok SKIP UPDATE "
    "DUPLICATE IMPORT true false null".split()
)
"""Values that say how something is, and not what."""

STEPS = frozenset("api partner-gateway v1 v2 contacts list upload vcard subscription".split())
"""Steps of the paths of the contract."""

SECRET_NAMES = frozenset(
    "apikey api_key api-key x-api-key key token access_token accesstoken auth authorization password secret "
    "client_secret signature sig session sessionid jwt bearer".split()
)
"""Names, in small letters, of parameters and fields that carry a secret."""

_MESSAGE_WORDS = frozenset(
    """
    a about above accept accepted access account active after all allowed already an and any api apikey are as
    at authentication authorization bad be been begin begins begincard below between body both bytes but by bytes
    call can cannot card cards chars characters check code columns complete completed conflict contact contacts
    content contract could country create created creates current data default denied destination different
    does duplicate duplicates each email empty encoding end entity error errors exceed exceeded exceeds exist
    existing exists expected export extension fail failed field fields file files first footer for forbidden
    form format found from full gateway greater group has have header headers http id import imported in
    incorrect internal invalid is it items its json key kb kind last length less letters limit line list listid
    listname lists long malformed many maximum mb media members method minimum missing month more multipart
    must name names neither never new next no none not nothing null number numbers object of off on one only
    or order other out overloaded page pages parameter part payload per permission phone plan please positive
    processed property quota range rate read reason received request requests required resource response retry
    row seconds send sent server service short should size skipped taken skip something status store string subscription
    success successfully supported tag tags than that the there this time times to token too total twice type
    unable unauthorized unavailable unexpected unknown unsupported until up update updated upgrade upload
    uploaded url valid value values vcard vcf version was what when which with within without wrong you your zero
    strategy duplicatestrategy phonenumber filename contactid importid retryafter ratelimit
    """.split()
)
_FORM_WORDS = frozenset(
    """
    content disposition form data name filename type text vcard x directory octet stream application charset utf
    binary transfer encoding file listid listname duplicatestrategy tags skip update duplicate plain
    """.split()
)
_TEMPLATES = re.compile(
    r"Contact quota exceeded\. Current: \d+/\d+\. Upgrade your plan to import more contacts\."
    r"|File size exceeds maximum allowed \(\d+ ?[kMG]?B(?:ytes)?\)"
    r"|Rate limit exceeded\. Please retry after \d+ seconds?\."
    r"|Unsupported vCard version '\d{1,2}(?:\.\d{1,2})?': expected 3\.0 or 4\.0\. Export the contacts as vCard 3\.0"
    r"|Invalid VCard format\. Expected END:VCARD footer\. The card that begins on line \d+ has none; "
    r"complete cards before it: \d+\."
)
_SMALL = 3  # digits of a number that counts or limits something


def is_message_word(word: str) -> bool:
    """Return whether a word, in small letters, or a number is one that error messages have."""
    return word in _MESSAGE_WORDS or (word.isdecimal() and len(word) <= _SMALL)


def is_report_word(word: str) -> bool:
    """Return whether a word, in small letters, is one that our own reports are written with."""
    return word in _report_words()


@cache
def _report_words() -> frozenset[str]:
    folder = Path(qlara_contract.__file__).parent
    files = [folder / "promises.yaml", *sorted((folder / "report").rglob("*"))]
    texts = (each.read_text(encoding="utf-8", errors="replace") for each in files if each.is_file())
    return frozenset(word for text in texts for word in re.findall(r"[a-z]{4,}", text.lower()))


def is_form_word(word: str) -> bool:
    """Return whether a word, in small letters, is one that the parts of an upload have."""
    return word in _FORM_WORDS


def is_known_message(text: str) -> bool:
    """Return whether a text is an error message of the contract, with nothing of anybody in it."""
    return _TEMPLATES.fullmatch(text) is not None
