"""A profile becomes what is admitted beside the intents: resolvers and the metadata server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from intentc import ir
from intentc.profile import DnsPeer, Profile
from intentc.prove.labels import label_set, named
from intentc.prove.numbers import NO_NUMBERS, Numbers, address_range, numbers, port_set
from intentc.prove.shapes import Admitted, Peer, Shapes

CONTROL_PLANE_PORTS = port_set((("TCP", 443, 443), ("TCP", 10250, 10250)))
"""What GKE's own rules let from the control plane into every node.

https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
"""

NODE_LOCAL_RESOLVER = "169.254.20.10/32"
"""Where NodeLocal DNSCache listens: https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/"""

METADATA_SERVER = "169.254.169.254/32"
"""Google's metadata server, also Cloud DNS for GKE: https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns"""

METADATA_PROXY = "169.254.169.252/32"
"""GKE's metadata server as pods reach it on Calico.

https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
"""

_NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "240.0.0.0/4", "fc00::/7")
"""https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips#cluster_sizing"""

_GOOGLE = {
    "google-health-checks": ("35.191.0.0/16", "130.211.0.0/22"),
    "google-iap": ("35.235.240.0/20",),
    "google-apis-private": ("199.36.153.8/30",),
    "google-apis-restricted": ("199.36.153.4/30",),
}
"""What Google publishes.

https://cloud.google.com/load-balancing/docs/health-checks#firewall_rules
https://cloud.google.com/iap/docs/using-tcp-forwarding#create-firewall-rule
https://cloud.google.com/vpc/docs/configure-private-google-access#domain-options
"""

_UNICAST = ("0.0.0.0/0", "2000::/3")
_SPECIAL = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "2001:db8::/32"),
)
"""Addresses that nobody on the internet has, multicast and what is reserved above it among them.

https://www.iana.org/assignments/iana-ipv4-special-registry
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

_LINK_LOCAL = numbers((address_range("169.254.0.0/16")[1],))


def is_ebpf(profile: Profile) -> bool:
    """Tell whether policy is enforced by Cilium, as in GKE's Dataplane V2."""
    return profile.dataplane != "calico"


def matches_nodes(profile: Profile) -> bool:
    """Tell whether an address range in a NetworkPolicy matches a cluster node.

    https://docs.cilium.io/en/stable/security/policy/language/#selecting-nodes-with-cidr-ipblock
    """
    return not is_ebpf(profile) or profile.node_cidr_match


def masquerades_nodes(profile: Profile) -> bool:
    """Tell whether a pod's packet to another node leaves with its own node's address."""
    if profile.non_masquerade is None:
        return False
    kept: dict[int, Numbers] = {4: NO_NUMBERS, 6: NO_NUMBERS}
    for cidr in profile.non_masquerade:
        family, interval = address_range(cidr)
        kept[family] |= numbers((interval,))
    for cidr in profile.node_cidrs:
        family, interval = address_range(cidr)
        if numbers((interval,)) - kept[family]:
            return True
    return False


def control_plane(profile: Profile, role: str) -> tuple[ir.Block, ...]:
    """Return the control plane's addresses: its own range as a source, its endpoint as a target."""
    if role == "source":
        return (ir.Block(profile.control_plane.cidr),) if profile.control_plane.cidr else ()
    endpoint = profile.control_plane.endpoint
    return (ir.Block(_one_address(endpoint)),) if endpoint else ()


def word_addresses(word: str, profile: Profile) -> tuple[tuple[Literal["ipv4", "ipv6"], Numbers], ...]:
    """Return the addresses that a word stands for by itself; none for a word that does not.

    `internet` is every public address that the profile does not say is the cluster's.
    """
    if word in _GOOGLE:
        return _by_family(_GOOGLE[word])
    if word != "internet":
        return ()
    own = (*profile.pod_cidrs, *profile.node_cidrs, profile.service_cidr)
    masters = (block.cidr for role in ("source", "target") for block in control_plane(profile, role))
    others = dict(_by_family((*_SPECIAL, *filter(None, own), *masters)))
    return tuple((kind, every - others[kind]) for kind, every in _by_family(_UNICAST))


