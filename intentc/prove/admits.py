"""Answer who may talk to whom by the emitted files alone: what some point refuses, or all points admit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intentc import ir
from intentc.prove.denials import denials
from intentc.prove.differences import PORTS, Cover, Entry, as_entries, entries, not_admitted
from intentc.prove.emitted import Emitted
from intentc.prove.intended import Meaning
from intentc.prove.labels import LabelSet, Values, both, holds, label_set
from intentc.prove.needs import Intended
from intentc.prove.numbers import PortSet
from intentc.prove.platform import pod_addresses
from intentc.prove.regions import Budget, Coordinate, Part, Region, shared_part, uncovered
from intentc.prove.shapes import Peer, Shapes, Subject
from intentc.prove.ways import Seen, Way
from intentc.prove.witness import AddressSample, Sample, Witness, end, port

POD_POINTS = (ir.Point.LEAVING_POD, ir.Point.ENTERING_POD)
_NODES = AddressSample("nodes")
_ENDS = {ir.Point.LEAVING_POD: ("source", "target"), ir.Point.ENTERING_POD: ("target", "source")}
_DIRECTION = {ir.Point.LEAVING_POD: "egress", ir.Point.ENTERING_POD: "ingress"}


class Refused(NamedTuple):
    """A connection that one point refuses."""

    connection: Witness
    point: ir.Point


class Admitted(NamedTuple):
    """A connection that every point admits, and for each pod point what lets it pass."""

    connection: Witness
    reasons: tuple[str, ...]


class _Found(NamedTuple):
    """Connections that the points asked so far admit, and why."""

    region: Region
    reasons: tuple[str, ...] = ()


class Admissions:
    """Ask about flows; each question is exact over every cluster that could exist, or raises TooHard."""

    def __init__(
        self, emitted: Emitted, meaning: Meaning, shapes: Shapes, budget: Budget, *, with_firewall: bool
    ) -> None:
        """Take what was emitted; `with_firewall` says that the network's firewall was emitted, too."""
        self._emitted = emitted
        self._meaning = meaning
        self._shapes = shapes
        self._budget = budget
        self._with_firewall = with_firewall
        self._covers: dict[tuple[ir.Point, str], Cover] = {}
        self._by_namespace: dict[ir.Point, dict[str, list[Subject]]] = {}
        self._pod_addresses = pod_addresses(meaning.profile)

    # --- Is all of it admitted --------------------------------------------------------------------------

    def refused(self, flow: ir.Flow) -> Refused | None:
        """Return a connection of the flow that a point refuses, on some way it may take, or None.

        A pod that no policy isolates refuses nothing. The network's firewall is asked about what our rules
        must open.
        """
        for way in self._meaning.ways_of(flow):
            for point, seen, pods in pod_points(way, flow):
                connection = self.refused_at(point, flow, seen, pods)
                if connection is not None:
                    return Refused(connection, point)
        return self._refused_by_firewall(flow) if self._with_firewall else None

    def refused_at(self, point: ir.Point, flow: ir.Flow, seen: Seen, pods: ir.Pods) -> Witness | None:
        """Return a connection of the flow that the policies of these pods refuse, as they see it, or None."""
        peers, ports = self._meaning.seen(flow, seen)
        mine = label_set(pods.pods, of_namespace=False)
        for subject in self._subjects(point, pods):
            if mine is None:
                continue
            isolated = both(mine, subject.pods)
            if isolated is None:
                continue
            wanted = (Entry(Subject(subject.namespace, isolated), peer, ports) for peer in peers)
            for difference in not_admitted(wanted, self._cover(point, subject.namespace), self._budget):
                pod: Sample = end(difference.region, "subject", namespace=subject.namespace)
                peer = end(difference.region, "peer")
                source, target = (pod, peer) if point is ir.Point.LEAVING_POD else (peer, pod)
                return _witness(source, target, difference.region)
        return None

    def _refused_by_firewall(self, flow: ir.Flow) -> Refused | None:
        needed = self._meaning.of(flow)
        free = tuple(as_entries(needed.free))
        for point, wanted, found in (
            (ir.Point.ENTERING_NODE, needed.into_nodes, self._emitted.into_nodes_at_least),
            (ir.Point.LEAVING_NODE, needed.out_of_nodes, self._emitted.out_of_nodes),
        ):
            cover = Cover((*as_entries(found), *free))
            for difference in not_admitted(as_entries(wanted), cover, self._budget):
                peer = end(difference.region, "peer")
                source, target = (peer, _NODES) if point is ir.Point.ENTERING_NODE else (_NODES, peer)
                return Refused(_witness(source, target, difference.region), point)
        return self._denied_by_firewall(flow)

    def _denied_by_firewall(self, flow: ir.Flow) -> Refused | None:
        """Return a connection of the flow that others open and a rule of the module denies, or None."""
        if all(rule.is_allow for rule in self._emitted.firewall):
            return None
        opened = Intended(
            into_nodes=self._emitted.into_nodes_at_least, out_of_nodes=self._emitted.out_of_nodes
        )
        needed = self._meaning.between_machines(flow)
        for denial in denials(self._emitted, needed, opened, self._budget):
            peer = end(denial.region, "peer")
            source, target = (peer, _NODES) if denial.point is ir.Point.ENTERING_NODE else (_NODES, peer)
            return Refused(_witness(source, target, denial.region), denial.point)
        return None

    def _cover(self, point: ir.Point, namespace: str) -> Cover:
        known = self._covers.get((point, namespace))
        if known is None:
            found = entries(self._emitted.side(point), self._named(point).get(namespace, ()))
            known = self._covers[point, namespace] = Cover(found)
        return known

    # --- Is any of it admitted --------------------------------------------------------------------------

    def admitted(self, flow: ir.Flow) -> Admitted | None:
        """Return a connection of the flow that every point on some way admits, or None.

        The network's firewall is asked only where no end is a pod: other rules of the network may open what
        ours do not. What a pod's own node opens to it passes no point at all, and is left out.
        """
        for way in self._meaning.ways_of(flow):
            stages = pod_points(way, flow)
            found = self.passing(flow, stages) if stages else self._admitted_by_firewall(flow, way)
            if found is not None:
                return found
        return None

    def passing(self, flow: ir.Flow, stages: Iterable[Stage]) -> Admitted | None:
        """Return a connection of the flow that the policies at all these points let pass, or None."""
        pieces: Iterator[_Found] = iter([_Found(base) for base in self._bases(flow)])
        for point, seen, pods in sorted(stages, key=lambda stage: stage[2].namespace is None):
            pieces = self._passing(pieces, point, flow, seen, pods)
        for piece in pieces:
            source, target = end(piece.region, "source"), end(piece.region, "target")
            return Admitted(_witness(source, target, piece.region), piece.reasons)
        return None

    def admitting(
        self, flow: ir.Flow, point: ir.Point, seen: Seen, pods: ir.Pods
    ) -> Iterator[tuple[Subject, Peer | None, PortSet]]:
        """Yield what lets some of the flow pass at a point: a peer with its ports, in a policy of a subject.

        A subject that isolates some of the pods and lets nothing of the flow pass comes with no peer.
        """
        mine, other = _ENDS[point]
        peers, ports = self._meaning.seen(flow, seen)
        side = self._emitted.side(point)
        bases = self._bases(flow)
        for subject in self._subjects(point, pods):
            here = _subject_region(mine, subject)
            insides = [inside for base in bases if (inside := shared_part(base, here)) is not None]
            if not insides:
                continue
            found = False
            for peer, admitted in side[subject].items():
                self._budget.spend(1)
                if any(self._by_rule(one, other, seen, peers, ports, peer, admitted) for one in insides):
                    found = True
                    yield subject, peer, admitted
            if not found:
                yield subject, None, PortSet()

    def _admitted_by_firewall(self, flow: ir.Flow, way: Way) -> Admitted | None:
        if not way.wires or isinstance(flow.source, ir.Pods) or isinstance(flow.target, ir.Pods):
            return None
        wanted = self._meaning.of(flow).into_nodes
        for peer, ports in wanted.items():
            for rule in self._emitted.firewall:
                shared = rule.ports & ports
                meets = any(_overlap(peer, other) for other in rule.peers)
                if rule.direction == "INGRESS" and rule.is_allow and shared and meets:
                    source = end(
                        {("peer kind", ""): _kind(peer), ("peer addresses", ""): peer.addresses}, "peer"
                    )
                    connection = Witness(source, _NODES, *port(shared))
                    return Admitted(connection, (f"admitted by {rule.title}",))
        return None

    def _bases(self, flow: ir.Flow) -> list[Region]:
        """Return the connections of a flow as regions: one for each pair of things its ends may be."""
        _, ports = self._meaning.seen(flow, ("target", "pod port"))
        bases: list[dict[Coordinate, Part]] = [{PORTS: ports}]
        for prefix, endpoint in (("source", flow.source), ("target", flow.target)):
            found = [self._end_region(prefix, peer) for peer in self._peers_of(flow, prefix, endpoint)]
            bases = [{**base, **region} for base in bases for region in found]
        return list(bases)

    def _peers_of(self, flow: ir.Flow, prefix: str, endpoint: ir.Endpoint) -> tuple[Peer, ...]:
        who: Seen = ("source", "pod port") if prefix == "source" else ("target", "pod port")
        peers, _ = self._meaning.seen(flow, who)
        known = self._meaning.namespaces
        if known is None or not isinstance(endpoint, ir.Pods):
            return peers
        names = self._meaning.names_of(endpoint.namespaces)
        located = ((both(names, peer.namespaces), peer.pods) for peer in peers) if names[0][1] else ()
        return tuple(self._shapes.peer("pods", where, pods) for where, pods in located if where is not None)

    def _end_region(self, prefix: str, peer: Peer) -> dict[Coordinate, Part]:
        region: dict[Coordinate, Part] = {(f"{prefix} kind", ""): _kind(peer)}
        if peer.addresses:
            region[f"{prefix} addresses", ""] = peer.addresses
        region.update(_coordinates(prefix, peer.namespaces, peer.pods))
        return region

    def _passing(
        self, pieces: Iterator[_Found], point: ir.Point, flow: ir.Flow, seen: Seen, pods: ir.Pods
    ) -> Iterator[_Found]:
        """Return what of some connections passes a point: from pods that are not isolated, and by a rule."""
        mine, other = _ENDS[point]
        side = self._emitted.side(point)
        subjects = self._subjects(point, pods)
        isolated = [_subject_region(mine, subject) for subject in subjects]
        peers, ports = self._meaning.seen(flow, seen)
        for piece in pieces:
            for region in uncovered(piece.region, isolated, self._budget):
                reason = f"the {mine} is not isolated for {_DIRECTION[point]}"
                yield _Found(region, (*piece.reasons, reason))
            for subject, here in zip(subjects, isolated, strict=True):
                self._budget.spend(1)
                inside = shared_part(piece.region, here)
                if inside is None:
                    continue
                for peer, admitted in side[subject].items():
                    self._budget.spend(1)
                    passed = self._by_rule(inside, other, seen, peers, ports, peer, admitted)
                    if passed is not None:
                        reason = f"admitted by {self._rule_of(point, subject, peer, admitted)}"
                        yield _Found(passed, (*piece.reasons, reason))

    def _by_rule(
        self,
        region: Region,
        other: str,
        seen: Seen,
        peers: tuple[Peer, ...],
        ports: PortSet,
        peer: Peer,
        admitted: PortSet,
    ) -> Region | None:
        """Return what of a region a peer and its ports let pass; a region's ports are the target pod's."""
        who, which = seen
        if which == "path port":
            if not ports.may_share(admitted):
                return None
            constraint: dict[Coordinate, Part] = {}
        else:
            constraint = {PORTS: admitted}
        if who == "nodes":
            if not any(_overlap(peer, one) for one in peers):
                return None
        elif peer.kind == "pods":
            constraint |= {
                (f"{other} kind", ""): _kind(peer),
                **_coordinates(other, peer.namespaces, peer.pods),
            }
        elif any(one.kind == "pods" for one in peers):
            if not self._may_hold_pods(peer):
                return None
        else:
            constraint[f"{other} kind", ""] = _kind(peer)
            if peer.addresses:  # a node that is known by no address has none
                constraint[f"{other} addresses", ""] = peer.addresses
        return shared_part(region, constraint, possibly=True)

    def _may_hold_pods(self, peer: Peer) -> bool:
        return any(peer.kind == kind and peer.addresses & found for kind, found in self._pod_addresses)

    def _subjects(self, point: ir.Point, pods: ir.Pods) -> list[Subject]:
        """Return the subjects in the namespaces that may be meant; one by its name is looked up."""
        by_name = self._named(point)
        name = pods.namespace
        if name is not None:
            return by_name.get(name, []) if self._may_be_in(pods, name) else []
        meant = {namespace for namespace in by_name if self._may_be_in(pods, namespace)}
        return [subject for subject in self._emitted.side(point) if subject.namespace in meant]

    def _named(self, point: ir.Point) -> dict[str, list[Subject]]:
        """Return the subjects of a point by their namespaces."""
        known = self._by_namespace.get(point)
        if known is None:
            known = self._by_namespace[point] = {}
            for subject in self._emitted.side(point):
                known.setdefault(subject.namespace, []).append(subject)
        return known

    def _may_be_in(self, pods: ir.Pods, namespace: str) -> bool:
        """Tell whether a namespace of this name may be among those that are meant."""
        labels = label_set(pods.namespaces, of_namespace=True)
        if labels is None:
            return False
        if self._meaning.namespaces is not None:
            return namespace in self._meaning.namespaces and holds(
                labels, self._meaning.namespaces[namespace]
            )
        return all(key != ir.NAMESPACE_LABEL or values.holds(namespace) for key, values in labels)

    def _rule_of(self, point: ir.Point, subject: Subject, peer: Peer, ports: PortSet) -> str:
        for document in self._emitted.documents_of(subject, point):
            rules = document.leaving if point is ir.Point.LEAVING_POD else document.entering
            for index, (peers, found) in enumerate(rules or ()):
                if peer in peers and found & ports:
                    place = document.place(_DIRECTION[point], index, peers.index(peer))
                    return f"`{place}` of {document.title}"
        return "several rules together"


