"""Contract files: each is refused with the place named, or it is served without a failure of ours."""

from __future__ import annotations

import contextlib
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from qlara_sandbox.http.contract import InvalidContract
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from reliability import dictionaries, wire
from reliability.memory import peak_mb
from reliability.mutation import Mutator, change_a_value
from reliability.target import Figures, InvariantBroken
from reliability.targets.calling import InProcess
from reliability.targets.reading_files import Watch

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

    from starlette.types import ASGIApp

_SPEC = Path(__file__).parents[2] / "openapi.yaml"
_KEY = "sandbox_fuzz"
_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:B\r\nTEL:+393479998877\r\nEND:VCARD\r\n"
_FORM = "multipart/form-data; boundary=b"
_LISTED = wire.LIST.format(wire.DESTINATION)
_PATHS = (
    f"{_LISTED}?limit=2&page=1",
    _LISTED,
    f"{_LISTED}?limit=0",
    "/__docs",
    "/llms.txt",
    "/openapi.json",
)
_REMOTE = b"//127.0.0.1:1/"
_STAYS_YAML = 0.7  # so often: most of what is not YAML is refused at once
_KEPT_WORDS = {"x-qlara-max-bytes", "x-qlara-permission", "x-qlara-expected"}


def _values() -> list[Any]:
    values: list[Any] = []
    for word in dictionaries.CONTRACT:
        with contextlib.suppress(yaml.YAMLError, ValueError):
            values.append(yaml.safe_load(word))
    return values


_VALUES = _values()


class ContractFiles:
    """Compiles each input as the contract, and if it is taken, calls every operation of it."""

    name = "contract-files"

    def __init__(self) -> None:
        self._watch = Watch()
        (self._watch.folder / "default.yaml").write_bytes(
            b"title: T\nstory: S\nlists:\n  - {id: list_crm_migration, generate: 3}\n"
        )
        self._file = self._watch.folder / "openapi.yaml"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._calls = InProcess()
        self._mutator = Mutator(dictionaries.CONTRACT, self.seeds())
        self._file.write_bytes(self.seeds()[0])
        self._run_calls(self._application())  # what the first request imports is not to be watched

    def seeds(self) -> list[bytes]:
        contract = _bare(yaml.safe_load(_SPEC.read_text(encoding="utf-8")))
        block = yaml.safe_dump(contract, sort_keys=False, width=200).encode()
        return [block, yaml.safe_dump(contract, default_flow_style=None, sort_keys=False).encode()]

    def mutate(self, data: bytes, rng: Random) -> bytes:
        if rng.random() < _STAYS_YAML:
            with contextlib.suppress(
                yaml.YAMLError, ValueError, RecursionError, UnicodeDecodeError
            ):
                document = yaml.load(data, yaml.CSafeLoader)
                change_a_value(document, _VALUES, rng)
                text: str = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=200)
                return text.encode("utf-8", "replace")
        return self._mutator(data, rng)

    def run(self, data: bytes) -> Hashable:
        port = self._listener.getsockname()[1]
        self._file.write_bytes(data.replace(_REMOTE, b"//127.0.0.1:%d/" % port))
        with self._watch.watching():
            try:
                application = self._application()
            except (InvalidContract, InvalidScenario) as refusal:
                self._require_no_caller()
                return check_message(str(refusal), self._watch.folder)
            except Exception as error:
                name = type(error).__name__
                raise InvariantBroken(
                    f"a file never ends in an exception ({name})", repr(error)
                ) from error
            self._require_no_caller()
            return self._run_calls(application)

    def figures(self) -> Figures:
        return Figures(peak_mb=peak_mb())

    def close(self) -> None:
        self._calls.close()
        self._listener.close()

    def _application(self) -> ASGIApp:
        return assemble(Runtime(SandboxSettings(spec=self._file, scenarios=self._watch.folder)))

    def _require_no_caller(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._listener.accept()[0].close()
            raise InvariantBroken("nothing outside is reached for", "a remote $ref was fetched")

    def _run_calls(self, application: ASGIApp) -> Hashable:
        used = self._used(application)
        statuses = [self._call(application, path).status for path in _PATHS]
        uploaded = self._call(application, wire.UPLOAD, wire.form(_CARD, tags="a"))
        after = self._used(application)
        if uploaded.status >= 400 and used != after:
            detail = f"{used} contacts before, {after} after a {uploaded.status}"
            raise InvariantBroken("a refusal changes nothing", detail)
        self._require_no_caller()
        return (*statuses, uploaded.status)

    def _used(self, application: ASGIApp) -> object:
        response = self._call(application, wire.QUOTA)
        with contextlib.suppress(orjson.JSONDecodeError, AttributeError):
            return response.json().get("used")
        return None

    def _call(self, application: ASGIApp, path: str, body: bytes = b"") -> wire.Response:
        try:
            if body:
                response = self._calls.post(application, path, _KEY, body, _FORM)
            else:
                response = self._calls.get(application, path, _KEY)
        except Exception as error:
            name = type(error).__name__
            raise InvariantBroken(
                f"no request ends in an exception ({name})", repr(error)
            ) from error
        if response.status >= 500 or not response.status:
            detail = f"{path}: {response.status} {response.body[:300]!r}"
            raise InvariantBroken(f"no 5xx ({path.split('?')[0][-20:]})", detail)
        return response


def check_message(message: str, folder: Path) -> Hashable:
    """Hold what a file is refused with against what a reader needs; return what it is about.

    Raises:
        InvariantBroken: it does not name the file, or is no line.
    """
    lines = message.splitlines()
    if len(lines) != 1 or str(folder) not in message or "Traceback" in message:
        raise InvariantBroken("a refusal is a line that names the place", repr(message[:500]))
    words = re.sub(r"'[^']*'|\W|\d", " ", message.partition(str(folder))[2]).split()
    return tuple(words[-3:])


def _bare(node: Any) -> Any:
    """Return the contract without what is only for readers: it is smaller, and all of it matters."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _bare(value)
        for key, value in node.items()
        if not (key.startswith("x-") and key not in _KEPT_WORDS)
        and not (key == "description" and isinstance(value, str) and "responses" not in node)
        and key not in {"example", "examples", "links", "summary", "tags"}
    }
