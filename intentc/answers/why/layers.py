"""A hop of a walk becomes what its layer says: the rules that admit the packet, or what refuses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from intentc import ir
from intentc.answers.reading import EmittedRule, Reading, name_of
from intentc.answers.reading import Layer as LayerName
from intentc.answers.walk import Hop, Walk
from intentc.prove.admits import Admissions, Stage
from intentc.prove.differences import PORTS, Cover, Entry, as_entries, not_admitted, pods_not_in
from intentc.prove.labels import label_set
from intentc.prove.needs import Need
from intentc.prove.numbers import PortSet, ranges
from intentc.prove.regions import Budget
from intentc.prove.shapes import Peer, Subject
from intentc.prove.ways import Seen
from intentc.prove.witness import end, port
from intentc.source import Span
from intentc.wording import place_of, said

Verdict = Literal["all", "some", "none"]

STEPS = 2_000_000
"""How many pairs of regions are looked at for one question before it is left unanswered."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """An intent's line; `cause` is `intent`, or `node` where its rule stands for a node's address."""

    place: str
    said: str
    cause: str = "intent"


@dataclass(frozen=True, slots=True)
class Blocking:
    """A policy that isolates some of the pods asked about, and the first line that makes it do so."""

    rule: EmittedRule
    place: str
    said: str


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer says of the packet it sees.

    `is_open`: no policy isolates these pods, or the network's own rules open this; `is_partly_open`: none
    isolates some of them. `rules` admit some of it, `lines` are the intents they come from. `refused` is the
    smallest connection refused, `blocking` what refuses it. `note` is said where the layer is not ours.
    """

    layer: LayerName
    verdict: Verdict
    is_open: bool = False
    rules: tuple[EmittedRule, ...] = ()
    lines: tuple[Line, ...] = ()
    refused: str = ""
    blocking: tuple[Blocking, ...] = ()
    note: str = ""
    is_partly_open: bool = False
    stage: Stage | None = None


