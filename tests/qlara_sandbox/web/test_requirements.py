"""Whatever is edited in openapi.yaml: it is served, or refused at the start in one line with its place."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import yaml

from qlara_sandbox import resources
from qlara_sandbox.http.contract import InvalidContract
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.scenario.plain_yaml import PlainLoader
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, QUOTA, UPLOAD, vcf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.applications import Starlette

Place = tuple[str | int, ...]

SPEC = resources.SPEC.read_text(encoding="utf-8")
GONE = object()
VALUES = [GONE, None, "", [], {}, 0, -1, 0.5, 2**70, True, "x y{z}", [1]]
MIXED = vcf(("Marco", "347 123 4567"), ("Anna", "1"))
IN_LIST = {"listId": "list_crm_migration"}
PAGE = """        - name: page
          in: query
          description: Which page, counted from 1. A page past the end is empty.
"""


def sandbox(folder: Path, *changes: tuple[str, str], text: str = SPEC) -> Starlette:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    spec = folder / "openapi.yaml"
    spec.write_text(text, encoding="utf-8")
    return create_app(SandboxSettings(spec=spec))


async def statuses(app: Starlette) -> list[int]:
    """Return what the operations respond with, in every way that they document."""
    key = {"X-Api-Key": "YOUR_API_KEY"}
    base = "http://localhost"
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url=base, headers=key
    ) as client:
        files = {"file": ("c.vcf", MIXED)}
        gets = (
            QUOTA, LIST, f"{LIST}?limit=1&page=2", f"{LIST}?page=0", f"{LIST}?limit=0",
            f"{LIST}?page=999999999999999999&limit=999999999999999999", f"{LIST}?limit=x",
            LIST.replace("list_crm", "no"), "/openapi.json", "/openapi.yaml", "/__docs",
            "/llms.txt",
        )  # fmt: skip
        found = [(await client.get(path)).status_code for path in gets]
        forms: tuple[dict[str, str], ...] = (
            IN_LIST,
            {"listName": "L"},
            {"listId": "no"},
            {**IN_LIST, "tags": "a,b"},
            {},
        )
        found += [(await client.post(UPLOAD, files=files, data=each)).status_code for each in forms]
        for scenario in ("quota-exhausted", "no-permission", "revoked-key"):
            chosen = {"X-Sandbox-Scenario": scenario}
            sent = await client.post(UPLOAD, files=files, data=IN_LIST, headers=chosen)
            found.append(sent.status_code)
        found.append(
            (await client.post(UPLOAD, files=files, headers={"X-Api-Key": ""})).status_code
        )
        found.append((await client.post(UPLOAD, data=IN_LIST)).status_code)
        return found


@cache
def document() -> Any:
    return yaml.load(SPEC, Loader=PlainLoader)  # noqa: S506 - a safe loader


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*at, key)
        if isinstance(item, dict | list):
            yield from places(item, (*at, key))


def edited(at: Place, value: object) -> str:
    changed = copy.deepcopy(document())
    holder = changed
    for step in at[:-1]:
        holder = holder[step]
    if value is GONE:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    return json.dumps(changed)


def outcome(folder: Path, text: str) -> str:
    try:
        app = sandbox(folder, text=text)
    except (InvalidContract, InvalidScenario) as error:
        return str(error) if "\n" in str(error) else "refused in one line"
    found = asyncio.run(statuses(app))
    return "served" if max(found) < 500 else f"responds with {found}"


@pytest.mark.parametrize("seed", range(8))
def test_any_edit_is_served_or_refused_in_one_line(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for at in chance.sample(sorted(places(document()), key=str), 6):
        value = chance.choice(VALUES)
        assert outcome(tmp_path, edited(at, value)) in {"served", "refused in one line"}, (
            at,
            value,
        )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '        "409":\n          description: The import would',
            '        "410":\n          description: The import would',
            f"POST {UPLOAD}: does not allow what the sandbox responds: "
            "uploadVCard: status 409 is not in the contract",
        ),
        (
            '        "413":\n          description: The file is larger',
            '        "414":\n          description: The file is larger',
            "uploadVCard: status 413 is not in the contract",
        ),
        (
            "maximum: 1000000000\n",
            "maximum: 10000000000000000000000\n",
            "paths./api/partner-gateway/v1/contacts/list/{listId}/contacts.get.parameters.2.schema"
            ".maximum: an integer of more than 64 bits",
        ),
        (
            "            maximum: 1000\n            default: 10\n",
            "            maximum: 1000\n            default: 2000\n",
            "the parameter 'limit': its default breaks its own schema: "
            "2000 is greater than the maximum of 1000",
        ),
        (
            "            minimum: 1\n            maximum: 1000\n",
            "            minimum: 0\n            maximum: 1000\n",
            "lacks a minimum of 1 or more for limit of listContacts",
        ),
        (
            "          schema:\n            type: integer\n            minimum: 1\n            maximum: 1000\n",
            "          schema:\n            type: string\n            minimum: 1\n            maximum: 1000\n",
            "the parameter 'limit': its default breaks its own schema",
        ),
        (
            "          enum: [SKIP, UPDATE, DUPLICATE]\n",
            "",
            "lacks a handler for every duplicateStrategy",
        ),
        ("      required: [file]\n", "", "lacks the file among the required fields of uploadVCard"),
        (
            "        total: {type: integer, minimum: 0, description: Contacts in the list.,",
            "        total: {type: string, description: Contacts in the list.,",
            "total",
        ),
        (
            "          items: {$ref: \"#/components/schemas/CardError\"}\n",
            "          maxItems: 2\n          items: {$ref: \"#/components/schemas/CardError\"}\n",
            "uploadVCard: 200: errors: ",
        ),
        (
            "          x-qlara-max-bytes: 10485760\n",
            "          x-qlara-max-bytes: true\n",
            "the field 'file' lacks x-qlara-max-bytes as an integer of at least 1",
        ),
        (
            "  title: Qlara contact API\n",
            "  title: Qlara contact API\n  title: Another\n",
            "openapi.yaml:18: duplicate key 'title'",
        ),
        ("  title: Qlara contact API\n", "  title: 5\n", 'openapi.yaml:17: info.title: 5 is not of type'),
        (
            "  version: 1.0.0\n",
            "  version: .inf\n",
            "openapi.yaml:18: info.version: a number that JSON has not",
        ),
        (
            "  version: 1.0.0\n",
            "  version: !!binary aGk=\n",
            "info.version: a value of the type bytes, which JSON has not",
        ),
        (
            "              schema: {$ref: \"#/components/schemas/ContactQuota\"}\n",
            "              schema: {$ref: \"http://127.0.0.1:9/quota.json\"}\n",
            "schema.$ref: 'http://127.0.0.1:9/quota.json' is outside this file; nothing is fetched",
        ),
        (
            "              schema: {$ref: \"#/components/schemas/ContactQuota\"}\n",
            "              schema: {$ref: \"../other.yaml#/quota\"}\n",
            "schema.$ref: '../other.yaml#/quota' is outside this file; nothing is fetched",
        ),
        (
            "        name: {type: string, description: The name on the card.,",
            "        name: true\n        other: {type: string,",
            "components.schemas.CardError.properties.name: true is not of type",
        ),
        (
            "      required: [used, total]\n      properties:\n",
            "      required: [used, total]\n      $id: \"http://127.0.0.1:9/\"\n"
            "      allOf: [{$ref: \"#far\"}]\n      properties:\n",
            "GET /api/v1/partner-gateway/subscription/contacts: ",
        ),
    ],
)  # fmt: skip
def test_an_edit_that_could_not_be_kept_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    with pytest.raises(InvalidContract) as error:
        sandbox(tmp_path, (old, new))

    assert expected in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'openapi.yaml'}:")
    assert "\n" not in str(error.value)


def test_values_nested_without_end_are_a_mistake_and_not_the_end_of_the_process(
    tmp_path: Path,
) -> None:
    for text in ("[" * 100_000, "- " * 100_000 + "x", "a: &a [*a]", "&a {b: *a}"):
        with pytest.raises(InvalidContract):
            sandbox(tmp_path, text=text)


def pages(app: Starlette, *queries: str) -> list[tuple[int, int, int, bool, list[str]]]:
    async def get() -> list[Any]:
        key = {"X-Api-Key": "YOUR_API_KEY"}
        transport, base = httpx2.ASGITransport(app), "http://localhost"
        async with httpx2.AsyncClient(transport=transport, base_url=base, headers=key) as client:
            people = vcf(("A", "347 123 4561"), ("B", "347 123 4562"), ("C", "347 123 4563"))
            await client.post(UPLOAD, files={"file": ("c.vcf", people)}, data=IN_LIST)
            return [(await client.get(f"{LIST}?limit=2{query}")).json() for query in queries]

    return [
        (page["page"], page["total"], page["totalPages"], page["hasMore"],
         [contact["name"] for contact in page["contacts"]])
        for page in asyncio.run(get())
    ]  # fmt: skip


MINIMUM = ("            minimum: 1\n            maximum: 1000000000\n",
           "            minimum: 0\n            maximum: 1000000000\n")  # fmt: skip


def test_a_page_0_that_the_contract_allows_is_the_first_page(tmp_path: Path) -> None:
    app = sandbox(tmp_path, MINIMUM)
    first = (1, 3, 2, True, ["A", "B"])

    assert pages(app, "", "&page=0", "&page=1", "&page=2", "&page=3") == [
        *(first, first, first),
        (2, 3, 2, False, ["C"]),
        (3, 3, 2, False, []),
    ]


def test_pages_are_counted_from_the_page_that_is_the_default(tmp_path: Path) -> None:
    default = ("            default: 1\n", "            default: 0\n")
    shown = ("page: {type: integer, minimum: 1,", "page: {type: integer, minimum: 0,")
    app = sandbox(tmp_path, MINIMUM, default, shown)

    assert pages(app, "", "&page=0", "&page=1", "&page=2") == [
        (0, 3, 2, True, ["A", "B"]),
        (0, 3, 2, True, ["A", "B"]),
        (1, 3, 2, False, ["C"]),
        (2, 3, 2, False, []),
    ]


def test_a_first_page_that_its_own_schema_does_not_allow_is_refused(tmp_path: Path) -> None:
    default = ("            default: 1\n", "            default: 0\n")
    with pytest.raises(
        InvalidContract, match="listContacts: 200: page: 0 is less than the minimum"
    ):
        sandbox(tmp_path, MINIMUM, default)
