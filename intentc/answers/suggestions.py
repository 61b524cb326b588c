"""Needs that the manifests betray, held against the intents, become intents that are missing or unused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from intentc import ir
from intentc.analysis.existing import Existing
from intentc.analysis.resolution import named_numbers, pod_port, workload_pods
from intentc.answers.coverage import isolated
from intentc.compiler import ClusterResult, Result
from intentc.inventory import Entry, Inventory, Workload
from intentc.manifests.needs import Need, Stranger, needs
from intentc.profile import Profile
from intentc.source import Span
from intentc.wording import endpoint_text, flow_text

State = Literal["correct", "missing", "broken"]

_LANGUAGE_KINDS = ("deployment", "statefulset", "daemonset", "job", "cronjob", "pod")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_GOOGLE_CLASSES = ("", "gce")


@dataclass(frozen=True, slots=True)
class Judged:
    """A need, and what the intents make of it.

    A *missing* one is allowed by no intent on `clusters`; where `breaks`, one of its ends is isolated there
    and the calls fail. A *broken* one cannot work whatever is allowed. `line` is the intent that allows it,
    and empty where `reason` says why there is none; `text` names the need where it has no line.
    """

    state: State
    need: Need
    line: str
    text: str
    reason: str = ""
    clusters: tuple[str, ...] = ()
    breaks: bool = False
    intents: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Unused:
    """A flow between pods that the manifests give no reason for."""

    text: str
    place: Span
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unprotected:
    """A workload that no intent isolates, in one direction or both, and the clusters where."""

    workload: Workload
    directions: tuple[str, ...]
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All that the comparison gives, in the order of the manifests."""

    needs: tuple[Judged, ...]
    unused: tuple[Unused, ...]
    unprotected: tuple[Unprotected, ...]
    strangers: tuple[Stranger, ...]

    def of(self, state: State) -> tuple[Judged, ...]:
        """Return the needs in one state."""
        return tuple(item for item in self.needs if item.state == state)


def suggest(result: Result) -> Suggestions:
    """Compare what the manifests betray of who calls whom with the intents of every compiled cluster."""
    inventory = result.project.inventory or Inventory()
    existing = Existing(result.project, inventory)
    clusters = [_Cluster(cluster, existing) for cluster in result.clusters]
    found, strangers = needs(inventory)
    judged = tuple(_judged(need, existing, clusters) for need in found if not _calls_itself(need, existing))
    return Suggestions(
        tuple(dict.fromkeys(judged)),
        tuple(_unused(clusters)),
        tuple(_unprotected(clusters, inventory)),
        strangers,
    )


class _Cluster:
    """The flows of one cluster by the workloads they leave, and which of them some need has used."""

    def __init__(self, cluster: ClusterResult, existing: Existing) -> None:
        self.profile = cluster.profile
        self.existing = existing
        self.flows = cluster.policy.flows
        self.used: set[int] = set()
        self.closed = isolated(cluster.policy, existing)
        self._reached: dict[ir.Pods, frozenset[str]] = {}
        self._from_pods: dict[str, list[int]] = {}
        self._from_elsewhere: dict[str, list[int]] = {}
        sources: dict[ir.Pods, list[int]] = {}
        for number, flow in enumerate(self.flows):
            if isinstance(flow.source, ir.Pods):
                sources.setdefault(flow.source, []).append(number)
            else:
                self._from_elsewhere.setdefault(flow.source.word, []).append(number)
        for pods, numbers in sources.items():
            for workload in existing.workloads_of(pods):
                self._from_pods.setdefault(workload.path, []).extend(numbers)

    def allowing(self, need: Need, targets: tuple[Workload, ...], ports: set[ir.Ports]) -> list[ir.Flow]:
        """Return the flows that allow a need, or none where one of its targets or ports is left out."""
        found: list[int] = []
        candidates = self._candidates(need)
        for target in targets:
            for port in ports:
                its = [number for number in candidates if self._allows(number, target, port)]
                if not its:
                    return []
                found.extend(its)
        self.used.update(found)
        return [self.flows[number] for number in sorted(set(found))]

    def _candidates(self, need: Need) -> list[int]:
        if isinstance(need.source, Workload):
            if need.source.host_network is not None:
                return self._from_elsewhere.get("nodes", [])
            return self._from_pods.get(need.source.path, [])
        if need.source.kind in ("webhook", "api"):
            return self._from_elsewhere.get("control-plane", [])
        outside = [
            number
            for word, its in sorted(self._from_elsewhere.items())
            if word not in ("nodes", "control-plane")
            for number in its
        ]
        controllers = _controllers(need.source, self.existing)
        return outside + [number for item in controllers for number in self._from_pods.get(item.path, [])]

    def _allows(self, number: int, target: Workload, port: ir.Ports) -> bool:
        flow = self.flows[number]
        if not isinstance(flow.target, ir.Pods):
            return False
        reached = self._reached.get(flow.target)
        if reached is None:
            reached = frozenset(item.path for item in self.existing.workloads_of(flow.target))
            self._reached[flow.target] = reached
        return target.path in reached and any(_holds(its, port, target) for its in flow.ports)

    def breaks(self, need: Need, targets: tuple[Workload, ...]) -> bool:
        """Tell whether an end of a need is isolated here, so that it fails where nothing allows it."""
        leaving = isinstance(need.source, Workload) and need.source.path in self.closed[ir.Point.LEAVING_POD]
        return leaving or any(item.path in self.closed[ir.Point.ENTERING_POD] for item in targets)


