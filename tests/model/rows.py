"""The truth table of `docs/semantics.md`, hop by hop, and its rows where nodes are masqueraded."""

from __future__ import annotations

from tests.model.world import ENTERING_NODE, ENTERING_POD, LEAVING_NODE, LEAVING_POD

POINTS = {"P>": LEAVING_POD, "N>": LEAVING_NODE, ">N": ENTERING_NODE, ">P": ENTERING_POD}
Row = tuple[int, str, str, bool, str, str | None]
ENDS = {"s": "source", "t": "target", "n": "node", "b": "balancer"}

# Number of the row; who starts, the way, whether only local endpoints answer; the nodes of the source, of the
# door and of the target (- is outside, or none); what every point sees: whose address comes, to whose, and
# whose port it is. None: the connection never arrives.
ROWS: list[Row] = [
    (1, "pod", "direct", False, "n1 - n2", "P> s>t:port, N> s>t:port, >N s>t:port, >P s>t:port"),
    (2, "pod", "direct", False, "n2 - n2", "P> s>t:port, >P s>t:port"),
    (3, "pod", "direct", False, "n1 - n2", "P> s>t:port, N> s>t:port, >N s>t:port, >P s>t:port"),
    (4, "pod", "direct", False, "n2 - n2", "P> s>t:port, >P s>t:port"),
    (5, "pod", "nodeport", False, "n1 n1 n2", "P> s>t:port, N> n>t:port, >N n>t:port, >P n>t:port"),
    (6, "pod", "nodeport", False, "n1 n2 n2", "P> s>n:door, N> s>n:door, >N s>n:door, >P s>t:port"),
    (
        7,
        "pod",
        "nodeport",
        False,
        "n1 n3 n2",
        "P> s>n:door, N> s>n:door, >N s>n:door, N> n>t:port, >N n>t:port, >P n>t:port",
    ),
    (8, "pod", "nodeport", False, "n2 n2 n2", "P> s>t:port, >P s>t:port"),
    (
        9,
        "pod",
        "nodeport",
        False,
        "n2 n1 n2",
        "P> s>n:door, N> s>n:door, >N s>n:door, N> n>t:port, >N n>t:port, >P n>t:port",
    ),
    (10, "pod", "nodeport", True, "n1 n1 n2", "P> s>t:port, N> s>t:port, >N s>t:port, >P s>t:port"),
    (11, "pod", "nodeport", True, "n1 n2 n2", "P> s>n:door, N> s>n:door, >N s>n:door, >P s>t:port"),
    (12, "pod", "nodeport", True, "n1 n3 n2", None),
    (13, "outside", "nodeport", False, "- n2 n2", ">N s>n:door, >P s>t:port"),
    (14, "outside", "nodeport", False, "- n1 n2", ">N s>n:door, N> n>t:port, >N n>t:port, >P n>t:port"),
    (15, "outside", "nodeport", True, "- n2 n2", ">N s>n:door, >P s>t:port"),
    (15, "outside", "nodeport", True, "- n1 n2", None),
    (16, "pod", "hostport", False, "n1 n2 n2", "P> s>n:door, N> s>n:door, >N s>n:door, >P s>t:port"),
    (16, "pod", "hostport", False, "n1 n3 n2", None),
    (17, "pod", "hostport", False, "n2 n2 n2", "P> s>t:port, >P s>t:port"),
    (18, "pod", "hostnetwork", False, "n1 - n2", "P> s>n:port, N> s>n:port, >N s>n:port"),
    (19, "pod", "hostnetwork", False, "n2 - n2", "P> s>n:port"),
    (20, "host", "direct", False, "n1 - n2", "N> n>t:port, >N n>t:port, >P n>t:port"),
    (21, "host", "direct", False, "n2 - n2", ""),
    (22, "host", "direct", False, "n1 - n2", "N> n>t:port, >N n>t:port, >P n>t:port"),
    (23, "outside", "loadbalancer", False, "- n2 n2", ">N s>b:door, >P s>t:port"),
    (24, "outside", "loadbalancer", False, "- n1 n2", ">N s>b:door, N> n>t:port, >N n>t:port, >P n>t:port"),
    (25, "outside", "loadbalancer", True, "- n2 n2", ">N s>b:door, >P s>t:port"),
    (26, "outside", "direct", False, "- - n2", ">N s>t:port, >P s>t:port"),
    (27, "pod", "direct", False, "n1 - -", "P> s>t:port, N> s>t:port"),
    (28, "outside", "direct", False, "- - n2", ">N s>t:port, >P s>t:port"),
]

MASQUERADED: list[Row] = [
    (1, "pod", "direct", False, "n1 - n2", "P> s>t:port, N> s>t:port, >N s>t:port, >P s>t:port"),
    (6, "pod", "nodeport", False, "n1 n2 n2", "P> s>n:door, N> n>n:door, >N n>n:door, >P n>t:port"),
    (10, "pod", "nodeport", True, "n1 n1 n2", "P> s>t:port, N> s>t:port, >N s>t:port, >P s>t:port"),
    (11, "pod", "nodeport", True, "n1 n2 n2", "P> s>n:door, N> n>n:door, >N n>n:door, >P n>t:port"),
    (16, "pod", "hostport", False, "n1 n2 n2", "P> s>n:door, N> n>n:door, >N n>n:door, >P n>t:port"),
    (17, "pod", "hostport", False, "n2 n2 n2", "P> s>t:port, >P s>t:port"),
    (18, "pod", "hostnetwork", False, "n1 - n2", "P> s>n:port, N> n>n:port, >N n>n:port"),
]
"""The rows that differ, or might, where pods reach other nodes under their own node's address."""


def hops(text: str) -> list[tuple[str, str, str, str]]:
    """Return what a row says, in the words of the model."""
    found = []
    for hop in text.split(", ") if text else ():
        point, rest = hop.split(" ")
        source, target = rest.split(":")[0].split(">")
        found.append(
            (POINTS[point], ENDS[source], ENDS[target], rest.split(":")[1].replace("door", "number"))
        )
    return found
