"""The concrete places of the random tests: namespaces, pods and addresses, and clusters of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from random import Random

from tests.model.world import (
    NAMESPACE_LABEL,
    PROTOCOLS,
    Cluster,
    Keep,
    Pod,
    Pods,
    Ports,
    Ranges,
    World,
)

POD_RANGE, NODE_RANGE, SERVICE_RANGE = "100.64.0.0/14", "192.168.64.0/19", "10.96.0.0/16"
NODE_ADDRESSES = ("192.168.64.11", "192.168.65.12", "192.168.66.13")
HOST_ADDRESS = "192.168.64.14"
IDENTIFIED = Ranges("nodes", tuple(f"{address}/32" for address in (*NODE_ADDRESSES, HOST_ADDRESS)))
DNS_ADDRESS, NODE_DNS, METADATA = "10.96.0.10", "169.254.20.10", "169.254.169.254"
ENDPOINT, CONTROL_PLANE = "172.16.0.2", "172.16.0.0/28"
NODE_TAG = "gke-prod-node"
NODE_PORTS = (30080, 30443)

NAMESPACES: dict[str, dict[str, str]] = {
    "shop": {"team": "web", "tier": "front"},
    "data": {"team": "storage", "restricted": ""},
    "no": {"team": "web"},
    "nodes": {"tier": "back"},
    "kube-system": {},
    "openshift-dns": {},
}
# Namespace, pod labels, named ports. Among them: resolvers of every kind, pods of kube-system that are none,
# and a pod elsewhere that wears a resolver's label.
PODS: tuple[tuple[str, dict[str, str], dict[str, tuple[str, int]]], ...] = (
    ("shop", {"app": "web", "tier": "front"}, {"http": ("TCP", 8080), "metrics": ("TCP", 9090)}),
    ("shop", {"app": "worker", "k8s-app": "kube-dns"}, {"metrics": ("UDP", 9090)}),
    ("data", {"app": "db", "role": "rw"}, {"http": ("TCP", 8443), "metrics": ("TCP", 9091)}),
    ("data", {"app": "db", "role": "ro", "legacy": ""}, {"metrics": ("TCP", 9090)}),
    ("no", {"app": "web", "role": "rw"}, {"http": ("TCP", 8080)}),
    ("nodes", {"legacy": "yes"}, {}),
    ("kube-system", {"k8s-app": "kube-dns"}, {}),
    ("kube-system", {"k8s-app": "node-local-dns"}, {}),
    ("kube-system", {"k8s-app": "other", "app": "web"}, {}),
    ("openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"}, {}),
)
ADDRESSES = (
    *NODE_ADDRESSES,
    "192.168.95.254",  # a machine in the node range that is no node
    "100.67.255.1",  # a pod nobody knows
    "100.68.0.1",  # beside the pods
    ENDPOINT,
    "172.16.0.9",  # the control plane, but not the endpoint
    "172.16.0.17",  # beside the control plane
    DNS_ADDRESS,
    "10.96.7.7",  # another Service
    NODE_DNS,
    METADATA,
    "169.254.169.252",
    "10.1.2.3",
    "10.2.3.4",
    "10.200.0.53",
    "203.0.113.7",
    "203.0.113.200",
    "8.8.8.8",
    "35.191.7.7",
    "130.211.3.255",
    "35.235.240.9",
    "199.36.153.5",
    "199.36.153.9",
    "2001:db8:77::5",
    "2001:db8:78::5",
    "2600:1900::7",
    "fd00::7",
)
NUMBERS = (1, 53, 80, 443, 988, 5353, 8079, 8080, 8443, 9090, 9091, 10250, *NODE_PORTS, 18443, 65535)


def make_world() -> World:
    """Return the world of the random tests; one pod runs with hostNetwork and so has its node's address."""
    pods = [
        Pod(
            name=f"{namespace}/{number}",
            namespace=namespace,
            namespace_labels={NAMESPACE_LABEL: namespace, **NAMESPACES[namespace]},
            labels=labels,
            address=f"100.64.{number}.{number + 1}",
            ports=tuple((protocol, name, port) for name, (protocol, port) in ports.items()),
        )
        for number, (namespace, labels, ports) in enumerate(PODS)
    ]
    shop = {NAMESPACE_LABEL: "shop", **NAMESPACES["shop"]}
    pods.append(Pod("shop/host", "shop", shop, {"app": "web"}, HOST_ADDRESS, host_network=True))
    packets = {(protocol, number) for protocol in PROTOCOLS[:2] for number in NUMBERS}
    return World(tuple(pods), ADDRESSES, frozenset(packets | {("SCTP", 1), ("SCTP", 8080), ("SCTP", 30443)}))


WORLD = make_world()


def both(number: int) -> tuple[Ports, ...]:
    """Return a port in UDP and TCP."""
    return (Ports("UDP", number, number), Ports("TCP", number, number))


def resolver(namespace: str, key: str, *values: str) -> Pods:
    """Return the pods that resolve names."""
    return Pods(((NAMESPACE_LABEL, "=", (namespace,)),), ((key, "in", values),))


