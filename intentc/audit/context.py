"""What is known around the policies: the other policies, the clusters, and what the manifests describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from intentc import ir
from intentc.audit.policies import Direction, Peer, Policy, Rule
from intentc.audit.relations import holds_labels
from intentc.diagnostics import Diagnostic
from intentc.profile import Profile
from intentc.prove.labels import LabelSet, both, equal_to, holds, named

if TYPE_CHECKING:
    from intentc.analysis.existing import Existing
    from intentc.inventory import Workload

MAXIMUM_COMPARISONS = 3_000_000
"""How many pairs of small selectors are compared; what is left then is said not to be judged."""


class Exhausted(Exception):
    """More would have to be compared than is."""


@dataclass(slots=True)
class Budget:
    """How many comparisons are left."""

    left: int = MAXIMUM_COMPARISONS

    def spend(self, count: int = 1) -> None:
        """Take from what is left; raise Exhausted where there is not enough."""
        self.left -= count
        if self.left < 0:
            raise Exhausted


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """All that is audited together.

    `clusters` are those that the project states facts of. `existing` is None where there are no manifests, or
    where some could not be read: then nothing is said to be missing. `labels` are those that namespaces are
    stated to have, by their names; `is_closed` says that the project lists all of them.
    """

    policies: tuple[Policy, ...]
    clusters: tuple[Profile, ...] = ()
    existing: Existing | None = None
    budget: Budget = field(default_factory=Budget)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_closed: bool = False
    by_namespace: dict[str, list[Policy]] = field(default_factory=dict)
    _beside: dict[tuple[Policy, Direction], tuple[Policy, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the policies by their namespaces."""
        for policy in self.policies:
            self.by_namespace.setdefault(policy.namespace, []).append(policy)

    def beside(self, policy: Policy, direction: Direction) -> tuple[Policy, ...]:
        """Return the policies that isolate all pods of `policy` as well, itself first; policies add up."""
        known = self._beside.get((policy, direction))
        if known is None:
            carried = [dict(item.labels) for item in self.subject(policy)]
            others = tuple(self._others(policy, direction))
            self.budget.spend(len(others) * (len(carried) // 8))
            known = self._beside[policy, direction] = (
                policy,
                *(other for other in others if _selects_all(other, policy, carried)),
            )
        return known

    def around(self, policy: Policy, direction: Direction) -> Iterator[Policy]:
        """Yield the policies that may isolate some of the pods of `policy`, itself first."""
        yield policy
        for other in self._others(policy, direction):
            if other.pods is not None and both(other.pods, policy.pods or ()) is not None:
                yield other

    def _others(self, policy: Policy, direction: Direction) -> Iterator[Policy]:
        for other in self.by_namespace[policy.namespace]:
            self.budget.spend(policy.size + other.size - 1)
            if other is not policy and direction in other.directions:
                yield other

    def in_effect(self, policy: Policy, direction: Direction) -> Iterator[Rule]:
        """Yield the rules that hold for all pods of a policy."""
        for other in self.beside(policy, direction):
            yield from other.rules(direction)

    # --- The manifests ------------------------------------------------------------------------------------

    def subject(self, policy: Policy) -> tuple[Workload, ...]:
        """Return the workloads whose pods a policy selects, as far as the manifests describe them."""
        found = self.existing.workloads_of(subject_pods(policy)) if self.existing else ()
        self.budget.spend(len(found))
        return found

    def of_peer(self, policy: Policy, peer: Peer) -> tuple[Workload, ...]:
        """Return the workloads whose pods a peer stands for."""
        if self.existing is None or peer.is_block:
            return ()
        self.spend_on_namespaces(peer)
        return self.existing.workloads_of(peer_pods(policy, peer))

    def spend_on_namespaces(self, peer: Peer) -> None:
        """Pay for finding the namespaces that a peer stands for among all there are."""
        if self.existing is not None and peer.namespaces is not None:
            self.budget.spend(len(self.existing.namespaces))

    def describes(self, namespace: str) -> bool:
        """Tell whether the manifests say what runs in a namespace."""
        return self.existing is not None and self.existing.has_workloads(namespace)

    # --- The clusters -------------------------------------------------------------------------------------

    def namespace(self, name: str) -> LabelSet:
        """Return what is known of the labels of one namespace; others it may have as well."""
        stated = self.labels.get(name)
        return equal_to({**stated, ir.NAMESPACE_LABEL: name}) if stated else named(name)


def on_clusters(found: Sequence[tuple[Diagnostic, ...]]) -> Iterator[Diagnostic]:
    """Yield what was found on each cluster; what is no fault on another one is a note.

    The policies may be meant for that one alone.
    """
    everywhere = all(found)
    for its in found:
        for diagnostic in its:
            if everywhere:
                yield diagnostic
            else:
                help_text = "`--cluster` says which clusters the policies are for"
                yield diagnostic._replace(severity="note", help=(*diagnostic.help, help_text), fixes=())


def _selects_all(other: Policy, policy: Policy, carried: list[dict[str, str]]) -> bool:
    """Tell whether a policy selects all pods of another: those there are, where the manifests say it."""
    if other.pods is None:
        return False
    if carried:
        return all(holds(other.pods, labels) for labels in carried)
    return holds_labels(other.pods, policy.pods or ())


def subject_pods(policy: Policy) -> ir.Pods:
    """Return the pods a policy selects."""
    return ir.Pods(one_namespace(policy.namespace), policy.selector)


def peer_pods(policy: Policy, peer: Peer) -> ir.Pods:
    """Return the pods a peer stands for; without a namespaceSelector they are in the policy's namespace."""
    spaces = one_namespace(policy.namespace) if peer.namespaces is None else peer.namespaces
    return ir.Pods(spaces, peer.pods or ())


def one_namespace(name: str) -> ir.Selector:
    """Return the selector of one namespace by its name."""
    return (ir.Requirement(ir.NAMESPACE_LABEL, "In", (name,)),)
