"""Turn one flow into the rules each enforcement point needs: table 2b of `docs/semantics.md`, row by row.

A policy at a pod sees the destination after DNAT and the source before SNAT, on the node where it runs. So
a plain flow shows pod addresses everywhere, and a node address appears only where an earlier or a later
node translates: on the way out to another node's port, and on the way in when a first node has already put
its own address in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from intentc import ir
from intentc.analysis.ranges import all_covered
from intentc.ir import Addresses, Block, Origin, Pods, Point, Ports
from intentc.profile import Profile

OUTSIDE = ("cidr", "internet", "google-health-checks", "google-iap")
"""The words for ends that are neither pods nor nodes of this cluster."""

_OPEN_TO_CONTROL_PLANE = (Ports("TCP", 443, 443), Ports("TCP", 10250, 10250))
"""Ports that GKE's own rules open from the control plane to the nodes.

https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules#cluster-fws
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What lowering needs to know of a cluster: its ranges as rule ends, and who has a firewall to fill."""

    pods: Addresses
    nodes: Addresses
    explicit: bool
    egress_deny: bool
    nodes_masqueraded: bool

    @staticmethod
    def of(profile: Profile) -> Cluster:
        """Return the facts of `profile` in the form rules are made of."""
        masquerade = profile.non_masquerade is not None and not all_covered(
            profile.node_cidrs, profile.non_masquerade
        )
        return Cluster(
            pods=Addresses("pods", tuple(Block(cidr) for cidr in sorted(profile.pod_cidrs))),
            nodes=Addresses("nodes", tuple(Block(cidr) for cidr in sorted(profile.node_cidrs))),
            explicit=profile.firewall.mode != "gke-managed",
            egress_deny=profile.firewall.mode == "egress-deny",
            nodes_masqueraded=masquerade,
        )


EVERYWHERE = tuple(Point)
AT_NODES = (Point.LEAVING_NODE, Point.ENTERING_NODE)
_PLAIN = ("direct", "egress", "ingress")
_ALL_PODS, _BETWEEN_NODES = (1, 2, 3, 4), (1, 3)

Hop = tuple[Point, ir.Endpoint, ir.Endpoint, tuple[Ports, ...], Origin]
"""A rule for several ports at once: point, source, target, ports, and why."""


def lower(flow: ir.Flow, cluster: Cluster, at: tuple[Point, ...] = EVERYWHERE) -> Iterable[Hop]:
    """Return what points on the way of `flow` must admit; placement is unknown, so all rows at once.

    `at` says which points: all of them, or those of one side.
    """
    if isinstance(flow.source, Pods) and isinstance(flow.target, Pods) and flow.path.kind in _PLAIN:
        return _pods_to_pods(flow, flow.source, flow.target, cluster, at)
    hops = _by_other_ways(flow, cluster)
    return hops if at is EVERYWHERE else (hop for hop in hops if hop[0] in at)


def _by_other_ways(flow: ir.Flow, cluster: Cluster) -> Iterable[Hop]:
    source, target, kind = flow.source, flow.target, flow.path.kind
    if isinstance(source, Pods):
        if isinstance(target, Pods):
            if kind == "nodeport":
                return _pods_via_node_port(flow, source, target, cluster)
            if kind == "hostport":
                return _pods_via_host_port(flow, source, target, cluster)
            return _pods_to_nodes(flow, source, cluster)
        if target.word == "nodes":
            return _pods_to_nodes(flow, source, cluster)
        return _pods_to_outside(flow, source, target, cluster)
    if isinstance(target, Pods):
        if source.word == "nodes":
            return _nodes_to_pods(flow, source, target, cluster)
        if kind == "direct":
            return _outside_to_pods(flow, source, target, cluster)
        return _outside_via_node(flow, source, target, cluster)
    return ()


def _pods_to_pods(
    flow: ir.Flow, source: Pods, target: Pods, cluster: Cluster, at: tuple[Point, ...]
) -> list[Hop]:
    """Rows 1-4: the pod's own address and the target port, on every hop; no node rule anywhere."""
    why = Origin("intent", _ALL_PODS, flow)
    hops: list[Hop] = []
    if flow.path.kind != "ingress" and Point.LEAVING_POD in at:
        hops.append((Point.LEAVING_POD, source, target, flow.ports, why))
    if flow.path.kind != "egress" and Point.ENTERING_POD in at:
        hops.append((Point.ENTERING_POD, source, target, flow.ports, why))
    if (cluster.explicit or cluster.egress_deny) and Point.ENTERING_NODE in at:
        between = Origin("intent", _BETWEEN_NODES, flow)
        hops += _network(cluster, cluster.pods, cluster.pods, flow.ports, between)
    return hops


