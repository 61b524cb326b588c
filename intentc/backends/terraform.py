"""A policy's rules for the cluster nodes become a Terraform module of Google Cloud firewall rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256
from itertools import groupby, islice, product
from typing import NamedTuple

from intentc.backends import hcl
from intentc.backends.naming import slug
from intentc.backends.ranges import chunks, joined_ports, plain_cidrs
from intentc.backends.rendering import Value, render
from intentc.diagnostics import Diagnostic, error, has_errors, in_order
from intentc.ir import Addresses, Artifact, Block, Origin, Point, Policy, Ports, Rule
from intentc.profile import Profile
from intentc.source import Span

PORTS_PER_RULE = 100
RANGES_PER_RULE = 250
TARGET_TAGS_PER_RULE = 70
TARGET_SERVICE_ACCOUNTS_PER_RULE = 10
"""How much one firewall rule holds: https://cloud.google.com/firewall/docs/quotas"""

DESCRIPTION_LENGTH = 2000
NAME_LENGTH = 63
"""How long texts may be: https://cloud.google.com/compute/docs/reference/rest/v1/firewalls"""

_VARIABLES = {"pods": "pod_cidrs", "nodes": "node_cidrs"}
_PATHS = {
    "direct": "direct connections",
    "egress": "direct connections",
    "ingress": "direct connections",
    "nodeport": "nodePort",
    "hostport": "hostPort",
    "hostnetwork": "hostNetwork",
    "loadbalancer": "load balancer",
}
_CAUSES = {"dns": "name resolution", "metadata": "metadata server"}


class MalformedRule(AssertionError):
    """A rule reached this backend that no intent leads to: our bug, and nothing may be written."""


class _List(NamedTuple):
    """One list argument of a firewall rule: its values, or the module's variable that holds them."""

    argument: str
    values: tuple[str, ...] = ()
    variable: str = ""


class _Side(NamedTuple):
    """One end that a firewall rule states as ranges: by IP version, in lists of legal length."""

    addresses: Addresses
    lists: dict[int, list[_List]]


class _Opening(NamedTuple):
    """All rules between the same two ends: one firewall rule, or as many as the limits force.

    An end is None where it is the cluster nodes themselves: their tag says so, whatever their addresses are.
    """

    direction: str
    source: Addresses | None
    target: Addresses | None
    sides: tuple[_Side, ...]
    rules: list[Rule]


class _FirewallRule(NamedTuple):
    """One `google_compute_firewall` block."""

    name: str
    label: str
    description: str
    direction: str
    lists: tuple[_List, ...]
    ports: tuple[Ports, ...]


def emit(policy: Policy, profile: Profile) -> tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]:
    """Return the module that opens the network for what the policy lets into or out of the cluster nodes.

    Ranges the profile knows are literals, so that a reviewer sees them; what it does not know is an input
    variable without a default. A name depends on who talks to whom, never on ports or on other rules, so that
    a new port changes a firewall rule in place. What a firewall cannot say is an error at the intent.

    Raises MalformedRule for a rule that no intent leads to.
    """
    openings = _openings(policy)
    diagnostics = [problem for opening in openings for problem in _problems(opening)]
    if openings:
        diagnostics += _target_problems(policy.cluster, profile)
    if has_errors(diagnostics):
        return (), in_order(diagnostics)
    rules: dict[str, _FirewallRule] = {}
    for opening in openings:
        for rule in _firewall_rules(opening, policy.cluster, profile):
            if rules.setdefault(rule.name, rule) is not rule:
                raise MalformedRule(f"two firewall rules are called {rule.name}")
    return _module([rules[name] for name in sorted(rules)], profile), in_order(diagnostics)


def _openings(policy: Policy) -> list[_Opening]:
    found: dict[tuple[str, Addresses | None, Addresses | None], list[Rule]] = {}
    for rule in policy.rules:
        if rule.point is Point.ENTERING_NODE or rule.point is Point.LEAVING_NODE:
            found.setdefault(_ends(rule), []).append(rule)
    return [_Opening(*ends, _sides(*ends[1:]), rules) for ends, rules in found.items()]


