"""Commands and answers are laid out so that people can read them, and say the same as before."""

from __future__ import annotations

import json
import shlex

import pytest

from docs.generate.layout import fold, indented

BASE = "curl -s https://sandbox.example/api/partner-gateway/v1/contacts"
ANSWER = {
    "listId": "list_crm_migration",
    "contacts": [{"name": "Marco", "tags": ["a", "b"]}, {"name": "Giulia", "tags": []}, {}],
    "total": 3,
}


@pytest.mark.parametrize("width", [20, 60, 88, 200])
@pytest.mark.parametrize(
    "command",
    [
        f'{BASE}/upload/vcard -H "X-Api-Key: $KEY" -F "file=@a b.vcf" -F "tags=a,b"',
        f'{BASE}/list/list_crm_migration/contacts?limit=1000 -H "X-Api-Key: $KEY"',
        f"{BASE}/list",
    ],
)
def test_a_folded_command_is_the_same_command(command: str, width: int) -> None:
    assert shlex.split(fold(command, width).replace("\\\n", "")) == shlex.split(command)


def test_a_command_that_fits_and_what_is_no_command_of_curl_are_left_alone() -> None:
    loop = f'for n in 1 2 3; do {BASE}/list -H "X-Api-Key: $KEY" -F "file=@contacts.vcf"; done'

    assert fold(f"{BASE}/list") == f"{BASE}/list"
    assert fold(loop) == loop


def test_indented_json_is_the_same_json() -> None:
    assert json.loads(indented(ANSWER)) == ANSWER


def test_short_values_stay_on_a_line_and_long_arrays_say_what_is_left_out() -> None:
    assert indented(ANSWER, shown=1) == (
        "{\n"
        '  "listId": "list_crm_migration",\n'
        '  "contacts": [\n'
        "    {\n"
        '      "name": "Marco",\n'
        '      "tags": ["a", "b"]\n'
        "    },\n"
        "    // … 2 more\n"
        "  ],\n"
        '  "total": 3\n'
        "}"
    )
