"""What a sandbox inside a test run leaves of itself in the process that ran it: nothing."""

from __future__ import annotations

import subprocess
import sys

# Everything of a process that a library could change for the code beside it.
SNAPSHOT = """
import asyncio, gc, locale, logging, os, signal, socket, sys, threading, warnings

def loggers():
    return {
        logger.name: (logger.level, logger.propagate, logger.disabled, list(logger.handlers))
        for logger in [logging.root, *logging.Logger.manager.loggerDict.values()]
        if isinstance(logger, logging.Logger)
    }

def policy():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return type(asyncio.get_event_loop_policy())

def snapshot():
    return {
        "garbage collection": (gc.get_threshold(), gc.isenabled(), list(gc.callbacks)),
        "switch interval": sys.getswitchinterval(),
        "recursion limit": sys.getrecursionlimit(),
        "signal handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "wakeup file": (fd := signal.set_wakeup_fd(-1), signal.set_wakeup_fd(fd))[0],
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.gettrace()),
        "log level": (logging.root.manager.disable, logging.lastResort, logging.raiseExceptions),
        "sys.path": (list(sys.path), list(sys.meta_path), list(sys.path_hooks)),
        "event loop policy": policy(),
        "warnings filters": list(warnings.filters),
        "threads": set(threading.enumerate()),
        "working directory": os.getcwd(),
        "environment": dict(os.environ),
        "locale": locale.setlocale(locale.LC_ALL),
        "socket timeout": socket.getdefaulttimeout(),
        "umask": (mask := os.umask(0), os.umask(mask))[0],
        "standard streams": (sys.stdin, sys.stdout, sys.stderr),
    }

def changes(before, loggers_before):
    after, loggers_after = snapshot(), loggers()
    found = {name: (value, after[name]) for name, value in before.items() if value != after[name]}
    for name, state in loggers_after.items():
        if loggers_before.get(name, (logging.NOTSET, True, False, [])) != state:
            found[f"logger {name}"] = state
    return found
"""
# Everything that a test can do with a sandbox, in the order in which it is documented.
USE = """
import http.client
from urllib.request import Request, urlopen

CARD = "BEGIN:VCARD\\nVERSION:3.0\\nFN:Marco Rossi\\nTEL:347 123 4567\\nEND:VCARD\\n"

def use(sandbox):
    assert sandbox.upload(CARD).status == 200
    sandbox.fault(on="uploadVCard", count=1, network="CONNECTION_RESET")
    try:
        sandbox.upload(CARD)
    except OSError:
        pass
    sandbox.clock(freeze=True)
    sandbox.scenario("quota-exhausted")
    sandbox.requests()
    for path in ("/__docs", "/__console", "/__admin/metrics", "/openapi.json"):
        with urlopen(sandbox.base_url + path) as response:
            response.read()
    stream = http.client.HTTPConnection(sandbox.base_url.removeprefix("http://"))
    stream.request("GET", "/__admin/events")
    assert stream.getresponse().readline() == b": listening\\n"
    stream.close()
"""


def run(script: str) -> str:
    """Run a script in a process of its own with warnings as errors; return what it printed."""
    command = [sys.executable, "-W", "error", "-c", SNAPSHOT + USE + script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_import_of_the_testing_package_changes_nothing() -> None:
    assert (
        run("""
before = snapshot(), loggers()
import qlara_sandbox.testing, qlara_sandbox.testing.plugin, qlara_sandbox.testing.server
print(changes(*before))
""")
        == "{}"
    )


def test_a_sandbox_that_has_run_has_changed_nothing() -> None:
    assert (
        run("""
before = snapshot(), loggers()
from qlara_sandbox.testing import running
with running() as sandbox:
    use(sandbox)
print(changes(*before))
""")
        == "{}"
    )


def test_while_a_sandbox_runs_only_its_thread_is_new() -> None:
    assert (
        run("""
before = snapshot(), loggers()
from qlara_sandbox.testing import running
with running() as sandbox:
    use(sandbox)
    found = changes(*before)
    started = {thread.name for thread in threading.enumerate()} - {"MainThread"}
    print(sorted(found), [name for name in started if not name.startswith("qlara-sandbox")])
""")
        == "['threads'] []"
    )


def test_a_sandbox_that_could_not_start_has_changed_nothing() -> None:
    assert (
        run("""
before = snapshot(), loggers()
from qlara_sandbox.scenario.errors import UnknownScenario
from qlara_sandbox.testing import running
try:
    with running(scenario="nothing"):
        pass
except UnknownScenario:
    print(changes(*before))
""")
        == "{}"
    )
