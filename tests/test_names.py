"""Any legal name comes out as that name; names of emitted objects are legal and unique."""

from __future__ import annotations

import re

import pytest
import yaml

from intentc.compiler import compile_texts
from tests.readback import CLUSTER
from tests.tools.hcl import parse_hcl

NAMES = [
    "no",
    "on",
    "y",
    "n",
    "yes",
    "true",
    "null",
    "1e3",
    "0o14",
    "08",
    "0",
    "123",
    "7e10",
    "0x1f",
    "a" * 63,
    "1" * 63,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_legal_name_stays_that_text(name: str) -> None:
    result = compile_texts(
        {
            "intentc.yaml": CLUSTER,
            "a.intent": f"{name}[app={name}] -> {name}[k in (x, {name})]:80 owner {name}",
        }
    )
    assert [item.message for item in result.diagnostics] == []
    seen = 0
    for artifact in result.artifacts:
        if "/kubernetes/" not in artifact.path:
            continue
        assert artifact.path == f"prod/kubernetes/{name}.yaml"
        for policy in yaml.safe_load_all(artifact.content):
            seen += 1
            assert policy["metadata"]["namespace"] == name
            assert policy["metadata"]["annotations"]["intentc.io/owner"] == name
            assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", policy["metadata"]["name"])
            if policy["spec"]["policyTypes"] == ["Egress"]:
                assert policy["spec"]["podSelector"] == {"matchLabels": {"app": name}}
            else:
                values = policy["spec"]["podSelector"]["matchExpressions"][0]["values"]
                assert values == sorted(["x", name])
    assert seen == 2


def test_names_of_policies_depend_on_their_subject_alone() -> None:
    alone = {document["metadata"]["name"] for document in policies("a[x=y] -> b[p=q]:80")}
    among = {
        document["metadata"]["name"]
        for document in policies("a[x=y] -> b[p=q]:80, c:1\na -> b:99\nz -> a[x=y]:5")
    }
    assert alone <= among


def test_subjects_that_read_alike_have_their_own_names() -> None:
    intents = (
        "a[x-y=z] -> t:1\na[x=y-z] -> t:1\na[x=y, y=z] -> t:1\na[x in (y, z)] -> t:1\na[x, y, z] -> t:1\n"
    )
    names = [
        document["metadata"]["name"]
        for document in policies(intents)
        if document["metadata"]["namespace"] == "a"
    ]
    assert len(names) == len(set(names)) == 5


def test_terraform_names_are_legal_and_unique() -> None:
    intents = "".join(
        f"{octet}.0.113.0/24 -> b[app=x]:{port} via nodeport {30000 + port} local\n"
        for octet in (5, 6, 7)
        for port in range(1, 4)
    )
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": intents + "google-health-checks -> b:80\n"})
    (text,) = [item.content.decode() for item in result.artifacts if item.path.endswith("/firewall.tf")]
    rules = parse_hcl(text)["resource"]["google_compute_firewall"]
    names = [rule["name"] for (rule,) in rules.values()]
    assert len(names) == len(set(names)) == len(rules)
    for label, name in zip(rules, names, strict=True):
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name)
        assert re.fullmatch(r"[a-z_][a-z0-9_]*", label)


def policies(intents: str) -> list[dict[str, dict[str, str]]]:
    result = compile_texts({"a.intent": intents})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return [
        document
        for artifact in result.artifacts
        if "/kubernetes/" in artifact.path
        for document in yaml.safe_load_all(artifact.content)
    ]
