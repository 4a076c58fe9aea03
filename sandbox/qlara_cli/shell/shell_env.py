"""The environment of a sandbox shell: the folder and variables that tell curl and other clients where to go."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import qlara_examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_cli.shell.background import Ports
    from qlara_sandbox.http.tls import Certificates

# Where systems keep the authorities that they trust, if OpenSSL does not say.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_TRUSTING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OPTION = r'^\s*-?-?{name}\s*[=:\s]\s*"?([^"\n]+?)"?\s*$'


@dataclass(frozen=True)
class ShellTarget:
    """How the sandbox is reached: its ports, the documented hosts, and where documented files are."""

    ports: Ports
    hosts: Sequence[str]
    folders: Sequence[Path]


def prepare(
    folder: Path, target: ShellTarget, certificates: Certificates, outside: Mapping[str, str]
) -> dict[str, str]:
    """Write what clients read into *folder*, and return the variables that a shell must have beside those of *outside*.

    The user's own configuration of curl stays in force; ours stands below it.
    """
    own = own_curlrc(outside)
    bundle = folder / "trusted.pem"
    bundle.write_text(_trusted(own, outside, certificates), encoding="utf-8")
    (folder / ".curlrc").write_text(_curlrc(own, target, bundle, outside), encoding="utf-8")
    (folder / "bin").mkdir()
    curl = shutil.which("curl", path=outside.get("PATH")) or "curl"
    _write_shim(folder / "bin" / "curl")
    url = f"http://127.0.0.1:{target.ports.plain}"
    variables = {
        "CURL_HOME": str(folder),
        "PATH": os.pathsep.join([str(folder / "bin"), outside.get("PATH", os.defpath)]),
        "SANDBOX_BASE_URL": url,
        "SANDBOX_CURL": curl,
        "SANDBOX_FILES": os.pathsep.join(str(each.resolve()) for each in target.folders),
        "SSL_CERT_FILE": str(bundle),
        "REQUESTS_CA_BUNDLE": str(bundle),
        "NODE_EXTRA_CA_CERTS": str(certificates.authority),
    }
    if target.ports.proxy:
        proxy = f"http://127.0.0.1:{target.ports.proxy}"
        variables |= {"HTTPS_PROXY": proxy, "https_proxy": proxy}
    return variables


def own_curlrc(outside: Mapping[str, str]) -> str:
    """Return the user's own configuration of curl, from where curl itself would read it."""
    home = outside.get("HOME", "")
    candidates = [
        Path(outside.get("CURL_HOME") or home) / ".curlrc",
        Path(outside.get("XDG_CONFIG_HOME") or Path(home) / ".config") / "curlrc",
        Path(home) / ".curlrc",
    ]
    found = next((each for each in candidates if each.is_file()), None)
    return found.read_text(encoding="utf-8", errors="surrogateescape") if found else ""


def rc_file(folder: Path, prompt: str, outside: Mapping[str, str]) -> Path:
    """Write what an interactive bash reads first: the user's own, then our prompt and path."""
    home = outside.get("HOME", "")
    path = folder / "bashrc"
    path.write_text(
        f"[ -f {shlex.quote(f'{home}/.bashrc')} ] && . {shlex.quote(f'{home}/.bashrc')}\n"
        f"PATH={shlex.quote(str(folder / 'bin'))}:$PATH\n"
        f"PS1={shlex.quote(prompt)}$PS1\n",
        encoding="utf-8",
    )
    return path


def zsh_folder(folder: Path, prompt: str, outside: Mapping[str, str]) -> Path:
    """Write what an interactive zsh reads first, and return the folder that holds it."""
    own = outside.get("ZDOTDIR") or outside.get("HOME", "")
    quoted = shlex.quote(own)
    inside = folder / "zsh"
    inside.mkdir()
    (inside / ".zshenv").write_text(
        f"[ -f {quoted}/.zshenv ] && . {quoted}/.zshenv\nZDOTDIR={shlex.quote(str(inside))}\n",
        encoding="utf-8",
    )
    (inside / ".zshrc").write_text(
        f"ZDOTDIR={quoted}\n[ -f {quoted}/.zshrc ] && . {quoted}/.zshrc\n"
        f"PATH={shlex.quote(str(folder / 'bin'))}:$PATH\nPROMPT={shlex.quote(prompt)}$PROMPT\n",
        encoding="utf-8",
    )
    return inside


def exports(variables: Mapping[str, str], outside: Mapping[str, str]) -> str:
    """Return POSIX shell code that sets *variables*, and a function that puts things back."""
    sets = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    back = [
        f"  export {name}={shlex.quote(outside[name])}" if name in outside else f"  unset {name}"
        for name in variables
    ]
    return "\n".join(
        [*sets, "qlara_sandbox_restore() {", *back, "  unset -f qlara_sandbox_restore", "}", ""]
    )


def _curlrc(own: str, target: ShellTarget, bundle: Path, outside: Mapping[str, str]) -> str:
    unproxied = [*_values(own, "noproxy"), outside.get("no_proxy", outside.get("NO_PROXY", ""))]
    lines = [own.rstrip("\n"), "", "# The sandbox shell:"] if own else []
    lines += [
        f'connect-to = "{host}:443:127.0.0.1:{target.ports.secure}"\n'
        f'connect-to = "{host}:80:127.0.0.1:{target.ports.plain}"'
        for host in target.hosts
    ]
    lines.append(f'cacert = "{bundle}"')
    lines.append(f'noproxy = "{",".join(filter(None, [*unproxied, *target.hosts]))}"')
    return "\n".join(lines) + "\n"


def _trusted(own: str, outside: Mapping[str, str], certificates: Certificates) -> str:
    """Return every authority that clients trusted before, and ours."""
    named = [*_values(own, "cacert"), *(outside.get(name, "") for name in _TRUSTING)]
    usual = [ssl.get_default_verify_paths().cafile or "", *_BUNDLES, _certifi()]
    given = [Path(each) for each in named if each and Path(each).is_file()]
    standard = next((Path(each) for each in usual if each and Path(each).is_file()), None)
    ours = [certificates.authority] if certificates.authority else []
    files = dict.fromkeys([*given, *([standard] if standard else []), *ours])
    return "\n".join(each.read_text(encoding="utf-8", errors="replace") for each in files)


def _certifi() -> str:
    try:
        import certifi
    except ModuleNotFoundError:
        return ""
    return certifi.where()


def _values(curlrc: str, name: str) -> list[str]:
    return re.findall(_OPTION.format(name=name), curlrc, re.MULTILINE)


def _write_shim(path: Path) -> None:
    program = Path(qlara_examples.__file__).with_name("curl_shim.py")
    interpreter, program_path = shlex.quote(sys.executable), shlex.quote(str(program))
    path.write_text(f'#!/bin/sh\nexec {interpreter} -I -S {program_path} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
