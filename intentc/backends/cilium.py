"""What nodes may do to pods, and pods to nodes, becomes a CiliumClusterwideNetworkPolicy: nodes by identity.

Cilium gives nodes an identity of their own, and no address range matches it:
https://docs.cilium.io/en/stable/security/policy/language/#entities-based
Such a policy adds to the NetworkPolicies of the same pods: policies are a union, and isolation is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from intentc.backends.rendering import render
from intentc.ir import Ports, Requirement, Selector

MOST_PORTS = 40
"""How many ports one list may have: `maxItems` of `toPorts[].ports`.

https://github.com/cilium/cilium/blob/v1.18.0/pkg/policy/api/l4.go
"""

NAMESPACE_KEY = "k8s:io.kubernetes.pod.namespace"
"""The label by which a policy of the whole cluster selects the pods of one namespace.

https://docs.cilium.io/en/stable/security/policy/kubernetes/#namespaces
"""

_ENTITIES_KEY = {"Egress": "toEntities", "Ingress": "fromEntities"}


def file_name(namespace: str) -> str:
    """Return the name of the file for the pods of one namespace; no namespace has a dot in its name."""
    return f"{namespace}.clusterwide.yaml"


def selector_of(namespace: str, pods: Selector) -> Selector:
    """Return what selects these pods among those of all namespaces, with the keys Cilium knows labels by."""
    own = (Requirement(f"k8s:{item.key}", item.operator, item.values) for item in pods)
    return tuple(sorted((Requirement(NAMESPACE_KEY, "In", (namespace,)), *own)))


def document(
    name: str,
    annotations: Iterable[tuple[str, str]],
    selector: str,
    direction: Literal["Egress", "Ingress"],
    ports: tuple[Ports, ...],
) -> str:
    """Return one policy: the pods of a rendered selector, every node, and these ports."""
    shown = [
        (port.protocol, port.name or str(port.first), [port.last] if port.last > port.first else [])
        for port in ports
    ]
    return render(
        "kubernetes/clusterwide.yaml.j2",
        name=name,
        annotations=tuple(annotations),
        selector=selector,
        direction=direction.lower(),
        entities_key=_ENTITIES_KEY[direction],
        port_lists=[shown[start : start + MOST_PORTS] for start in range(0, len(shown), MOST_PORTS)],
    )