def _holds(allowed: ir.Ports, port: ir.Ports, target: Workload) -> bool:
    if allowed.protocol != port.protocol:
        return False
    if allowed.name:
        numbers = named_numbers(allowed, (target,))
        return allowed.name == port.name or port.first in numbers
    return not port.name and allowed.first <= port.first <= port.last <= allowed.last


def _calls_itself(need: Need, existing: Existing) -> bool:
    """Tell whether a workload only knows its own name; members of a headless Service do call each other."""
    return need.source in existing.behind(need.service) and not (need.through_pods or need.service.headless)


def _judged(need: Need, existing: Existing, clusters: list[_Cluster]) -> Judged:
    service, port = need.service, need.port
    targets = existing.behind(service)
    source = need.source.path if isinstance(need.source, Workload) else need.source.kind
    text = f"{source} -> {service.path}" + (f":{port.number}" if port else "")
    if port is None:
        return Judged("broken", need, "", text, f"Service `{service.path}` has no such port")
    if not service.selector:
        return Judged("broken", need, "", text, f"Service `{service.path}` leads to no pods of the cluster")
    if not targets:
        return Judged("broken", need, "", text, f"Service `{service.path}` selects no pods of the manifests")
    wanted = _wanted(pod_port(port), targets)
    allowed: dict[Span, None] = {}
    missing: list[_Cluster] = []
    for cluster in clusters:
        flows = cluster.allowing(need, targets, wanted)
        allowed |= dict.fromkeys(flow.span for flow in flows if flow.span is not None)
        if not flows:
            missing.append(cluster)
    if not missing:
        return Judged("correct", need, _line(need, existing, targets)[0], text, intents=tuple(allowed))
    return _missing(need, text, existing, targets, clusters, missing, tuple(allowed))


def _wanted(port: ir.Ports, targets: tuple[Workload, ...]) -> set[ir.Ports]:
    numbers = named_numbers(port, targets) if port.name else ()
    return {ir.Ports(port.protocol, numbers[0], numbers[0])} if len(numbers) == 1 else {port}


def _missing(
    need: Need,
    text: str,
    existing: Existing,
    targets: tuple[Workload, ...],
    clusters: list[_Cluster],
    missing: list[_Cluster],
    intents: tuple[Span, ...],
) -> Judged:
    """Return a need that is not allowed everywhere, with the line that allows it where the profile can."""
    line, reason, fact = _line(need, existing, targets)
    able = [cluster for cluster in missing if not fact or _knows(cluster.profile, fact)]
    if line and not able:
        line, reason = "", f"`{line}` needs `{fact}` in `intentc.yaml`"
    elif line and len(able) < len(clusters):
        line = f"{line}  on {', '.join(cluster.profile.name for cluster in able)}"
    names = tuple(cluster.profile.name for cluster in missing)
    breaks = any(cluster.breaks(need, targets) for cluster in missing)
    return Judged("missing", need, line, text, reason, names, breaks, intents)


def _knows(profile: Profile, fact: str) -> bool:
    return bool(profile.node_cidrs if fact == "nodeCIDRs" else profile.control_plane.cidr)


