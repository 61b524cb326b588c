"""Each row of the truth table, and each row of what an intent emits, read back from the bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from intentc.compiler import compile_texts
from tests.readback import CLUSTER, Emitted, build

A, B = "namespace-a", "namespace-b[app=your-app-b]"
NODES, PODS = "192.168.64.0/19", "100.64.0.0/14"
TAG = "gke-prod-node"
EXTERNAL = "203.0.113.0/24"

TO_B, TO_NODES_30443 = f"{A} -> {B} TCP 8443", f"{A} -> {NODES} TCP 30443"
FROM_A, FROM_NODES = f"{B} <- {A} TCP 8443", f"{B} <- {NODES} TCP 8443"
FROM_OUTSIDE = f"{B} <- {EXTERNAL} TCP 8443"
PODS_8443, PODS_30443 = f"{PODS} -> {TAG} TCP 8443", f"{PODS} -> {TAG} TCP 30443"
NODES_8443 = f"{NODES} -> {TAG} TCP 8443"
OUTSIDE_30443, OUTSIDE_443 = f"{EXTERNAL} -> {TAG} TCP 30443", f"{EXTERNAL} -> {TAG} TCP 443"

PLAIN = f"{A} -> {B}:8443"
NODE_PORT = f"{PLAIN} via nodeport 30443"
NODE_PORT_LOCAL = f"{PLAIN} via nodeport 30443 local"
HOST_PORT = f"{PLAIN} via hostport 18443"
HOST_NETWORK = f"{A} -> monitoring[app=node-exporter]:9443 via hostnetwork"
FROM_NODE = f"nodes -> {B}:8443"
OUTSIDE_NODE_PORT = f"{EXTERNAL} -> {B}:8443 via nodeport 30443"
OUTSIDE_NODE_PORT_LOCAL = f"{EXTERNAL} -> {B}:8443 via nodeport 30443 local"
BALANCER = f"{EXTERNAL} -> {B}:8443 via loadbalancer 443"
BALANCER_LOCAL = f"{EXTERNAL} -> {B}:8443 via loadbalancer 443 local"
HEALTH = f"google-health-checks -> {B}:8443"
TO_CONTROL_PLANE = f"{A} -> control-plane:443"
FROM_CONTROL_PLANE = f"control-plane -> {B}:8443"


@dataclass(frozen=True)
class Row:
    """One row: the intent, and the rules without which its packet would not arrive."""

    number: int
    intent: str
    egress: set[str] = field(default_factory=set)
    ingress: set[str] = field(default_factory=set)
    firewall: set[str] = field(default_factory=set)


ROWS = [
    Row(1, PLAIN, {TO_B}, {FROM_A}, {PODS_8443}),
    Row(2, PLAIN, {TO_B}, {FROM_A}),
    Row(3, PLAIN, {TO_B}, {FROM_A}, {PODS_8443}),
    Row(4, PLAIN, {TO_B}, {FROM_A}),
    Row(5, NODE_PORT, {TO_B}, {FROM_NODES}, {NODES_8443}),
    Row(6, NODE_PORT, {TO_NODES_30443}, {FROM_A}, {PODS_30443}),
    Row(7, NODE_PORT, {TO_NODES_30443}, {FROM_NODES}, {PODS_30443, NODES_8443}),
    Row(8, NODE_PORT, {TO_B}, {FROM_A}),
    Row(9, NODE_PORT, {TO_NODES_30443}, {FROM_NODES}, {PODS_30443, NODES_8443}),
    Row(10, NODE_PORT_LOCAL, {TO_B}, {FROM_A}, {PODS_8443}),
    Row(11, NODE_PORT_LOCAL, {TO_NODES_30443}, {FROM_A}, {PODS_30443}),
    Row(13, OUTSIDE_NODE_PORT, set(), {FROM_OUTSIDE}, {OUTSIDE_30443}),
    Row(14, OUTSIDE_NODE_PORT, set(), {FROM_NODES}, {OUTSIDE_30443, NODES_8443}),
    Row(15, OUTSIDE_NODE_PORT_LOCAL, set(), {FROM_OUTSIDE}, {OUTSIDE_30443}),
    Row(16, HOST_PORT, {f"{A} -> {NODES} TCP 18443"}, {FROM_A}, {f"{PODS} -> {TAG} TCP 18443"}),
    Row(17, HOST_PORT, {TO_B}, {FROM_A}),
    Row(18, HOST_NETWORK, {f"{A} -> {NODES} TCP 9443"}, set(), {f"{PODS} -> {TAG} TCP 9443"}),
    Row(19, HOST_NETWORK, {f"{A} -> {NODES} TCP 9443"}),
    Row(20, FROM_NODE, set(), {FROM_NODES}, {NODES_8443}),
    Row(22, FROM_NODE, set(), {FROM_NODES}, {NODES_8443}),
    Row(23, BALANCER, set(), {FROM_OUTSIDE}, {OUTSIDE_443}),
    Row(24, BALANCER, set(), {FROM_NODES}, {OUTSIDE_443, NODES_8443}),
    Row(25, BALANCER_LOCAL, set(), {FROM_OUTSIDE}, {OUTSIDE_443}),
    Row(
        26,
        HEALTH,
        set(),
        {f"{B} <- 130.211.0.0/22 TCP 8443", f"{B} <- 35.191.0.0/16 TCP 8443"},
        {f"130.211.0.0/22 -> {TAG} TCP 8443", f"35.191.0.0/16 -> {TAG} TCP 8443"},
    ),
    Row(27, TO_CONTROL_PLANE, {f"{A} -> 172.16.0.2/32 TCP 443"}),
    Row(
        28,
        FROM_CONTROL_PLANE,
        set(),
        {f"{B} <- 172.16.0.0/28 TCP 8443"},
        {f"172.16.0.0/28 -> {TAG} TCP 8443"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row_{row.number}")
def test_row_has_every_rule_its_packet_meets(row: Row) -> None:
    emitted = build(row.intent)
    assert row.egress <= emitted.egress
    assert row.ingress <= emitted.ingress
    assert row.firewall <= emitted.firewall


def test_row_12_no_rule_opens_a_way_that_does_not_exist() -> None:
    """A node without an endpoint drops the packet under `local`: no ingress from nodes is emitted for it."""
    assert build(NODE_PORT_LOCAL).ingress == {FROM_A}


def test_row_21_the_node_of_a_pod_needs_no_rule() -> None:
    """Probes of the kubelet are never policed: an isolated target has no node rule for their sake."""
    assert build(f"isolate {B} ingress").ingress == frozenset()


def test_row_29_is_refused_in_the_profile() -> None:
    masquerading = CLUSTER.replace(", 100.64.0.0/10", "")
    codes = [
        item.code for item in compile_texts({"intentc.yaml": masquerading, "a.intent": PLAIN}).diagnostics
    ]
    assert len(codes) == 1
    assert codes[0].startswith("E6")


@dataclass(frozen=True)
class Kind:
    """One row of table 2b: everything an intent emits, in `mode: explicit` and in `mode: gke-managed`."""

    name: str
    intent: str
    egress: set[str]
    ingress: set[str]
    explicit: set[str]
    managed: set[str] = field(default_factory=set)


KINDS = [
    Kind("pod_to_pod", PLAIN, {TO_B}, {FROM_A}, {PODS_8443}),
    Kind("nodeport", NODE_PORT, {TO_B, TO_NODES_30443}, {FROM_A, FROM_NODES}, {PODS_30443, NODES_8443}),
    Kind("nodeport_local", NODE_PORT_LOCAL, {TO_B, TO_NODES_30443}, {FROM_A}, {PODS_30443, PODS_8443}),
    Kind(
        "hostport", HOST_PORT, {TO_B, f"{A} -> {NODES} TCP 18443"}, {FROM_A}, {f"{PODS} -> {TAG} TCP 18443"}
    ),
    Kind("hostnetwork", HOST_NETWORK, {f"{A} -> {NODES} TCP 9443"}, set(), {f"{PODS} -> {TAG} TCP 9443"}),
    Kind("from_nodes", FROM_NODE, set(), {FROM_NODES}, {NODES_8443}),
    Kind(
        "outside_nodeport",
        OUTSIDE_NODE_PORT,
        set(),
        {FROM_OUTSIDE, FROM_NODES},
        {OUTSIDE_30443, NODES_8443},
        {OUTSIDE_30443},
    ),
    Kind(
        "outside_nodeport_local",
        OUTSIDE_NODE_PORT_LOCAL,
        set(),
        {FROM_OUTSIDE},
        {OUTSIDE_30443},
        {OUTSIDE_30443},
    ),
    Kind("loadbalancer", BALANCER, set(), {FROM_OUTSIDE, FROM_NODES}, {OUTSIDE_443, NODES_8443}),
    Kind("loadbalancer_local", BALANCER_LOCAL, set(), {FROM_OUTSIDE}, {OUTSIDE_443}),
    Kind(
        "health_checks",
        HEALTH,
        set(),
        {f"{B} <- 130.211.0.0/22 TCP 8443", f"{B} <- 35.191.0.0/16 TCP 8443"},
        {f"130.211.0.0/22 -> {TAG} TCP 8443", f"35.191.0.0/16 -> {TAG} TCP 8443"},
        {f"130.211.0.0/22 -> {TAG} TCP 8443", f"35.191.0.0/16 -> {TAG} TCP 8443"},
    ),
    Kind(
        "from_control_plane",
        FROM_CONTROL_PLANE,
        set(),
        {f"{B} <- 172.16.0.0/28 TCP 8443"},
        {f"172.16.0.0/28 -> {TAG} TCP 8443"},
        {f"172.16.0.0/28 -> {TAG} TCP 8443"},
    ),
    Kind("to_control_plane", TO_CONTROL_PLANE, {f"{A} -> 172.16.0.2/32 TCP 443"}, set(), set()),
    Kind("to_outside", f"{A} -> {EXTERNAL}:443", {f"{A} -> {EXTERNAL} TCP 443"}, set(), set()),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_table_2b_explicit(kind: Kind) -> None:
    emitted = build(kind.intent)
    assert emitted.egress == kind.egress
    assert emitted.ingress == kind.ingress
    assert emitted.firewall == kind.explicit


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_table_2b_gke_managed(kind: Kind) -> None:
    emitted = build(kind.intent, cluster=CLUSTER.replace("mode: explicit", "mode: gke-managed"))
    assert emitted.egress == kind.egress
    assert emitted.ingress == kind.ingress
    assert emitted.firewall == kind.managed


DENIED = CLUSTER.replace("mode: explicit", "mode: egress-deny")
TWINS = {
    "pod_to_pod": {f"{PODS} <- {TAG} TCP 8443"},
    "nodeport": {f"{NODES} <- {TAG} TCP 30443", f"{PODS} <- {TAG} TCP 8443"},
    "nodeport_local": {f"{NODES} <- {TAG} TCP 30443", f"{PODS} <- {TAG} TCP 8443"},
    "hostport": {f"{NODES} <- {TAG} TCP 18443"},
    "hostnetwork": {f"{NODES} <- {TAG} TCP 9443"},
    "from_nodes": {f"{PODS} <- {TAG} TCP 8443"},
    "outside_nodeport": {f"{PODS} <- {TAG} TCP 8443"},
    "outside_nodeport_local": set[str](),
    "loadbalancer": {f"{PODS} <- {TAG} TCP 8443"},
    "loadbalancer_local": set[str](),
    "health_checks": set[str](),
    "from_control_plane": set[str](),
    "to_control_plane": {f"172.16.0.2/32 <- {TAG} TCP 443"},
    "to_outside": {f"{EXTERNAL} <- {TAG} TCP 443"},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_egress_deny_adds_the_twin_of_every_hop(kind: Kind) -> None:
    emitted = build(kind.intent, cluster=DENIED)
    assert emitted.firewall == kind.explicit | TWINS[kind.name]


def test_control_plane_to_a_port_gke_opens_needs_no_firewall_rule() -> None:
    for port in (443, 10250):
        assert build(f"control-plane -> {B}:{port}").firewall == frozenset()


def test_dns_of_an_isolated_source_is_opened_between_nodes() -> None:
    emitted = build(PLAIN, dns=True)
    assert {f"{PODS} -> {TAG} TCP 53", f"{PODS} -> {TAG} UDP 53"} <= emitted.firewall
    denied = build(PLAIN, cluster=DENIED, dns=True)
    assert {f"{PODS} <- {TAG} TCP 53", f"{PODS} <- {TAG} UDP 53"} <= denied.firewall


MASQUERADED = CLUSTER.replace("192.168.0.0/16, ", "")


@pytest.mark.parametrize(
    ("intent", "front"),
    [(NODE_PORT, 30443), (NODE_PORT_LOCAL, 30443), (HOST_PORT, 18443)],
    ids=["5", "11", "16"],
)
def test_masqueraded_node_traffic_arrives_with_a_node_address(intent: str, front: int) -> None:
    emitted = build(intent, cluster=MASQUERADED)
    assert emitted.ingress == {FROM_A, FROM_NODES}
    assert f"{NODES} -> {TAG} TCP {front}" in emitted.firewall
    assert f"{PODS} -> {TAG} TCP {front}" not in emitted.firewall


# What is always wrong, whatever the intent (docs/semantics.md).


def everything() -> list[tuple[str, Emitted]]:
    """Build every kind of intent in every firewall mode."""
    modes = ("explicit", "gke-managed", "egress-deny")
    return [
        (kind.name, build(kind.intent, cluster=CLUSTER.replace("mode: explicit", f"mode: {mode}")))
        for kind in KINDS
        for mode in modes
    ]


def test_a_node_port_never_stands_in_an_ingress_policy() -> None:
    for name, emitted in everything():
        assert not [line for line in emitted.ingress if re.search(r" (30443|18443)$", line)], name


def test_the_firewall_never_opens_the_pod_port_in_place_of_the_node_port() -> None:
    for name, emitted in everything():
        if name.startswith("outside_nodeport"):
            assert OUTSIDE_30443 in emitted.firewall
            assert not [
                line
                for line in emitted.firewall
                if line.startswith(f"{EXTERNAL} -> ") and "8443" in line[-5:]
            ]


def test_a_plain_intent_never_shows_a_node_address() -> None:
    for mode in ("explicit", "gke-managed", "egress-deny"):
        emitted = build(PLAIN, cluster=CLUSTER.replace("mode: explicit", f"mode: {mode}"), dns=True)
        assert not [line for line in emitted.egress | emitted.ingress | emitted.firewall if NODES in line]


def test_local_never_has_an_ingress_node_rule() -> None:
    for intent in (NODE_PORT_LOCAL, OUTSIDE_NODE_PORT_LOCAL, BALANCER_LOCAL):
        assert not [line for line in build(intent).ingress if NODES in line]


def test_the_question_of_the_project() -> None:
    """One plain line: selectors on both sides, DNS as one peer, no node address, one port between nodes."""
    emitted = build(PLAIN, dns=True)
    assert emitted.egress == {
        TO_B,
        f"{A} -> kube-system[k8s-app=kube-dns] TCP 53",
        f"{A} -> kube-system[k8s-app=kube-dns] UDP 53",
    }
    assert emitted.ingress == {FROM_A}
    assert emitted.isolated == {f"{A} egress", f"{B} ingress"}
    assert emitted.firewall == {PODS_8443, f"{PODS} -> {TAG} TCP 53", f"{PODS} -> {TAG} UDP 53"}
