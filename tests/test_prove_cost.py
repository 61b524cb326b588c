"""The time of a proof grows with the bytes, whatever their shape, and is a part of loading them as YAML."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable

import pytest
import yaml

from intentc import ir
from intentc.compiler import Options, compile_files
from intentc.profile import Profile
from intentc.prove import prove
from tests.prove_material import DNS_RULE, HEADER, Files, Rule, artifacts, document, pods, ports

Pair = tuple[ir.Pods, ir.Pods, int]
MANY = [f"k{number}" for number in range(12)]


def app(space: str, number: int) -> ir.Pods:
    return pods(space, f"app=a{number}")


def many(space: str, number: int) -> ir.Pods:
    return pods(space, *(f"{key}=v{(number >> index) % 3}" for index, key in enumerate(MANY)))


SHAPES: dict[str, Callable[[int], list[Pair]]] = {
    "random": lambda n: [
        (app(f"n{i * 7 % (n // 20)}", i % 13), app(f"n{i * 31 % (n // 20)}", i % 17), 80 + i % 5)
        for i in range(n)
    ],
    "hub out": lambda n: [(app("hub", 0), app(f"n{i}", 0), 80) for i in range(n)],
    "hub in": lambda n: [(app(f"n{i}", 0), app("hub", 0), 80) for i in range(n)],
    "dense": lambda n: [
        (pods(f"n{i}"), pods(f"n{j}"), 80) for i in range(int(n**0.5)) for j in range(int(n**0.5))
    ],
    "duplicates": lambda n: [(app("a", 0), app("b", 0), 80)] * n,
    "many labels": lambda n: [(many(f"n{i % 20}", i), many(f"n{i % 19}", i * 3), 80) for i in range(n)],
    "all distinct": lambda n: [(app(f"s{i}", i), app(f"t{i}", i), 1 + i) for i in range(n)],
}


def written(flows: list[Pair]) -> Files:
    """Return the files of some flows, one a namespace, with a rule for each peer."""
    sides: dict[tuple[str, ir.Selector, str], dict[ir.Pods, list[ir.Ports]]] = {}
    for source, target, port in dict.fromkeys(flows):
        for mine, other, direction in ((source, target, "Egress"), (target, source, "Ingress")):
            peers = sides.setdefault((str(mine.namespace), mine.pods, direction), {})
            peers.setdefault(other, []).extend(ports(str(port)))
    files: Files = {}
    for number, ((space, found, direction), peers) in enumerate(sides.items()):
        rules: list[Rule] = [((peer,), sorted(set(opened))) for peer, opened in peers.items()]
        if direction == "Egress":
            rules.append(DNS_RULE)
        path = f"kubernetes/{space}.yaml"
        for part in range(0, len(rules), 300):
            name = f"p{number}-{part}"
            text = document(space, name, found, direction, rules[part : part + 300])
            files[path] = files.get(path, HEADER) + text
    return files


def seconds(action: Callable[[], object]) -> float:
    """Return the best of three times, without the collector, which would count every object of the tests."""
    best = 60.0
    for _ in range(3):
        gc.collect()
        gc.disable()
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
        gc.enable()
    return best


def proof_seconds(flows: list[Pair]) -> tuple[float, tuple[ir.Artifact, ...]]:
    policy = ir.Policy("c", tuple(ir.Flow(a, b, ports(str(port))) for a, b, port in flows), (), ())
    files = artifacts(written(flows))
    assert prove(files, policy, Profile(), targets=("kubernetes",))[1] == ()
    return seconds(lambda: prove(files, policy, Profile(), targets=("kubernetes",))), files


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_of_a_proof_grows_with_its_size(shape: str) -> None:
    small, _ = proof_seconds(SHAPES[shape](200))
    large, _ = proof_seconds(SHAPES[shape](1600))
    assert large < small * 8 * 2.5


@pytest.mark.parametrize("shape", ["random", "hub out", "hub in", "dense"])
def test_a_proof_takes_half_the_time_of_loading_the_same_yaml(shape: str) -> None:
    """A quarter is the recogniser's share; the rest derives what the flows need."""
    proof, files = proof_seconds(SHAPES[shape](1000))
    loading = seconds(lambda: [list(yaml.load_all(file.content, Loader=yaml.CSafeLoader)) for file in files])
    assert proof * 2 < loading


def test_many_ports_of_one_range_take_room_in_proportion() -> None:
    """What pods may reach on the nodes is the union of all ports: added up once, not flow by flow."""
    text = "".join(f"a-{number % 50} -> b-{number % 70}:{1 + number * 7}\n" for number in range(3000))
    tracemalloc.start()
    try:
        result = compile_files({"a.intent": text.encode()}, Options())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.artifacts
    assert peak < 100 * 1024**2
