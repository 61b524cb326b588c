"""A cluster's policy and the inventory become the pods that it isolates, and those that it leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from intentc import ir
from intentc.analysis.existing import Existing
from intentc.inventory import Workload


@dataclass(frozen=True, slots=True)
class NamespaceCoverage:
    """The workloads of one namespace; those that run with hostNetwork cannot be isolated by any policy."""

    name: str
    workloads: tuple[Workload, ...]
    open_for_egress: tuple[Workload, ...]
    open_for_ingress: tuple[Workload, ...]
    on_nodes: tuple[Workload, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a cluster's policy isolates of what the manifests describe."""

    cluster: str
    namespaces: tuple[NamespaceCoverage, ...]

    @property
    def directions(self) -> int:
        """Return how many directions there are to isolate: two for each workload."""
        return 2 * sum(len(space.workloads) for space in self.namespaces)

    @property
    def open(self) -> int:
        """Return how many of them are open."""
        return sum(len(space.open_for_egress) + len(space.open_for_ingress) for space in self.namespaces)

    @property
    def share(self) -> Fraction:
        """Return the share of the directions that are isolated; nothing to isolate is all of it."""
        return 1 - Fraction(self.open, self.directions) if self.directions else Fraction(1)


def isolated(policy: ir.Policy, existing: Existing) -> dict[ir.Point, set[str]]:
    """Return the paths of the workloads whose pods are isolated, for each direction."""
    found: dict[ir.Point, set[str]] = {ir.Point.LEAVING_POD: set(), ir.Point.ENTERING_POD: set()}
    for isolation in policy.isolations:
        found[isolation.point].update(item.path for item in existing.workloads_of(isolation.pods))
    return found


def coverage(policy: ir.Policy, existing: Existing) -> Coverage:
    """Return which workloads of each namespace a policy isolates, in the order of their names."""
    closed = isolated(policy, existing)
    spaces: dict[str, list[Workload]] = {}
    for workload in existing.inventory.workloads:
        spaces.setdefault(workload.namespace, []).append(workload)
    return Coverage(policy.cluster, tuple(_of_namespaces(spaces, closed)))


def _of_namespaces(
    spaces: dict[str, list[Workload]], closed: dict[ir.Point, set[str]]
) -> Iterator[NamespaceCoverage]:
    for name, its in sorted(spaces.items()):
        pods = tuple(workload for workload in its if workload.host_network is None)
        yield NamespaceCoverage(
            name,
            pods,
            tuple(item for item in pods if item.path not in closed[ir.Point.LEAVING_POD]),
            tuple(item for item in pods if item.path not in closed[ir.Point.ENTERING_POD]),
            tuple(workload for workload in its if workload.host_network is not None),
        )
