"""A policy is divided by the names of namespaces, so that its parts are emitted and proved one by one.

A NetworkPolicy stands in the namespace of the pods it selects, so what is emitted for a namespace, and the
proof of it, needs the flows that touch it and no others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from intentc import ir

MOST_FLOWS = 10_000
"""How many flows make a part: the memory they take is there once for each process."""

FEWEST_FLOWS = 2_000
"""How many flows are worth a part that another process takes."""

_EACH = 2
"""How many parts a process gets where there are enough flows: one may be more work than another."""

_MOST_WIDE = 0.05
"""Which share of the flows may be of no one namespace: these are in every part."""


def ranges(policy: ir.Policy, processes: int) -> tuple[ir.NamespaceRange, ...]:
    """Return ranges of namespaces with about as many flows each, and every name in one of them.

    There is one range where a division is not worth it: a small program, many flows between pods that are
    not selected by the name of a namespace, or claims, which are judged by the whole.
    """
    flows = len(policy.flows)
    shared = min(_EACH * processes, flows // FEWEST_FLOWS) if processes > 1 else 1
    count = max(shared, flows // MOST_FLOWS)
    if count < 2 or policy.assertions:
        return (ir.EVERY_NAMESPACE,)
    ends: Counter[str | None] = Counter()
    for pods, its in Counter(end for flow in policy.flows for end in (flow.source, flow.target)).items():
        if isinstance(pods, ir.Pods):
            ends[pods.namespace] += its
    wide = ends.pop(None, 0)
    if wide > _MOST_WIDE * flows:
        return (ir.EVERY_NAMESPACE,)
    firsts, passed, last, all_ends = [""], 0, 0, ends.total()
    for name, its in sorted((name, its) for name, its in ends.items() if name is not None):
        place = int((passed + its / 2) * count / all_ends)
        if passed and place > last:
            firsts.append(name)
        passed, last = passed + its, place
    return tuple(map(ir.NamespaceRange, firsts, (*firsts[1:], None)))


def divided(policy: ir.Policy, among: tuple[ir.NamespaceRange, ...]) -> tuple[ir.Policy, ...]:
    """Return the part of each range, and before them the part of none; none of them has rules yet.

    `among` are all ranges, in order. The part of no namespace has all flows, as the network sees them.
    """
    firsts = [its.first for its in among]
    places: dict[ir.Pods, tuple[int, ...]] = {}
    everywhere = tuple(range(len(among)))

    def places_of(pods: ir.Pods) -> tuple[int, ...]:
        known = places.get(pods)
        if known is None:
            name = pods.namespace
            known = places[pods] = everywhere if name is None else (bisect_right(firsts, name) - 1,)
        return known

    flows: list[list[ir.Flow]] = [[] for _ in among]
    for flow in policy.flows:
        found: tuple[int, ...] = ()
        if isinstance(flow.source, ir.Pods):
            found = places_of(flow.source)
        if isinstance(flow.target, ir.Pods):
            more = places_of(flow.target)
            found = found if more == found else tuple({*found, *more})
        for place in found:
            flows[place].append(flow)
    isolations: list[list[ir.Isolation]] = [[] for _ in among]
    for isolation in policy.isolations:
        for place in places_of(isolation.pods):
            isolations[place].append(isolation)
    parts = zip(among, flows, isolations, strict=True)
    return (
        replace(policy, isolations=tuple(_wide_and_one(policy.isolations)), within=ir.NO_NAMESPACE),
        *(
            replace(policy, flows=tuple(its_flows), isolations=tuple(its), within=within)
            for within, its_flows, its in parts
        ),
    )


def outline(policy: ir.Policy) -> ir.Policy:
    """Return a policy of the flows that are not simply from one namespace to another.

    Its rules are all that advice is given about: those by node address, those for everybody, and those for
    name resolution.
    """
    unusual = (flow for flow in policy.flows if flow.path != ir.DIRECT or _is_wide(flow))
    return replace(policy, flows=tuple(unusual), isolations=tuple(_wide_and_one(policy.isolations)))


def _is_wide(flow: ir.Flow) -> bool:
    return any(not isinstance(end, ir.Pods) or end.namespace is None for end in (flow.source, flow.target))


def _wide_and_one(isolations: Iterable[ir.Isolation]) -> Iterable[ir.Isolation]:
    """Yield isolations of pods of no one namespace, and the first for egress, which stands for all."""
    has_leaving = False
    for isolation in isolations:
        is_first = isolation.point is ir.Point.LEAVING_POD and not has_leaving
        if is_first or isolation.pods.namespace is None:
            has_leaving = has_leaving or is_first
            yield isolation
