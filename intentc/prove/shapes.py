"""The things two policies are compared by (subjects, peers, port sets), each distinct one as one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from intentc.prove.labels import EVERYTHING, LabelSet
from intentc.prove.numbers import EVERY_ADDRESS, NO_NUMBERS, Numbers, PortSet, address_range, union_of

Kind = Literal["pods", "ipv4", "ipv6", "node", "variable"]


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """The pods of one namespace that a NetworkPolicy selects."""

    namespace: str
    pods: LabelSet


@dataclass(frozen=True, eq=False, slots=True)
class Peer:
    """The other end of a flow: pods by labels, addresses of one family, or what only a name is known of.

    `node` is a cluster node where the data plane matches nodes by no address range; `variable` is an input
    of the Terraform module, equal to itself alone.
    """

    kind: Kind
    namespaces: LabelSet = EVERYTHING
    pods: LabelSet = EVERYTHING
    addresses: Numbers = NO_NUMBERS
    name: str = ""


Admitted = dict[Peer, PortSet]
Side = dict[Subject, Admitted]
"""What the policies of one direction admit, for each subject they isolate."""


Gathered = dict[tuple[int, Peer], tuple[Admitted, Peer, list[PortSet]]]
"""Ports that are to be added up for a peer, which is done once for all of them."""


def gather(gathered: Gathered, admitted: Admitted, peer: Peer, found: PortSet) -> None:
    """Admit ports of a peer at once where they are its first, else when what is gathered is settled."""
    before = admitted.get(peer)
    if before is None:
        admitted[peer] = found
    elif before is not found:
        gathered.setdefault((id(admitted), peer), (admitted, peer, [before]))[2].append(found)


class Shapes:
    """Make one object of everything that is equal, so that comparing two policies compares references."""

    def __init__(self, *, nodes_by_identity: bool = False) -> None:
        """Start with nothing known; `nodes_by_identity`: no range of addresses holds a cluster node."""
        self._subjects: dict[tuple[str, LabelSet], Subject] = {}
        self._peers: dict[tuple[Kind, LabelSet, LabelSet, Numbers, str], Peer] = {}
        self._blocks: dict[tuple[str, tuple[str, ...]], Peer | None] = {}
        self._ports: dict[PortSet, PortSet] = {}
        self._unions: dict[tuple[int, int], PortSet] = {}
        self.every_peer = (
            self.peer("pods"),
            self.peer("ipv4", addresses=EVERY_ADDRESS[4]),
            self.peer("ipv6", addresses=EVERY_ADDRESS[6]),
            *((self.peer("node"),) if nodes_by_identity else ()),
        )

    def subject(self, namespace: str, pods: LabelSet) -> Subject:
        """Return the subject of a namespace's pods."""
        key = namespace, pods
        known = self._subjects.get(key)
        if known is None:
            known = self._subjects[key] = Subject(namespace, pods)
        return known

    def peer(
        self,
        kind: Kind,
        namespaces: LabelSet = EVERYTHING,
        pods: LabelSet = EVERYTHING,
        addresses: Numbers = NO_NUMBERS,
        name: str = "",
    ) -> Peer:
        """Return the peer that is described by these."""
        key = kind, namespaces, pods, addresses, name
        known = self._peers.get(key)
        if known is None:
            known = self._peers[key] = Peer(*key)
        return known

    def block(self, cidr: str, excepts: tuple[str, ...] = ()) -> Peer | None:
        """Return the addresses of a CIDR less others, None if none are left; raise ValueError if not one."""
        key = cidr, excepts
        if key not in self._blocks:
            self._blocks[key] = self._new_block(cidr, excepts)
        return self._blocks[key]

    def _new_block(self, cidr: str, excepts: tuple[str, ...]) -> Peer | None:
        family, interval = address_range(cidr)
        left = Numbers((interval,))
        for text in excepts:
            other_family, other = address_range(text)
            if other_family != family:
                raise ValueError(f"`{text}` and `{cidr}` are of different families")
            left -= Numbers((other,))
        return self.peer("ipv4" if family == 4 else "ipv6", addresses=left) if left else None

    def ports(self, found: PortSet) -> PortSet:
        """Return the one object for this set of ports."""
        return self._ports.setdefault(found, found)

    def union(self, one: PortSet, other: PortSet) -> PortSet:
        """Return the one object for the ports in either set; both must come from here."""
        if one is other:
            return one
        key = id(one), id(other)
        known = self._unions.get(key)
        if known is None:
            known = self._unions[key] = self.ports(one | other)
        return known

    def settle(self, gathered: Gathered) -> None:
        """Add up what was gathered for peers that were admitted before."""
        for admitted, peer, sets in gathered.values():
            admitted[peer] = self.ports(union_of(sets))
        gathered.clear()

    def admit(self, admitted: Admitted, peer: Peer, found: PortSet) -> None:
        """Add ports of a peer to what is admitted."""
        before = admitted.get(peer)
        admitted[peer] = found if before is None else self.union(before, found)
