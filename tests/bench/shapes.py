"""The seven shapes of program that find out whether something is not linear."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

PORTS = (80, 443, 3306, 5432, 6379, 8080, 8443, 9090)

Lines = Iterator[str]


def _names(count: int, per: int = 20) -> list[str]:
    """Return the namespaces of a program of `count` intents, one for every `per`."""
    return [f"team-{number}" for number in range(max(2, count // per))]


def random_pairs(count: int, rng: random.Random) -> Lines:
    """Connect any namespace to any other, some by label: what an organisation looks like."""
    names = _names(count)
    for _ in range(count):
        source, target = rng.sample(names, 2)
        label = f"[app=web-{rng.randrange(20)}]" if rng.random() < 0.5 else ""
        yield f"{source}{label} -> {target}[app=db-{rng.randrange(20)}]:{rng.choice(PORTS)}"


def hub_out(count: int, rng: random.Random) -> Lines:
    """Take everything from one namespace: one policy with very many peers."""
    for number in range(count):
        yield f"hub -> team-{number}:{rng.choice(PORTS)}"


def hub_in(count: int, rng: random.Random) -> Lines:
    """Bring everything to one namespace."""
    for number in range(count):
        yield f"team-{number} -> hub:{rng.choice(PORTS)}"


def dense(count: int, rng: random.Random) -> Lines:
    """Name few namespaces, each pair with very many ports."""
    names = _names(count, 500)
    for number in range(count):
        yield f"{rng.choice(names)} -> {rng.choice(names)}-x:{1024 + number * 7 % 60000}"


def duplicates(count: int, rng: random.Random) -> Lines:
    """Say the same few lines again and again."""
    lines = [f"team-{number} -> data[app=db]:{rng.choice(PORTS)}" for number in range(max(1, count // 100))]
    for _ in range(count):
        yield rng.choice(lines)


def many_labels(count: int, rng: random.Random) -> Lines:
    """Write selectors of six labels with values of their own."""
    names = _names(count)
    for _ in range(count):
        labels = ", ".join(f"key-{key}=value-{rng.randrange(6)}" for key in range(6))
        yield f"{rng.choice(names)}[{labels}] -> {rng.choice(names)}-x[{labels}]:{rng.choice(PORTS)}"


def all_distinct(count: int, rng: random.Random) -> Lines:
    """Name nothing twice."""
    for number in range(count):
        yield f"a-{number}[app=web-{number}] -> b-{number}[app=db-{number}]:{rng.randrange(1024, 65536)}"


SHAPES: dict[str, Callable[[int, random.Random], Lines]] = {
    "random": random_pairs,
    "hub-out": hub_out,
    "hub-in": hub_in,
    "dense": dense,
    "duplicates": duplicates,
    "many-labels": many_labels,
    "all-distinct": all_distinct,
}


def write(folder: Path, shape: str, count: int, seed: int = 1) -> Path:
    """Write a project of `count` intents below `folder`, and return it."""
    intents = folder / "intents"
    intents.mkdir(parents=True)
    rng = random.Random(seed)
    with (intents / "program.intent").open("w") as file:
        for line in SHAPES[shape](count, rng):
            file.write(f"{line}\n")
    return folder
