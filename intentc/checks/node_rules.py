"""Rules by node address, which admit more than the intent that needs them."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, warning
from intentc.ir import Addresses, Flow, Point, Policy, Ports, Rule


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield, for each statement and direction, what its node rule admits beside it, and the narrower ways."""
    if context.profile.dataplane != "calico" and not context.profile.node_cidr_match:
        return  # no policy matches a node there: an error of the backend says so
    found: dict[tuple[str, int, Point], tuple[Flow, set[int], list[Rule]]] = {}
    for rule in policy.rules:
        peer = rule.source if rule.point is Point.ENTERING_POD else rule.target
        if rule.point not in (Point.ENTERING_POD, Point.LEAVING_POD) or not isinstance(peer, Addresses):
            continue
        for origin in rule.origins:
            if origin.cause == "node" and origin.flow is not None and origin.flow.span is not None:
                key = (origin.flow.span.file.path, origin.flow.span.start, rule.point)
                _, rows, rules = found.setdefault(key, (origin.flow, set(), []))
                rows.update(origin.rows)
                rules.append(rule)
    for (_, _, point), (flow, rows, rules) in found.items():
        ports = _listed(dict.fromkeys(_port(rule.ports) for rule in rules))
        ranges = ", ".join(context.profile.node_cidrs)
        numbers = _listed([str(row) for row in sorted(rows)])
        label = f"row{'s' if len(rows) > 1 else ''} {numbers} of the truth table"
        if point is Point.ENTERING_POD:
            message = f"every node address may reach the target on {ports}"
            also = f"also admitted: processes on the nodes' own network, other machines in {ranges}"
            if flow.path.kind == "nodeport":
                also += f", and whoever reaches nodePort {flow.path.number} on a node"
            ways = _narrower(flow)
        else:
            message = f"the source may reach every node address on {ports}"
            also = f"also admitted: whatever else listens there on the nodes and other machines in {ranges}"
            ways = "narrower: the ClusterIP Service (no `via`), or ranges of a node pool in `nodeCIDRs`"
            if flow.path.kind not in ("nodeport", "hostport"):
                ways = "narrower: ranges of a node pool in `nodeCIDRs`"
        yield warning("W305", message, flow.span, label, help=(also, ways))


def _narrower(flow: Flow) -> str:
    ways = ["ranges of a node pool in `nodeCIDRs`"]
    if flow.path.kind in ("nodeport", "loadbalancer") and not flow.path.local:
        ways.insert(0, "`local` (externalTrafficPolicy: Local)")
    if flow.path.kind == "nodeport" and not isinstance(flow.source, Addresses):
        ways.insert(0, "the ClusterIP Service (no `via`)")
    return f"narrower: {_listed(ways, 'or')}"


def _port(ports: Ports) -> str:
    if ports.name:
        return f"{ports.protocol} {ports.name}"
    return f"{ports.protocol} {ports.first}" + (f"-{ports.last}" if ports.last > ports.first else "")


def _listed(items: dict[str, None] | list[str], word: str = "and") -> str:
    names = list(items)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
