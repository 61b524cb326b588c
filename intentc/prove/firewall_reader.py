"""Terraform files become firewall rules, and what they admit by the rules of Google Cloud."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from intentc.prove.documents import Unreadable
from intentc.prove.hcl import Block, Formula, Reference, Value, read_blocks
from intentc.prove.numbers import PortSet, port_set
from intentc.prove.shapes import Peer, Shapes

Text = str | Reference

_PROTOCOLS = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"}
_PORTLESS = ("icmp", "esp", "ah", "ipip")
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_RANGE = re.compile(r"(0|[1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?")
_RULE = {
    *("name", "description", "project", "network", "direction", "priority", "disabled"),
    *("source_ranges", "destination_ranges", "target_tags", "target_service_accounts"),
}
_KNOWN_ATTRIBUTES: dict[str, set[str]] = {
    "variable": {"description", "type", "nullable"},
    "output": {"description", "value"},
    "terraform": {"required_version"},
}
_LISTS = ("source_ranges", "destination_ranges", "target_tags", "target_service_accounts")
_STRING = Reference("string")
_KNOWN_BLOCKS = {"variable": {"validation"}, "output": set(), "terraform": {"required_providers"}}


class FirewallRule(NamedTuple):
    """One `google_compute_firewall`: `peers` are its sources on the way in, its destinations on the way out.

    `machines` is what else decides where it holds: project, network and targets, as written. `is_narrowed`
    says that a rule on the way in also has destination ranges.
    """

    path: str
    label: str
    name: Text
    direction: Literal["INGRESS", "EGRESS"]
    is_allow: bool
    priority: int
    machines: tuple[Text | tuple[str, Text | tuple[str, ...]], ...]
    peers: tuple[Peer, ...]
    ports: PortSet
    is_narrowed: bool

    @property
    def title(self) -> str:
        """Return what a person finds the rule by."""
        return f"`google_compute_firewall.{self.label}` in `{self.path}`"


def read_firewall(files: Iterable[tuple[str, bytes]], shapes: Shapes) -> tuple[FirewallRule, ...]:
    """Return the firewall rules of a module; raise Unreadable for what could mean more than they say.

    https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_firewall
    """
    rules: dict[str, FirewallRule] = {}
    names: dict[Text, str] = {}
    variables: dict[str, Block] = {}
    used: dict[tuple[str, bool], str] = {}
    for path, content in files:
        if path.endswith("override.tf"):
            raise Unreadable(path, "Terraform merges it into the other files")
        for block in read_blocks(path, content):
            if block.type != "resource":
                _check_frame(path, block)
                if block.type == "variable":
                    if block.labels[0] in variables:
                        raise _refuse(path, block, "a variable that is declared twice")
                    variables[block.labels[0]] = block
                continue
            rule = _rule(path, block, shapes)
            used |= dict.fromkeys(_variables(block), rule.title)
            if rule.label in rules:
                raise _refuse(path, block, "a second resource with this label")
            if rule.name in names:
                raise _refuse(path, block, f"a second firewall rule with the name `{rule.name}`")
            rules[rule.label] = rule
            names[rule.name] = path
    for (variable, is_list), title in used.items():
        if variable not in variables:
            raise Unreadable(title, f"`var.{variable}` is not declared")
        if variables[variable].attributes.get("nullable") is not False:
            raise Unreadable(title, f"`var.{variable}` may be null, which stands for something else")
        if not is_list and variables[variable].attributes.get("type", _STRING) != _STRING:
            raise Unreadable(title, f"`var.{variable}` is no text")
        if is_list and not _is_never_empty(variables[variable]):
            raise Unreadable(title, f"`var.{variable}` may be empty, which stands for everything")
    return tuple(rule for rule in rules.values() if rule.peers)


def _is_never_empty(variable: Block) -> bool:
    """Tell whether a variable is a list of texts that a validation refuses when it is empty."""
    length = rf"length \( var \. {re.escape(variable.labels[0])} \)"
    condition = re.compile(rf"{length} (>= 1|> 0)( && {length} <= [1-9][0-9]{{0,8}})?")
    stated = (inner.attributes["condition"] for inner in variable.blocks)
    return variable.attributes.get("type") in (Formula("list ( string )"), Formula("set ( string )")) and any(
        isinstance(formula, Formula) and condition.fullmatch(formula.text) for formula in stated
    )


def _check_frame(path: str, block: Block) -> None:
    """Refuse every block but variables without defaults, outputs and the provider's version."""
    count = {"variable": 1, "output": 1, "terraform": 0}.get(block.type)
    if count is None or len(block.labels) != count:
        raise _refuse(path, block, "a block that a module of firewall rules does not have")
    for attribute in block.attributes:
        if attribute not in _KNOWN_ATTRIBUTES[block.type]:
            raise _refuse(path, block, f"`{attribute}` is not known here")
    for inner in block.blocks:
        if inner.type not in _KNOWN_BLOCKS[block.type] or inner.labels or inner.blocks:
            raise _refuse(path, inner, "a block that is not known here")
        if inner.type == "validation" and inner.attributes.keys() != {"condition", "error_message"}:
            raise _refuse(path, inner, "not a validation")
        if inner.type == "required_providers":
            google = inner.attributes.get("google")
            if (
                len(inner.attributes) != 1
                or not isinstance(google, dict)
                or google.get("source") != "hashicorp/google"
            ):
                raise _refuse(path, inner, "another provider than `hashicorp/google`")