class Layers:
    """Ask each layer; the same packet at the same layer is asked about once."""

    def __init__(self, reading: Reading) -> None:
        """Take what was read back."""
        self._reading = reading
        self._budget = Budget(STEPS)
        self._admissions = Admissions(
            reading.emitted, reading.meaning, reading.shapes, self._budget, with_firewall=True
        )
        self._known: dict[tuple[int, Stage], Layer] = {}
        self._kept: list[ir.Flow] = []
        self._needs: dict[tuple[ir.Point, str], dict[tuple[Subject, Peer], list[Need]]] = {}

    def of(self, flow: ir.Flow, walk: Walk) -> tuple[Layer, ...]:
        """Return what every layer on a walk says, the application left out."""
        return tuple(self._layer(flow, hop) for hop in walk.hops if hop.layer != "application")

    def admitted(self, flow: ir.Flow, found: Iterable[Layer]) -> str:
        """Return the smallest connection that all layers admit, or nothing."""
        its = tuple(found)
        if any(layer.verdict == "none" for layer in its):
            return ""
        stages = [layer.stage for layer in its if layer.stage is not None]
        passing = self._admissions.passing(flow, stages)
        return str(passing.connection) if passing else ""

    def _layer(self, flow: ir.Flow, hop: Hop) -> Layer:
        if hop.layer == "firewall":
            return self._network(flow, hop)
        leaves = hop.layer == "egress policy"
        pods = flow.source if leaves else flow.target
        if not isinstance(pods, ir.Pods):
            raise AssertionError(f"a policy of {pods}")  # noqa: TRY004 - not a caller's mistake
        point = ir.Point.LEAVING_POD if leaves else ir.Point.ENTERING_POD
        stage: Stage = (point, _seen(hop, leaves=leaves), pods)
        known = self._known.get((id(flow), stage))
        if known is None:
            known = self._known[id(flow), stage] = self._pods(flow, stage)
            self._kept.append(flow)
        return known

    # --- Policies of pods -------------------------------------------------------------------------------

    def _pods(self, flow: ir.Flow, stage: Stage) -> Layer:
        point, seen, pods = stage
        name: LayerName = "egress" if point is ir.Point.LEAVING_POD else "ingress"
        rules: dict[EmittedRule, None] = {}
        lines: dict[Line, None] = {}
        subjects: dict[Subject, None] = {}
        _, ports = self._reading.meaning.seen(flow, seen)
        for subject, peer, admitted in self._admissions.admitting(flow, point, seen, pods):
            subjects[subject] = None
            if peer is None:
                continue
            both = ports.may_share(admitted)
            rules |= dict.fromkeys(self._reading.rules(point, subject, peer, both))
            lines |= dict.fromkeys(self._lines(point, subject, peer, both))
        refused = self._admissions.refused_at(point, flow, seen, pods) if subjects else None
        verdict: Verdict = "all"
        if refused is not None:
            verdict = "some" if self._admissions.passing(flow, (stage,)) else "none"
        return Layer(
            name,
            verdict,
            not subjects,
            tuple(rules),
            tuple(lines),
            str(refused or ""),
            tuple(self._blocking(point, subjects)) if refused else (),
            is_partly_open=bool(subjects) and self._has_open_pods(pods, subjects),
            stage=stage,
        )

    def _has_open_pods(self, pods: ir.Pods, isolated: Iterable[Subject]) -> bool:
        """Tell whether some of the pods may be selected by no policy."""
        mine = label_set(pods.pods, of_namespace=False)
        names = self._reading.meaning.names_of(pods.namespaces)[0][1].listed
        if mine is None or not names:
            return True  # which namespaces there are is not known
        by_namespace: dict[str, list[Subject]] = {}
        for subject in isolated:
            by_namespace.setdefault(subject.namespace, []).append(subject)
        return any(
            pods_not_in(self._reading.shapes.subject(name, mine), by_namespace.get(name, ()), self._budget)
            is not None
            for name in sorted(filter(None, names))
        )

    def _lines(self, point: ir.Point, subject: Subject, peer: Peer, ports: PortSet) -> Iterator[Line]:
        needs = self._needs_of(point, subject.namespace)
        for need in needs.get((subject, peer), ()):
            if need.flow is not None and need.ports.may_share(ports):
                cause = "node" if need.reason else "intent"
                yield Line(place_of(need.flow.span), said(need.flow.span), cause)
            elif need.flow is None and need.ports.may_share(ports):
                yield Line("", need.reason, need.reason.partition(":")[0])

    def _needs_of(self, point: ir.Point, namespace: str) -> dict[tuple[Subject, Peer], list[Need]]:
        known = self._needs.get((point, namespace))
        if known is None:
            known = self._needs[point, namespace] = {}
            for need in self._reading.meaning.needs(point, (namespace,)):
                known.setdefault((need.subject, need.peer), []).append(need)
        return known

    def _blocking(self, point: ir.Point, subjects: Iterable[Subject]) -> Iterator[Blocking]:
        found = tuple(subjects)
        spans = self._reading.meaning.isolating_spans(point, {subject.namespace for subject in found})
        for subject in found:
            span: Span | None = spans.get(subject)
            for document in self._reading.emitted.documents_of(subject, point):
                name = name_of(document)
                layer: LayerName = "egress" if point is ir.Point.LEAVING_POD else "ingress"
                yield Blocking(EmittedRule(layer, document.path, name), place_of(span), said(span))
                break

    # --- The network's firewall -------------------------------------------------------------------------

    def _network(self, flow: ir.Flow, hop: Hop) -> Layer:
        """Return what the firewall says, on the way out of a node where that is closed, and into a node."""
        mode = self._reading.profile.firewall.mode
        is_outside = isinstance(flow.source, ir.Addresses) and flow.source.word != "nodes"
        from_outside = is_outside and hop.packet.source.role == "source"
        to_outside = isinstance(flow.target, ir.Addresses) and flow.target.word != "nodes"
        checks: list[tuple[ir.Point, tuple[Peer, ...]]] = []
        if mode == "egress-deny" and not from_outside:
            checks.append((ir.Point.LEAVING_NODE, self._ends(flow, hop, "target")))
        if not to_outside:
            if mode == "gke-managed" and not from_outside:
                return _free("GKE's own rules open what nodes and pods send each other")
            if mode == "gke-managed" and hop.packet.target.role == "balancer":
                return _free("GKE writes the rule of a balancer itself")
            checks.append((ir.Point.ENTERING_NODE, self._ends(flow, hop, "source")))
        if not checks:
            return _free("what leaves the nodes is open")
        which: Seen = ("nodes", "path port") if hop.packet.port_of == "path" else ("target", "pod port")
        _, ports = self._reading.meaning.seen(flow, which)
        found = [self._wall(flow, point, peers, ports) for point, peers in checks]
        order: tuple[Verdict, ...] = ("none", "some", "all")
        return Layer(
            "firewall",
            min((layer.verdict for layer in found), key=order.index),
            all(layer.is_open for layer in found),
            tuple(dict.fromkeys(rule for layer in found for rule in layer.rules)),
            refused=next((layer.refused for layer in found if layer.refused), ""),
            note=next((layer.note for layer in found if layer.note), ""),
        )

    def _wall(self, flow: ir.Flow, point: ir.Point, peers: tuple[Peer, ...], ports: PortSet) -> Layer:
        """Return what the firewall's rules of one direction say of these ranges and ports."""
        into = point is ir.Point.ENTERING_NODE
        admitted = self._reading.emitted.into_nodes_at_least if into else self._reading.emitted.out_of_nodes
        free = self._reading.meaning.of(flow).free if into else {}
        rules: dict[EmittedRule, None] = {}
        is_met = False
        for peer in peers:
            for other, found in (*admitted.items(), *free.items()):
                if _meet(peer, other) and (both := found.may_share(ports)):
                    is_met = True
                    rules |= dict.fromkeys(self._reading.firewall_rules(point, other, both))
        cover = Cover((*as_entries(admitted), *as_entries(free)))
        wanted = (Entry(None, peer, ports) for peer in peers)
        difference = next(not_admitted(wanted, cover, self._budget), None)
        if difference is None:
            note = "" if rules else "GKE's own rules open it"
            return Layer("firewall", "all", not rules, tuple(rules), note=note)
        left = difference.region[PORTS]
        number = " ".join(port(left)) if isinstance(left, PortSet) else ""
        far = end(difference.region, "peer")
        refused = f"{far} -> nodes {number}" if into else f"nodes -> {far} {number}"
        return Layer("firewall", "some" if is_met else "none", rules=tuple(rules), refused=refused)

    def _ends(self, flow: ir.Flow, hop: Hop, side: Literal["source", "target"]) -> tuple[Peer, ...]:
        """Return the ranges that stand in a packet, as the firewall knows them."""
        shapes, profile = self._reading.shapes, self._reading.profile
        one = hop.packet.source if side == "source" else hop.packet.target
        endpoint = flow.source if side == "source" else flow.target
        if one.role != "node" and isinstance(endpoint, ir.Addresses) and endpoint.word != "nodes":
            seen: Seen = ("source", "pod port") if side == "source" else ("target", "pod port")
            peers, _ = self._reading.meaning.seen(flow, seen)
            texts = [
                cidr for peer in peers for cidr in ranges(4 if peer.kind == "ipv4" else 6, peer.addresses)
            ]
        else:
            is_pod = one.role != "node" and isinstance(endpoint, ir.Pods)
            name = "pod_cidrs" if is_pod else "node_cidrs"
            texts = list(profile.pod_cidrs if is_pod else profile.node_cidrs)
            if not texts:
                return (shapes.peer("variable", name=name),)
        blocks = (shapes.block(text) for text in texts)
        return tuple(block for block in blocks if block is not None)


def _free(note: str) -> Layer:
    return Layer("firewall", "all", is_open=True, note=note)


def _seen(hop: Hop, *, leaves: bool) -> Seen:
    """Return what a pod's policy sees in the words of the prover."""
    if leaves:
        ports = "path port" if hop.packet.port_of == "path" else "pod port"
        return ("nodes" if hop.packet.target.role == "node" else "target"), ports  # type: ignore[return-value] # two words of two
    return ("nodes" if hop.packet.source.role == "node" else "source"), "pod port"


def _meet(one: Peer, other: Peer) -> bool:
    return one is other or (one.kind == other.kind and bool(one.addresses & other.addresses))
