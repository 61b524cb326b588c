"""Random programs, compiled and applied: packets between every two ends go as the prover says."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from intentc import ir
from intentc.compiler import Options, compile_files
from intentc.diagnostics import has_errors
from intentc.prove.admits import Admissions
from intentc.prove.emitted import read
from intentc.prove.intended import Meaning
from intentc.prove.numbers import Numbers
from intentc.prove.regions import Budget
from intentc.prove.shapes import Admitted, Shapes
from tests.e2e.building import Built, build
from tests.e2e.cluster import Cluster
from tests.e2e.observing import Observer
from tests.e2e.prober import Probe
from tests.e2e.truth_rows import apply
from tests.e2e.world import (
    COVERING,
    HOST_PORT,
    LOCAL_NODE_PORT,
    NAMESPACES,
    NODE_PORT,
    NODE_RANGE,
    NODES,
    OUTSIDE,
    POD_PORT,
    POD_RANGE,
    PODS,
    Pod,
    Port,
    project,
)

LABELS = {"app": ("another", "your-app-a", "your-app-b"), "k8s-app": ("kube-dns", "metrics")}
PODS_ALONE = {name: pod for name, pod in PODS.items() if not pod.host_network}
STRANGERS = ("ext", "stranger", "GFE")
DOORS = {
    NODE_PORT: ir.Path("nodeport", NODE_PORT),
    LOCAL_NODE_PORT: ir.Path("nodeport", LOCAL_NODE_PORT, local=True),
    HOST_PORT: ir.Path("hostport", HOST_PORT),
}
WAITS = (0.4, 1.2)
STEPS = 10_000_000


class Verdict(NamedTuple):
    """What the prover says of some connections: all of them pass, or none does."""

    probes: tuple[Probe, ...]
    passes: bool


def compare(cluster: Cluster, observer: Observer, seeds: range) -> tuple[dict[str, int], list[str]]:
    """Return how much was compared, and every connection on which packets and the prover differ."""
    counts = {"programs": 0, "connections": 0, "admitted": 0}
    wrong: list[str] = []
    for seed in seeds:
        text, built = _any_build(seed)
        apply(cluster, built, COVERING)
        verdicts = list(_verdicts(cluster, observer, built))
        counts["programs"] += 1
        counts["connections"] += sum(len(verdict.probes) for verdict in verdicts)
        counts["admitted"] += sum(len(verdict.probes) for verdict in verdicts if verdict.passes)
        found = _differences(cluster, verdicts)
        wrong += [f"seed {seed}: {probe} {how}, unlike the prover says; of:\n{text}" for probe, how in found]
    _, other = _any_build(seeds[0])
    if not _differences(cluster, list(_verdicts(cluster, observer, other))):
        wrong.append("packets of the last program go as the prover says of the first: nothing was compared")
    return counts, wrong


def _differences(cluster: Cluster, verdicts: list[Verdict]) -> list[tuple[Probe, str]]:
    """Return the connections that pass and should not, or do not and should."""
    answers = cluster.ask((probe for verdict in verdicts for probe in verdict.probes), WAITS)
    return [
        (probe, "does not pass" if verdict.passes else "passes")
        for verdict in verdicts
        for probe in verdict.probes
        if (answers[probe] is not None) != verdict.passes
    ]


# --- Programs ----------------------------------------------------------------------------------------------


def _any_build(seed: int) -> tuple[str, Built]:
    """Return the first random program of a seed that compiles, and what it becomes."""
    random = Random(seed)
    for _ in range(100):
        text = "\n".join(_statement(random) for _ in range(random.randint(1, 5)))
        files = {"intentc.yaml": project(masquerade=COVERING).encode(), "a.intent": text.encode() + b"\n"}
        if not has_errors(compile_files(files, Options()).diagnostics):
            return text, build(text, masquerade=COVERING)
    raise AssertionError(f"no program of seed {seed} compiles")


def _statement(random: Random) -> str:
    kind = random.random()
    if kind < 0.12:
        return f"isolate {_pods(random)}{random.choice(('', ' ingress', ' egress'))}"
    if kind < 0.3:
        door = random.choice(
            (f"nodeport {NODE_PORT}", f"nodeport {LOCAL_NODE_PORT} local", f"hostport {HOST_PORT}")
        )
        source = random.choice((_pods(random), "203.0.113.0/24"))
        if door.startswith("hostport"):
            source = _pods(random)
        return f"{source} -> namespace-b[app=your-app-b]:{POD_PORT} via {door}"
    if kind < 0.4:
        return f"{_pods(random)} -> {random.choice(('203.0.113.0/24', 'internet'))}:{_ports(random)}"
    source = ", ".join(_source(random) for _ in range(random.choice((1, 1, 2))))
    target = ", ".join(f"{_pods(random)}:{_ports(random)}" for _ in range(random.choice((1, 1, 2))))
    return f"{source} -> {target}"


def _source(random: Random) -> str:
    others = ("nodes", "203.0.113.0/24", "google-health-checks", "203.0.113.0/24 except 203.0.113.0/28")
    return random.choice(others) if random.random() < 0.2 else _pods(random)


def _pods(random: Random) -> str:
    spaces = [*NAMESPACES, "namespace-a", "namespace-b", "other"]
    where = random.choice((*spaces, *spaces, "{team=one}", "{team!=one}", "*"))
    if random.random() < 0.5:
        return where
    key = random.choice(list(LABELS))
    value, other = random.choice(LABELS[key]), random.choice(LABELS[key])
    chosen = (f"{key}={value}", f"{key}!={value}", f"{key} in ({value}, {other})", key, f"!{key}")
    return f"{where}[{random.choice(chosen)}]"


def _ports(random: Random) -> str:
    return random.choice(("8443", "9000", "9000/udp", "8000-8999", "53/udp", "8443, 9000/udp", "*", "53"))


# --- Verdicts ----------------------------------------------------------------------------------------------


def _verdicts(cluster: Cluster, observer: Observer, built: Built) -> Iterator[Verdict]:
    """Yield what the prover says of every two ends, from the emitted bytes alone."""
    shapes = Shapes()
    found = built.cluster
    emitted, problems = read(_inside(found.artifacts), found.profile, shapes, own_shape=True)
    assert not problems, problems
    meaning = Meaning(found.policy, found.profile, shapes)
    asks = Admissions(emitted, meaning, shapes, Budget(STEPS), with_firewall=False)
    whole = Admissions(emitted, meaning, shapes, Budget(STEPS), with_firewall=True)
    ends = [*PODS_ALONE, *NODES, *STRANGERS]
    for source in ends:
        for name, target in PODS_ALONE.items():
            for port in target.listens:
                if name == source or (source in NODES and source == target.node):
                    continue  # a pod to itself, a node to its own pods: never decided by anybody
                flow = ir.Flow(_end(source), _end(name), _port(port))
                probe = Probe(cluster.place(source), port[0], observer.address(name), port[1])
                passes = _is_admitted(asks, flow) and _enters(emitted.into_nodes, source, target, port)
                yield Verdict((probe,), passes)
    for source in PODS_ALONE:
        flow = ir.Flow(_end(source), _end("ext"), _port(("TCP", POD_PORT)))
        probe = Probe(cluster.place(source), "TCP", OUTSIDE["ext"], POD_PORT)
        yield Verdict((probe,), _is_admitted(asks, flow))
        for number, path in DOORS.items():
            if source == "B":
                continue
            flow = ir.Flow(_end(source), _end("B"), _port(("TCP", POD_PORT)), path)
            dialled = ["n2"] if path.kind == "hostport" or path.local else list(NODES)
            probes = [Probe(cluster.place(source), "TCP", NODES[node].address, number) for node in dialled]
            if whole.refused(flow) is None:
                yield Verdict(tuple(probes), passes=True)
            elif asks.admitted(flow) is None:
                yield Verdict(tuple(probes), passes=False)


def _is_admitted(asks: Admissions, flow: ir.Flow) -> bool:
    """Return whether a connection passes all policies; of pods this exact, both questions have one answer."""
    is_admitted = asks.admitted(flow) is not None
    assert is_admitted == (asks.refused(flow) is None), flow
    return is_admitted


def _enters(into_nodes: Admitted, source: str, target: Pod, port: Port) -> bool:
    """Return whether the network's firewall lets a connection into the target's node."""
    if source in PODS and PODS[source].node == target.node:
        return True
    ranges = {**dict.fromkeys(PODS, POD_RANGE), **dict.fromkeys(NODES, NODE_RANGE), **OUTSIDE}
    address = int(ipaddress.ip_network(ranges[source])[0])
    return any(
        _has(peer.addresses, address)
        and any(word == port[0] and _has(found, port[1]) for word, found in ports.numbers)
        for peer, ports in into_nodes.items()
        if peer.kind == "ipv4"
    )


def _has(found: Numbers, number: int) -> bool:
    return any(first <= number <= last for first, last in found.intervals)


def _inside(artifacts: tuple[ir.Artifact, ...]) -> Iterator[ir.Artifact]:
    """Yield the artifacts with paths inside their cluster's folder, as the prover is given them."""
    for artifact in artifacts:
        yield ir.Artifact(artifact.path.partition("/")[2], artifact.content)


def _end(name: str) -> ir.Endpoint:
    """Return an end that is exactly this pod's kind, or this address."""
    if name in NODES:
        return ir.Addresses("nodes", (ir.Block(NODE_RANGE),))
    if name in OUTSIDE:
        return ir.Addresses("cidr", (ir.Block(f"{OUTSIDE[name]}/32"),))
    pod = PODS[name]
    space = {ir.NAMESPACE_LABEL: pod.namespace, **NAMESPACES[pod.namespace]}
    return ir.Pods(_exactly(space, tuple(space)), _exactly(pod.labels, tuple(LABELS)))


def _exactly(labels: dict[str, str], keys: tuple[str, ...]) -> ir.Selector:
    return tuple(
        ir.Requirement(key, "In", (labels[key],)) if key in labels else ir.Requirement(key, "DoesNotExist")
        for key in sorted(keys)
    )


def _port(port: Port) -> tuple[ir.Ports, ...]:
    return (ir.Ports(port[0], port[1], port[1]),)
