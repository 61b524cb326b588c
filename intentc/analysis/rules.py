"""Flows and isolations become the rules that each point needs, each once, in one order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from intentc import ir
from intentc.analysis.lifelines import Lifeline
from intentc.analysis.lowering import Cluster, Hop, lower
from intentc.profile import Profile

RuleKey = tuple[ir.Point, ir.Endpoint, ir.Endpoint, ir.Ports]

_LEAVING = (ir.Point.LEAVING_POD, ir.Point.LEAVING_NODE)


def with_rules(policy: ir.Policy, profile: Profile) -> ir.Policy:
    """Return a policy with the rules that its flows and isolations lead to, no more than it is `within`."""
    cluster = Cluster.of(profile)
    lifeline = Lifeline(profile, cluster)
    leaving = [each for each in policy.isolations if each.point is ir.Point.LEAVING_POD]
    found = _Rules(policy.within)
    for flow in policy.flows:
        found.add(lower(flow, cluster))
    for isolation in leaving:
        found.add(lifeline.of(isolation.pods))
    if leaving:
        found.add(lifeline.network)
    return replace(policy, rules=found.in_order())


class _Rules:
    """Rules with why they exist."""

    def __init__(self, within: ir.NamespaceRange) -> None:
        self._within = within
        self._origins: dict[RuleKey, list[ir.Origin]] = {}
        self._known: dict[int, bool] = {}
        self._kept: list[ir.Endpoint] = []

    def add(self, hops: Iterable[Hop]) -> None:
        """Take over what hops allow, where it is within the range."""
        origins = self._origins
        is_part = self._within != ir.EVERY_NAMESPACE
        for point, source, target, ports, why in hops:
            if is_part and not self._holds(source if point in _LEAVING else target):
                continue
            for port in ports:
                key = (point, source, target, port)
                its = origins.get(key)
                if its is None:
                    origins[key] = [why]
                elif its[-1] is not why:
                    its.append(why)

    def _holds(self, own: ir.Endpoint) -> bool:
        """Tell whether a rule belongs to this part by the end that it is a rule of."""
        known = self._known.get(id(own))
        if known is None:
            if isinstance(own, ir.Pods):
                known = own.namespace is None or self._within.holds(own.namespace)
            else:
                known = self._within == ir.NO_NAMESPACE
            self._known[id(own)] = known
            self._kept.append(own)
        return known

    def in_order(self) -> tuple[ir.Rule, ...]:
        """Return all rules in an order that no line of the source decides, those of a namespace together.

        They stand by point, the end they are a rule of, the other end, and ports. Each distinct end is
        compared once, not each rule.
        """
        origins = self._origins
        rank = {end: place for place, end in enumerate(_sorted({end for key in origins for end in key[1:3]}))}
        ports = {port: place for place, port in enumerate(sorted({key[3] for key in origins}))}
        points = {point: place for place, point in enumerate(sorted(ir.Point, key=lambda point: point.value))}
        width, depth = len(rank), len(ports)

        def place(key: RuleKey) -> int:
            point, source, target, port = key
            own, other = (source, target) if point in _LEAVING else (target, source)
            return ((points[point] * width + rank[own]) * width + rank[other]) * depth + ports[port]

        return tuple([ir.Rule(*key, tuple(origins[key])) for key in sorted(origins, key=place)])


def _sorted(ends: set[ir.Endpoint]) -> list[ir.Endpoint]:
    """Return addresses, then pods of no one namespace, then pods by the names of their namespaces."""
    pods: list[ir.Endpoint] = [end for end in ends if isinstance(end, ir.Pods)]
    addresses = [end for end in ends if isinstance(end, ir.Addresses)]
    wide = [end for end in pods if isinstance(end, ir.Pods) and end.namespace is None]
    return [*sorted(addresses), *sorted(wide), *sorted(set(pods).difference(wide))]
