"""Flows that are asked about become answers: layer by layer, what admits them or what is in their way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intentc import ir
from intentc.answers.excerpt import excerpt
from intentc.answers.reading import Reading
from intentc.answers.walk import Walk, walks
from intentc.answers.why.layers import Layer, Layers, Line, Verdict
from intentc.answers.why.question import Question, exactly, flows_asked, in_known_namespaces
from intentc.answers.why.reasons import node_reasons
from intentc.diagnostics import Diagnostic, has_errors
from intentc.profile import Profile, Project
from intentc.prove.labels import holds, label_set
from intentc.wording import endpoint_text, flow_text


@dataclass(frozen=True, slots=True)
class Way:
    """One walk of the packet and what its layers say, in the order of the walk's hops without the last.

    The verdict is `all` or `none` of the connections asked about, or `some`: then an example of each kind
    stands with the layers.
    """

    walk: Walk
    verdict: Verdict
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one flow on one cluster.

    `admitted` and `refused` are the smallest examples, empty where there is none. `line` is the narrowest
    intent that would admit everything asked about, empty where all of it is; `effects` are what else that
    line does. What a pod's own node opens to it passes no layer and does not count, as in asserts.
    `reasons` say why node rules are needed on the way, or why none is.
    """

    cluster: str
    flow: ir.Flow
    text: str
    verdict: Verdict
    ways: tuple[Way, ...]
    intents: tuple[Line, ...]
    admitted: str
    refused: str
    line: str
    effects: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Return every layer once: what several ways share is said once."""
        return tuple(dict.fromkeys(layer for way in self.ways for layer in way.layers))


def answers(
    question: Question, project: Project, profile: Profile, *, exact: bool = False
) -> tuple[tuple[Answer, ...], tuple[Diagnostic, ...]]:
    """Return an answer for every flow of a question on one cluster, or what keeps it from being answered.

    The answer is exact over every pod there could be: an end stands for all pods with the labels it names or,
    when `exact`, for those without any other label that a policy asks for. Raises `regions.TooHard` where
    the policies overlap in too many ways.
    """
    flows, problems = flows_asked(question, project, profile)
    if has_errors(problems):
        return (), problems
    # Cilium's policies for the whole cluster stand together in one file: there is no part of it.
    near = None if profile.clusterwide_policies else _namespaces(flows, project)
    part = excerpt(question.program, project, profile, near)
    if has_errors(part.diagnostics):
        return (), part.diagnostics
    reading = Reading.of(part.artifacts, part.policy, profile)
    if reading.problems:
        return (), reading.problems
    layers = Layers(reading)
    pod_keys, namespace_keys = _label_keys(reading)
    known = reading.meaning.namespaces or {}
    found = []
    for flow in flows:
        asked = in_known_namespaces(flow, known, namespace_keys)
        found.append(_answer(flow, exactly(asked, pod_keys) if exact else asked, layers, profile))
    return tuple(found), ()


def _answer(flow: ir.Flow, asked: ir.Flow, layers: Layers, profile: Profile) -> Answer:
    """Return the answer to a flow, which is asked about as `asked`: with all that is known of its ends."""
    ways = []
    for walk in walks(flow, profile):
        its = layers.of(asked, walk)
        ways.append(Way(walk, _together(its, asked, layers), its))
    arriving = [way for way in ways if way.walk.arrives and way.layers]
    verdicts = {way.verdict for way in arriving}
    verdict: Verdict = "some"
    if verdicts in ({"all"}, {"none"}):
        verdict = arriving[0].verdict
    every = tuple(dict.fromkeys(layer for way in arriving for layer in way.layers))
    is_admitted = verdict == "all"
    return Answer(
        profile.name,
        flow,
        flow_text(flow),
        verdict,
        tuple(ways),
        tuple(dict.fromkeys(line for layer in every for line in layer.lines)),
        next((found for way in arriving if (found := layers.admitted(asked, way.layers))), ""),
        "" if is_admitted else next((layer.refused for layer in every if layer.refused), ""),
        "" if is_admitted else flow_text(flow),
        () if is_admitted else tuple(dict.fromkeys(_effects(flow, every))),
        node_reasons(flow, tuple(way.walk for way in ways), profile),
    )


def _together(found: tuple[Layer, ...], flow: ir.Flow, layers: Layers) -> Verdict:
    """Return what several layers let pass together: one may let some pass, and another only the rest."""
    verdicts = {layer.verdict for layer in found}
    if "none" in verdicts:
        return "none"
    if verdicts <= {"all"}:
        return "all"
    return "some" if layers.admitted(flow, found) else "none"


def _effects(flow: ir.Flow, found: Iterable[Layer]) -> Iterable[str]:
    """Yield what an intent for the flow would do beside admitting it."""
    ends = {"egress": flow.source, "ingress": flow.target}
    for layer in found:
        end = ends.get(layer.layer)
        if not isinstance(end, ir.Pods):
            continue
        what = f"it isolates `{endpoint_text(end)}` for {layer.layer}"
        if layer.is_open:
            yield f"{what}, which is open to everything now"
        elif layer.is_partly_open:
            yield f"{what}: some of these pods are open to everything now"


def _namespaces(flows: Iterable[ir.Flow], project: Project) -> frozenset[str] | None:
    """Return the namespaces that flows speak of, or None where that may be any."""
    found: set[str] = set()
    for flow in flows:
        for end in (flow.source, flow.target):
            if not isinstance(end, ir.Pods):
                continue
            if end.namespace is not None:
                found.add(end.namespace)
            elif project.namespaces is None:
                return None
            else:
                wanted = label_set(end.namespaces, of_namespace=True) or ()
                found.update(
                    space.name
                    for space in project.namespaces
                    if holds(wanted, {**dict(space.labels), ir.NAMESPACE_LABEL: space.name})
                )
    return frozenset(found)


def _label_keys(reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return every label of pods, and of namespaces, that the policies ask for."""
    pods: set[str] = set()
    namespaces: set[str] = set()
    for side in (reading.emitted.leaving, reading.emitted.entering):
        for subject, admitted in side.items():
            pods.update(key for key, _ in subject.pods)
            for peer in admitted:
                pods.update(key for key, _ in peer.pods)
                namespaces.update(key for key, _ in peer.namespaces)
    return tuple(sorted(pods)), tuple(sorted(namespaces))
