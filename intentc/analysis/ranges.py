"""Arithmetic on address ranges of both families."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

Range = IPv4Network | IPv6Network


@lru_cache(maxsize=65536)
def parse_range(cidr: str) -> Range:
    """Return the range of a canonical CIDR or a single address."""
    return ip_network(cidr)


def covers(outer: Range, inner: Range) -> bool:
    """Tell whether every address of `inner` is in `outer`."""
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network):
        return inner.subnet_of(outer)
    return False


def overlaps(first: Range, second: Range) -> bool:
    """Tell whether some address is in both."""
    return covers(first, second) or covers(second, first)


def collapse(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the fewest ranges with the same addresses, in order, IPv4 first."""
    ranges = list(ranges)
    four = collapse_addresses(item for item in ranges if isinstance(item, IPv4Network))
    six = collapse_addresses(item for item in ranges if isinstance(item, IPv6Network))
    return (*four, *six)


def all_covered(ranges: Iterable[str], by: Iterable[str]) -> bool:
    """Tell whether every address of `ranges` is in some range of `by`."""
    outer = collapse(map(parse_range, by))
    return all(any(covers(whole, parse_range(part)) for whole in outer) for part in ranges)
