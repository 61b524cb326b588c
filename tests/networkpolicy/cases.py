"""A NetworkPolicy that nothing is wrong with, and what a case is: changes of it."""

import copy
import re
from dataclasses import dataclass

Changes = dict[str, object]

GONE = object()
"""What a field is changed to that is taken away."""

FROM = "spec.ingress[0].from"
PODS = f"{FROM}[0].podSelector"
NAMESPACES = f"{FROM}[0].namespaceSelector"
BLOCK = f"{FROM}[1].ipBlock"
PORTS = "spec.ingress[0].ports"
EXPRESSIONS = "spec.podSelector.matchExpressions"
LABELS = "metadata.labels"
ANNOTATIONS = "metadata.annotations"

# A policy that nothing is wrong with; a case is what it changes of it, by the paths that refusals have.
POLICY: dict[str, object] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {
        "name": "data-postgres-ingress",
        "namespace": "data",
        "labels": {"app.kubernetes.io/managed-by": "intentc"},
        "annotations": {"argocd.argoproj.io/sync-wave": "0", "intentc.io/because": "orders → “postgres”"},
    },
    "spec": {
        "podSelector": {
            "matchLabels": {"app": "postgres"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["db", "cache"]},
                {"key": "example.com/backup", "operator": "Exists"},
            ],
        },
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                        "podSelector": {"matchLabels": {"app": "web"}},
                    },
                    {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}},
                ],
                "ports": [
                    {"protocol": "TCP", "port": 5432},
                    {"protocol": "UDP", "port": 9000, "endPort": 9100},
                    {"protocol": "TCP", "port": "metrics"},
                ],
            }
        ],
    },
}
EGRESS: Changes = {
    "spec.ingress": GONE,
    "spec.policyTypes": ["Egress"],
    "spec.egress": [{"to": [{"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}}]}],
}
DENY: Changes = {"spec.ingress": GONE, "spec.podSelector": {}, "spec.policyTypes": ["Ingress", "Egress"]}


@dataclass(frozen=True)
class Refused:
    """Changes that are refused elsewhere than where the change is, or for more than one reason."""

    changes: Changes
    reasons: frozenset[tuple[str, str]]


def refused(changes: Changes, *reasons: tuple[str, str]) -> Refused:
    return Refused(changes, frozenset(reasons))


def port(number: int | str, protocol: str = "TCP") -> dict[str, object]:
    return {"protocol": protocol, "port": number}


def peers(count: int) -> list[object]:
    """Return different peers, each a hundred bytes as JSON."""
    return [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"namespace-{number:032}"}}}
        for number in range(count)
    ]


def changed(changes: Changes) -> object:
    """Return the policy with the values at these paths changed; all but the last step of a path is there."""
    root: dict[object, object] = {"": copy.deepcopy(POLICY)}
    for path, value in changes.items():
        steps = ["", *(name or key for key, name in re.findall(r"\[([^]]*)\]|([^.[]+)", path))]
        above: object = root
        for step in steps[:-1]:
            above = above[int(step)] if isinstance(above, list) else above[step]  # type: ignore[index]  # a way
        if isinstance(above, list):
            above[int(steps[-1])] = copy.deepcopy(value)
        elif isinstance(above, dict) and value is GONE:
            del above[steps[-1]]
        elif isinstance(above, dict):
            above[steps[-1]] = copy.deepcopy(value)
        else:
            raise TypeError(path)
    return root[""]


def reasons(case: Changes | Refused, rule: str) -> frozenset[tuple[str, str]]:
    """Return the rules that refuse a case, and where."""
    if isinstance(case, Refused):
        return case.reasons
    (path,) = case
    return frozenset({(rule, path)})


def document(case: Changes | Refused) -> object:
    """Return the policy of a case."""
    return changed(case.changes if isinstance(case, Refused) else case)
