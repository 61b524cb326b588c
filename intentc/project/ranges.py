"""Read ranges and addresses of a project file, and compare ranges with one another in n log n."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network

from intentc.diagnostics import Diagnostic, error
from intentc.project.reader import Value, shown

Range = IPv4Network | IPv6Network

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+")
_CIDR = re.compile(r"([0-9A-Fa-f:.]+)/(0|[1-9][0-9]{0,2})")


@dataclass(frozen=True, slots=True)
class Ranges:
    """The ranges stated under one key; they are *whole* when nothing under it was illegal."""

    stated: tuple[tuple[Range, Value], ...]
    whole: bool


class Searchable:
    """Ranges sorted so that one look finds the range around an address or across another range."""

    def __init__(self, ranges: Iterable[tuple[Range, Value | None]]) -> None:
        """Keep the widest of `ranges` only: two CIDRs are apart, or one holds the other."""
        self._outer: dict[int, list[tuple[int, int, Range, Value | None]]] = {4: [], 6: []}
        for found, value in sorted(ranges, key=_widest_first):
            outer = self._outer[found.version]
            last = int(found.broadcast_address)
            if not outer or outer[-1][1] < last:
                outer.append((int(found.network_address), last, found, value))
        self._starts = {version: [start for start, *_ in outer] for version, outer in self._outer.items()}

    def across(self, version: int, first: int, last: int) -> tuple[Range, Value | None] | None:
        """Return a range that shares an address with `first` to `last`, or None."""
        place = bisect_right(self._starts[version], last)
        if place and self._outer[version][place - 1][1] >= first:
            return self._outer[version][place - 1][2:]
        return None

    def overlapping(self, other: Range) -> tuple[Range, Value | None] | None:
        """Return a range that shares an address with `other`, or None."""
        return self.across(other.version, int(other.network_address), int(other.broadcast_address))

    def holds(self, other: Range) -> bool:
        """Tell whether one of the ranges holds all of `other`."""
        found = self.overlapping(other)
        return found is not None and found[0].prefixlen <= other.prefixlen


def joined(ranges: Ranges) -> Searchable:
    """Return the ranges with neighbours made one, so that a range in two halves holds what both hold."""
    four = collapse_addresses(found for found, _ in ranges.stated if isinstance(found, IPv4Network))
    six = collapse_addresses(found for found, _ in ranges.stated if isinstance(found, IPv6Network))
    both: list[Range] = [*four, *six]
    return Searchable((found, None) for found in both)


def ranges_of(values: Iterable[Value], problems: list[Diagnostic], *, whole: bool = True) -> Ranges:
    """Return the canonical ranges among `values`; report the others, but for those refused before."""
    found: list[tuple[Range, Value]] = []
    for value in values:
        if value.refused or not isinstance(value.content, str):
            whole = False
            continue
        network = _range(value, value.content, problems)
        if network is None:
            whole = False
        else:
            found.append((network, value))
    return Ranges(tuple(found), whole)


def address_problems(value: Value | None) -> Iterator[Diagnostic]:
    """Yield an error when `value` is a text that is not an address in canonical form."""
    if value is None or value.refused or not isinstance(value.content, str):
        return
    try:
        legal = (
            _ADDRESS.fullmatch(value.content) is not None and str(ip_address(value.content)) == value.content
        )
    except ValueError:
        legal = False
    if not legal:
        help_text = "write one address, such as `10.96.0.10`"
        message = f"`{shown(value.content)}` is not an IP address"
        yield error("E610", message, value.span, "not an address", help=help_text)


def _widest_first(item: tuple[Range, Value | None]) -> tuple[int, int, int]:
    return item[0].version, int(item[0].network_address), item[0].prefixlen


def _range(value: Value, text: str, problems: list[Diagnostic]) -> Range | None:
    match = _CIDR.fullmatch(text)
    try:
        network = ip_network(text, strict=False) if match else None
    except ValueError:
        network = None
    if network is None or match is None:
        help_text = "write a range such as `100.64.0.0/14`"
        problems.append(
            error("E610", f"`{shown(text)}` is not a range", value.span, "not a CIDR", help=help_text)
        )
        return None
    if str(network) == text:
        return network
    help_texts: tuple[str, ...] = (f"for the whole range: `{network}`",)
    address = str(ip_address(match[1]))
    if address != str(network.network_address):
        help_texts += (f"for the one address: `{address}/{network.max_prefixlen}`",)
    message = f"`{text}` is not in canonical form"
    label = "two readings" if len(help_texts) > 1 else "another spelling of the same"
    problems.append(error("E610", message, value.span, label, help=help_texts))
    return None