def _pods_via_node_port(flow: ir.Flow, source: Pods, target: Pods, cluster: Cluster) -> Iterator[Hop]:
    """Rows 5-12: the first node translates the destination, and with policy `Cluster` the source as well."""
    node_port = _front_port(flow)
    if flow.path.local:
        yield Point.LEAVING_POD, source, target, flow.ports, Origin("intent", (10,), flow)
        yield Point.LEAVING_POD, source, cluster.nodes, node_port, Origin("node", (11,), flow)
        yield Point.ENTERING_POD, source, target, flow.ports, Origin("intent", (10, 11), flow)
        yield from _network(cluster, cluster.pods, cluster.pods, flow.ports, Origin("intent", (10,), flow))
        yield from _pods_to_node_port(flow, cluster, node_port, (11,))
        if cluster.nodes_masqueraded:
            yield Point.ENTERING_POD, cluster.nodes, target, flow.ports, Origin("node", (11,), flow)
        return
    yield Point.LEAVING_POD, source, target, flow.ports, Origin("intent", (5, 8), flow)
    yield Point.LEAVING_POD, source, cluster.nodes, node_port, Origin("node", (6, 7, 9), flow)
    yield Point.ENTERING_POD, source, target, flow.ports, Origin("intent", (6, 8), flow)
    yield Point.ENTERING_POD, cluster.nodes, target, flow.ports, Origin("node", (5, 7, 9), flow)
    yield from _pods_to_node_port(flow, cluster, node_port, (6, 7, 9))
    yield from _network(cluster, cluster.nodes, cluster.pods, flow.ports, Origin("node", (5, 7, 9), flow))


def _pods_via_host_port(flow: ir.Flow, source: Pods, target: Pods, cluster: Cluster) -> Iterator[Hop]:
    """Rows 16-17: the target's node translates the destination, the source survives."""
    host_port = _front_port(flow)
    yield Point.LEAVING_POD, source, target, flow.ports, Origin("intent", (17,), flow)
    yield Point.LEAVING_POD, source, cluster.nodes, host_port, Origin("node", (16,), flow)
    yield Point.ENTERING_POD, source, target, flow.ports, Origin("intent", (16, 17), flow)
    if cluster.nodes_masqueraded:
        yield Point.ENTERING_POD, cluster.nodes, target, flow.ports, Origin("node", (16,), flow)
    yield from _pods_to_node_port(flow, cluster, host_port, (16,))


def _pods_to_nodes(flow: ir.Flow, source: Pods, cluster: Cluster) -> Iterator[Hop]:
    """Rows 18-19: a pod that runs with hostNetwork is its node; no policy can select it."""
    yield Point.LEAVING_POD, source, cluster.nodes, flow.ports, Origin("node", (18, 19), flow)
    yield from _pods_to_node_port(flow, cluster, flow.ports, (18,))


def _pods_to_node_port(
    flow: ir.Flow, cluster: Cluster, ports: tuple[Ports, ...], rows: tuple[int, ...]
) -> Iterator[Hop]:
    """Yield the hop between nodes: it shows the pod's address, unless ip-masq puts in the node's."""
    seen = cluster.nodes if cluster.nodes_masqueraded else cluster.pods
    yield from _network(cluster, seen, cluster.nodes, ports, Origin("node", rows, flow))


