"""``docs/overlays.md``: conventions, with a table of them all, and how an overlay chooses others."""

from __future__ import annotations

from pathlib import Path

from qlara_sandbox.domain.conventions import TABLE, X_CONVENTIONS, Choice, Convention

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "overlays.md"
HEAD = """# Overlays and conventions

<!-- Written by `make docs`, from docs/generate/overlays.py. -->

UC-020 does not say everything: how many contacts a page has by default, whether list names are unique, how soon an
import shows. What a deployment decides where UC-020 is silent are its **conventions**. `openapi.yaml` has a value
for each of them. An [OpenAPI Overlay](https://spec.openapis.org/overlay/v1.0.0.html) over it chooses others, and the
sandbox then behaves like that deployment: it really orders by name, clamps the limit, shows an import two seconds
later. Requests and responses are checked against the contract as it is under the overlay.

```bash
qlara-sandbox serve --overlay my-deployment.yaml
```

```yaml
overlay: 1.0.0
info: {title: My deployment, version: 1.0.0}
extends: openapi.yaml
actions:
  - target: $
    update:
      x-qlara-conventions:
        order: name
        settle: 2s
        list-names: unique
  - target: $.paths['/api/partner-gateway/v1/contacts/list/{listId}/contacts'].get.parameters[?(@.name=='limit')].schema
    update: {default: 50, maximum: 100}
```

In tests, `qlara_sandbox.testing.running(overlay=Path(…))` does the same, and `overlay` among the
`qlara_sandbox_options`.

`/openapi.yaml`, `/openapi.json` and `/__docs` show the contract under the overlay; `/__admin/version` names its file.
With `--reload`, a changed overlay is taken up between two requests.

## For one scenario

A scenario may name an overlay of its own, which takes the place of `--overlay` for its worlds:

```yaml
title: Contacts show late
story: An import shows in the list two seconds after it.
overlay: late.yaml
```

It is a file in the folder of the scenario, or the name of a shipped overlay. It cannot add, remove or move
operations; `serve --overlay` can. `/openapi.yaml` and `/__docs` show the contract of the server.

## Shipped

`api-reference` is the reading of the vendor's other public pages, where they contradict UC-020: pages from 0, order by
name, create-or-update, `fileName`, other quota fields and another body of refusals. What it leaves out is told in
[overlays/api-reference.yaml](../overlays/api-reference.yaml).

```bash
qlara-sandbox serve --overlay api-reference
```

## Conventions

What plain OpenAPI can say, stands where OpenAPI has it; the rest in `x-qlara-conventions` at the root of the document, a
map from name to value. The value of `openapi.yaml` is in bold. An unknown name, or a value that a convention cannot
have, stops the start with what was expected.

"""
TAIL = """
Times (`settle`, `quota.settle`) are at most 24h: `250ms`, `2s`, `5m`. They are counted on the clock of the world, so
that `/__admin/clock` brings an import to light at once. What does not show yet is there all the same: duplicates are
found, and the quota refuses what is too much. A snapshot of a world has it under `settling`. `verify --write-overlay`
rounds what it measured up to 250ms, 500ms, 1s, 2s, 3s, 5s, 10s, 20s, 30s or 1m.

A convention that gives a refusal a status which `openapi.yaml` does not document for the operation, such as
`not-a-form: 415`, needs that response too; `verify --write-overlay` adds it.

A scenario that names its `region` or its `limits` keeps them.

## What no convention has a word for

A deployment may sort tags, or refuse a whole file for one broken card. For these there is no convention, and the sandbox
cannot do it. The overlay then says so in a sentence, in `x-qlara-differs` at the root of the document, by
[promise](promises.md):

```yaml
actions:
  - target: $
    update:
      x-qlara-differs:
        tags.order: The tags stand in another order.
```

- `verify --write-overlay` writes it: each promise that was seen to differ, unless conventions say all that was seen.
- `verify --overlay` expects that promise to differ, with `--strict` too. The report has it among the conventions: *does
  otherwise, and the overlay says so*. Where the promise is kept after all, the report says that as well.
- `serve --overlay` says at its start which of them the sandbox does as the contract says.

Only assumed promises can be named. An unknown promise, or one that is documented, is refused: a deployment that breaks
what is documented has [known deviations](verify.md#known-deviations), not another convention. A sentence has at most 300
characters. It covers the whole promise, so other faults in it go unseen: use `--strict` without the overlay now and then.

## How overlays are applied

Version 1.0 of the specification, its targets as JSONPath (RFC 9535). Actions follow each other; an update is merged
into objects, appended to arrays, and replaces everything else. In two points the sandbox decides for itself:

- a target that selects nothing is an error, since it is nearly always misspelt;
- `extends` is not followed: the overlay is applied to the contract in use (`--spec`), and nothing is fetched.

A mistake is told with the file, the line, the number of the action and its target.
"""


def page() -> str:
    """Return the page as it should be."""
    rows = "".join(map(_row, TABLE))
    return f"{HEAD}| name | values | what it decides | place |\n|---|---|---|---|\n{rows}{TAIL}"


def _row(one: Convention) -> str:
    place = f"`{X_CONVENTIONS}`" if one.place == X_CONVENTIONS else one.place
    return f"| `{one.name}` | {_values(one)} | {one.sentence} | {place} |\n"


def _values(one: Convention) -> str:
    if not isinstance(one.kind, Choice):
        return f"{one.kind.expected} (**{one.default}**)"
    return ", ".join(
        f"**{value}**" if value == one.default else f"{value}" for value in one.kind.values
    )
