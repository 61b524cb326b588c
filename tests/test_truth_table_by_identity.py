"""The truth table where nodes are known by identity: the same rows, with every node in place of the range."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from intentc.compiler import compile_texts
from tests.readback import CLUSTER, build
from tests.test_truth_table import KINDS, NODES, ROWS, A, B, Kind, Row

BY_IDENTITY = CLUSTER.replace("calico", "dataplane-v2\n    clusterwidePolicies: true").replace(
    "routing: routes", "routing: vpc-native"
)


def by_identity(lines: set[str]) -> set[str]:
    """Return what policies admit with every node in place of the nodes' range."""
    return {line.replace(f" {NODES} ", " every node ") for line in lines}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row_{row.number}")
def test_row_has_every_rule_its_packet_meets(row: Row) -> None:
    emitted = build(row.intent, cluster=BY_IDENTITY)
    assert by_identity(row.egress) <= emitted.egress
    assert by_identity(row.ingress) <= emitted.ingress
    assert row.firewall <= emitted.firewall


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_table_2b(kind: Kind) -> None:
    emitted = build(kind.intent, cluster=BY_IDENTITY)
    assert emitted.egress == by_identity(kind.egress)
    assert emitted.ingress == by_identity(kind.ingress)
    assert emitted.firewall == kind.explicit


def test_a_way_around_the_nodes_needs_no_policy_of_cilium() -> None:
    emitted = build(f"{A} -> {B}:8443\nisolate {B} ingress", cluster=BY_IDENTITY)
    assert not [line for line in emitted.egress | emitted.ingress if "every node" in line]


def test_the_page_shows_what_is_written() -> None:
    page = (Path(__file__).parent.parent / "docs" / "semantics.md").read_text("utf-8")
    found = re.search(r"`(nodes -> \S+)` becomes.*?```yaml\n(.*?)```", page, re.DOTALL)
    assert found
    result = compile_texts({"intentc.yaml": BY_IDENTITY, "a.intent": f"{found[1]}\n"})
    written = {item.path: item.content.decode() for item in result.artifacts}
    assert written["prod/kubernetes/shop.clusterwide.yaml"].endswith(f"---\n{found[2]}")


IAP = "35.235.240.0/20"


def test_the_identity_aware_proxy_is_one_range() -> None:
    emitted = build(f"google-iap -> {B}:22")
    assert emitted.ingress == {f"{B} <- {IAP} TCP 22"}
    assert emitted.firewall == {f"{IAP} -> gke-prod-node TCP 22"}
    managed = build(f"google-iap -> {B}:22", cluster=CLUSTER.replace("explicit", "gke-managed"))
    assert managed == emitted


def test_the_identity_aware_proxy_comes_through_a_node_port_as_anybody_outside() -> None:
    emitted = build(f"google-iap -> {B}:8443 via nodeport 30443 local")
    assert emitted.ingress == {f"{B} <- {IAP} TCP 8443"}
    assert emitted.firewall == {f"{IAP} -> gke-prod-node TCP 30443"}
