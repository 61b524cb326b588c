"""The cluster that packets cross: three nodes, pods, Services, a control plane, and machines outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

POD_RANGE = "100.64.0.0/14"
NODE_RANGE = "192.168.64.0/19"
SERVICE_RANGE = "10.96.0.0/16"
CONTROL_PLANE = "172.16.0.2"
CONTROL_PLANE_RANGE = "172.16.0.0/28"
ROUTER = "192.168.64.1"
TAG = "gke-prod-node"

COVERING = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""Ranges that pods reach under their own address: the nodes' is among them."""
NOT_NODES = ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")
NOT_PODS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
LINK_LOCAL = "169.254.0.0/16"

POD_PORT, OTHER_PORT, HOST_PORT, HOST_NETWORK_PORT = 8443, 9000, 18443, 9443
NODE_PORT, LOCAL_NODE_PORT = 30443, 30444


@dataclass(frozen=True)
class Node:
    """A machine of the cluster."""

    name: str
    address: str
    pods: str
    gateway: str


NODES = {
    f"n{number}": Node(
        f"n{number}", f"192.168.64.{10 + number}", f"100.64.{number}.0/24", f"100.64.{number}.1"
    )
    for number in (1, 2, 3)
}


Port = tuple[Literal["TCP", "UDP"], int]
SERVES: tuple[Port, ...] = (("TCP", POD_PORT), ("TCP", OTHER_PORT), ("UDP", OTHER_PORT))
RESOLVES: tuple[Port, ...] = (("TCP", 53), ("UDP", 53))


@dataclass(frozen=True)
class Pod:
    """A pod and where it runs; `listens` are protocols and ports."""

    name: str
    namespace: str
    node: str
    labels: dict[str, str] = field(default_factory=dict)
    listens: tuple[Port, ...] = SERVES
    host_port: int = 0
    host_network: bool = False


_B = {"app": "your-app-b"}

NAMESPACES = {
    "kube-system": {"team": "platform"},
    "monitoring": {"team": "platform"},
    "namespace-a": {"team": "one"},
    "namespace-b": {"team": "two"},
    "other": {"team": "one"},
}
"""Every namespace, and its label."""

# `A` and `A2` are the table's; `X` and `X2` are nobody's business; `C` is beside B.
PODS = {
    pod.name: pod
    for pod in (
        Pod("A", "namespace-a", "n1", {"app": "your-app-a"}),
        Pod("A2", "namespace-a", "n2", {"app": "your-app-a"}),
        Pod("B", "namespace-b", "n2", _B, host_port=HOST_PORT),
        Pod("C", "namespace-b", "n3", {"app": "another"}),
        Pod("X", "other", "n1", {"app": "your-app-a"}),
        Pod("X2", "other", "n2", {"app": "your-app-a"}),
        Pod("resolver", "kube-system", "n3", {"k8s-app": "kube-dns"}, (*SERVES, *RESOLVES)),
        Pod("system", "kube-system", "n3", {"k8s-app": "metrics"}, (*SERVES, *RESOLVES)),
        Pod("impostor", "namespace-a", "n2", {"k8s-app": "kube-dns"}, (*SERVES, *RESOLVES)),
        Pod(
            "exporter",
            "monitoring",
            "n2",
            {"app": "node-exporter"},
            (("TCP", HOST_NETWORK_PORT),),
            host_network=True,
        ),
    )
}

OUTSIDE = {
    "ext": "203.0.113.10",
    "stranger": "192.0.2.9",
    "GFE": "35.191.0.5",
    "GFE2": "130.211.0.5",
    "IAP": "35.235.240.5",
    "VM": "192.168.90.7",
}
"""Machines outside the cluster; `VM` has an address in the range of the nodes, and is none of them."""

BALANCERS = {"VIP": ("198.51.100.7", "n2"), "VIP1": ("198.51.100.8", "n1")}
"""Addresses of passthrough balancers, and the node each picks: one with the endpoint, one without."""
LOCAL_BALANCERS = {"LVIP": ("198.51.100.17", "n2")}

CLUSTER_IP, DNS_IP, API_IP = "10.96.0.100", "10.96.0.10", "10.96.0.1"


def services() -> list[dict[str, object]]:
    """Return the Services, as the API takes them."""

    def service(name: str, namespace: str, selector: dict[str, str], **spec: object) -> dict[str, object]:
        return {"metadata": {"name": name, "namespace": namespace}, "spec": {"selector": selector, **spec}}

    def web(**more: object) -> list[dict[str, object]]:
        return [{"port": 443, "targetPort": POD_PORT, "protocol": "TCP", **more}]

    dns = [{"name": name, "port": 53, "protocol": name.upper()} for name in ("tcp", "udp")]
    local = {"externalTrafficPolicy": "Local"}
    return [
        service("plain", "namespace-b", _B, clusterIP=CLUSTER_IP, ports=web()),
        service("door", "namespace-b", _B, type="NodePort", ports=web(nodePort=NODE_PORT)),
        service("local", "namespace-b", _B, type="NodePort", ports=web(nodePort=LOCAL_NODE_PORT), **local),
        service("balanced", "namespace-b", _B, type="LoadBalancer", ports=web(nodePort=30543)),
        service("local-balanced", "namespace-b", _B, type="LoadBalancer", ports=web(nodePort=30544), **local),
        service("kube-dns", "kube-system", {"k8s-app": "kube-dns"}, clusterIP=DNS_IP, ports=dns),
    ]


def balancer_status(service: str) -> dict[str, object] | None:
    """Return the status of a Service that has balancers."""
    found = {"balanced": BALANCERS, "local-balanced": LOCAL_BALANCERS}.get(service)
    ingress = [{"ip": address, "ipMode": "VIP"} for address, _ in (found or {}).values()]
    return {"loadBalancer": {"ingress": ingress}} if found else None


def project(*, masquerade: tuple[str, ...] | None = COVERING, mode: str = "explicit") -> str:
    """Return the `intentc.yaml` of this cluster."""
    lines = [
        "version: 1",
        "namespaces:",
        *(f"  {name}: {{team: {labels['team']}}}" for name, labels in NAMESPACES.items()),
        "clusters:",
        "  prod:",
        "    dataplane: calico",
        "    routing: routes",
        f"    podCIDRs: [{POD_RANGE}]",
        f"    nodeCIDRs: [{NODE_RANGE}]",
        f"    serviceCIDR: {SERVICE_RANGE}",
        "    dns: kube-dns",
        f"    controlPlane: {{endpoint: {CONTROL_PLANE}, cidr: {CONTROL_PLANE_RANGE}}}",
        f"    firewall: {{mode: {mode}, project: net-prod, network: vpc-prod, targetTags: [{TAG}]}}",
    ]
    if masquerade is not None:
        lines.append(f"    ipMasq: {{nonMasqueradeCIDRs: [{', '.join(masquerade)}]}}")
    return "\n".join(lines) + "\n"
