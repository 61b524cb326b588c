"""Intents that isolate the pods every other pod resolves names with."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, warning
from intentc.ir import KnownNamespace, Pods, Point, Policy, Requirement, Rule, Selector


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield a warning for each isolation that may select a resolver: its other clients lose it."""
    del context
    resolvers = dict.fromkeys(rule.target for rule in policy.rules if _is_dns(rule))
    unique = [resolver for resolver in resolvers if isinstance(resolver, Pods)]
    admitted = {
        rule.target
        for rule in policy.rules
        if rule.point is Point.ENTERING_POD and _everyone(rule) and rule.ports.protocol == "UDP"
    }
    for isolation in policy.isolations:
        if isolation.point is not Point.ENTERING_POD or isolation.pods in admitted:
            continue
        if any(_likely_meet(isolation.pods, resolver, policy.namespaces) for resolver in unique):
            span = isolation.span or next((flow.span for flow in isolation.origins if flow.span), None)
            message = "the pods that resolve names become isolated for ingress"
            label = "every pod that is not named as a source loses name resolution"
            help_texts = (
                "leave the resolvers out where they are not meant: `kube-system[k8s-app!=kube-dns]`",
                "otherwise name every client as a source on their port, `53/udp, 53`",
            )
            yield warning("W310", message, span, label, help=help_texts)


def _is_dns(rule: Rule) -> bool:
    if rule.point is Point.LEAVING_POD:
        for origin in rule.origins:
            if origin.cause == "dns":
                return True
    return False


def _everyone(rule: Rule) -> bool:
    return isinstance(rule.source, Pods) and not rule.source.namespaces and not rule.source.pods


def _likely_meet(isolated: Pods, resolver: Pods, known: tuple[KnownNamespace, ...] | None) -> bool:
    """Tell whether a resolver is likely among the isolated pods.

    A pod that has to have a label which tells nothing of resolvers is none of them: all that a resolver is
    known by is in its own selector.
    """
    if _needs_more(isolated.pods, resolver.pods):
        return False
    if known is None and _needs_more(isolated.namespaces, resolver.namespaces):
        return False
    both = isolated.namespaces + resolver.namespaces
    if not _compatible(both) or not _compatible(isolated.pods + resolver.pods):
        return False
    return isolated.namespace is not None or known is None or any(_labels_fit(both, space) for space in known)


def _needs_more(isolated: Selector, resolver: Selector) -> bool:
    """Tell whether what is isolated must have a label that is not one the resolver is known by."""
    told = {its.key for its in resolver}
    return any(its.operator in ("In", "Exists") and its.key not in told for its in isolated)


def _labels_fit(requirements: Selector, space: KnownNamespace) -> bool:
    """Tell whether the labels of a namespace satisfy every requirement."""
    labels = dict(space.labels)
    missing = {its.key for its in requirements} - labels.keys()
    facts = [Requirement(key, "In", (value,)) for key, value in labels.items()]
    facts += [Requirement(key, "DoesNotExist") for key in missing]
    return _compatible((*requirements, *facts))


def _compatible(requirements: Selector) -> bool:
    by_key: dict[str, list[Requirement]] = {}
    for requirement in requirements:
        by_key.setdefault(requirement.key, []).append(requirement)
    for its in by_key.values():
        allowed = [set(item.values) for item in its if item.operator == "In"]
        refused = {value for item in its if item.operator == "NotIn" for value in item.values}
        if allowed and not set.intersection(*allowed) - refused:
            return False
        operators = {item.operator for item in its}
        if "DoesNotExist" in operators and operators & {"In", "Exists"}:
            return False
    return True