def _ends(rule: Rule) -> tuple[str, Addresses | None, Addresses | None]:
    source, target = rule.source, rule.target
    if not (isinstance(source, Addresses) and isinstance(target, Addresses)):
        raise MalformedRule(f"pods stand at a node: {rule}")
    if rule.point is Point.ENTERING_NODE:
        return "INGRESS", source, None if target.word == "nodes" else target
    if source.word != "nodes":
        raise MalformedRule(f"others than nodes leave a node: {rule}")
    return "EGRESS", None, target


def _sides(source: Addresses | None, target: Addresses | None) -> tuple[_Side, ...]:
    ends = (("source_ranges", source), ("destination_ranges", target))
    return tuple(_side(argument, addresses) for argument, addresses in ends if addresses)


def _side(argument: str, addresses: Addresses) -> _Side:
    if addresses.blocks:
        lists = {
            version: [_List(argument, chunk) for chunk in chunks(ranges, RANGES_PER_RULE)]
            for version, ranges in plain_cidrs(addresses.blocks).items()
        }
    elif addresses.word in _VARIABLES:
        lists = {4: [_List(argument, variable=_VARIABLES[addresses.word])]}
    else:
        raise MalformedRule(f"no ranges for {addresses.word}")
    return _Side(addresses, lists)


# --- What a firewall cannot say ---------------------------------------------------------------------------


def _problems(opening: _Opening) -> Iterator[Diagnostic]:
    for rule in opening.rules:
        if rule.ports.name:
            for span in _spans([rule]):
                yield error(
                    "E402",
                    f"port name `{rule.ports.name}` means nothing to a firewall",
                    span,
                    "a firewall rule knows ports by number only",
                    help=(
                        "write the number of the container port",
                        "`firewall.mode: gke-managed` leaves pod traffic to the rules that GKE keeps",
                        "`--target kubernetes` emits no firewall rules",
                    ),
                )
    empty = [side.addresses.blocks[0].cidr for side in opening.sides if not side.lists]
    for cidr, span in product(empty, _spans(opening.rules)):
        yield error(
            "E411",
            f"the exceptions leave no address of `{cidr}`",
            span,
            "a firewall rule without ranges would hold for every address",
            help="remove an exception, or the intent",
        )
    if not empty and not _versions(opening):
        source, target = (f"IPv{min(side.lists)}" for side in opening.sides)
        for span in _spans(opening.rules):
            yield error(
                "E412",
                f"no connection leads from {source} to {target}",
                span,
                f"all sources are {source} addresses, all targets {target}",
                help="ranges that the profile does not state count as IPv4",
            )


def _target_problems(cluster: str, profile: Profile) -> Iterator[Diagnostic]:
    tags, accounts = profile.firewall.target_tags, profile.firewall.target_service_accounts
    if tags and accounts:
        yield error(
            "E413",
            f"the firewall of cluster `{cluster}` has target tags and target service accounts",
            help="a firewall rule takes one kind: keep `targetTags` or `targetServiceAccounts`",
        )
    for key, values, limit in (
        ("targetTags", tags, TARGET_TAGS_PER_RULE),
        ("targetServiceAccounts", accounts, TARGET_SERVICE_ACCOUNTS_PER_RULE),
    ):
        if len(values) > limit:
            yield error(
                "E413",
                f"the firewall of cluster `{cluster}` has {len(values)} `{key}`",
                help=f"a firewall rule takes {limit} at most; one that all cluster nodes share is enough",
            )


def _spans(rules: Iterable[Rule]) -> Iterable[Span | None]:
    """Return where the intents behind `rules` are, each place once; None alone where no place is known."""
    flows = (origin.flow for rule in rules for origin in rule.origins)
    return dict.fromkeys(flow.span for flow in flows if flow and flow.span) or (None,)


