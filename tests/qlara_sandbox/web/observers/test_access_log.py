"""The log says why a request was refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.web.observers.access_log import reason
from tests.qlara_sandbox.web.calls import QUOTA, UPLOAD

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str | None]]:
    return [
        (record.__dict__["status"], record.__dict__["reason"])
        for record in caplog.records
        if record.name == "qlara_sandbox.access"
    ]


def test_a_refusal_is_logged_with_its_reason(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "qlara_sandbox.access")
    client.get(QUOTA)
    client.get(QUOTA, headers={"X-Api-Key": "nobody's"})
    client.post(UPLOAD, data={"listId": "list_crm_migration"})
    client.get(QUOTA.replace("v1/partner-gateway", "partner-gateway/v1"))
    client.get(QUOTA, headers={"Prefer": "code=429"})

    accepted = "Accepted: YOUR_API_KEY, and any key that begins with sandbox_."
    assert logged(caplog) == [
        (200, None),
        (401, f"apiKey: Unknown or inactive API key. {accepted}"),
        (
            400,
            "file: Expected a multipart/form-data body with a vCard file; "
            "found application/x-www-form-urlencoded.",
        ),
        (
            404,
            "path: No such path in the contract: /api/partner-gateway/v1/subscription/contacts. "
            f"Did you mean {QUOTA}? The two prefixes differ: /api/v1/partner-gateway here, "
            "/api/partner-gateway/v1 for other paths.",
        ),
        (429, "Rate limit exceeded. Please retry after 12 seconds."),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"status": "fail", "data": {"a": "One.", "b": "Two."}}', "a: One.; b: Two."),
        (b'{"status": 403, "error": "Forbidden", "message": "Why."}', "Why."),
        (b'{"data": {"a": {"b": 1}}, "message": ""}', None),
        (b'{"data": [1]}', None),
        (b'{"message": 7}', None),
        (b"[]", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_the_reason_is_what_the_body_says_in_words(body: bytes, said: str | None) -> None:
    assert reason(body) == said


def test_a_long_reason_is_shortened() -> None:
    said = reason(b'{"message": "' + b"x" * 10_000 + b'"}')

    assert said == "x" * 499 + "…"
