"""What an isolated pod needs beside its intents: name resolution, and the server of its identity."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.analysis.endpoints import namespace_selector
from intentc.analysis.lowering import Cluster, Hop
from intentc.ir import Addresses, Block, Endpoint, Origin, Pods, Point, Ports, Protocol, Requirement
from intentc.profile import DnsPeer, Profile

_NODE_LOCAL = "169.254.20.10/32"
_METADATA = "169.254.169.254/32"
_KUBE_DNS = DnsPeer("kube-system", (("k8s-app", ("kube-dns",)),))
_OPENSHIFT = DnsPeer(
    "openshift-dns", (("dns.operator.openshift.io/daemonset-dns", ("default",)),), ports=(5353,)
)


def dns_peers(profile: Profile) -> tuple[DnsPeer, ...]:
    """Return where the pods of a cluster resolve names.

    https://cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache,
    https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns
    """
    dns = profile.dns
    if dns.preset == "custom":
        return dns.peers
    if dns.preset == "openshift":
        return (_OPENSHIFT,)
    if dns.preset == "cloud-dns":
        metadata = DnsPeer(cidr=_METADATA)
        return (metadata, DnsPeer(cidr=_NODE_LOCAL)) if profile.autopilot or dns.node_local else (metadata,)
    if dns.preset == "node-local":
        local = DnsPeer(cidr=_NODE_LOCAL)
        if profile.dataplane == "calico":
            return (
                _KUBE_DNS,
                local,
                DnsPeer(cidr=f"{dns.cluster_ip}/{128 if ':' in dns.cluster_ip else 32}"),
            )
        return (DnsPeer("kube-system", (("k8s-app", ("kube-dns", "node-local-dns")),)), local)
    return (_KUBE_DNS,)


class Lifeline:
    """The rules that let pods, isolated for egress, resolve names and prove who they are."""

    def __init__(self, profile: Profile, cluster: Cluster) -> None:
        """Work out, once for all pods of a cluster, whom they need to reach."""
        self._targets: list[tuple[Endpoint, tuple[Ports, ...], Origin]] = []
        self._network: list[Hop] = []
        name_resolution = Origin("dns", ())
        for peer in dns_peers(profile):
            ports = _both(peer.ports)
            if peer.cidr:
                target: Endpoint = Addresses("dns", (Block(peer.cidr),))
                # A resolver's ClusterIP is translated on the pod's own node, a link-local one answers there:
                # only a custom address stands in a packet outside.
                is_outside = profile.dns.preset == "custom" and not peer.cidr.startswith("169.254.")
                if cluster.egress_deny and is_outside:
                    self._network.append((Point.LEAVING_NODE, cluster.nodes, target, ports, name_resolution))
            else:
                selector = tuple(
                    sorted(Requirement(key, "In", tuple(sorted(values))) for key, values in peer.pod_labels)
                )
                # One peer with both selectors: as two peers it would open the port to every pod of the
                # resolver's namespace.
                target = Pods(namespace_selector(peer.namespace), selector)
                if cluster.explicit:
                    self._network.append(
                        (Point.ENTERING_NODE, cluster.pods, cluster.nodes, ports, name_resolution)
                    )
                if cluster.egress_deny:
                    self._network.append(
                        (Point.LEAVING_NODE, cluster.nodes, cluster.pods, ports, name_resolution)
                    )
            self._targets.append((target, ports, name_resolution))
        if profile.workload_identity:
            # https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity
            calico = profile.dataplane == "calico"
            metadata = Addresses("metadata", (Block("169.254.169.252/32" if calico else _METADATA),))
            port = 988 if calico else 80
            self._targets.append((metadata, (Ports("TCP", port, port),), Origin("metadata", ())))

    def of(self, pods: Pods) -> Iterator[Hop]:
        """Yield what `pods` need to reach, on leaving."""
        for target, ports, why in self._targets:
            yield Point.LEAVING_POD, pods, target, ports, why

    @property
    def targets(self) -> Iterator[Endpoint]:
        """Yield whom every pod needs to reach."""
        return (target for target, _, _ in self._targets)

    @property
    def network(self) -> tuple[Hop, ...]:
        """Return what the network has to let pass for all of them."""
        return tuple(self._network)


def _both(ports: tuple[int, ...]) -> tuple[Ports, ...]:
    """Return the ports in TCP and UDP: a long answer is asked for again over TCP."""
    protocols: tuple[Protocol, Protocol] = ("TCP", "UDP")
    return tuple(sorted(Ports(protocol, port, port) for protocol in protocols for port in ports))
