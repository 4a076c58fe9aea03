"""Generated clients: a program on each of them imports, lists, reads the quota, and is refused, all typed."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from tests.clients.tools.installed import HERE, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.tools.installed import Tools
    from tests.server import Running

pytestmark = pytest.mark.clients

EXPECTED = """\
imported 230 of 250 into list_crm_migration
45 Luca Verdi Invalid phone number format
imported 0 true
page 1 100 +393471234567 true
page 2 100 +393883566104 true
quota 230 50000
400 file: Invalid VCard format. Expected BEGIN:VCARD header.
401 apiKey: Unknown or inactive API key. Accepted: YOUR_API_KEY, and any key that begins with sandbox_.
409 contacts: Contact quota exceeded. Current: 50000/50000. Upgrade your plan to import more contacts.
413 file: File size exceeds maximum allowed (10 MB)
"""
# How each tool for Node.js makes its client.
NODE: dict[str, tuple[str, ...]] = {
    "openapi_fetch": ("node", "generate_types.mjs", str(resources.SPEC), "openapi-typescript.d.ts"),
    "hey_api": ("openapi-ts", "--file", "openapi-ts.config.mjs"),
    "orval": ("orval", "--config", "./orval.config.cjs"),
}


def require_all(printed: str) -> None:
    """Hold what a program printed against what is expected; Python writes True where JavaScript writes true."""
    assert printed.replace("True", "true") == EXPECTED


def test_a_client_of_openapi_generator(
    tools: Tools, sandbox: Running, files: Path, tmp_path: Path
) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    command = (tools.python.with_name("openapi-generator-cli"), "generate", "--generator-name")
    options = ("--additional-properties=packageName=qlara_client", "--output", tmp_path)
    run(*command, "python", "--input-spec", resources.SPEC, *options, cwd=tmp_path)

    program = HERE / "programs" / "with_openapi_generator.py"
    arguments = (sandbox.url, files, "sandbox_openapi-generator")
    require_all(run(tools.python, program, *arguments, cwd=tmp_path, PYTHONPATH=str(tmp_path)))


def test_a_client_of_openapi_python_client(
    tools: Tools, sandbox: Running, files: Path, tmp_path: Path
) -> None:
    command = (tools.python.with_name("openapi-python-client"), "generate", "--fail-on-warning")
    options = ("--meta", "none", "--output-path", tmp_path / "qlara_openapi_client")
    path = f"{tools.python.parent}{os.pathsep}{os.environ['PATH']}"  # it calls ruff
    run(*command, "--path", resources.SPEC, *options, cwd=tmp_path, PATH=path)

    program = HERE / "programs" / "with_openapi_python_client.py"
    arguments = (sandbox.url, files, "sandbox_openapi-python-client")
    require_all(run(tools.python, program, *arguments, cwd=tmp_path, PYTHONPATH=str(tmp_path)))


@pytest.mark.parametrize("tool", NODE)
def test_a_client_in_typescript(
    tool: str, tools: Tools, sandbox: Running, files: Path, tmp_path: Path
) -> None:
    workshop = tools.workshop(tmp_path / tool)
    program = f"with_{tool}"
    for path in (*HERE.glob("*.*js"), HERE / "tsconfig.json", HERE / "programs" / f"{program}.ts"):
        shutil.copy(path, workshop)
    command, *arguments = NODE[tool]
    run(command if command == "node" else tools.npm(command), *arguments, cwd=workshop)
    run(tools.npm("tsc"), "--project", ".", cwd=workshop)

    built = workshop / "built" / f"{program}.js"
    require_all(run("node", built, sandbox.url, files, f"sandbox_{tool}", cwd=workshop))
