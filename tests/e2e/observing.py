"""One question becomes what every point saw of it, by the names that the truth table uses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from tests.e2e import fabric
from tests.e2e.cluster import Cluster
from tests.e2e.prober import Answer, Probe
from tests.e2e.rows import Row
from tests.e2e.world import BALANCERS, CONTROL_PLANE, LOCAL_BALANCERS, NODE_RANGE, NODES, OUTSIDE


class Seen(NamedTuple):
    """What the points saw; each is `from→to:port`, as in the table, empty where nobody was asked."""

    leaving: str
    hops: tuple[str, ...]
    entering: str
    sees: str
    answers: str


class Observer:
    """Ask one thing at a time and tell what every point saw."""

    def __init__(self, cluster: Cluster) -> None:
        """Learn who has which address."""
        self._cluster = cluster
        self._names = {address: name for name, address in cluster.addresses.items()}
        self._names |= {node.gateway: node.name for node in NODES.values()}
        self._names |= {node.address: node.name for node in NODES.values()}
        self._names |= {address: name for name, address in OUTSIDE.items()}
        self._names |= {
            address: name for name, (address, _) in (*BALANCERS.items(), *LOCAL_BALANCERS.items())
        }
        self._names[CONTROL_PLANE] = "CP"

    def probe(self, row: Row) -> Probe:
        """Return the question of a row."""
        return Probe(self._cluster.place(row.source), "TCP", self.address(row.address), row.port)

    def address(self, name: str) -> str:
        """Return the address of a pod or a machine outside; an address stays one."""
        return self._cluster.addresses.get(name) or OUTSIDE.get(name) or name

    def look(self, row: Row) -> Seen:
        """Ask the question of a row."""
        self._cluster.judged()
        probe = self.probe(row)
        answer = self._cluster.ask([probe])[probe]
        return self._seen(row, answer)

    def _seen(self, row: Row, answer: Answer | None) -> Seen:
        mine = [item for item in self._cluster.judged() if item.port != 53]
        leaving = _each(self._step(*item[2:5]) for item in mine if item.direction == "egress")
        entering = _each(self._step(*item[2:5]) for item in mine if item.direction == "ingress")
        first = self.address(row.address)
        hops = [hop for hop in dict.fromkeys(fabric.hops()) if not self._is_housekeeping(hop, row)]
        hops.sort(key=lambda hop: hop[1] != first)
        return Seen(
            " ".join(leaving),
            tuple(self._step(*hop) for hop in hops),
            " ".join(entering),
            self.name(answer.seen) if answer and answer.seen else "",
            answer.listener if answer else "",
        )

    def _is_housekeeping(self, hop: tuple[str, str, int], row: Row) -> bool:
        """Return whether the nodes' own programs made a connection, to the API server."""
        nodes = {node.address for node in NODES.values()}
        if hop[0] == CONTROL_PLANE:
            return hop[1] in nodes
        return hop[1] == CONTROL_PLANE and (row.way != "to control plane" or hop[0] in nodes)

    def _step(self, source: str, target: str, port: int) -> str:
        return f"{self.name(source)}→{self.name(target)}:{port}"

    def name(self, address: str) -> str:
        """Return who has an address."""
        return self._names.get(address, address)


def expected(row: Row) -> Seen:
    """Return what the table says of a row."""
    return Seen(row.leaving, row.hops, row.entering, row.sees, row.answers)


def is_node_address(address: str) -> bool:
    """Return whether an address lies in the range of the nodes."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(NODE_RANGE)


def _each(steps: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(steps))
