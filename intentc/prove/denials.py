"""Firewall rules that deny become what they take of connections that others open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from intentc import ir
from intentc.prove.differences import PORTS, Cover, Entry, as_entries, region_of
from intentc.prove.emitted import Emitted
from intentc.prove.firewall_reader import FirewallRule
from intentc.prove.needs import Intended
from intentc.prove.regions import Budget, Region, shared_part, uncovered


class Denial(NamedTuple):
    """The part of an entry that a rule denies at a point."""

    point: ir.Point
    entry: Entry
    region: Region
    rule: FirewallRule


def denials(emitted: Emitted, needed: Intended, settled: Intended, budget: Budget) -> Iterator[Denial]:
    """Yield what rules deny of what is needed and others open: the network itself, or GKE's own rules.

    What is `settled` is not asked about, but for what is free: GKE opens that, and no rule of ours. A rule
    that may deny something, as far as can be known, does. One denial for each entry; raises TooHard.
    """
    denying = [rule for rule in emitted.firewall if not rule.is_allow]
    if not denying:
        return
    free = [region_of(entry) for entry in as_entries(needed.free)]
    ours = Cover(as_entries(emitted.into_nodes_at_least))
    for direction, point, wanted, done in (
        ("INGRESS", ir.Point.ENTERING_NODE, needed.into_nodes, settled.into_nodes),
        ("EGRESS", ir.Point.LEAVING_NODE, needed.out_of_nodes, settled.out_of_nodes),
    ):
        cover = Cover(as_entries(done))
        rules = [rule for rule in denying if rule.direction == direction]
        for entry in as_entries(wanted):
            region = region_of(entry)
            left = uncovered(region, cover.near(entry.peer), budget)
            if point is ir.Point.ENTERING_NODE:
                for part in filter(None, (shared_part(region, other) for other in free)):
                    left += uncovered(part, ours.near(entry.peer), budget)
            found = ((rule, _denied_by(rule, entry, piece)) for piece in left for rule in rules)
            for rule, denied in found:
                if denied is not None:
                    yield Denial(point, entry, denied, rule)
                    break


def _denied_by(rule: FirewallRule, entry: Entry, region: Region) -> Region | None:
    """Return what of an entry's region a rule may deny; what a variable stands for may be anything."""
    for peer in rule.peers:
        constraint = region_of(Entry(None, peer, rule.ports))
        if entry.peer is not peer and "variable" in (entry.peer.kind, peer.kind):
            constraint = {PORTS: rule.ports}
        found = shared_part(region, constraint)
        if found is not None:
            return found
    return None
