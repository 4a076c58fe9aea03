"""Serves the deployment from the command line: ``python -m tests.foreign --port 0 --fault NAME``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.foreign import serving as run
from tests.foreign.deployment import SEEDED_LIST, Deployment, seeded_account
from tests.foreign.faults import FAULTS
from tests.foreign.freedoms import FREEDOMS
from tests.foreign.server import Server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.foreign.store import Account


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.foreign", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--freedom", action="append", default=[], choices=FREEDOMS, metavar="NAME")
    parser.add_argument("--fault", action="append", default=[], choices=FAULTS, metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print every switch and exit")
    parser.add_argument("--key", default=run.KEY, help="a key with room for --quota contacts")
    parser.add_argument("--quota", type=int, default=50_000)
    parser.add_argument("--second-key", default=run.SECOND_KEY, help="the key of another account")
    parser.add_argument("--exhausted-key", default=run.EXHAUSTED_KEY)
    parser.add_argument("--nearly-exhausted-key", default=run.NEARLY_EXHAUSTED_KEY)
    parser.add_argument("--room", type=int, default=3, help="contacts left in the nearly full plan")
    parser.add_argument("--unpermitted-key", default=run.UNPERMITTED_KEY)
    parser.add_argument("--list-id", action="append", metavar="ID", help="a list of every account")
    parser.add_argument("--contacts", type=int, default=2, help="contacts in every such list")
    return parser


def _accounts(options: argparse.Namespace) -> list[Account]:
    lists = options.list_id or [SEEDED_LIST]
    contacts, full = options.contacts, max(25, options.contacts)
    room = full + options.room
    return [
        seeded_account(options.key, quota=options.quota, contacts=contacts, list_ids=lists),
        seeded_account(options.second_key, quota=options.quota, contacts=contacts, list_ids=lists),
        seeded_account(options.exhausted_key, quota=full, contacts=full, list_ids=lists),
        seeded_account(options.nearly_exhausted_key, quota=room, contacts=full, list_ids=lists),
        seeded_account(options.unpermitted_key, may_import=False, list_ids=lists),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; print the URL on one line."""
    options = _parser().parse_args(arguments)
    if options.list:
        for title, table in (("freedom", FREEDOMS), ("fault", FAULTS)):
            for each in table.values():
                sys.stdout.write(f"{title} {each.name} [{each.kind}]: {each.says}\n")
        return 0
    switches = run.switches_named(options.freedom, options.fault)
    deployment = Deployment(_accounts(options), switches)
    with Server(("127.0.0.1", options.port), deployment) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
