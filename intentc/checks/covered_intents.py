"""Intents that other intents already cover, in whole."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import combinations

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, warning
from intentc.ir import Addresses, Block, Endpoint, Flow, Path, Pods, Policy, Ports, Selector
from intentc.source import Span

_MOST_REQUIREMENTS = 3
"""Up to how many requirements of a selector its weaker selectors are looked up: each doubles their number."""

Key = tuple[Endpoint, Endpoint, Path]
Ranges = dict[str, tuple[list[int], list[tuple[int, Flow]]]]
"""For each protocol or port name the starts of the ranges, and beside each the furthest end so far."""


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield a warning for each statement all of whose flows others allow, with the line that does.

    Linear: instead of comparing statements in pairs, every end looks its own generalisations up, once: fewer
    labels, every namespace, a wider range.
    """
    del context
    index = _Index(policy.flows)
    statements: dict[tuple[str, int], list[Flow]] = {}
    for flow in policy.flows:
        if flow.span is not None:
            statements.setdefault((flow.span.file.path, flow.span.start), []).append(flow)
    for flows in statements.values():
        covers = []
        for flow in flows:
            cover = index.cover(flow)
            if cover is None:
                break
            covers.append(cover)
        else:
            yield _covered(flows, covers)


def _covered(flows: list[Flow], covers: list[Flow]) -> Diagnostic:
    span = flows[0].span
    spans = list(dict.fromkeys(cover.span for cover in covers if cover.span is not None))
    if (
        all(_says_the_same(flow, cover) for flow, cover in zip(flows, covers, strict=True))
        and len(spans) == 1
    ):
        fixes = (
            (Fix("remove the line", (Edit(span, ""),), safe=True),)
            if span and _adds_nothing(flows, covers)
            else ()
        )
        first = (Label(spans[0], "first said here"),)
        help_text = "keep one of the two" + ("" if fixes else ", with the clauses that hold")
        return warning(
            "W302", "intent is said twice", span, "second time", others=first, help=help_text, fixes=fixes
        )
    others = tuple(Label(place, "this allows it already") for place in spans[:3])
    label = "it allows nothing that others do not"
    help_text = "remove it, or narrow the wider intent"
    return warning("W303", "intent is contained in another", span, label, others=others, help=help_text)


def _says_the_same(flow: Flow, cover: Flow) -> bool:
    return (flow.source, flow.target, flow.ports, flow.path) == (
        cover.source,
        cover.target,
        cover.ports,
        cover.path,
    )


def _adds_nothing(flows: list[Flow], covers: list[Flow]) -> bool:
    """Tell whether removing the statement changes no emitted byte: its clauses are the other's."""
    return all(flow.clauses == cover.clauses for flow, cover in zip(flows, covers, strict=True))


class _Index:
    """All flows by their ends and path, their port ranges in order."""

    def __init__(self, flows: tuple[Flow, ...]) -> None:
        self._order = {id(flow): number for number, flow in enumerate(flows)}
        self._sources = _Wider(flow.source for flow in flows)
        self._targets = _Wider(flow.target for flow in flows)
        self._flows: dict[Key, list[Flow]] = {}
        for flow in flows:
            self._flows.setdefault((flow.source, flow.target, flow.path), []).append(flow)
        self._ranges: dict[Key, Ranges] = {}

    def cover(self, flow: Flow) -> Flow | None:
        """Return a flow of another statement that allows all of `flow`; among equals only an earlier one."""
        targets = self._targets.of(flow.target)
        for source in self._sources.of(flow.source):
            for target in targets:
                flows = self._flows.get((source, target, flow.path))
                if flows is None or (len(flows) == 1 and flows[0] is flow):
                    continue
                ranges = self._ranges_of((source, target, flow.path))
                covers = [self._port(ranges, port, flow) for port in flow.ports]
                if None not in covers:
                    return covers[0]
        return None

    def _ranges_of(self, key: Key) -> Ranges:
        """Return the port ranges of all flows between two ends, in order for each protocol or name."""
        known = self._ranges.get(key)
        if known is None:
            ranges: dict[str, list[tuple[int, int, int, Flow]]] = {}
            for flow in self._flows[key]:
                for port in flow.ports:
                    entry = (port.first, -port.last, self._order[id(flow)], flow)
                    ranges.setdefault(f"{port.protocol} {port.name}", []).append(entry)
            known = self._ranges[key] = {name: _furthest(its) for name, its in ranges.items()}
        return known

    def _port(self, ranges: Ranges, port: Ports, flow: Flow) -> Flow | None:
        firsts, furthest = ranges.get(f"{port.protocol} {port.name}", ([], []))
        place = bisect_right(firsts, port.first) - 1
        if place < 0:
            return None
        last, cover = furthest[place]
        if last < port.last or _same_statement(cover.span, flow.span):
            return None
        if _says_the_same(flow, cover) and self._order[id(cover)] > self._order[id(flow)]:
            return None
        return cover


def _furthest(ranges: list[tuple[int, int, int, Flow]]) -> tuple[list[int], list[tuple[int, Flow]]]:
    """Return the starts of ranges in order, and beside each the furthest end of those that start no later."""
    firsts: list[int] = []
    furthest: list[tuple[int, Flow]] = []
    for first, negative_last, _, flow in sorted(ranges, key=lambda item: item[:3]):
        best = furthest[-1] if furthest else None
        firsts.append(first)
        furthest.append(best if best and best[0] >= -negative_last else (-negative_last, flow))
    return firsts, furthest


def _same_statement(first: Span | None, second: Span | None) -> bool:
    return (
        first is not None and second is not None and first.file is second.file and first.start == second.start
    )


class _Wider:
    """The ends of one side that occur, and for each those among them that hold all of it."""

    def __init__(self, ends: Iterable[Endpoint]) -> None:
        self._ends = set(ends)
        pods = [end for end in self._ends if isinstance(end, Pods)]
        self._namespaces = {end.namespaces for end in pods}
        self._pods = {end.pods for end in pods}
        self._known: dict[Endpoint, tuple[Endpoint, ...]] = {}
        self._weaker: dict[Selector, tuple[Selector, ...]] = {}

    def of(self, end: Endpoint) -> tuple[Endpoint, ...]:
        """Return the ends that hold all of `end`, itself among them, the narrowest first."""
        known = self._known.get(end)
        if known is None:
            known = self._known[end] = tuple(wide for wide in self._candidates(end) if wide in self._ends)
        return known

    def _candidates(self, end: Endpoint) -> Iterator[Endpoint]:
        if not isinstance(end, Pods):
            yield from _wider_ranges(end)
            return
        pods = self._weaker.get(end.pods)
        if pods is None:
            pods = tuple(selector for selector in _weaker(end.pods) if selector in self._pods)
            self._weaker[end.pods] = pods
        for namespaces in _weaker(end.namespaces):
            if namespaces in self._namespaces:
                for selector in pods:
                    yield Pods(namespaces, selector)


def _wider_ranges(end: Addresses) -> Iterator[Endpoint]:
    yield end
    if end.word == "cidr" and len(end.blocks) == 1:
        import ipaddress

        block = end.blocks[0]
        network = ipaddress.ip_network(block.cidr)
        if block.excepts:
            yield Addresses("cidr", (Block(block.cidr),))
        while network.prefixlen > 1:
            network = network.supernet()
            yield Addresses("cidr", (Block(str(network)),))


def _weaker(selector: Selector) -> Iterator[Selector]:
    yield selector
    if len(selector) > _MOST_REQUIREMENTS:
        yield ()
        return
    for size in range(len(selector) - 1, -1, -1):
        yield from combinations(selector, size)
