"""Two clusters' emitted files become the flows, isolations and openings that only one of them has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from intentc import ir
from intentc.answers.diff.algebra import Isolated, Piece, Sides, openings, port_set
from intentc.answers.diff.words import Named, named_ranges, peers_of, ports_of, subjects_of, worded
from intentc.answers.reading import POD_POINTS, Layer, Reading
from intentc.compiler import ClusterResult
from intentc.diagnostics import Diagnostic
from intentc.profile import Profile
from intentc.prove.differences import ADDRESSES
from intentc.prove.needs import Need
from intentc.prove.numbers import NO_NUMBERS, Numbers, PortSet
from intentc.prove.regions import Budget
from intentc.prove.shapes import Peer, Shapes, Subject
from intentc.wording import endpoint_text, place_of, ports_text, said

STEPS = 10_000_000
"""How many pairs of regions are looked at before the answer is "not proved" (E908)."""

Kind = Literal["gained", "lost", "kept"]
Place = tuple[str, str]
"""Where a statement stands, as `file:line`, and what it says; no place for what comes beside the intents."""


@dataclass(frozen=True, slots=True)
class FlowChange:
    """Connections that only one side admits: `gained`, `lost`, or `kept` by pods that are now isolated.

    `layers` are the policies that changed: usually both. `unless` are ports the other side admits, too, that
    a pod's port name may make the same: what is both is not part of the change. `lines` are the statements
    behind it, on the new side for what is gained or kept, on the old one for what is lost.
    """

    kind: Kind
    source: ir.Endpoint
    target: ir.Endpoint
    ports: tuple[ir.Ports, ...]
    layers: tuple[Layer, ...]
    unless: tuple[ir.Ports, ...] = ()
    lines: tuple[Place, ...] = ()

    @property
    def text(self) -> str:
        """Return the connections as an intent."""
        unless = f" unless {ports_text(self.unless)}" if self.unless else ""
        source = endpoint_text(self.source)
        return f"{source} -> {endpoint_text(self.target, is_target=True)}:{ports_text(self.ports)}{unless}"


@dataclass(frozen=True, slots=True)
class IsolationChange:
    """Pods that only one side isolates: `isolated` now, or `opened`; `lines` are the first behind it."""

    kind: Literal["isolated", "opened"]
    direction: Literal["egress", "ingress"]
    pods: ir.Pods
    lines: tuple[Place, ...] = ()

    @property
    def text(self) -> str:
        """Return the pods as an endpoint."""
        return endpoint_text(self.pods)


@dataclass(frozen=True, slots=True)
class OpeningChange:
    """What only one side's firewall lets into or out of the nodes."""

    kind: Literal["gained", "lost"]
    direction: Literal["into", "out of"]
    far: ir.Endpoint
    ports: tuple[ir.Ports, ...]

    @property
    def text(self) -> str:
        """Return the opening as an arrow to or from `nodes`."""
        if self.direction == "into":
            return f"{endpoint_text(self.far)} -> nodes:{ports_text(self.ports)}"
        return f"nodes -> {endpoint_text(self.far, is_target=True)}:{ports_text(self.ports)}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed on one cluster; `presence` is `new` or `gone` where one side does not have it.

    `facts` are changes of the profile that decide where firewall rules hold: name, old text, new text.
    """

    cluster: str
    presence: Literal["both", "new", "gone"]
    flows: tuple[FlowChange, ...]
    isolations: tuple[IsolationChange, ...]
    openings: tuple[OpeningChange, ...]
    facts: tuple[tuple[str, str, str], ...]

    def __bool__(self) -> bool:
        """Tell whether anything changed."""
        return bool(self.flows or self.isolations or self.openings or self.facts or self.presence != "both")


def changes(
    old: Iterable[ClusterResult], new: Iterable[ClusterResult]
) -> tuple[tuple[Changes, ...], tuple[Diagnostic, ...]]:
    """Return what changed between two compiled projects, cluster by cluster, or what cannot be read back.

    Compared is what the emitted files mean, by the prover's algebra: without `lost` and with `gained`, the
    old flows are the new ones, for all pods and addresses there could be. Raises `regions.TooHard` where the
    policies overlap in too many ways.
    """
    before = {cluster.profile.name: cluster for cluster in old}
    after = {cluster.profile.name: cluster for cluster in new}
    found: list[Changes] = []
    problems: list[Diagnostic] = []
    for name in dict.fromkeys((*after, *before)):
        shapes = Shapes()
        profile = (after.get(name) or before[name]).profile
        first = _reading(before.get(name), profile, shapes)
        second = _reading(after.get(name), profile, shapes)
        problems += [*first.problems, *second.problems]
        presence: Literal["both", "new", "gone"] = "both" if name in before else "new"
        if name not in after:
            presence = "gone"
        if not problems:
            found.append(_Comparison(first, second, presence).changes())
    return tuple(found), tuple(problems)


def _reading(cluster: ClusterResult | None, profile: Profile, shapes: Shapes) -> Reading:
    if cluster is None:
        return Reading.of((), ir.Policy(profile.name, (), (), ()), profile, shapes)
    return Reading.of(cluster.artifacts, cluster.policy, cluster.profile, shapes)


@dataclass(slots=True)
class _Merged:
    """What is told of one pair of ends: ports together, policies and statements each once."""

    ports: PortSet = field(default_factory=PortSet)
    lines: dict[Place, None] = field(default_factory=dict)


_Key = tuple[Kind, ir.Endpoint, ir.Endpoint, tuple[ir.Ports, ...]]


class _Comparison:
    """Compare two readings of one cluster; equal things are one object in both."""

    def __init__(self, old: Reading, new: Reading, presence: Literal["both", "new", "gone"]) -> None:
        self._old, self._new = old, new
        self._presence = presence
        self._budget = Budget(STEPS)
        self._words: Named = named_ranges(old, new)
        self._differing: dict[ir.Point, set[str]] = {}
        self._needs: dict[tuple[bool, ir.Point], dict[tuple[Subject, Peer], list[Need]]] = {}

    def changes(self) -> Changes:
        found: dict[Layer, dict[_Key, _Merged]] = {}
        isolations: list[IsolationChange] = []
        for point in POD_POINTS:
            layer: Layer = "egress" if point is ir.Point.LEAVING_POD else "ingress"
            sides = Sides(self._old.emitted.side(point), self._new.emitted.side(point), self._budget)
            if not sides.differing:
                continue
            self._differing[point] = {subject.namespace for subject in sides.differing}
            found[layer] = {}
            for by_new in (True, False):
                for piece in sides.admitted(by_new=by_new):
                    self._add(found[layer], point, piece, by_new=by_new)
                isolated = sides.isolated(by_new=by_new)
                isolations.extend(self._isolations(point, isolated, by_new=by_new))
        return Changes(
            self._new.profile.name,
            self._presence,
            tuple(sorted(_told_once(found), key=_flow_order)),
            tuple(sorted(isolations, key=lambda item: (item.kind, item.direction, item.text))),
            _openings_told_once(self._openings()),
            tuple(_facts(self._old.profile, self._new.profile)) if self._presence == "both" else (),
        )

    def _add(self, found: dict[_Key, _Merged], point: ir.Point, piece: Piece, *, by_new: bool) -> None:
        subject = piece.entry.subject
        if subject is None or (piece.kind == "kept" and not by_new):
            return  # what newly opened pods admit goes without saying: everything
        kind: Kind = "gained" if by_new else "lost"
        if piece.kind == "kept":
            kind = "kept"
        ports = port_set(piece.region)
        lines = dict.fromkeys(self._lines(point, subject, piece.entry.peer, ports, by_new=by_new))
        for pods in subjects_of(piece.region, subject.namespace):
            for peer in peers_of(piece.region, self._words):
                ends = (pods, peer) if point is ir.Point.LEAVING_POD else (peer, pods)
                merged = found.setdefault((kind, *ends, ports_of(piece.unless)), _Merged())
                merged.ports |= ports
                merged.lines |= lines

    def _lines(
        self, point: ir.Point, subject: Subject, peer: Peer, ports: PortSet, *, by_new: bool
    ) -> Iterator[Place]:
        for need in self._needs_of(point, by_new=by_new).get((subject, peer), ()):
            if need.ports.may_share(ports):
                if need.flow is None:
                    yield "", need.reason
                else:
                    yield place_of(need.flow.span), said(need.flow.span)

    def _needs_of(self, point: ir.Point, *, by_new: bool) -> dict[tuple[Subject, Peer], list[Need]]:
        known = self._needs.get((by_new, point))
        if known is None:
            known = self._needs[by_new, point] = {}
            reading = self._new if by_new else self._old
            for need in reading.meaning.needs(point, self._differing[point]):
                known.setdefault((need.subject, need.peer), []).append(need)
        return known

    def _isolations(
        self, point: ir.Point, found: Iterable[Isolated], *, by_new: bool
    ) -> Iterator[IsolationChange]:
        its = tuple(found)
        reading = self._new if by_new else self._old
        spans = reading.meaning.isolating_spans(point, {item.subject.namespace for item in its})
        for item in its:
            span = spans.get(item.subject)
            lines = ((place_of(span), said(span)),) if span else ()
            direction: Literal["egress", "ingress"] = "egress" if point is ir.Point.LEAVING_POD else "ingress"
            for pods in subjects_of(item.region, item.subject.namespace):
                yield IsolationChange("isolated" if by_new else "opened", direction, pods, lines)

    def _openings(self) -> Iterator[OpeningChange]:
        old, new = self._old.emitted, self._new.emitted
        sides = (("into", old.into_nodes, new.into_nodes), ("out of", old.out_of_nodes, new.out_of_nodes))
        for direction, before, after in sides:
            for kind, less, more in (("gained", before, after), ("lost", after, before)):
                found: dict[tuple[str, PortSet], Numbers] = {}
                names: dict[str, PortSet] = {}
                for entry, region in openings(less, more, self._budget):
                    ports, addresses = port_set(region), region.get(ADDRESSES)
                    if isinstance(addresses, Numbers):
                        key = entry.peer.kind, ports
                        found[key] = found.get(key, NO_NUMBERS) | addresses
                    else:
                        names[entry.peer.name] = names.get(entry.peer.name, PortSet()) | ports
                ends: dict[ir.Endpoint, PortSet] = {
                    ir.Addresses(f"var.{name}", ()): ports for name, ports in names.items()
                }
                for (family, ports), numbers in found.items():
                    for end in worded(family, numbers, self._words):
                        ends[end] = ends.get(end, PortSet()) | ports
                for far, ports in ends.items():
                    yield OpeningChange(kind, direction, far, ports_of(ports))  # type: ignore[arg-type] # words of two


def _openings_told_once(found: Iterable[OpeningChange]) -> tuple[OpeningChange, ...]:
    """Return openings in order, one of a word for the ranges of both families."""
    told: dict[tuple[str, str, str], OpeningChange] = {}
    for opening in found:
        key = opening.kind, opening.direction, opening.text
        known = told.get(key)
        if (
            known is not None
            and isinstance(known.far, ir.Addresses)
            and isinstance(opening.far, ir.Addresses)
        ):
            blocks = tuple(sorted({*known.far.blocks, *opening.far.blocks}))
            opening = replace(opening, far=ir.Addresses(known.far.word, blocks))  # noqa: PLW2901 - the same, larger
        told[key] = opening
    return tuple(told[key] for key in sorted(told))


def _told_once(found: Mapping[Layer, Mapping[_Key, _Merged]]) -> Iterator[FlowChange]:
    """Yield each change once: with both policies where both change by the same connections."""
    together: dict[tuple[_Key, tuple[ir.Ports, ...]], tuple[list[Layer], dict[Place, None]]] = {}
    for layer, its in found.items():
        for key, merged in its.items():
            layers, lines = together.setdefault((key, ports_of(merged.ports)), ([], {}))
            layers.append(layer)
            lines |= merged.lines
    whole: dict[tuple[object, ...], FlowChange] = {}
    for ((kind, source, target, unless), ports), (layers, lines) in together.items():
        change = FlowChange(kind, source, target, ports, tuple(layers), unless, tuple(lines))
        told = kind, change.text, change.layers
        known = whole.get(told)
        whole[told] = change if known is None else _both_families(known, change)
    yield from whole.values()


def _both_families(one: FlowChange, other: FlowChange) -> FlowChange:
    """Return two changes of one text as one: a word such as `internet` stands for ranges of both families."""
    source, target = (
        ir.Addresses(mine.word, tuple(sorted({*mine.blocks, *theirs.blocks})))
        if isinstance(mine, ir.Addresses) and isinstance(theirs, ir.Addresses)
        else mine
        for mine, theirs in ((one.source, other.source), (one.target, other.target))
    )
    return replace(one, source=source, target=target, lines=tuple(dict.fromkeys((*one.lines, *other.lines))))


def _flow_order(change: FlowChange) -> tuple[int, str, tuple[Layer, ...]]:
    return ("gained", "lost", "kept").index(change.kind), change.text, change.layers


def _facts(old: Profile, new: Profile) -> Iterator[tuple[str, str, str]]:
    """Yield what changed of where firewall rules hold: no flow of the cluster says it."""
    for name, attribute in (
        ("project", "project"),
        ("network", "network"),
        ("targetTags", "target_tags"),
        ("targetServiceAccounts", "target_service_accounts"),
        ("priority", "priority"),
        ("mode", "mode"),
    ):
        before, after = getattr(old.firewall, attribute), getattr(new.firewall, attribute)
        if before != after:
            yield name, _fact(before), _fact(after)


def _fact(value: str | int | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return ", ".join(sorted(value)) or "an input"
    return str(value) or "an input"
