"""Find the namespaces a subject lives in: a NetworkPolicy selects pods of its own namespace only."""

from __future__ import annotations

import re

from intentc.diagnostics import Diagnostic, error
from intentc.ir import NAMESPACE_LABEL, Isolation, KnownNamespace, Requirement, Selector
from intentc.source import Span
from intentc.wording import namespaces_text, selector_text

_BRACES = re.compile(r"\{([^{}]*)\}")
_COMMA = re.compile(r",(?![^()]*\))")


def expand(
    isolation: Isolation, known: tuple[KnownNamespace, ...] | None, diagnostics: list[Diagnostic]
) -> tuple[str, ...]:
    """Return the names of the namespaces that `isolation` selects pods in.

    Those by name stand for themselves; a selector is matched against the namespaces the project lists.
    Nothing to match against, or nothing that matches, is an error at the line that isolates.
    """
    match isolation.pods.namespaces:
        case (Requirement(key=key, operator="In", values=names),) if key == NAMESPACE_LABEL:
            return names
    span = isolation.span or next((flow.span for flow in isolation.origins if flow.span), None)
    if known is None:
        diagnostics.append(
            error(
                "E403",
                "pods of namespaces that are not named cannot be isolated",
                span,
                "a policy lives in one namespace, and the project lists none",
                help="list the cluster's namespaces, with labels, under `namespaces` in `intentc.yaml`",
            )
        )
        return ()
    names = tuple(space.name for space in known if matches(isolation.pods.namespaces, dict(space.labels)))
    if not names:
        message = f"no namespace matches `{namespaces_text(isolation.pods.namespaces)}`"
        label = "no namespace of the project has such labels"
        help_text = "`namespaces` in `intentc.yaml` lists names and labels"
        where = span and _written(span, isolation.pods.namespaces)
        diagnostics.append(error("E404", message, where, label, help=help_text))
    return names


def _written(span: Span, selector: Selector) -> Span:
    """Return where a statement writes a selector of namespaces, or all of it: a set may have it."""
    wanted = _normal(selector_text(selector))
    for match in _BRACES.finditer(span.file.text, span.start, span.end):
        if _normal(match[1]) == wanted:
            return Span(span.file, match.start(), match.end())
    return span


def _normal(text: str) -> list[str]:
    """Return the requirements of a text in one order, without what makes no difference."""
    return sorted(_COMMA.split("".join(text.split()).replace("==", "=")))


def matches(selector: Selector, labels: dict[str, str]) -> bool:
    """Tell whether `labels` satisfy every requirement.

    A label that is missing satisfies `NotIn`:
    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#set-based-requirement
    """
    return all(_holds(requirement, labels) for requirement in selector)


def _holds(requirement: Requirement, labels: dict[str, str]) -> bool:
    value = labels.get(requirement.key)
    if requirement.operator == "In":
        return value in requirement.values
    if requirement.operator == "NotIn":
        return value not in requirement.values
    return (value is not None) == (requirement.operator == "Exists")