KUBE_DNS = Keep("dns", resolver("kube-system", "k8s-app", "kube-dns"), both(53))
AT_NODE_DNS = Keep("dns", Ranges("cidr", (f"{NODE_DNS}/32",)), both(53), on_node=True)
AT_SERVICE = Keep("dns", Ranges("cidr", (f"{DNS_ADDRESS}/32",)), both(53), on_node=True)
AT_METADATA = Keep("dns", Ranges("cidr", (f"{METADATA}/32",)), both(53), on_node=True)
BOTH_KINDS = Keep("dns", resolver("kube-system", "k8s-app", "kube-dns", "node-local-dns"), both(53))
OPENSHIFT = Keep(
    "dns", resolver("openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default"), both(5353)
)
OWN_PODS = Keep("dns", resolver("data", "app", "db"), both(5353))
OWN_ADDRESS = Keep("dns", Ranges("cidr", ("10.200.0.0/24",)), both(53))

OWN_DNS = """dns:
  peers:
    - {namespace: data, podLabels: {app: db}, ports: [5353]}
    - {cidr: 10.200.0.0/24, ports: [53]}"""

DNS: dict[str, tuple[str, tuple[Keep, ...]]] = {
    "kube-dns": ("dns: kube-dns", (KUBE_DNS,)),
    "node-local": (f"dns: node-local\ndnsClusterIP: {DNS_ADDRESS}", (KUBE_DNS, AT_NODE_DNS, AT_SERVICE)),
    "node-local, dataplane-v2": ("dns: node-local", (BOTH_KINDS, AT_NODE_DNS)),
    "cloud-dns": ("dns: cloud-dns", (AT_METADATA,)),
    "cloud-dns, autopilot": ("dns: cloud-dns\nautopilot: true", (AT_METADATA, AT_NODE_DNS)),
    "openshift": ("dns: openshift", (OPENSHIFT,)),
    "own": (OWN_DNS, (OWN_PODS, OWN_ADDRESS)),
}
FIREWALLS = ("explicit", "gke-managed", "egress-deny")


@dataclass(frozen=True)
class Place:
    """One cluster; on Dataplane V2 ranges match nodes for its profile says so, on Cilium identities do."""

    dns: str = "kube-dns"
    firewall: str = "explicit"
    dataplane: str = "calico"
    masquerades: bool = False
    identity: bool = False

    @property
    def keeps(self) -> tuple[Keep, ...]:
        """Return what pods isolated for egress keep."""
        if not self.identity:
            return DNS[self.dns][1]
        address, port = ("169.254.169.252", 988) if self.dataplane == "calico" else (METADATA, 80)
        server = Ranges("cidr", (f"{address}/32",))
        return (*DNS[self.dns][1], Keep("metadata", server, (Ports("TCP", port, port),), on_node=True))

    @property
    def cluster(self) -> Cluster:
        """Return its facts as the model has them."""
        return Cluster(
            pods=Ranges("pods", (POD_RANGE,)),
            nodes=Ranges("nodes", (NODE_RANGE,)),
            control_plane=Ranges("control-plane", (CONTROL_PLANE,)),
            firewall=self.firewall,
            masquerades=self.masquerades,
            identified=IDENTIFIED if self.dataplane == "cilium" else None,
            keeps=self.keeps,
        )

    @property
    def profile(self) -> str:
        """Return its facts as `intentc.yaml` has them."""
        lines = [
            f"dataplane: {self.dataplane}",
            "routing: vpc-native",
            f"podCIDRs: [{POD_RANGE}]",
            f"nodeCIDRs: [{NODE_RANGE}]",
            f"serviceCIDR: {SERVICE_RANGE}",
            f"controlPlane: {{endpoint: {ENDPOINT}, cidr: {CONTROL_PLANE}}}",
            f"firewall: {{mode: {self.firewall}, project: net-prod, network: vpc, targetTags: [{NODE_TAG}]}}",
            *DNS[self.dns][0].splitlines(),
        ]
        lines += ["nodeCIDRMatch: true"] * (self.dataplane == "dataplane-v2")
        lines += ["clusterwidePolicies: true"] * (self.dataplane == "cilium")
        lines += ["workloadIdentity: true"] * self.identity
        if self.masquerades:
            lines.append("ipMasq: {nonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/12, 100.64.0.0/10]}")
        return "".join(f"    {line}\n" for line in lines)

    def plainer(self) -> Iterator[Place]:
        """Yield clusters with one thing less to say about them."""
        plainest = Place()
        for each in fields(self):
            plain = getattr(plainest, each.name)
            if getattr(self, each.name) != plain:
                yield replace(self, **{each.name: plain})


def any_place(random: Random) -> Place:
    """Return a cluster of a random kind that exists."""
    dataplane = random.choice(("calico", "calico", "calico", "dataplane-v2", "cilium"))
    dns = random.choice([mode for mode in DNS if mode != "node-local, dataplane-v2"])
    if dns == "node-local" and dataplane != "calico":
        dns = "node-local, dataplane-v2"
    masquerades, identity = random.random() < 0.2, random.random() < 0.3
    return Place(dns, random.choice(FIREWALLS), dataplane, masquerades, identity)
