"""Random pairs of programs: the old output with what `intentc diff` says applied is the new one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random

from intentc import ir
from intentc.answers.diff import Changes, FlowChange, OpeningChange, changes
from intentc.compiler import Options, Result, compile_program, load_project, parse_files
from tests.model.harness import emitted
from tests.model.model import numbers
from tests.model.places import NODE_ADDRESSES, WORLD, Place, any_place
from tests.model.programs import Program, any_program
from tests.model.wording import files
from tests.model.world import (
    ENTERING_NODE,
    ENTERING_POD,
    LEAVING_NODE,
    LEAVING_POD,
    Pod,
    Ports,
    Traffic,
    called,
    in_ranges,
)

POINTS = {"egress": LEAVING_POD, "ingress": ENTERING_POD}


def any_pair(seed: int) -> tuple[Program, Program]:
    """Return two programs: usually a small edit of each other, at times of the profile."""
    random = Random(seed)
    old = any_program(seed)
    kind = random.random()
    if kind < 0.15:
        return old, replace(any_program(seed + 1_000_000_007), place=old.place, dev=old.dev)
    statements = list(old.statements)
    others = list(any_program(seed + 2_000_000_011).statements)
    if kind < 0.75:
        for _ in range(random.choice((1, 1, 2))):
            if statements and random.random() < 0.6:
                statements.pop(random.randrange(len(statements)))
            if random.random() < 0.7:
                statements.insert(random.randrange(len(statements) + 1), random.choice(others))
    place: Place = old.place
    if kind > 0.6:
        place = replace(any_place(random), firewall=old.place.firewall)
    kept = tuple(replace(each, on="") if old.dev is None else each for each in statements)
    return old, replace(old, statements=kept or old.statements, place=place)


def compiled(program: Program) -> Result | None:
    """Return a compiled program, None for one that the language refuses."""
    texts = files(program)
    project, _ = load_project(texts["intentc.yaml"].encode())
    tree, problems = parse_files({p: t.encode() for p, t in sorted(texts.items()) if p.endswith(".intent")})
    result = compile_program(tree, project, Options(), problems)
    return None if any(item.severity == "error" for item in result.diagnostics) else result


def traffic_of(result: Result, program: Program, name: str) -> Traffic:
    """Return what the artifacts of one cluster let pass."""
    own = {item.path: item.content for item in result.artifacts if item.path.startswith(f"{name}/")}
    return emitted(own, program.places[name].cluster, WORLD)


def members(end: ir.Endpoint) -> list[Pod | str]:
    """Return who an end of a change means."""
    if isinstance(end, ir.Addresses) and end.word == "nodes" and not end.blocks:
        # Cilium's entities: the nodes by what they are, not by an address.
        hosts = [pod for pod in WORLD.pods if pod.host_network]
        return [*NODE_ADDRESSES, *hosts]
    if isinstance(end, ir.Addresses):
        blocks = [(block.cidr, block.excepts) for block in end.blocks]
        return [who for who in WORLD.peers if any(in_ranges(who, (cidr,), holes) for cidr, holes in blocks)]
    return [
        pod
        for pod in WORLD.pods
        if not pod.host_network
        and all(_holds(each, pod.namespace_labels) for each in end.namespaces)
        and all(_holds(each, pod.labels) for each in end.pods)
    ]


def _holds(requirement: ir.Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    return {
        "In": value in requirement.values,
        "NotIn": value not in requirement.values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[requirement.operator]


def packets(ports: Iterable[ir.Ports], target: Pod | str) -> frozenset[tuple[str, int]]:
    """Return the packets that ports mean at a target."""
    return numbers(tuple(Ports(*port) for port in ports), target, WORLD)


def applied(old: Traffic, found: Changes) -> Traffic:
    """Return the old traffic with a diff applied, what is lost before what is gained."""
    closed = set(old.closed)
    passes = {key: set(value) for key, value in old.passes.items()}
    for isolation in found.isolations:
        for pod in members(isolation.pods):
            place = POINTS[isolation.direction], called(pod)
            if isolation.kind == "isolated":
                assert place not in closed, isolation
                closed.add(place)
            else:
                assert place in closed, isolation
                closed.discard(place)
                for key in [key for key in passes if key[:2] == place]:
                    del passes[key]
    for kind in ("lost", "gained", "kept"):
        for flow in found.flows:
            if flow.kind == kind:
                for layer in flow.layers:
                    _apply(passes, flow, POINTS[layer], lost=kind == "lost")
        for opening in found.openings:
            if opening.kind == kind:
                _open(passes, opening, lost=kind == "lost")
    return Traffic(closed, passes)


def _apply(
    passes: dict[tuple[str, str, str], set[tuple[str, int]]], flow: FlowChange, point: str, *, lost: bool
) -> None:
    mine, other = (flow.source, flow.target) if point == LEAVING_POD else (flow.target, flow.source)
    for here in members(mine):
        for there in members(other):
            target = there if point == LEAVING_POD else here
            moved = packets(flow.ports, target) - packets(flow.unless, target)
            its = passes.setdefault((point, called(here), called(there)), set())
            if lost:
                its -= moved
            else:
                its |= moved


def _open(
    passes: dict[tuple[str, str, str], set[tuple[str, int]]], opening: OpeningChange, *, lost: bool
) -> None:
    point = ENTERING_NODE if opening.direction == "into" else LEAVING_NODE
    for there in members(opening.far):
        its = passes.setdefault((point, "nodes", called(there)), set())
        moved = packets(opening.ports, "")
        if lost:
            its -= moved
        else:
            its |= moved


def differences(seed: int) -> list[str]:
    """Return where the old output of a pair with its diff applied is not the new; nothing when it is."""
    old, new = any_pair(seed)
    before, after = compiled(old), compiled(new)
    if before is None or after is None:
        return []
    found, problems = changes(before.clusters, after.clusters)
    if problems:
        return [f"unreadable: {problem.message}" for problem in problems]
    wrong = []
    for one in found:
        first, second = traffic_of(before, old, one.cluster), traffic_of(after, new, one.cluster)
        if old.places[one.cluster].firewall != new.places[one.cluster].firewall:
            continue
        result = applied(first, one)
        wrong += [f"isolation of {place}" for place in sorted(result.closed ^ second.closed)]
        for key in sorted(result.passes.keys() | second.passes.keys()):
            if key[:2] not in second.closed:
                continue
            got, wanted = result.passes.get(key, set()), second.passes.get(key, set())
            if got != wanted:
                wrong.append(f"{key}: {sorted(got ^ wanted)[:4]}, {'lost' if wanted - got else 'gained'}")
    return wrong


def main() -> int:
    """Compare as many random pairs as the command line says; 1 when any is wrong."""
    wrong = 0
    for seed in range(int(sys.argv[1])):
        if found := differences(seed):
            wrong += 1
            sys.stdout.write(f"seed {seed}: {found[:3]}\n")
    sys.stdout.write(f"{int(sys.argv[1]):,} pairs, {wrong:,} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
