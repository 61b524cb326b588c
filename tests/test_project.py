"""The reader of intentc.yaml is strict, knows where everything stands, and never crashes or hangs."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some
from jsonschema import Draft202012Validator

from intentc.project import load, schema_text
from intentc.project.reader import Value, read
from intentc.source import SourceFile
from tests.readback import CLUSTER


def codes(text: str) -> list[str]:
    return [item.code for item in load(SourceFile("intentc.yaml", text))[1]]


def spans(text: str) -> list[str]:
    return [item.span.text for item in load(SourceFile("intentc.yaml", text))[1] if item.span]


def test_a_right_profile_has_nothing_to_say() -> None:
    assert codes(CLUSTER) == []


@pytest.mark.parametrize(
    ("change", "to", "code", "where"),
    [
        ("version: 1", "version: 2", "E606", "2"),
        ("version: 1\n", "", "E607", "clusters"),
        ("dataplane:", "dataplan:", "E604", "dataplan"),
        ("dataplane: calico", "dataplane: calicoo", "E606", "calicoo"),
        ("routing: routes", "routing: [routes]", "E606", "[routes]"),
        ("[100.64.0.0/14]", "[100.64.1.0/14]", "E610", "100.64.1.0/14"),
        ("[100.64.0.0/14]", "[100.64.0.0/014]", "E610", "100.64.0.0/014"),
        ("[100.64.0.0/14]", "[100.64.0.0/255.252.0.0]", "E610", "100.64.0.0/255.252.0.0"),
        ("[100.64.0.0/14]", "[192.168.0.0/16]", "E611", "192.168.64.0/19"),
        (", 100.64.0.0/10]", "]", "E612", "100.64.0.0/14"),
        ("dataplane: calico", "dataplane: dataplane-v2", "E613", "routes"),
        ("dns: kube-dns", "dns: node-local", "E614", "node-local"),
        ("dns: kube-dns", "samples: {pods: [100.68.1.10]}", "E615", "100.68.1.10"),
        ("dns: kube-dns", "dns: {preset: kube-dns, peers: [{cidr: 10.0.0.1/32}]}", "E616", None),
        ("30000-32767", "32767-30000", "E617", "32767-30000"),
        ("targetTags: [gke-prod-node]", "targetTags: []", "E606", "[]"),
        ("targetTags: [gke", "targetServiceAccounts: [a@b.c], targetTags: [gke", "E616", "[a@b.c]"),
        ("prod:", "Prod:", "E606", "Prod"),
        ("prod:", "prod: &anchor", "E603", None),
        ("172.16.0.2", "172.16.0.02", "E610", "172.16.0.02"),
        ("172.16.0.2", "yes", "E610", "yes"),
        ("mode: explicit", "mode: Explicit", "E606", "Explicit"),
        ("clusters:", "output: ../elsewhere\nclusters:", "E618", "../elsewhere"),
        ("clusters:", "output: /etc\nclusters:", "E618", "/etc"),
        ("clusters:", "output: .git\nclusters:", "E618", ".git"),
        ("clusters:", "intents: [../**/*.intent]\nclusters:", "E618", "../**/*.intent"),
        ("clusters:", "namespaces: [shop, Data]\nclusters:", "E606", "Data"),
        ("clusters:", "severity: {W305: loud}\nclusters:", "E606", "loud"),
        ("clusters:", "severity: {E305: off}\nclusters:", "E606", "E305"),
        ("nodeCIDRs:", "podCIDRs: [10.0.0.0/8]\n    nodeCIDRs:", "E602", "podCIDRs"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(change: str, to: str, code: str, where: str | None) -> None:
    assert change in CLUSTER
    text = CLUSTER.replace(change, to, 1)
    assert codes(text) == [code]
    if where is not None:
        assert spans(text) == [where]


def test_all_mistakes_are_said_in_one_run() -> None:
    text = "version: 1\nclusterz: {}\nclusters:\n  a: {dataplane: x, dns: y}\n  b: {routin: routes}\n"
    assert codes(text) == ["E604", "E606", "E606", "E604"]


def test_words_that_yaml_1_1_takes_for_truth_are_texts() -> None:
    project, diagnostics = load(
        SourceFile("intentc.yaml", "version: 1\nclusters: {no: , on: , y: , 1e3: , 08: }\n")
    )
    assert diagnostics == ()
    assert [cluster.name for cluster in project.clusters] == ["no", "on", "y", "1e3", "08"]


def test_truth_is_spelled_true() -> None:
    assert codes("version: 1\nclusters: {a: {workloadIdentity: yes}}\n") == ["E605"]


def test_an_alias_bomb_is_an_error_and_nothing_more() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert codes(bomb) == ["E603"]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 5_000, "a:\n" * 1 + " " * 9 + "b: [" * 40]
)
def test_depth_is_limited(text: str) -> None:
    assert set(codes(text)) == {"E601"}


@pytest.mark.parametrize(
    "text", ["a: 1\n---\nb: 2\n", "!!python/object:os.system x", "!x y", "x" * 2_000_000]
)
def test_what_a_profile_never_is(text: str) -> None:
    assert set(codes(text)) <= {"E601", "E603"}
    assert codes(text)


@given(some.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_crash(text: str) -> None:
    load(SourceFile("intentc.yaml", text))


@given(
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.text(max_size=8),
        lambda inner: (
            some.lists(inner, max_size=4)
            | some.dictionaries(
                some.sampled_from(["version", "clusters", "dns", "peers", "firewall", "podCIDRs", "a"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=300, deadline=None)
def test_no_structure_makes_it_crash(data: object) -> None:
    load(SourceFile("intentc.yaml", yaml.safe_dump({"version": 1, "clusters": {"a": data}})))
    load(SourceFile("intentc.yaml", yaml.safe_dump(data)))


def plain(value: Value | None) -> object:
    return None if value is None else (value.plain(), value.span.start, value.span.end)


@pytest.mark.parametrize(
    "text", [CLUSTER, "version: 1\n# ü — 😀\nclusters: {a: {dns: 'kube-dns'}}\n", "a: [1, b, ]\n"]
)
def test_both_parsers_of_yaml_give_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plain(read(SourceFile("x", text))[0])
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert plain(read(SourceFile("x", text))[0]) == first


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))
