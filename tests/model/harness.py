"""Hold the compiler against the model: compile a program, read the bytes, and compare packet by packet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from intentc.compiler import Options, compile_program, load_project, parse_files
from intentc.profile import Project
from tests.model.artifacts import everything_leaves, firewall, policies
from tests.model.model import meaning, members
from tests.model.places import NODE_ADDRESSES, NODE_TAG, WORLD
from tests.model.programs import Program, any_program
from tests.model.wording import files
from tests.model.world import ENTERING_NODE, Cluster, Intent, Isolate, Traffic, World, called

Build = Callable[[Mapping[str, str]], Mapping[str, bytes]]
"""What is held against the model: the files of a project -> the files of its output, or `Refused`."""
GKE_OPENS = {("TCP", 443), ("TCP", 10250)}
"""What GKE itself opens from the control plane to the nodes: a rule may say it again or not.

https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules
"""


class Refused(Exception):
    """The compiler has errors for a program."""


@dataclass(frozen=True)
class Difference:
    """Packets that pass and should not (`gained`), or should and do not (`lost`)."""

    kind: str
    point: str
    here: str
    there: str
    packets: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A program whose output is not what it means; `verdict` is `different`, `refused …` or `crashed …`."""

    verdict: str
    program: Program
    differences: tuple[Difference, ...] = ()


# --- One program --------------------------------------------------------------------------------------------


def compiled(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Compile a project; a profile that was read before is not read again."""
    project = profile(texts.get("intentc.yaml", ""))
    program, diagnostics = parse_files(
        {path: texts[path].encode() for path in sorted(texts) if path.endswith(".intent")}
    )
    result = compile_program(program, project, Options(), diagnostics)
    errors = [
        f"{item.code} {item.message} ({item.span})" for item in result.diagnostics if item.severity == "error"
    ]
    if errors:
        raise Refused("; ".join(errors))
    return {artifact.path: artifact.content for artifact in result.artifacts}


@lru_cache(20_000)
def profile(text: str) -> Project:
    """Return the project of an `intentc.yaml`; without a text, the default one."""
    project, diagnostics = load_project(text.encode() or None)
    if diagnostics:
        raise Refused(f"{diagnostics[0].code} {diagnostics[0].message} ({diagnostics[0].span})")
    return project


def emitted(
    artifacts: Mapping[str, bytes], cluster: Cluster, world: World, tags: tuple[str, ...] = (NODE_TAG,)
) -> Traffic:
    """Return what output admits, with nothing but the bytes to go by."""
    traffic = Traffic()
    rules = "".join(data.decode() for path, data in artifacts.items() if path.endswith("/firewall.tf"))
    traffic.add(firewall(rules, NODE_ADDRESSES[0], tags, world, shut=cluster.firewall == "egress-deny"))
    for path, data in artifacts.items():
        if path.endswith(".yaml"):
            traffic.add(policies(data.decode(), world, cluster.identified))
    return traffic


def meant(items: Iterable[Intent | Isolate], cluster: Cluster, world: World) -> Traffic:
    """Return what a program says and every declared extra, as one answer."""
    traffic = Traffic()
    for part in meaning(items, cluster, world).values():
        traffic.add(part)
    return traffic if cluster.firewall == "egress-deny" else traffic.add(everything_leaves(world))


def differences(wanted: Traffic, found: Traffic, cluster: Cluster, world: World) -> list[Difference]:
    """Return where two answers differ, the packets that GKE lets in anyway left out."""
    result = []
    callers = {called(peer) for peer in members(cluster.control_plane, world)}
    for point, here in sorted(wanted.closed ^ found.closed):
        kind = "lost" if (point, here) in found.closed else "gained"
        if here != "nodes":
            result.append(Difference(kind, point, here, "everybody", ("isolation",)))
    for key in sorted(wanted.passes.keys() | found.passes.keys()):
        left, right = wanted.passes.get(key, set()), found.passes.get(key, set())
        if left == right:
            continue
        anyway = GKE_OPENS if key[0] == ENTERING_NODE and key[2] in callers else set()
        for kind, packets in (("lost", left - right - anyway), ("gained", right - left - anyway)):
            if packets:
                words = tuple(sorted(f"{protocol}/{number}" for protocol, number in packets))
                result.append(Difference(kind, *key, words))
    return result


def compare(program: Program, build: Build = compiled, world: World = WORLD) -> list[Difference]:
    """Return where the output for a program differs from its meaning."""
    artifacts = build(files(program))
    result = []
    for name, place in program.places.items():
        cluster = place.cluster
        own = {path: data for path, data in artifacts.items() if path.startswith(f"{name}/")}
        wanted, found = meant(program.items(name), cluster, world), emitted(own, cluster, world)
        result += differences(wanted, found, cluster, world)
        rules = {path: data for path, data in own.items() if path.endswith("/firewall.tf")}
        elsewhere = emitted(rules, cluster, world, ("another-tag",))
        for (point, _, there), packets in sorted(elsewhere.passes.items()):
            if point == ENTERING_NODE and packets:
                result.append(Difference("gained", point, "a machine that is no node", there, ("something",)))
    return result


# --- Many at random -----------------------------------------------------------------------------------------


def judge(program: Program, build: Build = compiled) -> Failure | None:
    """Return what is wrong with a program, or None."""
    try:
        found = compare(program, build)
    except Refused as refused:
        return Failure(f"refused: {refused}", program)
    except Exception as crash:  # noqa: BLE001 - any crash of the compiler is a finding, whatever its class
        return Failure(f"crashed: {crash!r}", program)
    return Failure("different", program, tuple(found)) if found else None


def shrink(failure: Failure, build: Build = compiled) -> Failure:
    """Return a smallest failure of the same kind: with anything less in its program, it is gone."""

    def kind(failure: Failure | None) -> list[str]:
        return failure.verdict.split()[:2] if failure else []

    while True:
        less = (judge(program, build) for program in failure.program.smaller())
        found = next((smaller for smaller in less if smaller and kind(smaller) == kind(failure)), None)
        if found is None:
            return failure
        failure = found


def differential(seeds: Iterable[int], build: Build = compiled) -> Iterator[tuple[int, Failure]]:
    """Yield the seeds whose programs fail, and how."""
    for seed in seeds:
        failure = judge(any_program(seed), build)
        if failure:
            yield seed, failure


def report(failure: Failure) -> str:
    """Return a failure for people: the program, its cluster, and the first differences."""
    lines = [failure.verdict, *(f"  {name}: {place}" for name, place in failure.program.places.items())]
    for path, text in files(failure.program).items():
        if path.endswith(".intent"):
            lines += [f"  {path}:", *(f"    {line}" for line in text.splitlines())]
    for each in failure.differences[:10]:
        lines.append(f"  {each.kind}: {each.point} {each.here}, {each.there}: {' '.join(each.packets[:8])}")
    return "\n".join(lines)
