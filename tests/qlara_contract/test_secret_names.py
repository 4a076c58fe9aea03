"""Which names are those of secrets."""

from __future__ import annotations

import pytest

from qlara_contract.secret_names import is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        *("X-Api-Key", "api_key", "apiKey[]", "APIKEY", "X-API-KEY2", "key", "Ocp-Apim-Subscription-Key"),
        *("token", "auth_token", "refreshToken", "X-CSRF-Token", "APITOKEN", "access.token"),
        *("password", "PGPASSWORD", "dbPasswd", "MYSQL_PWD", "pwd", "client_secret", "X-Amz-Signature", "sig"),
        *("Authorization", "proxy-authorization", "Cookie", "Set-Cookie", "auth", "session", "sessionId"),
        *("jwt", "aws_credentials", "AWS_SECRET_ACCESS_KEY"),
    ],
)  # fmt: skip
def test_a_name_says_that_it_is_one_of_a_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "name", "monkey", "KEYBOARD", "TURKEY", "tokens_left", "keyword", "author", "design"),
        *("X-Sandbox-Session", "Idempotency-Key", "sortKey", "DESKTOP_SESSION"),
        *("duplicateStrategy", "listId", "config", "página"),
    ],
)  # fmt: skip
def test_other_names_are_none(name: str) -> None:
    assert not is_secret_name(name)
