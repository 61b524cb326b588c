"""Rules on port 53 become findings: names that cannot be resolved, or only while answers are short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from intentc import ir
from intentc.analysis.lifelines import dns_peers
from intentc.audit import places
from intentc.audit.context import Context, on_clusters
from intentc.audit.policies import End, Policy, Port, Rule
from intentc.audit.relations import holds
from intentc.diagnostics import Diagnostic, warning
from intentc.profile import DnsPeer, Profile
from intentc.prove.labels import equal_to, label_set, named
from intentc.prove.labels import holds as carries
from intentc.prove.numbers import Numbers, PortSet, address_range, port_set

_PORTS = (53, 5353)
"""Where resolvers listen; those of OpenShift answer on the second."""

_PROTOCOLS = ("TCP", "UDP")


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield what keeps the pods of a policy from resolving names."""
    yield from _resolver(policy, context)
    rules = policy.rules("egress")
    found = [(rule, port) for rule in rules for port in rule.ports if _is_dns(port)]
    yield from _one_protocol(policy, found, context)
    if found:
        clusters = context.clusters
        yield from on_clusters([tuple(_elsewhere(policy, found[0][1], its, context)) for its in clusters])
    elif any(not peer.is_block for rule in rules for peer in rule.peers):
        yield from _nowhere(policy, context)


def _resolver(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Find policies by which the resolver answers nobody, or only some."""
    labels = {"k8s-app": "kube-dns"}
    if "ingress" not in policy.directions or policy.namespace != "kube-system":
        return
    if policy.pods is None or not carries(policy.pods, labels):
        return
    wanted = port_set([("UDP", 53, 53)])
    for other in context.by_namespace[policy.namespace]:
        context.budget.spend()
        if other.pods is None or not carries(other.pods, labels):
            continue
        for rule in other.rules("ingress"):
            context.budget.spend(len(rule.ends))
            if not wanted - rule.port_set and any(end.family or holds(end, End(0)) for end in rule.ends):
                return
    message = "policy closes the resolver of the cluster"
    label = "isolates `k8s-app=kube-dns`, and nothing admits UDP 53 from every pod"
    help_text = "admit UDP and TCP 53 from `namespaceSelector: {}`, or leave these pods out"
    yield warning("W714", message, places.key(policy.spec, "podSelector"), label, help=help_text)


def _is_dns(port: Port) -> bool:
    return port.first == port.last and port.first in _PORTS and port.protocol in _PROTOCOLS


def _one_protocol(policy: Policy, found: list[tuple[Rule, Port]], context: Context) -> Iterator[Diagnostic]:
    """Find a resolver that is reached over UDP only, or over TCP only."""
    for rule, port in found:
        other = "UDP" if port.protocol == "TCP" else "TCP"
        wanted = port_set([(other, port.first, port.first)])
        if _all_admitted(rule.ends, wanted, policy, context):
            continue
        number = port.first
        if other == "TCP":
            message = "DNS is allowed over UDP only"
            label = "answers that do not fit into a packet are asked for again over TCP"
        else:
            message = "DNS is allowed over TCP only"
            without = port.value.get("protocol") is None
            label = "a port without a protocol is TCP" if without else "names are asked for over UDP first"
        help_text = f"add `{{protocol: {other}, port: {number}}}` beside it"
        yield warning("W711", message, port.span, label, help=help_text)


def _all_admitted(ends: Iterable[End], wanted: PortSet, policy: Policy, context: Context) -> bool:
    """Tell whether pods may reach these ports of all ends, each end by some one rule."""
    rules = []
    for rule in context.in_effect(policy, "egress"):
        context.budget.spend(len(rule.ends))
        if not wanted - rule.port_set:
            rules.append(rule)
    ends = tuple(ends)
    context.budget.spend(len(ends) * sum(rule.size for rule in rules))
    return all(any(holds(its, end) for rule in rules for its in rule.ends) for end in ends)


def _elsewhere(policy: Policy, port: Port, profile: Profile, context: Context) -> Iterator[Diagnostic]:
    """Find rules for DNS that leave out the resolver of the cluster."""
    missing = []
    for end, numbers, name in needed(profile):
        wanted = port_set([("UDP", number, number) for number in numbers])
        if not _all_admitted((end,), wanted, policy, context) and not _is_tcp_only(
            policy, end, numbers, context
        ):
            missing.append(name)
    if not missing:
        return
    preset = profile.dns.preset
    message = f"no name can be resolved on cluster `{profile.name}`"
    label = f"with `dns: {preset}` the resolver is {' and '.join(missing)}"
    help_texts = (
        f"allow UDP and TCP to {' and to '.join(missing)}",
        "`dns` in `intentc.yaml` says how the cluster resolves names",
    )
    yield warning("W712", message, port.span, label, help=help_texts)


def _is_tcp_only(policy: Policy, end: End, numbers: tuple[int, ...], context: Context) -> bool:
    """Tell whether the resolver is reached over TCP: that it is not over UDP is a finding of its own."""
    wanted = port_set([("TCP", number, number) for number in numbers])
    return _all_admitted((end,), wanted, policy, context)


def needed(profile: Profile) -> Iterator[tuple[End, tuple[int, ...], str]]:
    """Yield each end without which pods of a cluster cannot resolve names, its ports, and what it is called.

    Where a cache on the node answers, it is enough to reach that: kube-dns behind it is not asked by pods.
    """
    peers = dns_peers(profile)
    if profile.dns.preset == "node-local":
        on_nodes = tuple(peer for peer in peers if peer.cidr)
        if profile.dataplane == "calico":
            peers = on_nodes
        else:
            yield _labelled("kube-system", {"k8s-app": "node-local-dns"}), (53,), "pods `node-local-dns`"
            return
    for peer in peers:
        yield from _needed(peer)


def _needed(peer: DnsPeer) -> Iterator[tuple[End, tuple[int, ...], str]]:
    if peer.cidr:
        family, interval = address_range(peer.cidr)
        yield End(family, addresses=Numbers((interval,))), peer.ports, f"`{peer.cidr}`"
        return
    selector = tuple(ir.Requirement(key, "In", values) for key, values in peer.pod_labels)
    pods = label_set(selector, of_namespace=False)
    if pods is not None:
        text = ", ".join(f"{key}={'|'.join(values)}" for key, values in peer.pod_labels)
        name = f"`{text}` in `{peer.namespace}`" if text else f"the pods of `{peer.namespace}`"
        yield End(0, named(peer.namespace), pods), peer.ports, name


def _labelled(namespace: str, labels: dict[str, str]) -> End:
    return End(0, named(namespace), equal_to(labels))


def _nowhere(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Find pods that may dial others by name, and have no way to look the name up."""
    for other in context.around(policy, "egress"):
        for rule in other.rules("egress"):
            context.budget.spend()
            for protocol, numbers in rule.port_set.numbers:
                if protocol == "UDP" and any(
                    first <= port <= last for first, last in numbers.intervals for port in _PORTS
                ):
                    return
    span = places.key(policy.spec, "egress")
    message = "pods may dial others and resolve no name"
    label = "no rule allows DNS"
    help_text = "allow UDP and TCP 53 to the resolver of the cluster, `k8s-app=kube-dns` in `kube-system`"
    yield warning("W713", message, span, label, help=help_text)
