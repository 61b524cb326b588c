"""What the model speaks of: pods, addresses, packets, intents and one cluster's facts, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network

LEAVING_POD, ENTERING_POD = "leaving pod", "entering pod"
LEAVING_NODE, ENTERING_NODE = "leaving node", "entering node"
PROTOCOLS = ("TCP", "UDP", "SCTP")
NAMESPACE_LABEL = "kubernetes.io/metadata.name"

DOORS = {"nodeport": "node", "hostport": "node", "loadbalancer": "balancer"}
SILENT = {"egress": ENTERING_POD, "ingress": LEAVING_POD}
"""The kinds that are the direct way, of which an intent means one end; and the end that it does not mean."""

Hop = tuple[str, str, str, str]
"""Point, whose address comes, whose it goes to (`source`, `target`, `node`, `balancer`), whose port it is."""
Packet = tuple[str, int]
"""Protocol and destination port, such as ("TCP", 443); `Traffic` says between whom."""
Requirement = tuple[str, str, tuple[str, ...]]
"""Key, operator in the words of `kubectl -l` (`=`, `!=`, `in`, `notin`, `exists`, `!`), values."""


@dataclass(frozen=True, eq=False)
class Pod:
    """One pod; `ports` are its named ports: protocol, name, number."""

    name: str
    namespace: str
    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]
    address: str
    host_network: bool = False
    ports: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, eq=False)
class World:
    """Everybody a question is asked about: the pods, other addresses, and the packets to try."""

    pods: tuple[Pod, ...]
    addresses: tuple[str, ...]
    packets: frozenset[Packet]

    @property
    def peers(self) -> tuple[Pod | str, ...]:
        """Return everybody who can be at the other end."""
        return self.pods + self.addresses


@dataclass
class Traffic:
    """What passes: where (point, here) is closed, only the packets of `passes[point, here, there]`."""

    closed: set[tuple[str, str]] = field(default_factory=set)
    passes: dict[tuple[str, str, str], set[Packet]] = field(default_factory=dict)

    def close(self, point: str, places: Iterable[Pod | str]) -> None:
        """Let nothing pass at these places but what is admitted."""
        self.closed.update((point, called(here)) for here in places)

    def admit(self, point: str, here: Pod | str, there: Pod | str, packets: Iterable[Packet]) -> None:
        """Let packets pass between `here` and `there`."""
        self.passes.setdefault((point, called(here), called(there)), set()).update(packets)

    def add(self, other: Traffic) -> Traffic:
        """Take in another answer: policies, rules and intents are all unions."""
        self.closed |= other.closed
        for key, packets in other.passes.items():
            self.passes.setdefault(key, set()).update(packets)
        return self

    def admits(self, point: str, here: Pod | str, there: Pod | str, packet: Packet) -> bool:
        """Tell whether one packet passes."""
        place, end = called(here), called(there)
        return (point, place) not in self.closed or packet in self.passes.get((point, place, end), ())


def called(peer: Pod | str) -> str:
    """Return what `Traffic` calls somebody: a pod by its name, anybody else by the address."""
    return peer.name if isinstance(peer, Pod) else peer


@lru_cache(100_000)
def in_ranges(peer: Pod | str, cidrs: tuple[str, ...], excepts: tuple[str, ...] = ()) -> bool:
    """Tell whether somebody's address is in one of the ranges and in no exception; families never mix."""
    address = ip_address(peer.address if isinstance(peer, Pod) else peer)
    return any(address in ip_network(c) for c in cidrs) and not any(address in ip_network(c) for c in excepts)


@dataclass(frozen=True)
class Pods:
    """Pods by the labels of their namespace and their own."""

    namespaces: tuple[Requirement, ...]
    labels: tuple[Requirement, ...] = ()


@dataclass(frozen=True)
class Ranges:
    """Addresses; `word` is the language's word for them, or `cidr` where the user wrote them."""

    word: str
    cidrs: tuple[str, ...]
    excepts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ports:
    """The ports `first` to `last` of a protocol, or the one that a pod calls `name`."""

    protocol: str
    first: int = 0
    last: int = 0
    name: str = ""


EVERY_PORT = tuple(Ports(protocol, 1, 65535) for protocol in PROTOCOLS)


@dataclass(frozen=True)
class Intent:
    """One source, one target, its ports, and the way there: `kind`, its number, only local endpoints."""

    source: Pods | Ranges
    target: Pods | Ranges
    ports: tuple[Ports, ...]
    kind: str = "direct"
    number: int = 0
    local: bool = False


@dataclass(frozen=True)
class Isolate:
    """Default deny for pods at one point."""

    point: str
    pods: Pods


@dataclass(frozen=True)
class Keep:
    """What every pod isolated for egress keeps: why (`dns`, `metadata`), who answers, on which ports.

    `on_node`: the packets never leave the node (link-local addresses, addresses that are translated first).
    """

    reason: str
    end: Pods | Ranges
    ports: tuple[Ports, ...]
    on_node: bool = False


@dataclass(frozen=True)
class Cluster:
    """One cluster's facts; `masquerades`: pods reach other nodes under their own node's address.

    `identified`: whom policies take for a node where they know nodes by identity and not by address.
    """

    pods: Ranges
    nodes: Ranges
    control_plane: Ranges
    firewall: str = "explicit"
    masquerades: bool = False
    identified: Ranges | None = None
    keeps: tuple[Keep, ...] = ()

    @property
    def known_nodes(self) -> Ranges:
        """Return whom a pod's policy takes for a node."""
        return self.identified or self.nodes
