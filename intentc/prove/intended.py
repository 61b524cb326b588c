"""Flows and profile become what each enforcement point must admit; lowered rules are not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Literal, NamedTuple

from intentc import ir
from intentc.diagnostics import Diagnostic, error
from intentc.profile import Profile
from intentc.prove import platform
from intentc.prove.labels import LabelSet, Values, holds, label_set
from intentc.prove.needs import Extra, Intended, Need
from intentc.prove.numbers import PortSet, port_set, ranges
from intentc.prove.plans import Plan, node_extras, node_reason, path_of, plan_of
from intentc.prove.shapes import Admitted, Gathered, Peer, Shapes, Subject, gather
from intentc.prove.ways import EndKind, Seen, Way, Wire, ways
from intentc.source import Span


class _End(NamedTuple):
    """One end of a flow: the pods of it that a policy can select, and its peer in the other end's policy."""

    kind: EndKind
    subjects: tuple[Subject, ...]
    peers: tuple[Peer, ...]
    problem: str = ""


_Wires = dict[tuple[int, int, int], tuple[Wire, _End, _End, PortSet]]
"""What passes between machines, each once: the wire, the flow's ends, and the ports in the packet."""


class Meaning:
    """Derive what each point must admit for the flows of one cluster."""

    def __init__(
        self,
        policy: ir.Policy,
        profile: Profile,
        shapes: Shapes,
        within: ir.NamespaceRange = ir.EVERY_NAMESPACE,
    ) -> None:
        """Take the facts; nothing is derived yet, and nothing will be for pods that are not `within`."""
        self._policy = policy
        self._within = within
        self._profile = profile
        self._shapes = shapes
        self._masqueraded = platform.masquerades_nodes(profile)
        self._nodes = self._node_peers()
        # By identity: a policy gives most equal parts the same object. INVARIANT: what is a key is kept.
        self._kept: list[object] = []
        self._ends: dict[tuple[int, str], _End] = {}
        self._selectors: dict[tuple[int, bool], LabelSet | None] = {}
        self._ports: dict[int, PortSet] = {}

    def derive(self, *, shared: bool = True) -> Intended:
        """Return what all flows need; with `shared`, also what every pod they isolate needs beside them."""
        intended = self.at_pods(shared=shared)
        self.add_network(intended, shared=shared)
        return intended

    def at_pods(self, *, shared: bool = True) -> Intended:
        """Return what flows need where they leave and enter pods."""
        intended = Intended()
        gathered: Gathered = {}
        for flow, source, target, plan in self._planned(intended.problems):
            for side, subjects, seen in (
                (intended.leaving, source.subjects, plan.leaving),
                (intended.entering, target.subjects, plan.entering),
            ):
                if not seen:
                    continue
                for subject in subjects:
                    admitted = side.get(subject)
                    if admitted is None:
                        admitted = side[subject] = {}
                    for (who, which), _ in seen:
                        ports = self._pod_ports(flow.ports) if which == "pod port" else self._path_ports(flow)
                        for peer in self._peers(who, source, target):
                            gather(gathered, admitted, peer, ports)
        self._shapes.settle(gathered)
        if shared:
            self._add_isolations(intended)
            self._add_shared_peers(intended)
        return intended

    def add_network(self, intended: Intended, *, shared: bool = True) -> None:
        """Add what flows need between nodes, and what they open to nodes beside what they mean."""
        wires: _Wires = {}
        gathered: Gathered = {}
        extras: list[Extra] = []
        isolates = any(True for _ in self._isolated(ir.Point.LEAVING_POD))
        for flow, source, target, plan in self._planned([]):
            isolates = isolates or bool(plan.leaving and source.subjects)
            for wire in plan.wires:
                ports = self._pod_ports(flow.ports) if wire.ports == "pod port" else self._path_ports(flow)
                outside = source if wire.sender == "source" else target if wire.receiver == "target" else None
                wires[id(wire), id(outside), id(ports)] = wire, source, target, ports
            if plan.shows_nodes:
                extras.extend(node_extras(flow, plan))
        intended.extras[:0] = extras
        self._add_firewall(intended, wires, gathered)
        self._shapes.settle(gathered)
        if shared and isolates and self._profile.firewall.mode != "gke-managed":
            self._add_resolvers(intended)

    def _planned(self, problems: list[Diagnostic]) -> Iterator[tuple[ir.Flow, _End, _End, Plan]]:
        """Yield every flow that can be proved with its ends and ways; tell of the others."""
        for flow in self._policy.flows:
            source, target = self._end(flow.source, "source"), self._end(flow.target, "target")
            plan = plan_of(source.kind, flow.path.kind, flow.path.local, target.kind, self._masqueraded)
            if source.problem or target.problem or plan.shows_nodes or not plan.is_known:
                problem = self._problem(flow, source, target, plan)
                if problem is not None:
                    problems.append(problem)
                    continue
            yield flow, source, target, plan

    def needs(self, point: ir.Point, namespaces: Iterable[str]) -> Iterator[Need]:
        """Return one by one what `derive` adds up, for the subjects of some namespaces."""
        wanted = set(namespaces)
        given: dict[Subject, None] = {}
        for flow in self._policy.flows:
            source, target = self._end(flow.source, "source"), self._end(flow.target, "target")
            plan = plan_of(source.kind, flow.path.kind, flow.path.local, target.kind, self._masqueraded)
            leaves = point is ir.Point.LEAVING_POD
            for subject in source.subjects if leaves else target.subjects:
                if subject.namespace not in wanted:
                    continue
                for (who, which), rows in plan.leaving if leaves else plan.entering:
                    given[subject] = None
                    ports = self._pod_ports(flow.ports) if which == "pod port" else self._path_ports(flow)
                    reason = node_reason(point, rows) if who == "nodes" else ""
                    for peer in self._peers(who, source, target):
                        yield Need(point, subject, peer, ports, flow, reason)
        if point is ir.Point.LEAVING_POD:
            given |= dict.fromkeys(s for s, _ in self._isolated(point) if s.namespace in wanted)
            for subject in given:
                for cause, reason, admitted in self._shared_peers():
                    for peer, ports in admitted.items():
                        yield Need(point, subject, peer, ports, None, f"{cause}: {reason}")

    def isolating_spans(self, point: ir.Point, namespaces: Iterable[str]) -> dict[Subject, Span | None]:
        """Return where each subject of some namespaces is isolated first, by an intent or by `isolate`."""
        spans: dict[Subject, Span | None] = {}
        for need in self.needs(point, namespaces):
            if need.flow is not None:
                spans.setdefault(need.subject, need.flow.span)
        for subject, span in self._isolated(point):
            spans.setdefault(subject, span)
        return spans

    def _isolated(self, point: ir.Point) -> Iterator[tuple[Subject, Span | None]]:
        """Return what `isolate` statements isolate: no flow is the origin of such an isolation."""
        for isolation in self._policy.isolations:
            if isolation.point is point and not isolation.origins:
                for subject in self._end(isolation.pods, "source").subjects:
                    yield subject, isolation.span

    def of(self, flow: ir.Flow) -> Intended:
        """Return what one flow needs by itself."""
        return Meaning(self._alone(flow), self._profile, self._shapes).derive(shared=False)

    def _alone(self, flow: ir.Flow) -> ir.Policy:
        return replace(self._policy, flows=(flow,), isolations=())

    def between_machines(self, flow: ir.Flow | None = None) -> Intended:
        """Return what all flows, or one by itself, need of the network, whoever opens it."""
        firewall = replace(self._profile.firewall, mode="egress-deny")
        policy = self._policy if flow is None else self._alone(flow)
        meaning = Meaning(policy, replace(self._profile, firewall=firewall), self._shapes)
        return meaning.derive(shared=flow is None)

    @property
    def flows(self) -> tuple[ir.Flow, ...]:
        """Return the flows of the policy."""
        return self._policy.flows

    @property
    def profile(self) -> Profile:
        """Return the cluster's facts."""
        return self._profile

    @cached_property
    def namespaces(self) -> dict[str, dict[str, str]] | None:
        """Return the labels of every namespace there is, or None where the project does not say which are."""
        if self._policy.namespaces is None:
            return None
        return {
            known.name: {**dict(known.labels), ir.NAMESPACE_LABEL: known.name}
            for known in self._policy.namespaces
        }

    def names_of(self, namespaces: ir.Selector) -> LabelSet:
        """Return the namespaces that a selector holds for, by their names."""
        found = label_set(namespaces, of_namespace=True)
        names = [] if found is None else self._names(found) or []
        return ((ir.NAMESPACE_LABEL, Values(frozenset(names))),)

    def ways_of(self, flow: ir.Flow) -> tuple[Way, ...]:
        """Return the ways the connections of a flow may take."""
        source, target = self._end(flow.source, "source"), self._end(flow.target, "target")
        return ways(
            source.kind, path_of(flow.path.kind, flow.path.local), target.kind, masqueraded=self._masqueraded
        )

    def seen(self, flow: ir.Flow, seen: Seen) -> tuple[tuple[Peer, ...], PortSet]:
        """Return the peers and ports that stand for `seen` in a policy at one end of the flow."""
        source, target = self._end(flow.source, "source"), self._end(flow.target, "target")
        who, which = seen
        ports = self._pod_ports(flow.ports) if which == "pod port" else self._path_ports(flow)
        return self._peers(who, source, target), ports

    # --- Ends -------------------------------------------------------------------------------------------

    def _end(self, endpoint: ir.Endpoint, role: str) -> _End:
        # Pods are the same at both ends; an address may mean something else as a source.
        key = id(endpoint), "" if isinstance(endpoint, ir.Pods) else role
        known = self._ends.get(key)
        if known is None:
            known = self._ends[key] = self._new_end(endpoint, role)
            self._kept.append(endpoint)
        return known

    def _new_end(self, endpoint: ir.Endpoint, role: str) -> _End:
        if isinstance(endpoint, ir.Pods):
            namespaces = self._label_set(endpoint.namespaces, of_namespace=True)
            pods = self._label_set(endpoint.pods, of_namespace=False)
            if namespaces is None or pods is None:
                return _End("pods", (), ())
            names = self._names(namespaces)
            peer = self._shapes.peer("pods", namespaces, pods)
            if names is None:
                return _End("pods", (), (peer,), "which namespaces it selects is not known")
            here = (name for name in names if self._within.holds(name))
            return _End("pods", tuple(self._shapes.subject(name, pods) for name in here), (peer,))
        if endpoint.word == "nodes":
            problem = "" if self._nodes else "the profile does not state the node ranges"
            return _End("nodes", (), self._nodes, problem)
        named = platform.word_addresses(endpoint.word, self._profile)
        if named:
            known = (self._shapes.peer(kind, addresses=found) for kind, found in named if found)
            return _End("outside", (), tuple(known))
        blocks = (
            platform.control_plane(self._profile, role)
            if endpoint.word == "control-plane"
            else endpoint.blocks
        )
        problem = "" if blocks else f"no address is known for `{endpoint.word}`"
        return _End("outside", (), self._blocks(blocks), problem)

    def _label_set(self, selector: ir.Selector, *, of_namespace: bool) -> LabelSet | None:
        key = id(selector), of_namespace
        if key not in self._selectors:
            self._selectors[key] = label_set(selector, of_namespace=of_namespace)
            self._kept.append(selector)
        return self._selectors[key]

    def _names(self, namespaces: LabelSet) -> list[str] | None:
        """Return the namespaces a selector holds for, or None where only the cluster could tell."""
        if len(namespaces) == 1 and namespaces[0][0] == ir.NAMESPACE_LABEL and not namespaces[0][1].excluding:
            return sorted(name for name in namespaces[0][1].listed if name is not None)
        if self.namespaces is None:
            return None
        return sorted(name for name, labels in self.namespaces.items() if holds(namespaces, labels))

    def _blocks(self, blocks: Iterable[ir.Block]) -> tuple[Peer, ...]:
        peers = (self._shapes.block(block.cidr, block.excepts) for block in blocks)
        return tuple(peer for peer in peers if peer is not None)

    def _node_peers(self) -> tuple[Peer, ...]:
        if not platform.matches_nodes(self._profile):
            return (self._shapes.peer("node"),)
        return self._blocks(ir.Block(cidr) for cidr in self._profile.node_cidrs)

    def _peers(self, who: str, source: _End, target: _End) -> tuple[Peer, ...]:
        if who == "source":
            return source.peers
        return target.peers if who == "target" else self._nodes

    def _pod_ports(self, ports: tuple[ir.Ports, ...]) -> PortSet:
        known = self._ports.get(id(ports))
        if known is None:
            found = port_set(
                ((port.protocol, port.first, port.last) for port in ports if not port.name),
                ((port.protocol, port.name) for port in ports if port.name),
            )
            known = self._ports[id(ports)] = self._shapes.ports(found)
            self._kept.append(ports)
        return known

    def _path_ports(self, flow: ir.Flow) -> PortSet:
        number = flow.path.number
        return self._shapes.ports(port_set((port.protocol, number, number) for port in flow.ports))

    def _problem(self, flow: ir.Flow, source: _End, target: _End, plan: Plan) -> Diagnostic | None:
        if not plan.is_known:
            reason = "no way of such a connection is known"
        elif source.problem and (plan.leaving or source.kind != "pods"):
            reason = source.problem
        elif target.problem and (plan.entering or target.kind != "pods"):
            reason = target.problem
        elif not self._nodes and plan.shows_nodes:
            reason = "the profile does not state the node ranges"
        else:
            return None
        return error(
            "E902", f"an intent cannot be proved: {reason}", flow.span, "nothing emitted can stand for it"
        )

    # --- What all flows share ---------------------------------------------------------------------------

    def _shared_peers(self) -> tuple[tuple[Literal["dns", "metadata"], str, Admitted], ...]:
        return platform.shared_peers(self._profile, self._shapes)

    def _add_shared_peers(self, intended: Intended) -> None:
        if not intended.leaving:
            return
        for _, _, shared in self._shared_peers():
            for admitted in intended.leaving.values():
                for peer, ports in shared.items():
                    self._shapes.admit(admitted, peer, ports)
        intended.extras.extend(self.shared_extras(len(intended.leaving)))

    def shared_extras(self, subjects: int) -> Iterator[Extra]:
        """Yield what so many sets of pods, isolated for egress, get beside their intents."""
        for cause, reason, _ in self._shared_peers() if subjects else ():
            yield Extra(cause, ir.Point.LEAVING_POD, reason, subjects=subjects)

    def _add_isolations(self, intended: Intended) -> None:
        """Add the pods an `isolate` statement names: an isolation that no flow is the origin of."""
        for isolation in self._policy.isolations:
            if isolation.origins:
                continue
            end = self._end(isolation.pods, "source")
            if end.problem:
                message = f"an isolation cannot be proved: {end.problem}"
                intended.problems.append(error("E903", message, isolation.span))
            for subject in end.subjects:
                intended.side(isolation.point).setdefault(subject, {})

    # --- The network's firewall -------------------------------------------------------------------------

    def _add_firewall(self, intended: Intended, wires: _Wires, gathered: Gathered) -> None:
        mode = self._profile.firewall.mode
        for wire, source, target, ports in wires.values():
            is_ours = mode != "gke-managed" or (wire.sender == "source" and not wire.balanced)
            if is_ours and wire.receiver != "target":
                for peer in self._ranges(wire.sender, source.peers):
                    gather(gathered, intended.into_nodes, peer, ports)
            if mode == "egress-deny" and wire.sender != "source":
                for peer in self._ranges(wire.receiver, target.peers):
                    gather(gathered, intended.out_of_nodes, peer, ports)
        for peer in self._ranges("source", self._blocks(platform.control_plane(self._profile, "source"))):
            intended.free[peer] = self._shapes.ports(platform.CONTROL_PLANE_PORTS)

    def _add_resolvers(self, intended: Intended) -> None:
        """Add the way to resolvers on other nodes; link-local ones and a ClusterIP end on the pod's own."""
        for cause, _, shared in self._shared_peers():
            for peer, ports in shared.items():
                if cause == "metadata" or platform.is_link_local(peer):
                    continue
                if peer.kind == "pods":
                    for sender in self._ranges("pods", ()):
                        self._shapes.admit(intended.into_nodes, sender, ports)
                is_outside = peer.kind == "pods" or self._profile.dns.preset == "custom"
                if self._profile.firewall.mode == "egress-deny" and is_outside:
                    receivers = (
                        self._ranges("pods", ()) if peer.kind == "pods" else self._ranges("target", (peer,))
                    )
                    for receiver in receivers:
                        self._shapes.admit(intended.out_of_nodes, receiver, ports)

    def _ranges(self, who: str, peers: tuple[Peer, ...]) -> tuple[Peer, ...]:
        """Return the ranges of an end as the network sees it, one peer for each CIDR."""
        if who in ("pods", "nodes"):
            stated = self._profile.pod_cidrs if who == "pods" else self._profile.node_cidrs
            if not stated:
                return (self._shapes.peer("variable", name="pod_cidrs" if who == "pods" else "node_cidrs"),)
            return self._blocks(ir.Block(cidr) for cidr in stated)
        return tuple(
            one
            for peer in peers
            for cidr in ranges(4 if peer.kind == "ipv4" else 6, peer.addresses)
            if (one := self._shapes.block(cidr)) is not None
        )
