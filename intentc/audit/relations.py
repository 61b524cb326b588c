"""Two ends of rules become the answer whether one holds the other, or whether they share anybody."""

from __future__ import annotations

from intentc.audit.policies import End, Rule
from intentc.prove.labels import LabelSet, both, states_of


def holds_labels(outer: LabelSet, inner: LabelSet, *, of_namespace: bool = False) -> bool:
    """Tell whether every label map of `inner` is in `outer`."""
    states = dict(inner)
    for key, values in outer:
        its = states.get(key)
        if its is not values and (its or states_of(key, of_namespace=of_namespace)) - values:
            return False
    return True


def holds(outer: End, inner: End) -> bool:
    """Tell whether everybody of `inner` is in `outer`."""
    if outer.family != inner.family:
        return False
    if outer.family:
        mine, theirs = inner.addresses.intervals, outer.addresses.intervals
        if mine[0][0] < theirs[0][0] or mine[-1][1] > theirs[-1][1]:
            return False
        return not inner.addresses - outer.addresses
    return holds_labels(outer.namespaces, inner.namespaces, of_namespace=True) and holds_labels(
        outer.pods, inner.pods
    )


def may_share(one: End, other: End) -> bool:
    """Tell whether somebody could be in both."""
    if one.family != other.family:
        return False
    if one.family:
        return bool(one.addresses & other.addresses)
    return both(one.namespaces, other.namespaces) is not None and both(one.pods, other.pods) is not None


def rule_holds(outer: Rule, inner: Rule) -> bool:
    """Tell whether a rule admits all that another does, each peer of that within one of its own."""
    if inner.port_set is not outer.port_set and inner.port_set - outer.port_set:
        return False
    return all(any(holds(end, its) for end in outer.ends) for its in inner.ends)
