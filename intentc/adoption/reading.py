"""Files of manifests become NetworkPolicies as the prover reads them, with the place of all they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from intentc import ir
from intentc.audit import places
from intentc.diagnostics import Diagnostic, Label, error, in_order
from intentc.manifests import MAXIMUM_PROBLEMS, decode, fields, objects
from intentc.manifests.tree import Unreadable, Value, shown
from intentc.prove import documents
from intentc.prove.admission import refusals
from intentc.prove.policy_reader import read_policies
from intentc.prove.shapes import Shapes
from intentc.source import Span

VERSION = "networking.k8s.io/v1"
_MENTIONED = re.compile(r"""kind["']?\s*:\s*["']?(?:[A-Za-z]*NetworkPolicy|[A-Za-z]*List)\b""")
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_NO_TEXT = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-f_]+|0o?[0-7_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?"
    r"|\.[0-9_]+(?:e[-+]?[0-9]+)?|\.(?:inf|nan))"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?|y|n|yes|no|on|off|true|false|=|<<",
    re.IGNORECASE,
)
"""What some reader of YAML takes for a number, a truth value or a date: https://yaml.org/type/"""

_STEP = re.compile(r"\.?([A-Za-z]+)|\[([^\]]*)\]")

Tree = dict[str, "Tree"] | list["Tree"] | str | int


class Written(NamedTuple):
    """One NetworkPolicy: what is written, and the same as a file that the prover reads."""

    name: str
    namespace: str
    value: Value
    artifact: ir.Artifact

    @property
    def title(self) -> str:
        """Return the policy as messages name it."""
        return f"{self.namespace}/{self.name}"

    def span(self, path: str) -> Span:
        """Return where a path such as `spec.egress[0].to[1]` leads, as deep as there is something written."""
        found = self.value
        for key, index in _STEP.findall(path):
            below = found.get(key or index)
            if below is None and index.isdecimal():
                members = tuple(found.members())
                below = members[int(index)] if int(index) < len(members) else None
            if below is None:
                break
            found = below
        if found is self.value:
            return (self.value.get("metadata", "name") or self.value).span
        return places.head(found)


def read(
    files: Iterable[tuple[str, bytes, str]], shapes: Shapes
) -> tuple[tuple[Written, ...], tuple[Diagnostic, ...]]:
    """Return the NetworkPolicies in files, and what cannot be read.

    Each file is its path, its bytes, and the namespace of policies in it that name none; where that is empty
    such a policy is an error. Policies of another kind are errors as well, since what they say would be lost;
    objects that are no policies are passed over.
    """
    diagnostics: list[Diagnostic] = []
    written: dict[str, Written] = {}
    for path, data, namespace in files:
        source = decode(path, data, diagnostics)
        for value in objects(source, _MENTIONED, diagnostics) if source is not None else ():
            try:
                policy = _policy(value, namespace, len(written))
                if policy is not None:
                    _check(policy, shapes)
                    _add(policy, written)
            except Unreadable as problem:
                diagnostics.append(problem.diagnostic)
        if len(diagnostics) >= MAXIMUM_PROBLEMS:
            break
    return tuple(written.values()), in_order(diagnostics)


def _policy(value: Value, default: str, number: int) -> Written | None:
    """Return a NetworkPolicy, None for an object that is no policy; raise Unreadable for another policy."""
    kind, version = fields.text(value, "kind"), fields.text(value, "apiVersion")
    if not kind.endswith("NetworkPolicy"):
        return None
    if (kind, version) != ("NetworkPolicy", VERSION):
        place = value.get("apiVersion" if kind == "NetworkPolicy" else "kind") or value
        message = f"`{shown(kind)}` of `{shown(version)}` is not read"
        help_text = f"what is imported has `apiVersion: {VERSION}` and `kind: NetworkPolicy`"
        raise Unreadable(error("E760", message, place.span, "would be lost", help=help_text))
    named = fields.name(value, kind)
    namespace = fields.namespace(value, default)
    if not namespace:
        message = f"policy `{shown(str(named.content))}` names no namespace"
        help_text = "`--namespace NAME` says where it is applied; `kubectl` takes `default`"
        raise Unreadable(error("E763", message, named.span, "pods of which namespace", help=help_text))
    spec = fields.mapping(value, "spec")
    if spec is None:
        raise fields.refuse(named, "policy without a spec", "its `spec` is missing", "say whom it isolates")
    metadata: Tree = {"name": str(named.content), "namespace": namespace}
    said = {"podSelector": {}, **{key: _tree(item) for key, item in spec.items() if item.content is not None}}
    tree: Tree = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": said}
    artifact = ir.Artifact(f"kubernetes/{number:06}.yaml", json.dumps(tree).encode())
    return Written(str(named.content), namespace, value, artifact)


def _tree(value: Value) -> Tree:
    """Return plain data; null is what is not written, as the API server has it."""
    if isinstance(value.content, dict):
        return {key: _tree(item) for key, item in value.items() if item.content is not None}
    if isinstance(value.content, list):
        return [_tree(item) for item in value.content]
    if value.content is None:
        return {}
    if value.plain and _WHOLE_NUMBER.fullmatch(value.content):
        return int(value.content)
    if value.plain and _NO_TEXT.fullmatch(value.content):
        raise fields.refuse(value, f"`{shown(value.content)}` is not a text", "needs quotes", "quote it")
    return value.content


def _check(policy: Written, shapes: Shapes) -> None:
    """Raise Unreadable for what the API server would refuse."""
    path, content = policy.artifact.path, policy.artifact.content
    try:
        ((_, tree),) = read_policies(path, content, shapes)
    except documents.Unreadable as problem:
        place = problem.place.rpartition(", ")[2]
        raise Unreadable(_refused(policy, place, problem.reason)) from problem
    for refusal in refusals(tree):
        if refusal.group == "server":
            raise Unreadable(_refused(policy, refusal.path, refusal.message))


def _refused(policy: Written, path: str, reason: str) -> Diagnostic:
    message = f"policy `{policy.title}` is one that the API server refuses"
    help_text = "mend it first: only what can be applied means something"
    return error("E760", message, policy.span(path), reason, help=help_text)


def _add(policy: Written, written: dict[str, Written]) -> None:
    first = written.setdefault(policy.title, policy)
    if first is not policy:
        message = f"policy `{policy.title}` is described twice"
        others = (Label(first.span(""), "first described here"),)
        help_text = "name one of the two files: of policies with one name the last that is applied counts"
        span, label = policy.span(""), "takes the place of the first"
        raise Unreadable(error("E763", message, span, label, others=others, help=help_text))
