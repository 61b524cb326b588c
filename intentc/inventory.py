"""What the manifests of a project say exists: namespaces, workloads with their pods, Services, ways in.

Only what decides a flow is kept, each with the place in the manifest that says it. Labels are sorted pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from intentc.source import Span

Labels = tuple[tuple[str, str], ...]
"""Keys and values, sorted by key."""


class Condition(NamedTuple):
    """One requirement of a selector, in the API's words: operator `In`, `NotIn`, `Exists`, `DoesNotExist`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Namespace:
    """A Namespace object; `labels` are those it declares."""

    name: str
    labels: Labels
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container declares; `host_port` is 0 where it has none."""

    number: int
    protocol: str
    name: str
    host_port: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Mention:
    """A text that a container is configured with; `hint` is the variable, flag or key that it belongs to."""

    text: str
    hint: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class ConfigUse:
    """A ConfigMap that a pod reads: one key of it, or all of it where `key` is empty.

    `hint` is the variable that takes the value, where one is named.
    """

    name: str
    key: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """The texts of a ConfigMap; the hint of each is its key."""

    namespace: str
    name: str
    entries: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """Pods made from one template; `kind` is the word of the language, such as `deployment`.

    `selector` is what the workload selects its own pods by, and empty where its kind has none.
    """

    kind: str
    namespace: str
    name: str
    labels: Labels
    selector: tuple[Condition, ...]
    ports: tuple[ContainerPort, ...]
    span: Span = field(compare=False)
    host_network: Span | None = field(default=None, compare=False)
    mentions: tuple[Mention, ...] = field(default=(), compare=False)
    config: tuple[ConfigUse, ...] = field(default=(), compare=False)

    @property
    def path(self) -> str:
        """Return the workload as the language writes it."""
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service: `target` is a pod port's number or name, `node_port` is 0 where none is given."""

    number: int
    protocol: str
    name: str
    target: int | str
    node_port: int
    span: Span = field(compare=False)
    node_span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A Service; `selector` is empty where it selects no pods, `local` is its `externalTrafficPolicy`."""

    namespace: str
    name: str
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
    selector: Labels
    ports: tuple[ServicePort, ...]
    span: Span = field(compare=False)
    headless: bool = False
    local: bool = False
    external_name: str = ""
    source_ranges: tuple[str, ...] = ()
    type_span: Span | None = field(default=None, compare=False)
    policy_span: Span | None = field(default=None, compare=False)

    @property
    def path(self) -> str:
        """Return the Service as the language writes it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a Service from outside its clients: an ingress, a route, a webhook, an API, a balancer.

    `port` is the Service port's number or name; 0 stands for its only port. `class_name` is the controller
    class of an ingress, empty where the cluster's default serves it.
    """

    kind: Literal["ingress", "route", "webhook", "api", "balancer"]
    namespace: str
    service: str
    port: int | str
    class_name: str = ""
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that exists, sorted; `partial` where a manifest could not be read, so that absence says nothing."""

    namespaces: tuple[Namespace, ...] = ()
    workloads: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    entries: tuple[Entry, ...] = ()
    partial: bool = False
