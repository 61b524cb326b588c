"""What the prover holds an intent to need, row by row of table 2b: it is written down here, not computed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intentc import ir
from intentc.profile import ControlPlane, Dataplane, Dns, DnsPeer, Firewall, FirewallMode, Profile
from intentc.prove.intended import Meaning
from intentc.prove.numbers import PortSet, ranges
from intentc.prove.shapes import Admitted, Peer, Shapes, Side
from tests.prove_material import addresses, codes, pods, ports

A, B = pods("a"), pods("b", "app=b")
NODES = ir.Addresses("nodes", (ir.Block("192.168.64.0/19"),))
OUTSIDE = addresses("203.0.113.0/24")
HEALTH = ir.Addresses("google-health-checks", (ir.Block("35.191.0.0/16"), ir.Block("130.211.0.0/22")))
CONTROL = ir.Addresses("control-plane", (ir.Block("172.16.0.0/28"),))
ENDPOINT = ir.Addresses("control-plane", (ir.Block("172.16.0.2/32"),))
PROFILE = Profile(
    pod_cidrs=("100.64.0.0/14",),
    node_cidrs=("192.168.64.0/19",),
    control_plane=ControlPlane("172.16.0.2", "172.16.0.0/28"),
)
WORDS = {
    "100.64.0.0/14": "pods",
    "192.168.64.0/19": "nodes",
    "203.0.113.0/24": "cidr",
    "172.16.0.0/28": "control plane",
    "172.16.0.2/32": "endpoint",
}
KEPT = ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")
NODEPORT, NODEPORT_LOCAL = ir.Path("nodeport", 30443), ir.Path("nodeport", 30443, local=True)
BALANCER, BALANCER_LOCAL = ir.Path("loadbalancer", 443), ir.Path("loadbalancer", 443, local=True)
HOSTPORT, HOSTNETWORK = ir.Path("hostport", 18443), ir.Path("hostnetwork")


def peer_words(peer: Peer) -> list[str]:
    if peer.kind == "pods":
        return ["".join(value or "" for _, values in peer.namespaces for value in values.listed) or "*"]
    if peer.name:
        return [f"var.{peer.name}"]
    return [WORDS.get(cidr, cidr) for cidr in ranges(4 if peer.kind == "ipv4" else 6, peer.addresses)]


def port_words(found: PortSet) -> list[str]:
    return [
        f"{first}{f'-{last}' if last > first else ''}{'' if protocol == 'TCP' else f'/{protocol.lower()}'}"
        for protocol, numbers in found.numbers
        for first, last in numbers.intervals
    ]


def in_words(admitted: Admitted, *, without: str = "kube-system") -> set[str]:
    return {
        f"{peer}:{port}"
        for key, found in admitted.items()
        for peer in peer_words(key)
        for port in port_words(found)
        if peer != without
    }


def only(side: Side) -> set[str]:
    (admitted,) = side.values() or ({},)
    return in_words(admitted)


def needs(
    flow: ir.Flow, mode: FirewallMode = "explicit", *, kept: tuple[str, ...] | None = None
) -> list[str]:
    """Return what leaves the pod, enters it, enters the nodes and leaves them; without resolvers."""
    profile = replace(PROFILE, firewall=Firewall(mode), non_masquerade=kept)
    intended = Meaning(ir.Policy("c", (flow,), (), ()), profile, Shapes()).derive()
    assert intended.problems == []
    resolvers = {"pods:53", "pods:53/udp"} if mode != "gke-managed" and intended.leaving else set()
    found = (
        only(intended.leaving),
        only(intended.entering),
        in_words(intended.into_nodes),
        in_words(intended.out_of_nodes),
    )
    assert resolvers <= found[2]
    return [" ".join(sorted(words - resolvers)) for words in found]


# source, target, path -> egress, ingress, firewall explicit, firewall gke-managed, out of the nodes
TABLE_2B: dict[str, tuple[ir.Endpoint, ir.Endpoint, ir.Path, str, str, str, str, str]] = {
    "pod to pod": (A, B, ir.DIRECT, "b:8443", "a:8443", "pods:8443", "", "pods:8443"),
    "nodeport": (
        A, B, NODEPORT, "b:8443 nodes:30443", "a:8443 nodes:8443",
        "nodes:8443 pods:30443", "", "nodes:30443 pods:8443",
    ),
    "nodeport local": (
        A, B, NODEPORT_LOCAL, "b:8443 nodes:30443", "a:8443",
        "pods:30443 pods:8443", "", "nodes:30443 pods:8443",
    ),
    "hostport": (A, B, HOSTPORT, "b:8443 nodes:18443", "a:8443", "pods:18443", "", "nodes:18443"),
    "hostnetwork": (A, B, HOSTNETWORK, "nodes:8443", "", "pods:8443", "", "nodes:8443"),
    "to nodes": (A, NODES, ir.DIRECT, "nodes:8443", "", "pods:8443", "", "nodes:8443"),
    "nodes to pod": (NODES, B, ir.DIRECT, "", "nodes:8443", "nodes:8443", "", "pods:8443"),
    "nodes to nodeport": (
        NODES, B, NODEPORT, "", "nodes:8443", "nodes:30443 nodes:8443", "", "nodes:30443 pods:8443",
    ),
    "nodes to nodeport local": (
        NODES, B, NODEPORT_LOCAL, "", "nodes:8443", "nodes:30443 nodes:8443", "", "nodes:30443 pods:8443",
    ),
    "nodes to hostport": (NODES, B, HOSTPORT, "", "nodes:8443", "nodes:18443", "", "nodes:18443"),
    "nodes to hostnetwork": (NODES, B, HOSTNETWORK, "", "", "nodes:8443", "", "nodes:8443"),
    "cidr to nodeport": (
        OUTSIDE, B, NODEPORT, "", "cidr:8443 nodes:8443", "cidr:30443 nodes:8443", "cidr:30443", "pods:8443",
    ),
    "cidr to nodeport local": (OUTSIDE, B, NODEPORT_LOCAL, "", "cidr:8443", "cidr:30443", "cidr:30443", ""),
    "cidr to balancer": (
        OUTSIDE, B, BALANCER, "", "cidr:8443 nodes:8443",
        "cidr:443 nodes:8443", "", "pods:8443",
    ),
    "cidr to balancer local": (OUTSIDE, B, BALANCER_LOCAL, "", "cidr:8443", "cidr:443", "", ""),
    "health checks": (
        HEALTH, B, ir.DIRECT, "", "130.211.0.0/22:8443 35.191.0.0/16:8443",
        "130.211.0.0/22:8443 35.191.0.0/16:8443",
        "130.211.0.0/22:8443 35.191.0.0/16:8443", "",
    ),
    "control plane": (
        CONTROL, B, ir.DIRECT, "", "control plane:8443", "control plane:8443", "control plane:8443", "",
    ),
    "to control plane": (A, ENDPOINT, ir.DIRECT, "endpoint:8443", "", "", "", "endpoint:8443"),
    "pod to cidr": (A, OUTSIDE, ir.DIRECT, "cidr:8443", "", "", "", "cidr:8443"),
    # No intent is about these; an assert may be.
    "nodes to cidr": (NODES, OUTSIDE, ir.DIRECT, "", "", "", "", "cidr:8443"),
    "nodes to nodes": (NODES, NODES, ir.DIRECT, "", "", "nodes:8443", "", "nodes:8443"),
    "cidr to nodes": (OUTSIDE, NODES, ir.DIRECT, "", "", "cidr:8443", "cidr:8443", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE_2B)
def test_table_2b(name: str) -> None:
    source, target, path, egress, ingress, explicit, managed, out = TABLE_2B[name]
    flow = ir.Flow(source, target, ports("8443"), path)
    assert needs(flow) == [egress, ingress, explicit, ""]
    assert needs(flow, "gke-managed") == [egress, ingress, managed, ""]
    assert needs(flow, "egress-deny") == [egress, ingress, explicit, out]
    assert needs(flow, kept=(*KEPT, "192.168.0.0/16")) == needs(flow)


MASQUERADED: dict[str, tuple[ir.Endpoint, ir.Endpoint, ir.Path, str, str]] = {
    "nodeport": (A, B, NODEPORT, "a:8443 nodes:8443", "nodes:30443 nodes:8443"),
    "nodeport local": (A, B, NODEPORT_LOCAL, "a:8443 nodes:8443", "nodes:30443 pods:8443"),
    "hostport": (A, B, HOSTPORT, "a:8443 nodes:8443", "nodes:18443"),
    "hostnetwork": (A, B, HOSTNETWORK, "", "nodes:8443"),
    "pod to pod": (A, B, ir.DIRECT, "a:8443", "pods:8443"),
    "cidr to nodeport local": (OUTSIDE, B, NODEPORT_LOCAL, "cidr:8443", "cidr:30443"),
}


@pytest.mark.parametrize("name", MASQUERADED)
def test_a_pod_that_leaves_with_the_node_s_address_arrives_with_it(name: str) -> None:
    source, target, path, ingress, firewall = MASQUERADED[name]
    found = needs(ir.Flow(source, target, ports("8443"), path), kept=KEPT)
    assert found[1:] == [ingress, firewall, ""]


def test_a_path_s_port_has_the_protocols_of_the_pod_s_ports() -> None:
    flow = ir.Flow(A, B, ports("8443", "8443/udp"), HOSTPORT)
    assert needs(flow)[0] == "b:8443 b:8443/udp nodes:18443 nodes:18443/udp"


def test_what_the_control_plane_may_reach_anyway_is_free() -> None:
    flow = ir.Flow(CONTROL, B, ports("443", "9443"))
    intended = Meaning(ir.Policy("c", (flow,), (), ()), PROFILE, Shapes()).derive()
    assert in_words(intended.free) == {"control plane:443", "control plane:10250"}


def test_what_the_profile_does_not_state_is_an_input() -> None:
    profile = Profile(node_cidrs=("192.168.64.0/19",))
    flows = (ir.Flow(A, B, ports("80")), ir.Flow(NODES, B, ports("81")))
    intended = Meaning(ir.Policy("c", flows, (), ()), profile, Shapes()).derive()
    assert in_words(intended.into_nodes) == {
        "var.pod_cidrs:80", "var.pod_cidrs:53", "var.pod_cidrs:53/udp", "nodes:81",
    }  # fmt: skip


KUBE_DNS = {"kube-system:53", "kube-system:53/udp"}
LOCAL = {"169.254.20.10/32:53", "169.254.20.10/32:53/udp"}
CLOUD = {"169.254.169.254/32:53", "169.254.169.254/32:53/udp"}
CUSTOM = Dns(
    "custom", peers=(DnsPeer("dns", (("app", ("x",)),), ports=(53, 54)), DnsPeer(cidr="10.0.0.53/32"))
)
RESOLVERS: list[tuple[Dns, Dataplane, bool, set[str]]] = [
    (Dns(), "calico", False, KUBE_DNS),
    (Dns("node-local", "10.96.0.10"), "calico", False,
     KUBE_DNS | LOCAL | {"10.96.0.10/32:53", "10.96.0.10/32:53/udp"}),
    (Dns("node-local", "10.96.0.10"), "dataplane-v2", False, KUBE_DNS | LOCAL),
    (Dns("cloud-dns"), "calico", False, CLOUD),
    (Dns("cloud-dns", node_local=True), "calico", False, CLOUD | LOCAL),
    (Dns("cloud-dns"), "dataplane-v2", True, CLOUD | LOCAL),
    (Dns("openshift"), "calico", False, {"openshift-dns:5353", "openshift-dns:5353/udp"}),
    (CUSTOM, "calico", False, {"dns:53-54", "dns:53-54/udp", "10.0.0.53/32:53", "10.0.0.53/32:53/udp"}),
]  # fmt: skip


@pytest.mark.parametrize(("dns", "dataplane", "autopilot", "expected"), RESOLVERS)
def test_resolvers(dns: Dns, dataplane: Dataplane, autopilot: bool, expected: set[str]) -> None:
    profile = replace(PROFILE, dns=dns, dataplane=dataplane, autopilot=autopilot)
    intended = Meaning(ir.Policy("c", (ir.Flow(A, B, ports("80")),), (), ()), profile, Shapes()).derive()
    (admitted,) = intended.leaving.values()
    assert in_words(admitted, without="") == expected | {"b:80"}


def test_resolver_pods_are_both_namespace_and_labels() -> None:
    intended = Meaning(ir.Policy("c", (ir.Flow(A, B, ports("80")),), (), ()), PROFILE, Shapes()).derive()
    (admitted,) = intended.leaving.values()
    (resolver,) = [peer for peer in admitted if peer_words(peer) == ["kube-system"]]
    assert [(key, set(values.listed)) for key, values in resolver.pods] == [("k8s-app", {"kube-dns"})]


@pytest.mark.parametrize(
    ("dataplane", "expected"),
    [("calico", {"169.254.169.252/32:988"}), ("dataplane-v2", {"169.254.169.254/32:80"})],
)
def test_workload_identity_asks_the_metadata_server(dataplane: Dataplane, expected: set[str]) -> None:
    profile = replace(PROFILE, dataplane=dataplane, workload_identity=True)
    intended = Meaning(ir.Policy("c", (ir.Flow(A, B, ports("80")),), (), ()), profile, Shapes()).derive()
    (admitted,) = intended.leaving.values()
    assert in_words(admitted) == expected | {"b:80"}


def test_an_isolation_of_its_own_admits_resolvers_and_nothing_else() -> None:
    leaving = ir.Isolation(ir.Point.LEAVING_POD, pods("legacy"))
    entering = ir.Isolation(ir.Point.ENTERING_POD, pods("legacy"))
    from_a_flow = ir.Isolation(ir.Point.LEAVING_POD, pods("other"), (ir.Flow(A, B, ports("80")),))
    policy = ir.Policy("c", (), (leaving, entering, from_a_flow), ())
    meaning = Meaning(policy, PROFILE, Shapes())
    intended = meaning.derive()
    (admitted,) = intended.leaving.values()
    assert in_words(admitted, without="") == KUBE_DNS
    assert list(intended.entering.values()) == [{}]
    needed = list(meaning.needs(ir.Point.LEAVING_POD, ("legacy", "other")))
    assert {(need.subject.namespace, *peer_words(need.peer)) for need in needed} == {
        ("legacy", "kube-system")
    }


@pytest.mark.parametrize("dataplane", ["dataplane-v2", "cilium"])
def test_a_range_never_matches_a_node_on_ebpf(dataplane: Dataplane) -> None:
    flow = ir.Flow(A, B, ports("8443"), NODEPORT)
    profile = replace(PROFILE, dataplane=dataplane)
    for match, kinds in ((False, {"node"}), (True, {"ipv4"})):
        shapes = Shapes()
        seen = Meaning(
            ir.Policy("c", (flow,), (), ()), replace(profile, node_cidr_match=match), shapes
        ).derive()
        (admitted,) = seen.entering.values()
        assert {peer.kind for peer in admitted} - {"pods"} == kinds


@pytest.mark.parametrize(
    ("flow", "facts"),
    [
        (ir.Flow(OUTSIDE, OUTSIDE, ports("80")), {}),
        (ir.Flow(A, B, ports("80"), BALANCER), {}),
        (ir.Flow(A, B, ports("80"), NODEPORT), {"node_cidrs": ()}),
        (ir.Flow(NODES, B, ports("80")), {"node_cidrs": ()}),
        (ir.Flow(CONTROL, B, ports("80")), {"control_plane": ControlPlane()}),
        (ir.Flow(pods("*"), B, ports("80")), {}),
        (ir.Flow(A, pods("team=x"), ports("80")), {}),
    ],
)
def test_what_cannot_be_derived_is_never_passed_over(flow: ir.Flow, facts: dict[str, object]) -> None:
    policy = ir.Policy("c", (flow,), (), ())
    intended = Meaning(policy, replace(PROFILE, **facts), Shapes()).derive()  # type: ignore[arg-type]
    assert codes(intended.problems) == {"E902"}
