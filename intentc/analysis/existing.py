"""The inventory becomes answers: which workloads a selector holds for, and which Services lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from intentc import ir
from intentc.profile import Project

if TYPE_CHECKING:
    from intentc.inventory import Inventory, Service, ServicePort, Workload

BUILT_IN = frozenset(["default", "kube-node-lease", "kube-public", "kube-system"])
"""The namespaces every cluster has.

https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces
"""


class Existing:
    """Look workloads and Services up; each question is answered once, without walking all there is."""

    def __init__(self, project: Project, inventory: Inventory) -> None:
        self.inventory = inventory
        self.services = {(service.namespace, service.name): service for service in inventory.services}
        self.workloads = {(item.namespace, item.kind, item.name): item for item in inventory.workloads}
        self._by_namespace: dict[str, list[Workload]] = {}
        self._by_label: dict[tuple[str, str, str], list[Workload]] = {}
        for workload in inventory.workloads:
            self._by_namespace.setdefault(workload.namespace, []).append(workload)
            for key, value in workload.labels:
                self._by_label.setdefault((workload.namespace, key, value), []).append(workload)
        self._services_in: dict[str, list[Service]] = {}
        self._by_node_port: dict[int, list[tuple[Service, ServicePort]]] = {}
        for service in inventory.services:
            self._services_in.setdefault(service.namespace, []).append(service)
            for port in service.ports:
                if port.node_port:
                    self._by_node_port.setdefault(port.node_port, []).append((service, port))
        self.namespaces = known_namespaces(project, inventory)
        self._labels = {name: dict(labels) for name, labels in namespace_labels(project, inventory).items()}
        self._found: dict[ir.Pods, tuple[Workload, ...]] = {}
        self._serving: dict[str, dict[tuple[str, str, str], list[Service]]] = {}

    def has_workloads(self, namespace: str) -> bool:
        """Tell whether the manifests describe what runs in a namespace."""
        return namespace in self._by_namespace

    def in_namespace(self, namespace: str) -> list[Workload]:
        """Return the workloads of a namespace."""
        return self._by_namespace.get(namespace, [])

    def services_in(self, namespace: str) -> list[Service]:
        """Return the Services of a namespace."""
        return self._services_in.get(namespace, [])

    def with_node_port(self, number: int) -> list[tuple[Service, ServicePort]]:
        """Return the Service ports that have a nodePort."""
        return self._by_node_port.get(number, [])

    def namespaces_of(self, pods: ir.Pods) -> list[str]:
        """Return the known namespaces that a selector holds for."""
        if pods.namespace is not None:
            return [pods.namespace] if pods.namespace in self.namespaces else []
        return [
            name
            for name in sorted(self.namespaces)
            if holds(pods.namespaces, {**self._labels.get(name, {}), ir.NAMESPACE_LABEL: name})
        ]

    def workloads_of(self, pods: ir.Pods) -> tuple[Workload, ...]:
        """Return the workloads whose pods a selector holds for, in the order of their paths."""
        known = self._found.get(pods)
        if known is None:
            known = self._found[pods] = tuple(
                workload
                for namespace in self.namespaces_of(pods)
                for workload in self._candidates(namespace, pods.pods)
                if holds(pods.pods, dict(workload.labels))
            )
        return known

    def _candidates(self, namespace: str, selector: ir.Selector) -> Iterable[Workload]:
        """Return the workloads that could match: those with one of the labels where one is required."""
        required = next((item for item in selector if item.operator == "In"), None)
        if required is None:
            return self._by_namespace.get(namespace, ())
        found = {
            (workload.kind, workload.name): workload
            for value in required.values
            for workload in self._by_label.get((namespace, required.key, value), ())
        }
        return [found[key] for key in sorted(found)]

    def behind(self, service: Service) -> tuple[Workload, ...]:
        """Return the workloads whose pods a Service leads to."""
        return self.workloads_of(service_pods(service)) if service.selector else ()

    def serving(self, workload: Workload) -> list[Service]:
        """Return the Services that lead to a workload's pods."""
        known = self._serving.get(workload.namespace)
        if known is None:
            known = self._serving[workload.namespace] = {}
            for service in self.services_in(workload.namespace):
                for item in self.behind(service):
                    known.setdefault((item.namespace, item.kind, item.name), []).append(service)
        return known.get((workload.namespace, workload.kind, workload.name), [])


def holds(selector: ir.Selector, labels: Mapping[str, str]) -> bool:
    """Tell whether labels satisfy a selector, by the rules of the Kubernetes API.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    for requirement in selector:
        value = labels.get(requirement.key)
        if requirement.operator == "In":
            satisfied = value in requirement.values
        elif requirement.operator == "NotIn":
            satisfied = value not in requirement.values
        else:
            satisfied = (value is not None) == (requirement.operator == "Exists")
        if not satisfied:
            return False
    return True


def service_pods(service: Service) -> ir.Pods:
    """Return the pods a Service leads to: those with all the labels of its selector, in its namespace."""
    selector = tuple(sorted(ir.Requirement(key, "In", (value,)) for key, value in service.selector))
    return ir.Pods((ir.Requirement(ir.NAMESPACE_LABEL, "In", (service.namespace,)),), selector)


def known_namespaces(project: Project, inventory: Inventory) -> frozenset[str]:
    """Return every namespace that the project or a manifest speaks of, and those every cluster has."""
    return frozenset(namespace_labels(project, inventory)) | BUILT_IN


def namespace_labels(project: Project, inventory: Inventory | None) -> dict[str, dict[str, str]]:
    """Return every namespace that the project or a manifest speaks of, with the labels that are stated.

    Where both state a label, the project's word holds.
    """
    found: dict[str, dict[str, str]] = {}
    if inventory is not None:
        for items in (inventory.workloads, inventory.services):
            for item in items:
                found.setdefault(item.namespace, {})
        for declared in inventory.namespaces:
            found.setdefault(declared.name, {}).update(declared.labels)
    for stated in project.namespaces or ():
        found.setdefault(stated.name, {}).update(stated.labels)
    return found
