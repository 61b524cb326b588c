"""Turn resolved statements into flows, and refuse what no cluster could carry."""

from __future__ import annotations

from collections.abc import Iterator

from intentc import ir, nodes
from intentc.analysis.endpoints import Endpoints, missing_fact
from intentc.analysis.lowering import OUTSIDE
from intentc.analysis.statements import Resolved
from intentc.diagnostics import Diagnostic, error
from intentc.profile import Profile

_PATHS_FROM_PODS = ("direct", "nodeport", "hostport", "hostnetwork")
_ONE_SIDE = ("egress", "ingress")
_PATHS_FROM_OUTSIDE = ("direct", "nodeport", "loadbalancer")


class FlowMaker:
    """Make the flows of one cluster; equal ports and paths give the same object."""

    def __init__(self, endpoints: Endpoints, profile: Profile, diagnostics: list[Diagnostic]) -> None:
        self._endpoints = endpoints
        self._profile = profile
        self._diagnostics = diagnostics
        self._without_pods: set[tuple[str, int, int]] = set()
        self._ports: dict[tuple[nodes.Ports, ...], tuple[ir.Ports, ...]] = {}
        self._plain_ports: dict[nodes.PlainPorts, tuple[ir.Ports, ...]] = {}

    def flows(self, item: Resolved, clauses: ir.Clauses) -> Iterator[ir.Flow]:
        """Yield one flow for each source and target of a statement, where the cluster can carry it."""
        statement = item.statement
        if isinstance(statement, nodes.Isolate):
            return
        path = self._path(statement.via)
        sources = [(node, self._endpoints.resolve(node, "source")) for node in item.sources]
        sources = [pair for pair in sources if self._source_exists(*pair, statement)]
        for target in item.targets:
            resolved = self._endpoints.resolve(target.endpoint, "target")
            if resolved is None or path is None:
                continue
            ports = self._endpoints.resolution.ports(target, resolved, self._ports_of(target))
            if not ports or not self._exists(target, resolved, ports, path, statement):
                continue
            if path.number and not self._one_port(target, ports, path):
                continue
            at_address = not isinstance(resolved, ir.Pods) or path.kind == "hostnetwork"
            if at_address and not self._numbered(target, ports):
                continue
            for source_node, source in sources:
                if source is None:
                    continue
                if self._fits(source_node, source, target, resolved, path, statement):
                    yield ir.Flow(
                        source, resolved, ports, _between(source, resolved, path), clauses, statement.span
                    )

    def plain(self, intent: nodes.PlainIntent, clauses: ir.Clauses) -> ir.Flow | None:
        """Return the one flow of a plain intent, or None where there is something to say about its ends."""
        source, target = self._endpoints.plain(intent.source), self._endpoints.plain(intent.target)
        if source is None or target is None:
            return None
        ports = self._plain_ports.get(intent.ports)
        if ports is None:
            ports = self._plain_ports[intent.ports] = (ir.Ports(*intent.ports),)
        reality = self._endpoints.reality
        if reality is not None and not reality.is_silent(source, target, ports):
            return None
        return ir.Flow(source, target, ports, ir.DIRECT, clauses, intent.span)

    def isolations(self, item: Resolved) -> Iterator[ir.Isolation]:
        """Yield what an `isolate` statement isolates."""
        statement = item.statement
        if not isinstance(statement, nodes.Isolate):
            return
        for node in item.sources:
            if not isinstance(node, nodes.Pods | nodes.Service | nodes.Workload):
                message = f"`{node.span.text}` cannot be isolated"
                help_text = "write pods: `namespace`, `namespace[labels]`"
                self._diagnostics.append(error("E220", message, node.span, "not pods", help=help_text))
                continue
            pods = self._endpoints.resolve(node, "source")
            reality = self._endpoints.reality
            if isinstance(pods, ir.Pods) and (reality is None or reality.isolated(node, pods)):
                for direction in statement.directions:
                    leaving = direction == "egress"
                    point = ir.Point.LEAVING_POD if leaving else ir.Point.ENTERING_POD
                    yield ir.Isolation(point, pods, span=statement.span)  # type: ignore[arg-type] # one of the pod points

    def _exists(
        self,
        target: nodes.Target,
        resolved: ir.Endpoint,
        ports: tuple[ir.Ports, ...],
        path: ir.Path,
        statement: nodes.Intent | nodes.Assert,
    ) -> bool:
        """Tell whether the manifests agree with a target; a claim may speak of what does not exist."""
        reality = self._endpoints.reality
        if reality is None or not isinstance(resolved, ir.Pods) or isinstance(statement, nodes.Assert):
            return True
        return reality.target(target, resolved, ports, path, statement.via)

    def _source_exists(
        self, node: nodes.Endpoint, source: ir.Endpoint | None, statement: nodes.Intent | nodes.Assert
    ) -> bool:
        """Tell whether the manifests agree that a source has an address of its own."""
        reality = self._endpoints.reality
        if reality is None or not isinstance(source, ir.Pods) or isinstance(statement, nodes.Assert):
            return True
        return reality.source(node, source)

    def _path(self, via: nodes.Via | None) -> ir.Path | None:
        if via is None:
            return ir.DIRECT
        number = via.number or 0
        if via.path == "nodeport":
            first, last = self._profile.node_port_range
            if not first <= number <= last:
                name = self._profile.name
                message = f"nodePort {number} is outside the range of cluster `{name}`"
                label = f"the range is {first}-{last}"
                help_text = "write the Service's `nodePort`; its `port` and `targetPort` are other numbers"
                self._diagnostics.append(error("E208", message, via.span, label, help=help_text))
                return None
        return ir.Path(via.path, number, via.local)

    def _one_port(self, target: nodes.Target, ports: tuple[ir.Ports, ...], path: ir.Path) -> bool:
        """Tell whether one front port can lead to `ports`: it is mapped to one pod port a protocol."""
        if len({port.protocol for port in ports}) == len(ports) and all(
            port.first == port.last for port in ports
        ):
            return True
        message = f"`via {path.kind} {path.number}` leads to several pod ports"
        label = "one port is mapped to one port"
        span = target.ports[0].span.until(target.ports[-1].span) if target.ports else target.span
        help_text = "write an intent for each port, with its own `via`"
        self._diagnostics.append(error("E221", message, span, label, help=help_text))
        return False

    def _numbered(self, target: nodes.Target, ports: tuple[ir.Ports, ...]) -> bool:
        """Tell whether the ports of an address are numbers: only a pod says what a port name means."""
        named = next((port for port in ports if port.name), None)
        if named is None:
            return True
        span = next(node.span for node in target.ports if isinstance(node, nodes.NamedPort))
        message = f"port name `{named.name}` on an address"
        help_text = "write the number the target listens on"
        label = "only pods have port names; it would never match"
        self._diagnostics.append(error("E222", message, span, label, help=help_text))
        return False

    def _ports_of(self, target: nodes.Target) -> tuple[ir.Ports, ...]:
        known = self._ports.get(target.ports)
        if known is None:
            known = self._ports[target.ports] = _ports(target.ports)
        return known

    def _fits(
        self,
        source_node: nodes.Endpoint,
        source: ir.Endpoint,
        target_node: nodes.Target,
        target: ir.Endpoint,
        path: ir.Path,
        statement: nodes.Intent | nodes.Assert,
    ) -> bool:
        """Tell whether the truth table has a row for this pair of ends on this path; report it otherwise."""
        via = statement.via
        if via is not None and path.kind in _ONE_SIDE:
            return self._has_side(source_node, source, target_node, target, via)
        if via is not None and not isinstance(target, ir.Pods):
            message = f"`via {via.path}` to `{target_node.endpoint.span.text}`"
            help_text = "a path leads to pods: write `namespace[labels]:port` on the right of the arrow"
            self._diagnostics.append(
                error("E207", message, via.span, "the target is not pods", help=help_text)
            )
            return False
        if isinstance(source, ir.Pods):
            if path.kind not in _PATHS_FROM_PODS:
                return self._no_path(source_node, via, "pods", _PATHS_FROM_PODS)
            return via is None or self._has_nodes(via)
        if not isinstance(target, ir.Pods):
            if isinstance(statement, nodes.Assert):
                return True
            message = "neither end of the flow is pods"
            help_text = "a policy selects pods: name them on one side of the arrow"
            label = f"from `{source_node.span.text}` to `{target_node.endpoint.span.text}`"
            if statement.span.sort_key not in self._without_pods:
                self._without_pods.add(statement.span.sort_key)
                self._diagnostics.append(error("E209", message, statement.span, label, help=help_text))
            return False
        if source.word == "nodes":
            return path.kind in _PATHS_FROM_PODS or self._no_path(source_node, via, "nodes", _PATHS_FROM_PODS)
        if source.word == "control-plane":
            return path.kind == "direct" or self._no_path(source_node, via, "the control plane", ("direct",))
        if source.word in OUTSIDE and path.kind in _PATHS_FROM_OUTSIDE:
            return via is None or path.local or self._has_nodes(via)
        return self._no_path(source_node, via, "addresses outside", _PATHS_FROM_OUTSIDE)

    def _has_side(
        self,
        source_node: nodes.Endpoint,
        source: ir.Endpoint,
        target_node: nodes.Target,
        target: ir.Endpoint,
        via: nodes.Via,
    ) -> bool:
        """Tell whether pods stand at the one side that an intent speaks of; report it otherwise."""
        leaves = via.path == "egress"
        if isinstance(source if leaves else target, ir.Pods):
            return True
        span = (source_node if leaves else target_node.endpoint).span
        message = f"`{via.text}` {'from' if leaves else 'to'} `{span.text}`"
        label = "no policy stands at that side: it is not pods"
        help_text = f"write `only {'ingress' if leaves else 'egress'}`, or nothing"
        self._diagnostics.append(error("E218", message, via.span, label, help=help_text))
        return False

    def _has_nodes(self, via: nodes.Via) -> bool:
        """Tell whether the node ranges that a path shows are known; report it otherwise."""
        if self._profile.node_cidrs:
            return True
        self._diagnostics.append(missing_fact(self._profile, "nodeCIDRs", f"`via {via.path}`", via.span))
        return False

    def _no_path(
        self, source: nodes.Endpoint, via: nodes.Via | None, what: str, legal: tuple[str, ...]
    ) -> bool:
        span = via.span if via else source.span
        ways = ", ".join("no `via`" if kind == "direct" else f"`via {kind}`" for kind in legal)
        message = f"`via {via.path if via else ''}` from `{source.span.text}`"
        label = f"no traffic from {what} comes this way"
        self._diagnostics.append(error("E218", message, span, label, help=f"legal from there: {ways}"))
        return False


def _between(source: ir.Endpoint, target: ir.Endpoint, path: ir.Path) -> ir.Path:
    """Return the path of one flow: where one end only is pods, one side is all there is."""
    if path.kind in _ONE_SIDE and not (isinstance(source, ir.Pods) and isinstance(target, ir.Pods)):
        return ir.DIRECT
    return path


def clauses_of(item: Resolved) -> ir.Clauses:
    """Return what the clauses of a statement say of why, who and until when."""
    if not item.clauses:
        return ir.NO_CLAUSES
    said = {word: clause.values[0] for word, clause in item.clauses.items() if word != "on"}
    return ir.Clauses(**said) if said else ir.NO_CLAUSES


def _ports(ports: tuple[nodes.Ports, ...]) -> tuple[ir.Ports, ...]:
    """Return ports sorted and unique; `*` is every port of every protocol."""
    found: set[ir.Ports] = set()
    for port in ports:
        if isinstance(port, nodes.EveryPort):
            return ir.EVERY_PORT
        if isinstance(port, nodes.NumberedPorts):
            found.add(ir.Ports(port.protocol, port.first, port.last))
        else:
            found.add(ir.Ports(port.protocol, 0, 0, port.name))
    return tuple(sorted(found))
