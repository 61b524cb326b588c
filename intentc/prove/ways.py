"""The truth table as data: which addresses and ports each enforcement point sees on each way.

Policy sees the destination after DNAT and the source before SNAT, on the node where it runs; where a
connection runs is not known, so an intent needs every way it may take.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

EndKind = Literal["pods", "nodes", "outside"]
Who = Literal["source", "target", "nodes", "pods"]
"""An end of the flow, the nodes' ranges, or the ranges of all pods (what the network sees of a pod)."""
Which = Literal["pod port", "path port"]
"""The ports of the flow, or the one port of its path (nodePort, hostPort, balancer port)."""
Seen = tuple[Who, Which]


class Wire(NamedTuple):
    """A packet between two machines, as the network's firewall sees it."""

    sender: Who
    receiver: Who
    ports: Which
    balanced: bool = False


class Way(NamedTuple):
    """One way of a connection: what the policies of the source's and of the target's pod see on it.

    None stands for an end whose traffic no policy sees, or that the intent does not speak of. `rows` are the
    rows of the truth table; rows that differ in placement alone share a way.
    """

    rows: tuple[int, ...]
    leaving: Seen | None
    entering: Seen | None
    wires: tuple[Wire, ...] = ()


TO_TARGET: Seen = ("target", "pod port")
TO_NODE: Seen = ("nodes", "path port")
FROM_SOURCE: Seen = ("source", "pod port")
FROM_NODE: Seen = ("nodes", "pod port")

POD_TO_POD = Wire("pods", "pods", "pod port")
NODE_TO_POD = Wire("nodes", "pods", "pod port")
POD_TO_NODE = Wire("pods", "nodes", "path port")
NODE_TO_NODE = Wire("nodes", "nodes", "path port")
SOURCE_TO_POD = Wire("source", "pods", "pod port")
SOURCE_TO_NODE = Wire("source", "nodes", "path port")
SOURCE_TO_BALANCER = Wire("source", "nodes", "path port", balanced=True)

_Key = tuple[EndKind, str, EndKind]

_TABLE: dict[_Key, tuple[Way, ...]] = {
    ("pods", "direct", "pods"): (
        Way((1, 3), TO_TARGET, FROM_SOURCE, (POD_TO_POD,)),
        Way((2, 4), TO_TARGET, FROM_SOURCE),
    ),
    ("pods", "egress", "pods"): (
        Way((1, 3), TO_TARGET, None, (POD_TO_POD,)),
        Way((2, 4), TO_TARGET, None),
    ),
    ("pods", "ingress", "pods"): (
        Way((1, 3), None, FROM_SOURCE, (POD_TO_POD,)),
        Way((2, 4), None, FROM_SOURCE),
    ),
    ("pods", "nodeport", "pods"): (
        Way((5,), TO_TARGET, FROM_NODE, (NODE_TO_POD,)),
        Way((6,), TO_NODE, FROM_SOURCE, (POD_TO_NODE,)),
        Way((7, 9), TO_NODE, FROM_NODE, (POD_TO_NODE, NODE_TO_POD)),
        Way((8,), TO_TARGET, FROM_SOURCE),
    ),
    ("pods", "nodeport local", "pods"): (  # row 12 gets nowhere, whatever is admitted
        Way((10,), TO_TARGET, FROM_SOURCE, (POD_TO_POD,)),
        Way((11,), TO_NODE, FROM_SOURCE, (POD_TO_NODE,)),
    ),
    ("pods", "hostport", "pods"): (
        Way((16,), TO_NODE, FROM_SOURCE, (POD_TO_NODE,)),
        Way((17,), TO_TARGET, FROM_SOURCE),
    ),
    ("pods", "hostnetwork", "pods"): (
        Way((18,), ("nodes", "pod port"), None, (Wire("pods", "nodes", "pod port"),)),
        Way((19,), ("nodes", "pod port"), None),
    ),
    ("pods", "direct", "nodes"): (
        Way((18,), TO_TARGET, None, (Wire("pods", "nodes", "pod port"),)),
        Way((19,), TO_TARGET, None),
    ),
    ("pods", "direct", "outside"): (Way((27,), TO_TARGET, None, (Wire("pods", "target", "pod port"),)),),
    ("nodes", "direct", "pods"): (
        Way((20, 22), None, FROM_SOURCE, (NODE_TO_POD,)),
        Way((21,), None, None),
    ),
    # A node dials a nodePort on itself (balanced there, for `local` too) or on another node.
    ("nodes", "nodeport", "pods"): (
        Way((20,), None, FROM_SOURCE, (NODE_TO_POD,)),
        Way((14,), None, FROM_NODE, (NODE_TO_NODE, NODE_TO_POD)),
    ),
    ("nodes", "nodeport local", "pods"): (
        Way((20,), None, FROM_SOURCE, (NODE_TO_POD,)),
        Way((15,), None, FROM_SOURCE, (NODE_TO_NODE,)),
    ),
    ("nodes", "hostport", "pods"): (Way((16,), None, FROM_SOURCE, (NODE_TO_NODE,)),),
    ("nodes", "hostnetwork", "pods"): (Way((18,), None, None, (Wire("nodes", "nodes", "pod port"),)),),
    ("nodes", "direct", "nodes"): (Way((18,), None, None, (Wire("nodes", "nodes", "pod port"),)),),
    ("nodes", "direct", "outside"): (Way((27,), None, None, (Wire("nodes", "target", "pod port"),)),),
    ("outside", "direct", "pods"): (Way((26, 28), None, FROM_SOURCE, (SOURCE_TO_POD,)),),
    ("outside", "nodeport", "pods"): (
        Way((13,), None, FROM_SOURCE, (SOURCE_TO_NODE,)),
        Way((14,), None, FROM_NODE, (SOURCE_TO_NODE, NODE_TO_POD)),
    ),
    ("outside", "nodeport local", "pods"): (Way((15,), None, FROM_SOURCE, (SOURCE_TO_NODE,)),),
    ("outside", "loadbalancer", "pods"): (
        Way((23,), None, FROM_SOURCE, (SOURCE_TO_BALANCER,)),
        Way((24,), None, FROM_NODE, (SOURCE_TO_BALANCER, NODE_TO_POD)),
    ),
    ("outside", "loadbalancer local", "pods"): (Way((25,), None, FROM_SOURCE, (SOURCE_TO_BALANCER,)),),
    ("outside", "direct", "nodes"): (Way((18,), None, None, (Wire("source", "nodes", "pod port"),)),),
}


@cache
def ways(source: EndKind, path: str, target: EndKind, *, masqueraded: bool) -> tuple[Way, ...]:
    """Return the ways a connection may take; none where the table does not know the path.

    `path` is `ir.Path.kind`, with ` local` behind it where only endpoints on the dialled node answer.
    `masqueraded` says that a pod's packet to another node leaves with its own node's address:
    `nonMasqueradeCIDRs` do not cover the nodes.
    """
    known = _TABLE.get((source, path, target), ())
    return tuple(_masqueraded(way) for way in known) if masqueraded else known


def _masqueraded(way: Way) -> Way:
    if not way.wires or (way.wires[0].sender, way.wires[0].receiver) != ("pods", "nodes"):
        return way
    first = way.wires[0]._replace(sender="nodes")
    entering = FROM_NODE if way.entering == FROM_SOURCE else way.entering
    return way._replace(entering=entering, wires=(first, *way.wires[1:]))
