"""The table of dependencies says what is installed and under which licence."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from docs.generate.dependencies import PAGE, ROOT, licences

INSTALLED = {name: licence for group in licences().values() for name, licence in group.items()}
LISTED = dict(re.findall(r"^\| (\S+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE))


def test_every_installed_package_is_listed_with_its_licence() -> None:
    # The page may list more: what another version of Python needs.
    assert {name: LISTED.get(name) for name in INSTALLED} == INSTALLED, "run: make docs"


def test_every_package_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}

    assert {name for name in INSTALLED if canonicalize_name(name) not in pinned} == set()


def test_no_package_is_under_the_gpl() -> None:
    assert {name: licence for name, licence in INSTALLED.items() if "GPL" in licence} == {}


def test_no_licence_is_unknown() -> None:
    assert [name for name, licence in INSTALLED.items() if licence == "not stated"] == []
