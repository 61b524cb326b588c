"""The ends of checks become stand-in pods: the labels that policies select, and somebody who listens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from intentc import ir
from intentc.answers.probe.checks import Check
from intentc.prove.labels import example, holds, label_set

OWN_LABEL = "intentc.io/probe"
"""The label that every stand-in carries, with its own name as the value."""

DEFAULT = ir.KnownNamespace("default", ((ir.NAMESPACE_LABEL, "default"),))
"""The one namespace that every cluster has."""

_FIRST_NAMED = 18000
_NAME_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that a stand-in listens on; `name` and `host_port` are empty where none is needed."""

    protocol: ir.Protocol
    number: int
    name: str = ""
    host_port: int = 0


@dataclass(frozen=True, slots=True)
class StandIn:
    """A pod of ours that policies treat as one of the pods that are meant."""

    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    listeners: tuple[Listener, ...]

    @property
    def all_labels(self) -> tuple[tuple[str, str], ...]:
        """Return the labels the pod carries, its own among them."""
        return tuple(sorted({**dict(self.labels), OWN_LABEL: self.name}.items()))

    def number(self, port: ir.Ports) -> int:
        """Return the number this pod listens on for a port of a check."""
        if not port.name:
            return port.first
        return next(listener.number for listener in self.listeners if listener.name == port.name)


def stand_ins(
    checks: Iterable[Check], namespaces: tuple[ir.KnownNamespace, ...] | None
) -> dict[ir.Pods, StandIn]:
    """Return a stand-in for each set of pods at an end of a check, where one can be written down.

    There is none where the namespace is not certain, where a selector forbids the stand-in's own label, and
    for targets with `hostNetwork`, whose ports are the node's.
    """
    wanted: dict[ir.Pods, dict[Listener, None]] = {}
    for check in checks:
        if isinstance(check.source, ir.Pods):
            wanted.setdefault(check.source, {})
        if isinstance(check.target, ir.Pods) and check.path.kind != "hostnetwork":
            host_port = check.path.number if check.path.kind == "hostport" else 0
            listener = Listener(check.port.protocol, check.port.first, check.port.name, host_port)
            wanted.setdefault(check.target, {})[listener] = None
    found: dict[ir.Pods, StandIn] = {}
    for pods, listeners in wanted.items():
        made = _stand_in(pods, tuple(listeners), namespaces)
        if made is not None:
            found[pods] = made
    return found


def _stand_in(
    pods: ir.Pods, listeners: tuple[Listener, ...], namespaces: tuple[ir.KnownNamespace, ...] | None
) -> StandIn | None:
    namespace = _namespace(pods, namespaces)
    wanted = label_set(pods.pods, of_namespace=False)
    if namespace is None or wanted is None:
        return None
    name = f"intentc-probe-{sha256(repr(tuple(pods)).encode()).hexdigest()[:_NAME_DIGITS]}"
    made = StandIn(name, namespace, example(wanted), _numbered(listeners))
    return made if holds(wanted, dict(made.all_labels)) else None


def _namespace(pods: ir.Pods, namespaces: tuple[ir.KnownNamespace, ...] | None) -> str | None:
    if pods.namespace is not None:
        return pods.namespace
    wanted = label_set(pods.namespaces, of_namespace=True)
    if wanted is None:
        return None
    known = namespaces
    if known is None:
        known = (DEFAULT,)
    return next((item.name for item in known if holds(wanted, dict(item.labels))), None)


def _numbered(listeners: tuple[Listener, ...]) -> tuple[Listener, ...]:
    """Return the listeners, one for each port and protocol; a port that is known by name gets a number."""
    taken = {listener.number for listener in listeners}
    host_ports: dict[tuple[ir.Protocol, int, str], int] = {}
    for listener in listeners:
        key = listener.protocol, listener.number, listener.name
        host_ports[key] = host_ports.get(key, 0) or listener.host_port
    found = []
    free = _FIRST_NAMED
    for (protocol, number, name), host_port in sorted(host_ports.items()):
        chosen = number
        if name:
            while free in taken:
                free += 1
            taken.add(free)
            chosen = free
        found.append(Listener(protocol, chosen, name, host_port))
    return tuple(sorted(found, key=lambda one: (one.protocol, one.number)))