Stage = tuple[ir.Point, Seen, ir.Pods]
"""A point at which a policy sees a connection, as what, and the pods the policy belongs to."""


def pod_points(way: Way, flow: ir.Flow) -> list[Stage]:
    """Return the points at which a pod's policy sees the way, with the pods it belongs to."""
    points = []
    if way.leaving and isinstance(flow.source, ir.Pods):
        points.append((ir.Point.LEAVING_POD, way.leaving, flow.source))
    if way.entering and isinstance(flow.target, ir.Pods):
        points.append((ir.Point.ENTERING_POD, way.entering, flow.target))
    return points


def _coordinates(prefix: str, namespaces: LabelSet, pods: LabelSet) -> dict[Coordinate, Part]:
    found: dict[Coordinate, Part] = {(f"{prefix} namespace", key): values for key, values in namespaces}
    found.update(((prefix, key), values) for key, values in pods)
    return found


def _subject_region(prefix: str, subject: Subject) -> Region:
    name = Values(frozenset({subject.namespace}))
    return {(f"{prefix} namespace", ir.NAMESPACE_LABEL): name, **_coordinates(prefix, (), subject.pods)}


def _kind(peer: Peer) -> Values:
    return Values(frozenset({peer.kind}))


def _overlap(one: Peer, other: Peer) -> bool:
    return one is other or (one.kind == other.kind and bool(one.addresses & other.addresses))


def _witness(source: Sample, target: Sample, region: Region) -> Witness:
    ports = region[PORTS]
    assert isinstance(ports, PortSet)  # noqa: S101 - what stands at this coordinate
    return Witness(source, target, *port(ports))
