"""The other modes of the firewall: rows answer with GKE's own rules, and where all egress is denied."""

from __future__ import annotations

from typing import NamedTuple

from tests.e2e.building import build
from tests.e2e.cluster import Cluster
from tests.e2e.firewall import Rule
from tests.e2e.observing import Observer
from tests.e2e.prober import Probe
from tests.e2e.rows import ROWS, WAYS
from tests.e2e.truth_rows import apply
from tests.e2e.world import COVERING, NODE_RANGE, OTHER_PORT, POD_RANGE

EVERYWHERE = "0.0.0.0/0"

OF_GKE = (
    Rule("gke-all", "INGRESS", 1000, "allow", (POD_RANGE,), (), "all", ()),
    Rule("gke-vms", "INGRESS", 1000, "allow", (NODE_RANGE,), (), "tcp", ("1-65535",)),
    Rule("gke-vms-udp", "INGRESS", 1000, "allow", (NODE_RANGE,), (), "udp", ("1-65535",)),
    Rule("k8s-fw", "INGRESS", 1000, "allow", (EVERYWHERE,), (), "tcp", ("443",)),
)
"""What GKE opens: https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules"""

DENIED = (Rule("no-egress", "EGRESS", 65534, "deny", (), (EVERYWHERE,), "all", ()),)
"""The rule of the network's own that makes `egress-deny` meaningful."""


class Mode(NamedTuple):
    """A mode, how many rows it decided as they say, and the fate of a connection that no intent has."""

    name: str
    rows: int
    stray: str


def ask(cluster: Cluster, observer: Observer) -> tuple[list[Mode], list[str]]:
    """Return what was seen in each mode, and the rows that do not answer as in mode `explicit`."""
    modes: list[Mode] = []
    wrong: list[str] = []
    for name, own, is_stray_free in (("gke-managed", OF_GKE, True), ("egress-deny", DENIED, False)):
        stray = Probe(cluster.place("X"), "TCP", observer.address("C"), OTHER_PORT)
        for way, intents in WAYS.items():
            built = build(intents, masquerade=COVERING, mode=name)
            apply(cluster, built, COVERING)
            cluster.firewall((*built.rules, *own))
            rows = {observer.probe(row): row for row in ROWS if row.way == way}
            for probe, answer in cluster.ask(rows).items():
                row = rows[probe]
                if (answer.listener if answer else "") != row.answers:
                    wrong.append(f"{name}: row {row.number}, {row.source} to {row.target}: {answer}")
        passes = cluster.ask([stray])[stray] is not None
        if passes != is_stray_free:
            wrong.append(f"{name}: X reaches C: {passes}")
        modes.append(Mode(name, len(ROWS), "passes" if passes else "is dropped"))
    return modes, wrong
