"""What the intents of a cluster need at each enforcement point, and what comes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from intentc import ir
from intentc.diagnostics import Diagnostic
from intentc.prove.numbers import PortSet
from intentc.prove.shapes import Admitted, Peer, Side, Subject


class Extra(NamedTuple):
    """What is admitted beyond the intents' own ends, and why; `subjects` counts the pod sets that get it."""

    cause: Literal["node", "dns", "metadata"]
    point: ir.Point
    reason: str
    rows: tuple[int, ...] = ()
    flow: ir.Flow | None = None
    subjects: int = 1


class Need(NamedTuple):
    """What one flow needs at one pod point: the subject admits these ports of the peer."""

    point: ir.Point
    subject: Subject
    peer: Peer
    ports: PortSet
    flow: ir.Flow | None
    reason: str = ""


@dataclass(slots=True)
class Intended:
    """What the intents and their declared extras admit; `free` is what GKE opens without a rule of ours."""

    leaving: Side = field(default_factory=dict)
    entering: Side = field(default_factory=dict)
    into_nodes: Admitted = field(default_factory=dict)
    out_of_nodes: Admitted = field(default_factory=dict)
    free: Admitted = field(default_factory=dict)
    extras: list[Extra] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)

    def side(self, point: ir.Point) -> Side:
        """Return what the policies on this side of the pods admit."""
        return self.leaving if point is ir.Point.LEAVING_POD else self.entering
