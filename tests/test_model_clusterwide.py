"""The model reads Cilium's policies for the whole cluster, and sees what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.model import harness
from tests.model.clusterwide import evaluate_clusterwide
from tests.model.places import IDENTIFIED, NODE_ADDRESSES, NODE_RANGE, WORLD, Place
from tests.model.programs import NODES, Program, Statement, Target
from tests.model.wording import files
from tests.model.world import ENTERING_POD, LEAVING_POD, NAMESPACE_LABEL, Pods, Ports

WEB = Pods(((NAMESPACE_LABEL, "=", ("shop",)),), (("app", "=", ("web",)),))
DATA = Pods(((NAMESPACE_LABEL, "=", ("data",)),))
PLANTED = Program(
    (
        Statement((WEB,), (Target(DATA, (Ports("TCP", 8443, 8443),)),), "nodeport", 30443),
        Statement((NODES,), (Target(WEB, (Ports("UDP", 8079, 9090),)),)),
    ),
    Place(dataplane="cilium"),
)
FAULTS = {
    "another port": ('"8443"', '"8079"'),
    "another door": ('"30443"', '"30080"'),
    "a range that ends early": ("endPort: 9090", "endPort: 8443"),
    "another protocol": ('"UDP"\n              endPort', '"TCP"\n              endPort'),
    "another namespace's pods": ('pod.namespace": "data"', 'pod.namespace": "no"'),
    "more pods": ('      "k8s:app": "web"\n', ""),
}


def changed(artifacts: Mapping[str, bytes], old: str, new: str) -> dict[str, bytes]:
    """Return artifacts with a text replaced in the policies for the whole cluster."""
    return {
        path: data.replace(old.encode(), new.encode()) if path.endswith(".clusterwide.yaml") else data
        for path, data in artifacts.items()
    }


def test_what_is_written_is_what_is_meant() -> None:
    assert any(path.endswith(".clusterwide.yaml") for path in harness.compiled(files(PLANTED)))
    assert harness.compare(PLANTED) == []


@pytest.mark.parametrize(("old", "new"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_seen(old: str, new: str) -> None:
    def faulty(texts: Mapping[str, str]) -> dict[str, bytes]:
        right = harness.compiled(texts)
        assert changed(right, old, new) != right
        return changed(right, old, new)

    assert harness.compare(PLANTED, faulty)


def test_without_its_file_a_rule_is_lost() -> None:
    def without(texts: Mapping[str, str]) -> dict[str, bytes]:
        artifacts = harness.compiled(texts)
        return {path: data for path, data in artifacts.items() if not path.endswith(".clusterwide.yaml")}

    assert {each.kind for each in harness.compare(PLANTED, without)} == {"lost"}


def test_a_machine_in_the_node_range_is_no_node() -> None:
    by_address = replace(PLANTED, place=Place(dataplane="dataplane-v2"))
    stranger = "192.168.95.254"
    for program, passes in ((by_address, True), (PLANTED, False)):
        cluster = program.place.cluster
        found = harness.emitted(harness.compiled(files(program)), cluster, WORLD)
        key = (ENTERING_POD, "shop/0", stranger)
        assert (("UDP", 8080) in found.passes.get(key, set())) is passes
        assert ("UDP", 8080) in found.passes[ENTERING_POD, "shop/0", NODE_ADDRESSES[0]]
    assert NODE_RANGE not in IDENTIFIED.cidrs


def policy(**spec: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop", "k8s:app": "web"}}
    return {"spec": {"endpointSelector": selector, **spec}}


NAMED = [{"ports": [{"port": "metrics", "protocol": "TCP"}]}]


def test_a_name_is_that_of_the_target() -> None:
    both = ["host", "remote-node"]
    found = evaluate_clusterwide(
        policy(
            ingress=[{"fromEntities": both, "toPorts": NAMED}],
            egress=[{"toEntities": both, "toPorts": NAMED}],
        ),
        WORLD,
        IDENTIFIED,
    )
    assert found.closed == {(ENTERING_POD, "shop/0"), (LEAVING_POD, "shop/0")}
    assert found.passes[ENTERING_POD, "shop/0", NODE_ADDRESSES[0]] == {("TCP", 9090)}
    assert found.passes[LEAVING_POD, "shop/0", NODE_ADDRESSES[0]] == set()


@pytest.mark.parametrize(
    "spec",
    [
        {"ingress": [{"fromEntities": ["host"], "toPorts": NAMED}]},
        {"ingress": [{"fromEntities": ["host", "remote-node"]}]},
        {"ingress": [{"toEntities": ["host", "remote-node"], "toPorts": NAMED}]},
        {"enableDefaultDeny": {"ingress": False}},
    ],
)
def test_anything_else_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not (a rule|expected)"):
        evaluate_clusterwide(policy(**spec), WORLD, IDENTIFIED)
