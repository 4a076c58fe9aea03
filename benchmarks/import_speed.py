"""Measure the import of a 10 MB file: ``python -m benchmarks.import_speed``.

Three ways to the same outcome, on the same file, one after the other, each in a process of its own:

- ``baseline``: ``vobject.readComponents`` and ``phonenumbers``, streamed card by card
- ``reading``: the sandbox's scanner and normaliser, and a set of the numbers seen
- ``import``: the sandbox's whole import, to the plan that a world then commits

Printed are CPU seconds, the ratio to the baseline, throughput and peak memory of each process, and
whether all three say the same of every card. The exit code is 1 if they do not.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlara_sandbox.samples.generating import Spec, generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "IT"
SIZE = 10 * 1024 * 1024 - 32  # the most that is accepted, less a line that tells uploads apart
FILE = Spec(
    contacts=45_500,
    duplicates=2_500,
    invalid_phones=1_500,
    missing_phones=500,
    size=SIZE,
    region=REGION,
)
TARGET_RATIO = 20
TARGET_MIB = 200

Outcome = tuple[str, str]  # the name, and what became of the card: its number or a word


def baseline(data: bytes) -> list[Outcome]:
    """Import with vobject and phonenumbers, used as their documentation shows."""
    import io

    import phonenumbers
    import vobject

    kinds = phonenumbers.PhoneNumberType
    answered = {
        *(kinds.MOBILE, kinds.FIXED_LINE, kinds.FIXED_LINE_OR_MOBILE),
        *(kinds.VOIP, kinds.PERSONAL_NUMBER),
    }

    def normalise(typed: str) -> str | None:
        try:
            number = phonenumbers.parse(typed, REGION)
        except phonenumbers.NumberParseException:
            return None
        if phonenumbers.number_type(number) not in answered:
            return None
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    outcomes: list[Outcome] = []
    seen: set[str] = set()
    for card in vobject.readComponents(io.StringIO(data.decode("utf-8-sig"))):
        phones = sorted(_vobject_phones(card), key=lambda phone: phone[0])
        number = next(filter(None, (normalise(typed) for _, typed in phones)), None)
        if number is None:
            what = "invalid" if phones else "missing"
        else:
            what = "duplicate " + number if number in seen else number
            seen.add(number)
        outcomes.append((card.fn.value, what))
    return outcomes


def _vobject_phones(card: Any) -> Iterator[tuple[tuple[int, bool], str]]:
    for phone in getattr(card, "tel_list", []):
        types = {
            word.upper() for value in phone.params.get("TYPE", ()) for word in value.split(",")
        }
        if phone.value and not types & {"FAX", "PAGER", "MODEM", "TEXTPHONE"}:
            preference = int(phone.params.get("PREF", ["101" if "PREF" in types else "102"])[0])
            yield (preference, "CELL" not in types), phone.value


def reading(data: bytes) -> list[Outcome]:
    """Read and normalise as the sandbox does, and find the duplicates."""
    from qlara_sandbox.domain.phone import normaliser
    from qlara_sandbox.domain.vcard import read_cards

    normalise = normaliser(REGION)
    outcomes: list[Outcome] = []
    seen: set[str] = set()
    for card in read_cards(data):
        for phone in card.phones:
            number = normalise(phone.text)
            if number is not None:
                what = "duplicate " + number if number in seen else number
                seen.add(number)
                break
        else:
            what = "invalid" if card.phones else "missing"
        outcomes.append((card.name, what))
    return outcomes


def whole_import(data: bytes) -> Any:
    """Return the plan of the import into an empty account."""
    from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Planner, Strategy
    from qlara_sandbox.domain.phone import normaliser
    from qlara_sandbox.domain.vcard import read_cards
    from qlara_sandbox.services.garbage import PausedGarbage

    options = ImportOptions(Strategy.SKIP, ("bench",), "2026-04-09T11:00:10+02:00", 1)
    planner = Planner(options, ExistingContacts({}, {}), normaliser(REGION))
    with PausedGarbage().pause():  # as in the process of `serve`
        planner.add(read_cards(data))
        return planner.plan()


def _of_plan(plan: Any) -> dict[str, Any]:
    return {
        "created": [(contact.name, contact.phone_number) for contact in plan.created],
        "errors": [(error.name, error.reason) for error in plan.errors],
        "total": plan.total,
    }


def expected_plan(outcomes: list[Outcome]) -> dict[str, Any]:
    reasons = {"invalid": "Invalid phone number format", "missing": "Missing phone number"}
    return {
        "created": [(name, what) for name, what in outcomes if what[0] == "+"],
        "errors": [(name, reasons[what]) for name, what in outcomes if what in reasons],
        "total": len(outcomes),
    }


WAYS: dict[str, Callable[[bytes], Any]] = {
    "baseline": baseline,
    "reading": reading,
    "import": whole_import,
}


def run_here(way: str, path: Path) -> dict[str, Any]:
    """Run one way in this process; return what it cost and what came out."""
    data = path.read_bytes()
    WAYS[way](data[: data.index(b"END:VCARD") + 9])  # imports and first metadata are no import
    begun_cpu, begun = time.process_time(), time.perf_counter()
    result = WAYS[way](data)
    cpu, wall = time.process_time() - begun_cpu, time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out = _of_plan(result) if way == "import" else result
    return {"cpu": cpu, "wall": wall, "peak_mib": peak, "result": out}


def run(way: str, path: Path) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.import_speed", "--way", way, str(path)]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    measured: dict[str, Any] = json.loads(finished.stdout)
    return measured


def compare(path: Path, cards: int, repeats: int) -> int:
    """Run all ways on the file, print what they cost; return the exit code."""
    size = path.stat().st_size / 1e6
    measured = {"baseline": run("baseline", path)}
    for way in ("reading", "import"):
        measured[way] = min(
            (run(way, path) for _ in range(repeats)), key=lambda it: float(it["cpu"])
        )
    print(f"{'':10}{'CPU s':>8}{'wall s':>8}{'ratio':>8}{'MB/s':>8}{'cards/s':>10}{'peak MiB':>10}")
    for way, it in measured.items():
        ratio = measured["baseline"]["cpu"] / it["cpu"]
        print(
            f"{way:10}{it['cpu']:8.3f}{it['wall']:8.3f}{ratio:7.1f}x{size / it['cpu']:8.1f}"
            f"{cards / it['cpu']:10.0f}{it['peak_mib']:10.0f}"
        )
    base, ours = measured["baseline"]["result"], measured["reading"]["result"]
    different = sum(one != other for one, other in zip(base, ours, strict=False))
    different += abs(len(base) - len(ours))
    same_plan = measured["import"]["result"] == json.loads(json.dumps(expected_plan(base)))
    print(f"\n{len(base)} cards: {different} differ; same plan: {'yes' if same_plan else 'NO'}")
    ratio = measured["baseline"]["cpu"] / measured["import"]["cpu"]
    print(
        f"whole import {ratio:.1f}x as fast as the baseline (target {TARGET_RATIO}x), "
        f"peak {measured['import']['peak_mib']:.0f} MiB (target {TARGET_MIB} MiB)"
    )
    return 0 if not different and same_plan else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--repeats", type=int, default=3, help="runs of the fast ways; the best counts"
    )
    parser.add_argument("--way", choices=WAYS, help="run only this one, in this process, as JSON")
    parser.add_argument("file", nargs="?", type=Path, help="a file to import; default: generated")
    options = parser.parse_args()
    if options.way:
        json.dump(run_here(options.way, options.file), sys.stdout)
        return 0
    if options.file:
        cards = options.file.read_bytes().count(b"BEGIN:VCARD")
        return compare(options.file, cards, options.repeats)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.vcf"
        path.write_bytes(generate(FILE).data)
        print(f"{FILE.cards} cards, {path.stat().st_size} bytes, seed {FILE.seed}\n", flush=True)
        return compare(path, FILE.cards, options.repeats)


if __name__ == "__main__":
    sys.exit(main())