# --- From openings to firewall rules ----------------------------------------------------------------------


def _firewall_rules(opening: _Opening, cluster: str, profile: Profile) -> Iterator[_FirewallRule]:
    """Split an opening so that no firewall rule mixes IP versions or passes a limit."""
    ends = (_identity(opening.source, profile), _identity(opening.target, profile))
    ports = chunks(joined_ports(rule.ports for rule in opening.rules), PORTS_PER_RULE)
    description, targets = _description(opening), _targets(profile)
    for version in _versions(opening):
        stem = _stem(opening, version)
        choices = product(*(enumerate(side.lists[version]) for side in opening.sides))
        for choice, (number, chunk) in product(choices, enumerate(ports)):
            numbers = (*(position for position, _ in choice), number)
            key = ascii((cluster, opening.direction, ends, version, numbers))
            digest = sha256(key.encode("ascii")).hexdigest()[:10]
            yield _FirewallRule(
                name=_named(f"intentc-{slug(cluster, 20)}-{stem}", digest),
                label=_named(stem, digest).replace("-", "_"),
                description=description,
                direction=opening.direction,
                lists=(*(found for _, found in choice), targets),
                ports=chunk,
            )


def _versions(opening: _Opening) -> list[int]:
    """Return the IP versions that both ends have; no packet mixes two, so leaving others out loses nothing.

    A firewall rule holds ranges of one version only: https://cloud.google.com/firewall/docs/using-firewalls
    """
    return sorted(set.intersection(*(set(side.lists) for side in opening.sides)))


def _targets(profile: Profile) -> _List:
    firewall = profile.firewall
    if firewall.target_service_accounts:
        return _List("target_service_accounts", tuple(sorted(set(firewall.target_service_accounts))))
    if firewall.target_tags:
        return _List("target_tags", tuple(sorted(set(firewall.target_tags))))
    return _List("target_tags", variable="target_tags")


# --- Names and descriptions -------------------------------------------------------------------------------


def _identity(addresses: Addresses | None, profile: Profile) -> tuple[object, ...]:
    """Return what names an end: its ranges, or its word where they are what the profile says of the word.

    So a node range that is added to the profile changes firewall rules in place instead of replacing them.
    """
    if addresses is None:
        return ()
    calls = (profile.control_plane.cidr,)
    stated = {"pods": profile.pod_cidrs, "nodes": profile.node_cidrs, "control-plane": calls}
    if {Block(cidr) for cidr in stated.get(addresses.word, ())} == set(addresses.blocks):
        return (addresses.word,)
    return (addresses.word, *((block.cidr, block.excepts) for block in addresses.blocks))


def _stem(opening: _Opening, version: int) -> str:
    """Return the readable part of a name; the cluster nodes are always an end, and go without saying."""
    parts = []
    if opening.source:
        parts.append(f"from-{_end(opening.source, version)}")
    if opening.target:
        parts.append(f"{'at' if parts else 'to'}-{_end(opening.target, version)}")
    if version == 6:
        parts.append("ipv6")
    return "-".join(parts)


def _end(addresses: Addresses, version: int) -> str:
    if addresses.word != "cidr":
        return slug(addresses.word, NAME_LENGTH)
    first = next(block.cidr for block in addresses.blocks if (":" in block.cidr) == (version == 6))
    return slug(first, NAME_LENGTH)


def _named(readable: str, digest: str) -> str:
    """Return a name as Google Cloud takes it, given a readable part that starts with a letter."""
    return f"{slug(readable, NAME_LENGTH - len(digest) - 1)}-{digest}"


