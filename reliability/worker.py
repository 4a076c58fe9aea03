"""Fuzzes one target in a process of its own.

``python -m reliability.worker TARGET SEED SECONDS INPUTS FILE`` writes the outcome into FILE, as JSON.
``INPUTS`` 0 sets no limit. Started by ``reliability.fuzz``.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from reliability import corpus
from reliability.engine import Limits, fuzz
from reliability.outcomes import write
from reliability.targets import create


def main() -> None:
    """Run, and write down what came of it."""
    name, seed, seconds, inputs, path = sys.argv[1:]
    logging.disable(logging.CRITICAL)  # of what runs in this process; the responses are judged
    target = create(name)
    try:
        limits = Limits(float(seconds), int(inputs) or None)
        write(fuzz(target, int(seed), limits, corpus.load(name)), Path(path))
    finally:
        target.close()


if __name__ == "__main__":
    main()
