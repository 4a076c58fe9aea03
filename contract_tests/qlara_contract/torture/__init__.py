"""The torture file: hundreds of cards, each with one feature and its computed outcome.

A few uploads hold them all, so a difference costs no request until it is confirmed alone.
"""

from __future__ import annotations

from qlara_contract.torture.files import Budget, TortureFile, Writer, assemble, draw

__all__ = ["Budget", "TortureFile", "Writer", "assemble", "draw"]
