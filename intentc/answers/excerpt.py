"""A program becomes the part of one cluster's output that a few namespaces see, with the very same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from intentc import ir, nodes
from intentc.analysis import policy_of
from intentc.analysis.statements import Resolved
from intentc.backends import emit
from intentc.compiler import TARGETS
from intentc.diagnostics import Diagnostic, has_errors
from intentc.profile import Profile, Project
from intentc.prove.labels import LabelSet, holds, label_set


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What a whole build writes for some namespaces and for the network, and the policy it comes from."""

    policy: ir.Policy
    artifacts: tuple[ir.Artifact, ...]
    diagnostics: tuple[Diagnostic, ...]


def excerpt(
    resolved: Iterable[Resolved], project: Project, profile: Profile, namespaces: frozenset[str] | None
) -> Excerpt:
    """Return the policies of these namespaces and the firewall module as a whole build writes them.

    None stands for all namespaces. A policy is made of its subject's intents alone, and a firewall rule of
    who talks to whom, on which ports and why: so only statements that name one of the namespaces are lowered,
    and of all others one of each kind that the network can tell apart. Nothing is said of what is wrong with
    statements that are left out.
    """
    chosen = resolved if namespaces is None else _needed(resolved, profile, namespaces)
    policy, problems = policy_of(chosen, project, profile)
    diagnostics = list(problems)
    if namespaces is not None:
        policy = _narrowed(policy, namespaces)
    artifacts: list[ir.Artifact] = []
    if not has_errors(diagnostics):
        for target in TARGETS:
            made, problems = emit(target, policy, profile)
            artifacts.extend(made)
            diagnostics.extend(problems)
    if namespaces is not None:
        artifacts = [artifact for artifact in artifacts if _is_of(artifact.path, namespaces)]
    return Excerpt(policy, tuple(artifacts), tuple(diagnostics))


def _is_of(path: str, namespaces: frozenset[str]) -> bool:
    """Tell whether a file is one of these namespaces', or of none: one intent may isolate pods of several."""
    folder, _, name = path.partition("/")
    return folder != "kubernetes" or name.partition(".")[0] in namespaces


def _needed(resolved: Iterable[Resolved], profile: Profile, namespaces: frozenset[str]) -> Iterable[Resolved]:
    """Yield the statements about some namespaces, and of the others the first of each kind."""
    kinds: set[tuple[object, ...]] = set()
    for item in resolved:
        statement = item.statement
        said: tuple[tuple[str, tuple[str, ...]], ...] = ()
        if item.clauses:
            on = item.clauses.get("on")
            if on is not None and profile.name not in on.values:
                continue
            said = tuple((word, clause.values) for word, clause in item.clauses.items() if word != "on")
        if isinstance(statement, nodes.PlainIntent):
            if statement.source.namespace in namespaces or statement.target.namespace in namespaces:
                yield item
                continue
            named = statement.target if statement.ports.name else None  # the target's pods say its number
            kind: tuple[object, ...] = (statement.ports, said, named)
        elif isinstance(statement, nodes.Assert):
            continue
        elif isinstance(statement, nodes.Isolate):
            if any(_may_be_in(end, namespaces) for end in item.sources):
                yield item
                continue
            kind = (statement.directions,)
        else:
            ends = (*item.sources, *(target.endpoint for target in item.targets))
            if any(_may_be_in(end, namespaces) for end in ends):
                yield item
                continue
            sources = frozenset(map(_on_the_wire, item.sources))
            targets = frozenset(map(_target_on_the_wire, item.targets))
            kind = (sources, targets, statement.via, said)
        if kind not in kinds:
            kinds.add(kind)
            yield item


def _may_be_in(endpoint: nodes.Endpoint, namespaces: frozenset[str]) -> bool:
    """Tell whether an endpoint may mean pods of one of the namespaces."""
    if isinstance(endpoint, nodes.Pods):
        return not isinstance(endpoint.namespaces, nodes.Namespace) or endpoint.namespaces.name in namespaces
    if isinstance(endpoint, (nodes.Service, nodes.Workload)):
        return endpoint.namespace.name in namespaces
    return False


def _on_the_wire(endpoint: nodes.Endpoint) -> object:
    """Return what the network can tell of an endpoint: addresses, or no more than that it is pods."""
    return endpoint if isinstance(endpoint, (nodes.Addresses, nodes.WellKnown)) else "pods"


def _target_on_the_wire(target: nodes.Target) -> object:
    """Return what the network can tell of a target: which port a Service or a name means, its pods say."""
    is_named = any(isinstance(port, nodes.NamedPort) for port in target.ports)
    if is_named or isinstance(target.endpoint, nodes.Service):
        return target
    return _on_the_wire(target.endpoint), target.ports


def _narrowed(policy: ir.Policy, namespaces: frozenset[str]) -> ir.Policy:
    """Return a policy without the pods of other namespaces, and with all that is said of the network."""
    known = None
    if policy.namespaces is not None:
        known = tuple(space for space in policy.namespaces if space.name in namespaces)
    spaces = {name: {ir.NAMESPACE_LABEL: name} for name in namespaces} if known is None else {}
    spaces |= {space.name: dict(space.labels) for space in known or ()}
    labels: dict[ir.Selector, bool] = {}

    def is_near(pods: ir.Pods) -> bool:
        found = labels.get(pods.namespaces)
        if found is None:
            wanted = label_set(pods.namespaces, of_namespace=True)
            found = labels[pods.namespaces] = wanted is not None and any(
                _may_hold(wanted, carried, is_known=known is not None) for carried in spaces.values()
            )
        return found

    def is_kept(rule: ir.Rule) -> bool:
        end = {ir.Point.LEAVING_POD: rule.source, ir.Point.ENTERING_POD: rule.target}.get(rule.point)
        return not isinstance(end, ir.Pods) or is_near(end)

    return replace(
        policy,
        isolations=tuple(isolation for isolation in policy.isolations if is_near(isolation.pods)),
        rules=tuple(rule for rule in policy.rules if is_kept(rule)),
        namespaces=known,
    )


def _may_hold(wanted: LabelSet, carried: dict[str, str], *, is_known: bool) -> bool:
    if is_known:
        return holds(wanted, carried)
    return all(values.holds(carried[key]) for key, values in wanted if key in carried)
