"""A flow and a profile become packet walks: what every layer sees, for each row of the truth table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal

from intentc import ir
from intentc.answers.rows import TABLE, Row
from intentc.profile import Profile
from intentc.prove.platform import masquerades_nodes

Layer = Literal["egress policy", "firewall", "ingress policy", "application"]
Role = Literal["source", "target", "node", "service", "balancer"]
PortOf = Literal["pod", "path", "service"]


@dataclass(frozen=True, slots=True)
class End:
    """Who stands in a packet: `A`, `n1`, `client`, …; `address` is a sample, empty where none is known."""

    name: str
    role: Role
    address: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """Addresses and port of a packet; `port` is empty where only the manifests of the cluster say it."""

    source: End
    target: End
    protocol: str
    port: str
    port_of: PortOf

    def __str__(self) -> str:
        """Return the packet by the names of its ends, as `A -> B:8443`."""
        return f"{self.source.name} -> {self.target.name}:{self.port or 'port'}"


@dataclass(frozen=True, slots=True)
class Hop:
    """One layer on the way, and the packet it sees.

    `sender` and `receiver` are names of `Walk.places`: the packet has left the one and not yet reached the
    other. At the application the packet's target is the listener, whatever the packet said before.
    """

    layer: Layer
    sender: str
    receiver: str
    packet: Packet


@dataclass(frozen=True, slots=True)
class Place:
    """A machine or a pod a packet comes by, in the order of the walk; `address` is a sample or empty."""

    name: str
    what: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """One row of the truth table on this cluster: what is dialled, and what each layer sees then.

    `arrives` is False where the connection fails whatever is admitted (row 12). `title` says what tells this
    row from its neighbours: where the ends run, and which node is dialled.
    """

    rows: tuple[int, ...]
    title: str
    dials: Packet
    places: tuple[Place, ...]
    hops: tuple[Hop, ...]
    arrives: bool = True
    note: str = ""


_EXAMPLE = "203.0.113.7"
"""Of a range for documentation: https://www.rfc-editor.org/rfc/rfc5737"""


def walks(flow: ir.Flow, profile: Profile) -> tuple[Walk, ...]:
    """Return the ways a connection of the flow may take on this cluster, in the order of the truth table.

    None where the table does not know such a connection. The first port of the flow stands for all. Sample
    addresses are of the profile's ranges, of the family of the flow's own ranges where it has some.
    """
    source, target = _kind(flow.source), _kind(flow.target)
    path = f"{flow.path.kind} local" if flow.path.local else flow.path.kind
    walker = _Walker(flow, profile)
    return tuple(walker.walk(row) for row in TABLE.get((source, path, target), ()))


def _kind(endpoint: ir.Endpoint) -> str:
    if isinstance(endpoint, ir.Pods):
        return "pods"
    return "nodes" if endpoint.word == "nodes" else "outside"


