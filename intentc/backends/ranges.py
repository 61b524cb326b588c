"""Blocks and ports become the fewest plain ranges that mean the same, for targets that know no exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network, summarize_address_range
from itertools import groupby
from typing import TypeVar

from intentc.ir import Block, Ports

Item = TypeVar("Item")


def plain_cidrs(blocks: Iterable[Block]) -> dict[int, tuple[str, ...]]:
    """Return the addresses of `blocks` as CIDRs by IP version: sorted, canonical and as few as possible.

    Exceptions are cut out; they take nothing from other blocks. A version without any address is left out.
    """
    kept: dict[int, list[tuple[int, int]]] = {}
    for block in blocks:
        network = ip_network(block.cidr)
        start, end = _interval(network)
        for first, last in sorted(_interval(ip_network(hole)) for hole in block.excepts):
            before = min(first - 1, end)
            if start <= before:
                kept.setdefault(network.version, []).append((start, before))
            start = max(start, last + 1)
        if start <= end:
            kept.setdefault(network.version, []).append((start, end))
    return {
        version: tuple(cidr for interval in _joined(intervals) for cidr in _cidrs(version, *interval))
        for version, intervals in kept.items()
    }


def joined_ports(ports: Iterable[Ports]) -> tuple[Ports, ...]:
    """Return numeric `ports` sorted, adjacent and overlapping ones of a protocol joined."""
    return tuple(
        Ports(protocol, first, last)
        for protocol, members in groupby(sorted(set(ports)), key=lambda found: found.protocol)
        for first, last in _joined((found.first, found.last) for found in members)
    )


def chunks(items: Sequence[Item], size: int) -> list[tuple[Item, ...]]:
    """Return `items` in order, cut into tuples of `size`, the last one shorter."""
    return [tuple(items[start : start + size]) for start in range(0, len(items), size)]


def _joined(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined


def _interval(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    return int(network.network_address), int(network.broadcast_address)


def _cidrs(version: int, first: int, last: int) -> Iterator[str]:
    if version == 4:
        yield from map(str, summarize_address_range(IPv4Address(first), IPv4Address(last)))
    else:
        yield from map(str, summarize_address_range(IPv6Address(first), IPv6Address(last)))
