"""The bytes of NetworkPolicies that somebody wrote become findings: mistakes people really make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from intentc.analysis.existing import Existing, namespace_labels
from intentc.analysis.silencers import weigh
from intentc.audit import addresses, dns, places, reality, selectors, shape, sides
from intentc.audit.context import Context, Exhausted
from intentc.audit.policies import Policy, policy
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, in_order, warning
from intentc.manifests import MAXIMUM_PROBLEMS, decode, objects
from intentc.manifests.tree import Unreadable, Value
from intentc.nodes import Comment, Program
from intentc.profile import Project
from intentc.source import SourceFile, Span

__all__ = ["MAXIMUM_FINDINGS", "Audit", "audit"]

MAXIMUM_FINDINGS = 5_000
"""How many findings there are before no more policies are judged."""

_MENTIONED = re.compile(r"""kind["']?\s*:\s*["']?(?:NetworkPolicy|[A-Za-z]*List)\b""")
_SILENCER = re.compile(r"#[ \t]*intentc:[^\n\r]*")
_VERSION = "networking.k8s.io/v1"
_FORMER = "extensions/v1beta1"

_CHECKS: tuple[Callable[[Policy, Context], Iterator[Diagnostic]], ...] = (
    shape.check,
    selectors.check,
    dns.check,
    addresses.check,
    sides.check,
    reality.check,
)
_OF_FORM = (shape.check, selectors.check)


class Audit(NamedTuple):
    """How many policies were judged, and what was found."""

    policies: int
    diagnostics: tuple[Diagnostic, ...]


def audit(files: Iterable[tuple[str, bytes, str]], project: Project) -> Audit:
    """Judge the NetworkPolicies in files, together: policies add up.

    Each file is its path, its bytes, and the namespace of the objects in it that name none. Objects of other
    kinds are passed over. What a project states of its clusters and what its manifests describe is held
    against the policies; a project that is not declared says nothing of either.
    """
    diagnostics: list[Diagnostic] = []
    policies: list[Policy] = []
    sources: list[SourceFile] = []
    for path, data, namespace in files:
        source = decode(path, data, diagnostics)
        if source is not None:
            sources.append(source)
            policies.extend(_read(source, namespace, diagnostics))
        if len(diagnostics) >= MAXIMUM_PROBLEMS:
            break
    context = _context(tuple(policies), project)
    diagnostics.extend(_twice(policies))
    for each in policies:
        diagnostics.extend(_found(each, context))
        if context.budget.left < 0 or len(diagnostics) > MAXIMUM_FINDINGS:
            diagnostics.append(_unjudged(each))
            break
    wrong = {diagnostic.span for diagnostic in diagnostics if diagnostic.code in ("W731", "W733")}
    diagnostics = [diagnostic for diagnostic in diagnostics if not _of_ports(diagnostic, wrong)]
    comments = tuple(comment for source in sources for comment in _comments(source))
    found = weigh(Program((), comments), project.severities, in_order(map(_advised, diagnostics)))
    return Audit(len(policies), in_order(found))


def _context(policies: tuple[Policy, ...], project: Project) -> Context:
    inventory = project.inventory
    existing = None if inventory is None or inventory.partial else Existing(project, inventory)
    clusters = project.clusters if project.declared else ()
    labels, is_closed = namespace_labels(project, inventory), project.namespaces is not None
    return Context(policies, clusters, existing, labels=labels, is_closed=is_closed)


def _found(each: Policy, context: Context) -> list[Diagnostic]:
    """Return what is wrong with one policy, as far as there is time to compare it with the others."""
    found: list[Diagnostic] = []
    # What a selector that nothing satisfies leads to is no finding of its own.
    for check in _CHECKS if each.pods is not None else _OF_FORM:
        try:
            found.extend(check(each, context))
        except Exhausted:
            break
    if any(diagnostic.code == "W710" for diagnostic in found):
        # Whether these rules reach the resolver is a matter of that label.
        found = [diagnostic for diagnostic in found if diagnostic.code != "W712"]
    split = {diagnostic.span for diagnostic in found if diagnostic.code == "W701"}
    peers = (peer.value for rule in each.written for peer in rule.peers) if split else ()
    parts = [value.span for value in peers if places.head(value) in split]
    return [diagnostic for diagnostic in found if not _follows(diagnostic, parts)]


def _follows(diagnostic: Diagnostic, parts: list[Span]) -> bool:
    """Tell whether a finding is of a peer that is half of what was meant: it says nothing by itself."""
    place = diagnostic.span
    return diagnostic.code in ("W730", "W741") and any(
        place is not None and part.start <= place.start < part.end for part in parts
    )


def _of_ports(diagnostic: Diagnostic, wrong: set[Span | None]) -> bool:
    """Tell whether the ends differ in a port that is a finding itself: mended, they agree."""
    return diagnostic.code == "W740" and any(label.span in wrong for label in diagnostic.others)


def _unjudged(last: Policy) -> Diagnostic:
    message = "not every policy was judged"
    help_text = "give fewer policies at once, those of one namespace together"
    return warning("W749", message, last.span, "there is too much to compare from here on", help=help_text)


# --- Reading ------------------------------------------------------------------------------------------------


def _read(source: SourceFile, namespace: str, diagnostics: list[Diagnostic]) -> Iterator[Policy]:
    for value in objects(source, _MENTIONED, diagnostics):
        if len(diagnostics) >= MAXIMUM_PROBLEMS:
            return
        kind, version = value.get("kind"), value.get("apiVersion")
        if kind is None or kind.content != "NetworkPolicy" or version is None:
            continue
        if version.content == _FORMER:
            diagnostics.append(_no_longer_served(version))
        elif version.content != _VERSION:
            continue
        try:
            yield policy(value, namespace, diagnostics)
        except Unreadable as problem:
            diagnostics.append(problem.diagnostic)


def _no_longer_served(version: Value) -> Diagnostic:
    """Return the finding for a version of the API that clusters no longer have.

    https://kubernetes.io/docs/reference/using-api/deprecation-guide/#networkpolicy-v116
    """
    message = f"`{_FORMER}` is no longer served"
    label = "refused since Kubernetes 1.16"
    fix = Fix(f"write `{_VERSION}`", (Edit(version.span, _VERSION),), safe=False)
    help_text = f"policies are `{_VERSION}`; their fields are the same"
    return warning("W707", message, version.span, label, help=help_text, fixes=(fix,))


def _twice(policies: Iterable[Policy]) -> Iterator[Diagnostic]:
    """Find policies of one name: whichever is applied last takes the place of the other."""
    seen: dict[tuple[str, str], Policy] = {}
    for each in policies:
        first = seen.setdefault((each.namespace, each.name), each)
        if first is each or _text(first.spec) == _text(each.spec):
            continue
        message = f"policy `{each.path}` is described twice"
        label = "takes the place of the first when both are applied"
        others = (Label(first.span, "first described here"),)
        help_text = "give it a name of its own: policies add up"
        yield warning("W742", message, each.span, label, others=others, help=help_text)


def _text(value: Value) -> str:
    return value.span.file.text[value.span.start : places.tail(value)]


def _comments(source: SourceFile) -> Iterator[Comment]:
    """Yield the comments of a manifest that excuse findings."""
    for match in _SILENCER.finditer(source.text):
        yield Comment(match[0].rstrip(), Span(source, match.start(), match.end()))


def _advised(diagnostic: Diagnostic) -> Diagnostic:
    """Return a diagnostic of the reader of manifests with advice for this command."""
    texts = tuple(text.replace("intentc build --manifests -", "intentc audit -") for text in diagnostic.help)
    return diagnostic._replace(help=texts) if texts != diagnostic.help else diagnostic
