"""The defects whose promises the judge does not find in the traffic of the suite, and why: none but these."""

from __future__ import annotations

NUMBERS_OF_STRANGERS = frozenset(
    {
        "duplicates-by-email",
        "duplicates-by-name",
        "duplicates-by-name-and-email",
        "duplicates-by-seven-digits",
        "duplicates-by-uid",
        "one-card-for-each-address",
        "one-card-for-each-uid",
        "one-contact-for-each-name",
        "update-by-the-last-digits",
    }
)
"""A number that no list has shown may be in the account all the same, so its card may be a duplicate."""

OTHER_ACCOUNTS = frozenset(
    {
        "contacts-of-all-accounts",
        "imports-into-lists-of-others",
        "lists-of-all-accounts",
        "lists-of-others-empty",
        "lists-of-others-forbidden",
        "quota-of-all-accounts",
    }
)
"""Two keys may be of one account."""

UNCLOSED_CARDS = frozenset({"unclosed-card-swallows-the-next"})
"""Nobody can say what a card means that is not closed."""

KEYS = frozenset(
    {
        "any-key-accepted",
        "beginning-of-a-key-enough",
        "imports-with-any-key",
        "keys-by-their-length",
        "keys-in-any-letter-case",
        "keys-looked-for-anywhere",
        "lists-with-any-key",
        "longer-keys-accepted",
        "permission-for-importing-not-asked-for",
        "permission-for-reading-not-asked-for",
        "permission-not-asked-for",
    }
)
"""A key that is accepted may be a valid one, with contact permission."""

REFUSED_KEYS = frozenset(
    {
        "forbidden-instead-of-unauthorised",
        "unauthorised-instead-of-forbidden",
    }
)
"""A key that is refused with 401 or 403 may be unknown, or without permission, as the status says."""

REGION = frozenset(
    {
        "beginning-taken-for-the-country-code",
        "national-numbers-invalid",
        "region-of-the-number-before",
    }
)
"""Of which country a number without its code is depends on the account, whose region is not known."""

GATEWAYS = frozenset({"rate-limit-as-503"})
"""A 503 may come from a gateway."""

UNKNOWN_IDS = frozenset({"unknown-list-is-empty"})
"""A list that is empty may be one that the account has."""

OTHER_PATHS = frozenset({"unknown-path-accepted"})
"""A path outside the contract may be one that the deployment has."""

UNSEEN = (
    NUMBERS_OF_STRANGERS
    | OTHER_ACCOUNTS
    | UNCLOSED_CARDS
    | KEYS
    | REFUSED_KEYS
    | REGION
    | GATEWAYS
    | UNKNOWN_IDS
    | OTHER_PATHS
)
