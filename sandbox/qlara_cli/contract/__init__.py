"""``contract``: the contract for other tools, and what a change of it means."""

from __future__ import annotations

import click

from qlara_cli.lazy_group import LazyGroup


def _show() -> click.Command:
    from qlara_cli.contract.show import show

    return show


def _diff() -> click.Command:
    from qlara_cli.contract.diff import diff

    return diff


def _collections() -> click.Command:
    from qlara_cli.contract.collections import collections

    return collections


@click.group(
    cls=LazyGroup,
    commands={
        "show": (_show, "Print the contract as one OpenAPI file."),
        "diff": (_diff, "Show what a change of the contract means for clients."),
        "collections": (_collections, "Write collections for Postman, Bruno and Arazzo."),
    },
    epilog="""\b
Examples:
  qlara-sandbox contract show --overlay api-reference
  qlara-sandbox contract show --for-fuzzing > fuzzing.yaml
  qlara-sandbox contract diff openapi-1.0.yaml openapi.yaml
  qlara-sandbox contract collections qlara
""",
)
def contract() -> None:
    """Show the contract, and what a change of it means."""
