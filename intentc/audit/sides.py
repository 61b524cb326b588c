"""Rules held against other rules become findings: those that add nothing, and those the other end refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from intentc.audit import places
from intentc.audit.context import Context, peer_pods
from intentc.audit.policies import DIRECTIONS, Direction, End, Peer, Policy, Port, Rule
from intentc.audit.relations import holds, holds_labels, rule_holds
from intentc.diagnostics import Diagnostic, Fix, Label, warning
from intentc.ir import NAMESPACE_LABEL
from intentc.manifests.tree import Value
from intentc.prove.labels import LabelSet, both
from intentc.prove.labels import holds as carries
from intentc.source import Span

_OTHER: dict[Direction, Direction] = {"ingress": "egress", "egress": "ingress"}

_Pods = LabelSet | Mapping[str, str]
"""Pods that a selector stands for, or the labels of pods that a manifest describes."""


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield the rules of a policy that change nothing, whatever else holds."""
    for direction in DIRECTIONS:
        rules = policy.rules(direction)
        contained = set()
        listing = policy.spec.get(direction)
        for index, outer in _contained(rules, context):
            contained.add(index)
            said = f"a rule of `{direction}` in the same policy"
            yield _adds_nothing(listing, index, rules[index].value, rules[outer].value, "rule", said)
        for index, rule in enumerate(rules):
            if index not in contained:
                yield from _within(rule, context)
                for peer in rule.peers:
                    if peer.end is not None and not peer.is_block:
                        yield from _refused(policy, rule, peer, context)


# --- What another rule says as well ---------------------------------------------------------------------


def _contained(rules: Sequence[Rule], context: Context) -> Iterator[tuple[int, int]]:
    """Yield each rule that another one holds, with that one; of two that say the same, the second."""
    for index, inner in enumerate(rules):
        if not inner.ends:
            continue
        for other, outer in enumerate(rules):
            if other == index:
                continue
            context.budget.spend(inner.size * len(outer.ends) + outer.size * len(inner.ends))
            if rule_holds(outer, inner) and (other < index or not rule_holds(inner, outer)):
                yield index, other
                break


def _within(rule: Rule, context: Context) -> Iterator[Diagnostic]:
    """Yield the peers and ports of one rule that another of it holds."""
    listing = rule.value.get("from" if rule.direction == "ingress" else "to")
    found: set[int] = set()
    for index, other in _near_peers(rule, context):
        inner, outer = rule.peers[index], rule.peers[other]
        if index in found or inner.end is None or outer.end is None:
            continue
        if holds(outer.end, inner.end) and (other < index or not holds(inner.end, outer.end)):
            found.add(index)
            yield _adds_nothing(listing, index, inner.value, outer.value, "peer", "a peer of the same rule")
    for index, port in enumerate(rule.ports):
        for other, wider in enumerate(rule.ports):
            context.budget.spend()
            if other == index:
                continue
            if _is_in(port, wider) and (other < index or not _is_in(wider, port)):
                listing = rule.value.get("ports")
                yield _adds_nothing(
                    listing, index, port.value, wider.value, "port", "a port of the same rule"
                )
                break


def _near_peers(rule: Rule, context: Context) -> Iterator[tuple[int, int]]:
    """Yield the pairs of peers of which the second may hold the first; of ranges there are few.

    A range is held by one that begins no later and ends no sooner: in the order of their beginnings, those
    that have ended are out.
    """
    pods = [index for index, peer in enumerate(rule.peers) if peer.end is not None and not peer.end.family]
    each = 2 + rule.size // max(1, len(rule.peers)) // 4
    for index in pods:
        context.budget.spend(each * len(pods))
        yield from ((index, other) for other in pods if other != index)
    ranges: dict[tuple[int, int, int], list[int]] = {}
    for index, peer in enumerate(rule.peers):
        if peer.end is not None and peer.end.family:
            intervals = peer.end.addresses.intervals
            ranges.setdefault((peer.end.family, intervals[0][0], -intervals[-1][1]), []).append(index)
    begun: list[tuple[int, int, int]] = []
    for key in sorted(ranges):
        begun = [its for its in begun if its[0] == key[0] and -its[2] >= key[1]]
        begun.append(key)
        others = sorted(other for its in begun if its[2] <= key[2] for other in ranges[its])
        for index in ranges[key]:
            context.budget.spend(len(begun) + len(others))
            yield from ((index, other) for other in others if other != index)


def _is_in(port: Port, wider: Port) -> bool:
    if port.protocol != wider.protocol:
        return False
    if wider.name:
        return port.name == wider.name
    if port.name:
        return (wider.first, wider.last) == (1, 65535)
    return wider.first <= port.first and port.last <= wider.last


def _adds_nothing(
    listing: Value | None, index: int, inner: Value, outer: Value, what: str, said: str
) -> Diagnostic:
    label = f"{said} admits all of it"
    others = (Label(places.head(outer), "admits this and more, or the same"),)
    edit = places.removal(listing, index) if listing is not None else None
    fixes = (Fix("take it out", (edit,), safe=True),) if edit is not None else ()
    help_text = "take it out, or make the wider one as narrow as it was meant"
    span = places.head(inner)
    return warning("W741", f"{what} adds nothing", span, label, others=others, help=help_text, fixes=fixes)


