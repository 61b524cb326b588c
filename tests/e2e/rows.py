"""The truth table of `docs/semantics.md` as questions to a cluster, each with what the table says is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.e2e.world import (
    API_IP,
    BALANCERS,
    CLUSTER_IP,
    CONTROL_PLANE,
    COVERING,
    HOST_NETWORK_PORT,
    HOST_PORT,
    LOCAL_BALANCERS,
    LOCAL_NODE_PORT,
    NODE_PORT,
    NODES,
    NOT_NODES,
    NOT_PODS,
    POD_PORT,
)

_B = "namespace-b[app=your-app-b]:8443"

WAYS = {
    "direct": f"namespace-a -> {_B}",
    "nodeport": f"namespace-a -> {_B} via nodeport {NODE_PORT}",
    "nodeport local": f"namespace-a -> {_B} via nodeport {LOCAL_NODE_PORT} local",
    "hostport": f"namespace-a -> {_B} via hostport {HOST_PORT}",
    "hostnetwork": f"namespace-a -> monitoring[app=node-exporter]:{HOST_NETWORK_PORT} via hostnetwork",
    "nodes": f"nodes -> {_B}",
    "outside nodeport": f"203.0.113.0/24 -> {_B} via nodeport {NODE_PORT}",
    "outside nodeport local": f"203.0.113.0/24 -> {_B} via nodeport {LOCAL_NODE_PORT} local",
    "balancer": f"203.0.113.0/24 -> {_B} via loadbalancer 443",
    "balancer local": f"203.0.113.0/24 -> {_B} via loadbalancer 443 local",
    "health checks": f"google-health-checks -> {_B}",
    "proxy": f"google-iap -> {_B}",
    "to control plane": "namespace-a -> control-plane:443",
    "from control plane": f"control-plane -> {_B}",
    "outside": "namespace-a -> 203.0.113.0/24:8443",
}
"""One intent of each kind that table 2b has."""


@dataclass(frozen=True)
class Row:
    """One row: who dials whom, what each point sees, and who answers seeing whom (empty: nobody answers)."""

    number: str
    way: str
    source: str
    target: str
    address: str
    port: int
    leaving: str = ""
    hops: tuple[str, ...] = ()
    entering: str = ""
    sees: str = ""
    answers: str = "B"
    masquerade: tuple[str, ...] = COVERING


def _to(name: str) -> str:
    return NODES[name].address


def _row(number: str, way: str, source: str, target: str, dialled: tuple[str, int], **seen: object) -> Row:
    address, port = dialled
    return replace(Row(number, way, source, target, address, port), **seen)  # type: ignore[arg-type]  # by name


_CLUSTER, _LOCAL = "nodePort, Cluster", "nodePort, Local"
_NOBODY = {"answers": "", "sees": ""}

ROWS = (
    _row("1", "direct", "A", "pod on another node", ("B", POD_PORT), leaving="A→B:8443", hops=("A→B:8443",),
         entering="A→B:8443", sees="A"),
    _row("2", "direct", "A2", "pod on the same node", ("B", POD_PORT), leaving="A2→B:8443",
         entering="A2→B:8443", sees="A2"),
    _row("3", "direct", "A", "ClusterIP, pod on another node", (CLUSTER_IP, 443), leaving="A→B:8443",
         hops=("A→B:8443",), entering="A→B:8443", sees="A"),
    _row("4", "direct", "A2", "ClusterIP, pod on the same node", (CLUSTER_IP, 443), leaving="A2→B:8443",
         entering="A2→B:8443", sees="A2"),
    _row("5", "nodeport", "A", f"{_CLUSTER}: own node, pod elsewhere", (_to("n1"), NODE_PORT),
         leaving="A→B:8443", hops=("n1→B:8443",), entering="n1→B:8443", sees="n1"),
    _row("6", "nodeport", "A", f"{_CLUSTER}: another node, pod there", (_to("n2"), NODE_PORT),
         leaving="A→n2:30443", hops=("A→n2:30443",), entering="A→B:8443", sees="n2"),
    _row("7", "nodeport", "A", f"{_CLUSTER}: another node, pod on a third", (_to("n3"), NODE_PORT),
         leaving="A→n3:30443", hops=("A→n3:30443", "n3→B:8443"), entering="n3→B:8443", sees="n3"),
    _row("8", "nodeport", "A2", f"{_CLUSTER}: own node, pod there too", (_to("n2"), NODE_PORT),
         leaving="A2→B:8443", entering="A2→B:8443", sees="n2"),
    _row("9", "nodeport", "A2", f"{_CLUSTER}: another node, pod back on its own", (_to("n1"), NODE_PORT),
         leaving="A2→n1:30443", hops=("A2→n1:30443", "n1→B:8443"), entering="n1→B:8443", sees="n1"),
    _row("10", "nodeport local", "A", f"{_LOCAL}: own node, pod elsewhere", (_to("n1"), LOCAL_NODE_PORT),
         leaving="A→B:8443", hops=("A→B:8443",), entering="A→B:8443", sees="A"),
    _row("11", "nodeport local", "A", f"{_LOCAL}: another node, pod there", (_to("n2"), LOCAL_NODE_PORT),
         leaving="A→n2:30444", hops=("A→n2:30444",), entering="A→B:8443", sees="A"),
    _row("12", "nodeport local", "A", f"{_LOCAL}: another node, no pod there", (_to("n3"), LOCAL_NODE_PORT),
         leaving="A→n3:30444", hops=("A→n3:30444", "A→B:8443"), entering="A→B:8443", **_NOBODY),
    _row("13", "outside nodeport", "ext", f"{_CLUSTER}: pod there", (_to("n2"), NODE_PORT),
         hops=("ext→n2:30443",), entering="ext→B:8443", sees="n2"),
    _row("14", "outside nodeport", "ext", f"{_CLUSTER}: pod elsewhere", (_to("n1"), NODE_PORT),
         hops=("ext→n1:30443", "n1→B:8443"), entering="n1→B:8443", sees="n1"),
    _row("15", "outside nodeport local", "ext", f"{_LOCAL}: pod there", (_to("n2"), LOCAL_NODE_PORT),
         hops=("ext→n2:30444",), entering="ext→B:8443", sees="ext"),
    _row("15", "outside nodeport local", "ext", f"{_LOCAL}: no pod there", (_to("n1"), LOCAL_NODE_PORT),
         hops=("ext→n1:30444",),
         **_NOBODY),
    _row("16", "hostport", "A", "hostPort of another node", (_to("n2"), HOST_PORT), leaving="A→n2:18443",
         hops=("A→n2:18443",), entering="A→B:8443", sees="A"),
    _row("17", "hostport", "A2", "hostPort of its own node, Calico", (_to("n2"), HOST_PORT),
         leaving="A2→B:8443", entering="A2→B:8443", sees="A2"),
    _row("17", "hostport", "A2", "hostPort of its own node, host-local", (_to("n2"), HOST_PORT + 1),
         leaving="A2→B:8443", entering="A2→B:8443", sees="n2"),
    _row("18", "hostnetwork", "A", "hostNetwork pod on another node", (_to("n2"), HOST_NETWORK_PORT),
         leaving="A→n2:9443", hops=("A→n2:9443",), sees="A", answers="exporter"),
    _row("19", "hostnetwork", "A2", "hostNetwork pod on its own node", (_to("n2"), HOST_NETWORK_PORT),
         leaving="A2→n2:9443", sees="A2", answers="exporter"),
    _row("20", "nodes", "n1", "pod on another node", ("B", POD_PORT), hops=("n1→B:8443",),
         entering="n1→B:8443", sees="n1"),
    _row("21", "nodes", "n2", "pod on this node", ("B", POD_PORT), sees="n2"),
    _row("22", "nodes", "n1", "ClusterIP, pod on another node", (CLUSTER_IP, 443), hops=("n1→B:8443",),
         entering="n1→B:8443", sees="n1"),
    _row("23", "balancer", "ext", "balancer, Cluster: pod there", (BALANCERS["VIP"][0], 443),
         hops=("ext→VIP:443",), entering="ext→B:8443", sees="n2"),
    _row("24", "balancer", "ext", "balancer, Cluster: pod elsewhere", (BALANCERS["VIP1"][0], 443),
         hops=("ext→VIP1:443", "n1→B:8443"), entering="n1→B:8443", sees="n1"),
    _row("25", "balancer local", "ext", "balancer, Local", (LOCAL_BALANCERS["LVIP"][0], 443),
         hops=("ext→LVIP:443",), entering="ext→B:8443", sees="ext"),
    _row("26", "health checks", "GFE", "pod (container-native)", ("B", POD_PORT), hops=("GFE→B:8443",),
         entering="GFE→B:8443", sees="GFE"),
    _row("26", "proxy", "IAP", "pod (Identity-Aware Proxy)", ("B", POD_PORT), hops=("IAP→B:8443",),
         entering="IAP→B:8443", sees="IAP"),
    _row("27", "to control plane", "A", "control plane", (CONTROL_PLANE, 443), leaving="A→CP:443",
         hops=("A→CP:443",), answers="(accepts)"),
    _row("27", "to control plane", "A", "ClusterIP of the control plane", (API_IP, 443), leaving="A→CP:443",
         hops=("A→CP:443",), answers="(accepts)"),
    _row("28", "from control plane", "CP", "pod", ("B", POD_PORT), hops=("CP→B:8443",),
         entering="CP→B:8443", sees="CP"),
    _row("none", "outside", "A", "machine outside", ("ext", POD_PORT), leaving="A→ext:8443",
         hops=("n1→ext:8443",), sees="n1", answers="ext"),
)  # fmt: skip

_SEEN_MASQUERADED = {
    "6": {"hops": ("n1→n2:30443",), "entering": "n1→B:8443", "sees": "n2"},
    "7": {"hops": ("n1→n3:30443", "n3→B:8443")},
    "9": {"hops": ("n2→n1:30443", "n1→B:8443")},
    "11": {"hops": ("n1→n2:30444",), "entering": "n1→B:8443", "sees": "n1"},
    "12": {"hops": ("n1→n3:30444",), "entering": "", **_NOBODY},
    "16": {"hops": ("n1→n2:18443",), "entering": "n1→B:8443", "sees": "n1"},
    "18": {"hops": ("n1→n2:9443",), "sees": "n1"},
}

MASQUERADED_ROWS = tuple(
    replace(row, masquerade=NOT_NODES, **_SEEN_MASQUERADED.get(row.number, {}))  # type: ignore[arg-type]
    for row in ROWS
    if row.source in ("A", "A2") and row.number not in ("27", "none")
)
"""The rows of pods where the nodes' range is masqueraded: what goes to another node arrives as a node."""

MISCONFIGURED = Row(
    "29", "direct", "A", "pod on another node, pod ranges masqueraded", "B", POD_PORT, leaving="A→B:8443",
    hops=("n1→B:8443",), entering="n1→B:8443", answers="", masquerade=NOT_PODS,
)  # fmt: skip
"""What no rule of the intent's can admit: everybody looks like a node."""
