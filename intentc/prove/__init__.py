"""The stage that reads emitted files, knowing nothing of the writer, and says where they break an intent."""

from __future__ import annotations

from intentc.prove.proof import Proof, prove

__all__ = ["Proof", "prove"]
