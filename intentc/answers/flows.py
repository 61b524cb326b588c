"""A compiled cluster becomes its flows as a reader sees them: with their lines and the rules they need."""

from __future__ import annotations

from dataclasses import dataclass

from intentc import ir
from intentc.answers.reading import EmittedRule, Needs, Reading
from intentc.compiler import ClusterResult
from intentc.prove.needs import Extra
from intentc.wording import endpoint_text, flow_text, path_text, place_of, ports_text, said


@dataclass(frozen=True, slots=True)
class SeenFlow:
    """One flow in words: `via` is empty for the plain way, `said` the statement it stands in, on one line.

    `rules` are all emitted rules the flow needs; `extras` what they admit beyond it (node addresses).
    """

    flow: ir.Flow
    source: str
    target: str
    ports: str
    via: str
    text: str
    place: str
    said: str
    rules: tuple[EmittedRule, ...]
    extras: tuple[Extra, ...]


@dataclass(frozen=True, slots=True)
class SeenCluster:
    """All flows of a cluster in the order of their lines, and what every isolated pod may reach beside."""

    name: str
    flows: tuple[SeenFlow, ...]
    extras: tuple[Extra, ...]


def seen_flows(cluster: ClusterResult, *, with_rules: bool = True) -> SeenCluster:
    """Return the flows of a cluster that was emitted and proved, joined with the files read back.

    Which rules a flow needs is the prover's answer, not the writer's: the same reading a build is proved by.
    Without rules, which take most of the time, flows have none.
    """
    rules = _rules(cluster) if with_rules else {}
    extras: dict[int, list[Extra]] = {}
    shared: list[Extra] = []
    for extra in cluster.proof.extras if cluster.proof else ():
        if extra.flow is None:
            shared.append(extra)
        else:
            extras.setdefault(id(extra.flow), []).append(extra)
    flows = tuple(
        seen(flow, rules.get(id(flow), ()), tuple(extras.get(id(flow), ()))) for flow in cluster.policy.flows
    )
    return SeenCluster(cluster.profile.name, flows, tuple(shared))


def _rules(cluster: ClusterResult) -> dict[int, tuple[EmittedRule, ...]]:
    """Return the emitted rules that each flow needs, by the flow's identity."""
    reading = Reading.of(cluster.artifacts, cluster.policy, cluster.profile)
    needs = Needs(reading)
    rules: dict[int, dict[EmittedRule, None]] = {}
    for need in needs.at_pods({subject.namespace for subject in reading.emitted.by_subject}):
        if need.flow is not None:
            found = reading.rules(need.point, need.subject, need.peer, need.ports)
            rules.setdefault(id(need.flow), {}).update(dict.fromkeys(found))
    for flow in cluster.policy.flows:
        its = rules.setdefault(id(flow), {})
        for point, admitted in needs.in_network(flow):
            for peer, ports in admitted.items():
                its.update(dict.fromkeys(reading.firewall_rules(point, peer, ports)))
    return {key: tuple(its) for key, its in rules.items()}


def seen(flow: ir.Flow, rules: tuple[EmittedRule, ...] = (), extras: tuple[Extra, ...] = ()) -> SeenFlow:
    """Return one flow in words."""
    return SeenFlow(
        flow,
        endpoint_text(flow.source),
        endpoint_text(flow.target),
        ports_text(flow.ports),
        path_text(flow.path),
        flow_text(flow),
        place_of(flow.span),
        said(flow.span),
        rules,
        extras,
    )
