"""Ends and ports that are wider than people tend to mean."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, warning
from intentc.ir import EVERY_PORT, Addresses, Flow, Pods, Policy


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield a warning for each statement with every port, every pod as a source, or the internet plain."""
    del context
    seen: set[tuple[str, int, str]] = set()
    for flow in policy.flows:
        for diagnostic in _wide(flow):
            key = (
                (flow.span.file.path, flow.span.start, diagnostic.code)
                if flow.span
                else ("", 0, diagnostic.code)
            )
            if key not in seen:
                seen.add(key)
                yield diagnostic


def _wide(flow: Flow) -> Iterator[Diagnostic]:
    if flow.ports == EVERY_PORT:
        help_text = "name the ports the target listens on"
        yield warning(
            "W304", "intent opens every port", flow.span, "`*` is 65,535 ports of 3 protocols", help=help_text
        )
    if isinstance(flow.source, Pods) and not flow.source.namespaces:
        everybody = "pods of every namespace, system namespaces included,"
        becomes = "are let in" if flow.path.kind == "ingress" else "become isolated for egress"
        label = f"{everybody} {becomes}"
        help_text = "name the namespaces, or select them by a label: `{team=payments}`"
        yield warning("W306", "source is every namespace", flow.span, label, help=help_text)
    if isinstance(flow.source, Addresses) and flow.source.word == "internet" and flow.path.kind == "direct":
        label = "pod addresses are private: no packet from outside is for one"
        help_text = "say how the traffic comes: `via loadbalancer PORT`, `via nodeport PORT`"
        yield warning("W307", "the internet cannot dial a pod", flow.span, label, help=help_text)
