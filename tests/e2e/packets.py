"""Packets between pods, nodes and machines outside go where the intents say, and nowhere else."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e import (
    evidence,
    holes,
    modes,
    necessity,
    programs,
    random_programs,
    sandbox,
    truth_rows,
    verifications,
)
from tests.e2e.cluster import Cluster
from tests.e2e.observing import Observer

SANDBOXED = True
PROGRAMS = range(200)
FEW_PROGRAMS = range(8)
SHORT_HOLES = ("nodeport", "hostport")
SHORT_NECESSITY = ("nodeport",)
DEBIAN = ("conntrack", "etcd", "ip", "iptables", "nft", "openssl", "unshare")


def prepare() -> None:
    """Build the API server, kube-proxy, the controller of endpoints and the policy engine."""
    programs.require(DEBIAN, plugins=("host-local", "portmap", "ptp"))
    programs.prepare_hcl()
    programs.prepare(("kube-apiserver", "kube-proxy", "controllers", "policies"))


def run(*, short: bool) -> list[str]:
    """Return where packets differ from the intents, the truth table, the warnings or the prover."""
    with tempfile.TemporaryDirectory(dir=sandbox.SCRATCH) as scratch:
        cluster = Cluster(Path(scratch))
        try:
            with _timed("the cluster is up"):
                cluster.start()
            return ask(cluster, short=short)
        finally:
            cluster.stop()


def ask(cluster: Cluster, *, short: bool) -> list[str]:
    """Ask everything of a cluster that is up; the long form writes what it saw, when nothing is wrong."""
    observer = Observer(cluster)
    with _timed("the truth table"):
        rows, wrong = truth_rows.ask(cluster, observer)
    with _timed("modes of the firewall"):
        firewalls, problems = modes.ask(cluster, observer)
        wrong += problems
    with _timed("verifications"):
        claims = verifications.verify(cluster, observer)
        wrong += [f"{claim.text}: {claim.shown}" for claim in claims if not claim.holds]
    with _timed("holes of node rules"):
        opened, problems = holes.look(cluster, observer, SHORT_HOLES if short else None)
        wrong += problems
    with _timed("necessity"):
        counts, problems = necessity.leave_out(cluster, observer, SHORT_NECESSITY if short else None)
        wrong += problems
    with _timed("random programs"):
        compared, problems = random_programs.compare(cluster, observer, FEW_PROGRAMS if short else PROGRAMS)
        wrong += problems
    if not (short or wrong):
        evidence.write("packets", evidence.packets_page(rows, firewalls, claims, opened, counts, compared))
    return wrong


@contextmanager
def _timed(what: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    sys.stdout.write(f"    {time.monotonic() - start:6.1f} s  {what}\n")
    sys.stdout.flush()
