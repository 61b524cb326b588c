"""The ways of the flows of one form, taken together: what a policy sees at each end, and why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from intentc import ir
from intentc.prove.needs import Extra
from intentc.prove.ways import EndKind, Seen, Wire, ways


class Plan(NamedTuple):
    """The ways of all flows of one form: what is seen where, each once, and the rows that make it so."""

    leaving: tuple[tuple[Seen, tuple[int, ...]], ...]
    entering: tuple[tuple[Seen, tuple[int, ...]], ...]
    wires: tuple[Wire, ...]
    is_known: bool
    shows_nodes: bool


def path_of(kind: str, local: bool) -> str:
    """Return the name of a path in the table of ways."""
    return f"{kind} local" if local else kind


@cache
def plan_of(source: EndKind, path: str, local: bool, target: EndKind, masqueraded: bool) -> Plan:
    """Return the ways of all flows between ends of these kinds, by a path."""
    found = ways(source, path_of(path, local), target, masqueraded=masqueraded)
    leaving: dict[Seen, tuple[int, ...]] = {}
    entering: dict[Seen, tuple[int, ...]] = {}
    for way in found:
        for seen, points in ((way.leaving, leaving), (way.entering, entering)):
            if seen:
                points[seen] = tuple(sorted({*points.get(seen, ()), *way.rows}))
    wires = tuple(dict.fromkeys(wire for way in found for wire in way.wires))
    shows_nodes = any(who == "nodes" for who, _ in (*leaving, *entering))
    return Plan(tuple(leaving.items()), tuple(entering.items()), wires, bool(found), shows_nodes)


def node_extras(flow: ir.Flow, plan: Plan) -> Iterator[Extra]:
    """Yield what a flow opens to nodes, which stand in for somebody else."""
    for point, seen in ((ir.Point.LEAVING_POD, plan.leaving), (ir.Point.ENTERING_POD, plan.entering)):
        for (who, _), rows in seen:
            if who == "nodes":
                yield Extra("node", point, node_reason(point, rows), rows, flow)


def node_reason(point: ir.Point, rows: tuple[int, ...]) -> str:
    """Return why a node is admitted at a point, by the rows of the truth table."""
    numbers = f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"
    if point is ir.Point.LEAVING_POD:
        return f"the pod dials a node: {numbers}"
    return f"the connection arrives with a node's address: {numbers}"
