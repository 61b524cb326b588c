"""Random NetworkPolicies as people write them, in the namespaces of the reference model's world."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.model.places import NAMESPACES, NUMBERS
from tests.model.world import NAMESPACE_LABEL

Tree = dict[str, Any]

LABELS = {
    "app": ("web", "worker", "db", "other"),
    "tier": ("front", "back"),
    "role": ("rw", "ro", "admin"),
    "legacy": ("", "yes"),
    "k8s-app": ("kube-dns", "other"),
}
NAMESPACE_LABELS = {"team": ("web", "storage"), "tier": ("front", "back"), "restricted": ("",)}
BLOCKS = (
    ("203.0.113.0/24", ()),
    ("203.0.113.0/24", ("203.0.113.128/25",)),
    ("10.0.0.0/8", ("10.1.0.0/16", "10.200.0.0/16")),
    ("8.8.8.8/32", ()),
    ("2001:db8:77::/48", ()),
    ("0.0.0.0/0", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    ("0.0.0.0/0", ()),
    ("192.168.64.0/19", ()),
)


def any_policies(seed: int) -> list[Tree]:
    """Return a few policies that meet each other: few namespaces, labels that come again."""
    random = Random(seed)
    spaces = random.sample(sorted(NAMESPACES), random.choice((1, 2, 2, 3)))
    return [_policy(random, f"p-{number}", spaces) for number in range(random.choice((1, 1, 2, 3, 5)))]


def _policy(random: Random, name: str, spaces: list[str]) -> Tree:
    spec: Tree = {"podSelector": _selector(random, LABELS)}
    types = random.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"], None))
    if types:
        spec["policyTypes"] = types
    for kind, end in (("ingress", "from"), ("egress", "to")):
        if random.random() < 0.6:
            spec[kind] = [_rule(random, end, spaces) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    namespace = random.choice(spaces)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _rule(random: Random, end: str, spaces: list[str]) -> Tree:
    rule: Tree = {}
    if random.random() < 0.9:
        rule[end] = [_peer(random, spaces) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    if random.random() < 0.75:
        rule["ports"] = [_port(random) for _ in range(random.choice((1, 1, 2, 3)))]
    return rule


def _peer(random: Random, spaces: list[str]) -> Tree:
    kind = random.random()
    if kind < 0.15:
        cidr, holes = random.choice(BLOCKS)
        return {"ipBlock": {"cidr": cidr, **({"except": list(holes)} if holes else {})}}
    if kind < 0.4:
        return {"podSelector": _selector(random, LABELS)}
    if kind < 0.8:
        name = random.choice(spaces)
        peer: Tree = {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: name}}}
    else:
        peer = {"namespaceSelector": _selector(random, NAMESPACE_LABELS)}
    if random.random() < 0.6:
        peer["podSelector"] = _selector(random, LABELS)
    return peer


def _selector(random: Random, labels: dict[str, tuple[str, ...]]) -> Tree:
    found: Tree = {}
    keys = random.sample(sorted(labels), random.choice((0, 1, 1, 1, 2)))
    for key in keys:
        if random.random() < 0.7:
            found.setdefault("matchLabels", {})[key] = random.choice(labels[key])
            continue
        operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        entry: Tree = {"key": key, "operator": operator}
        if operator.endswith("In"):
            entry["values"] = random.sample(labels[key], random.randint(1, len(labels[key])))
        found.setdefault("matchExpressions", []).append(entry)
    return found


def _port(random: Random) -> Tree:
    port: Tree = {}
    if random.random() < 0.6:
        port["protocol"] = random.choice(("TCP", "TCP", "UDP", "SCTP"))
    kind = random.random()
    if kind < 0.6:
        port["port"] = random.choice(NUMBERS)
    elif kind < 0.75:
        port["port"] = random.choice(("http", "metrics"))
    elif kind < 0.9:
        first = random.choice(NUMBERS)
        port |= {"port": first, "endPort": min(65535, first + random.choice((0, 1, 1000, 60000)))}
    return port
