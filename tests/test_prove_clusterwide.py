"""Policies of Cilium for the whole cluster are read from their bytes, judged, refused where they differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from intentc import ir
from intentc.compiler import ClusterResult, compile_texts
from intentc.profile import Profile
from intentc.prove import prove

ROOT = Path(__file__).parent.parent
PROJECT = """version: 1
clusters:
  prod:
    dataplane: dataplane-v2
    clusterwidePolicies: true
    podCIDRs: [100.64.0.0/14]
    nodeCIDRs: [192.168.64.0/19]
    firewall: {mode: gke-managed, project: net-prod, network: vpc-prod, targetTags: [gke-prod-node]}
"""
TEXT = """a -> b[app=x, tier!=y]:8443 via nodeport 30443
nodes -> c[role in (p, q)]:9000-9010, metrics, 53/udp
"""
INTO_B, OUT_OF_A, INTO_C = (f"kubernetes/{name}.clusterwide.yaml" for name in "bac")


@pytest.fixture(scope="module")
def built() -> ClusterResult:
    result = compile_texts({"intentc.yaml": PROJECT, "a.intent": TEXT})
    return result.clusters[0]


def proved(
    built: ClusterResult, changed: dict[str, str | None] | None = None, profile: Profile | None = None
) -> set[str]:
    """Return the codes of a proof in which the text of some files is another, or which some lack."""
    texts: dict[str, str | None] = {
        artifact.path.removeprefix("prod/"): artifact.content.decode() for artifact in built.artifacts
    }
    texts |= changed or {}
    artifacts = [ir.Artifact(path, text.encode()) for path, text in texts.items() if text is not None]
    found: set[str] = set()
    for own_shape in (True, False):
        _, diagnostics = prove(artifacts, built.policy, profile or built.profile, own_shape=own_shape)
        found |= {f"{item.code}{'' if own_shape else ' by meaning'}" for item in diagnostics}
    return found


def text_of(built: ClusterResult, path: str) -> str:
    return next(item.content.decode() for item in built.artifacts if item.path == f"prod/{path}")


def test_what_keeps_a_policy_from_being_applied_is_refused(built: ClusterResult) -> None:
    text = text_of(built, INTO_B)
    for margin in ("labels:", "annotations:"):
        changed = text.replace(f"{margin}\n", f'{margin}\n    "helm.sh/hook": "test"\n', 1)
        assert proved(built, {INTO_B: changed}) == {"E904", "E904 by meaning"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"argocd.argoproj.io/sync-wave": "0"', '"": "0"'),
        ('"argocd.argoproj.io/sync-wave": "0"', '"a b": "0"'),
        ('managed-by": "intentc"', 'managed-by": "-"'),
        ('"app.kubernetes.io/managed-by"', '"/managed-by"'),
    ],
)
def test_what_the_api_server_refuses_of_any_object_is_refused(
    built: ClusterResult, old: str, new: str
) -> None:
    text = text_of(built, INTO_B)
    assert old in text
    assert proved(built, {INTO_B: text.replace(old, new)}) == {"E904", "E904 by meaning"}


def test_what_is_written_is_proved(built: ClusterResult) -> None:
    assert proved(built) == set()
    assert built.proof is not None
    assert {extra.cause for extra in built.proof.extras} == {"node", "dns"}


FAULTS = {
    "another port": (INTO_B, '"8443"', '"8444"', "E901 E902"),
    "another protocol": (INTO_B, '"TCP"', '"SCTP"', "E901 E902"),
    "a range": (INTO_B, 'protocol: "TCP"', 'protocol: "TCP"\n              endPort: 8450', "E901"),
    "a shorter range": (INTO_C, "endPort: 9010", "endPort: 9009", "E902"),
    "a longer range": (INTO_C, "endPort: 9010", "endPort: 9011", "E901"),
    "another port name": (INTO_C, '"metrics"', '"http"', "E901 E902"),
    "another door": (OUT_OF_A, '"30443"', '"30080"', "E901 E902"),
    "another namespace": (INTO_B, '.namespace": "b"', '.namespace": "shop"', "E901 E902 E903"),
    "other pods": (INTO_B, '"k8s:app": "x"', '"k8s:app": "z"', "E901 E902 E903"),
    "more pods": (INTO_B, '      "k8s:app": "x"\n', "", "E901 E903"),
    "fewer values": (INTO_C, '          - "q"\n', "", "E902"),
    "another operator": (INTO_B, '"NotIn"', '"In"', "E901 E902 E903"),
    "the host alone": (INTO_B, '        - "remote-node"\n', "", "E904"),
    "all entities": (INTO_B, '"remote-node"', '"all"', "E904"),
    "no entities": (INTO_B, "    - fromEntities:", "    - fromCIDR:", "E904"),
    "the other direction": (INTO_B, "  ingress:\n    - from", "  egress:\n    - to", "E901 E902 E903"),
    "another direction's peers": (INTO_B, "fromEntities", "toEntities", "E904"),
    "no default deny": (INTO_B, "  ingress:", "  enableDefaultDeny: {ingress: false}\n  ingress:", "E904"),
    "what denies": (INTO_B, "  ingress:", "  ingressDeny:", "E904"),
    "nodes as subject": (INTO_B, "endpointSelector", "nodeSelector", "E904"),
    "no namespace": (INTO_B, '      "k8s:io.kubernetes.pod.namespace": "b"\n', "", "E904"),
    "labels of another source": (INTO_B, '"k8s:app"', '"any:app"', "E904"),
    "a namespaced kind": (INTO_B, "CiliumClusterwideNetworkPolicy", "CiliumNetworkPolicy", "E904"),
    "another version": (INTO_B, "cilium.io/v2", "cilium.io/v2alpha1", "E904"),
    "no rule": (INTO_B, "  ingress:", "  ingress: []\n  egress:", "E904"),
    "every port": (INTO_B, "      toPorts:", "      ports:", "E904"),
    "port zero": (INTO_B, '"8443"', '"0"', "E904"),
    "a port above all": (INTO_B, '"8443"', '"65536"', "E904"),
    "a port as a number": (INTO_B, '"8443"', "8443", "E904"),
    "a port with a zero before it": (INTO_B, '"8443"', '"08443"', "E904"),
    "any protocol": (INTO_B, '"TCP"', '"ANY"', "E904"),
    "a range of names": (INTO_C, 'port: "metrics"', 'port: "metrics"\n              endPort: 9', "E904"),
    "a range downwards": (INTO_C, "endPort: 9010", "endPort: 8999", "E904"),
    "a selector of another form": (INTO_B, "    matchExpressions:", "    matchThings:", "E904"),
    "labels that are none": (INTO_B, '  labels:\n    "app.kubernetes.io/managed-by": ', "  labels: ", "E904"),
    "an upper-case name": (INTO_B, 'name: "b.', 'name: "B.', "E904"),
    "an illegal value": (INTO_B, '"k8s:app": "x"', '"k8s:app": "x-"', "E904"),
    "an operator without values": (INTO_B, '"NotIn"', '"Exists"', "E904"),
    "a namespace in its metadata": (INTO_B, "  labels:", '  namespace: "b"\n  labels:', "E904"),
}


@pytest.mark.parametrize(("path", "old", "new", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_stopped(
    built: ClusterResult, path: str, old: str, new: str, expected: str
) -> None:
    text = text_of(built, path)
    assert old in text
    found = proved(built, {path: text.replace(old, new, 1)})
    assert {code.split()[0] for code in found} <= set(expected.split())
    assert any(not code.endswith("meaning") for code in found)
    assert any(code.endswith("meaning") for code in found)


@pytest.mark.parametrize(("section", "left"), [("  ingress:", ""), ("      toPorts:", "      toPorts: []\n")])
def test_a_section_that_is_missing_or_empty_is_refused(built: ClusterResult, section: str, left: str) -> None:
    text = text_of(built, INTO_B).partition(section)[0] + left
    assert proved(built, {INTO_B: text}) == {"E904", "E904 by meaning"}


def test_a_file_that_is_missing_is_noticed(built: ClusterResult) -> None:
    assert "E902" in proved(built, {INTO_B: None})


def test_what_is_lost_says_why_a_node_stands_there(built: ClusterResult) -> None:
    artifacts = [
        ir.Artifact(item.path.removeprefix("prod/"), item.content)
        for item in built.artifacts
        if not item.path.endswith(INTO_B)
    ]
    _, diagnostics = prove(artifacts, built.policy, built.profile)
    (lost,) = [item.message for item in diagnostics if item.code == "E902"]
    assert "(the connection arrives with a node's address: rows 5, 7, 9)" in lost


def test_the_same_name_twice_is_noticed(built: ClusterResult) -> None:
    assert "E904" in proved(built, {"kubernetes/z.clusterwide.yaml": text_of(built, INTO_B)})


def test_more_ports_than_the_crd_takes_are_noticed(built: ClusterResult) -> None:
    entry = '            - port: "8443"\n              protocol: "TCP"\n'
    assert proved(built, {INTO_B: text_of(built, INTO_B).replace(entry, entry * 40)}) == set()
    assert "E904" in proved(built, {INTO_B: text_of(built, INTO_B).replace(entry, entry * 41)})


def test_without_the_key_such_a_file_is_not_known(built: ClusterResult) -> None:
    profile = replace(built.profile, clusterwide_policies=False)
    assert "E904" in proved(built, profile=profile)


def test_an_address_does_not_stand_for_a_node(built: ClusterResult) -> None:
    block = '        - ipBlock:\n            cidr: "192.168.64.0/19"\n'
    text = text_of(built, "kubernetes/b.yaml")
    written = text.replace("    - from:\n", "    - from:\n" + block)
    assert written != text
    assert "E901" in proved(built, {"kubernetes/b.yaml": written})
    assert "E902" in proved(built, {"kubernetes/b.yaml": written, INTO_B: None})


# --- The published form -------------------------------------------------------------------------------------

# What the CRD asks of the fields we write:
# https://github.com/cilium/cilium/blob/v1.18.0/pkg/k8s/apis/cilium.io/client/crds/v2/ciliumclusterwidenetworkpolicies.yaml
LABEL_VALUE = {"type": "string", "maxLength": 63, "pattern": r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"}
SELECTOR: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "matchLabels": {"type": "object", "additionalProperties": LABEL_VALUE},
        "matchExpressions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "operator"],
                "additionalProperties": False,
                "properties": {
                    "key": {"type": "string"},
                    "operator": {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
                    "values": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
PORT = {
    "type": "object",
    "required": ["port"],
    "additionalProperties": False,
    "properties": {
        "port": {"type": "string", "pattern": r"^([0-9]{1,5}|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*)$"},
        "endPort": {"type": "integer", "minimum": 0, "maximum": 65535},
        "protocol": {"enum": ["TCP", "UDP", "SCTP", "ANY"]},
    },
}
PORTS = {
    "type": "array",
    "items": {"properties": {"ports": {"type": "array", "maxItems": 40, "items": PORT}}},
}


def rules(entities: str) -> dict[str, Any]:
    """Return the schema of the rules of one direction."""
    names = {"type": "array", "items": {"enum": ["all", "world", "cluster", "host", "remote-node"]}}
    rule = {
        "type": "object",
        "additionalProperties": False,
        "properties": {entities: names, "toPorts": PORTS},
    }
    return {"type": "array", "minItems": 1, "items": rule}


CRD = {
    "type": "object",
    "required": ["metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "cilium.io/v2"},
        "kind": {"const": "CiliumClusterwideNetworkPolicy"},
        "metadata": {"type": "object", "required": ["name"], "not": {"required": ["namespace"]}},
        "spec": {
            "type": "object",
            "required": ["endpointSelector"],
            "additionalProperties": False,
            "properties": {
                "endpointSelector": SELECTOR,
                "ingress": rules("fromEntities"),
                "egress": rules("toEntities"),
            },
        },
    },
}


def test_every_committed_policy_has_the_form_of_the_crd() -> None:
    validator = Draft202012Validator(CRD)
    names = []
    for path in sorted((ROOT / "tests" / "cases").rglob("*.clusterwide.yaml")):
        for document in yaml.load_all(path.read_text("utf-8"), Loader=yaml.CSafeLoader):
            assert list(validator.iter_errors(document)) == []
            names.append((path.parent.parent.parent, document["metadata"]["name"]))
    assert len(names) > 6
    assert len(set(names)) == len(names)


def test_a_wrong_policy_has_not() -> None:
    wrong = yaml.safe_load(
        "{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicy, spec: {ingress: []}}"
    )
    assert len(list(Draft202012Validator(CRD).iter_errors(wrong))) == 3
