"""The truth table in the words of packets: for each row, who dials whom and what every layer sees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `A` source, `B` target, `a`, `b` and `c` their nodes and another, `S` Service, `V` balancer.

    A wire is `from>to packet`, `-` being outside of the cluster. With `one_node`, both ends run on `a`. The
    number is 0 where the truth table leaves a way out, because it sees no more than its neighbours.
    """

    number: int
    title: str
    dials: str
    egress: str = ""
    wires: tuple[str, ...] = ()
    ingress: str = ""
    application: str = ""
    one_node: bool = False


_TO_B, _A_B, _B_FROM_NODE = "A>B:pod", "a>b A>B:pod", "a>b a>B:pod"

_PLAIN = (
    Row(1, "B on another node, dialled by address", "B:pod", _TO_B, (_A_B,), _TO_B, "A"),
    Row(2, "B on A's node, dialled by address", "B:pod", _TO_B, (), _TO_B, "A", one_node=True),
    Row(3, "B on another node, dialled by Service", "S:service", _TO_B, (_A_B,), _TO_B, "A"),
    Row(4, "B on A's node, dialled by Service", "S:service", _TO_B, (), _TO_B, "A", one_node=True),
)
_TO_HOST = (
    Row(18, "B is a process of another node", "b:pod", "A>b:pod", ("a>b A>b:pod",), "", "A"),
    Row(19, "B is a process of A's node", "a:pod", "A>a:pod", (), "", "A", one_node=True),
)
TABLE: dict[tuple[str, str, str], tuple[Row, ...]] = {
    ("pods", "direct", "pods"): _PLAIN,
    ("pods", "egress", "pods"): _PLAIN,
    ("pods", "ingress", "pods"): _PLAIN,
    ("pods", "nodeport", "pods"): (
        Row(5, "A dials its own node, B runs elsewhere", "a:path", _TO_B, (_B_FROM_NODE,), "a>B:pod", "a"),
        Row(6, "A dials the node of B", "b:path", "A>b:path", ("a>b A>b:path",), _TO_B, "b"),
        Row(
            7, "A dials a third node", "c:path", "A>c:path", ("a>c A>c:path", "c>b c>B:pod"), "c>B:pod", "c"
        ),
        Row(8, "A dials its own node, where B runs", "a:path", _TO_B, (), _TO_B, "a", one_node=True),
        Row(
            9,
            "A dials another node, B runs where A does",
            "c:path",
            "A>c:path",
            ("a>c A>c:path", "c>a c>B:pod"),
            "c>B:pod",
            "c",
            one_node=True,
        ),
    ),
    ("pods", "nodeport local", "pods"): (
        Row(10, "A dials its own node, B runs elsewhere", "a:path", _TO_B, (_A_B,), _TO_B, "A"),
        Row(11, "A dials the node of B", "b:path", "A>b:path", ("a>b A>b:path",), _TO_B, "A"),
        Row(0, "A dials its own node, where B runs", "a:path", _TO_B, (), _TO_B, "A", one_node=True),
        Row(12, "A dials a node without an endpoint", "c:path", "A>c:path", ("a>c A>c:path",)),
    ),
    ("pods", "hostport", "pods"): (
        Row(16, "A dials the node of B", "b:path", "A>b:path", ("a>b A>b:path",), _TO_B, "A"),
        Row(17, "A dials its own node, where B runs", "a:path", _TO_B, (), _TO_B, "A", one_node=True),
    ),
    ("pods", "hostnetwork", "pods"): _TO_HOST,
    ("pods", "direct", "nodes"): _TO_HOST,
    ("pods", "direct", "outside"): (
        Row(27, "out of the cluster", "B:pod", _TO_B, ("a>- A>B:pod",), "", "A"),
    ),
    ("nodes", "direct", "pods"): (
        Row(20, "B on another node, dialled by address", "B:pod", "", (_B_FROM_NODE,), "a>B:pod", "a"),
        Row(21, "B on the dialling node", "B:pod", "", (), "", "a", one_node=True),
        Row(22, "B on another node, dialled by Service", "S:service", "", (_B_FROM_NODE,), "a>B:pod", "a"),
    ),
    ("nodes", "nodeport", "pods"): (
        Row(20, "it dials itself, B runs elsewhere", "a:path", "", (_B_FROM_NODE,), "a>B:pod", "a"),
        Row(13, "it dials the node of B", "b:path", "", ("a>b a>b:path",), "a>B:pod", "b"),
        Row(14, "it dials a third node", "c:path", "", ("a>c a>c:path", "c>b c>B:pod"), "c>B:pod", "c"),
    ),
    ("nodes", "nodeport local", "pods"): (
        Row(20, "it dials itself, B runs elsewhere", "a:path", "", (_B_FROM_NODE,), "a>B:pod", "a"),
        Row(15, "it dials the node of B", "b:path", "", ("a>b a>b:path",), "a>B:pod", "a"),
    ),
    ("nodes", "hostport", "pods"): (
        Row(16, "it dials the node of B", "b:path", "", ("a>b a>b:path",), "a>B:pod", "a"),
    ),
    ("nodes", "hostnetwork", "pods"): (
        Row(18, "B is a process of another node", "b:pod", "", ("a>b a>b:pod",), "", "a"),
    ),
    ("outside", "direct", "pods"): (
        Row(26, "the address of B is dialled", "B:pod", "", ("->b A>B:pod",), _TO_B, "A"),
    ),
    ("outside", "nodeport", "pods"): (
        Row(13, "the node of B is dialled", "b:path", "", ("->b A>b:path",), _TO_B, "b"),
        Row(14, "another node is dialled", "c:path", "", ("->c A>c:path", "c>b c>B:pod"), "c>B:pod", "c"),
    ),
    ("outside", "nodeport local", "pods"): (
        Row(15, "the node of B is dialled", "b:path", "", ("->b A>b:path",), _TO_B, "A"),
    ),
    ("outside", "loadbalancer", "pods"): (
        Row(23, "the balancer picks the node of B", "V:path", "", ("->b A>V:path",), _TO_B, "b"),
        Row(
            24,
            "the balancer picks another node",
            "V:path",
            "",
            ("->c A>V:path", "c>b c>B:pod"),
            "c>B:pod",
            "c",
        ),
    ),
    ("outside", "loadbalancer local", "pods"): (
        Row(25, "the balancer picks the node of B", "V:path", "", ("->b A>V:path",), _TO_B, "A"),
    ),
}  # fmt: skip
