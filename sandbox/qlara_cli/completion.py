"""``completion``: what a shell needs to complete commands, options and the names of scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from qlara_sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM = "qlara-sandbox"
_VARIABLE = "_QLARA_SANDBOX_COMPLETE"


@click.command(
    epilog="""\b
Examples:
  eval "$(qlara-sandbox completion bash)"                   # in ~/.bashrc
  eval "$(qlara-sandbox completion zsh)"                    # in ~/.zshrc, after compinit
  qlara-sandbox completion fish | source                    # in ~/.config/fish/config.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what completes commands, options and scenario names in this shell; evaluate it there."""
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, _PROGRAM, _VARIABLE)
    # Not source(): for bash it would start one to see its version.
    click.echo(script.source_template % script.source_vars())


def scenario_names(
    ctx: click.Context,
    _: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Return the scenarios whose names begin so: the shipped ones, and those of the folder that is given."""
    names = sorted({*_names(_folder(ctx)), *_names(resources.SCENARIOS)})
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def act_names(
    ctx: click.Context,
    _: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Return the acts whose names begin so: the shipped ones, and those of the folder that is given."""
    folder = ctx.params.get("folder")
    names = {*_names(resources.SCENARIOS / "acts"), *(_names(Path(folder)) if folder else ())}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def _folder(ctx: click.Context) -> Path:
    """Return the folder of scenarios that the options before name, of this command or one above."""
    at: click.Context | None = ctx
    while at is not None:
        for name in ("scenarios", "folder"):
            if at.params.get(name):
                return Path(at.params[name])
        at = at.parent
    return resources.SCENARIOS


def _names(folder: Path) -> Iterator[str]:
    return (path.stem for path in folder.glob("*.yaml"))
