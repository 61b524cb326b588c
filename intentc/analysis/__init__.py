"""A tree becomes the policy of one cluster: names are looked up, flows lowered to rules."""

from __future__ import annotations

from collections.abc import Iterable

from intentc import ir
from intentc.analysis.endpoints import Endpoints, existing_namespaces, unknown_namespace
from intentc.analysis.existing import namespace_labels
from intentc.analysis.flows import FlowMaker, clauses_of
from intentc.analysis.rules import order_of, with_rules
from intentc.analysis.silencers import weigh
from intentc.analysis.statements import Resolved, resolve
from intentc.diagnostics import Diagnostic, error
from intentc.nearest import nearest
from intentc.nodes import Assert, Intent, Let, Namespace, PlainIntent, Pods, Program, Statement, With
from intentc.profile import Profile, Project

__all__ = ["analyze", "policy_of", "said_of", "weigh"]


def analyze(program: Program, project: Project) -> tuple[tuple[Resolved, ...], tuple[Diagnostic, ...]]:
    """Return the statements of `program` with blocks and sets expanded, the same for every cluster."""
    resolved, diagnostics = resolve(program)
    unknown = (*_unknown_clusters(resolved, project), *_unknown_members(program, project))
    return resolved, (*diagnostics, *unknown)


def policy_of(
    resolved: Iterable[Resolved], project: Project, profile: Profile
) -> tuple[ir.Policy, tuple[Diagnostic, ...]]:
    """Return the policy of one cluster: the statements that hold there, as flows and as rules."""
    policy, diagnostics = said_of(resolved, project, profile)
    return with_rules(policy, profile), diagnostics


def said_of(
    resolved: Iterable[Resolved], project: Project, profile: Profile
) -> tuple[ir.Policy, tuple[Diagnostic, ...]]:
    """Return the policy of one cluster as far as the statements say it: flows and isolations, no rules."""
    diagnostics: list[Diagnostic] = []
    endpoints = Endpoints(project, profile, diagnostics)
    maker = FlowMaker(endpoints, profile, diagnostics)
    flows: list[ir.Flow] = []
    assertions: list[ir.Assertion] = []
    isolations: dict[ir.Isolation, ir.Isolation] = {}
    for item in resolved:
        on = item.clauses.get("on")
        if on is not None and profile.name not in on.values:
            continue
        statement = item.statement
        if isinstance(statement, PlainIntent) and (flow := maker.plain(statement, clauses_of(item))):
            flows.append(flow)
        elif isinstance(statement, Intent):
            flows.extend(maker.flows(item, clauses_of(item)))
        elif isinstance(statement, Assert):
            made = maker.flows(item, clauses_of(item))
            assertions.extend(ir.Assertion(statement.verdict, flow) for flow in made)
        else:
            for isolation in maker.isolations(item):
                isolations.setdefault(isolation, isolation)
    flows.sort(key=_reading_order)
    _isolate(flows, isolations)
    order = order_of(flows, isolations, profile)
    in_order = sorted(isolations.values(), key=lambda item: (item.point.value, order[item.pods]))
    return (
        ir.Policy(
            cluster=profile.name,
            flows=tuple(flows),
            isolations=tuple(in_order),
            assertions=tuple(assertions),
            namespaces=_namespaces(project),
            order=order,
        ),
        tuple(diagnostics),
    )


def _reading_order(flow: ir.Flow) -> tuple[str, int]:
    return (flow.span.file.path, flow.span.start) if flow.span else ("", 0)


def _isolate(flows: Iterable[ir.Flow], isolations: dict[ir.Isolation, ir.Isolation]) -> None:
    """Isolate every pod end of every flow that speaks of its side; with hostNetwork, a target cannot be."""
    leaving: dict[ir.Pods, list[ir.Flow]] = {}
    entering: dict[ir.Pods, list[ir.Flow]] = {}
    for flow in flows:
        if isinstance(flow.source, ir.Pods) and flow.path.kind != "ingress":
            leaving.setdefault(flow.source, []).append(flow)
        if isinstance(flow.target, ir.Pods) and flow.path.kind not in ir.NOT_ENTERED:
            entering.setdefault(flow.target, []).append(flow)
    sides: tuple[tuple[ir.PodPoint, dict[ir.Pods, list[ir.Flow]]], ...] = (
        (ir.Point.LEAVING_POD, leaving),
        (ir.Point.ENTERING_POD, entering),
    )
    for point, isolated in sides:
        for pods, its_flows in isolated.items():
            isolation = ir.Isolation(point, pods, tuple(its_flows))
            stated = isolations.get(isolation)
            if stated is not None:
                isolation = ir.Isolation(point, pods, isolation.origins, stated.span)
            isolations[isolation] = isolation


def _namespaces(project: Project) -> tuple[ir.KnownNamespace, ...] | None:
    if project.namespaces is None:
        return None
    return tuple(
        ir.KnownNamespace(name, tuple(sorted({**labels, ir.NAMESPACE_LABEL: name}.items())))
        for name, labels in sorted(namespace_labels(project, project.inventory).items())
    )


def _unknown_members(program: Program, project: Project) -> Iterable[Diagnostic]:
    """Yield an error for each namespace in a set that does not exist, whether or not the set is used."""
    definitions = list(_definitions(program.statements))
    known = existing_namespaces(project) if definitions else None
    if known is None:
        return
    ends = [member.endpoint for definition in definitions for member in definition.members]
    for namespace in (end.namespaces for end in ends if isinstance(end, Pods)):
        if isinstance(namespace, Namespace) and namespace.name not in known:
            yield unknown_namespace(namespace, known)


def _definitions(statements: Iterable[Statement]) -> Iterable[Let]:
    for statement in statements:
        if isinstance(statement, Let):
            yield statement
        elif isinstance(statement, With):
            yield from _definitions(statement.statements)


def _unknown_clusters(resolved: Iterable[Resolved], project: Project) -> Iterable[Diagnostic]:
    known = [profile.name for profile in project.clusters]
    for item in resolved:
        on = item.clauses.get("on")
        if on is None:
            continue
        for name, span in zip(on.values, on.spans, strict=True):
            if name in known:
                continue
            close = nearest(name, known)
            listing = f"known clusters: {', '.join(f'`{cluster}`' for cluster in known)}"
            help_texts = (f"a cluster with a similar name exists: `{close}`",) if close else (listing,)
            label = "`intentc.yaml` has no such cluster" if project.declared else "there is no `intentc.yaml`"
            yield error("E206", f"cluster `{name}` is not known", span, label, help=help_texts)
