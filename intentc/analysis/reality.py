"""Flows are compared with what the manifests say exists; what does not fit is said with both places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from intentc import ir, nodes
from intentc.analysis.existing import Existing
from intentc.analysis.fronts import Fronts
from intentc.analysis.resolution import named_numbers, pod_port
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.nearest import nearest
from intentc.profile import Project
from intentc.source import Span

if TYPE_CHECKING:
    from intentc.inventory import ContainerPort, Workload

_LISTED = 8


class Reality:
    """Say where an intent and the manifests contradict each other.

    Only what the manifests describe is judged: a namespace in which they have no workload may hold anything,
    and so may all of them where a manifest could not be read.
    """

    def __init__(self, project: Project, existing: Existing, diagnostics: list[Diagnostic]) -> None:
        self._existing = existing
        self._diagnostics = diagnostics
        self._judges = not existing.inventory.partial
        self._lists_namespaces = project.namespaces is not None
        self._fronts = Fronts(existing, diagnostics)
        self._silent_ends: dict[ir.Pods, bool] = {}
        self._silent_targets: dict[tuple[ir.Pods, tuple[ir.Ports, ...]], bool] = {}

    def is_silent(self, source: ir.Pods, target: ir.Pods, ports: tuple[ir.Ports, ...]) -> bool:
        """Tell whether there is nothing to say about a plain flow, and all its ports are numbers already."""
        known = self._silent_targets.get((target, ports))
        if known is None:
            workloads = self._existing.workloads_of(target)
            known = self._silent_targets[target, ports] = (
                not any(port.name for port in ports)
                and self._is_found(target, workloads)
                and not any(workload.host_network for workload in workloads)
                and not any(_undeclared(port, workloads) for port in ports)
            )
        if not known:
            return False
        found = self._silent_ends.get(source)
        if found is None:
            workloads = self._existing.workloads_of(source)
            found = self._silent_ends[source] = self._is_found(source, workloads) and not any(
                workload.host_network for workload in workloads
            )
        return found

    def _is_found(self, pods: ir.Pods, workloads: tuple[Workload, ...]) -> bool:
        namespace = pods.namespace
        if not self._judges:
            return True
        return bool(workloads) or (
            namespace in self._existing.namespaces and not self._existing.has_workloads(namespace or "")
        )

    def pods(self, node: nodes.Pods, pods: ir.Pods) -> None:
        """Warn of a namespace or a selector that matches nothing."""
        if not self._judges or self._existing.workloads_of(pods):
            return
        name = pods.namespace
        if name is not None and name not in self._existing.namespaces:
            if not self._lists_namespaces:
                self._no_namespace(node, name)
            return
        described = [
            space for space in self._existing.namespaces_of(pods) if self._existing.has_workloads(space)
        ]
        if node.selector and described:
            self._no_pods(node, pods, described)

    def _no_namespace(self, node: nodes.Pods, name: str) -> None:
        span = node.namespaces.span
        close = nearest(name, self._existing.namespaces)
        help_text = "where it exists without a manifest, list it in `namespaces` of `intentc.yaml`"
        fixes: tuple[Fix, ...] = ()
        if close:
            help_text = f"a namespace with a similar name exists: `{close}`"
            fixes = (Fix(f"write `{close}`", (Edit(span, close),), safe=False),)
        message = f"namespace `{name}` is in no manifest"
        label = "the intent matches nothing"
        self._diagnostics.append(warning("W220", message, span, label, help=help_text, fixes=fixes))

    def _no_pods(self, node: nodes.Pods, pods: ir.Pods, described: list[str]) -> None:
        """Warn of a selector without pods, and name the label that was probably meant."""
        span = node.selector[0].span.until(node.selector[-1].span)
        workloads = [item for space in described for item in self._existing.in_namespace(space)]
        help_text, fixes = self._label_help(node, workloads)
        where = f"`{pods.namespace}`" if pods.namespace else "the namespaces it names"
        message = "selector matches no pods"
        label = f"no workload in {where} has these labels"
        self._diagnostics.append(warning("W221", message, span, label, help=help_text, fixes=fixes))

    def _label_help(self, node: nodes.Pods, workloads: list[Workload]) -> tuple[str, tuple[Fix, ...]]:
        values: dict[str, set[str]] = {}
        for workload in workloads:
            for key, value in workload.labels:
                values.setdefault(key, set()).add(value)
        for requirement in node.selector:
            if requirement.operator != "=":
                continue
            key, value = requirement.key, requirement.values[0]
            close_key = key if key in values else nearest(key, values)
            close = nearest(value, values.get(close_key or "", ()))
            if close_key != key and value in values.get(close_key or "", ()):
                close = value
            if close_key and close:
                better = f"{close_key}={close}"
                fix = Fix(f"write `{better}`", (Edit(requirement.span, better),), safe=False)
                return f"a similar label exists: `{better}`", (fix,)
        wanted = {requirement.key for requirement in node.selector}
        there = sorted(f"{key}={value}" for key in wanted & values.keys() for value in values[key])
        if not there:
            there = sorted(f"{key}={value}" for key, its in values.items() for value in its)
        listing = ", ".join(f"`{label}`" for label in there[:_LISTED])
        return f"labels there: {listing}" + (", …" if len(there) > _LISTED else ""), ()

    def isolated(self, node: nodes.Endpoint, pods: ir.Pods) -> bool:
        """Tell whether pods can be isolated; no policy selects those that run with hostNetwork."""
        workloads = self._existing.workloads_of(pods)
        if not self._judges or not workloads or not all(item.host_network for item in workloads):
            return True
        message = f"`{node.span.text}` runs with hostNetwork"
        label = "no policy isolates it"
        help_text = "leave it out: the firewall, and the process itself, decide who reaches it"
        others = _host_networks(workloads)
        self._diagnostics.append(error("E233", message, node.span, label, others=others, help=help_text))
        return False

    def source(self, node: nodes.Endpoint, pods: ir.Pods) -> bool:
        """Tell whether pods can be a source; those that run with hostNetwork are nodes in all but name."""
        workloads = self._existing.workloads_of(pods)
        if not self._judges or not workloads or not all(item.host_network for item in workloads):
            return True
        message = f"source `{node.span.text}` runs with hostNetwork"
        label = "no policy selects it: its traffic has a node's address"
        help_text = "write `nodes` as the source"
        others = _host_networks(workloads)
        self._diagnostics.append(error("E233", message, node.span, label, others=others, help=help_text))
        return False

    def target(
        self,
        target: nodes.Target,
        pods: ir.Pods,
        ports: tuple[ir.Ports, ...],
        path: ir.Path,
        via: nodes.Via | None,
    ) -> bool:
        """Tell whether the manifests agree that this way leads to these pods, and say what is doubtful."""
        if not self._judges:
            return True
        workloads = self._existing.workloads_of(pods)
        if not workloads:
            return True
        if not self._host_network(target, workloads, path, via):
            return False
        if via is not None and not self._fronts.lead_there(target, workloads, ports, path, via):
            return False
        for port in ports:
            if _undeclared(port, workloads):
                self._not_declared(target, port, workloads)
        return True

    def _host_network(
        self, target: nodes.Target, workloads: tuple[Workload, ...], path: ir.Path, via: nodes.Via | None
    ) -> bool:
        """Tell whether hostNetwork is named exactly where it is used."""
        on_nodes = [item for item in workloads if item.host_network]
        text = target.endpoint.span.text
        if path.kind == "hostnetwork":
            if on_nodes:
                return True
            message = f"target `{text}` does not run with hostNetwork"
            here = (Label(workloads[0].span, "described here, without `hostNetwork`"),)
            help_text = "leave `via hostnetwork` out: the pods have addresses of their own"
            label = "it leads to the nodes, and nothing listens there"
            span = via.span if via else target.span
            self._diagnostics.append(error("E233", message, span, label, others=here, help=help_text))
            return False
        if len(on_nodes) == len(workloads):
            message = f"target `{text}` runs with hostNetwork"
            label = "its address is a node's: no pod is dialled"
            help_text = "write `via hostnetwork` behind the port"
            others = _host_networks(workloads)
            self._diagnostics.append(
                error("E233", message, target.endpoint.span, label, others=others, help=help_text)
            )
            return False
        if on_nodes:
            message = f"some pods of `{text}` run with hostNetwork"
            label = "the intent does not reach those"
            help_text = "name them in an intent of their own, with `via hostnetwork`"
            others = _host_networks(on_nodes)
            self._diagnostics.append(
                warning("W225", message, target.endpoint.span, label, others=others, help=help_text)
            )
        return True

    def _not_declared(self, target: nodes.Target, port: ir.Ports, workloads: tuple[Workload, ...]) -> None:
        """Warn of a port that no container declares; it may be that of the Service in front."""
        others = self._leading_there(target, port)
        if others is None:
            for workload in workloads:
                for front in self._existing.serving(workload):
                    for its in front.ports:
                        if its.number == port.first == port.last and its.target != port.first:
                            numbers = named_numbers(pod_port(its), workloads)
                            right = numbers[0] if len(numbers) == 1 else its.target
                            self._service_port(target, port, right, front.path, its.span)
                            return
        declared = sorted({item.number for workload in workloads for item in workload.ports})
        names = sorted({item.name for workload in workloads for item in workload.ports if item.name})
        said = port.name or (str(port.first) if port.first == port.last else f"{port.first}-{port.last}")
        listing = ", ".join(f"`{number}`" for number in declared[:_LISTED])
        help_text = f"declared there: {listing}" + (", …" if len(declared) > _LISTED else "")
        if port.name:
            close = nearest(port.name, names)
            help_text = (
                f"a port with a similar name exists: `{close}`"
                if close
                else "named there: " + (", ".join(f"`{name}`" for name in names) or "none")
            )
        others = others or (Label(workloads[0].span, "described here"),)
        message = f"no container declares port `{said}`"
        span = self._port_span(target, port)
        label = f"nothing in `{target.endpoint.span.text}` says that it listens there"
        self._diagnostics.append(warning("W222", message, span, label, others=others, help=help_text))

    def _leading_there(self, target: nodes.Target, port: ir.Ports) -> tuple[Label, ...] | None:
        """Return where the Service that is named leads to a pod port, or None where none is named."""
        node = target.endpoint
        if not isinstance(node, nodes.Service):
            return None
        service = self._existing.services.get((node.namespace.name, node.name))
        return tuple(
            Label(its.span, "the Service leads to this port")
            for its in (service.ports if service else ())
            if its.target == (port.name or port.first) and its.protocol == port.protocol
        )

    def _service_port(
        self, target: nodes.Target, port: ir.Ports, there: int | str, front: str, place: Span
    ) -> None:
        protocol = "" if port.protocol == "TCP" else f"/{port.protocol.lower()}"
        right = f"{there}{protocol}" if isinstance(there, int) else f"{there}/{port.protocol.lower()}"
        span = self._port_span(target, port)
        message = f"`{port.first}` is the port of Service `{front}`, the pod port is `{there}`"
        label = "a policy sees the pod port"
        help_text = f"write `{right}`, or name the Service: `{front}:{port.first}{protocol}`"
        fix = Fix(f"write `{right}`", (Edit(span, right),), safe=False)
        others = (Label(place, "the Service leads there"),)
        self._diagnostics.append(
            warning("W223", message, span, label, others=others, help=help_text, fixes=(fix,))
        )

    def _port_span(self, target: nodes.Target, port: ir.Ports) -> Span:
        for node in target.ports:
            if isinstance(node, nodes.NamedPort) and node.name == port.name:
                return node.span
            if isinstance(node, nodes.NumberedPorts) and (node.first, node.last) == (port.first, port.last):
                return node.span
        return target.ports[0].span if target.ports else target.span


def _undeclared(port: ir.Ports, workloads: Iterable[Workload]) -> bool:
    """Tell whether no container declares a port, although the containers of every workload declare some.

    Declaring ports is not required of a container: one without any may listen anywhere.
    """
    if port in ir.EVERY_PORT:
        return False
    found = tuple(workloads)
    return bool(found) and all(
        item.ports and not any(_is_in(declared, port) for declared in item.ports) for item in found
    )


def _is_in(declared: ContainerPort, port: ir.Ports) -> bool:
    if declared.protocol != port.protocol:
        return False
    return declared.name == port.name if port.name else port.first <= declared.number <= port.last


def _host_networks(workloads: Iterable[Workload]) -> tuple[Label, ...]:
    found = [item.host_network for item in workloads if item.host_network is not None]
    return tuple(Label(span, "it runs in the network of its node") for span in found[:3])
