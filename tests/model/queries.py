"""Random questions to `intentc why`, held against the model: who passes every hop over every placement."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from random import Random

from intentc.answers.why import answers, ask
from intentc.compiler import load_project, parse_files
from intentc.diagnostics import has_errors
from tests.model.harness import GKE_OPENS, meant
from tests.model.model import members, walk
from tests.model.places import NAMESPACES, NODE_ADDRESSES, NODE_PORTS, NUMBERS, WORLD, Place
from tests.model.programs import GOOGLE_COMES, NODES, WRITTEN, Program, any_program
from tests.model.wording import endpoint, files
from tests.model.world import (
    ENTERING_NODE,
    ENTERING_POD,
    LEAVING_NODE,
    LEAVING_POD,
    NAMESPACE_LABEL,
    SILENT,
    Intent,
    Isolate,
    Pod,
    Pods,
    Ranges,
    Requirement,
    Traffic,
    World,
)

SINGLE = [pod for pod in WORLD.pods if not pod.host_network]
STARTS = {True: "pod", False: "outside"}


@dataclass(frozen=True)
class Query:
    """Two ends, one port and a path; with `exact`, pods have no label that is not named."""

    source: Pods | Ranges
    target: Pods | Ranges
    port: tuple[str, int]
    kind: str = "direct"
    number: int = 0
    local: bool = False
    exact: bool = True

    @property
    def text(self) -> str:
        """Return the question as an intent."""
        protocol, number = self.port
        word = "only" if self.kind in SILENT else "via"
        via = "" if self.kind == "direct" else f" {word} {self.kind}"
        via += f" {self.number}" if self.number else ""
        ends = f"{endpoint(self.source)} -> {endpoint(self.target)}"
        return f"{ends}:{number}/{protocol.lower()}{via}{' local' if self.local else ''}"


def only(pod: Pod) -> Pods:
    """Return the pods with exactly the labels of this one, as far as the language can say it."""
    labels: list[Requirement] = []
    for key, value in pod.labels.items():
        if value:
            labels.append((key, "=", (value,)))
        else:  # the language writes no empty value: neither of those that anybody names
            labels += [(key, "exists", ()), (key, "notin", ("no", "yes"))]
    return Pods(((NAMESPACE_LABEL, "=", (pod.namespace,)),), tuple(labels))


def any_query(random: Random, items: Iterable[Intent | Isolate]) -> Query:
    """Return a question: often near to what the program says, else anything."""
    near = [item for item in items if isinstance(item, Intent)]
    port = random.choice(("TCP", "TCP", "UDP")), random.choice(NUMBERS)
    source: Pods | Ranges = only(random.choice(SINGLE))
    target: Pods | Ranges = only(random.choice(SINGLE))
    kind, number, local = "direct", 0, False
    if near and random.random() < 0.8:
        item = random.choice(near)
        sources = [pod for pod in members(item.source, WORLD) if isinstance(pod, Pod)]
        targets = [pod for pod in members(item.target, WORLD) if isinstance(pod, Pod)]
        source = only(random.choice(sources)) if sources and isinstance(item.source, Pods) else source
        target = only(random.choice(targets)) if targets and isinstance(item.target, Pods) else target
        source = item.source if isinstance(item.source, Ranges) else source
        first = random.choice(item.ports)
        if not first.name and random.random() < 0.9:
            port = first.protocol, random.choice((first.first, first.last))
        if random.random() < 0.7:
            kind, number, local = item.kind, item.number, item.local
    elif random.random() < 0.3:
        source = random.choice((NODES, *GOOGLE_COMES, *WRITTEN))
    if isinstance(source, Ranges) and source.word in ("cidr", "internet"):
        # One address: the model knows some of a range, and an answer speaks of all.
        known = [str(who) for who in members(source, WORLD) if isinstance(who, str)]
        one = random.choice(known or ["203.0.113.7"])
        source = Ranges("cidr", (f"{one}/{128 if ':' in one else 32}",))
    if kind == "direct" and random.random() < 0.15:
        kind, number, local = "nodeport", random.choice(NODE_PORTS), random.random() < 0.4
    if isinstance(source, Ranges) and kind in ("hostport", "hostnetwork"):
        kind, number = "direct", 0
    if isinstance(source, Ranges) and source.word == "control-plane":
        kind, number, local = "direct", 0, False
    if isinstance(source, Ranges) and source.word == "nodes" and kind == "loadbalancer":
        kind, number, local = "direct", 0, False
    if isinstance(source, Pods) and kind == "loadbalancer":
        kind, number = "nodeport", NODE_PORTS[0]
    return Query(source, target, port, kind, number, local)


# --- What the model says ------------------------------------------------------------------------------------


@lru_cache(1000)
def placements(
    start: str, kind: str, local: bool, masquerades: bool
) -> tuple[tuple[tuple[str, str, str, str], ...], ...]:
    """Return the hops of every placement on which a connection arrives, each course once."""
    nodes = ("n1", "n2", "n3")
    starts = ("",) if start == "outside" else nodes
    courses = (
        walk(start, kind, local, at, dialled, home, masquerades)
        for at, dialled, home in product(starts, nodes, nodes)
    )
    return tuple(dict.fromkeys(tuple(course) for course in courses if course is not None))


def verdict(query: Query, place: Place, traffic: Traffic, world: World = WORLD) -> str:
    """Return whether all, some or none of the connections pass, over all members and placements."""
    start = "pod" if isinstance(query.source, Pods) else "outside"
    start = "host" if query.source == NODES else start
    passed = set()
    for course in placements(start, query.kind, query.local, place.masquerades):
        if start == "host" and not course:
            continue  # a node and its own pods: no layer looks
        for source, target in product(members(query.source, world), members(query.target, world)):
            passed.add(all(_passes(hop, source, target, query, place, traffic) for hop in course))
    if not passed:
        return "nothing"
    return "some" if len(passed) == 2 else "all" if True in passed else "none"


def _passes(
    hop: tuple[str, str, str, str],
    source: Pod | str,
    target: Pod | str,
    query: Query,
    place: Place,
    traffic: Traffic,
) -> bool:
    point, seen, to, which = hop
    packet = query.port if which == "port" else (query.port[0], query.number)
    ends: Mapping[str, Pod | str] = {
        "source": source,
        "target": target,
        "node": NODE_ADDRESSES[0],
        "balancer": NODE_ADDRESSES[0],
    }
    if point == LEAVING_POD:
        return traffic.admits(LEAVING_POD, ends[seen], ends[to], packet)
    if point == ENTERING_POD:
        return traffic.admits(ENTERING_POD, ends[to], ends[seen], packet)
    managed = place.firewall == "gke-managed"
    if managed and not (point == ENTERING_NODE and isinstance(query.source, Ranges) and seen == "source"):
        return True
    if managed and (query.source == NODES or to == "balancer"):
        return True
    if point == ENTERING_NODE:
        calls_back = isinstance(query.source, Ranges) and query.source.word == "control-plane"
        if calls_back and seen == "source" and packet in GKE_OPENS:
            return True
        return traffic.admits(ENTERING_NODE, "nodes", ends[seen], packet)
    return place.firewall != "egress-deny" or traffic.admits(LEAVING_NODE, "nodes", ends[to], packet)


# --- Both ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Disagreement:
    """A question on which the two do not agree."""

    seed: int
    query: Query
    answer: str
    model: str


def disagreements(seed: int, count: int, counts: Counter[str]) -> Iterator[Disagreement]:
    """Ask `count` questions about the program of a seed; `counts` takes what was answered."""
    program = any_program(seed)
    random = Random(seed)
    texts = files(program)
    project, _ = load_project(texts["intentc.yaml"].encode())
    tree, problems = parse_files({p: t.encode() for p, t in sorted(texts.items()) if p.endswith(".intent")})
    assert not has_errors(problems)
    for profile in project.clusters:
        place = program.places[profile.name]
        items = program.items(profile.name)
        traffic = meant(items, place.cluster, WORLD)
        for _ in range(count):
            query = any_query(random, items)
            if not {query.port, (query.port[0], query.number or query.port[1])} <= WORLD.packets:
                continue
            question, problems = ask(query.text, tree, project)
            assert question is not None, (query.text, problems)
            found, problems = answers(question, project, profile, exact=query.exact)
            assert len(found) == 1, (seed, query.text, problems)
            wanted = verdict(query, place, traffic)
            got = found[0].verdict
            counts[f"{wanted}, answered {got}"] += 1
            if not _agree(got, wanted, program):
                yield Disagreement(seed, query, got, wanted)


def _agree(got: str, wanted: str, program: Program) -> bool:
    """Tell whether an answer is right.

    The model's pods have given their ports names; where a program speaks of names, what a number is depends
    on the pod, and `some` is the answer.
    """
    if wanted in (got, "nothing"):
        return True
    named = any(port.name for one in program.statements for target in one.targets for port in target.ports)
    return got == "some" and named


# --- Examples -----------------------------------------------------------------------------------------------

EXAMPLE = re.compile(r"(\S+?)(?:\[(.*?)\])? -> (\S+?)(?:\[(.*?)\])? (TCP|UDP|SCTP) ([0-9]+)")


def wrong_examples(seed: int, counts: Counter[str]) -> Iterator[str]:
    """Ask about sets of pods, and yield each smallest connection that the model does not see as it is told.

    The pods of an example are put into the model's world. Port names are left out: such pods have none.
    """
    program, random = any_program(seed), Random(seed)
    if any(port.name for one in program.statements for target in one.targets for port in target.ports):
        return
    texts = files(program)
    project, _ = load_project(texts["intentc.yaml"].encode())
    tree, _ = parse_files({p: t.encode() for p, t in sorted(texts.items()) if p.endswith(".intent")})
    profile, place = project.clusters[0], program.place
    items = program.items(profile.name)
    for _ in range(3):
        query = any_query(random, items)
        if not isinstance(query.source, Pods) or query.kind != "direct":
            continue
        wide = replace(query, source=_wider(query.source, random), target=_wider(query.target, random))
        question, _ = ask(wide.text, tree, project)
        assert question is not None
        (found,), _ = answers(question, project, profile)
        if found.verdict != "some":
            continue
        for told, text in (("admitted", found.admitted), ("refused", found.refused)):
            example = EXAMPLE.fullmatch(text)
            if example is None or not {example[1], example[3]} <= NAMESPACES.keys():
                continue  # a refusal by the firewall speaks of ranges
            counts[told] += 1
            single, world = _single(example)
            got = verdict(single, place, meant(items, place.cluster, world), world)
            if got == ("none" if told == "admitted" else "all"):
                yield f"seed {seed}: {wide.text}: {told} {text}"


def _wider(end: Pods | Ranges, random: Random) -> Pods | Ranges:
    """Return an end with fewer labels."""
    if isinstance(end, Ranges):
        return end
    return replace(end, labels=tuple(each for each in end.labels if random.random() < 0.4))


def _single(example: re.Match[str]) -> tuple[Query, World]:
    """Return a question about the two pods of an example, and a world in which they are."""
    pods: list[Pod] = []
    for name, namespace, labels in (("one", example[1], example[2]), ("two", example[3], example[4])):
        carried = dict(label.split("=") for label in (labels or "").split(", ") if label)
        spaces = {NAMESPACE_LABEL: namespace, **NAMESPACES[namespace]}
        pods.append(Pod(name, namespace, spaces, {**carried, "example": name}, f"100.65.0.{len(pods) + 1}"))
    packet = example[5], int(example[6])
    world = World((*WORLD.pods, *pods), WORLD.addresses, WORLD.packets | {packet})
    source, target = (
        Pods(((NAMESPACE_LABEL, "=", (pod.namespace,)),), (("example", "=", (pod.name,)),)) for pod in pods
    )
    return Query(source, target, packet), world


def main() -> int:
    """Ask five questions about each of as many random programs as are wanted; 1 when any is wrong."""
    counts: Counter[str] = Counter()
    wrong = 0
    for seed in range(int(sys.argv[1])):
        for found in disagreements(seed, 5, counts):
            wrong += 1
            sys.stdout.write(f"seed {found.seed}: {found.query.text}: {found.answer}, model {found.model}\n")
    sys.stdout.write(f"{sum(counts.values()):,} questions, {wrong:,} wrong: {dict(counts)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
