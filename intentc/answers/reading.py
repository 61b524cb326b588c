"""Emitted files and the policy behind them become one index: which rule admits what, and for whose intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from intentc import ir
from intentc.diagnostics import Diagnostic
from intentc.profile import Profile
from intentc.prove.documents import PolicyDocument
from intentc.prove.emitted import Emitted, read
from intentc.prove.intended import Meaning
from intentc.prove.needs import Need
from intentc.prove.numbers import PortSet
from intentc.prove.shapes import Admitted, Peer, Shapes, Subject

Layer = Literal["egress", "ingress", "firewall"]
LAYERS: dict[ir.Point, Layer] = {
    ir.Point.LEAVING_POD: "egress",
    ir.Point.ENTERING_POD: "ingress",
    ir.Point.LEAVING_NODE: "firewall",
    ir.Point.ENTERING_NODE: "firewall",
}
POD_POINTS: tuple[ir.PodPoint, ...] = (ir.Point.LEAVING_POD, ir.Point.ENTERING_POD)
NODE_POINTS = (ir.Point.ENTERING_NODE, ir.Point.LEAVING_NODE)


@dataclass(frozen=True, slots=True, order=True)
class EmittedRule:
    """One rule in the emitted files.

    `path` is the file, `name` is `namespace/name` of a NetworkPolicy, the name of one of Cilium for the whole
    cluster, or the label of a `google_compute_firewall`; `place` is the peer within the policy, such as
    `spec.egress[0].to[1]`, empty for a firewall rule.
    """

    layer: Layer
    path: str
    name: str
    place: str = ""

    def __str__(self) -> str:
        """Return what a person finds the rule by."""
        if self.layer == "firewall":
            return f"google_compute_firewall.{self.name}"
        kind = "NetworkPolicy" if "/" in self.name else "CiliumClusterwideNetworkPolicy"
        return f"{kind} {self.name} {self.place}".rstrip()


_ByPeer = dict[Peer, list[tuple[PortSet, EmittedRule]]]


@dataclass(slots=True)
class Reading:
    """What was read back of one cluster, with what it was made of; equal things are one object in it."""

    policy: ir.Policy
    profile: Profile
    shapes: Shapes
    emitted: Emitted
    meaning: Meaning
    problems: tuple[Diagnostic, ...]
    index: dict[tuple[ir.Point, Subject], _ByPeer] = field(default_factory=dict)

    @staticmethod
    def of(
        artifacts: Iterable[ir.Artifact], policy: ir.Policy, profile: Profile, shapes: Shapes | None = None
    ) -> Reading:
        """Read the files of a cluster back, as its proof does; readings of the same `shapes` compare."""
        shapes = shapes or Shapes()
        emitted, problems = read(artifacts, profile, shapes, own_shape=True)
        return Reading(policy, profile, shapes, emitted, Meaning(policy, profile, shapes), problems)

    def rules(self, point: ir.Point, subject: Subject, peer: Peer, ports: PortSet) -> Iterator[EmittedRule]:
        """Yield the rules that admit some of these ports between the subject and exactly this peer."""
        known = self.index.get((point, subject))
        if known is None:
            known = self.index[point, subject] = self._rules_by_peer(point, subject)
        for found, rule in known.get(peer, ()):
            if ports.may_share(found):
                yield rule

    def _rules_by_peer(self, point: ir.Point, subject: Subject) -> _ByPeer:
        leaves = point is ir.Point.LEAVING_POD
        by_peer: _ByPeer = {}
        for document in self.emitted.documents_of(subject, point):
            name = name_of(document)
            for index, (peers, ports) in enumerate((document.leaving if leaves else document.entering) or ()):
                for number, peer in enumerate(peers):
                    place = document.place("egress" if leaves else "ingress", index, number)
                    rule = EmittedRule(LAYERS[point], document.path, name, place)
                    by_peer.setdefault(peer, []).append((ports, rule))
        return by_peer

    def firewall_rules(self, point: ir.Point, peer: Peer, ports: PortSet) -> Iterator[EmittedRule]:
        """Yield the firewall rules that admit some of these ports between the nodes and exactly this peer."""
        direction = "INGRESS" if point is ir.Point.ENTERING_NODE else "EGRESS"
        for rule in self.emitted.firewall:
            if rule.direction == direction and peer in rule.peers and rule.ports & ports:
                yield EmittedRule("firewall", rule.path, rule.label)


def name_of(document: PolicyDocument) -> str:
    """Return a policy's name, behind its namespace where it has one."""
    return document.name if document.is_clusterwide else f"{document.namespace}/{document.name}"


class Needs:
    """What each flow needs, found by the prover's own table: at the pods, and in the network's firewall."""

    def __init__(self, reading: Reading) -> None:
        """Take a reading; what flows of one form need of the firewall is worked out once."""
        self._reading = reading
        self._wires: dict[tuple[object, ...], tuple[tuple[ir.Point, Admitted], ...]] = {}

    def at_pods(self, namespaces: Iterable[str]) -> Iterator[Need]:
        """Yield what the subjects of some namespaces need, also beside the intents (then without a flow)."""
        wanted = tuple(namespaces)
        for point in POD_POINTS:
            yield from self._reading.meaning.needs(point, wanted)

    def in_network(self, flow: ir.Flow) -> tuple[tuple[ir.Point, Admitted], ...]:
        """Return what a flow needs of the firewall on the way into and out of the nodes."""
        ends = tuple(end if isinstance(end, ir.Addresses) else None for end in (flow.source, flow.target))
        key = (*ends, flow.ports, flow.path)
        known = self._wires.get(key)
        if known is None:
            needed = self._reading.meaning.of(flow)
            known = self._wires[key] = (
                (ir.Point.ENTERING_NODE, needed.into_nodes),
                (ir.Point.LEAVING_NODE, needed.out_of_nodes),
            )
        return known
