"""Turn a project file that is known to be right into the types the compiler works with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from intentc.profile import ControlPlane, Dns, DnsPeer, Firewall, ManifestFiles, Namespace, Profile, Project
from intentc.project.reader import Value


def build(root: Value) -> Project:
    """Return the project; what the file leaves out has the default of the schema."""
    data = root.plain()
    given: dict[str, Any] = {}
    if "intents" in data:
        given["intents"] = tuple(data["intents"])
    if "manifests" in data:
        given["manifests"] = tuple(_manifests(entry) for entry in data["manifests"])
    if "output" in data:
        given["output"] = data["output"].rstrip("/")
    if "clusters" in data:
        given["clusters"] = tuple(_profile(name, facts or {}) for name, facts in data["clusters"].items())
    if "namespaces" in data:
        given["namespaces"] = tuple(sorted(_namespaces(data["namespaces"]), key=lambda space: space.name))
    if "severity" in data:
        given["severities"] = tuple(sorted(data["severity"].items()))
    return Project(declared=True, **given)


def _manifests(data: str | dict[str, str]) -> ManifestFiles:
    return ManifestFiles(data) if isinstance(data, str) else ManifestFiles(**data)


def _namespaces(data: list[str] | dict[str, dict[str, str] | None]) -> list[Namespace]:
    if isinstance(data, list):
        return [Namespace(name) for name in dict.fromkeys(data)]
    return [Namespace(name, tuple(sorted((labels or {}).items()))) for name, labels in data.items()]


def _profile(name: str, facts: dict[str, Any]) -> Profile:
    control_plane = facts.get("controlPlane", {})
    first, _, last = facts.get("nodePortRange", "30000-32767").partition("-")
    masquerade = facts.get("ipMasq")
    return Profile(
        name=name,
        dataplane=facts.get("dataplane", "calico"),
        routing=facts.get("routing", "vpc-native"),
        pod_cidrs=_ordered(facts.get("podCIDRs", ())),
        node_cidrs=_ordered(facts.get("nodeCIDRs", ())),
        service_cidr=facts.get("serviceCIDR", ""),
        node_port_range=(int(first), int(last)),
        dns=_dns(facts.get("dns", "kube-dns"), facts.get("dnsClusterIP", "")),
        control_plane=ControlPlane(control_plane.get("endpoint", ""), control_plane.get("cidr", "")),
        non_masquerade=_ordered(masquerade["nonMasqueradeCIDRs"]) if masquerade else None,
        firewall=_firewall(facts.get("firewall", {})),
        node_cidr_match=facts.get("nodeCIDRMatch", False),
        clusterwide_policies=facts.get("clusterwidePolicies", False),
        workload_identity=facts.get("workloadIdentity", False),
        autopilot=facts.get("autopilot", False),
    )


def _dns(data: str | dict[str, Any], cluster_ip: str) -> Dns:
    if isinstance(data, str):
        return Dns(data, cluster_ip)  # type: ignore[arg-type] # the schema lists the presets
    if "peers" in data:
        return Dns("custom", peers=tuple(_peer(peer) for peer in data["peers"]))
    return Dns(data["preset"], data.get("clusterIP", cluster_ip), data.get("nodeLocal", False))


def _peer(data: dict[str, Any]) -> DnsPeer:
    ports = tuple(sorted(set(data.get("ports", (53,)))))
    if "cidr" in data:
        return DnsPeer(cidr=data["cidr"], ports=ports)
    labels = {
        key: (value,) if isinstance(value, str) else _ordered(value)
        for key, value in data["podLabels"].items()
    }
    return DnsPeer(data["namespace"], tuple(sorted(labels.items())), ports=ports)


def _firewall(data: dict[str, Any]) -> Firewall:
    return Firewall(
        mode=data.get("mode", "explicit"),
        project=data.get("project", ""),
        network=data.get("network", ""),
        target_tags=_ordered(data.get("targetTags", ())),
        target_service_accounts=_ordered(data.get("targetServiceAccounts", ())),
        priority=data.get("priority", 1000),
    )


def _ordered(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))
