"""Results as a run of three rounds writes them, with round numbers."""

from __future__ import annotations

from typing import Any

from benchmarks.candidates import BARE, LOGGED, QUIET

MACHINE = {
    "processor": "A Processor",
    "cores": 2,
    "kernel": "Linux 6.1",
    "python": "3.11.7",
    "packages": {"starlette": "1.0", "uvicorn": "0.5"},
}


def figures(rate: float, cpu: float | None = None, p99: float = 2.0) -> dict[str, list[float]]:
    """Return the figures of three windows around *rate*, without CPU time if there is none."""
    values = {
        "rate": [rate - 10, rate, rate + 10],
        "p50": [1.0] * 3,
        "p99": [p99] * 3,
        "senderCpu": [20.0] * 3,
    }
    return values if cpu is None else {**values, "cpu": [cpu] * 3}


def server(ready: float, idle: float) -> dict[str, Any]:
    return {
        "version": "1.2.3",
        "ready": [ready, ready + 0.1],
        "idleMb": [idle, idle],
        "idlePssMb": [idle / 2, idle / 2],
        "loadedMb": idle * 2,
        "loadedPssMb": idle,
    }


def results() -> dict[str, Any]:
    """Return a run with WireMock, from which Prism and MockServer were left out."""
    side_by_side = {
        BARE: figures(1000, 100),
        QUIET: figures(850, 120),
        LOGGED: figures(500, 200),
        "WireMock": figures(400, 900),
    }
    return {
        "version": "0.1.0",
        "machine": MACHINE,
        "window": 1.0,
        "rounds": 3,
        "seconds": 600,
        "skipped": {"Prism": "npm install failed", "MockServer": "there is no java on the PATH"},
        "failed": {},
        "servers": {
            BARE: server(0.2, 30),
            QUIET: server(0.4, 50),
            LOGGED: server(0.4, 50),
            "WireMock": server(1.5, 110),
        },
        "list": {"1": side_by_side, "16": side_by_side},
        "quota": {"16": side_by_side},
        "upload": {"4": side_by_side},
        "cards": {
            "baseline": {"cpu": [60_000, 62_000, 64_000]},
            "import": figures(200, 4000),
            "newAccounts": figures(150, 5000),
        },
        "largeImport": {
            "bytes": 10_485_760,
            "cards": 50_000,
            "comparedCards": 50_000,
            "differences": 0,
            "baseline": {"cpu": [300.0], "cpuSeconds": [15.0], "peakMb": [400.0]},
            "import": {"cpu": [10.0] * 3, "cpuSeconds": [0.5] * 3, "peakMb": [150.0] * 3},
            "http": figures(2, 600_000),
        },
        "besideUploads": {
            "idle": figures(190, 200, 1.0),
            "busy": figures(150, 200, 4.0),
            "uploads": figures(2, 600_000),
        },
        "pages": {"first": figures(3000, 200), "last": figures(3000, 200)},
        "worlds": {
            "few": 20,
            "many": 20_000,
            "sameAccount": {"few": figures(2000, 400), "many": figures(2000, 400)},
            "newAccounts": {"few": figures(1500, 500), "many": figures(100, 9000)},
        },
    }
