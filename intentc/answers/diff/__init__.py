"""Two compiled projects become what changed between them, exactly: flows, isolations, firewall openings."""

from __future__ import annotations

from intentc.answers.diff.changes import Changes, FlowChange, IsolationChange, OpeningChange, changes

__all__ = ["Changes", "FlowChange", "IsolationChange", "OpeningChange", "changes"]