# --- What the other end refuses ---------------------------------------------------------------------------


class _Side(NamedTuple):
    """Pods at one end of a connection: in one namespace, by their labels."""

    namespace: str
    pods: _Pods


class _Refusal(NamedTuple):
    """The policy that isolates pods, and a rule for them that admits the other end on other ports."""

    policy: Policy
    nearly: Rule | None


def _refused(policy: Policy, rule: Rule, peer: Peer, context: Context) -> Iterator[Diagnostic]:
    """Find peers that may be reached by this policy, and by the policies of their own never are.

    What a policy says is of use when there is one pair of pods that passes both; only where each pair is
    refused for certain, this is a mistake.
    """
    near, far = _near(policy, context), _far(policy, peer, context)
    first: _Refusal | None = None
    for theirs in far:
        for ours in near:
            refusal = _refusal(theirs, ours, _OTHER[rule.direction], rule, context)
            if refusal is None:
                return
            first = refusal if first is None or (refusal.nearly and not first.nearly) else first
    if first is None:
        return
    other = _OTHER[rule.direction]
    if rule.direction == "egress":
        message = "egress is allowed to pods that admit nobody from here"
        label = "these pods may be dialed, and their own policies refuse it"
        wanted = f"an `ingress` rule for them that admits pods of `{policy.namespace}`"
    else:
        message = "ingress is allowed from pods that may not dial these"
        label = "these pods are admitted, and their own policies keep them from dialing"
        wanted = f"an `egress` rule for them to pods of `{policy.namespace}`"
    others = [Label(first.policy.span, f"isolates them for {other}")]
    if first.nearly is not None:
        others.append(Label(_ports(first.nearly), "allows it on other ports only"))
        others.append(Label(_ports(rule), "allowed here"))
        wanted = "the same ports at both ends"
    help_text = f"a connection needs both ends: write {wanted}, or take this peer out"
    yield warning("W740", message, places.head(peer.value), label, others=tuple(others), help=help_text)


def _ports(rule: Rule) -> Span:
    return rule.ports[0].span if rule.ports else places.head(rule.value)


def _near(policy: Policy, context: Context) -> tuple[_Side, ...]:
    if context.describes(policy.namespace):
        known = [item for item in context.subject(policy) if not item.host_network]
        return tuple(_Side(policy.namespace, dict(item.labels)) for item in known)
    return (_Side(policy.namespace, policy.pods or ()),)


def _far(policy: Policy, peer: Peer, context: Context) -> tuple[_Side, ...]:
    """Return the pods of a peer where it is certain which they are, else none."""
    names = _names(policy, peer, context)
    if peer.end is None or not names:
        return ()
    if not all(context.describes(name) for name in names):
        return tuple(_Side(name, peer.end.pods) for name in names)
    workloads = context.of_peer(policy, peer)
    if any(item.host_network for item in workloads):
        return ()
    return tuple(_Side(item.namespace, dict(item.labels)) for item in workloads)


def _names(policy: Policy, peer: Peer, context: Context) -> tuple[str, ...]:
    """Return the namespaces a peer stands for, none where there may be others than those known."""
    if peer.namespaces is None:
        return (policy.namespace,)
    states = dict(peer.end.namespaces if peer.end else ()).get(NAMESPACE_LABEL)
    if states is not None and not states.excluding:
        return tuple(sorted(name for name in states.listed if name is not None))
    if context.existing is None or not any(item.operator == "In" for item in peer.namespaces):
        return ()
    return tuple(context.existing.namespaces_of(peer_pods(policy, peer)))


def _refusal(
    theirs: _Side, ours: _Side, direction: Direction, rule: Rule, context: Context
) -> _Refusal | None:
    """Return what refuses a connection at its other end, None where it may pass."""
    there = context.by_namespace.get(theirs.namespace, [])
    context.budget.spend(3 * sum(guard.size for guard in there))
    guards = [guard for guard in there if direction in guard.directions and guard.pods is not None]
    isolating = next((guard for guard in guards if _surely(guard.pods or (), theirs.pods)), None)
    if isolating is None:
        return None
    nearly = None
    for guard in guards:
        if not _may_be(guard.pods or (), theirs.pods):
            continue
        for its in guard.rules(direction):
            context.budget.spend(its.size)
            if not any(_meets(end, ours, context) for end in its.ends):
                continue
            if its.port_set.may_share(rule.port_set):
                return None
            nearly = its
    return _Refusal(isolating, nearly)


def _surely(selected: LabelSet, pods: _Pods) -> bool:
    return carries(selected, pods) if isinstance(pods, Mapping) else holds_labels(selected, pods)


def _may_be(selected: LabelSet, pods: _Pods) -> bool:
    return carries(selected, pods) if isinstance(pods, Mapping) else both(selected, pods) is not None


def _meets(end: End, side: _Side, context: Context) -> bool:
    """Tell whether an end of a rule may stand for these pods; they may have any address."""
    if end.family:
        return True
    here = context.namespace(side.namespace)
    return both(end.namespaces, here) is not None and _may_be(end.pods, side.pods)
