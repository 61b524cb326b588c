"""What is imported admits what the policies admit, by the reference model, whoever wrote them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from intentc.adoption import Adoption, adopt
from intentc.compiler import Options, compile_files, compile_program, parse_files
from intentc.ir import Artifact
from intentc.profile import Project
from tests.adoption.policies import any_policies
from tests.model.artifacts import policies
from tests.model.model import evaluate_policies
from tests.model.pairs import compiled
from tests.model.places import WORLD
from tests.model.programs import any_program
from tests.model.world import ENTERING_POD, LEAVING_POD, Pod, Traffic, World

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
COUNT = 150
ONE = ("kubernetes",)
RESOLVING = frozenset({("UDP", 53), ("TCP", 53)})


def adopted(documents: Iterable[object], *, allow_residue: bool = False) -> Adoption:
    files = [(f"{number}.yaml", json.dumps(tree).encode(), "") for number, tree in enumerate(documents)]
    return adopt(files, Project(), targets=ONE, with_dns=True, allow_residue=allow_residue)


def built(text: str) -> list[dict[str, Any]]:
    """Return the policies of a build of these intents."""
    result = compile_files({"a.intent": text.encode()}, Options(targets=ONE))
    assert not [item for item in result.diagnostics if item.severity == "error"]
    return [
        document
        for artifact in result.artifacts
        if artifact.path.endswith(".yaml")
        for document in yaml.safe_load_all(artifact.content)
    ]


def is_resolver(peer: Pod | str) -> bool:
    is_pod = isinstance(peer, Pod) and peer.namespace == "kube-system" and not peer.host_network
    return is_pod and isinstance(peer, Pod) and peer.labels.get("k8s-app") == "kube-dns"


def differing(wanted: Traffic, found: Traffic, world: World, *, less: bool = False) -> list[tuple[Any, ...]]:
    """Return the packets on which two answers differ, but for those that a build always adds."""
    differences = []
    for point, here, there in product((LEAVING_POD, ENTERING_POD), world.pods, world.peers):
        if here.host_network:
            continue
        keeps = RESOLVING if point == LEAVING_POD and is_resolver(there) else frozenset()
        for packet in world.packets:
            before = wanted.admits(point, here, there, packet)
            after = found.admits(point, here, there, packet)
            if before != after and not (after and packet in keeps) and not (before and less):
                differences.append((point, here.name, there, packet, before))
    return differences


def test_random_policies_are_adopted_exactly_or_refused() -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(COUNT):
        documents = any_policies(seed)
        adoption = adopted(documents)
        codes = {item.code for item in adoption.diagnostics if item.severity == "error"}
        assert codes <= {"E760"}, (seed, adoption.diagnostics)
        if codes:
            verdicts["refused"] += 1
            adoption = adopted(documents, allow_residue=True)
            assert {item.code for item in adoption.diagnostics if item.code != "W761"} == {"W760"}, seed
        else:
            verdicts["adopted"] += 1
        wanted = evaluate_policies(documents, WORLD)
        found = evaluate_policies(built(adoption.text), WORLD)
        assert differing(wanted, found, WORLD, less=bool(codes)) == [], seed
    assert min(verdicts.values()) > COUNT // 10


def test_what_is_built_is_adopted_again() -> None:
    """Whatever the clusters are like; only policies of other kinds, which some need, are refused."""
    verdicts: Counter[str] = Counter()
    for seed in range(COUNT):
        result = compiled(any_program(seed))
        for cluster in result.clusters if result is not None else ():
            project = replace(Project(), clusters=(cluster.profile,), declared=True)
            files = policy_files(cluster.artifacts)
            adoption = adopt(((path, data, "") for path, data in files.items()), project, targets=ONE)
            codes = {item.code for item in adoption.diagnostics if item.severity == "error"}
            assert codes <= {"E760"}, (seed, adoption.diagnostics)
            verdicts["refused" if codes else "adopted"] += 1
            if codes or not adoption.policies:
                continue
            tree, problems = parse_files({"a.intent": adoption.text.encode()})
            again = compile_program(tree, project, Options(targets=ONE), problems)
            wanted, found = traffic(files), traffic(policy_files(again.artifacts))
            assert differing(wanted, found, WORLD) == [], seed
    assert verdicts["adopted"] > 2 * verdicts["refused"] > 0


def policy_files(artifacts: Iterable[Artifact]) -> dict[str, bytes]:
    return {item.path: item.content for item in artifacts if item.path.endswith(".yaml")}


def traffic(files: dict[str, bytes]) -> Traffic:
    answer = Traffic()
    for content in files.values():
        answer.add(policies(content.decode(), WORLD))
    return answer


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the public policies are not part of a clone")
@pytest.mark.parametrize("name", ["boutique/policies", *(f"recipes/{number:02}" for number in range(1, 15))])
def test_public_policies_are_adopted_exactly(name: str) -> None:
    paths = sorted((CORPORA / name).glob("*.yaml")) or sorted((CORPORA).glob(f"{name}*.yaml"))
    for group in [paths] if name.startswith("boutique") else [[path] for path in paths]:
        documents = [tree for path in group for tree in yaml.safe_load_all(path.read_text()) if tree]
        files = [(path.name, path.read_bytes(), "default") for path in group]
        adoption = adopt(files, Project(), with_dns=True)
        assert {item.code for item in adoption.diagnostics} <= {"W761"}
        world = world_of(documents)
        wanted = evaluate_policies(documents, world)
        assert differing(wanted, evaluate_policies(built(adoption.text), world), world) == []


def world_of(documents: Iterable[dict[str, Any]]) -> World:
    """Return pods that wear the labels these policies speak of, and some that do not."""
    labels: dict[str, dict[str, str]] = {}

    def collect(tree: object) -> None:
        if isinstance(tree, dict):
            for key, value in tree.items():
                if key == "matchLabels" and value:
                    labels[json.dumps(value, sort_keys=True)] = value
                collect(value)
        for item in tree if isinstance(tree, list) else ():
            collect(item)

    collect(list(documents))
    sets = [{}, *labels.values()]
    pods = []
    for place, (space, own) in enumerate(product(("default", "other", "kube-system"), sets)):
        for number, carried in enumerate(sets):
            name = {"kubernetes.io/metadata.name": space}
            address = f"100.64.{place}.{number + 1}"
            pods.append(Pod(f"{place}/{number}", space, {**own, **name}, carried, address))
    packets = frozenset({("TCP", 53), ("UDP", 53), ("TCP", 80), ("TCP", 5000), ("TCP", 8080), ("TCP", 7070)})
    return World(tuple(pods), ("203.0.113.7", "10.1.2.3", "2001:db8::1"), packets)
