"""Compare the way an intent names with the nodePorts, balancers and hostPorts that the manifests have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from intentc import ir, nodes
from intentc.analysis.existing import Existing
from intentc.analysis.resolution import named_numbers, pod_port
from intentc.diagnostics import Diagnostic, Label, error
from intentc.source import Span

if TYPE_CHECKING:
    from intentc.inventory import ContainerPort, Service, ServicePort, Workload

    Front = tuple[Service, ServicePort]


class Fronts:
    """Tell whether a nodePort, a balancer's port or a hostPort leads where an intent says."""

    def __init__(self, existing: Existing, diagnostics: list[Diagnostic]) -> None:
        self._existing = existing
        self._diagnostics = diagnostics

    def lead_there(
        self,
        target: nodes.Target,
        workloads: tuple[Workload, ...],
        ports: tuple[ir.Ports, ...],
        path: ir.Path,
        via: nodes.Via,
    ) -> bool:
        """Tell whether a path leads to these ports of these workloads; otherwise report both places."""
        if path.kind == "hostport":
            return self._host_port(target, workloads, ports, path, via)
        if path.kind not in ("nodeport", "loadbalancer"):
            return True
        named = target.endpoint
        if isinstance(named, nodes.Service):
            service = self._existing.services.get((named.namespace.name, named.name))
            fronts = list(self._fronts_of([service] if service else [], workloads, ports))
        else:
            serving = {
                service.path: service for item in workloads for service in self._existing.serving(item)
            }
            fronts = list(self._fronts_of(serving.values(), workloads, ports))
        fitting = [front for front in fronts if _fits(front, path)]
        if not fitting:
            self._none(target, fronts, path, via)
            return False
        if any(service.local == path.local for service, _ in fitting):
            return True
        self._contradicts(fitting[0][0], path, via)
        return False

    def _fronts_of(
        self, services: Iterable[Service], workloads: tuple[Workload, ...], ports: tuple[ir.Ports, ...]
    ) -> Iterator[Front]:
        """Yield the Service ports that lead to one of these pod ports."""
        for service in services:
            for port in service.ports:
                its = pod_port(port)
                if its.name:
                    numbers = named_numbers(its, workloads)
                    choices = {its, *(ir.Ports(its.protocol, number, number) for number in numbers)}
                else:
                    choices = {its}
                if choices & set(ports):
                    yield service, port

    def _none(self, target: nodes.Target, fronts: list[Front], path: ir.Path, via: nodes.Via) -> None:
        text = target.endpoint.span.text
        what = "nodePort" if path.kind == "nodeport" else "balancer port"
        message = f"no Service has {what} {path.number} for `{text}`"
        others: list[Label] = []
        numbers: list[int] = []
        for service, port in fronts[:3]:
            others.append(_found(service, port, path))
            if path.kind == "nodeport" and port.node_port:
                numbers.append(port.node_port)
            elif path.kind == "loadbalancer" and service.type == "LoadBalancer":
                numbers.append(port.number)
        elsewhere = self._existing.with_node_port(path.number) if path.kind == "nodeport" else []
        others += [
            Label(port.node_span or port.span, f"it leads to `{service.path}`")
            for service, port in elsewhere[:1]
            if (service, port) not in fronts[:3]
        ]
        if numbers:
            listing = ", ".join(f"`via {path.kind} {number}`" for number in sorted(set(numbers)))
            help_text = f"the manifests have {listing}"
        else:
            help_text = "leave `via` out for traffic inside the cluster, or give the Service that port"
        label = "nothing leads there this way"
        self._diagnostics.append(
            error("E234", message, via.span, label, others=tuple(others), help=help_text)
        )

    def _contradicts(self, service: Service, path: ir.Path, via: nodes.Via) -> None:
        said = "Local" if service.local else "Cluster"
        span = service.policy_span or service.span
        default = "" if service.policy_span else ", the default"
        others = (Label(span, f"`externalTrafficPolicy` is `{said}`{default}"),)
        if path.local:
            message = f"`local`, and Service `{service.path}` is not"
            label = "its nodes pass traffic on to other nodes"
            help_text = "leave `local` out, or write `externalTrafficPolicy: Local` in the Service"
        else:
            message = f"Service `{service.path}` is `local`"
            label = "it keeps the client's address: no node rule is needed"
            help_text = "write `local` behind the port"
        self._diagnostics.append(error("E235", message, via.span, label, others=others, help=help_text))

    def _host_port(
        self,
        target: nodes.Target,
        workloads: tuple[Workload, ...],
        ports: tuple[ir.Ports, ...],
        path: ir.Path,
        via: nodes.Via,
    ) -> bool:
        declared = [port for item in workloads for port in item.ports if port.host_port]
        if any(_leads(port, ports) for port in declared if port.host_port == path.number):
            return True
        others = tuple(
            Label(port.span, f"hostPort {port.host_port} leads to {port.number}") for port in declared[:3]
        ) or (Label(workloads[0].span, "no container here has a hostPort"),)
        message = f"no container of `{target.endpoint.span.text}` has hostPort {path.number} for that port"
        numbers = sorted({port.host_port for port in declared})
        help_text = (
            "the manifests have " + ", ".join(f"`via hostport {number}`" for number in numbers)
            if numbers
            else "leave `via` out, or give the container that `hostPort`"
        )
        label = "nothing leads there this way"
        self._diagnostics.append(error("E234", message, via.span, label, others=others, help=help_text))
        return False


def _fits(front: Front, path: ir.Path) -> bool:
    """Tell whether a Service port has the number of a path; one that the cluster will choose may have it."""
    service, port = front
    if path.kind == "loadbalancer":
        return service.type == "LoadBalancer" and port.number == path.number
    return service.type in ("NodePort", "LoadBalancer") and port.node_port in (0, path.number)


def _found(service: Service, port: ServicePort, path: ir.Path) -> Label:
    """Return what a Service in front of the target has in place of what the path names."""
    where: Span = service.type_span or service.span
    if path.kind == "nodeport":
        if service.type in ("NodePort", "LoadBalancer"):
            return Label(port.node_span or port.span, f"`{service.path}` has nodePort {port.node_port}")
    elif service.type == "LoadBalancer":
        return Label(port.span, f"`{service.path}` has port {port.number}")
    return Label(where, f"`{service.path}` is a {service.type} Service")


def _leads(declared: ContainerPort, ports: tuple[ir.Ports, ...]) -> bool:
    """Tell whether a container's port is one of those that are wanted, by number or by name."""
    for port in ports:
        if port.name:
            if port.name == declared.name and port.protocol == declared.protocol:
                return True
        elif (port.protocol, port.first) == (declared.protocol, declared.number):
            return True
    return False
