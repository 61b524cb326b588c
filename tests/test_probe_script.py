"""The script of a kit finds what is as it must be, and what is not, in a cluster made up for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from intentc.answers.probe.kit import FILES, kit
from intentc.compiler import compile_texts
from tests.readback import CLUSTER

PROJECT = (
    CLUSTER.replace("mode: explicit", "mode: gke-managed")
    + "namespaces: {a: , b: , monitoring: , pay: {team: payments}}\n"
)

CLIENT = Path(__file__).parent / "probe_cluster.py"
A, B, N1, N2 = "100.64.1.10", "100.64.2.30", "192.168.65.10", "192.168.65.11"
HOW_TO_GET_IT = "shellcheck is not on PATH: install it as .ci/run does"


def pod(namespace: str, name: str, address: str, node: str, **more: Any) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "address": address, "node": node, "labels": {}, **more}


def world(ways: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a cluster of two nodes; `ways` are what gets through: `source address port/protocol`."""
    return {
        "nodes": {"n1": N1, "n2": N2},
        "namespaces": {name: {"kubernetes.io/metadata.name": name} for name in ("default", "a", "b")},
        "podCIDRs": ["100.64.1.0/24", "100.64.2.64/26", "fd00:2::/64"],
        "nodePorts": [30443],
        "pods": [
            pod("a", "one", A, "n1"),
            pod("b", "two", B, "n2", labels={"app": "b"}, ports={"metrics": 9187}),
            pod("default", "other", "100.64.1.99", "n1"),
        ],
        "ways": ways,
        "started": {},
        "arrived": [],
        **more,
    }


