"""What the compiler emits is proved, for every way, firewall mode, resolver and data plane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intentc import ir
from intentc.compiler import Options, compile_program, parse_files
from intentc.profile import (
    ControlPlane,
    Dataplane,
    Dns,
    DnsPeer,
    Firewall,
    FirewallMode,
    Namespace,
    Profile,
    Project,
)
from intentc.prove import prove
from tests.prove_material import codes

PLAIN = """
shop[app=web] -> data[app=postgres]:5432
shop[app=web] -> data[app=postgres, tier!=replica, role in (rw, ro), has-backup, !legacy]:5432
shop[app=web], billing -> data[app=postgres, tier!=replica]:5432, metrics:9187
shop -> kafka:9092, 9093-9099, 9100/udp, 9100/sctp
shop -> data:*
shop -> {team=metrics}[scrape]:9090
{team=metrics} -> shop[tier notin (a, b)]:9090
shop -> 203.0.113.0/24:443, 2001:db8:7::/48:443
shop -> 198.18.0.0/15 except 198.18.1.0/24, 198.19.0.0/16:443
shop -> google-apis-private:443
isolate vault ingress
isolate legacy
"""
CROSSING = """
namespace-a -> namespace-b[app=your-app-b]:8443 via nodeport 30443
namespace-a -> namespace-c[app=your-app-b]:8443 via nodeport 30444 local
namespace-a -> namespace-d[app=your-app-b]:8443, 8443/udp via hostport 18443
namespace-a -> monitoring[app=node-exporter]:9100 via hostnetwork
namespace-a -> nodes:10250
nodes -> namespace-b:8444
nodes -> namespace-b:8445 via nodeport 30445
nodes -> namespace-b:8446 via nodeport 30446 local
nodes -> namespace-b:8447 via hostport 8448
nodes -> monitoring:9100 via hostnetwork
203.0.113.0/24 -> namespace-b[app=your-app-b]:8443 via nodeport 30447
203.0.113.0/24 -> namespace-c[app=your-app-b]:8443 via nodeport 30448 local
internet -> shop[app=web]:8080 via loadbalancer 443
internet -> shop[app=web]:8081 via loadbalancer 444 local
google-health-checks, google-iap -> shop[app=web]:8080
198.51.100.0/24 -> shop[app=web]:8082
control-plane -> hook:443, 9443, 10250
shop -> control-plane:443
"""
CONTAINED = "shop[app=web] -> data["
"""The bytes differ without such a line, but not what they mean: `shop -> data:*` admits it."""
CLUSTER = Profile(
    name="prod",
    pod_cidrs=("100.64.0.0/14",),
    node_cidrs=("192.168.64.0/19",),
    service_cidr="10.96.0.0/16",
    control_plane=ControlPlane("172.16.0.2", "172.16.0.0/28"),
    firewall=Firewall("explicit", "net-prod", "vpc-prod", ("gke-prod-node",)),
)
KEPT = ("10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")
MODES: tuple[FirewallMode, ...] = ("explicit", "gke-managed", "egress-deny")
RESOLVERS = {
    "kube-dns": Dns(),
    "node-local": Dns("node-local", "10.96.0.10"),
    "cloud-dns": Dns("cloud-dns"),
    "cloud-dns with NodeLocal": Dns("cloud-dns", node_local=True),
    "openshift": Dns("openshift"),
    "custom": Dns(
        "custom",
        peers=(DnsPeer("dns", (("app", ("a", "b")),), ports=(53, 5353)), DnsPeer(cidr="10.0.0.53/32")),
    ),
}
NAMESPACES = tuple(
    Namespace(name, (("team", "metrics"),) if name == "grafana" else ())
    for name in [
        "billing",
        "data",
        "dns",
        "grafana",
        "hook",
        "kafka",
        "kube-system",
        "legacy",
        "metrics",
        "monitoring",
        "namespace-a",
        "namespace-b",
        "namespace-c",
        "namespace-d",
        "openshift-dns",
        "shop",
        "vault",
    ]
)


def build(text: str, profile: Profile) -> tuple[tuple[ir.Artifact, ...], ir.Policy]:
    program, problems = parse_files({"all.intent": text.encode()})
    project = Project(clusters=(profile,), namespaces=NAMESPACES, declared=True)
    result = compile_program(program, project, Options(), problems)
    assert [item for item in result.diagnostics if item.severity == "error"] == []
    return result.clusters[0].artifacts, result.clusters[0].policy


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "kept", [None, KEPT, (*KEPT, "192.168.0.0/16")], ids=["unsaid", "masqueraded", "kept"]
)
@pytest.mark.parametrize("identity", [False, True])
def test_every_way_is_proved(mode: FirewallMode, kept: tuple[str, ...] | None, identity: bool) -> None:
    firewall = replace(CLUSTER.firewall, mode=mode)
    profile = replace(CLUSTER, non_masquerade=kept, firewall=firewall, workload_identity=identity)
    artifacts, policy = build(PLAIN + CROSSING, profile)
    for own_shape in (True, False):
        proof, diagnostics = prove(artifacts, policy, profile, own_shape=own_shape)
        assert diagnostics == ()
        assert proof.flows == len(policy.flows) > 30
        assert proof.firewall_rules > 2


@pytest.mark.parametrize("name", RESOLVERS)
@pytest.mark.parametrize("dataplane", ["calico", "dataplane-v2", "cilium"])
@pytest.mark.parametrize("mode", MODES)
def test_every_resolver_is_proved(name: str, dataplane: Dataplane, mode: FirewallMode) -> None:
    firewall = replace(CLUSTER.firewall, mode=mode)
    profile = replace(
        CLUSTER,
        dns=RESOLVERS[name],
        dataplane=dataplane,
        firewall=firewall,
        workload_identity=True,
    )
    artifacts, policy = build(PLAIN, profile)
    assert prove(artifacts, policy, profile)[1] == ()


def test_a_profile_that_states_nothing_is_proved() -> None:
    profile = Profile()
    artifacts, policy = build(PLAIN, profile)
    assert b"var.pod_cidrs" in b"".join(artifact.content for artifact in artifacts)
    assert prove(artifacts, policy, profile)[1] == ()


def test_the_wrong_profile_is_noticed() -> None:
    artifacts, policy = build(PLAIN + CROSSING, CLUSTER)
    for other in (
        replace(CLUSTER, node_cidrs=("192.168.96.0/19",)),
        replace(CLUSTER, pod_cidrs=("100.68.0.0/14",)),
        replace(CLUSTER, non_masquerade=KEPT),
        replace(CLUSTER, dns=Dns("cloud-dns")),
        replace(CLUSTER, workload_identity=True),
        replace(CLUSTER, dataplane="cilium"),
        replace(CLUSTER, control_plane=ControlPlane("172.16.0.3", "172.16.0.0/28")),
        replace(CLUSTER, control_plane=ControlPlane("172.16.0.2", "172.16.0.16/28")),
        replace(CLUSTER, firewall=replace(CLUSTER.firewall, mode="gke-managed")),
        replace(CLUSTER, firewall=replace(CLUSTER.firewall, mode="egress-deny")),
        replace(CLUSTER, firewall=replace(CLUSTER.firewall, target_tags=("other",))),
    ):
        assert codes(prove(artifacts, policy, other)[1]) & {"E901", "E902", "E904"}


def test_lowered_rules_are_not_read() -> None:
    artifacts, policy = build(PLAIN + CROSSING, CLUSTER)
    blind = replace(policy, rules=())
    assert prove(artifacts, blind, CLUSTER) == prove(artifacts, policy, CLUSTER)


@pytest.mark.parametrize("line", [line for line in (PLAIN + CROSSING).splitlines() if line])
def test_an_intent_more_or_less_is_noticed(line: str) -> None:
    """What a line adds to the output, the proof misses when it goes, and reports when it comes."""
    others = "".join(f"{other}\n" for other in (PLAIN + CROSSING).splitlines() if other != line)
    fewer, fewer_policy = build(others, CLUSTER)
    more, more_policy = build(others + line + "\n", CLUSTER)
    below = [artifact for artifact in fewer if not artifact.path.endswith("provenance.json")]
    above = [artifact for artifact in more if not artifact.path.endswith("provenance.json")]
    if line.startswith(CONTAINED):
        assert below != above
        assert prove(fewer, more_policy, CLUSTER)[1] == prove(more, fewer_policy, CLUSTER)[1] == ()
    elif below != above:
        assert codes(prove(fewer, more_policy, CLUSTER)[1]) & {"E902", "E903"}
        assert codes(prove(more, fewer_policy, CLUSTER)[1]) & {"E901", "E903"}


def test_extras_are_the_declared_ones() -> None:
    text = "\n".join(
        line for line in CROSSING.splitlines() if line.startswith(("namespace-a", "203.0", "nodes"))
    )
    artifacts, policy = build(text, CLUSTER)
    proof, diagnostics = prove(artifacts, policy, CLUSTER)
    assert diagnostics == ()
    nodes = [(str(extra.point.value), extra.rows) for extra in proof.extras if extra.cause == "node"]
    assert sorted(set(nodes)) == [
        ("entering pod", (5, 7, 9)),
        ("entering pod", (14,)),
        ("leaving pod", (6, 7, 9)),
        ("leaving pod", (11,)),
        ("leaving pod", (16,)),
        ("leaving pod", (18, 19)),
    ]
    (resolver,) = [extra for extra in proof.extras if extra.cause == "dns"]
    assert resolver.reason == "name resolution as in `kube-dns`"
