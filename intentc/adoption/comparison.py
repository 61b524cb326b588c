"""Policies that were written and policies that were built become the flows in which they differ, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intentc import ir
from intentc.adoption.sides import Cause, is_open
from intentc.answers.diff.algebra import Piece, Sides
from intentc.answers.diff.words import peers_of, ports_of, subjects_of
from intentc.prove.differences import PORTS, Entry, region_of, subject_region
from intentc.prove.emitted import Emitted
from intentc.prove.numbers import PortSet
from intentc.prove.regions import Budget, Region, uncovered
from intentc.prove.shapes import Admitted, Shapes, Side, Subject
from intentc.wording import endpoint_text, ports_text

STEPS = 10_000_000
"""How many pairs of regions are looked at before the answer is "not proved"."""

POINTS: tuple[tuple[ir.PodPoint, str], ...] = (
    (ir.Point.LEAVING_POD, "egress"),
    (ir.Point.ENTERING_POD, "ingress"),
)


class Comparison(NamedTuple):
    """In which flows a build differs, in words, and the pods to which it alone admits the resolvers."""

    differences: tuple[str, ...]
    resolving: tuple[Subject, ...]


def compare(
    written: Emitted, built: Emitted, shared: Admitted, left_out: Iterable[Cause], shapes: Shapes
) -> Comparison:
    """Compare what two sets of policies admit to all pods and addresses there could be.

    Differences are not: what `shared` admits, since a build always does; what was `left_out`; isolation of
    pods to which everything is admitted, since it changes nothing; protocols without ports, which no intent
    says and for which policies are not defined.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/

    Raises `regions.TooHard` where the policies overlap in too many ways.
    """
    budget = Budget(STEPS)
    missing: dict[tuple[ir.PodPoint, str], list[Region]] = {}
    for cause in left_out:
        region = region_of(Entry(cause.subject, cause.peer, cause.ports))
        missing.setdefault((cause.point, cause.subject.namespace), []).append(region)
    resolving: dict[Subject, None] = {}
    found: list[str] = []
    for point, direction in POINTS:
        old, new = written.side(point), built.side(point)
        sides = Sides(with_ports(old), with_ports(new), budget)
        free = [region_of(Entry(None, peer, ports)) for peer, ports in shared.items()]
        for piece in sides.admitted(by_new=True):
            if piece.kind == "moved" and direction == "egress" and not uncovered(piece.region, free, budget):
                if piece.entry.subject is not None:
                    resolving[piece.entry.subject] = None
            elif piece.kind == "moved":
                found.extend(_told(piece, point, "gained"))
        for piece in sides.admitted(by_new=False):
            subject = piece.entry.subject
            known = missing.get((point, subject.namespace), []) if subject else []
            if piece.kind == "moved" and uncovered(piece.region, known, budget):
                found.extend(_told(piece, point, "lost"))
        opened: dict[str, list[Region]] = {}
        for subject, admitted in old.items():
            if is_open(admitted, shapes):
                opened.setdefault(subject.namespace, []).append(subject_region(subject))
        for its in sides.isolated(by_new=True):
            found.extend(_isolation(its.subject, its.region, f"isolated for {direction}"))
        for its in sides.isolated(by_new=False):
            for region in uncovered(its.region, opened.get(its.subject.namespace, []), budget):
                found.extend(_isolation(its.subject, region, f"no longer isolated for {direction}"))
    return Comparison(tuple(dict.fromkeys(found)), tuple(resolving))


def with_ports(side: Side) -> Side:
    """Return a side without the protocols that have no ports."""
    return {
        subject: {
            peer: left if ports.others else ports
            for peer, ports in admitted.items()
            if (left := PortSet(ports.numbers, ports.names))
        }
        for subject, admitted in side.items()
    }


def _told(piece: Piece, point: ir.PodPoint, what: str) -> Iterator[str]:
    subject, ports = piece.entry.subject, piece.region[PORTS]
    if subject is None or not isinstance(ports, PortSet):
        return
    for pods in subjects_of(piece.region, subject.namespace):
        for peer in peers_of(piece.region, {}):
            leaves = point is ir.Point.LEAVING_POD
            source, target = (pods, peer) if leaves else (peer, pods)
            arrow = f"{endpoint_text(source)} -> {endpoint_text(target, is_target=True)}"
            layer = "egress" if leaves else "ingress"
            yield f"{what} on {layer}: {arrow}:{ports_text(ports_of(ports))}"


def _isolation(subject: Subject, region: Region, what: str) -> Iterator[str]:
    for pods in subjects_of(region, subject.namespace):
        yield f"{what}: {endpoint_text(pods)}"