def script(intents: str) -> str:
    result = compile_texts({"intentc.yaml": PROJECT, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    (cluster,) = result.clusters
    return kit(cluster).files[FILES["script"]].decode()


def run(
    folder: Path, intents: str, cluster: dict[str, Any], *arguments: str, **environment: str
) -> tuple[int, list[str]]:
    """Return the exit code and the lines of the script run against a cluster."""
    (folder / "world.json").write_text(json.dumps(cluster))
    (folder / "kubectl").write_text(
        f'#!/bin/sh\nexec {sys.executable} -S -I {CLIENT} {folder / "world.json"} "$@"\n'
    )
    (folder / "kubectl").chmod(0o755)
    (folder / "probe.sh").write_text(script(intents))
    done = subprocess.run(
        ["bash", folder / "probe.sh", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **environment},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


PLAIN = "a -> b[app=b]:8443\n"
THROUGH = {f"a/one {B} 8443/tcp": {"from": A, "at": "b/two"}}
ASKED = "allow  a.intent:1  a -> b[app=b]:8443  (8443/tcp), 100.64.2.30:8443"
NEIGHBOUR = "deny  a.intent:1  no intent says default -> b[app=b]:8443  (8443/tcp), 100.64.2.30:8443"


def test_a_cluster_that_does_what_the_intents_say_passes(tmp_path: Path) -> None:
    code, lines = run(tmp_path, PLAIN, world(THROUGH))
    assert lines == [
        f"ok      {ASKED}: open, seen from {A}",
        f"ok      {NEIGHBOUR}: nobody answers",
        "2 ok, 0 failed, 0 skipped",
    ]
    assert code == 0


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ({}, f"FAILED  {ASKED}: must be admitted, but nobody answers"),
        (
            {f"a/one {B} 8443/tcp": {"from": N1, "at": "b/two"}},
            f"FAILED  {ASKED}: arrives from {N1} and not from {A}",
        ),
        (
            {**THROUGH, f"default/other {B} 8443/tcp": {"from": "100.64.1.99", "at": "b/two"}},
            f"FAILED  {NEIGHBOUR}: must be denied, but is open",
        ),
        (
            {**THROUGH, f"default/other {B} 8443/tcp": {"from": "100.64.1.99", "at": "b/two", "refused": 1}},
            f"FAILED  {NEIGHBOUR}: must be denied, but is refused, so something got through",
        ),
    ],
    ids=["silent", "masqueraded", "open", "refused"],
)
def test_a_cluster_that_does_not_fails(
    tmp_path: Path, ways: dict[str, dict[str, Any]], expected: str
) -> None:
    code, lines = run(tmp_path, PLAIN, world(ways))
    assert expected in lines
    assert code == 1


def test_a_refusal_on_the_way_is_a_denial(tmp_path: Path) -> None:
    way: dict[str, Any] = {"from": "", "at": "", "refused": 1}
    ways = {**THROUGH, f"default/other {B} 8443/tcp": way}
    code, lines = run(tmp_path, PLAIN, world(ways))
    assert lines[1] == f"ok      {NEIGHBOUR}: refused on the way"
    assert code == 0


def test_nothing_listening_is_admitted_all_the_same(tmp_path: Path) -> None:
    ways = {f"a/one {B} 8443/tcp": {"from": A, "at": "b/two", "refused": 1}}
    assert run(tmp_path, PLAIN, world(ways))[1][0] == f"ok      {ASKED}: refused, seen from {A}"


def test_without_pods_nothing_is_tried(tmp_path: Path) -> None:
    code, lines = run(tmp_path, PLAIN, world({}, pods=[pod("a", "on-host", N1, "n1", hostNetwork=True)]))
    assert lines == [
        "skipped allow  a.intent:1  a -> b[app=b]:8443  (8443/tcp): no running pod in a with labels ''",
        f"skipped {NEIGHBOUR.partition(', 100')[0]}: no running pod in default with labels ''",
        "0 ok, 0 failed, 2 skipped",
    ]
    assert code == 3


def test_a_node_port_is_dialled_on_the_nodes_and_a_node_is_seen(tmp_path: Path) -> None:
    intents = "a -> b[app=b]:8443 via nodeport 30443\n"
    ways = {f"a/one {node} 30443/tcp": {"from": node, "at": "b/two"} for node in (N1, N2)}
    code, lines = run(tmp_path, intents, world(ways), "via nodeport")
    asked = "allow  a.intent:1  a -> b[app=b]:8443 via nodeport 30443  (8443/tcp)"
    assert lines == [
        f"ok      {asked}, {N2}:30443: open, seen from {N2}",
        f"ok      {asked}, {N1}:30443: open, seen from {N1}",
        "2 ok, 0 failed, 0 skipped",
    ]
    assert code == 0
    _, lines = run(tmp_path, intents, world(ways, nodePorts=[30000]), "via nodeport")
    assert lines[0] == f"skipped {asked}: no Service has nodePort 30443; nodeports.yaml has one"


@pytest.mark.parametrize("seen", [N1, "100.64.1.1", "100.64.2.65", "fd00:2::1"])
def test_a_node_may_be_seen_with_its_address_on_the_side_of_its_pods(tmp_path: Path, seen: str) -> None:
    ways = {f"node n1 {B} 8443/tcp": {"from": seen, "at": "b/two"}}
    _, lines = run(tmp_path, "nodes -> b[app=b]:8443\n", world(ways), "nodes ->")
    assert lines[0].endswith(f": open, seen from {seen}")
    ways = {f"node n1 {B} 8443/tcp": {"from": "100.64.1.2", "at": "b/two"}}
    _, lines = run(tmp_path, "nodes -> b[app=b]:8443\n", world(ways), "nodes ->")
    assert lines[0].startswith("FAILED")


def test_udp_is_judged_by_what_arrives(tmp_path: Path) -> None:
    intents = "a -> b[app=b]:53/udp\n"
    ways = {f"a/one {B} 53/udp": {"from": A, "at": "b/two"}}
    code, lines = run(tmp_path, intents, world(ways))
    assert [line[:8] for line in lines[:2]] == ["ok      ", "ok      "]
    assert code == 0
    code, lines = run(tmp_path, intents, world({}))
    assert lines[0].endswith("must be admitted, but arrives from nobody")
    assert code == 1
    code, lines = run(tmp_path, intents, world(ways), PROBE_CAPTURE="no")
    assert [line[:8] for line in lines[:2]] == ["skipped ", "skipped "]
    assert code == 3


def test_a_node_is_a_source_from_another_node_than_the_targets(tmp_path: Path) -> None:
    ways = {f"node n1 {B} 8443/tcp": {"from": N1, "at": "b/two"}}
    code, lines = run(tmp_path, "nodes -> b[app=b]:8443\n", world(ways), "nodes ->")
    assert lines[0].endswith(f"(8443/tcp), {B}:8443: open, seen from {N1}")
    assert code == 0


def test_a_named_port_is_looked_up_in_the_pod(tmp_path: Path) -> None:
    ways = {f"a/one {B} 9187/tcp": {"from": A, "at": "b/two"}}
    code, lines = run(tmp_path, "a -> b[app=b]:metrics\n", world(ways))
    assert (
        lines[0]
        == f"ok      allow  a.intent:1  a -> b[app=b]:metrics  (metrics/tcp), {B}:9187: open, seen from {A}"
    )
    assert code == 0


def test_only_what_is_asked_for_is_tried(tmp_path: Path) -> None:
    _, lines = run(tmp_path, PLAIN, world(THROUGH), "no intent")
    assert lines[-1] == "1 ok, 0 failed, 0 skipped"


INTENTS = """\
{team=payments}[app=web, tier!=replica, role in (rw, ro), has, !legacy], a -> b[app=b]:8443, metrics, 53/udp
a -> b[app=b]:8443 via nodeport 30443 local
a -> b[app=b]:8443 via hostport 18443
a -> monitoring[app=node-exporter]:9100 via hostnetwork
nodes -> b:8443
a -> nodes:10250
a -> 203.0.113.7:443 because "it's $(reboot) `reboot` \\"quoted\\""
assert deny a -> b[app=other]:22
"""


def test_the_script_satisfies_shellcheck(tmp_path: Path) -> None:
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.fail(HOW_TO_GET_IT, pytrace=False)
    path = tmp_path / "probe.sh"
    path.write_text(script(INTENTS))
    done = subprocess.run([checker, path], check=False, capture_output=True, text=True)
    assert done.stdout == ""
    path.write_text(script(INTENTS) + "echo $undefined\n")
    assert subprocess.run([checker, path], check=False, capture_output=True).returncode == 1
    assert len(path.read_text().split("\ncheck ")) >= 12


def test_texts_of_the_user_stay_texts(tmp_path: Path) -> None:
    _, lines = run(tmp_path, INTENTS, world({}), "203.0.113.7")
    said = 'a -> 203.0.113.7:443 because "it\'s $(reboot) `reboot` \\"quoted\\""'
    assert lines[0].startswith(f"FAILED  allow  a.intent:7  {said}  (443/tcp), 203.0.113.7:443")
