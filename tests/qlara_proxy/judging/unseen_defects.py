"""The defects whose promises the judge does not find in the traffic of the suite, and why."""

from __future__ import annotations

NEVER = frozenset(
    {
        "contacts-of-all-accounts",
        "duplicates-by-email",
        "duplicates-by-name",
        "duplicates-by-name-and-email",
        "duplicates-by-seven-digits",
        "duplicates-by-uid",
        "imports-into-lists-of-others",
        "lists-of-all-accounts",
        "lists-of-others-empty",
        "lists-of-others-forbidden",
        "one-card-for-each-address",
        "one-card-for-each-uid",
        "one-contact-for-each-name",
        "quota-of-all-accounts",
        "unclosed-card-swallows-the-next",
        "update-by-the-last-digits",
    }
)
"""Their promise is one that no traffic shows for sure."""

KEYS = frozenset(
    {
        "any-key-accepted",
        "attacks-blocked",
        "beginning-of-a-key-enough",
        "forbidden-instead-of-unauthorised",
        "imports-with-any-key",
        "key-judged-last",
        "keys-by-their-length",
        "keys-in-any-letter-case",
        "keys-looked-for-anywhere",
        "lists-with-any-key",
        "longer-keys-accepted",
        "permission-for-importing-not-asked-for",
        "permission-for-reading-not-asked-for",
        "permission-not-asked-for",
        "unauthorised-instead-of-forbidden",
    }
)
"""Whether a key is valid, and of which account, is not known from traffic."""

OTHERWISE = frozenset(
    {
        "bare-types-not-read",
        "card-after-a-mark-lost",
        "card-after-an-error-lost",
        "cards-at-most-1000",
        "cards-at-most-500",
        "comma-swaps-the-words",
        "compared-with-the-newest",
        "contacts-at-most-100",
        "contacts-of-other-countries-not-listed",
        "continued-lines-read-as-properties",
        "copies-are-errors",
        "copies-skipped-at-a-full-quota",
        "counts-as-text",
        "duplicate-fails",
        "duplicates-count-errors",
        "email-made-up",
        "empty-types-not-read",
        "escapes-read-before-unfolding",
        "every-hundredth-card-lost",
        "expect-refused",
        "extensions-read-as-properties",
        "faulty-cards-need-quota",
        "fields-before-the-file-lost",
        "has-more-always",
        "import-ends-at-an-error",
        "import-id-missing",
        "import-without-content",
        "imported-counts-duplicates",
        "imports-join-every-list",
        "imports-replace-a-list",
        "joiners-stripped",
        "last-line-needs-an-end",
        "last-of-two-names",
        "last-place-of-the-quota-kept",
        "line-between-cards-costs-the-next",
        "lines-cut-at-75-octets",
        "list-names-in-ascii-only",
        "long-number-fails",
        "many-cards-fail",
        "missing-numbers-made-up",
        "name-and-number-swapped",
        "names-cut-at-64",
        "names-unescaped-as-html",
        "new-list-not-created",
        "no-cards-at-all-fail",
        "numbers-compared-as-typed",
        "one-import-at-a-time",
        "page-shown-from-0",
        "pages-at-most-50",
        "parameters-in-lower-case-not-read",
        "refusals-with-200",
        "repeated-types-not-read",
        "report-in-an-envelope",
        "report-names-another-list",
        "same-file-refused",
        "semicolons-become-spaces",
        "server-error-on-a-broken-form",
        "short-codes-prefixed",
        "skip-clears-the-email",
        "skip-joins-the-list",
        "summary-missing",
        "tags-as-text",
        "tags-lost",
        "three-addresses-refused",
        "three-numbers-refused",
        "too-short-filled-up",
        "two-emails-refused",
        "two-numbers-refused",
        "unknown-list-created",
        "update-changes-the-number",
        "update-fails",
        "update-lists-the-contact-again",
        "update-renames-others",
        "updated-contacts-not-found",
        "updates-refused-at-a-full-quota",
        "uri-extension-glued-on",
        "uri-in-capitals-not-read",
        "uris-with-a-type-invalid",
        "valid-list-names-refused",
    }
)
"""They are found, by another promise than the suite names, which sends what is special once more alone."""

NOTHING = frozenset(
    {
        "cards-at-most-2000",
        "empty-list-missing",
        "empty-number-is-invalid",
        "every-card-counts-before-the-import",
        "folded-after-decoding",
        "lines-for-fax-taken",
        "overlapping-imports-lost",
        "pages-cached-for-good",
        "phone-context-ignored",
        "rate-limit-as-503",
        "tags-shared-by-an-import",
        "unknown-list-is-empty",
        "unknown-path-accepted",
        "update-blanks-absent-fields",
        "update-moves-the-contact-to-the-end",
        "update-stays-off-the-list",
        "version-4-refused",
    }
)
"""The traffic of the suite shows nothing certain of them: it takes a known account, or more of the same."""

REGION = frozenset(
    {
        "beginning-taken-for-the-country-code",
        "empty-number-ends-the-search",
        "national-numbers-invalid",
        "only-the-first-number",
        "region-of-the-number-before",
    }
)
"""They concern numbers without the code of their country: an account of another region may do the same."""

UNSEEN = NEVER | KEYS | OTHERWISE | NOTHING | REGION
