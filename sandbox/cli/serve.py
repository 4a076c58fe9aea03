"""``serve``: start the sandbox and say what to try first."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox import __version__, resources

if TYPE_CHECKING:
    from sandbox.web.runtime import Settings

QUOTA_PATH = "/api/v1/partner-gateway/subscription/contacts"


@click.command(
    epilog="""\b
Examples:
  qlara-sandbox serve
  qlara-sandbox serve --scenario crm-migration
  qlara-sandbox serve --port 0 --seed 7 --log-format json
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, envvar="SANDBOX_HOST",
              show_envvar=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, envvar="SANDBOX_PORT", show_envvar=True,
              type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one.")
@click.option("--scenario", default="default", show_default=True, envvar="SANDBOX_SCENARIO",
              show_envvar=True, help="Scenario of requests that choose none.")
@click.option("--scenarios", "folder", default=resources.SCENARIOS, envvar="SANDBOX_SCENARIOS",
              show_envvar=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Folder of scenario files.  [default: the shipped ones]")
@click.option("--spec", default=resources.SPEC, envvar="SANDBOX_SPEC", show_envvar=True,
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="The contract.  [default: the shipped openapi.yaml]")
@click.option("--reload", is_flag=True, envvar="SANDBOX_RELOAD", show_envvar=True,
              help="Take up changes of the contract and of scenario files at once.")
@click.option("--seed", default=0, show_default=True, type=int, envvar="SANDBOX_SEED",
              show_envvar=True, help="Decides the ids that are handed out.")
@click.option("--sandbox-headers/--no-sandbox-headers", default=True, show_default=True,
              envvar="SANDBOX_HEADERS", show_envvar=True,
              help="Whether answers name their scenario and session.")
@click.option("--log-format", default="text", show_default=True, envvar="SANDBOX_LOG_FORMAT",
              show_envvar=True, type=click.Choice(["text", "json"]), help="One line per request.")
@click.option("--quiet", is_flag=True, envvar="SANDBOX_QUIET", show_envvar=True,
              help="Log problems only.")
def serve(**options: object) -> None:
    """Start the sandbox.

    State is kept in memory, so it is served by one process. Ctrl-C ends it after the requests that
    are under way.
    """
    print(options)
