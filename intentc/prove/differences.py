"""Two policies become the flows that only one of them admits: exact over every cluster that could exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from intentc.prove.labels import Values
from intentc.prove.numbers import EVERY_NUMBER, PortSet, port_set
from intentc.prove.regions import Budget, Coordinate, Part, Region, shared_part, uncovered
from intentc.prove.shapes import Admitted, Peer, Side, Subject

KIND: Coordinate = ("peer kind", "")
ADDRESSES: Coordinate = ("peer addresses", "")
PORTS: Coordinate = ("ports", "")
SUBJECT = "subject"
PEER = "peer"
PEER_NAMESPACE = "peer namespace"


class Entry(NamedTuple):
    """One thing that is admitted: these ports between a subject (None for the cluster's nodes) and a peer."""

    subject: Subject | None
    peer: Peer
    ports: PortSet


class Difference(NamedTuple):
    """An entry of one policy, and the region of it that the other does not admit."""

    entry: Entry
    region: Region


def region_of(entry: Entry) -> Region:
    """Return the flows of an entry as a product of sets, the most telling coordinates first."""
    peer = entry.peer
    region: dict[Coordinate, Part] = {
        KIND: Values(frozenset({peer.kind if not peer.name else f"var.{peer.name}"}))
    }
    if peer.addresses:
        region[ADDRESSES] = peer.addresses
    region.update(((PEER_NAMESPACE, key), values) for key, values in peer.namespaces)
    region.update(((PEER, key), values) for key, values in peer.pods)
    if entry.subject is not None:
        region.update(subject_region(entry.subject))
    region[PORTS] = entry.ports
    return region


def subject_region(subject: Subject) -> Region:
    """Return the pods of a subject; which namespace they are in is known from where the region is used."""
    return {(SUBJECT, key): values for key, values in subject.pods}


def entries(side: Side, subjects: Iterable[Subject]) -> Iterator[Entry]:
    """Return what some subjects admit, one entry for each peer."""
    for subject in subjects:
        for peer, ports in side.get(subject, {}).items():
            yield Entry(subject, peer, ports)


class Cover:
    """Entries by what their peers have in common, so that one is compared with few of the others."""

    def __init__(self, found: Iterable[Entry]) -> None:
        """Index the entries."""
        self._narrow: dict[tuple[str, object], list[Region]] = {}
        self._wide: dict[str, list[Region]] = {}
        self._all: dict[str, list[Region]] = {}
        for entry in found:
            region = region_of(entry)
            self._all.setdefault(entry.peer.kind, []).append(region)
            key = _key(entry.peer)
            if key is None:
                self._wide.setdefault(entry.peer.kind, []).append(region)
            else:
                self._narrow.setdefault((entry.peer.kind, key), []).append(region)

    def near(self, peer: Peer) -> list[Region]:
        """Return every region that may share a flow with one of this peer."""
        key = _key(peer)
        if key is None:
            return self._all.get(peer.kind, [])
        return self._narrow.get((peer.kind, key), []) + self._wide.get(peer.kind, [])


def _key(peer: Peer) -> object:
    """Return what two peers have in common if they meet, or None for a peer too wide to have such a thing."""
    if peer.kind == "pods":
        for key, values in peer.namespaces:
            if key == "kubernetes.io/metadata.name" and not values.excluding and len(values.listed) == 1:
                return next(iter(values.listed))
        return None
    if peer.addresses:
        first, last = peer.addresses.intervals[0][0], peer.addresses.intervals[-1][1]
        shift = 16 if peer.kind == "ipv4" else 80
        return first >> shift if first >> shift == last >> shift else None
    return peer.name


def not_admitted(
    wanted: Iterable[Entry],
    cover: Cover,
    budget: Budget,
    *,
    where: Callable[[Region], Iterable[Region]] = lambda region: (region,),
) -> Iterator[Difference]:
    """Return the entries of `wanted` that are not covered in full, each with a region that shows it.

    `where` restricts a region to the pods of interest: the parts of it that hold some, which may overlap.
    Raises TooHard when the entries overlap in more ways than the budget allows: then nothing is said about
    the rest.
    """
    for entry in wanted:
        covers = cover.near(entry.peer)
        left = uncovered(region_of(entry), covers, budget)
        parts = (part for piece in left for part in where(piece))
        proven = next(filter(None, (_certain(part, covers, budget) for part in parts)), None)
        if proven is not None:
            yield Difference(entry, proven)


def _certain(piece: Region, covers: list[Region], budget: Budget) -> Region | None:
    """Return the part of a piece that really is not covered, or None.

    A port name may stand for any number; so it is covered also where several regions together hold every
    number.
    """
    ports = piece[PORTS]
    if not isinstance(ports, PortSet) or ports.numbers or ports.others:
        return piece
    for protocol in sorted({protocol for protocol, _ in ports.names}):
        every = port_set(((protocol, first, last) for first, last in EVERY_NUMBER.intervals))
        left = uncovered({**piece, PORTS: every}, covers, budget)
        if left:
            names = PortSet(names=frozenset(name for name in ports.names if name[0] == protocol))
            return {**left[0], PORTS: names}
    return None


def pods_not_in(subject: Subject, others: Iterable[Subject], budget: Budget) -> Region | None:
    """Return pods of a subject that none of the others (of the same namespace) selects, or None."""
    left = uncovered(subject_region(subject), (subject_region(other) for other in others), budget)
    return left[0] if left else None


def restricted_to(subjects: Iterable[Subject]) -> Callable[[Region], Iterable[Region]]:
    """Return what restricts a region to the pods that some of the subjects select: a part for each."""
    regions = [subject_region(subject) for subject in subjects]

    def restrict(region: Region) -> Iterator[Region]:
        return filter(None, (shared_part(region, other) for other in regions))

    return restrict


def differing_subjects(intended: Side, emitted: Side) -> list[Subject]:
    """Return the subjects for which not literally the same is admitted; none costs one dict comparison."""
    if intended == emitted:
        return []
    return [subject for subject in {**intended, **emitted} if intended.get(subject) != emitted.get(subject)]


def differing_entries(side: Side, other: Side, subjects: Iterable[Subject]) -> Iterator[Entry]:
    """Return the entries of some subjects that are not literally in the other policy."""
    for subject in subjects:
        theirs = other.get(subject, {})
        for peer, ports in side.get(subject, {}).items():
            found = theirs.get(peer)
            if found is not ports and (found is None or ports - found):
                yield Entry(subject, peer, ports)


def as_entries(admitted: Admitted) -> Iterator[Entry]:
    """Return what the network's firewall admits, one entry for each range."""
    for peer, ports in admitted.items():
        yield Entry(None, peer, ports)
