"""The pytest plugin: ``qlara_sandbox``, an account of its own for every test.

pytest loads this wherever the package is installed, so nothing heavy is imported before the fixture
is used.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from qlara_sandbox.testing import Sandbox

_SECTION = "Qlara sandbox: last exchanges"
_SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of contract coverage."""
    group = parser.getgroup("qlara-sandbox", "Qlara sandbox")
    group.addoption(
        "--qlara-coverage",
        action="store_true",
        help="show what of the contract the tests have met in sandboxes, and what never",
    )
    group.addoption(
        "--qlara-coverage-json", metavar="FILE", help="write the contract coverage to FILE, for CI"
    )
    group.addoption(
        "--qlara-coverage-fail-under",
        metavar="PERCENT",
        type=float,
        help="fail if the tests have met less than PERCENT of the contract",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Gather the contract coverage, if it is asked for."""
    wanted = (
        config.getoption("qlara_coverage")
        or config.getoption("qlara_coverage_json")
        or config.getoption("qlara_coverage_fail_under") is not None
    )
    if wanted:
        from qlara_sandbox.testing.coverage_report import CoverageReport

        config.pluginmanager.register(CoverageReport(config), "qlara_coverage_report")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what a failing test has exchanged with its sandbox, in a section of its own."""
    report = yield
    sandbox = item.stash.get(_SANDBOX, None)
    if report.failed and sandbox is not None and report.when != "teardown":
        with suppress(RuntimeError):  # its server has stopped
            report.sections.append((_SECTION, "\n".join(sandbox.last_exchanges())))
    return report


@pytest.fixture(scope="session")
def qlara_sandbox_options() -> dict[str, Any]:
    """Options of ``qlara_sandbox.testing.running``; a project overrides this fixture to give its own."""
    return {}


@pytest.fixture(scope="session")
def qlara_sandbox_accounts(
    qlara_sandbox_options: dict[str, Any],
) -> Iterator[Callable[..., Sandbox]]:
    """Serve for the whole run (once in each worker of pytest-xdist); called, give an account."""
    used: Counter[str] = Counter()
    with _started(qlara_sandbox_options) as sandbox:

        def account(test: str) -> Sandbox:
            # From the test's own name: the same ids in every run, whatever else runs beside it.
            label = hashlib.sha256(test.encode()).hexdigest()[:16]
            again = used[label]
            used[label] += 1
            return sandbox.account(f"{label}_{again}" if again else label)

        yield account


@contextmanager
def _started(options: dict[str, Any]) -> Iterator[Sandbox]:
    """Start a sandbox; fail with what is wrong with the *options*, and no traceback of ours."""
    from qlara_sandbox.http.contract import InvalidContract
    from qlara_sandbox.http.overlay import InvalidOverlay
    from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario

    if unknown := sorted(options.keys() - signature(running).parameters.keys()):
        known = ", ".join(signature(running).parameters)
        message = f"qlara_sandbox_options: unknown: {', '.join(unknown)}; there are {known}"
        pytest.fail(message, pytrace=False)
    with ExitStack() as stack:
        try:
            sandbox = stack.enter_context(running(**options))
        except (InvalidContract, InvalidOverlay, InvalidScenario, UnknownScenario) as error:
            pytest.fail(f"qlara_sandbox_options: {error}", pytrace=False)
        yield sandbox


@pytest.fixture
def qlara_sandbox(
    request: pytest.FixtureRequest, qlara_sandbox_accounts: Callable[[str], Sandbox]
) -> Iterator[Sandbox]:
    """Give the test a sandbox of the Qlara contact API in which it is alone."""
    sandbox = qlara_sandbox_accounts(request.node.nodeid)
    request.node.stash[_SANDBOX] = sandbox
    yield sandbox
    sandbox.reset()
