"""Truth tables in a few words: three namespaces with three pods each, and who may still talk to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.model.world import ENTERING_POD, LEAVING_POD, NAMESPACE_LABEL, PROTOCOLS, Pod, Traffic, World

Document = dict[str, Any]
Connection = tuple[str, str, str, int]
"""Source pod, target pod, protocol, port of the target."""

NUMBERS = (53, 80, 81)
PACKETS = frozenset((protocol, number) for protocol in PROTOCOLS for number in NUMBERS)
SERVED = tuple(
    (protocol, f"serve-{number}-{protocol.lower()}", number) for protocol, number in sorted(PACKETS)
)
FIRST_ADDRESSES = {"x": (1, 1), "y": (1, 17), "z": (2, 1), "w": (2, 17)}


def pod(
    name: str, *, labels: Mapping[str, str] | None = None, namespace_labels: Mapping[str, str] | None = None
) -> Pod:
    """Return a pod such as `x/a`: labelled `pod=a`, in the namespace labelled `ns=x`, every port named."""
    namespace, own = name.split("/")
    third, first = FIRST_ADDRESSES[namespace]
    return Pod(
        name=name,
        namespace=namespace,
        namespace_labels={NAMESPACE_LABEL: namespace, "ns": namespace, **(namespace_labels or {})},
        labels={"pod": own, **(labels or {})},
        address=f"192.168.{third}.{first + 'abcd'.index(own)}",
        ports=SERVED,
    )


PLAIN = {name: pod(name) for name in [f"{namespace}/{own}" for namespace in "xyz" for own in "abc"]}


@dataclass(frozen=True, eq=False)
class State:
    """One moment of a case: the policies in force, the pods that differ from `PLAIN`, and what is left open.

    `table` has a line for every pod and direction that is closed, with what passes all the same:
    `x/a < y/* z/b : TCP/80 UDP/*` is what may come in to x/a, `x/a > :` that nothing may go out.
    """

    policies: tuple[Document, ...]
    table: tuple[str, ...]
    changed: tuple[Pod, ...] = ()

    @property
    def world(self) -> World:
        """Return the pods of this moment."""
        return World(tuple({**PLAIN, **{pod.name: pod for pod in self.changed}}.values()), (), PACKETS)

    @property
    def expected(self) -> frozenset[Connection]:
        """Return the connections that must succeed; those of a pod to itself are nobody's business."""
        names = [pod.name for pod in self.world.pods]
        closed: dict[tuple[str, str], set[tuple[str, str, int]]] = {}
        for line in self.table:
            here, direction, rest = line.split(" ", 2)
            there, packets = rest.split(":")
            closed.setdefault((here, direction), set()).update(
                (name, protocol, number)
                for name in among(there, names)
                for protocol, number in PACKETS
                if any(word in ("*", f"{protocol}/*", f"{protocol}/{number}") for word in packets.split())
            )
        return frozenset(
            (source, target, protocol, number)
            for source in names
            for target in names
            for protocol, number in PACKETS
            if source != target
            and ((source, ">") not in closed or (target, protocol, number) in closed[source, ">"])
            and ((target, "<") not in closed or (source, protocol, number) in closed[target, "<"])
        )


@dataclass(frozen=True, eq=False)
class Case:
    """One thing a conformance suite looks at, moment by moment."""

    name: str
    states: tuple[State, ...]


def case(name: str, policies: Iterable[Document], *table: str, changed: tuple[Pod, ...] = ()) -> Case:
    """Return a case with one moment."""
    return Case(name, (State(tuple(policies), table, changed),))


def among(words: str, names: Iterable[str]) -> list[str]:
    """Return the names that words such as `x/a y/* *` stand for."""
    wanted = words.split()
    return [name for name in names if {"*", name, f"{name[0]}/*"} & set(wanted)]


def connections(traffic: Traffic, world: World) -> frozenset[Connection]:
    """Return the connections between pods that pass at both ends."""
    return frozenset(
        (source.name, target.name, protocol, number)
        for source in world.pods
        for target in world.pods
        if source is not target
        for protocol, number in world.packets
        if traffic.admits(LEAVING_POD, source, target, (protocol, number))
        and traffic.admits(ENTERING_POD, target, source, (protocol, number))
    )


# --- Documents, in the shape a YAML loader gives ------------------------------------------------------------


def label(key: str, *values: str, operator: str = "In") -> Document:
    """Return a selector: one value as `matchLabels`, several or another operator as `matchExpressions`."""
    if len(values) == 1 and operator == "In":
        return {"matchLabels": {key: values[0]}}
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def peer(pods: Document | None = None, namespaces: Document | None = None) -> Document:
    """Return a peer of one or two selectors."""
    found = {"podSelector": pods, "namespaceSelector": namespaces}
    return {key: value for key, value in found.items() if value is not None}


def block(cidr: str, *excepts: str) -> Document:
    """Return a peer of addresses."""
    return {"ipBlock": {"cidr": cidr, "except": list(excepts)} if excepts else {"cidr": cidr}}


def port(protocol: str | None = None, number: int | str | None = None, end: int | None = None) -> Document:
    """Return one entry of `ports`; what is None is left out."""
    found = {"protocol": protocol, "port": number, "endPort": end}
    return {key: value for key, value in found.items() if value is not None}


def rule(peers: list[Document] | None = None, ports: list[Document] | None = None) -> Document:
    """Return a rule whose peers stand under `peers`, until `policy` knows the direction."""
    found = {"peers": peers, "ports": ports}
    return {key: value for key, value in found.items() if value is not None}


def policy(
    namespace: str,
    subject: Document,
    *,
    ingress: list[Document] | None = None,
    egress: list[Document] | None = None,
) -> Document:
    """Return a NetworkPolicy for the directions that have a list of rules, empty or not."""
    spec: Document = {"podSelector": subject, "policyTypes": []}
    for kind, side, rules in (("Ingress", "from", ingress), ("Egress", "to", egress)):
        if rules is not None:
            spec["policyTypes"].append(kind)
            spec[kind.lower()] = [
                {side if key == "peers" else key: rule[key] for key in rule} for rule in rules
            ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "case", "namespace": namespace},
        "spec": spec,
    }
