"""Every program over three namespaces and two ports: 18 possible lines, so 262,144 programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from tests.model.harness import Build, Difference, compiled, differences, emitted, meant
from tests.model.places import CONTROL_PLANE, DNS, DNS_ADDRESS, METADATA, NODE_ADDRESSES, NODE_DNS, Place
from tests.model.world import NAMESPACE_LABEL, Cluster, Intent, Pod, Pods, Ports, Traffic, World

NAMES = ("a", "b", "c")
PORTS = (80, 8443)
EDGES = tuple((source, target, port) for source in NAMES for target in NAMES for port in PORTS)
COUNT = 2 ** len(EDGES)
PLACES = {
    mode: Place(dns=mode, dataplane="dataplane-v2" if mode.endswith("dataplane-v2") else "calico")
    for mode in DNS
}
"""One cluster for each way to resolve names."""
PLACES |= {f"{mode}, masqueraded": replace(place, masquerades=True) for mode, place in tuple(PLACES.items())}
"""And one whose pods reach other nodes under their own node's address."""


def world() -> World:
    """Return two pods in each namespace, and everybody who resolves names or looks like it."""
    pods = []
    own = [(name, labels) for name in NAMES for labels in ({"app": "x"}, {"k8s-app": "kube-dns"})]
    others = [
        ("kube-system", {"k8s-app": "kube-dns"}),
        ("kube-system", {"k8s-app": "node-local-dns"}),
        ("kube-system", {"app": "db"}),
        ("openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"}),
        ("data", {"app": "db"}),
    ]
    for number, (namespace, labels) in enumerate([*own, *others]):
        spaces = {NAMESPACE_LABEL: namespace}
        pods.append(Pod(f"{namespace}/{number}", namespace, spaces, labels, f"100.64.{number}.7"))
    addresses = (
        *NODE_ADDRESSES,
        DNS_ADDRESS,
        METADATA,
        NODE_DNS,
        "10.200.0.53",
        "8.8.8.8",
        CONTROL_PLANE[:-3],
    )
    packets = {(protocol, number) for protocol in ("TCP", "UDP") for number in (53, 5353, *PORTS)}
    return World(tuple(pods), addresses, frozenset(packets))


WORLD = world()


def edges(number: int) -> list[tuple[str, str, int]]:
    """Return the lines of the program with this number: one for each bit."""
    return [edge for bit, edge in enumerate(EDGES) if number >> bit & 1]


@lru_cache(None)
def line_means(edge: tuple[str, str, int], cluster: Cluster) -> Traffic:
    """Return what one line means."""
    source, target = (Pods(((NAMESPACE_LABEL, "=", (name,)),)) for name in edge[:2])
    return meant([Intent(source, target, (Ports("TCP", edge[2], edge[2]),))], cluster, WORLD)


def check(
    numbers: Iterable[int], mode: str, build: Build = compiled
) -> Iterator[tuple[int, list[Difference]]]:
    """Yield the programs whose output is not what they mean; a program means what its lines mean together."""
    place = PLACES[mode]
    cluster = place.cluster
    profile = f"version: 1\nclusters:\n  prod:\n{place.profile}"
    nothing = meant([], cluster, WORLD)
    for number in numbers:
        lines = edges(number)
        text = "".join(f"{source} -> {target}:{port}\n" for source, target, port in lines)
        artifacts = build({"intentc.yaml": profile, "all.intent": text})
        wanted = Traffic().add(nothing)
        for edge in lines:
            wanted.add(line_means(edge, cluster))
        found = differences(wanted, emitted(artifacts, cluster, WORLD), cluster, WORLD)
        if found:
            yield number, found
