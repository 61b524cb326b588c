"""A range of node addresses in a rule becomes the answer whether any connection needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from intentc.analysis.existing import Existing
from intentc.analysis.resolution import named_numbers, pod_port
from intentc.audit import places
from intentc.audit.context import Context
from intentc.audit.policies import Peer, Policy, Rule
from intentc.diagnostics import Diagnostic, Fix, Label, warning
from intentc.profile import Profile
from intentc.prove.numbers import EVERY_NUMBER, PortSet, port_set

if TYPE_CHECKING:
    from intentc.inventory import Service, Workload

_NEEDED = {
    "ingress": "a NodePort or LoadBalancer without `externalTrafficPolicy: Local`, a hostNetwork client",
    "egress": "a NodePort, a hostPort or a target with hostNetwork",
}


def needless_node_rule(
    policy: Policy, rule: Rule, peer: Peer, profile: Profile, context: Context
) -> Iterator[Diagnostic]:
    """Find node addresses in a rule that no connection needs; a note says it where nothing can tell.

    Between pods, and through a ClusterIP, a policy sees the addresses of pods on both sides: rows 1 to 4 of
    the truth table in docs/semantics.md. Only what is translated on a node shows the node's.
    """
    if peer.cidr is None:
        return
    text = str(peer.cidr.content)
    existing = context.existing
    needed = _NEEDED[rule.direction]
    if existing is None or (rule.direction == "ingress" and not context.subject(policy)):
        message = f"`{text}` holds node addresses, which few connections need"
        label = f"nodes of cluster `{profile.name}`; between pods a policy sees the pods' own addresses"
        help_texts = (f"only this needs them: {needed}", "`--manifests` decides whether there is any")
        yield warning("W722", message, peer.cidr.span, label, help=help_texts)._replace(severity="note")
        return
    inventory = existing.inventory
    context.budget.spend(len(inventory.workloads) + len(inventory.services) + len(inventory.entries))
    if rule.direction == "ingress":
        found = any(_fronts(context.subject(policy), rule.port_set, existing))
    else:
        found = any(_on_nodes(rule, profile, existing))
    if found:
        return
    client = next((item for item in inventory.workloads if item.host_network), None)
    if client is not None and rule.direction == "ingress":
        message = f"`{text}` holds node addresses, which only hostNetwork needs here"
        label = "no NodePort and no LoadBalancer leads to these pods"
        where = Label(client.host_network or client.span, f"`{client.path}` has a node's address")
        help_text = "take it out where no process with hostNetwork is a client of these pods"
        found_note = warning("W722", message, peer.cidr.span, label, others=(where,), help=help_text)
        yield found_note._replace(severity="note")
        return
    message = f"`{text}` holds node addresses, and nothing here needs them"
    label = "between pods, and through a ClusterIP, a policy sees the pods' own addresses"
    help_texts = (
        f"only this would need them, and the manifests have none: {needed}",
        "take it out: beside the intended pods it admits every process on every node",
    )
    beside = next((its for its in rule.peers if not its.is_block), None)
    others = (Label(places.head(beside.value), "this peer is enough"),) if beside is not None else ()
    listing = rule.value.get("from" if rule.direction == "ingress" else "to")
    edit = places.removal(listing, rule.peers.index(peer)) if listing is not None else None
    fixes = (Fix("take it out", (edit,), safe=False),) if edit is not None else ()
    yield warning("W722", message, peer.cidr.span, label, others=others, help=help_texts, fixes=fixes)


def _fronts(subject: Iterable[Workload], ports: PortSet, existing: Existing) -> Iterator[str]:
    """Yield the Services that let connections reach pods from a node's address.

    What the API server calls may come through a tunnel, and then from a node.
    """
    called = {
        (its.namespace, its.service) for its in existing.inventory.entries if its.kind in ("webhook", "api")
    }
    for workload in subject:
        for service in existing.serving(workload):
            is_translated = service.type in ("NodePort", "LoadBalancer") and not service.local
            if is_translated and _leads_to(service, workload, ports):
                yield service.path
            if (service.namespace, service.name) in called:
                yield service.path


def _leads_to(service: Service, workload: Workload, ports: PortSet) -> bool:
    """Tell whether a Service leads to one of these ports of a workload, as far as can be told."""
    for port in service.ports:
        target = pod_port(port)
        numbers = named_numbers(target, (workload,)) if target.name else (target.first,)
        if not numbers:
            return True
        found = port_set([(port.protocol, number, number) for number in numbers])
        if ports & found or (port.protocol, target.name) in ports.names:
            return True
    return False


def _on_nodes(rule: Rule, profile: Profile, existing: Existing) -> Iterator[str]:
    """Yield what listens on nodes at the ports of a rule, or could: a port that no pod declares."""
    declared: set[tuple[str, int]] = set()
    for workload in existing.inventory.workloads:
        if workload.host_network and not workload.ports:
            yield workload.path
        for port in workload.ports:
            if workload.host_network:
                number = port.number
            else:
                number = port.host_port
                declared.add((port.protocol, port.number))
            if number and rule.port_set & port_set([(port.protocol, number, number)]):
                yield workload.path
    for service in existing.inventory.services:
        if service.type not in ("NodePort", "LoadBalancer"):
            continue
        for its in service.ports:
            first, last = (its.node_port, its.node_port) if its.node_port else profile.node_port_range
            if rule.port_set & port_set([(its.protocol, first, last)]):
                yield service.path
    for written in rule.ports:
        if written.first != written.last or (written.protocol, written.first) not in declared:
            yield written.text
    if not rule.ports or any(numbers == EVERY_NUMBER for _, numbers in rule.port_set.numbers):
        yield "every port"
