"""A sandbox inside a test run: a pytest fixture, and a context manager for everything else.

Nothing heavy is imported here: pytest loads the plugin wherever the package is installed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qlara_sandbox.testing.account import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Sandbox", "running"]


@contextmanager
def running(
    *,
    scenario: str = "default",
    scenarios: Path | None = None,
    spec: Path | None = None,
    overlay: Path | None = None,
    seed: int = 0,
    allow_outside: bool = False,
) -> Iterator[Sandbox]:
    """Serve on a free port of this machine while the block runs; the server is a thread.

    ``scenario`` is where every account starts; ``scenarios`` is a folder of scenario files beside the
    shipped ones, and wins over them; ``spec`` (a contract) replaces the shipped one; ``overlay`` is an OpenAPI Overlay over the contract;
    ``seed`` is the seed for generated ids. With
    ``allow_outside``, scenarios may name vCard files outside their folder.

    Raises:
        InvalidContract, InvalidScenario, UnknownScenario: a file is missing or has mistakes.
    """
    from qlara_sandbox import resources
    from qlara_sandbox.testing.coverage_collecting import collected
    from qlara_sandbox.testing.server import Server
    from qlara_sandbox.web.runtime import SandboxSettings

    settings = SandboxSettings(
        spec=spec or resources.SPEC,
        overlay=overlay,
        scenarios=scenarios or resources.SCENARIOS,
        scenario=scenario,
        seed=seed,
        allow_outside=allow_outside,
    )
    server = Server(settings)
    with collected(server), server:
        yield Sandbox(server, "sandbox_test")
