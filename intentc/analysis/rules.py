"""Flows and isolations become the rules that each point needs, each once, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from intentc import ir
from intentc.analysis.lifelines import Lifeline
from intentc.analysis.lowering import AT_NODES, Cluster, Hop, lower
from intentc.profile import Profile

RuleKey = tuple[ir.Point, ir.Endpoint, ir.Endpoint, ir.Ports]

_AT_SOURCE, _AT_TARGET = (ir.Point.LEAVING_POD,), (ir.Point.ENTERING_POD,)
_LEAVING = (ir.Point.LEAVING_POD, ir.Point.LEAVING_NODE)


def with_rules(policy: ir.Policy, profile: Profile) -> ir.Policy:
    """Return a policy with the rules that its flows and isolations lead to, no more than it is `within`."""
    cluster = Cluster.of(profile)
    lifeline = Lifeline(profile, cluster)
    origins: dict[RuleKey, list[ir.Origin]] = {}

    def add(hops: Iterable[Hop]) -> None:
        for point, source, target, ports, why in hops:
            for port in ports:
                key = (point, source, target, port)
                its = origins.get(key)
                if its is None:
                    origins[key] = [why]
                elif its[-1] is not why:
                    its.append(why)

    isolated = [each.pods for each in policy.isolations if each.point is ir.Point.LEAVING_POD]
    own = isolated
    if policy.within == ir.EVERY_NAMESPACE:
        for flow in policy.flows:
            add(lower(flow, cluster))
    else:
        has = _Own(policy.within)
        own = list(filter(has, isolated))
        is_network = policy.within == ir.NO_NAMESPACE
        for flow in policy.flows:
            if has(flow.source):
                add(lower(flow, cluster, _AT_SOURCE))
            if has(flow.target):
                add(lower(flow, cluster, _AT_TARGET))
            if is_network:
                add(lower(flow, cluster, AT_NODES))
    for pods in own:
        add(lifeline.of(pods))
    if isolated and policy.within in (ir.EVERY_NAMESPACE, ir.NO_NAMESPACE):
        add(lifeline.network)
    return replace(policy, rules=_in_order(origins, policy.order))


class _Own:
    """Tell whether a policy within a range has the rules of an end; addresses have none at pods."""

    def __init__(self, within: ir.NamespaceRange) -> None:
        self._within = within
        self._known: dict[int, bool] = {}
        self._kept: list[ir.Endpoint] = []  # INVARIANT: what is known by identity is kept

    def __call__(self, end: ir.Endpoint) -> bool:
        known = self._known.get(id(end))
        if known is None:
            name = end.namespace if isinstance(end, ir.Pods) else ""
            known = self._known[id(end)] = name is None or (bool(name) and self._within.holds(name))
            self._kept.append(end)
        return known


def order_of(
    flows: Iterable[ir.Flow], isolations: Iterable[ir.Isolation], profile: Profile
) -> dict[ir.Endpoint, int]:
    """Return the place of each end of a rule: addresses, then pods of no one namespace, then by names."""
    cluster = Cluster.of(profile)
    ends: set[ir.Endpoint] = {cluster.pods, cluster.nodes, *Lifeline(profile, cluster).targets}
    for flow in flows:
        ends.add(flow.source)
        ends.add(flow.target)
    ends.update(isolation.pods for isolation in isolations)
    return {end: place for place, end in enumerate(sorted(ends, key=_place))}


def _place(end: ir.Endpoint) -> tuple[int, str, ir.Endpoint]:
    if isinstance(end, ir.Addresses):
        return 0, "", end
    name = end.namespace
    return (1, "", end) if name is None else (2, name, end)


def _in_order(
    origins: dict[RuleKey, list[ir.Origin]], order: Mapping[ir.Endpoint, int]
) -> tuple[ir.Rule, ...]:
    """Return all rules in an order that no line of the source decides, those of one namespace together.

    They stand by point, the end they are a rule of, the other end, and ports.
    """
    ports = {port: place for place, port in enumerate(sorted({key[3] for key in origins}))}
    points = {point: place for place, point in enumerate(sorted(ir.Point, key=lambda point: point.value))}
    width, depth = len(order), len(ports)

    def place(key: RuleKey) -> int:
        point, source, target, port = key
        own, other = (source, target) if point in _LEAVING else (target, source)
        return ((points[point] * width + order[own]) * width + order[other]) * depth + ports[port]

    return tuple([ir.Rule(*key, tuple(origins[key])) for key in sorted(origins, key=place)])
