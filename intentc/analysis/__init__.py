"""A tree becomes the policy of one cluster: names are looked up, flows lowered to rules."""

from __future__ import annotations

from collections.abc import Iterable

from intentc import ir
from intentc.analysis.endpoints import Endpoints
from intentc.analysis.flows import FlowMaker, clauses_of
from intentc.analysis.lifelines import lifelines
from intentc.analysis.lowering import Cluster, Hop, lower
from intentc.analysis.silencers import weigh
from intentc.analysis.statements import Resolved, resolve
from intentc.diagnostics import Diagnostic, error
from intentc.nearest import nearest
from intentc.nodes import Assert, Intent, Program
from intentc.profile import Profile, Project

__all__ = ["analyze", "policy_of", "weigh"]

RuleKey = tuple[ir.Point, ir.Endpoint, ir.Endpoint, ir.Ports]


def analyze(program: Program, project: Project) -> tuple[tuple[Resolved, ...], tuple[Diagnostic, ...]]:
    """Return the statements of `program` with blocks and sets expanded, the same for every cluster."""
    resolved, diagnostics = resolve(program)
    return resolved, (*diagnostics, *_unknown_clusters(resolved, project))


def policy_of(
    resolved: Iterable[Resolved], project: Project, profile: Profile
) -> tuple[ir.Policy, tuple[Diagnostic, ...]]:
    """Return the policy of one cluster: the statements that hold there, as flows and as rules."""
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
        if isinstance(statement, Intent):
            flows.extend(maker.flows(item, clauses_of(item)))
        elif isinstance(statement, Assert):
            made = maker.flows(item, clauses_of(item))
            assertions.extend(ir.Assertion(statement.verdict, flow) for flow in made)
        else:
            for isolation in maker.isolations(item):
                isolations.setdefault(isolation, isolation)
    flows.sort(key=_reading_order)
    _isolate(flows, isolations)
    return (
        ir.Policy(
            cluster=profile.name,
            flows=tuple(flows),
            isolations=tuple(sorted(isolations.values(), key=lambda item: (item.point.value, item.pods))),
            rules=_rules(flows, isolations.values(), profile),
            assertions=tuple(assertions),
            namespaces=_namespaces(project),
        ),
        tuple(diagnostics),
    )


def _reading_order(flow: ir.Flow) -> tuple[str, int]:
    return (flow.span.file.path, flow.span.start) if flow.span else ("", 0)


def _isolate(flows: Iterable[ir.Flow], isolations: dict[ir.Isolation, ir.Isolation]) -> None:
    """Isolate every pod end of every flow; a target that runs with hostNetwork cannot be."""
    origins: dict[ir.Isolation, list[ir.Flow]] = {}
    for flow in flows:
        if isinstance(flow.source, ir.Pods):
            origins.setdefault(ir.Isolation(ir.Point.LEAVING_POD, flow.source), []).append(flow)
        if isinstance(flow.target, ir.Pods) and flow.path.kind != "hostnetwork":
            origins.setdefault(ir.Isolation(ir.Point.ENTERING_POD, flow.target), []).append(flow)
    for isolation, its_flows in origins.items():
        stated = isolations.get(isolation)
        span = stated.span if stated else None
        isolations[isolation] = ir.Isolation(isolation.point, isolation.pods, tuple(its_flows), span)


def _rules(
    flows: Iterable[ir.Flow], isolations: Iterable[ir.Isolation], profile: Profile
) -> tuple[ir.Rule, ...]:
    """Return every rule once, in one order that no line of the source decides."""
    cluster = Cluster.of(profile)
    origins: dict[RuleKey, dict[tuple[str, tuple[int, ...], int], ir.Origin]] = {}

    def add(hops: Iterable[Hop]) -> None:
        for point, source, target, ports, why in hops:
            # Two lines that say the same are two origins, so flows are told apart by identity.
            reason = (why.cause, why.rows, id(why.flow))
            for port in ports:
                origins.setdefault((point, source, target, port), {})[reason] = why

    for flow in flows:
        add(lower(flow, cluster))
    for isolation in isolations:
        if isolation.point is ir.Point.LEAVING_POD:
            add(lifelines(isolation.pods, profile, cluster))
    ordered = sorted(origins, key=_rule_order)
    return tuple(ir.Rule(*key, origins=tuple(origins[key].values())) for key in ordered)


def _rule_order(key: RuleKey) -> tuple[object, ...]:
    point, source, target, ports = key
    return point.value, isinstance(source, ir.Pods), source, isinstance(target, ir.Pods), target, ports


def _namespaces(project: Project) -> tuple[ir.KnownNamespace, ...] | None:
    if project.namespaces is None:
        return None
    return tuple(
        ir.KnownNamespace(
            space.name, tuple(sorted({**dict(space.labels), ir.NAMESPACE_LABEL: space.name}.items()))
        )
        for space in sorted(project.namespaces, key=lambda space: space.name)
    )


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
