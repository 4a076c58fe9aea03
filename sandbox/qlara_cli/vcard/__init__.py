"""``vcard``: look into vCard files before they are imported, mend them, and make some."""

from __future__ import annotations

import click

from qlara_cli.lazy_group import LazyGroup


def _inspect() -> click.Command:
    from qlara_cli.vcard.inspect import inspect

    return inspect


def _convert() -> click.Command:
    from qlara_cli.vcard.convert import convert

    return convert


def _generate() -> click.Command:
    from qlara_cli.vcard.generate import generate

    return generate


@click.group(
    cls=LazyGroup,
    commands={
        "inspect": (_inspect, "Show what an import of a file would do."),
        "convert": (_convert, "Make a clean file from one that an import cannot read."),
        "generate": (_generate, "Make a file with a known outcome."),
    },
    epilog="""\b
Examples:
  qlara-sandbox vcard inspect contacts.vcf
  qlara-sandbox vcard convert phone.vcf -o contacts.vcf
  qlara-sandbox vcard generate --contacts 100 --duplicates 5 -o contacts.vcf
""",
)
def vcard() -> None:
    """Inspect, convert and generate vCard files."""
