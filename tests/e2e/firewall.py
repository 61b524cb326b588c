"""The Terraform module becomes nftables rules of the VPC, evaluated in Google Cloud's order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tests import firewall_modules
from tests.e2e.world import CONTROL_PLANE, NODES, TAG


class Rule(NamedTuple):
    """One firewall rule for the nodes, with the ports of one protocol."""

    name: str
    direction: str
    priority: int
    action: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    protocol: str
    ports: tuple[str, ...]


def read(files: dict[str, bytes]) -> list[Rule]:
    """Return the rules of a module as HashiCorp's parser reads it, one for each list of ports."""
    rules = []
    for label, found in firewall_modules.firewall_rules(files).items():
        assert found["target_tags"] == [TAG], found
        assert not found.get("disabled"), found
        for action in ("allow", "deny"):
            for block in found.get(action, ()):
                rule = Rule(
                    label,
                    found["direction"],
                    found["priority"],
                    action,
                    tuple(found.get("source_ranges", ())),
                    tuple(found.get("destination_ranges", ())),
                    block["protocol"],
                    tuple(block.get("ports", ())),
                )
                assert rule.sources if rule.direction == "INGRESS" else rule.destinations, rule
                rules.append(rule)
    return rules


def ruleset(rules: Iterable[Rule] | None) -> str:
    """Return the ruleset of the VPC; with None, one that lets everything pass.

    The lowest priority number decides, and of equal ones a denial; nothing else enters a node, and everything
    else leaves it; replies belong to their connection:
    https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules
    """
    lines = ["add table ip gcp", "delete table ip gcp", "table ip gcp {"]
    ordered = sorted(rules or (), key=lambda rule: (rule.priority, rule.action != "deny"))
    for chain, direction, end in (("into_node", "INGRESS", "drop"), ("out_of_node", "EGRESS", "return")):
        lines.append(f"chain {chain} {{")
        lines += [_line(rule) for rule in ordered if rule.direction == direction and _is_ipv4(rule)]
        lines += [end, "}"]
    nodes = ", ".join(node.address for node in NODES.values())
    policed = "" if rules is not None else "accept"
    lines += [
        "chain forward {",
        "type filter hook forward priority 0; policy accept;",
        policed,
        # Between the API server and the nodes' own programs, also after connections were forgotten.
        f"ip saddr {CONTROL_PLANE} tcp sport 443 accept",
        f"ip saddr {{ {nodes} }} ip daddr {CONTROL_PLANE} accept",
        "ct state established,related accept",
        *(f'iifname "to-{node}" jump out_of_node' for node in NODES),
        *(f'oifname "to-{node}" jump into_node' for node in NODES),
        "}",
        # The VPC remembers connections even where it lets everything pass.
        "chain remember { type filter hook forward priority -10; ct state new counter; }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _line(rule: Rule) -> str:
    match = []
    if rule.sources:
        match.append(f"ip saddr {{ {', '.join(rule.sources)} }}")
    if rule.destinations:
        match.append(f"ip daddr {{ {', '.join(rule.destinations)} }}")
    if rule.ports:
        match.append(f"{rule.protocol} dport {{ {', '.join(rule.ports)} }}")
    elif rule.protocol != "all":
        match.append(f"meta l4proto {rule.protocol}")
    return f"{' '.join(match)} {'return' if rule.action == 'allow' else 'drop'}"


def _is_ipv4(rule: Rule) -> bool:
    return not any(":" in cidr for cidr in (*rule.sources, *rule.destinations))
