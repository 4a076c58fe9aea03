"""Which variables hold secrets."""

from __future__ import annotations

from qlara_rehearsal.secret_names import secrets_of


def test_the_name_says_that_a_variable_holds_a_secret() -> None:
    variables = {
        "QLARA_API_KEY": "key-of-the-platform",
        "crm_token": "token-of-the-crm",
        "DB_PASSWORD": "correct-horse",
        "PGPASSWORD": "battery-staple",
        "AWS_CREDENTIALS": "written-in-one",
        "PWD": "/home/partner/client",
        "KEYBOARD": "not-a-secret",
        "MONKEY": "not-a-secret-either",
        "SHORT_KEY": "yes",
        "CRM_KEY": "{api_key}",
    }

    assert secrets_of(variables) == (
        "battery-staple",
        "correct-horse",
        "key-of-the-platform",
        "token-of-the-crm",
        "written-in-one",
    )
