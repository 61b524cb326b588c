"""What Cilium's policies for the whole cluster admit, by the little of them that is written: nodes, ports."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from tests.model.model import accepted, members, selects
from tests.model.world import ENTERING_POD, LEAVING_POD, Packet, Ranges, Traffic, World

NAMESPACE = "k8s:io.kubernetes.pod.namespace"
EVERY_NODE = {"host", "remote-node"}
"""A pod's own node and all others; where a pod runs is not known, so one alone means nobody in particular."""


def evaluate_clusterwide(document: Mapping[str, Any], world: World, nodes: Ranges) -> Traffic:
    """Return which pods a CiliumClusterwideNetworkPolicy isolates, and what of the nodes passes them then.

    https://docs.cilium.io/en/stable/security/policy/language/
    """
    spec = dict(document["spec"])
    selector = spec.pop("endpointSelector")
    chosen = [
        pod
        for pod in world.pods
        if not pod.host_network
        and selects(
            selector, {NAMESPACE: pod.namespace, **{f"k8s:{key}": v for key, v in pod.labels.items()}}
        )
    ]
    traffic = Traffic()
    for point, direction, key in (
        (LEAVING_POD, "egress", "toEntities"),
        (ENTERING_POD, "ingress", "fromEntities"),
    ):
        rules = spec.pop(direction, None)
        if rules is None:
            continue
        traffic.close(point, chosen)
        for rule in rules:
            if set(rule) != {key, "toPorts"} or set(rule[key]) != EVERY_NODE:
                raise ValueError(f"not a rule for every node: {rule}")
            entries = [entry for ports in rule["toPorts"] for entry in ports["ports"]]
            for here, there in product(chosen, members(nodes, world)):
                # A node gives no port a name.
                named = here.ports if point == ENTERING_POD else ()
                packets = [accepted(as_port(entry), named, world) for entry in entries]
                traffic.admit(point, here, there, frozenset[Packet]().union(*packets))
    if spec:
        raise ValueError(f"not expected: {spec}")
    return traffic


def as_port(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return protocol, port and last port of an entry; numbers are texts there."""
    port = entry["port"]
    return entry["protocol"], int(port) if port.isdecimal() else port, entry.get("endPort")
