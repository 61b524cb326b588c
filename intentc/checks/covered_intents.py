"""Intents that other intents already cover, in whole."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import combinations

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, warning
from intentc.ir import Addresses, Block, Endpoint, Flow, Path, Pods, Policy, Ports, Selector
from intentc.source import Span

_MOST_REQUIREMENTS = 3
"""Up to how many requirements of a selector its weaker selectors are looked up: each doubles their number."""

Key = tuple[Endpoint, Endpoint, Path]


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield a warning for each statement all of whose flows others allow, with the line that does.

    Linear: instead of comparing statements in pairs, every flow looks its own generalisations up: fewer
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
        found: dict[Key, dict[str, list[tuple[int, int, int, Flow]]]] = {}
        for number, flow in enumerate(flows):
            ranges = found.setdefault((flow.source, flow.target, flow.path), {})
            for port in flow.ports:
                ranges.setdefault(f"{port.protocol} {port.name}", []).append(
                    (port.first, -port.last, number, flow)
                )
        self._ranges: dict[Key, dict[str, tuple[list[int], list[tuple[int, Flow]]]]] = {}
        for key, ranges in found.items():
            self._ranges[key] = {name: _furthest(its) for name, its in ranges.items()}

    def cover(self, flow: Flow) -> Flow | None:
        """Return a flow of another statement that allows all of `flow`; among equals only an earlier one."""
        for source in _generalisations(flow.source):
            for target in _generalisations(flow.target):
                ranges = self._ranges.get((source, target, flow.path))
                if ranges is None:
                    continue
                covers = [self._port(ranges, port, flow) for port in flow.ports]
                if None not in covers:
                    return covers[0]
        return None

    def _port(
        self, ranges: dict[str, tuple[list[int], list[tuple[int, Flow]]]], port: Ports, flow: Flow
    ) -> Flow | None:
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


def _generalisations(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Yield `endpoint` and ends that hold all of it: weaker selectors, wider ranges."""
    if isinstance(endpoint, Pods):
        for namespaces in _weaker(endpoint.namespaces):
            for pods in _weaker(endpoint.pods):
                yield Pods(namespaces, pods)
        return
    yield endpoint
    if endpoint.word == "cidr" and len(endpoint.blocks) == 1:
        import ipaddress

        block = endpoint.blocks[0]
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
