"""The options of ``pytest --pyargs contract_tests``; pytest loads this wherever the package is installed.

Nothing else is here, and nothing heavy is imported: other test suites load it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

OPTIONS: dict[str, dict[str, Any]] = {
    "--base-url": {"default": "", "help": "deployment; default: a sandbox of its own"},
    "--api-key": {"default": "", "help": "key of an account with contact permission"},
    "--contract-mode": {"choices": ["read-only", "full"], "help": "default: full on this machine"},
    "--contract-profile": {"choices": ["quick", "thorough"], "default": "quick"},
    "--contract-seed": {"type": int, "default": 0},
    "--contract-max-writes": {"type": int, "help": "contacts to create at most"},
    "--contract-rate": {"type": float, "help": "requests per second at most"},
    "--contract-deviations": {"default": "", "help": "file of known deviations (YAML)"},
    "--contract-exhausted-key": {"default": "", "help": "key of an account whose plan is full"},
    "--contract-unpermitted-key": {"default": "", "help": "key without the contact permission"},
    "--contract-ca-file": {"default": "", "help": "trust this certificate authority too (PEM)"},
    "--contract-list-id": {"default": "", "help": "a list that holds contacts, for read-only"},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, but for those that another plugin has added already."""
    group = parser.getgroup("contract", "the contract suite of the Qlara contact API")
    for name, settings in OPTIONS.items():
        try:
            group.addoption(name, **settings)
        except ValueError:
            continue  # pytest-base-url has a --base-url too, and it means the same
