"""A policy becomes connections to try in a live cluster, each with the verdict that it must have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from intentc import ir
from intentc.profile import Profile
from intentc.prove.platform import masquerades_nodes
from intentc.wording import flow_text, place_of, said

Verdict = Literal["allow", "deny"]
Seen = Literal["source", "node", "either", ""]
"""Whose address the target sees: the source's, a node's, one of them, or nobody looks."""

NEIGHBOUR = ir.Pods((ir.Requirement(ir.NAMESPACE_LABEL, "In", ("default",)),))
"""Who tries what no intent allows: a pod of the one namespace that every cluster has."""

_PREFERRED = 8080


@dataclass(frozen=True, slots=True)
class Check:
    """One connection, the verdict it must have and why; `seen` is whose address the target must see."""

    verdict: Verdict
    cause: Literal["intent", "assert", "neighbour"]
    place: str
    said: str
    source: ir.Endpoint
    target: ir.Endpoint
    port: ir.Ports
    path: ir.Path
    seen: Seen


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A connection that no check from within the cluster can decide, and why."""

    place: str
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is tried in one cluster, and what is not."""

    checks: tuple[Check, ...]
    left_out: tuple[LeftOut, ...]


def plan(
    policy: ir.Policy, profile: Profile, denied: Iterable[ir.Flow], namespace: str | None = None
) -> Plan:
    """Return what to try: every flow and assert of the policy, and `denied`, flows nobody allows.

    Of a range of ports one is tried. With `namespace`, only connections with an end there are. Each
    connection is tried once, however many lines speak of it.
    """
    checks: dict[tuple[object, ...], Check] = {}
    left_out: dict[LeftOut, None] = {}
    seen_by = _SeenBy(masqueraded=masquerades_nodes(profile))
    for cause, verdict, flow in _claims(policy, denied):
        if namespace is not None and namespace not in (_name(flow.source), _name(flow.target)):
            continue
        for port in _tried(flow.ports):
            reason = _obstacle(flow, port)
            if reason:
                left_out[LeftOut(_place(flow), said(flow.span), reason)] = None
                continue
            key = (flow.source, flow.target, port, flow.path, verdict)
            if key not in checks:
                text = said(flow.span) if cause != "neighbour" else _neighbours(flow, port)
                checks[key] = Check(
                    verdict,
                    cause,
                    _place(flow),
                    text,
                    flow.source,
                    flow.target,
                    port,
                    flow.path,
                    seen_by(flow),
                )
    return Plan(tuple(checks.values()), tuple(left_out))


def neighbours(policy: ir.Policy) -> Iterator[ir.Flow]:
    """Yield, for each target pods of an intent and each protocol, a flow from a pod that no intent speaks of.

    Whether such a flow is in fact denied is for the prover to say.
    """
    known: dict[tuple[ir.Pods, str], None] = {}
    for flow in policy.flows:
        if not isinstance(flow.target, ir.Pods) or flow.path.kind == "hostnetwork":
            continue
        for port in _tried(flow.ports):
            if (flow.target, port.protocol) not in known:
                known[flow.target, port.protocol] = None
                yield ir.Flow(NEIGHBOUR, flow.target, (port,), span=flow.span)


def _place(flow: ir.Flow) -> str:
    """Return the `file:line` of a flow in printable letters: a script shows it on a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in place_of(flow.span))


def _claims(
    policy: ir.Policy, denied: Iterable[ir.Flow]
) -> Iterator[tuple[Literal["intent", "assert", "neighbour"], Verdict, ir.Flow]]:
    for flow in policy.flows:
        yield "intent", "allow", flow
    for assertion in policy.assertions:
        yield "assert", assertion.verdict, assertion.flow
    for flow in denied:
        yield "neighbour", "deny", flow


def _tried(ports: tuple[ir.Ports, ...]) -> list[ir.Ports]:
    """Return one port of each range; of `*`, which is every port of three protocols, one of TCP."""
    if ports == ir.EVERY_PORT:
        ports = (ir.Ports("TCP", 1, 65535),)
    return [_one(port) for port in ports]


def _one(ports: ir.Ports) -> ir.Ports:
    number = _PREFERRED if ports.first <= _PREFERRED <= ports.last else ports.first
    return ports._replace(first=number, last=number)


def _name(end: ir.Endpoint) -> str | None:
    return end.namespace if isinstance(end, ir.Pods) else None


def _obstacle(flow: ir.Flow, port: ir.Ports) -> str:
    """Return why a connection cannot be tried from within the cluster, or nothing."""
    source, target = flow.source, flow.target
    if port.protocol == "SCTP":
        return "SCTP: the tools that are used here speak TCP and UDP"
    if isinstance(source, ir.Addresses) and source.word != "nodes":
        number = flow.path.number or port.first
        where = {"nodeport": "a node", "loadbalancer": "the load balancer"}.get(flow.path.kind, "the target")
        blocks = ", ".join(block.cidr for block in source.blocks[:3]) or source.word
        return f"starts outside of the cluster: dial port {number or port.name} of {where} from {blocks}"
    if isinstance(source, ir.Addresses) and flow.path.kind != "direct":
        return "a node that dials itself passes no policy, and which node is dialled decides"
    if isinstance(target, ir.Addresses) and target.word != "nodes" and single_address(target) is None:
        return "the target is a range: nobody says which of its addresses answers"
    if isinstance(target, ir.Addresses) and port.protocol == "UDP":
        return "UDP to an address outside of the cluster: nobody there says what arrived"
    if isinstance(source, ir.Addresses) and isinstance(target, ir.Addresses):
        return "no pod is at either end"
    return ""


def single_address(addresses: ir.Addresses) -> str | None:
    """Return the one address that is meant, or None for a range."""
    if len(addresses.blocks) != 1:
        return None
    address, _, length = addresses.blocks[0].cidr.partition("/")
    return address if length == ("128" if ":" in address else "32") else None


def _neighbours(flow: ir.Flow, port: ir.Ports) -> str:
    return f"no intent says {flow_text(replace(flow, ports=(port,)))}"


@dataclass(frozen=True, slots=True)
class _SeenBy:
    """Tell whose address the target sees: after every translation, as a capture in its pod shows it."""

    masqueraded: bool

    def __call__(self, flow: ir.Flow) -> Seen:
        if isinstance(flow.target, ir.Addresses) and flow.target.word != "nodes":
            return ""
        if isinstance(flow.source, ir.Addresses):
            return "node"
        if flow.path.kind in ("nodeport", "loadbalancer") and not flow.path.local:
            return "node"
        if isinstance(flow.target, ir.Addresses):
            return ""
        if flow.path.kind != "direct" and self.masqueraded:
            return "either"
        return "source"
