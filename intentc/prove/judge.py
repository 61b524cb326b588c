"""What is emitted and what is intended become errors: a small flow, its intent and its rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from intentc import ir
from intentc.diagnostics import Diagnostic, error
from intentc.prove.denials import denials
from intentc.prove.differences import (
    PORTS,
    Cover,
    Difference,
    as_entries,
    differing_entries,
    differing_subjects,
    entries,
    not_admitted,
    pods_not_in,
    restricted_to,
)
from intentc.prove.emitted import Emitted
from intentc.prove.intended import Meaning
from intentc.prove.needs import Intended, Need
from intentc.prove.numbers import PortSet
from intentc.prove.regions import Budget
from intentc.prove.shapes import Admitted, Peer, Side, Subject
from intentc.prove.witness import AddressSample, Witness, end, port
from intentc.source import Span

_NODES = AddressSample("nodes")
_DIRECTION = {ir.Point.LEAVING_POD: "egress", ir.Point.ENTERING_POD: "ingress"}
_WHERE = {
    ir.Point.LEAVING_POD: "on leaving the pod",
    ir.Point.ENTERING_POD: "on entering the pod",
    ir.Point.LEAVING_NODE: "on leaving a node",
    ir.Point.ENTERING_NODE: "on entering a node",
}

Grouped = dict[str, list[Subject]]


class Judge:
    """Compare point by point; equal policies cost a comparison of dictionaries, others the algebra."""

    def __init__(
        self, emitted: Emitted, intended: Intended, meaning: Meaning, budget: Budget, shown: int | None
    ) -> None:
        """Take what to compare; `shown` limits the errors of one kind at one point."""
        self._emitted = emitted
        self._intended = intended
        self._meaning = meaning
        self._budget = budget
        self._shown = shown
        self._behind: dict[tuple[ir.Point, Peer], list[tuple[PortSet, Span | None]]] | None = None

    def pods(self, point: ir.Point) -> Iterator[Diagnostic]:
        """Compare the policies on one side of the pods; raise TooHard beyond the budget."""
        intended, emitted = self._intended.side(point), self._emitted.side(point)
        differing = differing_subjects(intended, emitted)
        if not differing:
            return
        namespaces = {subject.namespace for subject in differing}
        wanted, found = _grouped(intended, namespaces), _grouped(emitted, namespaces)
        yield from islice(self._isolations(point, differing, wanted, found), self._shown)
        yield from islice(self._gained(point, differing, wanted, found), self._shown)
        yield from islice(self._lost(point, differing, wanted, found), self._shown)

    def nodes(self) -> Iterator[Diagnostic]:
        """Compare the network's firewall; what is free is admitted on both sides."""
        intended, emitted = self._intended, self._emitted
        yield from self._firewall(
            ir.Point.ENTERING_NODE, intended.into_nodes, emitted.into_nodes, emitted.into_nodes_at_least
        )
        yield from self._firewall(
            ir.Point.LEAVING_NODE, intended.out_of_nodes, emitted.out_of_nodes, emitted.out_of_nodes
        )
        if any(not rule.is_allow for rule in emitted.firewall):
            yield from islice(self._denied(), self._shown)

    # --- Pods -------------------------------------------------------------------------------------------

    def _isolations(
        self, point: ir.Point, differing: list[Subject], wanted: Grouped, found: Grouped
    ) -> Iterator[Diagnostic]:
        intended, emitted = self._intended.side(point), self._emitted.side(point)
        spans: dict[Subject, Span | None] | None = None
        for subject in differing:
            if subject in intended and subject in emitted:
                continue
            is_lost = subject in intended
            others = (found if is_lost else wanted).get(subject.namespace, [])
            region = pods_not_in(subject, others, self._budget)
            if region is None:
                continue
            pod = end(region, "subject", namespace=subject.namespace)
            if is_lost:
                message = (
                    f"pods like `{pod}` are not isolated for {_DIRECTION[point]}: everything is admitted"
                )
                if spans is None:
                    spans = self._meaning.isolating_spans(point, wanted)
                yield error("E903", message, spans.get(subject), "this isolates them")
            else:
                message = (
                    f"pods like `{pod}` are isolated for {_DIRECTION[point]}, and no intent isolates them"
                )
                titles = (document.title for document in self._emitted.documents_of(subject, point))
                yield error("E903", message, help=f"isolated by {', '.join(titles)}")

    def _gained(
        self, point: ir.Point, differing: list[Subject], wanted: Grouped, found: Grouped
    ) -> Iterator[Diagnostic]:
        intended, emitted = self._intended.side(point), self._emitted.side(point)
        for namespace, subjects in _grouped(differing, found).items():
            more = differing_entries(emitted, intended, subjects)
            cover = Cover(entries(intended, wanted.get(namespace, [])))
            restrict = restricted_to(wanted.get(namespace, []))
            for difference in not_admitted(more, cover, self._budget, where=restrict):
                flow = _witness(point, difference)
                message = f"`{flow}` is admitted {_WHERE[point]}, and no intent needs it"
                yield error("E901", message, help=f"admitted by {self._rule_of(point, difference)}")

    def _lost(
        self, point: ir.Point, differing: list[Subject], wanted: Grouped, found: Grouped
    ) -> Iterator[Diagnostic]:
        intended, emitted = self._intended.side(point), self._emitted.side(point)
        needs: dict[tuple[Subject, Peer], list[Need]] | None = None
        for namespace, subjects in _grouped(differing, wanted).items():
            less = differing_entries(intended, emitted, subjects)
            cover = Cover(entries(emitted, found.get(namespace, [])))
            restrict = restricted_to(found.get(namespace, []))
            for difference in not_admitted(less, cover, self._budget, where=restrict):
                if needs is None:
                    needs = self._needs(point, wanted)
                need = _need_of(difference, needs)
                reason = f" ({need.reason})" if need and need.reason else ""
                message = f"`{_witness(point, difference)}` is not admitted {_WHERE[point]}{reason}"
                span = need.flow.span if need and need.flow else None
                yield error("E902", message, span, "this intent needs it" if span else "")

    def _needs(self, point: ir.Point, namespaces: Iterable[str]) -> dict[tuple[Subject, Peer], list[Need]]:
        needs: dict[tuple[Subject, Peer], list[Need]] = {}
        for need in self._meaning.needs(point, namespaces):
            needs.setdefault((need.subject, need.peer), []).append(need)
        return needs

    def _rule_of(self, point: ir.Point, difference: Difference) -> str:
        """Return the rule that admits the difference, as a path into its document."""
        ports = _ports(difference)
        subject = difference.entry.subject
        for document in self._emitted.documents_of(subject, point):
            rules = document.leaving if point is ir.Point.LEAVING_POD else document.entering
            for index, (peers, admitted) in enumerate(rules or ()):
                if difference.entry.peer in peers and admitted & ports:
                    place = document.place(_DIRECTION[point], index, peers.index(difference.entry.peer))
                    return f"`{place}` of {document.title}"
        return "several rules together"

    # --- Nodes ------------------------------------------------------------------------------------------

    def _firewall(
        self, point: ir.Point, intended: Admitted, emitted: Admitted, at_least: Admitted
    ) -> Iterator[Diagnostic]:
        if intended == emitted == at_least:
            return
        free = tuple(as_entries(self._intended.free)) if point is ir.Point.ENTERING_NODE else ()
        wanted, found = tuple(as_entries(intended)), tuple(as_entries(emitted))
        certain = tuple(as_entries(at_least))
        for difference in islice(not_admitted(found, Cover((*wanted, *free)), self._budget), self._shown):
            message = f"`{_witness(point, difference)}` is admitted {_WHERE[point]}, and no intent needs it"
            yield error("E901", message, help=f"admitted by {self._firewall_rule_of(point, difference)}")
        told: set[Span | None] = set()
        for difference in islice(not_admitted(wanted, Cover((*certain, *free)), self._budget), self._shown):
            message = f"`{_witness(point, difference)}` is not admitted {_WHERE[point]}"
            span = self._span_behind(point, difference)
            if span and span in told:
                continue
            told.add(span)
            yield error("E902", message, span, "this intent needs it" if span else "")

    def _denied(self) -> Iterator[Diagnostic]:
        """Report what rules deny that intents need and others open; what ours open was compared before."""
        needed = self._meaning.between_machines()
        for point, entry, region, rule in denials(self._emitted, needed, self._intended, self._budget):
            message = f"`{_witness(point, Difference(entry, region))}` is not admitted {_WHERE[point]}"
            yield error("E902", message, help=f"denied by {rule.title}")

    def _span_behind(self, point: ir.Point, difference: Difference) -> Span | None:
        """Return where the first intent stands that needs what a firewall rule should open."""
        if self._behind is None:
            self._behind = {}
            for flow in self._meaning.flows:
                needed = self._meaning.of(flow)
                for at, admitted in (
                    (ir.Point.ENTERING_NODE, needed.into_nodes),
                    (ir.Point.LEAVING_NODE, needed.out_of_nodes),
                ):
                    for peer, ports in admitted.items():
                        self._behind.setdefault((at, peer), []).append((ports, flow.span))
        lost = _ports(difference)
        found = self._behind.get((point, difference.entry.peer), [])
        return next((span for opened, span in found if opened & lost), None)

    def _firewall_rule_of(self, point: ir.Point, difference: Difference) -> str:
        direction = "INGRESS" if point is ir.Point.ENTERING_NODE else "EGRESS"
        ports = _ports(difference)
        for rule in self._emitted.firewall:
            if rule.direction == direction and difference.entry.peer in rule.peers and rule.ports & ports:
                return rule.title
        return "several rules together"


