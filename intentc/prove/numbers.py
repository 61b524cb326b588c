"""Sets of whole numbers as intervals, and of addresses and ports made from them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

Interval = tuple[int, int]


class Numbers(NamedTuple):
    """Whole numbers as intervals, both ends included: sorted, and neither overlapping nor adjacent.

    Two such sets are equal exactly when their intervals are.
    """

    intervals: tuple[Interval, ...]

    def __bool__(self) -> bool:
        """Tell whether there is any number in the set."""
        return bool(self.intervals)

    def __or__(self, other: Numbers) -> Numbers:
        """Return the numbers in either set."""
        return numbers((*self.intervals, *other.intervals))

    def __and__(self, other: Numbers) -> Numbers:
        """Return the numbers in both sets, in time linear in their intervals."""
        mine, theirs = self.intervals, other.intervals
        common = []
        here = there = 0
        while here < len(mine) and there < len(theirs):
            first = max(mine[here][0], theirs[there][0])
            last = min(mine[here][1], theirs[there][1])
            if first <= last:
                common.append((first, last))
            if mine[here][1] <= theirs[there][1]:
                here += 1
            else:
                there += 1
        return Numbers(tuple(common))

    def __sub__(self, other: Numbers) -> Numbers:
        """Return the numbers of this set that are not in `other`, in time linear in their intervals."""
        left = []
        theirs = other.intervals
        there = 0
        for first, last in self.intervals:
            start = first
            while there < len(theirs) and theirs[there][1] < start:
                there += 1
            look = there
            while look < len(theirs) and theirs[look][0] <= last:
                if theirs[look][0] > start:
                    left.append((start, theirs[look][0] - 1))
                start = theirs[look][1] + 1
                look += 1
            if start <= last:
                left.append((start, last))
        return Numbers(tuple(left))


NO_NUMBERS = Numbers(())


def numbers(intervals: Iterable[Interval]) -> Numbers:
    """Return the set of all numbers in `intervals`, which may overlap and come in any order."""
    merged: list[Interval] = []
    for first, last in sorted(intervals):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return Numbers(tuple(merged))


# --- Addresses ------------------------------------------------------------------------------------------

EVERY_ADDRESS = {4: Numbers(((0, 2**32 - 1),)), 6: Numbers(((0, 2**128 - 1),))}


_OCTET = "(0|[1-9][0-9]{0,2})"
_IPV4_RANGE = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}/(3[0-2]|[12]?[0-9])")


def address_range(cidr: str) -> tuple[int, Interval]:
    """Return family (4 or 6) and interval of a CIDR; raise ValueError unless it is in canonical form."""
    if found := _IPV4_RANGE.fullmatch(cidr):
        first, second, third, fourth, prefix = map(int, found.groups())
        start, size = first << 24 | second << 16 | third << 8 | fourth, 1 << (32 - prefix)
        if max(first, second, third, fourth) <= 255 and start % size == 0:
            return 4, (start, start + size - 1)
    network = ipaddress.ip_network(cidr)
    if str(network) != cidr:
        raise ValueError(f"`{cidr}` is not in canonical form")
    return network.version, (int(network.network_address), int(network.broadcast_address))


def address_text(family: int, number: int) -> str:
    """Return the usual spelling of an address."""
    return str(ipaddress.IPv4Address(number) if family == 4 else ipaddress.IPv6Address(number))


def ranges(family: int, addresses: Numbers) -> tuple[str, ...]:
    """Return the fewest CIDRs that hold exactly these addresses, in order."""
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    return tuple(
        str(network)
        for first, last in addresses.intervals
        for network in ipaddress.summarize_address_range(kind(first), kind(last))
    )


# --- Ports ----------------------------------------------------------------------------------------------

EVERY_NUMBER = Numbers(((1, 65535),))


class PortSet(NamedTuple):
    """Ports of protocols: by number, by the name the receiving pod gives them, and what has no port.

    `numbers` is sorted by protocol, without empty sets. A name may stand for any number at run time, hence
    says nothing where a protocol's every number is in the set: then it is left out. `others` holds
    protocols without ports; the protocol `*` is every protocol that is not TCP, UDP or SCTP.
    """

    numbers: tuple[tuple[str, Numbers], ...] = ()
    names: frozenset[tuple[str, str]] = frozenset()
    others: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether there is any port in the set."""
        return bool(self.numbers or self.names or self.others)

    def __or__(self, other: PortSet) -> PortSet:
        """Return the ports in either set."""
        mine = dict(self.numbers)
        for protocol, theirs in other.numbers:
            mine[protocol] = mine.get(protocol, NO_NUMBERS) | theirs
        return _port_set(mine, self.names | other.names, self.others | other.others)

    def __and__(self, other: PortSet) -> PortSet:
        """Return what is certain to be in both sets, whatever the names stand for."""
        theirs = dict(other.numbers)
        common = {protocol: mine & theirs.get(protocol, NO_NUMBERS) for protocol, mine in self.numbers}
        names = {name for name in self.names | other.names if self.has_name(name) and other.has_name(name)}
        return _port_set(common, frozenset(names), self.others & other.others)

    def __sub__(self, other: PortSet) -> PortSet:
        """Return the ports of this set that are not certain to be in `other`."""
        theirs = dict(other.numbers)
        left = {protocol: mine - theirs.get(protocol, NO_NUMBERS) for protocol, mine in self.numbers}
        names = frozenset(name for name in self.names if not other.has_name(name))
        return _port_set(left, names, self.others - other.others)

    def has_name(self, name: tuple[str, str]) -> bool:
        """Tell whether the named port is in the set, whatever number it stands for."""
        return name in self.names or (name[0], EVERY_NUMBER) in self.numbers

    def may_share(self, other: PortSet) -> PortSet:
        """Return what could be in both sets, when a name stands for whatever number makes it so."""
        shared = self & other
        possible = dict(shared.numbers)
        names = set(shared.names)
        for mine, theirs in ((self, other), (other, self)):
            named = {protocol for protocol, _ in theirs.names}
            for protocol, found in mine.numbers:
                if protocol in named:
                    possible[protocol] = possible.get(protocol, NO_NUMBERS) | found
            names |= {name for name in mine.names if name[0] in named}
        return _port_set(possible, frozenset(names), shared.others)