def _rule(path: str, block: Block, shapes: Shapes) -> FirewallRule:
    if len(block.labels) != 2 or block.labels[0] != "google_compute_firewall":
        raise _refuse(path, block, "a resource that is no `google_compute_firewall`")
    for attribute in block.attributes:
        if attribute not in _RULE:
            raise _refuse(path, block, f"`{attribute}` is not known here")
    actions = {inner.type for inner in block.blocks}
    if len(actions) != 1 or actions - {"allow", "deny"}:
        raise _refuse(path, block, "not exactly one of `allow` and `deny`")
    direction = block.attributes.get("direction", "INGRESS")
    if direction not in ("INGRESS", "EGRESS"):
        raise _refuse(path, block, "`direction` is neither INGRESS nor EGRESS")
    priority = block.attributes.get("priority", 1000)
    if not isinstance(priority, int) or isinstance(priority, bool) or priority > 65535:
        raise _refuse(path, block, "`priority` is no number from 0 to 65535")
    name = block.attributes.get("name")
    if not isinstance(name, str | Reference):
        raise _refuse(path, block, "`name` is missing")
    if isinstance(name, str) and not _NAME.fullmatch(name):
        raise _refuse(path, block, f"`{name}` is no name of a firewall rule")
    disabled = block.attributes.get("disabled", False)
    if not isinstance(disabled, bool):
        raise _refuse(path, block, "`disabled` is neither true nor false")
    ranges = "source_ranges" if direction == "INGRESS" else "destination_ranges"
    if direction == "EGRESS" and "source_ranges" in block.attributes:
        raise _refuse(path, block, "a rule on the way out has source ranges")
    peers = () if disabled else _peers(path, block, ranges, shapes)
    return FirewallRule(
        path,
        block.labels[1],
        name,
        "INGRESS" if direction == "INGRESS" else "EGRESS",
        actions == {"allow"},
        priority,
        _machines(path, block),
        peers,
        shapes.ports(_ports(path, block)),
        direction == "INGRESS" and "destination_ranges" in block.attributes,
    )


