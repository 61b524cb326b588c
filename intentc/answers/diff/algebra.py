"""Two sides of one point become the regions that only one of them admits or isolates: all, and exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from intentc.prove.differences import (
    PORTS,
    Cover,
    Entry,
    as_entries,
    differing_entries,
    differing_subjects,
    entries,
    region_of,
    subject_region,
)
from intentc.prove.numbers import PortSet
from intentc.prove.regions import Budget, Region, minus, shared_part, uncovered
from intentc.prove.shapes import Admitted, Side, Subject


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an entry that only one side has.

    `kind`: `moved` where its pods are isolated on both sides, `kept` where only this side isolates them. A
    port is not among them where it is, on some pod, what the other side admits by `unless`.
    """

    entry: Entry
    region: Region
    kind: Literal["moved", "kept"]
    unless: PortSet


@dataclass(frozen=True, slots=True)
class Isolated:
    """Pods of a subject that only one side isolates."""

    subject: Subject
    region: Region


class Sides:
    """One point of the pods on two sides; each question takes what the first side has beyond the other."""

    def __init__(self, old: Side, new: Side, budget: Budget) -> None:
        """Group by namespace what differs; all that is equal costs one comparison."""
        self._budget = budget
        self.differing = differing_subjects(old, new)
        namespaces = {subject.namespace for subject in self.differing}
        self._old, self._new = old, new
        self._old_subjects = _by_namespace(old, namespaces)
        self._new_subjects = _by_namespace(new, namespaces)
        self._differing = _by_namespace(self.differing, namespaces)

    def admitted(self, *, by_new: bool) -> Iterator[Piece]:
        """Yield what one side admits and the other does not."""
        mine, other = (self._new, self._old) if by_new else (self._old, self._new)
        others = self._old_subjects if by_new else self._new_subjects
        for namespace, subjects in self._differing.items():
            theirs = others.get(namespace, [])
            cover = Cover(entries(other, theirs))
            for entry in differing_entries(mine, other, subjects):
                near = cover.near(entry.peer)
                for piece in uncovered(region_of(entry), near, self._budget):
                    yield from self._located(entry, piece, theirs, other, near)

    def _located(
        self, entry: Entry, piece: Region, theirs: list[Subject], other: Side, near: list[Region]
    ) -> Iterator[Piece]:
        """Yield a piece by what the other side does to its pods."""
        inside, outside = [piece], list[Region]()
        if entry.subject not in other:
            inside, outside = _parted(piece, [subject_region(subject) for subject in theirs], self._budget)
        for region in inside:
            for part, unless in _by_names(region, near, self._budget):
                yield Piece(entry, part, "moved", unless)
        for region in outside:
            yield Piece(entry, region, "kept", PortSet())

    def isolated(self, *, by_new: bool) -> Iterator[Isolated]:
        """Yield the pods that one side isolates and the other does not, none twice."""
        mine, others = (self._new_subjects, self._old_subjects)
        side, other = (self._new, self._old)
        if not by_new:
            mine, others, side, other = others, mine, other, side
        for namespace, subjects in self._differing.items():
            seen = [subject_region(subject) for subject in others.get(namespace, [])]
            for subject in subjects:
                if subject in side and subject not in other:
                    for region in uncovered(subject_region(subject), seen, self._budget):
                        yield Isolated(subject, region)
                    seen.append(subject_region(subject))


def openings(old: Admitted, new: Admitted, budget: Budget) -> Iterator[tuple[Entry, Region]]:
    """Yield what the second admits at the nodes and the first does not."""
    if old == new:
        return
    cover = Cover(as_entries(old))
    for entry in as_entries(new):
        for region in uncovered(region_of(entry), cover.near(entry.peer), budget):
            yield entry, region


def _by_namespace(subjects: Iterable[Subject], namespaces: set[str]) -> dict[str, list[Subject]]:
    found: dict[str, list[Subject]] = {}
    for subject in subjects:
        if subject.namespace in namespaces:
            found.setdefault(subject.namespace, []).append(subject)
    return found


def _parted(piece: Region, regions: list[Region], budget: Budget) -> tuple[list[Region], list[Region]]:
    """Return what of a piece is in one of the regions, and what is in none, both without overlap."""
    outside = uncovered(piece, regions, budget)
    if not outside:
        return [piece], []
    inside: list[Region] = []
    left: list[Region] = [piece]
    for region in regions:
        rest: list[Region] = []
        for one in left:
            budget.spend(1)
            shared = shared_part(one, region)
            if shared is not None:
                inside.append(shared)
            rest.extend(minus(one, region) or ([] if shared is not None else [one]))
        left = rest
    return inside, left


def _by_names(piece: Region, near: list[Region], budget: Budget) -> Iterator[tuple[Region, PortSet]]:
    """Yield a piece by the ports of the other side that a port name may make the same."""
    ports = port_set(piece)
    close = [region for region in near if _may_be(ports, port_set(region))]
    parts: list[tuple[dict[tuple[str, str], object], PortSet]] = [(_without_ports(piece), PortSet())]
    for region in close:
        theirs, elsewhere = _may_be(ports, port_set(region)), _without_ports(region)
        split: list[tuple[dict[tuple[str, str], object], PortSet]] = []
        for part, unless in parts:
            budget.spend(1)
            shared = shared_part(part, elsewhere)  # type: ignore[arg-type] # regions without their ports
            if shared is None:
                split.append((part, unless))
                continue
            split.append((dict(shared), unless | theirs))
            split.extend((dict(rest), unless) for rest in minus(part, elsewhere) or ())  # type: ignore[arg-type] # the same
        parts = split
    for part, unless in parts:
        yield {**part, PORTS: ports}, unless  # type: ignore[dict-item] # the same


def _may_be(ports: PortSet, others: PortSet) -> PortSet:
    """Return those other ports that a name may make one of these."""
    named = {protocol for protocol, _ in others.names}
    mine = {protocol for protocol, _ in ports.names}
    names = frozenset(
        name
        for name in others.names
        if name[0] in mine or any(name[0] == known for known, _ in ports.numbers)
    )
    numbers = tuple((protocol, found) for protocol, found in others.numbers if protocol in mine)
    return PortSet(numbers, names) if named or numbers else PortSet()


def port_set(region: Region) -> PortSet:
    """Return the ports of a region that has some."""
    ports = region[PORTS]
    assert isinstance(ports, PortSet)  # noqa: S101 - what stands at this coordinate
    return ports


def _without_ports(region: Region) -> dict[tuple[str, str], object]:
    return {coordinate: part for coordinate, part in region.items() if coordinate != PORTS}
