from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest
from coverage import Coverage
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from tests.engine import start_engine
from tests.server import COVERAGE, Running, serving

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# A make that a test starts is one of its own, also where make runs the tests.
for _name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(_name, None)


# With MEASURE=sandbox, the tests that cover the sandbox itself; the others need most of the time.
_OF_THE_SANDBOX = {"qlara_sandbox", "qlara_cli", "qlara_mcp"}
_TESTS = Path(__file__).parent


def _is_measured(item: pytest.Item) -> bool:
    if item.get_closest_marker("unmeasured"):
        return False
    if os.environ.get("MEASURE") != "sandbox":
        return True
    *folders, _ = item.path.relative_to(_TESTS).parts
    return not folders or folders[0] in _OF_THE_SANDBOX


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shared",
        action="store_true",
        help="let the sandboxes of the tests keep their worlds in a Redis or Valkey of their own",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption(
        "--shared"
    ):  # Starlette's client has an event loop for each request, and closes none of ours
        config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")
        config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--shared"):
        items[:] = [one for one in items if not one.get_closest_marker("in_memory")]


@pytest.fixture(autouse=True, scope="session")
def _state(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """With ``--shared``, let every sandbox keep its worlds in an engine, apart from all others."""
    if not request.config.getoption("--shared"):
        yield
        return
    engine, begin = start_engine(tmp_path_factory.mktemp("engine")), Runtime.__init__

    def begin_with_state(self: Runtime, settings: SandboxSettings, *rest: Any, **more: Any) -> None:
        own = replace(settings, state=engine.url, state_prefix=f"{token_hex(8)}:")
        begin(self, own, *rest, **more)

    Runtime.__init__ = begin_with_state  # type: ignore[method-assign]
    os.environ["SANDBOX_STATE"] = engine.url  # for those in processes of their own
    yield
    del os.environ["SANDBOX_STATE"]
    Runtime.__init__ = begin  # type: ignore[method-assign]
    engine.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test that is not to be measured without measuring this process: that takes 2.5 times as long."""
    measuring = None if _is_measured(item) else Coverage.current()
    if measuring is None:
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Start no measuring in processes that such a test starts; those of fixtures serve other tests, too."""
    configuration = None if _is_measured(item) else os.environ.get(COVERAGE)
    if configuration is None:
        return (yield)
    del os.environ[COVERAGE]
    try:
        return (yield)
    finally:
        os.environ[COVERAGE] = configuration


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """Start one sandbox process for all tests; each uses a key of its own."""
    measuring = os.environ.get(COVERAGE)  # whichever test asks for it first
    with serving(**{COVERAGE: measuring} if measuring else {}) as running:
        yield running


@pytest.fixture
def client() -> TestClient:
    """Make a fresh sandbox in this process, spoken to with the documented key."""
    return TestClient(create_app(), headers={"X-Api-Key": "YOUR_API_KEY"})
