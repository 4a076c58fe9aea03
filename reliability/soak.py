"""Mixed load for a long time: memory, descriptors and the latency of others must not grow.

``python -m reliability.soak --help``.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import Counter
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any

import click

from qlara_sandbox.samples.generating import Spec, generate
from reliability import corpus, dictionaries, results, serving, wire
from reliability.bystander import Bystander, Sample
from reliability.mutation import Mutator
from reliability.statistics import percentile, slope
from reliability.targets import forms, raw_http, vcard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reliability.serving import Sandbox

MOST_GROWTH_MB = 20
"""How much memory may grow over a whole run after the warm-up, whatever its length, in MB."""
MOST_GROWTH_DESCRIPTORS = 10
MOST_P99_MS = 200
_WARM_UP = 0.25  # of the run, but at least
_WARM_UP_SECONDS = 30.0
_CLIENTS = 3
_PAUSE_SECONDS = 0.004
# Small bounds are reached soon: what grows after that is a leak.
_OPTIONS = ("--worlds", "60", "--world-memory", "64", "--journal", "4")
_ACCOUNTS = 300
_CHARSETS = 30
_SLOW_READERS = 5
_PATHS = (
    wire.QUOTA,
    f"{wire.LIST.format(wire.DESTINATION)}?limit=100",
    "/__docs",
    "/llms.txt",
    "/__console",
    "/openapi.json",
    "/__admin/requests?limit=50",
    "/__admin/requests?format=har&limit=50",
    "/__admin/metrics",
    "/__admin/worlds",
    "/__admin/state",
)


@click.command()
@click.option("--seconds", default=600.0, show_default=True, help="How long.")
@click.option("--seed", type=int, help="Seed of what clients do.  [default: a new one]")
def main(seconds: float, seed: int | None) -> None:
    """Put mixed load on a sandbox. Exit 1 if something grows, or others wait too long."""
    seed = SystemRandom().randrange(2**31) if seed is None else seed
    click.echo(f"seed {seed}")
    content = run(seconds, seed)
    click.echo(
        f"{content['requests']} requests in {content['seconds']} s, peak {content['peakMb']} MB, growth "
        f"{content['growthMb']} MB and {content['growthDescriptors']} descriptors, "
        f"list p99 {content['bystanderP99Ms']} ms"
    )
    for failure in content["failures"]:
        click.echo(
            f"broken: {failure}\n  python -m reliability.soak --seconds {seconds:.0f} --seed {seed}"
        )
    results.write("soak", "python -m reliability.soak " + " ".join(sys.argv[1:]), content)
    raise SystemExit(1 if content["failures"] else 0)


def run(seconds: float, seed: int) -> dict[str, Any]:
    """Put load on a sandbox of its own for so long, and return what came of it."""
    with serving.sandbox(*_OPTIONS) as running:
        ended = threading.Event()
        clients = [_Client(running, Random(f"{seed}:{index}"), ended) for index in range(_CLIENTS)]
        threads = [threading.Thread(target=client.go_on) for client in clients]
        threads += [
            threading.Thread(target=_read_events_slowly, args=(running, ended))
            for _ in range(_SLOW_READERS)
        ]
        with Bystander(running) as bystander:
            for thread in threads:
                thread.start()
            time.sleep(seconds)
            ended.set()
            for thread in threads:
                thread.join()
        counts = sum((client.counts for client in clients), Counter[str]())
        content = judge(bystander.samples, [latency for _, latency in bystander.latencies])
        trouble = running.trouble()
        content["failures"] += bystander.errors + ([f"the log: {trouble}"] if trouble else [])
        content["failures"] += [
            f"{count} times a 5xx" for kind, count in counts.items() if kind == "5xx"
        ]
        return {
            "seed": seed,
            "seconds": round(seconds),
            "requests": sum(counts.values()) - counts["5xx"],
            "counts": dict(counts),
            "peakMb": round(running.memory_mb("VmHWM"), 1),
            **content,
        }


def judge(samples: Sequence[Sample], latencies: Sequence[float]) -> dict[str, Any]:
    """Return how much memory and descriptors have grown after the warm-up, and what is beyond the bounds.

    The growth is that of the line of least squares through the samples, so that one peak is none.
    """
    end = samples[-1].at
    start = min(max(end * _WARM_UP, _WARM_UP_SECONDS), end / 2)
    warm = [sample for sample in samples if sample.at >= start]
    times = [sample.at for sample in warm]
    span = times[-1] - times[0]
    memory = slope(times, [sample.memory_mb for sample in warm]) * span
    descriptors = slope(times, [float(sample.descriptors) for sample in warm]) * span
    p99 = percentile(latencies, 99) * 1000
    failures = []
    if memory > MOST_GROWTH_MB:
        failures.append(f"memory grew by {memory:.1f} MB in {span:.0f} s")
    if descriptors > MOST_GROWTH_DESCRIPTORS:
        failures.append(f"{descriptors:.0f} more descriptors after {span:.0f} s")
    if p99 > MOST_P99_MS:
        failures.append(f"the p99 of a list request is {p99:.0f} ms")
    return {
        "growthMb": round(memory, 1),
        "growthDescriptors": round(descriptors, 1),
        "bystanderP99Ms": round(p99, 1),
        "failures": failures,
    }


class _Client:
    """Does one thing after another, of all kinds."""

    def __init__(self, running: Sandbox, rng: Random, ended: threading.Event) -> None:
        self.counts: Counter[str] = Counter()
        self._running, self._rng, self._ended = running, rng, ended
        self._files = [*vcard.seeds(), *corpus.load("vcard")]
        self._forms = [*forms.Forms().seeds(), *corpus.load("forms")]
        self._requests = [*raw_http.RawRequests().seeds(), *corpus.load("raw-http")]
        self._change_file = Mutator(dictionaries.VCARD, self._files)
        self._change_form = Mutator(dictionaries.FORM, self._forms)
        self._change_request = Mutator(dictionaries.HTTP, self._requests)
        self._large = generate(Spec(contacts=1500, size=1_000_000)).data
        self._kinds: tuple[tuple[int, str, Callable[[], bytes]], ...] = (
            (30, "reads", self._read),
            (25, "hostile files", self._hostile_file),
            (12, "hostile forms", self._hostile_form),
            (16, "hostile requests", self._hostile_request),
            (8, "files", self._file),
            (1, "large files", self._large_file),
            (8, "clients that vanish", self._vanish),
        )

    def go_on(self) -> None:
        weights = [weight for weight, _, _ in self._kinds]
        while not self._ended.wait(_PAUSE_SECONDS):
            [(_, name, act)] = self._rng.choices(self._kinds, weights)
            received = act()
            self.counts[name] += 1
            if any(status >= 500 for status in wire.statuses(received)):
                self.counts["5xx"] += not self._is_ordered()

    def _is_ordered(self) -> bool:
        with wire.Client(self._running.port, "sandbox_soak") as client:
            found = client.get("/__admin/requests?limit=50&status=5xx").json()["requests"]
        return any(entry["faults"] for entry in found)

    def _key(self) -> str:
        return f"sandbox_soak{self._rng.randrange(_ACCOUNTS)}"

    def _read(self) -> bytes:
        return self._exchange(wire.request("GET", self._rng.choice(_PATHS), self._key()))

    def _hostile_file(self) -> bytes:
        file = self._change_file(self._rng.choice(self._files), self._rng)
        file = file.replace(b"FN:", self._strange_charsets() + b"FN:", 1)
        return self._exchange(wire.upload(self._key(), wire.form(file)))

    def _strange_charsets(self) -> bytes:
        """Return lines in character sets that nobody has heard of, others each time."""
        lines = [b"FN;CHARSET=x-%d:\xe9\r\n" % self._rng.randrange(10**9) for _ in range(_CHARSETS)]
        return b"".join(lines)

    def _hostile_form(self) -> bytes:
        form = self._change_form(self._rng.choice(self._forms), self._rng)
        return self._exchange(forms.as_request(form))

    def _hostile_request(self) -> bytes:
        request = self._rng.choice(self._requests)
        if b"/__admin/faults" in request or b"/__admin/scenario" in request:
            return b""
        return self._exchange(self._change_request(request, self._rng), quickly=True)

    def _file(self) -> bytes:
        file = generate(Spec(contacts=60, seed=self._rng.randrange(10**6))).data
        return self._exchange(wire.upload(self._key(), wire.form(file)))

    def _large_file(self) -> bytes:
        return self._exchange(wire.upload(self._key(), wire.form(self._large)))

    def _vanish(self) -> bytes:
        request = wire.upload(self._key(), wire.form(self._rng.choice(self._files)))
        with contextlib.suppress(OSError), wire.connect(self._running.port) as connection:
            connection.sendall(request[: self._rng.randrange(len(request))])
        return b""

    def _exchange(self, request: bytes, *, quickly: bool = False) -> bytes:
        received = b""
        with contextlib.suppress(OSError, wire.Gone):
            seconds = 0.1 if quickly else wire.SECONDS
            with wire.connect(self._running.port, seconds) as connection:
                connection.sendall(request)
                while not received or wire.first_response(received) is None:
                    chunk = connection.recv(65536)
                    if not chunk:
                        break
                    received += chunk
        return received


def _read_events_slowly(running: Sandbox, ended: threading.Event) -> None:
    """Follow the events more slowly than they come."""
    with contextlib.suppress(OSError), wire.connect(running.port) as connection:
        connection.sendall(wire.request("GET", "/__admin/events", "sandbox_soak"))
        while not ended.wait(0.5):
            connection.recv(256)


if __name__ == "__main__":
    main()
