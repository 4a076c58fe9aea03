"""The options of the contract suite under plain pytest.

``pytest -p qlara_contract.plugin --pyargs qlara_contract --contract-base-url … --contract-api-key …``.
They are there only where the suite is asked for, and every name begins with ``--contract-``: no option
of another plugin can have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

OPTIONS: dict[str, dict[str, Any]] = {
    "--contract-base-url": {"default": "", "help": "deployment; default: a sandbox of its own"},
    "--contract-api-key": {"default": "", "help": "key of an account with contact permission"},
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
    """Add the suite's options."""
    group = parser.getgroup("contract", "the contract suite of the Qlara contact API")
    for name, settings in OPTIONS.items():
        group.addoption(name, **settings)
