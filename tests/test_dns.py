"""Each way a cluster resolves names keeps exactly its own peers open, TCP and UDP, and nothing else."""

from __future__ import annotations

import pytest
import yaml

from intentc.compiler import compile_texts
from tests.readback import CLUSTER, read

PLAIN = "a -> b:80"
PODS = "100.64.0.0/14"


def emitted(dns: str, more: str = "") -> tuple[set[str], set[str]]:
    """Return what egress keeps open beside the intent, and what the firewall opens beside it."""
    cluster = CLUSTER.replace("    dns: kube-dns\n", f"    dns: {dns}\n{more}")
    result = compile_texts({"intentc.yaml": cluster, "a.intent": PLAIN})
    assert [item.message for item in result.diagnostics] == []
    back = read(result, dns=True)
    return set(back.egress) - {"a -> b TCP 80"}, set(back.firewall) - {f"{PODS} -> gke-prod-node TCP 80"}


def both(peer: str, port: int = 53) -> set[str]:
    return {f"a -> {peer} TCP {port}", f"a -> {peer} UDP {port}"}


RESOLVERS = {f"{PODS} -> gke-prod-node TCP 53", f"{PODS} -> gke-prod-node UDP 53"}
KUBE_DNS = both("kube-system[k8s-app=kube-dns]")
LOCAL = both("169.254.20.10/32")
CLOUD = both("169.254.169.254/32")


OWN_PEERS = """
      peers:
        - {namespace: dns, podLabels: {app: [coredns, unbound]}, ports: [53, 5353]}
        - {cidr: 10.9.0.53/32}"""


@pytest.mark.parametrize(
    ("dns", "more", "egress", "firewall"),
    [
        ("kube-dns", "", KUBE_DNS, RESOLVERS),
        ("node-local", "    dnsClusterIP: 10.96.0.10\n", KUBE_DNS | LOCAL | both("10.96.0.10/32"), RESOLVERS),
        (
            "{preset: node-local, clusterIP: 10.96.0.10}",
            "",
            KUBE_DNS | LOCAL | both("10.96.0.10/32"),
            RESOLVERS,
        ),
        ("cloud-dns", "", CLOUD, set()),
        ("cloud-dns", "    autopilot: true\n", CLOUD | LOCAL, set()),
        ("{preset: cloud-dns, nodeLocal: true}", "", CLOUD | LOCAL, set()),
        (
            "openshift",
            "",
            both("openshift-dns[dns.operator.openshift.io/daemonset-dns=default]", 5353),
            {f"{PODS} -> gke-prod-node TCP 5353", f"{PODS} -> gke-prod-node UDP 5353"},
        ),
        (
            OWN_PEERS,
            "",
            both("dns[app In coredns,unbound]")
            | both("dns[app In coredns,unbound]", 5353)
            | both("10.9.0.53/32"),
            RESOLVERS | {f"{PODS} -> gke-prod-node TCP 5353", f"{PODS} -> gke-prod-node UDP 5353"},
        ),
        (
            "kube-dns",
            "    workloadIdentity: true\n",
            KUBE_DNS | {"a -> 169.254.169.252/32 TCP 988"},
            RESOLVERS,
        ),
    ],
)
def test_mode_on_calico(dns: str, more: str, egress: set[str], firewall: set[str]) -> None:
    assert emitted(dns, more) == (egress, firewall)


@pytest.mark.parametrize(
    ("dns", "identity", "egress"),
    [
        ("node-local", False, both("kube-system[k8s-app In kube-dns,node-local-dns]") | LOCAL),
        ("kube-dns", True, KUBE_DNS | {"a -> 169.254.169.254/32 TCP 80"}),
        ("cloud-dns", True, CLOUD | {"a -> 169.254.169.254/32 TCP 80"}),
    ],
)
def test_mode_on_dataplane_v2(dns: str, identity: bool, egress: set[str]) -> None:
    cluster = CLUSTER.replace("dataplane: calico", "dataplane: dataplane-v2").replace("routes", "vpc-native")
    more = "    workloadIdentity: true\n" if identity else ""
    cluster = cluster.replace("    dns: kube-dns\n", f"    dns: {dns}\n{more}")
    result = compile_texts({"intentc.yaml": cluster, "a.intent": PLAIN})
    assert set(read(result, dns=True).egress) - {"a -> b TCP 80"} == egress


def test_resolvers_are_one_peer_with_both_selectors() -> None:
    """As two peers the rule would open port 53 to every pod of kube-system."""
    result = compile_texts({"a.intent": PLAIN})
    (policy,) = yaml.safe_load_all(result.artifacts[0].content)
    (rule,) = [rule for rule in policy["spec"]["egress"] if rule["ports"][0]["port"] == 53]
    assert [sorted(peer) for peer in rule["to"]] == [["namespaceSelector", "podSelector"]]


def test_no_policy_selects_pods_that_nobody_named() -> None:
    result = compile_texts({"a.intent": "a[app=x] -> b[app=y]:80\nisolate c[app=z]"})
    for artifact in result.artifacts:
        if "/kubernetes/" in artifact.path:
            for policy in yaml.safe_load_all(artifact.content):
                assert policy["spec"]["podSelector"] != {}


def test_node_local_on_calico_needs_the_cluster_ip() -> None:
    cluster = CLUSTER.replace("dns: kube-dns", "dns: node-local")
    codes = [item.code for item in compile_texts({"intentc.yaml": cluster, "a.intent": PLAIN}).diagnostics]
    assert codes == ["E614"]
