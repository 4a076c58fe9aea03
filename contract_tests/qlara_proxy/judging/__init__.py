"""Judges traffic: which promises of the contract it shows kept, and which broken."""

from __future__ import annotations

from qlara_proxy.judging.judge import TrafficJudge
from qlara_proxy.judging.outcome import TrafficOutcome

__all__ = ["TrafficJudge", "TrafficOutcome"]
