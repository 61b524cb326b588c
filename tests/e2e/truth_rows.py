"""Every row of the truth table, asked of packets, with the intent of its kind compiled and applied."""

from __future__ import annotations

from typing import NamedTuple

from tests.e2e.building import Built, build
from tests.e2e.cluster import Cluster
from tests.e2e.observing import Observer, Seen, expected
from tests.e2e.rows import MASQUERADED_ROWS, MISCONFIGURED, ROWS, WAYS, Row


class Asked(NamedTuple):
    """A row, and what its points saw."""

    row: Row
    seen: Seen


def apply(cluster: Cluster, built: Built, masquerade: tuple[str, ...]) -> None:
    """Have the cluster run what was built."""
    cluster.masquerade(masquerade)
    cluster.policies(built.documents)
    cluster.firewall(built.rules)


def ask(cluster: Cluster, observer: Observer) -> tuple[list[Asked], list[str]]:
    """Ask every row in both settings of masquerading; return what was seen, and where the table differs."""
    asked: list[Asked] = []
    applied = None
    for row in (*ROWS, *MASQUERADED_ROWS):
        if (row.way, row.masquerade) != applied:
            applied = (row.way, row.masquerade)
            apply(cluster, build(WAYS[row.way], masquerade=row.masquerade), row.masquerade)
        asked.append(Asked(row, observer.look(row)))
    # The profile of row 29 is an error, so what is applied was built for the right one.
    apply(cluster, build(WAYS["direct"], masquerade=None), MISCONFIGURED.masquerade)
    cluster.firewall(None)
    asked.append(Asked(MISCONFIGURED, observer.look(MISCONFIGURED)))
    wrong = [
        f"row {row.number}, {row.source} to {row.target}: the table says {expected(row)}, packets {seen}"
        for row, seen in asked
        if seen != expected(row)
    ]
    return asked, wrong
