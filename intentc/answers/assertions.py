"""Asserts of a project become a report: which hold, and which intents and rules no assert speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import ip_network

from intentc.compiler import Result
from intentc.diagnostics import Diagnostic
from intentc.ir import Addresses, Assertion, Endpoint, Flow, Pods, Ports, Rule, Selector
from intentc.prove.labels import both, label_set

_FAILED = ("E906", "E907")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One assert on one cluster; `failure` is None where it holds."""

    cluster: str
    assertion: Assertion
    failure: Diagnostic | None


@dataclass(frozen=True, slots=True)
class Report:
    """Every assert's outcome, and the flows and rules by cluster that asserts touch or miss."""

    outcomes: tuple[Outcome, ...]
    missed_flows: tuple[tuple[str, Flow], ...]
    missed_rules: tuple[tuple[str, Rule], ...]
    flows: int
    rules: int

    @property
    def coverage(self) -> Fraction:
        """Return the exact share of flows that some assert touches; 1 where there is no flow."""
        return Fraction(self.flows - len(self.missed_flows), self.flows) if self.flows else Fraction(1)


def report(result: Result) -> Report:
    """Return what became of the asserts of a compiled project.

    An assert touches a flow when some connection is denoted by both, on the same path. A rule is touched with
    a flow it exists for; rules for name resolution and identity are not counted.
    """
    outcomes: list[Outcome] = []
    missed_flows: list[tuple[str, Flow]] = []
    missed_rules: list[tuple[str, Rule]] = []
    flows = rules = 0
    failures = {item.span.sort_key: item for item in result.diagnostics if item.code in _FAILED and item.span}
    for cluster in result.clusters:
        policy, name = cluster.policy, cluster.profile.name
        for assertion in policy.assertions:
            span = assertion.flow.span
            outcomes.append(Outcome(name, assertion, failures.get(span.sort_key) if span else None))
        index = _by_namespaces(policy.assertions)
        touched = {id(flow) for flow in policy.flows if _touched(flow, index)}
        missed_flows += [(name, flow) for flow in policy.flows if id(flow) not in touched]
        flows += len(policy.flows)
        for rule in policy.rules:
            origins = [origin.flow for origin in rule.origins if origin.flow is not None]
            if origins:
                rules += 1
                if not any(id(flow) in touched for flow in origins):
                    missed_rules.append((name, rule))
    return Report(tuple(outcomes), tuple(missed_flows), tuple(missed_rules), flows, rules)


Names = tuple[str | None, str | None]


def _by_namespaces(assertions: Iterable[Assertion]) -> dict[Names, list[Flow]]:
    """Return what is asserted by the names of the ends' namespaces, so that few are compared with a flow."""
    found: dict[Names, list[Flow]] = {}
    for assertion in assertions:
        found.setdefault(_names(assertion.flow), []).append(assertion.flow)
    return found


def _names(flow: Flow) -> Names:
    source, target = (end.namespace if isinstance(end, Pods) else None for end in (flow.source, flow.target))
    return source, target


def _touched(flow: Flow, index: dict[Names, list[Flow]]) -> bool:
    source, target = _names(flow)
    if source is None or target is None:
        return any(_meet(flow, other) for flows in index.values() for other in flows)
    near = dict.fromkeys([(source, target), (source, None), (None, target), (None, None)])
    return any(_meet(flow, other) for names in near for other in index.get(names, ()))


def _meet(one: Flow, other: Flow) -> bool:
    return (
        one.path == other.path
        and ends_meet(one.source, other.source)
        and ends_meet(one.target, other.target)
        and any(ports_meet(mine, theirs) for mine in one.ports for theirs in other.ports)
    )


def ends_meet(one: Endpoint, other: Endpoint) -> bool:
    """Tell whether something may be in both ends, in some cluster that could exist."""
    if isinstance(one, Pods) and isinstance(other, Pods):
        return _labels_meet(one.namespaces, other.namespaces, of_namespace=True) and _labels_meet(
            one.pods, other.pods, of_namespace=False
        )
    if isinstance(one, Addresses) and isinstance(other, Addresses):
        return any(_ranges_meet(mine.cidr, theirs.cidr) for mine in one.blocks for theirs in other.blocks)
    return False


def _labels_meet(one: Selector, other: Selector, *, of_namespace: bool) -> bool:
    mine, theirs = (label_set(selector, of_namespace=of_namespace) for selector in (one, other))
    return mine is not None and theirs is not None and both(mine, theirs) is not None


def _ranges_meet(one: str, other: str) -> bool:
    mine, theirs = ip_network(one), ip_network(other)
    return mine.version == theirs.version and mine.overlaps(theirs)


def ports_meet(one: Ports, other: Ports) -> bool:
    """Tell whether some port is certain to be in both."""
    if one.protocol != other.protocol:
        return False
    if one.name or other.name:
        # A name may stand for any number at run time, so only equal names are certain to meet.
        return (
            one.name == other.name
            or (one.first, one.last) == (1, 65535)
            or (other.first, other.last) == (1, 65535)
        )
    return one.first <= other.last and other.first <= one.last
