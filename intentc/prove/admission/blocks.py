"""An ipBlock, its CIDR and what it excepts become refusals."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from intentc.prove.admission import values
from intentc.prove.admission.refusal import Refusal, below, house, server, shown

_BLOCK = frozenset({"cidr", "except"})
_LENGTH = re.compile("[0-9]{1,9}")
_IPV4 = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){3}")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")  # no zone: ipaddress takes `fe80::1%eth0`
_LEADING_ZERO = re.compile(r"(?:.*[./])?0[0-9].*")


class _Range(NamedTuple):
    """The addresses of a CIDR: those with the number `first` to `last`."""

    family: int
    length: int
    first: int
    last: int

    def holds(self, other: _Range) -> bool:
        """Tell whether `other` lies within, and is smaller."""
        return (
            self.family == other.family
            and self.length < other.length
            and self.first <= other.first
            and other.last <= self.last
        )


def block_refusals(block: object) -> list[Refusal]:
    """Return what is wrong with an ipBlock; paths start at it.

    https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/networking/validation/validation.go
    """
    found: list[Refusal] = []
    known = values.record(block, _BLOCK, "", found)
    if known is None:
        return found
    cidr = values.text(known.get("cidr", ""), "cidr", found)
    if cidr == "":
        found.append(server("NP-25", "cidr", "no CIDR"))
    whole, wrong = _read(cidr) if cidr else (None, ())
    found += below("cidr", wrong)
    if "except" in known:
        _check_excepted(known["except"], whole, found)
    return found


def _check_excepted(excepted: object, whole: _Range | None, found: list[Refusal]) -> None:
    parts: list[tuple[_Range, int]] = []
    before = len(found)
    for position, entry in enumerate(values.items(excepted, "except", found, empty="leave it out")):
        path = f"except[{position}]"
        cidr = values.text(entry, path, found)
        if cidr is None:
            continue
        part, wrong = _read(cidr)
        found += below(path, wrong)
        if part is not None and whole is not None and not whole.holds(part):
            found.append(server("NP-30", path, f"`{shown(cidr)}` is not strictly inside `cidr`"))
        elif part is not None:
            parts.append((part, position))
    if whole is None or len(found) > before:
        return
    end = -1
    parts.sort(key=lambda each: (each[0].first, each[0].length, each[1]))
    for part, position in parts:
        if part.first <= end:
            found.append(house("NP-70", f"except[{position}]", "overlaps another entry"))
        end = max(end, part.last)
    left_out = sum(part.last - part.first + 1 for part, _ in parts)
    if len(found) == before and left_out == whole.last - whole.first + 1:
        found.append(house("NP-71", "except", "leaves no address"))


@lru_cache(1 << 14)
def _read(cidr: str) -> tuple[_Range | None, tuple[Refusal, ...]]:
    """Return the addresses of a CIDR, None where it is none, and what is wrong with it; paths start at it.

    Kubernetes before 1.36 took leading zeros, IPv4 inside IPv6 and host bits, and read each in its own way:
    https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/4858-ip-cidr-validation
    """
    spelled, slash, length_text = cidr.partition("/")
    address = _address(spelled)
    if address is None or not slash or not _LENGTH.fullmatch(length_text):
        return None, (server("NP-26", "", f"`{shown(cidr)}` is not an address and a prefix length"),)
    length = int(length_text)
    if length > address.max_prefixlen:
        message = f"the prefix length of `{shown(cidr)}` is over {address.max_prefixlen}"
        return None, (server("NP-26", "", message),)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return None, (server("NP-28", "", f"`{shown(cidr)}` is an IPv4 address inside IPv6"),)
    host_bits = (1 << (address.max_prefixlen - length)) - 1
    number = int(address)
    first = number & ~host_bits
    reading = _Range(address.version, length, first, first | host_bits)
    wrong: list[Refusal] = []
    if _LEADING_ZERO.fullmatch(f"/{length_text}" if ":" in spelled else cidr):
        wrong.append(server("NP-27", "", f"`{shown(cidr)}` has leading zeros"))
    if number & host_bits:
        wrong.append(server("NP-29", "", f"`{shown(cidr)}` has bits set beyond its prefix length"))
    if not wrong and cidr != f"{address}/{length}":
        wrong.append(house("NP-69", "", f"`{shown(cidr)}` is written `{address}/{length}`"))
    return reading, tuple(wrong)


def _address(spelled: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if _IPV4.fullmatch(spelled):
        octets = [int(octet) for octet in spelled.split(".")]
        return ipaddress.IPv4Address(bytes(octets)) if max(octets) <= 255 else None
    if ":" in spelled and _IPV6.fullmatch(spelled):
        try:
            return ipaddress.IPv6Address(spelled)
        except ValueError:
            return None
    return None
