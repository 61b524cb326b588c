"""Packet walks against the truth table as the reference model has it, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intentc import ir
from intentc.answers.walk import Hop, Walk, walks
from intentc.compiler import compile_texts
from intentc.profile import Profile
from tests.model.rows import MASQUERADED, ROWS, Row, hops
from tests.model.world import ENTERING_NODE, ENTERING_POD, LEAVING_NODE, LEAVING_POD
from tests.readback import CLUSTER

PROFILE = Profile(pod_cidrs=("100.64.0.0/14",), node_cidrs=("192.168.64.0/19",), service_cidr="10.96.0.0/16")
B = "namespace-b[app=your-app-b]:8443"
SOURCES = {"pod": "namespace-a", "host": "nodes", "outside": "203.0.113.0/24"}


def flow(text: str) -> ir.Flow:
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": f"{text}\n"})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return result.clusters[0].policy.flows[0]


def intent(row: Row) -> str:
    number, start, kind, local, _, _ = row
    if number == 27:
        return "namespace-a -> control-plane:443"
    source = {26: "google-health-checks", 28: "control-plane"}.get(number, SOURCES[start])
    via = {"direct": "", "hostnetwork": " via hostnetwork", "loadbalancer": " via loadbalancer 443"}
    way = via.get(kind, f" via {kind} {30443 if kind == 'nodeport' else 18443}")
    return f"{source} -> {B}{way}{' local' if local else ''}"


def points(walk: Walk) -> list[tuple[str, str, str, str]]:
    """Return a walk in the words of the model."""
    inside = {place.name for place in walk.places if place.name in ("n1", "n2", "n3")}
    found = []
    for hop in walk.hops:
        if hop.layer == "egress policy":
            found.append((LEAVING_POD, *ends(hop, walk)))
        elif hop.layer == "firewall":
            found += [(LEAVING_NODE, *ends(hop, walk))] if hop.sender in inside else []
            found += [(ENTERING_NODE, *ends(hop, walk))] if hop.receiver in inside else []
        elif hop.layer == "ingress policy":
            found.append((ENTERING_POD, *ends(hop, walk)))
    return found


def ends(hop: Hop, walk: Walk) -> tuple[str, str, str]:
    source = hop.packet.source.role
    if walk.dials.source.name == "n1" and source == "source":
        source = "node"  # a node's own address is all a host process has
    return source, hop.packet.target.role, {"pod": "port", "path": "number"}[hop.packet.port_of]


def walks_of(row: Row, profile: Profile) -> list[Walk]:
    found = [walk for walk in walks(flow(intent(row)), profile) if row[0] in walk.rows]
    assert found
    return found


@pytest.mark.parametrize("row", [row for row in ROWS if row[5] is not None], ids=lambda row: f"row {row[0]}")
def test_every_row_is_walked_as_the_model_has_it(row: Row) -> None:
    assert row[5] is not None
    assert [points(walk) for walk in walks_of(row, PROFILE)] == [hops(row[5])]


@pytest.mark.parametrize("row", MASQUERADED, ids=lambda row: f"row {row[0]}")
def test_masqueraded_rows_too(row: Row) -> None:
    assert row[5] is not None
    profile = replace(PROFILE, non_masquerade=("100.64.0.0/10",))
    assert [points(walk) for walk in walks_of(row, profile)] == [hops(row[5])]


def test_row_12_never_arrives() -> None:
    twelfth = walks(flow(f"namespace-a -> {B} via nodeport 30443 local"), PROFILE)[-1]
    assert (twelfth.rows, twelfth.arrives) == ((12,), False)
    assert [hop.layer for hop in twelfth.hops] == ["egress policy", "firewall"]


def test_the_application_sees_what_the_truth_table_says() -> None:
    seen = {
        walk.rows: (walk.hops[-1].packet.source.name if walk.arrives else "")
        for text in (
            f"namespace-a -> {B}",
            f"namespace-a -> {B} via nodeport 30443",
            f"203.0.113.0/24 -> {B} via nodeport 30443",
            f"203.0.113.0/24 -> {B} via nodeport 30443 local",
            f"namespace-a -> {B} via hostport 18443",
        )
        for walk in walks(flow(text), PROFILE)
    }
    wanted = {1: "A", 2: "A", 3: "A", 4: "A", 5: "n1", 6: "n2", 7: "n3", 8: "n1", 9: "n3"}
    wanted |= {13: "n2", 14: "n3", 15: "client", 16: "A", 17: "A"}
    assert seen == {(row,): who for row, who in wanted.items()}


def test_addresses_are_the_cluster_s_own() -> None:
    walk = walks(flow(f"namespace-a -> {B} via nodeport 30443"), PROFILE)[0]
    addresses = {place.name: place.address for place in walk.places}
    assert addresses == {
        "A": "100.64.1.10",
        "n1": "192.168.65.10",
        "n2": "192.168.65.11",
        "B": "100.64.2.30",
    }


def test_without_ranges_there_are_names_alone() -> None:
    for walk in walks(flow(f"namespace-a -> {B}"), Profile()):
        assert {place.address for place in walk.places} == {""}


def test_small_and_ipv6_ranges_give_addresses_inside() -> None:
    tiny = replace(PROFILE, pod_cidrs=("10.0.0.0/31",), node_cidrs=("10.1.0.0/32",))
    assert {place.address for place in walks(flow(f"namespace-a -> {B}"), tiny)[0].places} == {
        "10.0.0.1",
        "10.1.0.0",
    }
    six = replace(PROFILE, pod_cidrs=("fd00:1::/64",), node_cidrs=("fd00:2::/64",))
    walk = walks(flow(f"2001:db8::/32 -> {B}"), six)[0]
    assert [place.address for place in walk.places] == ["2001:db8::1", "fd00:2::10b", "fd00:1::21e"]


def test_a_target_outside_sees_the_node_where_ip_masq_translates() -> None:
    kept = replace(PROFILE, non_masquerade=("203.0.113.0/24", "192.168.0.0/16"))
    other = replace(PROFILE, non_masquerade=("192.168.0.0/16",))
    to_server = flow("namespace-a -> 203.0.113.0/24:443")
    assert [walk.hops[-1].packet.source.name for walk in walks(to_server, kept)] == ["A"]
    assert [walk.hops[-1].packet.source.name for walk in walks(to_server, other)] == ["n1"]


def test_exceptions_are_no_sample() -> None:
    text = f"10.9.0.0/16 except 10.9.0.0/24 -> {B} via nodeport 30443 local"
    assert walks(flow(text), PROFILE)[0].places[0].address == "10.9.1.0"
