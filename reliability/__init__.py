"""Tries to break the sandbox: hostile inputs, overlapping imports, and load for a long time.

``python -m reliability.fuzz``, ``.chaos``, ``.soak`` and ``.load``; see docs/reliability.md.
"""
