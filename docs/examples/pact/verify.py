"""Holds the sandbox against a pact: python verify.py PACT URL, with the URL of a running sandbox."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import httpx
from pact import Verifier

# What our pacts call a state, and the scenario that brings it about.
SCENARIOS = {
    "an empty account": "default",
    "the plan is full": "quota-exhausted",
    "a list with contacts": "update-existing",
}


def main(pact: str, url: str) -> None:
    account = {"apiKey": "sandbox_pact"}

    def prepare(state: str, action: str, **_: object) -> None:
        if action == "setup" and state:
            scenario = {**account, "scenario": SCENARIOS[state]}
            httpx.put(f"{url}/__admin/scenario", json=scenario).raise_for_status()
            httpx.post(f"{url}/__admin/reset", json=account).raise_for_status()

    verifier = Verifier("qlara-contact-api", urlsplit(url).hostname)
    verifier.add_transport(url=url).add_source(pact).state_handler(prepare).verify()


if __name__ == "__main__":
    main(*sys.argv[1:])
