"""Rules by node address, which admit more than the intent that needs them."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, warning
from intentc.ir import Addresses, Flow, Point, Policy, Ports, Rule


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield, for each statement and direction, what its node rule admits beside it, and the narrower ways."""
    by_identity = context.profile.clusterwide_policies
    if context.profile.dataplane != "calico" and not context.profile.node_cidr_match and not by_identity:
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
        others = "" if by_identity else f"other machines in {', '.join(context.profile.node_cidrs)}"
        numbers = _listed([str(row) for row in sorted(rows)])
        label = f"row{'s' if len(rows) > 1 else ''} {numbers} of the truth table"
        if point is Point.ENTERING_POD:
            message = f"every node address may reach the target on {ports}"
            also = "also admitted: processes on the nodes' own network"
            also += f", {others}" if others else ""
            also += ", and whoever comes by a nodePort or balancer of the target through another node"
            ways = _listed(_ways_in(flow, by_identity=by_identity), "or")
        else:
            message = f"the source may reach every node address on {ports}"
            also = "also admitted: whatever else listens there on the nodes"
            also += f" and {others}" if others else ""
            ways = ", or ".join(_ways_out(flow, by_identity=by_identity))
        narrower = (f"narrower: {ways}",) if ways else ()
        yield warning("W305", message, flow.span, label, help=(also, *narrower))


def _ways_out(flow: Flow, *, by_identity: bool) -> list[str]:
    ways = ["the ClusterIP Service (no `via`)"] if flow.path.kind in ("nodeport", "hostport") else []
    return ways if by_identity else [*ways, "ranges of a node pool in `nodeCIDRs`"]


def _ways_in(flow: Flow, *, by_identity: bool) -> list[str]:
    ways = [] if by_identity else ["ranges of a node pool in `nodeCIDRs`"]
    if flow.path.kind in ("nodeport", "loadbalancer") and not flow.path.local:
        ways.insert(0, "`local` (externalTrafficPolicy: Local)")
    if flow.path.kind == "nodeport" and not isinstance(flow.source, Addresses):
        ways.insert(0, "the ClusterIP Service (no `via`)")
    return ways


def _port(ports: Ports) -> str:
    if ports.name:
        return f"{ports.protocol} {ports.name}"
    return f"{ports.protocol} {ports.first}" + (f"-{ports.last}" if ports.last > ports.first else "")


def _listed(items: dict[str, None] | list[str], word: str = "and") -> str:
    names = list(items)
    return "".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} {word} {names[-1]}"
