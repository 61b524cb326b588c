"""Sets of pods become the words that `kubectl` and the script of a kit know them by."""

from __future__ import annotations

from intentc import ir

_OPERATORS = {"In": ("=", " in "), "NotIn": ("!=", " notin ")}


def pod_words(pods: ir.Pods) -> tuple[str, str]:
    """Return pods as the script names them: a namespace, `{labels}` or `*`; and labels for `kubectl -l`."""
    namespaces = pods.namespace or (f"{{{selector(pods.namespaces)}}}" if pods.namespaces else "*")
    return namespaces, selector(pods.pods)


def selector(requirements: ir.Selector) -> str:
    """Return a selector as `kubectl -l` reads it.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api
    """
    return ",".join(_requirement(requirement) for requirement in requirements)


def _requirement(requirement: ir.Requirement) -> str:
    key, operator, values = requirement
    if operator == "Exists":
        return key
    if operator == "DoesNotExist":
        return f"!{key}"
    one, many = _OPERATORS[operator]
    return f"{key}{one}{values[0]}" if len(values) == 1 else f"{key}{many}({', '.join(values)})"


def described(pods: ir.Pods) -> str:
    """Return pods as an endpoint of the language."""
    namespaces, labels = pod_words(pods)
    return f"{namespaces}[{labels}]" if labels else namespaces