def _description(opening: _Opening) -> str:
    """Return who talks to whom, what traffic it is, and what the intents say of it: ASCII, cut to length."""
    behind = "nodes at " if opening.source and opening.target else ""
    ends = f"From {_written(opening.source)} to {behind}{_written(opening.target)}"
    origins = [origin for rule in opening.rules for origin in rule.origins]
    clauses = [origin.flow.clauses for origin in origins if origin.flow]
    parts = {
        ends: set(map(_kind, origins)) or {"direct connections"},
        "owner": {said.owner for said in clauses} - {""},
        "ticket": {said.ticket for said in clauses} - {""},
        "because": {said.because for said in clauses} - {""},
    }
    text = " | ".join(f"{title}: {_listed(texts)}" for title, texts in parts.items() if texts)
    return text if len(text) <= DESCRIPTION_LENGTH else f"{text[: DESCRIPTION_LENGTH - 3]}..."


def _kind(origin: Origin) -> str:
    if origin.cause in _CAUSES:
        return _CAUSES[origin.cause]
    return _PATHS[origin.flow.path.kind if origin.flow else "direct"]


def _written(addresses: Addresses | None) -> str:
    if addresses is None:
        return "nodes"
    if addresses.word != "cidr":
        return addresses.word
    more = len(addresses.blocks) - 1
    return addresses.blocks[0].cidr + (f" and {more} more" if more else "")


def _listed(texts: set[str]) -> str:
    # What stands behind the limit need not be written, and each text takes a character at least.
    return "; ".join(map(_printable, islice(sorted(texts), DESCRIPTION_LENGTH)))


def _printable(text: str) -> str:
    """Return `text` on one line, with the escapes of Python for what is not printable ASCII."""
    line = " ".join(text.split())
    return re.sub(r"[^ -~]", lambda found: found[0].encode("unicode_escape").decode("ascii"), line)


# --- Files ------------------------------------------------------------------------------------------------


def _module(rules: list[_FirewallRule], profile: Profile) -> tuple[Artifact, ...]:
    """Return the four files of the module; each distinct fragment is rendered once."""
    firewall = profile.firewall
    fragment = cache(_render)
    variables = {found.variable for rule in rules for found in rule.lists if found.variable}
    if rules:
        variables |= {name for name in ("network", "project") if not getattr(firewall, name)}
    blocks = [
        _render(
            "rule",
            label=rule.label,
            name=rule.name,
            description=rule.description,
            project=hcl.quote(firewall.project) if firewall.project else "var.project",
            network=hcl.quote(firewall.network) if firewall.network else "var.network",
            direction=rule.direction,
            priority=firewall.priority,
            blocks=[*(_list(fragment, found) for found in rule.lists), *_allow(fragment, rule.ports)],
        )
        for rule in rules
    ]
    files = {
        "firewall": _render("firewall", blocks=blocks),
        "outputs": _render("outputs", labels=[rule.label for rule in rules]),
        "variables": _render("variables", blocks=[_variable(name) for name in sorted(variables)]),
        "versions": _render("versions"),
    }
    return tuple(Artifact(f"terraform/{name}.tf", text.encode()) for name, text in sorted(files.items()))


def _render(template: str, **values: Value) -> str:
    return render(f"terraform/{template}.tf.j2", **values)


def _list(fragment: Callable[..., str], found: _List) -> str:
    if found.variable:
        return fragment("input", argument=found.argument, variable=found.variable)
    if not found.values:  # INVARIANT: an empty list of ranges or targets would stand for all of them.
        raise MalformedRule(f"{found.argument} is empty")
    return fragment("list", argument=found.argument, values=found.values)


def _allow(fragment: Callable[..., str], ports: tuple[Ports, ...]) -> Iterator[str]:
    if not ports:  # INVARIANT: the same holds for ports.
        raise MalformedRule("a firewall rule has no ports")
    for protocol, members in groupby(ports, key=lambda found: found.protocol):
        texts = tuple(str(p.first) if p.first == p.last else f"{p.first}-{p.last}" for p in members)
        yield fragment("allow", protocol=protocol.lower(), ports=texts)


def _variable(name: str) -> str:
    for word, variable in _VARIABLES.items():
        if name == variable:
            return _render("variable_cidrs", name=name, word=word)
    return _render(f"variable_{name}")
