"""What node rules let in beside their intents, as packets show it, is what the build warns of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from tests.e2e.building import Built, Document, build
from tests.e2e.cluster import Cluster
from tests.e2e.observing import Observer, is_node_address
from tests.e2e.prober import Probe
from tests.e2e.rows import ROWS, WAYS
from tests.e2e.truth_rows import apply
from tests.e2e.world import (
    BALANCERS,
    CLUSTER_IP,
    COVERING,
    HOST_NETWORK_PORT,
    HOST_PORT,
    LOCAL_BALANCERS,
    LOCAL_NODE_PORT,
    NODE_PORT,
    NODE_RANGE,
    NODES,
    OTHER_PORT,
    OUTSIDE,
    POD_PORT,
)

INGRESS_WAYS = ("nodeport", "outside nodeport", "balancer", "nodes")
EGRESS_WAYS = ("nodeport", "nodeport local", "hostport", "hostnetwork")
SOURCES = ("A", "A2", "X", "X2", "C", "n1", "n2", "n3", *OUTSIDE)


class Hole(NamedTuple):
    """What one node rule admits beside its intent, as pairs of who and what was dialled."""

    way: str
    direction: str
    kinds: tuple[str, ...]
    connections: tuple[str, ...]
    warning: str


def look(
    cluster: Cluster, observer: Observer, ways: tuple[str, ...] | None = None
) -> tuple[list[Hole], list[str]]:
    """Return every hole, and where the warning says something else than packets."""
    holes: list[Hole] = []
    wrong: list[str] = []
    for direction, all_ways in (("ingress", INGRESS_WAYS), ("egress", EGRESS_WAYS)):
        for way in all_ways:
            if ways is None or way in ways:
                hole, problems = _hole(cluster, observer, way, direction)
                holes.append(hole)
                wrong += [f"hole of {way}, {direction}: {problem}" for problem in problems]
    return holes, wrong


def _hole(cluster: Cluster, observer: Observer, way: str, direction: str) -> tuple[Hole, list[str]]:
    built = build(WAYS[way], masquerade=COVERING)
    probes = list(_probes(observer, cluster, direction))
    apply(cluster, built, COVERING)
    with_rule = _reached(cluster, probes)
    cluster.policies(without_nodes(built, direction))
    without_rule = _reached(cluster, probes)
    cluster.policies(())
    unpoliced = _reached(cluster, probes)
    opened = with_rule - without_rule
    # What the warning describes: the policy sees a node's address where the rule names one.
    warning = _warning(built, direction)
    port = _warned_port(warning)
    described = {probe for probe in unpoliced - without_rule if _shows_node(cluster, probe, direction, port)}
    rows = {observer.probe(row) for row in ROWS if row.way == way}
    wrong = [
        f"{_told(observer, probe)} is admitted, unlike described" for probe in sorted(opened - described)
    ]
    wrong += [f"{_told(observer, probe)} is described, not admitted" for probe in sorted(described - opened)]
    beside = sorted(opened - rows)
    kinds = tuple(sorted({_kind(observer, probe, direction) for probe in beside}))
    wrong += _compare(kinds, warning, nobody_else_listens="nodeport" in way)
    told = tuple(_told(observer, probe) for probe in beside)
    return Hole(way, direction, kinds, told, warning), wrong


def _probes(observer: Observer, cluster: Cluster, direction: str) -> Iterator[Probe]:
    """Yield what matters: connections to the target by all its doors, or from the source to all nodes."""
    addresses = [node.address for node in NODES.values()]
    if direction == "egress":
        for address in (*addresses, OUTSIDE["VM"]):
            for port in (NODE_PORT, LOCAL_NODE_PORT, HOST_PORT, HOST_NETWORK_PORT, POD_PORT):
                yield from (Probe(cluster.place(name), "TCP", address, port) for name in ("A", "A2"))
        return
    doors = [(observer.address("B"), POD_PORT), (observer.address("B"), OTHER_PORT), (CLUSTER_IP, 443)]
    doors += [(address, port) for address in addresses for port in (NODE_PORT, LOCAL_NODE_PORT, HOST_PORT)]
    doors += [(address, 443) for address, _ in (*BALANCERS.values(), *LOCAL_BALANCERS.values())]
    for name in SOURCES:
        yield from (Probe(cluster.place(name), "TCP", address, port) for address, port in doors)


def _reached(cluster: Cluster, probes: list[Probe]) -> set[Probe]:
    return {probe for probe, answer in cluster.ask(probes).items() if answer is not None}


def _shows_node(cluster: Cluster, probe: Probe, direction: str, port: str) -> bool:
    """Return whether the policy of a direction sees a node's address, on the port that was warned of."""
    cluster.judged()
    cluster.ask([probe])
    seen = [item for item in cluster.judged() if item.direction == direction and str(item.port) == port]
    side = [item.source if direction == "ingress" else item.destination for item in seen]
    return any(is_node_address(address) for address in side)


def without_nodes(built: Built, direction: str) -> list[Document]:
    """Return the policies without the peers that are the nodes' range, in one direction."""
    key = {"ingress": "from", "egress": "to"}[direction]
    documents = []
    for namespace, name, text in built.documents:
        content = yaml.safe_load(text)
        rules: list[dict[str, Any]] = content["spec"].pop(direction, [])
        for rule in rules:
            rule[key] = [peer for peer in rule[key] if peer.get("ipBlock", {}).get("cidr") != NODE_RANGE]
        if left := [rule for rule in rules if rule[key]]:
            content["spec"][direction] = left
        documents.append((namespace, name, yaml.safe_dump(content).encode()))
    return documents


def _kind(observer: Observer, probe: Probe, direction: str) -> str:
    """Return which words of the warning a connection stands for."""
    target = observer.name(probe.address)
    if direction == "egress":
        return "other machines" if target == "VM" else "whatever else listens"
    if probe.port in (NODE_PORT, LOCAL_NODE_PORT) or target in (*BALANCERS, *LOCAL_BALANCERS):
        return "whoever comes by a nodePort or balancer"
    if probe.source.address == OUTSIDE["VM"]:
        return "other machines"
    return "processes on the nodes" if probe.source.namespace in NODES else "somebody else"


def _compare(kinds: tuple[str, ...], warning: str, *, nobody_else_listens: bool) -> Iterator[str]:
    """Yield where kinds and warning differ; while a Service has its nodePort, nothing else listens there."""
    for kind in kinds:
        if kind not in warning:
            yield f"the build does not warn of {kind}: {warning or 'no warning'}"
    known = {"other machines", "whatever else listens", "whoever comes by", "processes on the nodes"}
    for words in sorted(known - ({"whatever else listens"} if nobody_else_listens else set())):
        if words in warning and not any(kind.startswith(words) for kind in kinds):
            yield f"the build warns of {words}, which no packet shows"


def _warning(built: Built, direction: str) -> str:
    """Return what the build says of its node rules in a direction."""
    start = {"ingress": "every node address may reach", "egress": "the source may reach every node"}[
        direction
    ]
    found = [item for item in built.diagnostics if item.code == "W305" and item.message.startswith(start)]
    return re.sub(r"\s+", " ", " ".join(" ".join((item.message, *item.help)) for item in found))


def _warned_port(warning: str) -> str:
    found = re.search(r" on TCP ([0-9]+)", warning)
    return found[1] if found else ""


def _told(observer: Observer, probe: Probe) -> str:
    source = probe.source.namespace.removeprefix("pod-")
    if probe.source.address:
        source = observer.name(probe.source.address)
    return f"{source}→{observer.name(probe.address)}:{probe.port}"
