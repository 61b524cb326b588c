"""What is emitted selects what is meant, on both sides, and names and resolvers are those of the platform."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from intentc.compiler import Options, compile_files
from intentc.ir import Artifact
from intentc.prove.proof import prove
from tests.readback import build
from tests.tools.development import ROOT

NAME_LABEL = "kubernetes.io/metadata.name"
RESOLVERS = {
    "{dataplane: calico, dns: kube-dns}": {"kube-system[k8s-app=kube-dns]:53"},
    "{dataplane: calico, dns: node-local, dnsClusterIP: 10.96.0.10}": {
        "kube-system[k8s-app=kube-dns]:53",
        "169.254.20.10/32:53",
        "10.96.0.10/32:53",
    },
    "{dataplane: dataplane-v2, dns: node-local}": {
        "kube-system[k8s-app in kube-dns,node-local-dns]:53",
        "169.254.20.10/32:53",
    },
    "{dataplane: dataplane-v2, dns: cloud-dns}": {"169.254.169.254/32:53"},
    "{dataplane: dataplane-v2, dns: cloud-dns, autopilot: true}": {
        "169.254.169.254/32:53",
        "169.254.20.10/32:53",
    },
    "{dataplane: calico, dns: openshift}": {
        "openshift-dns[dns.operator.openshift.io/daemonset-dns=default]:5353"
    },
}
"""Whom a pod asks for a name on each platform.

https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns
https://docs.redhat.com/en/documentation/openshift_container_platform/4.16/html/networking/dns-operator
"""


def documents(intents: str, cluster: str = "{dataplane: calico, dns: kube-dns}") -> list[dict[str, Any]]:
    files = {"intentc.yaml": f"version: 1\nclusters: {{prod: {cluster}}}\n", "a.intent": intents}
    result = compile_files(
        {path: text.encode() for path, text in files.items()}, Options(targets=("kubernetes",))
    )
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    found = (item.content for item in result.artifacts if item.path.endswith(".yaml"))
    return [document for content in found for document in yaml.safe_load_all(content)]


@pytest.mark.parametrize("cluster", RESOLVERS)
def test_threat_31_the_resolver_is_the_one_that_the_platform_has(cluster: str) -> None:
    (policy,) = (each for each in documents("a -> b:80\n", cluster) if "egress" in each["spec"])
    found: dict[str, set[str]] = {}
    for rule in policy["spec"]["egress"]:
        for peer in rule["to"]:
            for port in rule["ports"]:
                found.setdefault(f"{words(peer)}:{port['port']}", set()).add(port["protocol"])
    assert found.pop("b:80") == {"TCP"}
    assert found == {peer: {"TCP", "UDP"} for peer in RESOLVERS[cluster]}


def words(peer: dict[str, Any]) -> str:
    """Return a peer of a rule in short."""
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    name = peer["namespaceSelector"]["matchLabels"][NAME_LABEL]
    selector = peer.get("podSelector", {})
    parts = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    parts += [f"{each['key']} in {','.join(each['values'])}" for each in selector.get("matchExpressions", ())]
    return f"{name}[{', '.join(parts)}]" if parts else str(name)


def emitted() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every NetworkPolicy that a case or an example has as its golden."""
    for folder in ("tests/cases", "examples"):
        for path in sorted((ROOT / folder).rglob("kubernetes/*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                if document and document["kind"] == "NetworkPolicy":
                    yield path, document


def test_threat_32_nothing_empty_stands_where_empty_means_everybody() -> None:
    count = 0
    for path, document in emitted():
        spec = document["spec"]
        assert set(spec) <= {"podSelector", "policyTypes", "ingress", "egress"}, path
        assert isinstance(spec["podSelector"], dict), path
        assert len(spec["policyTypes"]) == 1, path
        assert document["metadata"]["namespace"], path
        for kind, end in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(kind, ()):
                assert rule[end], path
                assert rule["ports"], path
                for peer in rule[end]:
                    count += 1
                    assert set(peer) in (
                        {"ipBlock"},
                        {"namespaceSelector"},
                        {"namespaceSelector", "podSelector"},
                    ), path
                    assert peer.get("podSelector", "absent"), path  # never there and empty
    assert count > 300


def test_threat_32_every_namespace_needs_a_word_in_the_source() -> None:
    peers = [
        peer["namespaceSelector"]
        for document in documents("a -> b:80\n{team=x} -> b:81 only ingress\n* -> b:82 only ingress\n")
        for rule in document["spec"].get("ingress", ())
        for peer in rule["from"]
    ]
    everyone = {"matchExpressions": [{"key": NAME_LABEL, "operator": "Exists"}]}
    wanted = [{"matchLabels": {NAME_LABEL: "a"}}, {"matchLabels": {"team": "x"}}, everyone]
    assert sorted(map(str, peers)) == sorted(map(str, wanted))


def test_threat_33_both_sides_come_from_one_intent() -> None:
    chance = random.Random(33)
    for _ in range(50):
        pairs = {(chance.choice("abc"), chance.choice("xyz"), chance.randrange(1, 9999)) for _ in range(9)}
        found = build("".join(f"{one} -> {other}:{port}\n" for one, other, port in sorted(pairs)))
        assert found.egress == {f"{one} -> {other} TCP {port}" for one, other, port in pairs}
        assert found.ingress == {f"{other} <- {one} TCP {port}" for one, other, port in pairs}


def test_threat_33_half_a_connection_is_not_proved() -> None:
    result = compile_files({"a.intent": b"a -> b:80\n"}, Options(targets=("kubernetes",)))
    (cluster,) = result.clusters
    halves = [item for item in cluster.artifacts if "/kubernetes/" in item.path]
    assert len(halves) == 2
    for lost in halves:
        left = [Artifact(item.path, item.content) for item in cluster.artifacts if item is not lost]
        _, problems = prove(left, cluster.policy, cluster.profile, targets=("kubernetes",))
        assert {item.code for item in problems} >= {"E903"}


def test_threat_34_names_are_legal_and_none_stands_for_two() -> None:
    """Names that begin alike for longer than a name may be are told apart by the digest behind them."""
    long = "x" * 60
    lines = [f"a[app={long}{number:03}] -> b[{'y' * 50}.{number:03}/{long}=v]:80\n" for number in range(300)]
    lines += [f"{'n' * 60}{number:03} -> b:{8000 + number}\n" for number in range(300)]
    found = documents("".join(lines))
    names = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in found]
    assert len(names) == len(set(names)) > 900
    assert all(len(name) <= 63 and not name.startswith("-") and not name.endswith("-") for _, name in names)
    again = documents("".join(reversed(lines)))
    assert sorted((each["metadata"]["namespace"], each["metadata"]["name"]) for each in again) == sorted(
        names
    )
