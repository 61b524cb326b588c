"""What is wrong in intentc.yaml is said where it stands, all of it and once; what is right is kept."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing.exceptions import Unresolvable

from intentc.diagnostics import Diagnostic
from intentc.profile import Dns, DnsPeer, Namespace, Project
from intentc.project import load, schema_text
from intentc.project.reader import read
from intentc.project.structure import violations
from intentc.source import SourceFile
from tests.readback import CLUSTER

TWO_ADDRESSES = "dnsClusterIP: 10.96.0.8\n    dns: {preset: node-local, clusterIP: 10.96.0.9}"
PAGE = (Path(__file__).parent.parent / "docs" / "profile.md").read_text("utf-8")
EXAMPLES = [
    (section.partition("\n")[0].strip("`"), key, example)
    for section in PAGE.split("\n## ")
    for key, cell in re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|.*\|$", section, re.MULTILINE)
    for example in re.findall(r"`([^`]+)`", cell)
]


def loaded(text: str) -> tuple[Project, tuple[Diagnostic, ...]]:
    return load(SourceFile("intentc.yaml", text))


def said(text: str) -> list[tuple[str, str]]:
    """Return code and underlined text of each diagnostic."""
    return [(item.code, item.span.text if item.span else "") for item in loaded(text)[1]]


def codes(text: str) -> list[str]:
    return [code for code, _ in said(text)]


def test_a_right_profile_has_nothing_to_say() -> None:
    assert codes(CLUSTER) == []


@pytest.mark.parametrize(
    ("change", "to", "code", "where"),
    [
        # structure
        ("version: 1", "version: 2", "E606", "2"),
        ("version: 1", "version: '1'", "E605", "'1'"),
        ("version: 1", "version: 1.0", "E605", "1.0"),
        ("version: 1", "version: true", "E605", "true"),
        ("version: 1", "version:", "E605", "version"),
        ("version: 1\n", "", "E607", "clusters"),
        ("version: 1", "versoin: 1", "E604", "versoin"),
        ("dataplane:", "dataplan:", "E604", "dataplan"),
        ("mode:", "Mode:", "E604", "Mode"),
        ("endpoint:", "endpiont:", "E604", "endpiont"),
        ("nonMasqueradeCIDRs:", "nonMasqueradeCIDR:", "E604", "nonMasqueradeCIDR"),
        ("nodeCIDRs:", "podCIDRs: [10.0.0.0/8]\n    nodeCIDRs:", "E602", "podCIDRs"),
        ("prod:", "prod: &anchor", "E603", None),
        ("dataplane: calico", "<<: {dataplane: calico}", "E603", "<<"),
        ("dns: kube-dns", "dns: !!str kube-dns", "E603", "!!str kube-dns"),
        ("dns: kube-dns", "dns: ! kube-dns", "E603", "! kube-dns"),
        ("dns: kube-dns", "dns: ! 'kube-dns'", "E603", "! 'kube-dns'"),
        ("dns: kube-dns", "dns: *d", "E603", "*d"),
        ("dns: kube-dns", 'dns: "kube\\tdns"', "E608", '"kube\\tdns"'),
        # types
        ("routing: routes", "routing: [routes]", "E605", "[routes]"),
        ("routing: routes", "routing: {a: b}", "E605", "{a: b}"),
        ("routing: routes", "routing:", "E605", "routing"),
        ("dns: kube-dns", "dns: 5", "E605", "5"),
        ("dns: kube-dns", "workloadIdentity: yes", "E605", "yes"),
        ("dns: kube-dns", "workloadIdentity: on", "E605", "on"),
        ("dns: kube-dns", "autopilot: 'true'", "E605", "'true'"),
        ("dns: kube-dns", "nodeCIDRMatch: 1", "E605", "1"),
        ("[100.64.0.0/14]", "100.64.0.0/14", "E605", "100.64.0.0/14"),
        ("[192.168.64.0/19]", "[8]", "E605", "8"),
        ("mode: explicit", "priority: 1e3", "E605", "1e3"),
        ("mode: explicit", "priority: 0x10", "E605", "0x10"),
        ("mode: explicit", "priority: 0100", "E605", "0100"),
        ("mode: explicit", "priority: 1.0", "E605", "1.0"),
        ("30000-32767", "30000", "E605", "30000"),
        # values
        ("dataplane: calico", "dataplane: calicoo", "E606", "calicoo"),
        ("mode: explicit", "mode: Explicit", "E606", "Explicit"),
        ("dns: kube-dns", "dns: coredns", "E606", "coredns"),
        ("dns: kube-dns", "dns: {preset: coredns}", "E606", "coredns"),
        ("mode: explicit", "priority: 65536", "E606", "65536"),
        ("mode: explicit", "priority: -1", "E606", "-1"),
        ("prod:", "Prod:", "E606", "Prod"),
        ("prod:", "-prod:", "E606", "-prod"),
        ("prod:", "? [prod]\n  :", "E605", "[prod]"),
        ("network: vpc-prod", "network: VPC", "E606", "VPC"),
        ("project: net-prod", "project: net_prod", "E606", "net_prod"),
        ("[gke-prod-node]", "[gke_node]", "E606", "gke_node"),
        ("[gke-prod-node]", "[]", "E606", "[]"),
        ("30000-32767", "030000-32767", "E606", "030000-32767"),
        ("clusters:", "namespaces: [shop, Data]\nclusters:", "E606", "Data"),
        ("clusters:", "namespaces: {a: {b!: c}}\nclusters:", "E606", "b!"),
        ("clusters:", "namespaces: {a: {a..b/c: d}}\nclusters:", "E606", "a..b/c"),
        ("clusters:", "namespaces: {a: {b: c d}}\nclusters:", "E606", "c d"),
        ("clusters:", "namespaces: {a: {b: 1}}\nclusters:", "E605", "1"),
        ("clusters:", "severity: {W305: loud}\nclusters:", "E606", "loud"),
        ("clusters:", "severity: {E305: off}\nclusters:", "E606", "E305"),
        # ranges and addresses
        ("[100.64.0.0/14]", "[100.64.1.0/14]", "E610", "100.64.1.0/14"),
        ("[100.64.0.0/14]", "[100.64.0.0/014]", "E610", "100.64.0.0/014"),
        ("[100.64.0.0/14]", "[100.64.0.0/33]", "E610", "100.64.0.0/33"),
        ("[100.64.0.0/14]", "[100.64.0.0]", "E610", "100.64.0.0"),
        ("[100.64.0.0/14]", "[100.64.0.0/255.252.0.0]", "E610", "100.64.0.0/255.252.0.0"),
        ("[100.64.0.0/14]", "['2001:DB8::/32']", "E610", "'2001:DB8::/32'"),
        ("172.16.0.2", "172.16.0.02", "E610", "172.16.0.02"),
        ("172.16.0.2", "yes", "E610", "yes"),
        ("172.16.0.2", "fe80::1%eth0", "E610", "fe80::1%eth0"),
        ("172.16.0.0/28", "172.16.0.1/28", "E610", "172.16.0.1/28"),
        ("dns: kube-dns", "dnsClusterIP: 10.96.0.10/32", "E610", "10.96.0.10/32"),
        ("[100.64.0.0/14]", "[192.168.0.0/16]", "E611", "192.168.64.0/19"),
        ("10.96.0.0/16", "100.65.0.0/16", "E611", "100.65.0.0/16"),
        ("10.96.0.0/16", "192.168.65.0/24", "E611", "192.168.65.0/24"),
        (", 100.64.0.0/10]", "]", "E612", "100.64.0.0/14"),
        (", 100.64.0.0/10]", ", 100.64.0.0/15]", "E612", "100.64.0.0/14"),
        ("dns: kube-dns", "samples: {pods: [100.68.1.10]}", "E615", "100.68.1.10"),
        ("dns: kube-dns", "samples: {nodes: [192.168.64.1, 192.168.96.0]}", "E615", "192.168.96.0"),
        ("dns: kube-dns", "samples: {services: ['fd00::1']}", "E615", "'fd00::1'"),
        ("dns: kube-dns", "samples: {services: [10.96.0.10/32]}", "E610", "10.96.0.10/32"),
        # combinations
        ("dataplane: calico", "dataplane: dataplane-v2", "E613", "routes"),
        ("dns: kube-dns", "clusterwidePolicies: true", "E616", "true"),
        ("dns: kube-dns", "dnsClusterIP: 10.97.0.1", "E619", "10.97.0.1"),
        ("dns: kube-dns", "dns: {preset: node-local, clusterIP: 10.95.255.255}", "E619", "10.95.255.255"),
        ("dns: kube-dns", "dns: node-local", "E614", "node-local"),
        ("dns: kube-dns", "dns: {preset: node-local}", "E614", "{preset: node-local}"),
        ("dns: kube-dns", "dns: {preset: kube-dns, peers: [{cidr: 10.0.0.1/32}]}", "E616", None),
        ("dns: kube-dns", "dns: {}", "E616", "{}"),
        ("dns: kube-dns", "dns: {peers: [{ports: [53]}]}", "E616", "{ports: [53]}"),
        ("dns: kube-dns", "dns: {peers: [{namespace: x}]}", "E616", "{namespace: x}"),
        ("dns: kube-dns", "dns: {peers: [{podLabels: {a: b}}]}", "E616", "{podLabels: {a: b}}"),
        ("dns: kube-dns", "dns: {peers: [{cidr: 10.0.0.1/32}], nodeLocal: true}", "E616", "nodeLocal"),
        ("dns: kube-dns", "dns: {preset: kube-dns, nodeLocal: true}", "E616", "true"),
        ("dns: kube-dns", TWO_ADDRESSES, "E616", "10.96.0.9"),
        ("targetTags: [gke", "targetServiceAccounts: [a@b.c], targetTags: [gke", "E616", "[a@b.c]"),
        ("30000-32767", "32767-30000", "E617", "32767-30000"),
        ("30000-32767", "0-32767", "E617", "0-32767"),
        ("30000-32767", "30000-65536", "E617", "30000-65536"),
        # paths
        ("clusters:", "output: ../elsewhere\nclusters:", "E618", "../elsewhere"),
        ("clusters:", "output: a/../../b\nclusters:", "E618", "a/../../b"),
        ("clusters:", "output: /etc\nclusters:", "E618", "/etc"),
        ("clusters:", "output: C:/etc\nclusters:", "E618", "C:/etc"),
        ("clusters:", "output: .git\nclusters:", "E618", ".git"),
        ("clusters:", "output: .\nclusters:", "E618", "."),
        ("clusters:", "output: ''\nclusters:", "E606", "''"),
        ("clusters:", "intents: [../**/*.intent]\nclusters:", "E618", "../**/*.intent"),
        ("clusters:", "manifests: [a, '~/b']\nclusters:", "E618", "'~/b'"),
        ("clusters:", "manifests: ['a\\b']\nclusters:", "E618", "'a\\b'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(change: str, to: str, code: str, where: str | None) -> None:
    text = CLUSTER.replace(change, to, 1)
    assert text != CLUSTER
    assert codes(text) == [code]
    if where is not None:
        assert said(text) == [(code, where)]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "{}\n"])
def test_an_empty_file_has_no_version(text: str) -> None:
    assert codes(text) == ["E607"]


def test_all_mistakes_are_said_in_one_run() -> None:
    text = (
        "version: 1\nclusterz: {}\noutput: /etc\noutput: x\nclusters:\n"
        "  a: {dataplane: x, dns: y, podCIDRs: [10.0.0.1/8, 10.0.0.0/9], nodeCIDRs: [10.1.0.0/16]}\n"
        "  b: {routin: routes, nodePortRange: 9-1, autopilot: &x false}\n"
    )
    assert said(text) == [
        ("E604", "clusterz"),
        ("E618", "/etc"),
        ("E602", "output"),
        ("E606", "x"),
        ("E606", "y"),
        ("E610", "10.0.0.1/8"),
        ("E611", "10.1.0.0/16"),
        ("E604", "routin"),
        ("E617", "9-1"),
        ("E603", "&x false"),
    ]


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ("{dns: node-local, dnsClusterIp: 10.96.0.10}", ["E604"]),
        ("{dns: node-local, dnsClusterIP: nowhere}", ["E610"]),
        ("{dns: {prest: node-local}}", ["E604"]),
        ("{dns: {peers: [{namespaces: x, podLabels: {a: b}}]}}", ["E604"]),
        ("{podCIDRs: [10.0.0.0/8], ipMasq: {nonMasqueradeCIDRs: [10.0.0.1/8]}}", ["E610"]),
        ("{podCIDRs: [10.0.0.1/8], samples: {pods: [10.0.0.1]}}", ["E610"]),
        ("{podCIDRs: !x [10.0.0.0/8], samples: {pods: [10.0.0.1]}}", ["E603"]),
        ("{podCIDRs: *x, samples: {pods: [10.0.0.1]}}", ["E603"]),
        ("{podCIDRs: &x [10.0.0.0/8], nodeCIDRs: *x}", ["E603"]),
        ('{dns: "kube\\0dns"}', ["E608"]),
        ("{dns: {peers: []}}", ["E606"]),
        ("!x {dns: node-local}", ["E603"]),
        ("{<<: {dnsClusterIP: 10.96.0.10}, dns: node-local}", ["E603"]),
        ("{ipMasq: {[a]: b}}", ["E605"]),
        ("{dns: {<<: {preset: kube-dns}}}", ["E603"]),
    ],
)
def test_one_mistake_is_said_once(cluster: str, expected: list[str]) -> None:
    assert codes(f"version: 1\nclusters: {{a: {cluster}}}\n") == expected


def test_a_missing_key_is_said_at_the_mapping() -> None:
    assert said("version: 1\nclusters: {a: {ipMasq: {}}}\n") == [("E607", "ipMasq")]


def test_of_another_version_nothing_else_is_judged() -> None:
    assert codes("version: 2\nzones: {}\noutput: /etc\n") == ["E606"]


def test_both_readings_of_host_bits_are_offered() -> None:
    (item,) = loaded(CLUSTER.replace("100.64.0.0/14", "100.64.1.0/14"))[1]
    assert " ".join(item.help).count("`100.64.0.0/14`") == 1
    assert " ".join(item.help).count("`100.64.1.0/32`") == 1


def test_the_nearest_key_and_the_legal_ones_are_named() -> None:
    (item,) = loaded(CLUSTER.replace("priority", "x").replace("mode:", "mdoe:"))[1]
    assert "`mode`" in item.help[0]
    assert all(key in item.help[1] for key in ("mode", "network", "priority", "project", "targetTags"))


def test_a_second_key_points_to_the_first() -> None:
    (item,) = loaded("version: 1\noutput: a\n'output': b\n")[1]
    assert [label.span.start for label in item.others] == [11]
    assert item.span is not None
    assert item.span.text == "'output'"


def test_overlapping_ranges_point_to_each_other() -> None:
    (item,) = loaded(CLUSTER.replace("10.96.0.0/16", "100.65.0.0/16"))[1]
    assert [label.span.text for label in item.others] == ["100.64.0.0/14"]


@pytest.mark.parametrize("value", ["[secret, {secret: secret}]", "{secret: [secret]}"])
@pytest.mark.parametrize("key", ["routing", "podCIDRs", "dnsClusterIP", "autopilot", "nodePortRange", "dns"])
def test_messages_quote_no_structure(key: str, value: str) -> None:
    for item in loaded(f"version: 1\nclusters: {{a: {{{key}: {value}}}}}\n")[1]:
        if item.span and item.span.text != "secret":
            assert "secret" not in f"{item.message} {item.label} {item.help}"


def test_long_text_is_cut_in_messages() -> None:
    for text in (f"version: 1\n{'k' * 500}: 1\n", f"version: 1\nclusters: {{a: {{dns: {'v' * 500}}}}}\n"):
        (item,) = loaded(text)[1]
        assert len(item.message) < 120


def test_a_range_in_two_halves_is_whole() -> None:
    assert codes(CLUSTER.replace(", 100.64.0.0/10]", ", 100.64.0.0/15, 100.66.0.0/15]")) == []


def test_everything_said_is_kept() -> None:
    text = CLUSTER.replace(
        "dns: kube-dns", "dnsClusterIP: 10.96.0.10\n    dns: node-local\n    autopilot: true"
    )
    project, diagnostics = loaded(f"{text}severity: {{W305: error, W301: off}}\nnamespaces: [b, a, b]\n")
    assert diagnostics == ()
    (prod,) = project.clusters
    assert (prod.pod_cidrs, prod.node_cidrs) == (("100.64.0.0/14",), ("192.168.64.0/19",))
    assert prod.dns == Dns("node-local", "10.96.0.10")
    assert prod.autopilot
    assert project.declared
    assert project.severities == (("W301", "off"), ("W305", "error"))
    assert project.namespaces == (Namespace("a"), Namespace("b"))


def test_the_page_shows_an_example_of_every_key() -> None:
    schema = json.loads(schema_text())
    facts = schema["$defs"]["cluster"]["properties"]
    keys = {*schema["properties"], *facts, *facts["firewall"]["properties"]}
    assert {key for _, key, _ in EXAMPLES} == keys


@pytest.mark.parametrize(("section", "key", "example"), EXAMPLES)
def test_the_examples_of_the_page_are_legal(section: str, key: str, example: str) -> None:
    beside = {
        "samples": "podCIDRs: [100.64.0.0/14], nodeCIDRs: [192.168.64.0/19], ",
        "clusterwidePolicies": "dataplane: cilium, ",
    }.get(key, "")
    pair = f"{key}: {example}"
    text = {
        "The project": f"{pair}\n",
        "A cluster": f"clusters: {{prod: {{{beside}{pair}}}}}\n",
        "firewall": f"clusters: {{prod: {{firewall: {{{pair}}}}}}}\n",
    }[section]
    assert codes(text if key == "version" else f"version: 1\n{text}") == []


def test_own_peers_are_kept() -> None:
    text = "{peers: [{namespace: x, podLabels: {k: v, a: [2b, 1b]}, ports: [5353, 53]}, {cidr: 10.0.0.1/32}]}"
    project, diagnostics = loaded(CLUSTER.replace("kube-dns", text))
    assert diagnostics == ()
    assert project.clusters[0].dns.peers == (
        DnsPeer("x", (("a", ("1b", "2b")), ("k", ("v",))), "", (53, 5353)),
        DnsPeer("", (), "10.0.0.1/32", (53,)),
    )


def test_the_order_of_ranges_changes_nothing() -> None:
    one = CLUSTER.replace("[100.64.0.0/14]", "[100.64.0.0/15, 100.66.0.0/15]")
    other = CLUSTER.replace("[100.64.0.0/14]", "[100.66.0.0/15, 100.64.0.0/15, 100.66.0.0/15]")
    assert loaded(one) == loaded(other)
    assert loaded(one)[1] == ()


def test_the_schema_is_a_schema_that_teaches() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)

    def untold(node: object, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        missing = [
            f"{path}/{key}" for key, value in node.get("properties", {}).items() if "description" not in value
        ]
        return missing + [line for key, value in node.items() for line in untold(value, f"{path}/{key}")]

    assert untold(schema, "") == []
    assert [key for key, value in schema["$defs"].items() if "title" not in value] == []


OF_ONE_IMPORT = "W76"
"""How warnings begin that say what became of one import: a project has no opinion of them."""


@pytest.mark.filterwarnings("ignore")  # the validator's own warning would come before the look-up
def test_the_schema_lists_the_warnings_that_are_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "diagnostics.md").read_text("utf-8")
    listed = json.loads(schema_text())["properties"]["severity"]["propertyNames"]["enum"]
    documented = set(re.findall(r"^## (W[0-9]{3}) ", page, re.MULTILINE))
    assert listed == sorted(code for code in documented if not code.startswith(OF_ONE_IMPORT))


def test_nothing_is_looked_up_in_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*address: object, **_: object) -> None:
        asked.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    root, _ = read(SourceFile("intentc.yaml", "version: 1\n"))
    assert root is not None
    assert list(violations(root, schema_text())) == []
    with pytest.raises(Unresolvable):
        list(violations(root, '{"$ref": "http://127.0.0.1:9/schema.json"}'))
    assert asked == []
