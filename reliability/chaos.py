"""Overlapping imports amid resets, restores, clock changes, kills and slow clients.

``python -m reliability.chaos --help``. What every client saw of a world is held against a serial oracle
(`reliability.history`).
"""

from __future__ import annotations

import pickle
import socket
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, NamedTuple

import click

from reliability import results, serving, wire
from reliability.history import Event, Kind, Upload, explain

FOUND = Path(__file__).parent / "found" / "chaos"
_SCENARIOS = ("default", "crm-migration", "quota-nearly-exhausted", "update-existing")
WORLDS = 3
CLIENTS = 4  # of each world
_EVENTS = 4  # of each client
_SLOW_SECONDS = 0.002
_STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")
_BAD_FILES = (b"", b"BEGIN:VCARD\r\nVERSION:3.0\r\n", b"no vCard", b"\0" * 3000)


class Round(NamedTuple):
    """What was done to one world, and the states before and after."""

    key: str
    first: dict[str, Any]
    events: list[Event]
    last: dict[str, Any]


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="How long.")
@click.option("--seed", type=int, help="Seed of what clients do.  [default: a new one]")
def main(seconds: float, seed: int | None) -> None:
    """Let imports overlap. Exit 1 if no serial order explains what clients saw."""
    seed = SystemRandom().randrange(2**31) if seed is None else seed
    click.echo(f"seed {seed}")
    counts: Counter[str] = Counter()
    failures: list[str] = []
    began = time.monotonic()
    with serving.sandbox() as running:
        while time.monotonic() - began < seconds and not failures:
            number = counts["rounds"]
            counts["rounds"] += 1
            for one in play(running.port, seed, number):
                _count(counts, one)
                failures += judge(one)
            trouble = running.trouble()
            failures += [f"the log speaks of a bug: {trouble}"] if trouble else []
        peak = running.memory_mb("VmHWM")
    spent = time.monotonic() - began
    click.echo(f"{dict(counts)} in {spent:.0f} s, peak {peak:.0f} MB, {len(failures)} failures")
    for failure in failures:
        click.echo(f"broken: {failure}\n  python -m reliability.chaos --seed {seed}")
    command = "python -m reliability.chaos " + " ".join(sys.argv[1:])
    content = {
        "seed": seed,
        "seconds": round(spent),
        "counts": dict(counts),
        "failures": len(failures),
        "peakMb": round(peak, 1),
    }
    results.write("chaos", command, content)
    raise SystemExit(1 if failures else 0)


def play(port: int, seed: int, number: int) -> list[Round]:
    """Let all clients of all worlds act at the same time, and return what they saw."""
    keys = [
        f"sandbox_chaos{number}-{index}__{_SCENARIOS[(number + index) % len(_SCENARIOS)]}"
        for index in range(WORLDS)
    ]
    first = {key: _state(port, key) for key in keys}
    with ThreadPoolExecutor(WORLDS * CLIENTS) as pool:
        acting = {
            key: [
                pool.submit(_act, port, key, first[key], Random(f"{seed}:{key}:{client}"))
                for client in range(CLIENTS)
            ]
            for key in keys
        }
    rounds = []
    for key in keys:
        events = [event for client in acting[key] for event in client.result()]
        _settle(port, key)
        rounds.append(Round(key, first[key], events, _state(port, key)))
        with wire.Client(port, key) as client:
            client.json("POST", "/__admin/reset", {"apiKey": key})
    return rounds


def judge(one: Round) -> list[str]:
    """Return what is wrong with what the clients of a world saw; the round is written down then."""
    failed = [event.status for event in one.events if event.status >= 500]
    if failed:
        return [f"a {failed[0]} from {one.key}"]
    ids = [contact["contactId"] for contact in one.last["contacts"]]
    if len(set(ids)) != len(ids):
        return [f"an id is given twice in {one.key}"]
    if explain(one.first, one.events, one.last) is not None:
        return []
    FOUND.mkdir(parents=True, exist_ok=True)
    path = FOUND / f"{one.key}.pickle"
    path.write_bytes(pickle.dumps(one))
    return [f"no serial order explains what the clients of {one.key} saw ({path})"]


def _act(port: int, key: str, first: dict[str, Any], rng: Random) -> list[Event]:
    with wire.Client(port, key) as client:
        actor = _Actor(client, port, key, first, rng)
        return [event for _ in range(_EVENTS) if (event := actor.act()) is not None]