def _grouped(subjects: Iterable[Subject] | Side, namespaces: Iterable[str]) -> Grouped:
    wanted = set(namespaces)
    groups: Grouped = {}
    for subject in subjects:
        if subject.namespace in wanted:
            groups.setdefault(subject.namespace, []).append(subject)
    return groups


def _ports(difference: Difference) -> PortSet:
    ports = difference.region[PORTS]
    assert isinstance(ports, PortSet)  # noqa: S101 - what stands at this coordinate
    return ports


def _need_of(difference: Difference, needs: dict[tuple[Subject, Peer], list[Need]]) -> Need | None:
    entry, ports = difference.entry, _ports(difference)
    if entry.subject is None:
        return None
    found = needs.get((entry.subject, entry.peer), [])
    return next((need for need in found if need.ports & ports), None)


def _witness(point: ir.Point, difference: Difference) -> Witness:
    region = difference.region
    protocol, number = port(_ports(difference))
    subject = difference.entry.subject
    mine = end(region, "subject", namespace=subject.namespace) if subject else _NODES
    theirs = end(region, "peer")
    leaves = point in (ir.Point.LEAVING_POD, ir.Point.LEAVING_NODE)
    return Witness(mine, theirs, protocol, number) if leaves else Witness(theirs, mine, protocol, number)