def _pods_to_outside(flow: ir.Flow, source: Pods, target: Addresses, cluster: Cluster) -> Iterator[Hop]:
    """Row 27, and pods to ranges outside: only what leaves needs a rule."""
    rows = (27,) if target.word == "control-plane" else ()
    why = Origin("intent", rows, flow)
    yield Point.LEAVING_POD, source, target, flow.ports, why
    if cluster.egress_deny:
        yield Point.LEAVING_NODE, cluster.nodes, target, flow.ports, why


def _nodes_to_pods(flow: ir.Flow, source: Addresses, target: Pods, cluster: Cluster) -> Iterator[Hop]:
    """Rows 20-22: a node or hostNetwork source cannot be selected, its address is all there is."""
    why = Origin("node", (20, 22), flow)
    if flow.path.kind == "hostnetwork":
        yield from _network(cluster, source, cluster.nodes, flow.ports, why)
        return
    yield Point.ENTERING_POD, source, target, flow.ports, why
    if flow.path.kind in ("nodeport", "hostport"):
        yield from _network(cluster, source, cluster.nodes, _front_port(flow), why)
    if flow.path.kind != "hostport":
        yield from _network(cluster, source, cluster.pods, flow.ports, why)


def _outside_to_pods(flow: ir.Flow, source: Addresses, target: Pods, cluster: Cluster) -> Iterator[Hop]:
    """Rows 26 and 28, and ranges that reach pod addresses directly: the outside address on every hop."""
    rows = {"google-health-checks": (26,), "control-plane": (28,)}.get(source.word, ())
    why = Origin("intent", rows, flow)
    yield Point.ENTERING_POD, source, target, flow.ports, why
    ports = flow.ports
    if source.word == "control-plane":
        ports = tuple(port for port in ports if port not in _OPEN_TO_CONTROL_PLANE)
    if ports:
        yield Point.ENTERING_NODE, source, cluster.nodes, ports, why


def _outside_via_node(flow: ir.Flow, source: Addresses, target: Pods, cluster: Cluster) -> Iterator[Hop]:
    """Rows 13-15 and 23-25: with policy `Cluster` a first node may put its own address in."""
    balanced = flow.path.kind == "loadbalancer"
    direct, forwarded, local = (23, 24, 25) if balanced else (13, 14, 15)
    why = Origin("intent", (local,) if flow.path.local else (direct,), flow)
    yield Point.ENTERING_POD, source, target, flow.ports, why
    if cluster.explicit or not balanced:
        # GKE writes the rule of a load balancer itself (k8s-fw-…); nobody writes the one of a nodePort.
        yield Point.ENTERING_NODE, source, cluster.nodes, _front_port(flow), why
    if not flow.path.local:
        second = Origin("node", (forwarded,), flow)
        yield Point.ENTERING_POD, cluster.nodes, target, flow.ports, second
        yield from _network(cluster, cluster.nodes, cluster.pods, flow.ports, second)


def _network(
    cluster: Cluster, source: Addresses, target: Addresses, ports: tuple[Ports, ...], why: Origin
) -> list[Hop]:
    """Return what the network's firewall needs between two nodes; where egress is denied, the twin as well.

    On the way in, the firewall knows its target by the node, whether the packet is for the node or for a
    pod on it.
    """
    hops: list[Hop] = []
    if cluster.explicit:
        hops.append((Point.ENTERING_NODE, source, cluster.nodes, ports, why))
    if cluster.egress_deny:
        hops.append((Point.LEAVING_NODE, cluster.nodes, target, ports, why))
    return hops


def _front_port(flow: ir.Flow) -> tuple[Ports, ...]:
    """Return the nodePort, hostPort or balancer port, in each protocol the pod ports have."""
    number = flow.path.number
    return tuple(sorted({Ports(port.protocol, number, number) for port in flow.ports}))
