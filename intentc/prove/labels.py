"""A selector becomes the set of label maps it holds for, of all there could be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from intentc import ir

ABSENT = None
"""The state of a label that an object does not carry."""


class Values(NamedTuple):
    """States of one label: the listed ones, or, when `excluding`, every state but the listed ones."""

    listed: frozenset[str | None]
    excluding: bool = False

    def __bool__(self) -> bool:
        """Tell whether there is any such state: label values are endless, so exclusion always leaves some."""
        return self.excluding or bool(self.listed)

    def __and__(self, other: Values) -> Values:
        """Return the states in both sets."""
        if self.excluding and other.excluding:
            return Values(self.listed | other.listed, excluding=True)
        if self.excluding:
            return Values(other.listed - self.listed)
        if other.excluding:
            return Values(self.listed - other.listed)
        return Values(self.listed & other.listed)

    def __sub__(self, other: Values) -> Values:
        """Return the states of this set that are not in `other`."""
        return self & Values(other.listed, not other.excluding)

    def holds(self, state: str | None) -> bool:
        """Tell whether `state` is one of the states."""
        return (state in self.listed) != self.excluding


ANY_STATE = Values(frozenset(), excluding=True)
ANY_VALUE = Values(frozenset({ABSENT}), excluding=True)

LabelSet = tuple[tuple[str, Values], ...]
"""The label maps whose named keys are in these states: sorted by key, keys that say nothing left out.

Two such tuples are equal exactly when they hold for the same maps.
"""

EVERYTHING: LabelSet = ()


def states_of(key: str, *, of_namespace: bool) -> Values:
    """Return all states the label can be in: the API server sets every namespace's name label."""
    return ANY_VALUE if of_namespace and key == ir.NAMESPACE_LABEL else ANY_STATE


def _states(requirement: ir.Requirement) -> Values:
    match requirement.operator:
        case "In":
            values = requirement.values
            return _exactly(values[0]) if len(values) == 1 else Values(frozenset(values))
        case "NotIn":  # holds for objects without the label, too
            return Values(frozenset(requirement.values), excluding=True)
        case "Exists":
            return ANY_VALUE
        case "DoesNotExist":
            return Values(frozenset({ABSENT}))


def label_set(selector: Sequence[ir.Requirement], *, of_namespace: bool) -> LabelSet | None:
    """Return the label maps a selector holds for, or None when no map satisfies it.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    if len(selector) == 1 and selector[0].operator == "In":
        return ((selector[0].key, _states(selector[0])),) if selector[0].values else None
    states: dict[str, Values] = {}
    for requirement in selector:
        key = requirement.key
        found = _states(requirement)
        if key in states:
            found &= states[key]
        elif of_namespace and key == ir.NAMESPACE_LABEL:
            found &= ANY_VALUE
        if not found:
            return None
        states[key] = found
    return tuple(
        (key, states[key])
        for key in sorted(states)
        if not states[key].excluding or states[key] != states_of(key, of_namespace=of_namespace)
    )


@lru_cache(maxsize=65536)
def _exactly(value: str) -> Values:
    return Values(frozenset((value,)))


def equal_to(labels: Mapping[str, str]) -> LabelSet:
    """Return the label maps that carry all of these labels."""
    return tuple((key, _exactly(labels[key])) for key in sorted(labels))


def named(namespace: str) -> LabelSet:
    """Return the label maps of the one namespace called `namespace`."""
    return ((ir.NAMESPACE_LABEL, Values(frozenset({namespace}))),)


def both(one: LabelSet, other: LabelSet) -> LabelSet | None:
    """Return the label maps in both sets, or None when there is none."""
    states = dict(one)
    for key, values in other:
        found = states.get(key, ANY_STATE) & values
        if not found:
            return None
        states[key] = found
    return tuple(sorted(states.items(), key=lambda item: item[0]))


def holds(labels: LabelSet, carried: Mapping[str, str]) -> bool:
    """Tell whether an object that carries these labels is in the set."""
    return all(values.holds(carried.get(key)) for key, values in labels)


def example(labels: LabelSet) -> tuple[tuple[str, str], ...]:
    """Return the fewest labels that put an object into the set, with the first values that do."""
    chosen = []
    for key, values in labels:
        if values.holds(ABSENT):
            continue
        if values.excluding:
            value = next(name for name in _fresh_values() if values.holds(name))
        else:
            value = min(value for value in values.listed if value is not None)
        chosen.append((key, value))
    return tuple(chosen)


def _fresh_values() -> Iterable[str]:
    yield "other"
    number = 2
    while True:
        yield f"other-{number}"
        number += 1
