"""Single claims that packets settle: where a namespace selector is enough, and who resolves names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.e2e.building import build
from tests.e2e.cluster import Cluster
from tests.e2e.holes import without_nodes
from tests.e2e.observing import Observer
from tests.e2e.prober import Answer, Probe
from tests.e2e.rows import ROWS, WAYS
from tests.e2e.truth_rows import apply
from tests.e2e.world import COVERING, DNS_IP, NODE_RANGE


class Claim(NamedTuple):
    """What is claimed, and what packets showed."""

    text: str
    shown: str
    holds: bool


def verify(cluster: Cluster, observer: Observer) -> list[Claim]:
    """Return every claim with what was seen."""
    return [
        *_namespaces_suffice(cluster, observer),
        *_node_rules(cluster, observer),
        *_names(cluster, observer),
    ]


def _namespaces_suffice(cluster: Cluster, observer: Observer) -> Iterator[Claim]:
    rows = {row.number: row for row in ROWS}
    built = build(WAYS["direct"], masquerade=COVERING)
    apply(cluster, built, COVERING)
    seen = observer.look(rows["3"])
    yield Claim(
        "a ClusterIP keeps the pod's address across nodes",
        f"B sees {seen.sees}, its policy {seen.entering}",
        (seen.sees, seen.entering) == ("A", "A→B:8443"),
    )
    has_range = any(NODE_RANGE.encode() in text for _, _, text in built.documents)
    direct = observer.look(rows["1"])
    yield Claim(
        "a namespace selector alone admits pods of other nodes, without any rule for nodes",
        f"A reaches {direct.answers or 'nobody'} with policies that name no node",
        direct.answers == "B" and not has_range,
    )
    nodeport = build(WAYS["nodeport"], masquerade=COVERING)
    apply(cluster, nodeport, COVERING)
    cluster.policies(without_nodes(nodeport, "ingress"))
    for number in ("5", "7"):
        row = observer.look(rows[number])
        yield Claim(
            f"with a namespace selector alone, a nodePort is refused where a node arrives (row {number})",
            f"B's policy sees {row.entering or 'nothing'}, {row.answers or 'nobody'} answers",
            not row.answers and row.entering == rows[number].entering,
        )


def _node_rules(cluster: Cluster, observer: Observer) -> Iterator[Claim]:
    for way, direction, is_needed in (
        ("nodeport", "ingress", True),
        ("nodeport", "egress", True),
        ("hostport", "egress", True),
        ("hostnetwork", "egress", True),
        ("hostport", "ingress", False),
        ("nodeport local", "ingress", False),
    ):
        built = build(WAYS[way], masquerade=COVERING)
        apply(cluster, built, COVERING)
        cluster.policies(without_nodes(built, direction))
        rows = {observer.probe(row): row.number for row in ROWS if row.way == way and row.answers}
        refused = [rows[probe] for probe, answer in cluster.ask(rows).items() if answer is None]
        needs = "needs its" if is_needed else "needs no"
        shown = f"without it, refused: {', '.join(refused)}" if refused else "every row is admitted"
        yield Claim(f"`via {way}` {needs} node rule for {direction}", shown, bool(refused) == is_needed)


def _names(cluster: Cluster, observer: Observer) -> Iterator[Claim]:
    apply(cluster, build(WAYS["direct"], masquerade=COVERING), COVERING)
    asked: dict[Probe, tuple[str, str, bool]] = {}
    for source in ("A", "A2"):
        for target, address, is_resolver in (
            ("the resolver", observer.address("resolver"), True),
            ("the resolver's ClusterIP", DNS_IP, True),
            ("a pod of kube-system that is no resolver", observer.address("system"), False),
            ("a pod of its own namespace that calls itself kube-dns", observer.address("impostor"), False),
        ):
            for protocol in ("UDP", "TCP"):
                probe = Probe(cluster.place(source), "UDP" if protocol == "UDP" else "TCP", address, 53)
                asked[probe] = (source, f"{target}, {protocol} 53", is_resolver)
    answers = cluster.ask(asked)
    for probe, (source, target, is_resolver) in asked.items():
        answer: Answer | None = answers[probe]
        word = "reaches" if is_resolver else "does not reach"
        shown = f"{answer.listener} answers" if answer else "nobody answers"
        yield Claim(f"{source} {word} {target}", shown, bool(answer) == is_resolver)
