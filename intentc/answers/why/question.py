"""The text of a question becomes flows, read by the language's own parser among the sets of a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from intentc import ir
from intentc.analysis import analyze, policy_of
from intentc.analysis.statements import Resolved
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.nodes import Assert, Intent, Isolate, PlainIntent, Program
from intentc.parser import parse
from intentc.parser.text import decode
from intentc.profile import Profile, Project

FILE = "question"
"""What diagnostics call the text of a question."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question among the statements of a program, all with their sets expanded."""

    asked: tuple[Resolved, ...]
    program: tuple[Resolved, ...]


def ask(text: str, program: Program, project: Project) -> tuple[Question | None, tuple[Diagnostic, ...]]:
    """Return the question that a text asks about a program, or what is wrong with the text.

    The text is one intent: the same endpoints, ports and `via`, and the program's own sets.
    """
    source, problems = decode(FILE, text.encode(errors="surrogateescape"))
    if not has_errors(problems):
        question, problems = parse(source)
        if not has_errors(problems):
            intents = question.statements
            if len(intents) != 1 or not isinstance(intents[0], Intent):
                return None, (_not_one_intent(),)
            both = Program((*program.statements, *intents), program.comments)
            resolved, found = analyze(both, project)
            last = len(resolved) - 1  # in the order of the statements, unless something is wrong with it
            is_asked = last >= 0 and resolved[last].statement is intents[0]
            asked, rest = (resolved[last:], resolved[:last]) if is_asked else ((), resolved)
            return Question(asked, rest), found
    return None, problems


def flows_asked(
    question: Question, project: Project, profile: Profile
) -> tuple[tuple[ir.Flow, ...], tuple[Diagnostic, ...]]:
    """Return the flows a question denotes on one cluster, or why it cannot carry such a thing."""
    if project.inventory is None and all(isinstance(item.statement, PlainIntent) for item in question.asked):
        # There is nothing that a claim may say and an intent may not; a plain one needs no tree.
        policy, problems = policy_of(question.asked, project, profile)
        return policy.flows, problems
    claims = tuple(replace(item, statement=_claim(item.statement)) for item in question.asked)
    policy, problems = policy_of(claims, project, profile)
    flows = tuple(_whole(assertion.flow) for assertion in policy.assertions)
    without = [flow for flow in flows if _has_no_pods(flow)]
    if without:
        advice = "a policy selects pods: name them on one side of the arrow"
        return (), (*problems, error("E209", "neither end of the flow is pods", without[0].span, help=advice))
    return flows, problems


def _whole(flow: ir.Flow) -> ir.Flow:
    """Return a flow without `only`: a connection that is asked for has to pass both of its ends."""
    return replace(flow, path=ir.DIRECT) if flow.path.kind in ("egress", "ingress") else flow


def _claim(statement: Intent | Isolate | Assert) -> Assert:
    """Return the intent of a question as a claim, which may speak of what the manifests do not have."""
    if not isinstance(statement, Intent):
        raise AssertionError(f"a question that is no intent: {statement}")  # noqa: TRY004 - not a caller's mistake
    return Assert("allow", statement.sources, statement.targets, statement.via, (), statement.span)


def _has_no_pods(flow: ir.Flow) -> bool:
    return isinstance(flow.source, ir.Addresses) and isinstance(flow.target, ir.Addresses)


def exactly(flow: ir.Flow, keys: Iterable[str]) -> ir.Flow:
    """Return the flow between pods that carry the labels named in it, and none of the other keys."""
    found = tuple(keys)

    def exact(pods: ir.Pods) -> ir.Pods:
        named = {requirement.key for requirement in pods.pods}
        absent = (ir.Requirement(key, "DoesNotExist") for key in found if key not in named)
        return ir.Pods(pods.namespaces, tuple(sorted((*pods.pods, *absent))))

    return _with_pods(flow, exact)


def in_known_namespaces(
    flow: ir.Flow, known: Mapping[str, Mapping[str, str]], keys: Iterable[str]
) -> ir.Flow:
    """Return the flow with what the project says of its namespaces' labels, as far as `keys` ask for it.

    An end in several namespaces stays as it is: it means them by the labels it names.
    """
    found = tuple(keys)

    def located(pods: ir.Pods) -> ir.Pods:
        labels = known.get(pods.namespace or "")
        if labels is None:
            return pods
        facts = (
            ir.Requirement(key, "In", (labels[key],))
            if key in labels
            else ir.Requirement(key, "DoesNotExist")
            for key in found
            if key != ir.NAMESPACE_LABEL
        )
        return ir.Pods(tuple(sorted((*pods.namespaces, *facts))), pods.pods)

    return _with_pods(flow, located)


def _with_pods(flow: ir.Flow, change: Callable[[ir.Pods], ir.Pods]) -> ir.Flow:
    source, target = (change(end) if isinstance(end, ir.Pods) else end for end in (flow.source, flow.target))
    return replace(flow, source=source, target=target)


def _not_one_intent() -> Diagnostic:
    return error(
        "E652",
        "the question is not one intent",
        help="ask for one connection: `intentc why 'shop[app=web] -> data[app=postgres]:5432'`",
    )