def _machines(path: str, block: Block) -> tuple[Text | tuple[str, Text | tuple[str, ...]], ...]:
    found: list[Text | tuple[str, Text | tuple[str, ...]]] = []
    for attribute in ("project", "network"):
        value = block.attributes.get(attribute)
        if not isinstance(value, str | Reference) or not value:
            raise _refuse(path, block, f"`{attribute}` is missing")
        found.append(value)
    for attribute in ("target_tags", "target_service_accounts"):
        if attribute not in block.attributes:
            continue
        value = block.attributes[attribute]
        if isinstance(value, Reference):
            found.append((attribute, value))
        else:
            found.append((attribute, tuple(sorted(_texts(path, block, attribute, value)))))
    return tuple(found)


def _peers(path: str, block: Block, attribute: str, shapes: Shapes) -> tuple[Peer, ...]:
    value = block.attributes.get(attribute, [])
    if value == []:  # every IPv4 address, and none of IPv6: https://github.com/kubernetes/kops/pull/12368
        value = ["0.0.0.0/0"]
    if isinstance(value, Reference):
        return (_variable(path, block, value, shapes),)
    peers = []
    for text in _texts(path, block, attribute, value):
        try:
            peer = shapes.block(text)
        except ValueError as problem:
            raise _refuse(path, block, str(problem)) from problem
        if peer is not None:
            peers.append(peer)
    if len({peer.kind for peer in peers}) > 1:
        raise _refuse(path, block, "ranges of IPv4 and IPv6 in one rule")
    return tuple(peers)


def _variable(path: str, block: Block, reference: Reference, shapes: Shapes) -> Peer:
    first, _, name = reference.name.partition(".")
    if first != "var" or not name or "." in name:
        raise _refuse(path, block, f"`{reference.name}` is no variable")
    return shapes.peer("variable", name=name)


def _ports(path: str, block: Block) -> PortSet:
    intervals: list[tuple[str, int, int]] = []
    others: list[str] = []
    for inner in block.blocks:
        protocol, items = inner.attributes.get("protocol"), inner.attributes.get("ports", [])
        if inner.labels or inner.blocks or inner.attributes.keys() - {"protocol", "ports"}:
            raise _refuse(path, inner, "not an `allow` or `deny` of ports")
        if protocol == "all" and not items:
            intervals += [(name, 1, 65535) for name in _PROTOCOLS.values()]
            others.append("*")
        elif protocol in _PORTLESS and not items and isinstance(protocol, str):
            others.append(protocol)
        elif isinstance(protocol, str) and protocol in _PROTOCOLS:
            texts = _texts(path, inner, "ports", items)
            found = [_interval(path, inner, text) for text in texts] or [(1, 65535)]
            intervals += [(_PROTOCOLS[protocol], first, last) for first, last in found]
        else:
            raise _refuse(path, inner, "a protocol that is not known, or has no ports")
    return port_set(intervals, others=others)


def _interval(path: str, block: Block, text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(text)
    if match is None or not int(match[1]) <= int(match[2] or match[1]) <= 65535:
        raise _refuse(path, block, f"`{text}` is no port and no range of ports")
    return int(match[1]), int(match[2] or match[1])


def _texts(path: str, block: Block, attribute: str, value: Value) -> list[str]:
    if not isinstance(value, list):
        raise _refuse(path, block, f"`{attribute}` is no list of texts")
    texts = [item for item in value if isinstance(item, str)]
    if len(texts) != len(value):
        raise _refuse(path, block, f"`{attribute}` is no list of texts")
    return texts


def _variables(block: Block) -> list[tuple[str, bool]]:
    """Return the variables of a rule, each with whether it gives a list that must not be empty."""
    return [
        (value.name.removeprefix("var."), attribute in _LISTS)
        for attribute, value in block.attributes.items()
        if isinstance(value, Reference)
    ]


def _refuse(path: str, block: Block, reason: str) -> Unreadable:
    title = " ".join((block.type, *(f'"{label}"' for label in block.labels)))
    return Unreadable(f"{path}:{block.line}", f"`{title}`: {reason}")
