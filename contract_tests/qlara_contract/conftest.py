"""The suite as plain pytest: one run for the whole session, one story per test.

The options are defined in ``qlara_contract.plugin``; without ``--contract-base-url`` the suite starts a
sandbox on a free port.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qlara_contract.conventions import NO_OVERLAY, read_overlay
from qlara_contract.deviations import load_deviations
from qlara_contract.engine import begin, note_basics, try_learning
from qlara_contract.errors import CannotRun, RunStopped
from qlara_contract.plugin import OPTIONS
from qlara_contract.results import PromiseState
from qlara_contract.settings import Mode, Profile, RunSettings, split_credentials
from qlara_contract.story import Story
from qlara_contract.targets import SANDBOX_KEY, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from qlara_contract.run import SuiteRun

_RUN = pytest.StashKey["SuiteRun"]()


@pytest.fixture(scope="session")
def contract_run(request: pytest.FixtureRequest) -> Iterator[SuiteRun]:
    """One run against the deployment; the session ends with 2 if it cannot be made."""
    option = _options(request.config)
    if option("--contract-base-url"):
        yield from _run(request, option("--contract-base-url").rstrip("/"))
        return
    with running_sandbox() as base_url:
        yield from _run(request, base_url)


def _options(config: pytest.Config) -> Callable[[str], Any]:
    # Without `-p qlara_contract.plugin`, pytest does not know the options: use their defaults.
    return lambda name: config.getoption(name, OPTIONS[name].get("default"))


def _run(request: pytest.FixtureRequest, base_url: str) -> Iterator[SuiteRun]:
    option = _options(request.config)
    mode = option("--contract-mode")
    base_url, credentials = split_credentials(base_url)
    settings = RunSettings(
        base_url=base_url,
        credentials=credentials,
        api_key=option("--contract-api-key") or SANDBOX_KEY,
        mode=Mode(mode) if mode else None,
        max_writes=option("--contract-max-writes"),
        profile=Profile(option("--contract-profile")),
        seed=option("--contract-seed"),
        rate=option("--contract-rate"),
        exhausted_key=option("--contract-exhausted-key"),
        nearly_exhausted_key=option("--contract-nearly-exhausted-key"),
        strict=option("--contract-strict"),
        overlay=option("--contract-overlay"),
        unpermitted_key=option("--contract-unpermitted-key"),
        list_id=option("--contract-list-id"),
        ca_file=option("--contract-ca-file"),
    )
    path = option("--contract-deviations")
    try:
        known = load_deviations(Path(path)) if path else ()
        overlay = read_overlay(Path(settings.overlay)) if settings.overlay else NO_OVERLAY
        run = begin(settings, known, overlay)
        try_learning(run)
    except (CannotRun, RunStopped) as error:
        pytest.exit(str(error), returncode=2)
    request.config.stash[_RUN] = run
    yield run
    run.finish()


@pytest.fixture
def story(request: pytest.FixtureRequest, contract_run: SuiteRun) -> Iterator[Story]:
    """One story of the run; skipped where none of its promises could be judged."""
    running = Story(contract_run, request.function)
    yield running
    note_basics(contract_run, running)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Skip, with the reason, a story that could not judge any of its promises."""
    result = yield
    story = pyfuncitem.funcargs.get("story")
    if isinstance(story, Story) and story.not_judged:
        pytest.skip(story.not_judged)
    return result


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the promises that no story of this run could exercise."""
    run = config.stash.get(_RUN, None)
    if run is None:
        return
    states = [each.state for each in run.results.by_id.values()]
    counts = ", ".join(f"{states.count(state)} {state.value}" for state in PromiseState)
    terminalreporter.section("promises")
    terminalreporter.write_line(counts)
    for result in run.results.by_id.values():
        if result.state is PromiseState.NOT_EXERCISED:
            terminalreporter.write_line(f"not exercised: {result.promise.id}: {result.reason}")
