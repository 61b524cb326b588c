"""A parsed NetworkPolicy becomes refusals: what the API server would not take, and what we must not emit.

The rules are in `docs/networkpolicy-rules.md`, by the `id` of a refusal.
"""

from __future__ import annotations

from intentc.prove.admission import values
from intentc.prove.admission.metadata import LARGEST_ANNOTATIONS, annotations_size, metadata_refusals
from intentc.prove.admission.refusal import Group, Refusal, below, house, server, shown
from intentc.prove.admission.rules import PEERS_FIELD, rules_refusals
from intentc.prove.admission.selectors import selector_refusals

__all__ = ["Group", "Refusal", "refusals"]

_IDENTITY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
# What the API server takes for absent, and fills in from the address of the request.
_UNSAID = {"apiVersion": {"", "/"}, "kind": {""}}
_DOCUMENT = frozenset({*_IDENTITY, "metadata", "spec"})
_SPEC = frozenset({"podSelector", "policyTypes", *PEERS_FIELD})
_TYPE_OF = {"ingress": "Ingress", "egress": "Egress"}

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def refusals(document: object) -> tuple[Refusal, ...]:
    """Return all that is wrong with one parsed NetworkPolicy, in the order of its fields.

    `document` is what a YAML reader makes of it: dict, list, str, int, float, bool and None, however deep;
    nothing raises. Of two keys with one name a dict keeps one: refusing them is up to the reader. The group
    `server` is what kube-apiserver 1.36 refuses to create under strict field validation:
    https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/networking/validation/validation.go
    """
    found: list[Refusal] = []
    known = values.mapping(document, "", found)
    if known is None:
        return tuple(found)
    for field, wanted in _IDENTITY.items():
        value = values.text(known.get(field, ""), field, found)
        if value in _UNSAID[field]:
            found.append(house("NP-53", field, "without it, no client knows what the document is"))
        elif value not in {None, wanted}:
            found.append(server("NP-01", field, f"`{shown(value)}` is not `{wanted}`"))
    if any(refusal.id == "NP-01" for refusal in found):
        return tuple(found)
    values.record(known, _DOCUMENT, "", found)
    found += below("metadata", metadata_refusals(known.get("metadata", {})))
    if "spec" in known:
        found += below("spec", _spec_refusals(known["spec"]))
    else:
        found.append(house("NP-60", "spec", "without it, every pod of the namespace is isolated"))
    if not found and (size := _applied_size(known)) > LARGEST_ANNOTATIONS:
        message = f"`kubectl apply` would annotate it with {size} bytes, over {LARGEST_ANNOTATIONS}"
        found.append(house("NP-73", "", message))
    return tuple(found)


def _spec_refusals(spec: object) -> list[Refusal]:
    found: list[Refusal] = []
    known = values.record(spec, _SPEC, "", found)
    if known is None or spec is None:
        return found
    if "podSelector" in known:
        found += below("podSelector", selector_refusals(known["podSelector"], may_be_empty=True))
    else:
        found.append(house("NP-60", "podSelector", "without it, every pod of the namespace is meant"))
    types = _policy_types(known, found)
    for direction, name in _TYPE_OF.items():
        if direction in known:
            if types and name not in types:
                found.append(house("NP-64", direction, f"ignored, as `policyTypes` does not list `{name}`"))
            found += below(direction, rules_refusals(known[direction], direction))
    if len(types) == 2 and not known.keys().isdisjoint(_TYPE_OF):
        found.append(house("NP-65", "policyTypes", "two directions in a policy with rules"))
    return found


def _policy_types(spec: values.Mapping, found: list[Refusal]) -> set[str]:
    """Return the directions a spec isolates, as far as it says so; refuse what is wrong with how it does."""
    if "policyTypes" not in spec:
        found.append(house("NP-62", "policyTypes", "without it, Kubernetes guesses from the rules"))
        return set()
    entries = values.items(
        spec["policyTypes"], "policyTypes", found, empty="Kubernetes guesses from the rules"
    )
    if len(entries) > 2:
        found.append(server("NP-32", "policyTypes", "more than two entries"))
        return set()
    types: set[str] = set()
    for position, entry in enumerate(entries):
        path = f"policyTypes[{position}]"
        name = values.text(entry, path, found)
        if name is None:
            continue
        if name not in _TYPE_OF.values():
            found.append(server("NP-31", path, f"`{shown(name)}` is not `Ingress` or `Egress`"))
        elif name in types:
            found.append(house("NP-63", path, f"`{name}` stands a second time"))
        else:
            types.add(name)
    return types


def _applied_size(document: values.Mapping) -> int:
    """Return the bytes of all annotations once `kubectl apply` has added what it applied.

    https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes
    """
    metadata = document["metadata"]
    annotations = metadata.get("annotations", {}) if isinstance(metadata, dict) else {}
    added = 0 if annotations else len(',"annotations":{}')
    return annotations_size(annotations) + len(_LAST_APPLIED) + values.json_size(document) + added + 1
