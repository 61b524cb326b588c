"""Read what the compiler wrote, with eyes of its own: small strict readers of policies and firewall rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from tests.model.clusterwide import evaluate_clusterwide
from tests.model.model import evaluate_firewall, evaluate_policies
from tests.model.world import LEAVING_NODE, Ranges, Traffic, World

TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<number>[0-9]+)|(?P<word>[A-Za-z_][\w.-]*)|(?P<mark>[][{}=,])'
)
BLANK = re.compile(r"(?:\s|#[^\n]*)*")
SCALAR = re.compile(r'"(?:[^"\\\n]|\\.)*"|0|[1-9][0-9]*|\{\}')
ENTRY = re.compile(r'(?:"([^"\\\n]+)"|([A-Za-z]+)):(?: (.+)|((?:\n.+)*))')
ESCAPE = re.compile(r'\\(["\\nrt])|\$\$\{|%%\{|[$%]\{|\\')


NOTHING_LEAVES: dict[str, Any] = {
    "direction": "EGRESS",
    "priority": 65534,
    "destination_ranges": ["0.0.0.0/0", "::/0"],
    "deny": [{"protocol": "all"}],
}
"""The network's own rule in mode `egress-deny`; it is not part of the module."""


def policies(content: str, world: World, nodes: Ranges | None = None) -> Traffic:
    """Return what the documents of one file admit; equal documents are judged once."""
    traffic = Traffic()
    for document in re.split(r"^---\n", content, flags=re.MULTILINE):
        traffic.add(policy(document, world, nodes))
    return traffic


@lru_cache(20_000)
def policy(text: str, world: World, nodes: Ranges | None) -> Traffic:
    """Return what one document admits; comments alone admit nothing. `nodes`: those known by identity."""
    lines = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#")).rstrip("\n")
    if not lines:
        return Traffic()
    document = tree(lines, 0)
    if nodes and document.get("kind") == "CiliumClusterwideNetworkPolicy":
        return evaluate_clusterwide(document, world, nodes)
    if document.get("kind") != "NetworkPolicy" or document.get("apiVersion") != "networking.k8s.io/v1":
        raise ValueError(f"not a NetworkPolicy: {text}")
    return evaluate_policies([document], world)


@lru_cache(100_000)
def tree(text: str, indent: int) -> Any:
    """Return what a piece of YAML says that is indented so far; nobody may change the answer.

    This reads the YAML that the compiler writes, nothing else: lists and mappings of a line each, texts in
    double quotes, whole numbers, `{}` and nothing at all. Anything that is not expected is an error. Equal
    pieces are read once, and so it is many times as fast as PyYAML; a test holds it against PyYAML.
    """
    if SCALAR.fullmatch(text):
        return yaml.load(text, yaml.CSafeLoader) if "\\" in text or text[0] != '"' else text[1:-1]
    start, deeper = "\n" + " " * indent, " " * (indent + 2)
    if text.startswith(start[1:] + "- "):
        items = f"\n{text}".split(start + "- ")[1:]
        return [tree(item if SCALAR.fullmatch(item) else deeper + item, indent + 2) for item in items]
    before, *entries = re.split(rf"{start}(?=[^ -])", f"\n{text}")
    if before or not entries:
        raise ValueError(f"not indented by {indent}: {text!r}")
    found: dict[str, Any] = {}
    for entry in entries:
        parts = ENTRY.fullmatch(entry)
        if not parts or (parts[3] and not SCALAR.fullmatch(parts[3])):
            raise ValueError(f"not an entry: {entry!r}")
        key = parts[1] or parts[2]
        if key in found:
            raise ValueError(f"twice: {key}")
        found[key] = tree(parts[3], 0) if parts[3] else tree(parts[4][1:], indent + 2) if parts[4] else None
    return found


@lru_cache(20_000)
def firewall(content: str, machine: str, tags: tuple[str, ...], world: World, *, shut: bool) -> Traffic:
    """Return what one `firewall.tf` admits at a machine with these tags; `shut`: egress is denied there."""
    surroundings = [NOTHING_LEAVES] if shut else []
    return evaluate_firewall([*resources(content), *surroundings], machine, tags, world)


def resources(content: str, variables: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the attributes of every `google_compute_firewall`, with blocks as lists; `variables`: `var.x`.

    This reads the HCL that the compiler writes, nothing else: anything that is not expected is an error.
    """
    # The first line of a block stands alone: no text that is read here holds a line end.
    blocks = re.split(r"^(?=resource )", content, flags=re.MULTILINE)
    if variables:
        return [rule for block in blocks for rule in rules(list(tokenized(block)), variables)]
    return [rule for block in blocks for rule in closed_rules(block)]


@lru_cache(50_000)
def closed_rules(content: str) -> list[dict[str, Any]]:
    """Return the rules of blocks without variables; equal ones are read once, nobody may change them."""
    return rules(list(tokenized(content)), {})


def rules(tokens: list[str], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attributes of blocks that follow one another."""
    found = []
    while tokens:
        kind, name = [tokens.pop(0) for _ in range(3)][1:]
        if kind != '"google_compute_firewall"':
            raise ValueError(f"not a firewall rule: {kind} {name}")
        found.append(body(tokens, variables))
    return found


def tokenized(content: str) -> Iterator[str]:
    """Yield the tokens of HCL."""
    position = BLANK.match(content).end()  # type: ignore[union-attr] # it matches the empty text
    while position < len(content):
        token = TOKEN.match(content, position)
        if not token:
            raise ValueError(f"not expected: {content[position : position + 40]!r}")
        yield token.group()
        position = BLANK.match(content, token.end()).end()  # type: ignore[union-attr] # it matches the empty text


def body(tokens: list[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes and blocks between braces."""
    found: dict[str, Any] = {}
    if tokens.pop(0) != "{":
        raise ValueError("a block has braces")
    while (name := tokens.pop(0)) != "}":
        if tokens[0] == "{":
            found.setdefault(name, []).append(body(tokens, variables))
        elif tokens.pop(0) != "=" or name in found:
            raise ValueError(f"not an attribute: {name}")
        else:
            found[name] = value(tokens, variables)
    return found


def value(tokens: list[str], variables: Mapping[str, Any]) -> Any:
    """Return a text, a number, a truth value, a list or what a variable holds."""
    token = tokens.pop(0)
    if token == "[":
        items = []
        while tokens[0] != "]":
            items.append(value(tokens, variables))
            if tokens[0] != "]" and tokens.pop(0) != ",":
                raise ValueError("a list has commas")
        tokens.pop(0)
        return items
    if token.startswith('"'):
        return ESCAPE.sub(unescaped, token[1:-1])
    if token.isdecimal():
        return int(token)
    return {"true": True, "false": False}[token] if token in ("true", "false") else variables[token]


def unescaped(found: re.Match[str]) -> str:
    """Return what an escape stands for; an interpolation is never written, and so an error."""
    if found[1]:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1])
    if len(found[0]) != 3:
        raise ValueError(f"not a plain text: {found[0]}")
    return found[0][1:]


def everything_leaves(world: World) -> Traffic:
    """Return what passes where no rule speaks of what leaves."""
    traffic = Traffic()
    for there in world.peers:
        traffic.admit(LEAVING_NODE, "nodes", there, world.packets)
    return traffic
