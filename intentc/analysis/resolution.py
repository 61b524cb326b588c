"""Names of Services, workloads and ports become the pods and pod ports that the manifests say they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from intentc import ir, nodes
from intentc.analysis.existing import Existing, service_pods
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.nearest import nearest

if TYPE_CHECKING:
    from intentc.inventory import Service, ServicePort, Workload

_LISTED = 8


class Resolution:
    """Resolve what an intent names by the manifests; without any, every such name is an error."""

    def __init__(self, existing: Existing | None, diagnostics: list[Diagnostic]) -> None:
        self._existing = existing
        self._diagnostics = diagnostics

    def pods(self, endpoint: nodes.Service | nodes.Workload) -> ir.Pods | None:
        """Return the pods that a Service or a workload stands for, or None after reporting why not."""
        if self._existing is None:
            self._without_manifests(endpoint)
            return None
        if isinstance(endpoint, nodes.Service):
            service = self.service(endpoint)
            if service is None:
                self._not_known(endpoint, self._existing)
                return None
            return self._behind(endpoint, service, self._existing)
        workload = self._existing.workloads.get((endpoint.namespace.name, endpoint.kind, endpoint.name))
        if workload is None:
            self._not_known(endpoint, self._existing)
            return None
        return self._made_by(endpoint, workload, self._existing)

    def service(self, endpoint: nodes.Endpoint) -> Service | None:
        """Return the Service an endpoint names, where it names one that exists."""
        if self._existing is None or not isinstance(endpoint, nodes.Service):
            return None
        return self._existing.services.get((endpoint.namespace.name, endpoint.name))

    def ports(
        self, target: nodes.Target, pods: ir.Endpoint, ports: tuple[ir.Ports, ...]
    ) -> tuple[ir.Ports, ...]:
        """Return the pod ports that `ports` of a target are; none after reporting one that cannot be.

        The ports of a Service lead to the pod ports it names. The name of a port is its number where all the
        pods there are agree on it; where they do not, only the name itself is exact.
        """
        if self._existing is None or not isinstance(pods, ir.Pods):
            return ports
        service = self.service(target.endpoint)
        found: dict[ir.Ports, None] = {}
        if service is None:
            for port in ports:
                found[self._numbered(port, pods, self._existing)] = None
        else:
            chosen = service_ports(service, ports)
            if chosen is None:
                self._no_such_port(target, service)
                return ()
            for its in chosen:
                target_port = pod_port(its)
                found[self._numbered(target_port, pods, self._existing)] = None
        return tuple(sorted(found))

    def _numbered(self, port: ir.Ports, pods: ir.Pods, existing: Existing) -> ir.Ports:
        if not port.name:
            return port
        numbers = named_numbers(port, existing.workloads_of(pods))
        return ir.Ports(port.protocol, *numbers * 2) if len(numbers) == 1 else port

    def _behind(self, endpoint: nodes.Service, service: Service, existing: Existing) -> ir.Pods | None:
        if not service.selector:
            what = "is a name for another host" if service.type == "ExternalName" else "selects no pods"
            others = (Label(service.type_span or service.span, f"this Service {what}"),)
            message = f"Service `{endpoint.span.text}` leads to no pods"
            label = "no policy can select what is behind it"
            help_text = "write where its traffic ends: an address, or pods by their labels"
            self._diagnostics.append(
                error("E231", message, endpoint.span, label, others=others, help=help_text)
            )
            return None
        pods = service_pods(service)
        if not existing.workloads_of(pods) and existing.has_workloads(service.namespace):
            others = (Label(service.span, "this Service"),)
            message = f"Service `{endpoint.span.text}` selects no pods of the manifests"
            label = f"no workload in `{service.namespace}` has its labels"
            help_text = f"it selects {_labels(service.selector)}"
            self._warn("W221", message, endpoint, label, others, help_text)
        return pods

    def _made_by(self, endpoint: nodes.Workload, workload: Workload, existing: Existing) -> ir.Pods | None:
        if not workload.labels:
            others = (Label(workload.span, "described here"),)
            message = f"pods of `{endpoint.span.text}` have no labels"
            help_text = "give its pods a label of their own, such as `app`"
            self._diagnostics.append(
                error("E231", message, endpoint.span, "nothing selects them", others=others, help=help_text)
            )
            return None
        pods = workload_pods(workload, existing)
        others_too = [item for item in existing.workloads_of(pods) if item is not workload]
        if others_too:
            first = others_too[0]
            labels = (Label(first.span, f"pods of `{first.path}` have these labels too"),)
            message = f"`{endpoint.span.text}` stands for pods of other workloads as well"
            label = "a policy selects pods by labels alone"
            help_text = "give the pods of each workload a label that tells them apart"
            self._warn("W224", message, endpoint, label, labels, help_text)
        return pods

    def _warn(
        self,
        code: str,
        message: str,
        node: nodes.Endpoint,
        label: str,
        others: tuple[Label, ...],
        advice: str,
    ) -> None:
        if self._existing is not None and not self._existing.inventory.partial:
            self._diagnostics.append(warning(code, message, node.span, label, others=others, help=advice))

    def _without_manifests(self, endpoint: nodes.Service | nodes.Workload) -> None:
        kind = "Service" if isinstance(endpoint, nodes.Service) else "workload"
        message = f"{kind} `{endpoint.span.text}` cannot be resolved"
        label = "the project has no manifests"
        help_text = (
            "write the pods by their labels: `namespace[app=name]:port`, with the port the pods listen on"
        )
        self._diagnostics.append(error("E215", message, endpoint.span, label, help=help_text))

    def _not_known(self, endpoint: nodes.Service | nodes.Workload, existing: Existing) -> None:
        """Report a name that no manifest has; a manifest that could not be read may have it."""
        if existing.inventory.partial:
            return
        kind = "Service" if isinstance(endpoint, nodes.Service) else "workload"
        message = f"{kind} `{endpoint.span.text}` is not known"
        fixes: tuple[Fix, ...] = ()
        close = _close(endpoint, existing)
        if close:
            help_text = f"a {kind} with a similar name exists: `{close}`"
            fixes = (Fix(f"write `{close}`", (Edit(endpoint.span, close),), safe=False),)
        else:
            names = _names(endpoint, existing)
            where = f"in `{endpoint.namespace.name}`"
            few = names[:_LISTED]
            listing = ", ".join(f"`{name}`" for name in few) + (", …" if len(names) > _LISTED else "")
            help_text = f"{kind}s {where}: {listing}" if few else f"no manifest has a {kind} {where}"
        self._diagnostics.append(
            error("E230", message, endpoint.span, "no manifest has it", help=help_text, fixes=fixes)
        )

    def _no_such_port(self, target: nodes.Target, service: Service) -> None:
        wrong = next(
            (node for node in target.ports if service_ports(service, _as_ports(node)) is None),
            target.ports[0],
        )
        stated = ", ".join(f"`{its.number}`" for its in service.ports) or "none"
        message = f"Service `{target.endpoint.span.text}` has no port `{wrong.span.text}`"
        others = (Label(service.span, "this Service"),)
        label = "not a port of the Service"
        help_text = f"its ports are {stated}"
        fixes: tuple[Fix, ...] = ()
        behind = [its for its in service.ports if self._is_behind(wrong, service, its)]
        if behind:
            help_text = f"that is the pod port: the Service port is `{behind[0].number}`"
            edit = Edit(wrong.span, str(behind[0].number))
            fixes = (Fix(f"write `{behind[0].number}`", (edit,), safe=False),)
        self._diagnostics.append(
            error("E232", message, wrong.span, label, others=others, help=help_text, fixes=fixes)
        )

    def _is_behind(self, node: nodes.Ports, service: Service, port: ServicePort) -> bool:
        """Tell whether a port that the Service lacks is the pod port behind one that it has."""
        workloads = self._existing.behind(service) if self._existing else ()
        named = f"{port.target}/{port.protocol.lower()}"
        numbers = named_numbers(pod_port(port), workloads) if isinstance(port.target, str) else (port.target,)
        return node.span.text == named or node.span.text in [str(number) for number in numbers]


def workload_pods(workload: Workload, existing: Existing) -> ir.Pods:
    """Return the pods of a workload by the labels that stay the same in every release of it.

    Those are the labels it selects its own pods by. Where they also hold for another workload's pods, all
    labels of its template are taken. A kind that selects nothing itself has only the latter.
    """
    namespace = (ir.Requirement(ir.NAMESPACE_LABEL, "In", (workload.namespace,)),)
    every = tuple(sorted(ir.Requirement(key, "In", (value,)) for key, value in workload.labels))
    if not workload.selector:
        return ir.Pods(namespace, every)
    own = tuple(
        sorted(
            ir.Requirement(item.key, item.operator, item.values)  # type: ignore[arg-type] # the API's words
            for item in workload.selector
        )
    )
    pods = ir.Pods(namespace, own)
    return pods if existing.workloads_of(pods) == (workload,) else ir.Pods(namespace, every)


def service_ports(service: Service, ports: Iterable[ir.Ports]) -> tuple[ServicePort, ...] | None:
    """Return the Service ports that are meant, by number or name, or None where the Service lacks one.

    `*` means all it has: a Service leads nowhere else.
    """
    stated = tuple(ports)
    if stated == ir.EVERY_PORT:
        return service.ports or None
    found: list[ServicePort] = []
    for port in stated:
        its = [
            item
            for item in service.ports
            if item.protocol == port.protocol
            and (item.name == port.name if port.name else item.number == port.first == port.last)
        ]
        if not its:
            return None
        found.extend(its)
    return tuple(found)


def pod_port(port: ServicePort) -> ir.Ports:
    """Return the pod port that a Service port leads to."""
    if isinstance(port.target, int):
        return ir.Ports(port.protocol, port.target, port.target)  # type: ignore[arg-type] # a protocol
    return ir.Ports(port.protocol, 0, 0, port.target)  # type: ignore[arg-type] # a protocol


def named_numbers(port: ir.Ports, workloads: Iterable[Workload]) -> tuple[int, ...]:
    """Return the numbers that workloads give to the name of a port; 0 stands for one without the name."""
    found: set[int] = set()
    for workload in workloads:
        its = {
            item.number
            for item in workload.ports
            if item.name == port.name and item.protocol == port.protocol
        }
        found |= its or {0}
    return tuple(sorted(found)) if 0 not in found else ()


def _as_ports(node: nodes.Ports) -> tuple[ir.Ports, ...]:
    if isinstance(node, nodes.EveryPort):
        return ir.EVERY_PORT
    if isinstance(node, nodes.NumberedPorts):
        return (ir.Ports(node.protocol, node.first, node.last),)
    return (ir.Ports(node.protocol, 0, 0, node.name),)


def _names(endpoint: nodes.Service | nodes.Workload, existing: Existing) -> list[str]:
    namespace = endpoint.namespace.name
    if isinstance(endpoint, nodes.Service):
        return [service.path for service in existing.services_in(namespace)]
    return [workload.path for workload in existing.in_namespace(namespace)]


def _close(endpoint: nodes.Service | nodes.Workload, existing: Existing) -> str | None:
    """Return what was probably meant: a similar name, or the same name elsewhere."""
    namespace, name = endpoint.namespace.name, endpoint.name
    if isinstance(endpoint, nodes.Service):
        near = nearest(name, [service.name for service in existing.services_in(namespace)])
        if near:
            return f"{namespace}/{near}"
        space = nearest(namespace, existing.namespaces)
        return f"{space}/{name}" if space and (space, name) in existing.services else None
    its = existing.in_namespace(namespace)
    for workload in its:
        if workload.name == name and workload.kind != endpoint.kind:
            return workload.path
    near = nearest(name, [workload.name for workload in its if workload.kind == endpoint.kind])
    if near:
        return f"{namespace}/{endpoint.kind}/{near}"
    space = nearest(namespace, existing.namespaces)
    key = (space or "", endpoint.kind, name)
    return f"{space}/{endpoint.kind}/{name}" if key in existing.workloads else None


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"`{key}={value}`" for key, value in labels)
