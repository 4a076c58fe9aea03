"""A path that is nearly one of the contract's is answered with the one that was meant."""

from __future__ import annotations

import pytest

from qlara_sandbox.web.near_paths import hint

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/{listId}/contacts"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
KNOWN = (UPLOAD, LIST, QUOTA)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (f"{UPLOAD}/", UPLOAD),
        (UPLOAD.upper(), UPLOAD),
        ("/api/partner-gateway/v1/contacts/upload/vcards", UPLOAD),
        ("/api//partner-gateway/v1/contacts/upload/vcard", UPLOAD),
        ("/contacts/upload/vcard", UPLOAD),
        (f"/qlara{QUOTA}", QUOTA),
        ("/subscription/contacts", QUOTA),
        (
            "/api/partner-gateway/v1/contacts/lists/list_1/contacts",
            LIST.replace("{listId}", "list_1"),
        ),
        ("/contacts/list/list_1/contacts", LIST.replace("{listId}", "list_1")),
    ],
)
def test_a_slip_is_met_with_the_path_that_was_meant(path: str, meant: str) -> None:
    assert hint(path, KNOWN) == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    ("path", "meant", "here", "elsewhere"),
    [
        (
            "/api/v1/partner-gateway/contacts/upload/vcard",
            UPLOAD,
            "/api/partner-gateway/v1",
            "/api/v1/partner-gateway",
        ),
        (
            "/api/v1/partner-gateway/contacts/list/l/contacts",
            LIST.replace("{listId}", "l"),
            "/api/partner-gateway/v1",
            "/api/v1/partner-gateway",
        ),
        (
            "/api/partner-gateway/v1/subscription/contacts",
            QUOTA,
            "/api/v1/partner-gateway",
            "/api/partner-gateway/v1",
        ),
    ],
)
def test_the_prefix_of_another_path_is_said_to_be_one(
    path: str, meant: str, here: str, elsewhere: str
) -> None:
    assert hint(path, KNOWN) == (
        f"Did you mean {meant}? The two prefixes differ: {here} here, {elsewhere} for other paths."
    )


@pytest.mark.parametrize(
    "path", ["", "/", "/x", "/contacts", "/api/v2/messages", "/" + "a/" * 5000]
)
def test_a_path_of_its_own_is_met_with_none(path: str) -> None:
    assert hint(path, KNOWN) is None


def test_where_nothing_is_known_nothing_was_meant() -> None:
    assert hint(UPLOAD, ()) is None