def _port_set(
    by_protocol: dict[str, Numbers], names: frozenset[tuple[str, str]], others: frozenset[str]
) -> PortSet:
    if names:
        names = frozenset(name for name in names if by_protocol.get(name[0]) != EVERY_NUMBER)
    kept = tuple(
        (protocol, by_protocol[protocol]) for protocol in sorted(by_protocol) if by_protocol[protocol]
    )
    return PortSet(kept, names, others)


def port_set(
    intervals: Iterable[tuple[str, int, int]],
    names: Iterable[tuple[str, str]] = (),
    others: Iterable[str] = (),
) -> PortSet:
    """Return the set of these `(protocol, first, last)`, `(protocol, name)` and portless protocols."""
    by_protocol: dict[str, list[Interval]] = {}
    for protocol, first, last in intervals:
        by_protocol.setdefault(protocol, []).append((first, last))
    merged = {
        protocol: numbers(found) if len(found) > 1 else Numbers(tuple(found))
        for protocol, found in by_protocol.items()
    }
    return _port_set(merged, frozenset(names), frozenset(others))


def union_of(sets: Iterable[PortSet]) -> PortSet:
    """Return the ports in any of the sets, in one step: set by set, each would be copied again."""
    found = tuple(sets)
    return port_set(
        (
            (protocol, first, last)
            for each in found
            for protocol, mine in each.numbers
            for first, last in mine.intervals
        ),
        (name for each in found for name in each.names),
        (other for each in found for other in each.others),
    )


PROTOCOLS = ("TCP", "UDP", "SCTP")
ANYTHING = port_set(((protocol, 1, 65535) for protocol in PROTOCOLS), others=("*",))
"""What a NetworkPolicy rule without `ports` admits."""
