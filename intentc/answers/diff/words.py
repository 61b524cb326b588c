"""Regions of the prover's algebra become ends and ports in the words of the language, exactly."""

from __future__ import annotations

from collections.abc import Iterator

from intentc import ir
from intentc.answers.reading import Reading
from intentc.prove.differences import ADDRESSES, KIND, PEER, PEER_NAMESPACE, SUBJECT
from intentc.prove.labels import ABSENT, Values
from intentc.prove.numbers import Numbers, PortSet, ranges
from intentc.prove.regions import Region

Named = dict[tuple[str, Numbers], str]
"""The words of the language by the family and the addresses they stand for."""


def subjects_of(region: Region, namespace: str) -> tuple[ir.Pods, ...]:
    """Return the pods of a namespace that a region is about, as few selectors that together mean them."""
    name = (ir.Requirement(ir.NAMESPACE_LABEL, "In", (namespace,)),)
    return tuple(ir.Pods(name, pods) for pods in _selectors(region, SUBJECT, of_namespace=False))


def peers_of(region: Region, words: Named) -> tuple[ir.Endpoint, ...]:
    """Return the other end that a region is about: pods, addresses, or what a variable stands for."""
    kind = region[KIND]
    assert isinstance(kind, Values)  # noqa: S101 - what stands at this coordinate
    (name,) = filter(None, kind.listed)
    if name == "pods":
        return tuple(
            ir.Pods(namespaces, pods)
            for namespaces in _selectors(region, PEER_NAMESPACE, of_namespace=True)
            for pods in _selectors(region, PEER, of_namespace=False)
        )
    if name == "node":
        return (ir.Addresses("nodes", ()),)
    addresses = region.get(ADDRESSES)
    if not isinstance(addresses, Numbers):
        return (ir.Addresses(name.removeprefix("var."), ()),)
    blocks = tuple(ir.Block(cidr) for cidr in ranges(4 if name == "ipv4" else 6, addresses))
    word = words.get((name, addresses))
    if word is not None:
        return (ir.Addresses(word, blocks),)
    return tuple(ir.Addresses("cidr", (block,)) for block in blocks)


def worded(family: str, addresses: Numbers, words: Named) -> tuple[ir.Addresses, ...]:
    """Return addresses as the words whose ranges are all among them, and the rest as ranges."""
    ends: list[ir.Addresses] = []
    left = addresses
    for (kind, found), word in words.items():
        if kind == family and found and not found - left:
            blocks = tuple(ir.Block(cidr) for cidr in ranges(4 if family == "ipv4" else 6, found))
            ends.append(ir.Addresses(word, blocks))
            left -= found
    rest = ranges(4 if family == "ipv4" else 6, left)
    return (*ends, *(ir.Addresses("cidr", (ir.Block(cidr),)) for cidr in rest))


def ports_of(found: PortSet) -> tuple[ir.Ports, ...]:
    """Return ports as the language lists them; protocols without ports have no words there."""
    ports = [
        ir.Ports(protocol, first, last)
        for protocol, numbers in found.numbers
        for first, last in numbers.intervals
        if protocol in ir.PROTOCOLS
    ]
    ports += [ir.Ports(protocol, 0, 0, name) for protocol, name in found.names if protocol in ir.PROTOCOLS]
    return tuple(sorted(ports))


def named_ranges(old: Reading, new: Reading) -> Named:
    """Return the words that stand for sets of addresses, the same on both sides.

    What the profile says of a word may differ between the sides; then only the ranges tell what changed.
    """
    words: Named = {}
    ends = [end for side in (old, new) for flow in side.policy.flows for end in (flow.source, flow.target)]
    known = {id(end): end for end in ends if isinstance(end, ir.Addresses) and end.word != "cidr"}
    found = [end for end in known.values() if end.word not in ("nodes", "control-plane")]
    for word, before, after in (
        ("nodes", old.profile.node_cidrs, new.profile.node_cidrs),
        ("pods", old.profile.pod_cidrs, new.profile.pod_cidrs),
        ("control-plane", (old.profile.control_plane.cidr,), (new.profile.control_plane.cidr,)),
    ):
        if before == after:
            found.append(ir.Addresses(word, tuple(ir.Block(cidr) for cidr in before if cidr)))
    for end in found:
        for block in end.blocks:
            peer = old.shapes.block(block.cidr, block.excepts)
            if peer is not None:
                words.setdefault((peer.kind, peer.addresses), end.word)
    return words


def _selectors(region: Region, where: str, *, of_namespace: bool) -> Iterator[ir.Selector]:
    """Yield selectors that together hold for exactly the labels of a region.

    A selector cannot say "this value or none", so such a label takes two.
    """
    states = {key: part for (about, key), part in sorted(region.items(), key=_order) if about == where}
    choices: list[tuple[ir.Requirement, ...]] = [()]
    for key, values in states.items():
        assert isinstance(values, Values)  # noqa: S101 - what stands at these coordinates
        found = list(_requirements(key, values, is_always=of_namespace and key == ir.NAMESPACE_LABEL))
        choices = [(*choice, *requirements) for choice in choices for requirements in found]
    return (tuple(sorted(choice)) for choice in choices)


def _order(item: tuple[tuple[str, str], object]) -> tuple[str, str]:
    return item[0]


def _requirements(key: str, values: Values, *, is_always: bool) -> Iterator[tuple[ir.Requirement, ...]]:
    """Yield requirements that together mean states of a label; no list holds the empty value."""
    listed = sorted(value for value in values.listed if value is not None)
    groups = tuple(group for group in (tuple(filter(None, listed)), ("",) * ("" in listed)) if group)
    if values.excluding:
        exists = () if is_always or ABSENT not in values.listed else (ir.Requirement(key, "Exists"),)
        yield (*exists, *(ir.Requirement(key, "NotIn", group) for group in groups))
        return
    for group in groups:
        yield (ir.Requirement(key, "In", group),)
    if ABSENT in values.listed:
        yield (ir.Requirement(key, "DoesNotExist"),)
