"""Nothing that is emitted can be left out: without any one of it, an intended connection breaks."""

from __future__ import annotations

from tests.e2e.building import build, without_one
from tests.e2e.cluster import Cluster
from tests.e2e.observing import Observer
from tests.e2e.prober import Probe
from tests.e2e.rows import MASQUERADED_ROWS, ROWS, WAYS
from tests.e2e.truth_rows import apply
from tests.e2e.world import COVERING, DNS_IP, NOT_NODES, RESOLVES

WAITS = (0.25, 0.75)
"""Shorter than usual: nearly every question here is meant to break."""

SETTINGS = {
    "covering": (COVERING, ROWS, tuple(WAYS)),
    "not covering": (NOT_NODES, MASQUERADED_ROWS, ("nodeport", "nodeport local", "hostport", "hostnetwork")),
}


def leave_out(
    cluster: Cluster, observer: Observer, ways: tuple[str, ...] | None = None
) -> tuple[list[tuple[str, str, int]], list[str]]:
    """Return for each way how many things were left out, and those without which nothing breaks."""
    counts: list[tuple[str, str, int]] = []
    wrong: list[str] = []
    for setting, (masquerade, rows, all_ways) in SETTINGS.items():
        for way in all_ways:
            if ways is not None and (way not in ways or setting != "covering"):
                continue
            built = build(WAYS[way], masquerade=masquerade)
            wanted = [observer.probe(row) for row in rows if row.way == way and row.answers]
            if way == "health checks":
                wanted.append(wanted[0]._replace(source=cluster.place("GFE2")))
            if WAYS[way].startswith("namespace-a"):
                wanted += [Probe(cluster.place("A"), protocol, DNS_IP, port) for protocol, port in RESOLVES]
            apply(cluster, built, masquerade)
            broken = [probe for probe, answer in cluster.ask(wanted).items() if answer is None]
            wrong += [f"{way}, {setting}: {probe} does not pass with everything in place" for probe in broken]
            count = 0
            for what, rest in without_one(built):
                count += 1
                if rest.documents != built.documents:
                    cluster.policies(rest.documents)
                cluster.firewall(rest.rules)
                if all(cluster.ask(wanted, WAITS).values()):
                    wrong.append(f"{way}, {setting}: nothing breaks without {what}")
                if rest.documents != built.documents:
                    cluster.policies(built.documents)
            counts.append((way, setting, count))
    return counts, wrong
