"""The flows of a cluster become groups and edges: what every form of the picture is drawn from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from intentc import ir
from intentc.answers.flows import SeenFlow, seen_flows
from intentc.answers.walk import End, Packet, Place, Walk, walks
from intentc.compiler import ClusterResult
from intentc.diagnostics import Diagnostic
from intentc.profile import Profile
from intentc.prove.needs import Extra
from intentc.wording import endpoint_text, namespaces_text

GroupKind = Literal["namespace", "namespaces", "addresses"]

WIDE = ("W304", "W306")
"""Warnings of intents that are wide as they are written: every port, every namespace."""


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """A row and a column of the matrix: a namespace, namespaces by their labels, or addresses."""

    kind: GroupKind
    name: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One flow from group to group; `warnings` are what checks say of its line, `walks` its packet walks.

    Ends outside of the cluster have no address in the walks: it stands in the flow.
    """

    seen: SeenFlow
    source: Group
    target: Group
    warnings: tuple[Diagnostic, ...]
    walks: tuple[Walk, ...]

    @property
    def has_node_rule(self) -> bool:
        """Tell whether a node address stands in for somebody, which admits more than the intent says."""
        return any(extra.cause == "node" for extra in self.seen.extras)

    @property
    def is_wide(self) -> bool:
        """Tell whether the intent itself is wide."""
        return any(warning.code in WIDE for warning in self.warnings)


@dataclass(frozen=True, slots=True)
class Picture:
    """One cluster's groups, sorted, and its edges in the order of their lines.

    `extras` are what every isolated pod may reach beside the intents.
    """

    cluster: str
    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]
    extras: tuple[Extra, ...]


def picture(
    cluster: ClusterResult, diagnostics: Iterable[Diagnostic], namespace: str | None = None
) -> Picture:
    """Return the picture of a cluster that was compiled and proved.

    `diagnostics` are those of the compilation. With `namespace`, only flows with an end there are drawn.
    """
    found = seen_flows(cluster)
    said = _Said(diagnostics)
    seen_walks = _Walks(cluster.profile)
    edges = []
    for seen in found.flows:
        source, target = _group(seen.flow.source), _group(seen.flow.target)
        if namespace is None or namespace in (source.name, target.name):
            edges.append(Edge(seen, source, target, said.of(seen.flow), seen_walks.of(seen.flow)))
    groups = {group for edge in edges for group in (edge.source, edge.target)}
    if namespace is None:
        groups |= {_group(isolation.pods) for isolation in cluster.policy.isolations}
    return Picture(found.name, tuple(sorted(groups, key=_order)), tuple(edges), found.extras)


def _group(endpoint: ir.Endpoint) -> Group:
    if isinstance(endpoint, ir.Pods):
        if endpoint.namespace is not None:
            return Group("namespace", endpoint.namespace)
        return Group("namespaces", namespaces_text(endpoint.namespaces))
    return Group("addresses", endpoint_text(endpoint))


def _order(group: Group) -> tuple[int, str]:
    return ("namespace", "namespaces", "addresses").index(group.kind), group.name


class _Said:
    """Find the warnings of a flow's statement by their places."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        by_file: dict[str, list[tuple[int, Diagnostic]]] = {}
        for item in diagnostics:
            if item.severity == "warning" and item.code.startswith("W3") and item.span is not None:
                by_file.setdefault(item.span.file.path, []).append((item.span.start, item))
        self._by_file = {path: sorted(found, key=lambda pair: pair[0]) for path, found in by_file.items()}

    def of(self, flow: ir.Flow) -> tuple[Diagnostic, ...]:
        if flow.span is None:
            return ()
        found = self._by_file.get(flow.span.file.path, [])
        first = bisect_right(found, flow.span.start - 1, key=lambda pair: pair[0])
        last = bisect_right(found, flow.span.end - 1, key=lambda pair: pair[0])
        return tuple(item for _, item in found[first:last])


class _Walks:
    """Work out the walks of flows, once for all flows of one form."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._known: dict[tuple[object, ...], tuple[Walk, ...]] = {}
        self._same: dict[tuple[Walk, ...], tuple[Walk, ...]] = {}

    def of(self, flow: ir.Flow) -> tuple[Walk, ...]:
        source, target = (
            end if isinstance(end, ir.Addresses) else None for end in (flow.source, flow.target)
        )
        key = source, target, flow.path, flow.ports[0]
        known = self._known.get(key)
        if known is None:
            found = tuple(_without_outside(walk) for walk in walks(flow, self._profile))
            known = self._known[key] = self._same.setdefault(found, found)
        return known


def _without_outside(walk: Walk) -> Walk:
    """Return a walk in which the ends outside of the cluster have no address, so that many flows share it."""
    inside = ("A", "B", "n1", "n2", "n3", "Service of B")

    def end(one: End) -> End:
        return one if one.name in inside else replace(one, address="")

    def packet(one: Packet) -> Packet:
        port = "" if one.port_of == "pod" else one.port
        return replace(one, source=end(one.source), target=end(one.target), port=port)

    def place(one: Place) -> Place:
        return one if one.name in inside else replace(one, address="")

    hops = tuple(replace(hop, packet=packet(hop.packet)) for hop in walk.hops)
    return replace(walk, dials=packet(walk.dials), places=tuple(place(one) for one in walk.places), hops=hops)
