"""The walks of a flow become the reasons why its rules name nodes, or why none does."""

from __future__ import annotations

from intentc import ir
from intentc.answers.walk import Walk, port_text
from intentc.profile import Profile

NONE = "no node rule is needed"


def node_reasons(flow: ir.Flow, found: tuple[Walk, ...], profile: Profile) -> tuple[str, ...]:
    """Return for each side of the flow which rows force a node rule there, or why none is needed.

    Where a policy stands is decided by what it sees: the destination after translation, the source before it.
    """
    dialled, arriving = _rows(found, "egress policy"), _rows(found, "ingress policy")
    reasons = []
    if dialled and isinstance(flow.source, ir.Pods):
        port = flow.path.number or port_text(flow.ports[0])
        why = "translates only after the egress policy of A has looked"
        if flow.path.kind == "hostnetwork" or not isinstance(flow.target, ir.Pods):
            why = "is where the target listens: no selector means it"
        reasons.append(f"egress needs `nodes:{port}`: the node A dials {why} ({_listed(dialled)})")
    if arriving and not _is_node(flow.source):
        reasons.append(
            f"ingress needs `nodes:{port_text(flow.ports[0])}`: a node before the one of B has put its own "
            f"address in ({_listed(arriving)})"
        )
    elif _is_node(flow.source) and isinstance(flow.target, ir.Pods) and flow.path.kind != "hostnetwork":
        reasons.append(
            "ingress needs the node ranges: a node's address is all its source has, and no selector means it"
        )
    if not reasons and isinstance(flow.source, ir.Pods) and isinstance(flow.target, ir.Pods):
        seen = f"every layer sees A and B ({_listed(_all(found))}){_kept(profile)}"
        translated = "A's own node translates a Service to B before any policy looks"
        return (f"{NONE}: {translated}, and no node puts its own address in: {seen}",)
    if dialled and not arriving and flow.path.kind in ("nodeport", "hostport"):
        reasons.append(
            "ingress needs no node rule: the node that translates is B's own, and keeps A's address"
        )
    elif not reasons and isinstance(flow.target, ir.Pods):
        reasons.append(f"{NONE}: every layer sees the client's own address")
    elif not reasons:
        reasons.append(f"{NONE}: the target has its own address at every layer")
    return tuple(reasons)


def _rows(found: tuple[Walk, ...], layer: str) -> tuple[int, ...]:
    """Return the rows in which a policy sees a node where a pod or a client stands."""
    rows: set[int] = set()
    for walk in found:
        for hop in walk.hops:
            end = hop.packet.target if layer == "egress policy" else hop.packet.source
            if hop.layer == layer and end.role == "node" and walk.arrives:
                rows.update(walk.rows)
    return tuple(sorted(rows))


def _all(found: tuple[Walk, ...]) -> tuple[int, ...]:
    return tuple(row for walk in found for row in walk.rows)


def _listed(rows: tuple[int, ...]) -> str:
    if len(rows) == 1:
        return f"row {rows[0]}"
    if len(rows) > 2 and rows == tuple(range(rows[0], rows[-1] + 1)):
        return f"rows {rows[0]} to {rows[-1]}"
    return f"rows {', '.join(map(str, rows))}"


def _kept(profile: Profile) -> str:
    """Return what this cluster's profile says to it."""
    if profile.non_masquerade is None:
        return ""
    return f"; on `{profile.name}`, nonMasqueradeCIDRs keep the pods' addresses"


def _is_node(endpoint: ir.Endpoint) -> bool:
    return isinstance(endpoint, ir.Addresses) and endpoint.word == "nodes"
