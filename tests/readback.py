"""Read emitted bytes back into short lines, with PyYAML and HashiCorp's HCL parser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from intentc.compiler import Result, compile_texts
from tests.tools.hcl import parse_hcl

CLUSTER = """
version: 1
clusters:
  prod:
    dataplane: calico
    routing: routes
    podCIDRs: [100.64.0.0/14]
    nodeCIDRs: [192.168.64.0/19]
    serviceCIDR: 10.96.0.0/16
    nodePortRange: 30000-32767
    dns: kube-dns
    controlPlane: {endpoint: 172.16.0.2, cidr: 172.16.0.0/28}
    ipMasq: {nonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10]}
    firewall: {mode: explicit, project: net-prod, network: vpc-prod, targetTags: [gke-prod-node]}
"""
DNS = "kube-system[k8s-app=kube-dns]"


@dataclass(frozen=True)
class Emitted:
    """What one build wrote, a line for each thing allowed: `subject <- peer TCP 8443` and the like."""

    egress: frozenset[str]
    ingress: frozenset[str]
    firewall: frozenset[str]
    isolated: frozenset[str]


def build(intents: str, *, cluster: str = CLUSTER, dns: bool = False) -> Emitted:
    """Compile one file of intents for one cluster and read the result back; name resolution only if asked."""
    result = compile_texts({"intentc.yaml": cluster, "a.intent": intents})
    assert [diagnostic for diagnostic in result.diagnostics if diagnostic.severity == "error"] == []
    return read(result, dns=dns)


def read(result: Result, *, dns: bool = False) -> Emitted:
    """Read all artifacts of a result back."""
    egress: set[str] = set()
    ingress: set[str] = set()
    firewall: set[str] = set()
    isolated: set[str] = set()
    for artifact in result.artifacts:
        text = artifact.content.decode()
        if "/kubernetes/" in artifact.path:
            for document in yaml.safe_load_all(text):
                if document["kind"] == "CiliumClusterwideNetworkPolicy":
                    to_nodes, from_nodes = _by_identity(document["spec"])
                    egress |= to_nodes
                    ingress |= from_nodes
                if document["kind"] != "NetworkPolicy":
                    continue
                spec, namespace = document["spec"], document["metadata"]["namespace"]
                subject = namespace + _labels(spec["podSelector"])
                isolated.update(f"{subject} {kind.lower()}" for kind in spec["policyTypes"])
                for rule in spec.get("egress", ()):
                    egress.update(f"{subject} -> {line}" for line in _allowed(rule["to"], rule["ports"]))
                for rule in spec.get("ingress", ()):
                    ingress.update(f"{subject} <- {line}" for line in _allowed(rule["from"], rule["ports"]))
        elif artifact.path.endswith("/firewall.tf"):
            firewall.update(_firewall(parse_hcl(text)))
    if not dns:
        egress = {line for line in egress if not line.endswith((" TCP 53", " UDP 53"))}
        firewall = {line for line in firewall if not line.endswith((" TCP 53", " UDP 53"))}
    return Emitted(frozenset(egress), frozenset(ingress), frozenset(firewall), frozenset(isolated))


def _by_identity(spec: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return what pods may do to every node, and every node to pods, where nodes are known by identity."""
    labels = {
        key.removeprefix("k8s:"): value for key, value in spec["endpointSelector"]["matchLabels"].items()
    }
    subject = labels.pop("io.kubernetes.pod.namespace") + _labels({"matchLabels": labels})
    found: list[set[str]] = []
    for direction, key, arrow in (("egress", "toEntities", "->"), ("ingress", "fromEntities", "<-")):
        rules = spec.get(direction, ())
        assert all(rule[key] == ["host", "remote-node"] for rule in rules)
        ports = [port for rule in rules for item in rule["toPorts"] for port in item["ports"]]
        found.append({f"{subject} {arrow} every node {port['protocol']} {port['port']}" for port in ports})
    return found[0], found[1]


def _allowed(peers: Iterable[dict[str, Any]], ports: Iterable[dict[str, Any]]) -> Iterator[str]:
    for peer in peers:
        for port in ports:
            last = f"-{port['endPort']}" if "endPort" in port else ""
            yield f"{_peer(peer)} {port['protocol']} {port['port']}{last}"


def _peer(peer: dict[str, Any]) -> str:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        holes = f" except {', '.join(block['except'])}" if "except" in block else ""
        return f"{block['cidr']}{holes}"
    namespaces = peer["namespaceSelector"]
    name = namespaces.get("matchLabels", {}).get("kubernetes.io/metadata.name")
    where = (
        name
        if name and len(namespaces) == 1
        else "*"
        if _is_any(namespaces)
        else f"{{{_labels(namespaces)}}}"
    )
    return where + _labels(peer.get("podSelector", {}))


def _is_any(selector: dict[str, Any]) -> bool:
    return selector == {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}


def _labels(selector: dict[str, Any]) -> str:
    parts = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    parts += [
        f"{item['key']} {item['operator']} {','.join(item.get('values', ()))}".strip()
        for item in selector.get("matchExpressions", ())
    ]
    return f"[{', '.join(parts)}]" if parts else ""


def _firewall(module: dict[str, Any]) -> Iterator[str]:
    for (rule,) in module.get("resource", {}).get("google_compute_firewall", {}).values():
        inward = rule["direction"] == "INGRESS"
        ranges = rule["source_ranges"] if inward else rule["destination_ranges"]
        for end in ranges:
            for allow in rule["allow"]:
                for port in allow["ports"]:
                    arrow = "->" if inward else "<-"
                    tags = ",".join(rule["target_tags"])
                    yield f"{end} {arrow} {tags} {allow['protocol'].upper()} {port}"
