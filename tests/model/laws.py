"""What must stay the same, or change in one way only, when a program is written or put together otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from itertools import product
from random import Random
from typing import Any, TypeVar

from intentc.formatter import layout
from intentc.parser import parse
from intentc.source import SourceFile
from tests.model.harness import Build, compiled, emitted
from tests.model.model import members
from tests.model.places import NAMESPACES, WORLD
from tests.model.programs import Program, Statement, Target, any_program, any_statement
from tests.model.wording import Look, files, project
from tests.model.world import ENTERING_POD, LEAVING_POD, NAMESPACE_LABEL, Pods, Traffic, World

One = TypeVar("One")

RENAMED = {"shop": "store-9", "no": "0x1f", "nodes": "internet"}
"""Other names for namespaces; those of resolvers are given."""


def applied(artifacts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that somebody applies; the others say where a line stood."""
    return {path: data for path, data in artifacts.items() if path.endswith((".yaml", ".tf"))}


def same_bytes(program: Program, texts: Mapping[str, str], build: Build) -> bool:
    """Tell whether other texts give the bytes that a program gives in its plainest look."""
    return applied(build(files(replace(program, look=None)))) == applied(build(texts))


def traffic(program: Program, build: Build, world: World = WORLD) -> Traffic:
    """Return what the output for a program admits on its first cluster."""
    return emitted(on_prod(build(files(program))), program.place.cluster, world)


def on_prod(artifacts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files for the first cluster."""
    return {path: data for path, data in artifacts.items() if path.startswith("prod/")}


def shuffled(values: tuple[One, ...], random: Random) -> tuple[One, ...]:
    """Return values in another order."""
    return tuple(random.sample(values, len(values)))


# --- The bytes stay the same --------------------------------------------------------------------------------


def order(program: Program, random: Random, build: Build) -> bool:
    """Tell whether statements, ends and ports may stand in any order (a range with exceptions is last)."""
    statements = []
    for statement in shuffled(program.statements, random):
        targets = [replace(target, ports=shuffled(target.ports, random)) for target in statement.targets]
        sources = (*shuffled(statement.sources[:-1], random), statement.sources[-1])
        statements.append(replace(statement, sources=sources, targets=shuffled(tuple(targets), random)))
    return same_bytes(program, files(replace(program, statements=tuple(statements), look=None)), build)


def duplication(program: Program, random: Random, build: Build) -> bool:
    """Tell whether saying a thing twice is saying it once."""
    again = (*program.statements, random.choice(program.statements))
    return same_bytes(program, files(replace(program, statements=again, look=None)), build)


def looks(program: Program, random: Random, build: Build) -> bool:
    """Tell whether spaces, comments, line breaks, names for sets and the split into files mean nothing."""
    texts = Look(random, clauses=False).files(program.statements)
    return same_bytes(program, {"intentc.yaml": project(program.places), **texts}, build)


def formatting(program: Program, random: Random, build: Build) -> bool:
    """Tell whether the formatter's layout of a file means the same."""
    texts = files(replace(program, look=random.getrandbits(32)))
    tidy = dict(texts)
    for path in texts.keys() - {"intentc.yaml"}:
        source = SourceFile(path, texts[path])
        tidy[path] = layout(source, parse(source)[0])
    return applied(build(texts)) == applied(build(tidy))


# --- The traffic changes in one way -------------------------------------------------------------------------


def renaming(program: Program, random: Random, build: Build) -> bool:
    """Tell whether namespaces mean the same under other names."""
    del random
    pods = []
    for pod in WORLD.pods:
        name = RENAMED.get(pod.namespace, pod.namespace)
        pods.append(
            replace(pod, namespace=name, namespace_labels={**pod.namespace_labels, NAMESPACE_LABEL: name})
        )
    other = replace(WORLD, pods=tuple(pods))
    text = files(replace(renamed(program), look=None))["program.intent"]
    names = {RENAMED.get(name, name): labels for name, labels in NAMESPACES.items()}
    artifacts = build({"intentc.yaml": project(program.places, names), "program.intent": text})
    found = emitted(on_prod(artifacts), program.place.cluster, other)
    return same_traffic(traffic(program, build), found)


def renamed(value: Any) -> Any:
    """Return a program, or a part of one, that speaks of namespaces by their other names."""
    if isinstance(value, tuple) and len(value) == 3 and value[0] == NAMESPACE_LABEL:
        return (*value[:2], tuple(RENAMED.get(name, name) for name in value[2]))
    if isinstance(value, tuple):
        return tuple(renamed(one) for one in value)
    if isinstance(value, Program | Statement | Target | Pods):
        return replace(value, **{each.name: renamed(getattr(value, each.name)) for each in fields(value)})
    return value


def monotone(program: Program, random: Random, build: Build) -> bool:
    """Tell whether one more intent takes nothing away from pods that were isolated before."""
    more = replace(program, statements=(*program.statements, any_statement(random, program.place)))
    less, found = traffic(program, build), traffic(more, build)
    isolated = all(place in found.closed for place in less.closed)
    return isolated and all(packets <= found.passes.get(key, set()) for key, packets in less.passes.items())


def duality(program: Program, random: Random, build: Build) -> bool:
    """Tell whether plain intents between isolated pods open both ends of a connection or none."""
    plain = [statement for statement in program.statements if pods_only(statement)]
    while not plain:
        plain = [each for each in [any_statement(random, program.place)] if pods_only(each)]
    statements = tuple(replace(statement, kind="direct", number=0, local=False) for statement in plain)
    found = traffic(replace(program, statements=statements), build)
    answering = {end for keep in program.place.keeps for end in members(keep.end, WORLD)}
    return all(
        found.passes.get((LEAVING_POD, source.name, target.name), set())
        == found.passes.get((ENTERING_POD, target.name, source.name), set())
        for source, target in product(WORLD.pods, WORLD.pods)
        if (LEAVING_POD, source.name) in found.closed and (ENTERING_POD, target.name) in found.closed
        if target not in answering
    )


def pods_only(statement: Statement) -> bool:
    """Tell whether an intent is about pods on both sides."""
    ends = [*statement.sources, *(target.endpoint for target in statement.targets)]
    return bool(statement.targets) and all(isinstance(end, Pods) for end in ends)


def union(program: Program, random: Random, build: Build) -> bool:
    """Tell whether two halves, built apart, admit together what the whole admits."""
    cut = random.randint(0, len(program.statements))
    halves = program.statements[:cut], program.statements[cut:]
    together = Traffic()
    for half in halves:
        together.add(traffic(replace(program, statements=half), build))
    return same_traffic(together, traffic(program, build))


def same_traffic(left: Traffic, right: Traffic) -> bool:
    """Tell whether two answers are one; a pair of ends without a packet is no pair."""
    rows = [{key: packets for key, packets in side.passes.items() if packets} for side in (left, right)]
    return left.closed == right.closed and rows[0] == rows[1]


LAWS: dict[str, Callable[[Program, Random, Build], bool]] = {
    "order": order,
    "duplication": duplication,
    "looks": looks,
    "formatting": formatting,
    "renaming": renaming,
    "monotone": monotone,
    "duality": duality,
    "union": union,
}


def broken(seed: int, build: Build = compiled) -> list[str]:
    """Return the names of the laws that do not hold for the program of a seed."""
    program = any_program(seed)
    random = Random(seed)
    return [name for name, law in LAWS.items() if not law(program, random, build)]
