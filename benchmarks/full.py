"""The whole comparison, part by part: what ``python -m benchmarks`` measures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks import (
    candidates,
    engine,
    import_speed,
    large_import,
    processes,
    requests,
    servers,
    wrk,
)
from benchmarks.candidates import BARE, IN_MEMORY, OURS, PROCESSES, QUIET, on_engine
from benchmarks.comparisons import CONNECTIONS, SHARED_CONNECTIONS, UPLOADERS
from benchmarks.requests import PLACE
from benchmarks.servers import CannotMeasure, Served
from benchmarks.windows import Load, Turn, figures, in_turn, warm_up, window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.servers import Candidate

LEVELS = ("1", CONNECTIONS, "64")
_STARTS = 5
_REPEATS = 3
_PEERS_WARM_UP = 6
_SETTLE_REQUESTS = 20
_LARGE_UPLOADERS = 4
_BYSTANDER_PAUSE = 0.005
_BUSY_WINDOWS = 4.0
_MANY_WORLDS = 20_000
_FEW_WORLDS = 20
_WORLD_MEMORY = 8192  # MB: more than they need
_SOME_ACCOUNTS, _MANY_ACCOUNTS = 10_000, 100_000
_MOST_FILLING_WINDOWS = 600
_ONE_CARD = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nTEL;TYPE=CELL:+393331234567\r\nEND:VCARD\r\n"
)
_EVERY_ACCOUNT = f"sandbox_{PLACE}__default"


@dataclass(slots=True)
class Run:
    """One run: which candidates there are, for how long each is measured, and what was found so far.

    ``candidates`` are started by the run; ``foreign`` run already. ``tell`` gets a line at each step.
    """

    folder: Path
    candidates: Sequence[Candidate]
    foreign: Sequence[Served]
    seconds: float
    rounds: int
    tell: Callable[[str], None]
    found: dict[str, Any] = field(
        default_factory=lambda: {"servers": {}, "skipped": {}, "failed": {}}
    )
    served: list[Served] = field(default_factory=list)

    def measure(self, parts: Sequence[str]) -> dict[str, Any]:
        """Return the results of the named parts.

        Raises:
            CannotMeasure: the sandbox or the bare route cannot be measured.
        """
        with ExitStack() as stack:
            if {"start", "list", "quota", "import"} & set(parts):
                self._start(stack, _STARTS if "start" in parts else 1)
                self.served += self.foreign
                self._side_by_side(parts)
                self._memory_after()
        for name, part in ALONE.items():
            if name in parts:
                self.tell(f"{name}: {(part.__doc__ or '').splitlines()[0].rstrip('.')}")
                self._measure_alone(name, part)
        return self.found

    def _measure_alone(self, name: str, part: Callable[[Run], None]) -> None:
        """Measure a part; if it cannot be measured, the others still can."""
        try:
            part(self)
        except CannotMeasure as error:
            self.tell(f"{name} cannot be measured: {error}")
            self.found["failed"][name] = str(error)

    def skip(self, name: str, why: CannotMeasure) -> None:
        """Leave a peer out from now on; without the sandbox or the bare route there is nothing to say."""
        if name in {*OURS, BARE}:
            raise why
        self.tell(f"{name} is left out: {why}")
        self.found["skipped"][name] = str(why)
        self.served = [one for one in self.served if one.name != name]

    def turns(self, load: Load, names: Sequence[str] = ()) -> list[Turn]:
        """Return a turn with *load* for each server, or for each of those that are named."""
        chosen = [one for one in self.served if not names or one.name in names]
        return [Turn(one.name, one, load) for one in chosen]

    def alternate(self, turns: Sequence[Turn]) -> dict[str, dict[str, list[float]]]:
        return in_turn(turns, self.seconds, self.rounds, self.skip)

    def alone(self, stack: ExitStack, *options: str) -> Served:
        """Start a quiet sandbox with *options* that runs until *stack* is closed."""
        candidate = candidates.sandbox(QUIET, "--quiet", *options)
        return stack.enter_context(servers.serving(candidate, self.folder / "alone.log"))

    def _start(self, stack: ExitStack, times: int) -> None:
        """Start every candidate so often, one after another; they keep running the last time."""
        for number in range(1, times + 1):
            self.tell(f"start {number} of {times}")
            for number_of_it, one in enumerate(self.candidates):
                if one.name in self.found["skipped"]:
                    continue
                log = self.folder / f"{number_of_it}.log"
                try:
                    if number < times:
                        with servers.serving(one, log) as served:
                            self._note_start(one, served)
                    else:
                        served = stack.enter_context(servers.serving(one, log))
                        self._note_start(one, served)
                        self.served.append(served)
                except CannotMeasure as error:
                    self.skip(one.name, error)

    def _note_start(self, candidate: Candidate, served: Served) -> None:
        for _ in range(_SETTLE_REQUESTS):
            requests.exchange(served.host, served.port, requests.LIST)
        empty: dict[str, Any] = {"ready": [], "idleMb": [], "idlePssMb": []}
        noted = self.found["servers"].setdefault(
            served.name, {"version": candidate.version, **empty}
        )
        assert served.pid is not None
        noted["ready"].append(round(served.ready or 0.0, 3))
        noted["idleMb"].append(round(processes.resident_mb(served.pid), 1))
        noted["idlePssMb"].append(round(processes.proportional_mb(served.pid), 1))

    def _memory_after(self) -> None:
        for one in self.served:
            if one.pid is not None:
                noted = self.found["servers"][one.name]
                noted["loadedMb"] = round(processes.resident_mb(one.pid), 1)
                noted["loadedPssMb"] = round(processes.proportional_mb(one.pid), 1)

    def _side_by_side(self, parts: Sequence[str]) -> None:
        for one in self.served:
            if one.name in OURS:
                candidates.fill(one)
        at_once = Load(requests.LIST, int(CONNECTIONS))
        if {"list", "quota"} & set(parts):
            self._warm_up(at_once)
        if "list" in parts:
            self.found["list"] = {}
            for level in LEVELS:
                self.tell(f"list of ten contacts, {level} at a time")
                turns = self.turns(Load(requests.LIST, int(level)))
                self.found["list"][level] = self.alternate(turns)
        if "quota" in parts:
            self.tell("quota, 16 at a time")
            turns = self.turns(Load(requests.QUOTA, int(CONNECTIONS)), (*OURS, BARE))
            self.found["quota"] = {CONNECTIONS: self.alternate(turns)}
        if "import" in parts:
            upload = Load(candidates.export(), int(UPLOADERS))
            self._warm_up(upload)
            self.tell("import of 250 cards, 4 at a time")
            self.found["upload"] = {UPLOADERS: self.alternate(self.turns(upload))}

    def _warm_up(self, load: Load) -> None:
        for one in list(self.served):
            try:
                least = 1 if one.name in {*OURS, BARE} else _PEERS_WARM_UP
                count = warm_up(one, load, self.seconds, least)
            except CannotMeasure as error:
                self.skip(one.name, error)
            else:
                self.tell(f"{one.name} is warm after {count} windows")


def cards(run: Run) -> None:
    """Import 250 cards with vobject + phonenumbers, and over HTTP into accounts that are new."""
    theirs = [import_speed.run("baseline", requests.EXPORT) for _ in range(_REPEATS)]
    with ExitStack() as stack:
        served = run.alone(stack)
        candidates.fill(served)
        other_files = candidates.export()
        loads = {
            "import": other_files,
            "newAccounts": other_files.of(_EVERY_ACCOUNT),
            "sameFile": requests.upload(requests.EXPORT.read_bytes()),
        }
        turns = [Turn(name, served, Load(it, int(UPLOADERS))) for name, it in loads.items()]
        warm_up(served, turns[0].load, run.seconds)
        ours = in_turn(turns, run.seconds, run.rounds)
    run.found["cards"] = {
        "baseline": {"cpu": [round(one["cpu"] * 1e6) for one in theirs]},
        **ours,
    }


def large(run: Run) -> None:
    """Import 10 MB in process, against vobject + phonenumbers, and over HTTP."""
    path = large_import.write_file(run.folder)
    run.found["largeImport"] = large_import.compare(path, _REPEATS)
    with ExitStack() as stack:
        served = run.alone(stack)
        load = Load(requests.upload(requests.numbered(path.read_bytes())).of(_EVERY_ACCOUNT), 1)
        windows = [window(served, load, run.seconds, number * 1000) for number in range(_REPEATS)]
        run.found["largeImport"]["http"] = figures(windows)


def beside(run: Run) -> None:
    """List contacts beside four clients that upload 10 MB each, again and again."""
    file = requests.numbered(large_import.write_file(run.folder).read_bytes())
    form = requests.upload(file).of(_EVERY_ACCOUNT)
    busy_seconds = run.seconds * _BUSY_WINDOWS
    listing = Load(requests.LIST, 1, _BYSTANDER_PAUSE)
    idle, busy, uploads = [], [], []
    with ExitStack() as stack:
        served = run.alone(stack)
        candidates.fill(served)
        others = stack.enter_context(ThreadPoolExecutor(1))
        warm_up(served, Load(requests.LIST, 1), run.seconds)
        for number in range(_REPEATS):
            idle.append(window(served, listing, busy_seconds))
            # They begin before the list is looked at and end after it.
            uploading = others.submit(
                window, served, Load(form, _LARGE_UPLOADERS), busy_seconds + 1, number * 1000
            )
            busy.append(window(served, listing, busy_seconds))
            uploads.append(uploading.result())
    run.found["besideUploads"] = {
        "idle": figures(idle),
        "busy": figures(busy),
        "uploads": figures(uploads),
    }


def pages(run: Run) -> None:
    """Read the first and the last page of 49 000 contacts."""
    with ExitStack() as stack:
        served = run.alone(stack)
        first, last = (
            requests.Request(f"{requests.LIST_PATH}?limit=10&page={page}", key=requests.LARGE_KEY)
            for page in ("1", "4900")
        )
        warm_up(served, Load(last, 1), run.seconds)
        turns = [Turn("first", served, Load(first, 1)), Turn("last", served, Load(last, 1))]
        run.found["pages"] = in_turn(turns, run.seconds, run.rounds)


def worlds(run: Run) -> None:
    """Import one card where 20 worlds are kept, and where 20 000 are: known accounts, and new ones."""
    with ExitStack() as stack:
        few = _with_worlds(run, stack, _FEW_WORLDS)
        many = _with_worlds(run, stack, _MANY_WORLDS)
        measured: dict[str, Any] = {"few": _FEW_WORLDS, "many": _MANY_WORLDS}
        # A new account takes the place of the one that has not been used for longest.
        new = f"sandbox_new{PLACE}__default"
        for name, key in (("sameAccount", requests.KEY), ("newAccounts", new)):
            card = Load(requests.upload(requests.numbered(_ONE_CARD)).of(key), 1)
            turns = [Turn("few", few, card), Turn("many", many, card)]
            measured[name] = in_turn(turns, run.seconds, run.rounds)
        run.found["worlds"] = measured


def _with_worlds(run: Run, stack: ExitStack, count: int) -> Served:
    """Start a sandbox that keeps *count* worlds, and import a card into as many accounts."""
    bounds = ("--worlds", str(count), "--world-memory", str(_WORLD_MEMORY))
    served = run.alone(stack, *bounds)
    _fill_with_worlds(served, count, min(1.0, run.seconds))
    return served


def _fill_with_worlds(served: Served, count: int, seconds: float) -> None:
    """Import a card into *count* accounts, so many *seconds* at a time."""
    card = Load(requests.upload(requests.numbered(_ONE_CARD)).of(_EVERY_ACCOUNT), 4)
    made = 0
    for _ in range(_MOST_FILLING_WINDOWS):
        made += window(served, card, seconds, made).requests
        if made >= count:
            return
    message = f"only {made} of {count} worlds could be made"
    raise CannotMeasure(message)


def workers(run: Run) -> None:
    """Serve from memory with one process, and from Redis with one, two and four; wrk sends what has no body, if it is there."""
    with ExitStack() as stack:
        url = stack.enter_context(engine.running(run.folder))
        served = {IN_MEMORY: run.alone(stack)}
        for count in PROCESSES:
            shared = ("--state", url, "--state-prefix", f"{count}:", "--workers", str(count))
            served[on_engine(count)] = run.alone(stack, *shared)
        for one in served.values():
            candidates.fill(one)
        file = requests.numbered(large_import.write_file(run.folder).read_bytes())
        loads = {
            "list": Load(requests.LIST, int(SHARED_CONNECTIONS)),
            "quota": Load(requests.QUOTA, int(SHARED_CONNECTIONS)),
            "cards": Load(candidates.export(), int(UPLOADERS)),
            "large": Load(requests.upload(file).of(_EVERY_ACCOUNT), 2),
        }
        measured = {}
        for name, load in loads.items():
            long = name == "large"  # which takes more than a second
            seconds = run.seconds * _BUSY_WINDOWS if long else run.seconds
            if not long:
                for one in served.values():
                    warm_up(one, load, seconds)
            turns = [Turn(who, one, load) for who, one in served.items()]
            send = wrk.window if wrk.is_there() and not load.request.form else window
            rounds = _REPEATS if long else run.rounds
            measured[name] = in_turn(turns, seconds, rounds, send=send)
        run.found["workers"] = measured


def accounts(run: Run) -> None:
    """Read the quota of one account after another where Redis keeps 10 000 of them, and where it keeps 100 000."""
    with ExitStack() as stack:
        url = stack.enter_context(engine.running(run.folder))
        served = run.alone(stack, "--state", url)
        before = engine.used_bytes(url)
        quota = Load(requests.QUOTA.of(_EVERY_ACCOUNT), 4)
        found: dict[str, Any] = {"bytes": []}
        for count in (_SOME_ACCOUNTS, _MANY_ACCOUNTS):
            _fill_with_worlds(served, count, min(1.0, run.seconds))
            found["bytes"].append(round((engine.used_bytes(url) - before) / count))
            # More than the sandbox has copies of: each account is opened anew.
            windows = [window(served, quota, run.seconds) for _ in range(run.rounds)]
            found[str(count)] = figures(windows)
        run.found["accounts"] = found


ALONE: dict[str, Callable[[Run], None]] = {
    "cards": cards,
    "large": large,
    "beside": beside,
    "pages": pages,
    "worlds": worlds,
    "workers": workers,
    "accounts": accounts,
}
PARTS = ("start", "list", "quota", "import", *ALONE)
