"""Paths that some nodes never serve."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, warning
from intentc.ir import Pods, Policy


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield a warning for each source that dials a `local` nodePort: some nodes drop it (row 12)."""
    del context
    seen: set[tuple[str, int, int]] = set()
    for flow in policy.flows:
        if not (flow.path.kind == "nodeport" and flow.path.local and isinstance(flow.source, Pods)):
            continue
        if flow.span is not None and flow.span.sort_key not in seen:
            seen.add(flow.span.sort_key)
            message = f"nodePort {flow.path.number} answers only on nodes that run an endpoint"
            label = "row 12 of the truth table: no rule can change that"
            help_text = "dial a node that runs one, or go by the ClusterIP Service"
            yield warning("W309", message, flow.span, label, help=help_text)