class _Walker:
    """Fill rows with the names and sample addresses of one flow."""

    def __init__(self, flow: ir.Flow, profile: Profile) -> None:
        self._flow = flow
        self._profile = profile
        self._source, self._target = _kind(flow.source), _kind(flow.target)
        self._masqueraded = self._source == "pods" and masquerades_nodes(profile)
        self._on_host = self._target == "nodes" or flow.path.kind == "hostnetwork"
        self._family = _family(flow, profile)
        pods = self._samples(profile.pod_cidrs, apart=276)
        nodes = self._samples(profile.node_cidrs, apart=1)
        services = (profile.service_cidr,) if profile.service_cidr else ()
        self._ends = {
            "a": End("n1", "node", nodes[0]),
            "b": End("n2", "node", nodes[1]),
            "c": End("n3", "node", nodes[2]),
            "S": End("Service of B", "service", self._samples(services, apart=1)[0]),
            "V": End("balancer", "balancer"),
            "A": End("A", "source", pods[0]),
            "B": End("B", "target", pods[1]),
        }
        if isinstance(flow.source, ir.Addresses):
            name = "client" if flow.source.word in ("cidr", "internet") else flow.source.word
            address = nodes[0] if self._source == "nodes" else self._outside(flow.source)
            self._ends["A"] = End("n1" if self._source == "nodes" else name, "source", address)
        if isinstance(flow.target, ir.Addresses) and self._target == "outside":
            name = "server" if flow.target.word in ("cidr", "internet") else flow.target.word
            self._ends["B"] = End(name, "target", self._outside(flow.target))

    def walk(self, row: Row) -> Walk:
        """Return one row on this cluster."""
        one_node = row.one_node
        wires, ingress, application, note = row.wires, row.ingress, row.application, ""
        if self._masqueraded and wires and wires[0].startswith(("a>b A>b", "a>c A>c")):
            wires = (wires[0].replace(" A>", " a>"), *wires[1:])
            ingress = ingress.replace("A>", "a>")
            application = application.replace("A", "a")
            note = "n1 puts its own address in: nonMasqueradeCIDRs do not cover the nodes"
        if row.number == 27 and self._leaves_with_node_address():
            wires, application = ("a>- a>B:pod",), "a"
            note = "n1 puts its own address in: nonMasqueradeCIDRs do not cover the target"
        elif row.number == 27 and self._profile.non_masquerade is None:
            note = "where ip-masq translates, n1 puts its own address in"
        home = "a" if one_node or self._target == "outside" else "b"
        hops: list[Hop] = []
        if row.egress:
            hops.append(self._hop("egress policy", "A", "a", row.egress))
        for wire in wires:
            machines, packet = wire.split(" ")
            sender, receiver = machines.split(">")
            hops.append(
                self._hop(
                    "firewall",
                    "A" if sender == "-" else sender,
                    "B" if receiver == "-" else receiver,
                    packet,
                )
            )
        if ingress:
            hops.append(self._hop("ingress policy", home, "B", ingress))
        arrives = bool(application)
        if not hops and arrives:
            note = "no policy looks at what a pod's own node sends it, such as the kubelet's probes"
        if arrives:
            listener = home if self._on_host else "B"
            hops.append(self._hop("application", home, "B", f"{application}>{listener}:pod"))
        if not arrives:
            note = "n3 has no endpoint and `local` lets no other answer: it drops the packet"
        return Walk(
            self._rows(row),
            row.title,
            self._packet(f"A>{row.dials}"),
            tuple(self._places(row, one_node=one_node)),
            tuple(hops),
            arrives,
            note,
        )

    def _rows(self, row: Row) -> tuple[int, ...]:
        if row.number == 26 and isinstance(self._flow.source, ir.Addresses):
            return {"google-health-checks": (26,), "control-plane": (28,)}.get(self._flow.source.word, ())
        if row.number == 27 and isinstance(self._flow.target, ir.Addresses):
            return (27,) if self._flow.target.word == "control-plane" else ()
        return (row.number,) if row.number else ()

    def _hop(self, layer: Layer, sender: str, receiver: str, packet: str) -> Hop:
        return Hop(layer, self._place_of(sender), self._place_of(receiver), self._packet(packet))

    def _place_of(self, letter: str) -> str:
        return "B" if letter == "B" and self._target != "outside" else self._ends[letter].name

    def _packet(self, text: str) -> Packet:
        source, rest = text.split(">")
        target, which = rest.split(":")
        port = self._flow.ports[0]
        number = ""
        port_of: PortOf = "service"
        if which == "pod":
            number, port_of = port_text(port), "pod"
        elif which == "path":
            number, port_of = str(self._flow.path.number), "path"
        return Packet(self._end(source), self._end(target), port.protocol, number, port_of)

    def _end(self, letter: str) -> End:
        end = self._ends[letter]
        if letter == "a" and self._source == "nodes":
            return self._ends["A"]
        return end

    def _places(self, row: Row, *, one_node: bool) -> Iterator[Place]:
        ends = self._ends
        if self._source != "nodes":
            what = "source pod" if self._source == "pods" else "source"
            yield Place(ends["A"].name, what, ends["A"].address)
        if self._source != "outside":
            yield Place("n1", "node of both" if one_node else "node of the source", ends["a"].address)
        machines = " ".join(row.wires)
        if "c" in machines:
            yield Place("n3", "another node", ends["c"].address)
        if self._target == "outside":
            yield Place(ends["B"].name, "target", ends["B"].address)
            return
        arrives = bool(row.application)
        if arrives and not one_node:
            yield Place("n2", "node of the target", ends["b"].address)
        if arrives:
            on_host = self._on_host
            node = ends["a" if one_node else "b"]
            what = "process with the node's address" if on_host else "target pod"
            yield Place("B", what, node.address if on_host else ends["B"].address)

    def _leaves_with_node_address(self) -> bool:
        address = self._ends["B"].address
        return (
            self._profile.non_masquerade is not None and bool(address) and not _kept(self._profile, address)
        )

    def _samples(self, ranges: tuple[str, ...], *, apart: int) -> tuple[str, str, str]:
        """Return three addresses of the first range of the flow's family; pods of two nodes stand apart."""
        for cidr in ranges:
            network = ip_network(cidr)
            if network.version != self._family:
                continue
            last = network.num_addresses - 1
            start, step = (266, apart) if last >= 1023 else (1, 1)
            first, second, third = (str(network[min(start + step * n, last)]) for n in range(3))
            return first, second, third
        return "", "", ""

    def _outside(self, addresses: ir.Addresses) -> str:
        """Return an address of the family that no exception takes out: an example's, or the first."""
        for block in addresses.blocks:
            network = ip_network(block.cidr)
            if network.version != self._family:
                continue
            if addresses.word == "internet" and self._family == 4 and ip_address(_EXAMPLE) in network:
                return _EXAMPLE
            taken = sorted((ip_network(cidr) for cidr in block.excepts), key=lambda item: int(item[0]))
            number = int(network[min(1, network.num_addresses - 1)])
            for hole in taken:
                if int(hole[0]) <= number <= int(hole[-1]):
                    number = int(hole[-1]) + 1
            return str(type(network[0])(min(number, int(network[-1]))))
        return ""


def _family(flow: ir.Flow, profile: Profile) -> int:
    """Return 4 or 6: the family of the ranges an end of the flow has, else of the pods."""
    for end in (flow.source, flow.target):
        if isinstance(end, ir.Addresses) and end.word != "nodes" and end.blocks:
            return 6 if all(":" in block.cidr for block in end.blocks) else 4
    return 6 if profile.pod_cidrs and ":" in profile.pod_cidrs[0] else 4


def _kept(profile: Profile, address: str) -> bool:
    """Tell whether a pod keeps its address on the way to this one, as far as the profile says."""
    found = ip_address(address)
    return any(found in ip_network(cidr) for cidr in profile.non_masquerade or ())


def port_text(port: ir.Ports) -> str:
    """Return a port, a range of ports or a port's name."""
    if port.name:
        return port.name
    return str(port.first) if port.first == port.last else f"{port.first}-{port.last}"