def _by_family(cidrs: Iterable[str]) -> tuple[tuple[Literal["ipv4", "ipv6"], Numbers], ...]:
    found: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for cidr in cidrs:
        family, interval = address_range(cidr)
        found[family].append(interval)
    return ("ipv4", numbers(found[4])), ("ipv6", numbers(found[6]))


def pod_addresses(profile: Profile) -> tuple[tuple[str, Numbers], ...]:
    """Return where a pod's address may be, as `ipv4` and `ipv6` numbers.

    Where the profile does not state it, every range that is no public one may hold pods.
    """
    return _by_family(profile.pod_cidrs or _NOT_PUBLIC)


def is_link_local(peer: Peer) -> bool:
    """Tell whether a peer's addresses are all on the pod's own node."""
    return peer.kind == "ipv4" and not peer.addresses - _LINK_LOCAL


def shared_peers(
    profile: Profile, shapes: Shapes
) -> tuple[tuple[Literal["dns", "metadata"], str, Admitted], ...]:
    """Return what every pod that an intent isolates for egress may reach beside it, with cause and reason."""
    found: dict[Peer, None] = {}
    resolvers: Admitted = {}
    for peer in _resolvers(profile):
        ports = shapes.ports(
            port_set((protocol, port, port) for port in peer.ports for protocol in ("UDP", "TCP"))
        )
        known = shapes.block(peer.cidr) if peer.cidr else _pods(peer, shapes)
        if known is not None:
            found[known] = None
            shapes.admit(resolvers, known, ports)
    shared: list[tuple[Literal["dns", "metadata"], str, Admitted]] = [
        ("dns", f"name resolution as in `{profile.dns.preset}`", resolvers)
    ]
    if profile.workload_identity:
        address, port = (METADATA_SERVER, 80) if is_ebpf(profile) else (METADATA_PROXY, 988)
        server = shapes.block(address)
        if server is not None:
            ports = shapes.ports(port_set((("TCP", port, port),)))
            shared.append(("metadata", "workload identity asks the metadata server", {server: ports}))
    return tuple(shared)


def _pods(peer: DnsPeer, shapes: Shapes) -> Peer | None:
    selector = tuple(ir.Requirement(key, "In", values) for key, values in peer.pod_labels)
    pods = label_set(selector, of_namespace=False)
    return None if pods is None else shapes.peer("pods", named(peer.namespace), pods)


def _resolvers(profile: Profile) -> tuple[DnsPeer, ...]:
    dns = profile.dns
    kube_dns = DnsPeer(namespace="kube-system", pod_labels=(("k8s-app", ("kube-dns",)),))
    node_local = DnsPeer(cidr=NODE_LOCAL_RESOLVER)
    match dns.preset:
        case "kube-dns":
            return (kube_dns,)
        case "node-local":
            if is_ebpf(profile):
                both = DnsPeer(
                    namespace="kube-system", pod_labels=(("k8s-app", ("kube-dns", "node-local-dns")),)
                )
                return both, node_local
            return kube_dns, node_local, DnsPeer(cidr=_one_address(dns.cluster_ip))
        case "cloud-dns":
            server = DnsPeer(cidr=METADATA_SERVER)
            return (server, node_local) if profile.autopilot or dns.node_local else (server,)
        case "openshift":
            labels = (("dns.operator.openshift.io/daemonset-dns", ("default",)),)
            return (DnsPeer(namespace="openshift-dns", pod_labels=labels, ports=(5353,)),)
        case "custom":
            return dns.peers


def _one_address(address: str) -> str:
    if "/" in address:
        return address
    return f"{address}/128" if ":" in address else f"{address}/32"
