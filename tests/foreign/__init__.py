"""A second deployment of the contact API, written against UC-020 alone.

It shares no code with the sandbox or the contract suite, so the suite can be tried on it: right by
default, with switches for legitimate freedoms (``freedoms.py``) and for faults (``faults/``).
"""

from tests.foreign.serving import running

__all__ = ["running"]