def _line(need: Need, existing: Existing, targets: tuple[Workload, ...]) -> tuple[str, str, str]:
    """Return the intent for a need, or the reason why there is none, and the fact of a profile it needs."""
    source, service, port = need.source, need.service, need.port
    number = port.number if port else 0
    protocol = "" if port is None or port.protocol == "TCP" else f"/{port.protocol.lower()}"
    target = f"{service.path}:{number}{protocol}"
    if isinstance(source, Workload):
        fact = ""
        if any(item.host_network for item in targets):
            target, fact = f"{target} via hostnetwork", "nodeCIDRs"
        if source.host_network is not None:
            return f"nodes -> {target}", "", "nodeCIDRs"
        named = workload_text(source, existing)
        return (f"{named} -> {target}", "", fact) if named else ("", "the pods have no labels", "")
    if source.kind in ("webhook", "api"):
        return f"control-plane -> {target}", "", "controlPlane.cidr"
    if source.kind == "balancer":
        clients = ", ".join(service.source_ranges) or "internet"
        local = " local" if service.local else ""
        fact = "" if service.local else "nodeCIDRs"
        return f"{clients} -> {target} via loadbalancer {number}{local}", "", fact
    if source.class_name == "gce-internal":
        return "", "an internal balancer dials from the proxy-only subnet: name its range", ""
    if source.class_name in _GOOGLE_CLASSES:
        return f"google-health-checks -> {target}", "", ""
    controllers = _controllers(source, existing)
    if controllers:
        return f"{controllers[0].namespace} -> {target}", "", ""
    return "", f"no manifest has the controller of ingress class `{source.class_name}`", ""


def _controllers(entry: Entry, existing: Existing) -> list[Workload]:
    """Return the workloads of the namespace that serves a class of ingresses, by the usual names for it."""
    if entry.kind != "ingress" or entry.class_name in _GOOGLE_CLASSES:
        return []
    for name in (f"ingress-{entry.class_name}", entry.class_name, f"{entry.class_name}-ingress"):
        if existing.has_workloads(name):
            return existing.in_namespace(name)
    return []


def workload_text(workload: Workload, existing: Existing) -> str:
    """Return a workload as an endpoint: by its name, or by labels where the language has no word for it."""
    if not workload.labels:
        return ""
    if workload.kind in _LANGUAGE_KINDS and _NAME.fullmatch(workload.name):
        return workload.path
    return endpoint_text(workload_pods(workload, existing))


def _unused(clusters: list[_Cluster]) -> Iterator[Unused]:
    """Yield the flows between pods of the manifests that no need has used on any cluster."""
    found: dict[tuple[ir.Endpoint, ir.Endpoint, tuple[ir.Ports, ...], Span], list[str]] = {}
    used: set[tuple[ir.Endpoint, ir.Endpoint, tuple[ir.Ports, ...], Span]] = set()
    for cluster in clusters:
        for number, flow in enumerate(cluster.flows):
            if flow.span is None or not _is_described(flow, cluster.existing):
                continue
            key = (flow.source, flow.target, flow.ports, flow.span)
            found.setdefault(key, []).append(cluster.profile.name)
            if number in cluster.used:
                used.add(key)
    for key, names in found.items():
        if key not in used:
            yield Unused(flow_text(ir.Flow(key[0], key[1], key[2])), key[3], tuple(names))


def _is_described(flow: ir.Flow, existing: Existing) -> bool:
    return all(isinstance(end, ir.Pods) and existing.workloads_of(end) for end in (flow.source, flow.target))


def _unprotected(clusters: list[_Cluster], inventory: Inventory) -> Iterator[Unprotected]:
    for workload in inventory.workloads:
        if workload.host_network is not None:
            continue
        by_directions: dict[tuple[str, ...], list[str]] = {}
        for cluster in clusters:
            directions = tuple(_open(workload, cluster.closed))
            if directions:
                by_directions.setdefault(directions, []).append(cluster.profile.name)
        for directions, names in by_directions.items():
            yield Unprotected(workload, directions, tuple(names))


def _open(workload: Workload, closed: dict[ir.Point, set[str]]) -> Iterable[str]:
    if workload.path not in closed[ir.Point.LEAVING_POD]:
        yield "egress"
    if workload.path not in closed[ir.Point.ENTERING_POD]:
        yield "ingress"
