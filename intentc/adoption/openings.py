"""Firewall rules that exist are held against those of a build: what no intent needs, and what is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from intentc.answers.diff.algebra import openings, port_set
from intentc.answers.diff.words import Named, ports_of, worded
from intentc.diagnostics import Diagnostic, error, warning
from intentc.profile import Profile
from intentc.prove.differences import ADDRESSES
from intentc.prove.documents import Unreadable
from intentc.prove.emitted import Emitted, machines
from intentc.prove.firewall_reader import FirewallRule, read_firewall
from intentc.prove.numbers import NO_NUMBERS, Numbers, PortSet, address_range, numbers
from intentc.prove.platform import word_addresses
from intentc.prove.regions import Budget
from intentc.prove.shapes import Admitted, Shapes
from intentc.source import SourceFile, Span
from intentc.wording import endpoint_text, ports_text

STEPS = 1_000_000
MOST = 4
"""How many ranges are told of one opening."""

_PLACE = re.compile(r"(?P<path>.*):(?P<line>[0-9]+)")


def compare_firewall(
    files: Iterable[tuple[str, bytes]], built: Emitted, profile: Profile, shapes: Shapes
) -> tuple[Diagnostic, ...]:
    """Return what a module of firewall rules opens and no intent needs (E760); the reverse are notes (W762).

    A file that is no module of firewall rules is an error (E760), and so is a rule that denies, or is for
    other machines than those of the profile: no intent says it. Raises `regions.TooHard` where rules overlap
    in too many ways.
    """
    sources = {path: SourceFile(path, data.decode("utf-8", "replace")) for path, data in files}
    try:
        rules = read_firewall(((path, source.text.encode()) for path, source in sources.items()), shapes)
    except Unreadable as problem:
        span = _span(problem.place, sources)
        message = "a file holds more than firewall rules that stand for themselves"
        help_text = "give a module whose rules have their ranges and ports written out"
        return (error("E760", message, span, problem.reason, help=help_text),)
    return (*_unneeded(rules, built, profile, sources), *_opened(rules, built, profile))


def _unneeded(
    rules: Iterable[FirewallRule], built: Emitted, profile: Profile, sources: dict[str, SourceFile]
) -> Iterator[Diagnostic]:
    for rule in rules:
        span = _resource(rule, sources)
        message = f"firewall rule `{rule.label}` cannot be said as an intent"
        if not rule.is_allow:
            yield error("E760", message, span, "it denies, and intents only open", help=_WHY)
        elif rule.machines != machines(profile):
            label = "for another project, network or target than the profile's"
            yield error("E760", message, span, label, help="`firewall` in `intentc.yaml` says which machines")
        else:
            enters = rule.direction == "INGRESS"
            known = built.into_nodes if enters else built.out_of_nodes
            mine: Admitted = dict.fromkeys(rule.peers, rule.ports)
            found = sorted(f"`{text}`" for text in _opens(known, mine, profile, enters=enters))
            if found:
                label = f"opens {' and '.join(found)}, which no intent needs"
                yield error("E760", message, span, label, help=_WHY)


_WHY = (
    "a line that goes `via nodeport`, `hostport` or `loadbalancer` opens the door it goes by",
    "`--allow-residue` leaves it out: then a build closes it",
)


def _opened(rules: Iterable[FirewallRule], built: Emitted, profile: Profile) -> Iterator[Diagnostic]:
    sides: dict[str, Admitted] = {"INGRESS": {}, "EGRESS": {}}
    for rule in rules:
        if rule.is_allow and rule.machines == machines(profile):
            for peer in rule.peers:
                known = sides[rule.direction].get(peer, PortSet())
                sides[rule.direction][peer] = known | rule.ports
    for direction, admitted in (("INGRESS", built.into_nodes), ("EGRESS", built.out_of_nodes)):
        for text in _opens(sides[direction], admitted, profile, enters=direction == "INGRESS"):
            message = f"a build opens `{text}`, which no rule here opens"
            yield warning("W762", message, help="what GKE opens by itself stands in no module")._replace(
                severity="note"
            )


def _opens(known: Admitted, more: Admitted, profile: Profile, *, enters: bool) -> Iterator[str]:
    """Yield, in words, what is in `more` and not in `known`: ranges with the same ports together."""
    together: dict[tuple[str, PortSet], Numbers] = {}
    names: dict[tuple[str, PortSet], None] = {}
    for entry, region in openings(known, more, Budget(STEPS)):
        ports, addresses = port_set(region), region.get(ADDRESSES)
        if isinstance(addresses, Numbers):
            key = entry.peer.kind, ports
            together[key] = together.get(key, NO_NUMBERS) | addresses
        else:
            names[f"var.{entry.peer.name}", ports] = None
    ends: dict[PortSet, list[str]] = {}
    for (kind, ports), addresses in together.items():
        ends.setdefault(ports, []).extend(map(endpoint_text, worded(kind, addresses, _words(profile))))
    for name, ports in names:
        ends.setdefault(ports, []).append(name)
    for ports, found in ends.items():
        listed = list(dict.fromkeys(found))
        far = ", ".join(listed[:MOST]) + (f" and {len(listed) - MOST} more" if len(listed) > MOST else "")
        said = ports_text(ports_of(ports)) or "what has no ports"
        yield f"{far} -> nodes:{said}" if enters else f"nodes -> {far}:{said}"


def _words(profile: Profile) -> Named:
    """Return the words for ranges that the profile states, and for the internet."""
    words: Named = dict.fromkeys(word_addresses("internet", profile), "internet")
    for cidr in profile.node_cidrs:
        family, interval = address_range(cidr)
        words.setdefault((f"ipv{family}", numbers((interval,))), "nodes")
    return words


def _span(place: str, sources: dict[str, SourceFile]) -> Span | None:
    """Return the line that a place such as `main.tf:12` means, None where it means a whole file."""
    match = _PLACE.fullmatch(place)
    source = sources.get(match["path"]) if match else None
    if match is None or source is None:
        return None
    lines = source.text.split("\n")
    number = min(int(match["line"]), len(lines)) - 1
    start = sum(len(line) + 1 for line in lines[:number])
    return Span(source, start, start + len(lines[number].rstrip()))


def _resource(rule: FirewallRule, sources: dict[str, SourceFile]) -> Span | None:
    source = sources[rule.path]
    match = re.search(
        rf'^resource\s+"google_compute_firewall"\s+"{re.escape(rule.label)}"', source.text, re.MULTILINE
    )
    return Span(source, match.start(), match.end()) if match else None
