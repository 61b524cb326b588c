"""What policies admit becomes what there is to say: who is isolated, and each pair of ends with its ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from intentc import ir
from intentc.answers.diff.words import peers_of, ports_of, subjects_of
from intentc.profile import Profile
from intentc.prove.differences import Entry, region_of, subject_region
from intentc.prove.emitted import Emitted
from intentc.prove.labels import LabelSet, named
from intentc.prove.numbers import ANYTHING, EVERY_ADDRESS, Numbers, PortSet, address_range, ranges
from intentc.prove.platform import control_plane, matches_nodes, word_addresses
from intentc.prove.regions import Budget, uncovered
from intentc.prove.shapes import Admitted, Peer, Shapes, Side, Subject

Direction = Literal["egress", "ingress"]
Only = Literal["", "egress", "ingress"]

_DIRECTION: dict[ir.PodPoint, Direction] = {
    ir.Point.LEAVING_POD: "egress",
    ir.Point.ENTERING_POD: "ingress",
}


class Cause(NamedTuple):
    """Something a policy admits that a line stands for: on which side of which pods."""

    point: ir.PodPoint
    subject: Subject
    peer: Peer
    ports: PortSet


class Said(NamedTuple):
    """Every source may open connections to these ports of every target, on both sides or one."""

    sources: tuple[ir.Endpoint, ...]
    targets: tuple[ir.Endpoint, ...]
    ports: tuple[ir.Ports, ...]
    only: Only
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Isolated:
    """The pods of a subject that are isolated at one point, without those that everything is admitted to."""

    subject: Subject
    pods: tuple[ir.Pods, ...]
    is_whole: bool


def is_open(admitted: Admitted, shapes: Shapes) -> bool:
    """Tell whether isolation changes nothing for these pods: everybody is admitted on every port."""
    return all(admitted.get(peer) == ports for peer, ports in open_to(shapes).items())


def open_to(shapes: Shapes) -> Admitted:
    """Return what a rule without peers and ports admits."""
    return dict.fromkeys(shapes.every_peer, ANYTHING)


def isolated(side: Side, shapes: Shapes, budget: Budget) -> dict[Subject, Isolated]:
    """Return what is isolated on one side; subjects that are open as a whole are left out."""
    opened: dict[str, list[Subject]] = {}
    for subject, admitted in side.items():
        if is_open(admitted, shapes):
            opened.setdefault(subject.namespace, []).append(subject)
    found: dict[Subject, Isolated] = {}
    for subject in side:
        holes = opened.get(subject.namespace, [])
        if subject in holes:
            continue
        regions = uncovered(subject_region(subject), map(subject_region, holes), budget)
        pods = tuple(end for region in regions for end in subjects_of(region, subject.namespace))
        if pods:
            is_whole = regions == [subject_region(subject)]
            found[subject] = Isolated(subject, pods, is_whole)
    return found


class Sides:
    """Both sides of the pods; what one line can say of both, it says once."""

    def __init__(self, emitted: Emitted, shared: Admitted, profile: Profile, shapes: Shapes) -> None:
        """Take what is admitted; `shared` is what a build admits to every pod isolated for egress."""
        self._shapes = shapes
        self._shared = shared
        self._sides: dict[ir.PodPoint, Side] = {
            ir.Point.LEAVING_POD: emitted.leaving,
            ir.Point.ENTERING_POD: emitted.entering,
        }
        budget = Budget(10_000_000)
        self.isolated = {point: isolated(side, shapes, budget) for point, side in self._sides.items()}
        self._words = {
            ir.Point.LEAVING_POD: dict(_words(profile, "target", shapes)),
            ir.Point.ENTERING_POD: dict(_words(profile, "source", shapes)),
        }

    def said(self) -> Iterator[Said]:
        """Yield what is admitted, each once, in the order of the policies."""
        whole: dict[tuple[Subject, Peer], PortSet] = {}
        for subject, its in self.isolated[ir.Point.LEAVING_POD].items():
            rest: Admitted = {}
            for peer, ports in self._admitted(ir.Point.LEAVING_POD, subject).items():
                target, back = self._other_side(its, peer)
                shared = ports & back if target is not None else PortSet()
                if target is not None and shared:
                    source = self._peer_of(subject)
                    whole[target, source] = shared
                    causes = (
                        Cause(ir.Point.LEAVING_POD, subject, peer, shared),
                        Cause(ir.Point.ENTERING_POD, target, source, shared),
                    )
                    yield Said(its.pods, _ends(peer), ports_of(shared), "", causes)
                if left := ports - shared:
                    rest[peer] = left
            yield from self._one_side(ir.Point.LEAVING_POD, its, rest)
        for subject, its in self.isolated[ir.Point.ENTERING_POD].items():
            admitted = self._admitted(ir.Point.ENTERING_POD, subject)
            left_over = {
                peer: left
                for peer, ports in admitted.items()
                if (left := ports - whole.get((subject, peer), PortSet()))
            }
            yield from self._one_side(ir.Point.ENTERING_POD, its, left_over)

    def isolations(self, said: Iterable[Said]) -> Iterator[tuple[ir.Pods, Only]]:
        """Yield the pods that are isolated and that no line names, with the direction; both if empty."""
        named_by = {(cause.point, cause.subject) for each in said for cause in each.causes}
        directions: dict[ir.Pods, list[Direction]] = {}
        for point, direction in _DIRECTION.items():
            for subject, its in self.isolated[point].items():
                if (point, subject) not in named_by:
                    for pods in its.pods:
                        directions.setdefault(pods, []).append(direction)
        for pods, found in directions.items():
            yield pods, found[0] if len(found) == 1 else ""

    def _admitted(self, point: ir.PodPoint, subject: Subject) -> Admitted:
        """Return what is to be said of a subject: not what a build admits anyway, nor what has no ports."""
        found: Admitted = {}
        for peer, ports in self._sides[point][subject].items():
            left = PortSet(ports.numbers, ports.names)
            if point is ir.Point.LEAVING_POD and peer in self._shared:
                left -= self._shared[peer]
            if left:
                found[peer] = left
        return found

    def _other_side(self, its: Isolated, peer: Peer) -> tuple[Subject | None, PortSet]:
        """Return the subject that a peer is and what it admits of these pods, where both are whole."""
        name = one_namespace(peer.namespaces) if peer.kind == "pods" else None
        if name is None or not its.is_whole:
            return None, PortSet()
        target = self._shapes.subject(name, peer.pods)
        theirs = self.isolated[ir.Point.ENTERING_POD].get(target)
        if theirs is None or not theirs.is_whole:
            return None, PortSet()
        ports = self._sides[ir.Point.ENTERING_POD][target].get(self._peer_of(its.subject), PortSet())
        return target, PortSet(ports.numbers, ports.names)

    def _peer_of(self, subject: Subject) -> Peer:
        return self._shapes.peer("pods", named(subject.namespace), subject.pods)

    def _one_side(self, point: ir.PodPoint, its: Isolated, admitted: Admitted) -> Iterator[Said]:
        """Yield what is said of one side of some pods; ranges that have a word together are that word."""
        for word, peers in self._words[point].items():
            first, *others = (admitted.get(peer) for peer in peers)
            if first is not None and all(ports == first for ports in others):
                causes = tuple(Cause(point, its.subject, peer, first) for peer in peers)
                yield _arrow(point, its.pods, (ir.Addresses(word, ()),), first, "", causes)
                admitted = {peer: ports for peer, ports in admitted.items() if peer not in peers}
        for peer, ports in admitted.items():
            only: Only = "" if peer.kind != "pods" else _DIRECTION[point]
            cause = Cause(point, its.subject, peer, ports)
            yield _arrow(point, its.pods, _ends(peer), ports, only, (cause,))


def _arrow(
    point: ir.PodPoint,
    pods: tuple[ir.Pods, ...],
    others: tuple[ir.Endpoint, ...],
    ports: PortSet,
    only: Only,
    causes: tuple[Cause, ...],
) -> Said:
    if point is ir.Point.LEAVING_POD:
        return Said(pods, others, ports_of(ports), only, causes)
    return Said(others, pods, ports_of(ports), only, causes)


def _words(profile: Profile, role: str, shapes: Shapes) -> Iterator[tuple[str, tuple[Peer, ...]]]:
    """Yield the words for ranges of addresses, each with the peers that stand for it in a policy."""
    yield (
        "internet",
        tuple(shapes.peer(kind, addresses=every) for kind, every in word_addresses("internet", profile)),
    )
    blocks = {"control-plane": control_plane(profile, role)}
    if matches_nodes(profile):
        blocks["nodes"] = tuple(ir.Block(cidr) for cidr in profile.node_cidrs)
    for word, its in blocks.items():
        peers = (shapes.block(block.cidr, block.excepts) for block in its)
        if its:
            yield word, tuple(dict.fromkeys(filter(None, peers)))


def one_namespace(namespaces: LabelSet) -> str | None:
    """Return the name of the one namespace that labels hold for, None where they may hold for several."""
    if len(namespaces) == 1:
        key, values = namespaces[0]
        if key == ir.NAMESPACE_LABEL and not values.excluding and len(values.listed) == 1:
            return next(iter(values.listed))
    return None


def _ends(peer: Peer) -> tuple[ir.Endpoint, ...]:
    """Return a peer as ends of the language; addresses as ranges, with exceptions where that is shorter."""
    if peer.kind not in ("ipv4", "ipv6"):
        region = region_of(Entry(None, peer, PortSet()))
        return tuple(end for found in peers_of(region, {}) for end in _by_name(found))
    family = 4 if peer.kind == "ipv4" else 6
    cidrs = ranges(family, peer.addresses)
    hull = _hull(family, peer.addresses)
    excepts = ranges(family, _addresses(family, hull) - peer.addresses)
    if len(cidrs) > 1 and len(excepts) < len(cidrs) and not hull.endswith("/0"):
        return (ir.Addresses("cidr", (ir.Block(hull, excepts),)),)
    return tuple(ir.Addresses("cidr", (ir.Block(cidr),)) for cidr in cidrs)


def _by_name(end: ir.Endpoint) -> tuple[ir.Endpoint, ...]:
    """Return several namespaces that are listed by name as ends of their own."""
    if isinstance(end, ir.Pods) and len(end.namespaces) == 1:
        (requirement,) = end.namespaces
        if requirement.key == ir.NAMESPACE_LABEL and requirement.operator == "In":
            names = requirement.values
            return tuple(
                ir.Pods((ir.Requirement(ir.NAMESPACE_LABEL, "In", (name,)),), end.pods) for name in names
            )
    return (end,)


def _hull(family: int, addresses: Numbers) -> str:
    """Return the smallest range that holds all of these addresses."""
    width = 32 if family == 4 else 128
    first, last = addresses.intervals[0][0], addresses.intervals[-1][1]
    host = (first ^ last).bit_length()
    start = first >> host << host
    (cidr,) = ranges(family, Numbers(((start, start + (1 << host) - 1),))) if host < width else ("/0",)
    return cidr


def _addresses(family: int, cidr: str) -> Numbers:
    return EVERY_ADDRESS[family] if cidr == "/0" else Numbers((address_range(cidr)[1],))
