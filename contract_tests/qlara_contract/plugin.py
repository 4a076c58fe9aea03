"""The options of the contract suite under plain pytest.

``pytest -p qlara_contract.plugin --pyargs qlara_contract --contract-base-url … --contract-api-key …``.
They exist only where the suite is asked for, and every name begins with ``--contract-``, so that none
collides with an option of another plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

OPTIONS: dict[str, dict[str, Any]] = {
    "--contract-base-url": {"default": "", "help": "deployment to check; default: start a sandbox"},
    "--contract-api-key": {"default": "", "help": "API key with contact permission"},
    "--contract-mode": {
        "choices": ["read-only", "full"],
        "help": "default: full on this machine, read-only elsewhere",
    },
    "--contract-profile": {
        "choices": ["quick", "thorough"],
        "default": "quick",
        "help": "how much to send",
    },
    "--contract-seed": {"type": int, "default": 0, "help": "seed for generated requests"},
    "--contract-max-writes": {"type": int, "help": "maximum number of contacts to create"},
    "--contract-rate": {"type": float, "help": "maximum requests per second"},
    "--contract-deviations": {"default": "", "help": "file of known deviations (YAML)"},
    "--contract-exhausted-key": {
        "default": "",
        "help": "API key of an account whose quota is exhausted",
    },
    "--contract-nearly-exhausted-key": {
        "default": "",
        "help": "API key of an account with little quota left",
    },
    "--contract-strict": {
        "action": "store_true",
        "default": False,
        "help": "fail too where the deployment decides an assumed thing otherwise",
    },
    "--contract-overlay": {"default": "", "help": "judge assumed promises by this overlay"},
    "--contract-unpermitted-key": {"default": "", "help": "API key without contact permission"},
    "--contract-ca-file": {"default": "", "help": "also trust this certificate authority (PEM)"},
    "--contract-list-id": {"default": "", "help": "a list with contacts, for read-only runs"},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("contract", "the contract suite of the Qlara contact API")
    for name, settings in OPTIONS.items():
        group.addoption(name, **settings)
