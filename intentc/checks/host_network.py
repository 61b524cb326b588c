"""Targets that run with hostNetwork, which no policy protects."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, warning
from intentc.ir import Policy


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield a warning for each statement whose target is a node in all but name (rows 18 and 19)."""
    del context
    seen: set[tuple[str, int, int]] = set()
    for flow in policy.flows:
        if flow.path.kind == "hostnetwork" and flow.span is not None and flow.span.sort_key not in seen:
            seen.add(flow.span.sort_key)
            message = "no policy can protect the target"
            label = "pods with hostNetwork cannot be selected"
            help_text = "the firewall, and the process itself, decide who reaches the port"
            yield warning("W308", message, flow.span, label, help=help_text)
