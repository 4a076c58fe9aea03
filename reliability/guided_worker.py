"""One process of libFuzzer on a target: ``python -m reliability.guided_worker TARGET [OPTION…] FOLDER…``.

Started by ``reliability.guided``.
"""

from __future__ import annotations

import sys
from random import Random
from zlib import crc32

import atheris

from reliability.target import InvariantBroken

_COST = (
    "the cost of an import is bounded"  # not here: measuring coverage costs more than the import
)


def main() -> None:
    """Run until libFuzzer ends the process."""
    from reliability.targets import create

    with atheris.instrument_imports(include=["qlara_sandbox"]):
        target = create(sys.argv[1])

    def try_one(data: bytes) -> None:
        try:
            target.run(data)
        except InvariantBroken as error:
            if error.invariant != _COST:
                raise

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        rng = Random(f"{seed}:{crc32(data)}")
        if rng.random() < 0.5:
            return target.mutate(data, rng)[:longest]
        changed: bytes = atheris.Mutate(data, longest)
        return changed

    # To merge, libFuzzer starts its first argument again, through a shell.
    again = f"{sys.executable} -m reliability.guided_worker {sys.argv[1]}"
    atheris.Setup([again, *sys.argv[2:]], try_one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