class _Actor:
    def __init__(
        self, client: wire.Client, port: int, key: str, first: dict[str, Any], rng: Random
    ) -> None:
        self._client, self._port, self._key = client, port, key
        self._first, self._rng = first, rng
        self._lists = [wire.DESTINATION]

    def act(self) -> Event | None:
        chance = self._rng.random()
        if chance < 0.50:
            return self._upload()
        if chance < 0.60:
            return self._killed()
        if chance < 0.66:
            return self._call(Kind.RESET, "POST", "/__admin/reset", {"apiKey": self._key})
        if chance < 0.70:
            value = {"apiKey": self._key, "state": _without_scenario(self._first)}
            return self._call(Kind.RESTORE, "PUT", "/__admin/state", value)
        if chance < 0.80:
            return self._read(Kind.READ_STATE, f"/__admin/state?apiKey={self._key}")
        if chance < 0.92:
            return self._read(Kind.READ_QUOTA, wire.QUOTA)
        self._client.json("PUT", "/__admin/clock", {"apiKey": self._key, "advance": "1h"})
        return None

    def _upload(self) -> Event:
        upload = self._some_upload()
        request = wire.upload(self._key, wire.form(upload.file, **upload.fields()))
        began = time.perf_counter()
        is_slow = self._rng.random() < 0.3
        response = self._slowly(request) if is_slow else self._client.send(request)
        event = _event(Kind.IMPORT, began, response, upload)
        if response.status == 200 and upload.list_name:
            self._lists.append(event.body["listId"])
        return event

    def _slowly(self, request: bytes) -> wire.Response:
        size = len(request) // 5 + 1
        pieces = [request[at : at + size] for at in range(0, len(request), size)]
        with wire.connect(self._port) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(_SLOW_SECONDS)
            return wire.read_response(connection)[0]

    def _killed(self) -> Event:
        upload = self._some_upload()
        request = wire.upload(self._key, wire.form(upload.file, **upload.fields()))
        sent = len(request) if self._rng.random() < 0.5 else self._rng.randrange(len(request))
        began = time.perf_counter()
        with wire.connect(self._port) as connection:
            connection.sendall(request[:sent])
            if self._rng.random() < 0.5:  # a reset instead of an orderly end
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return Event(Kind.IMPORT, began, float("inf"), 0, None, upload)

    def _call(self, kind: Kind, method: str, path: str, value: dict[str, Any]) -> Event:
        began = time.perf_counter()
        response = self._client.json(method, path, value)
        state = value.get("state")
        return Event(kind, began, time.perf_counter(), response.status, None, None, state)

    def _read(self, kind: Kind, path: str) -> Event:
        began = time.perf_counter()
        return _event(kind, began, self._client.get(path), None)

    def _some_upload(self) -> Upload:
        rng = self._rng
        chance = rng.random()
        if chance < 0.08:
            return Upload(rng.choice(_BAD_FILES), list_id=wire.DESTINATION)
        if chance < 0.14:
            return Upload(_file(rng, 3), list_id="list_unknown")
        cards = rng.choice((1, 3, 10, 40, 120, 600))
        list_id = rng.choice(self._lists) if rng.random() < 0.7 else None
        return Upload(
            _file(rng, cards),
            rng.choice(_STRATEGIES),
            list_id,
            None if list_id else "New",
            rng.choice(("", "a", "a,b")),
        )


def _file(rng: Random, cards: int) -> bytes:
    """Return a file of *cards* cards, whose numbers other files have as well."""
    lines = []
    for _ in range(cards):
        number = rng.choice(
            ("", "12", f"+39347{rng.randrange(800):07d}", f"347 {rng.randrange(800):07d}")
        )
        tel = f"TEL:{number}\r\n" if number else ""
        name = rng.choice(("Anna", "Luca", "Giulia"))
        lines.append(f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\n{tel}END:VCARD\r\n")
    return "".join(lines).encode()


def _event(kind: Kind, began: float, response: wire.Response, upload: Upload | None) -> Event:
    return Event(kind, began, time.perf_counter(), response.status, response.json(), upload)


def _state(port: int, key: str) -> dict[str, Any]:
    with wire.Client(port, key) as client:
        return _without_scenario(client.get(f"/__admin/state?apiKey={key}").json())


def _settle(port: int, key: str) -> None:
    """Return when no import of the world can be under way: its imports take turns."""
    with wire.Client(port, key) as client:
        client.upload(b"no vCard")


def _without_scenario(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "scenario"}


def _count(counts: Counter[str], one: Round) -> None:
    counts["events"] += len(one.events)
    for event in one.events:
        counts[event.kind.value] += 1
        counts["clients killed"] += not event.is_certain
        counts["refused"] += event.status >= 400


if __name__ == "__main__":
    main()
