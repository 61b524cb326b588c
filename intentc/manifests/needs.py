"""The inventory becomes needs: which workload is configured to call which Service, and by which line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from intentc.inventory import Entry, Inventory, Mention, Service, ServicePort, Workload
from intentc.manifests.hosts import DEFAULT_PORTS, Host, hosts, is_naming
from intentc.source import Span

_SERVICES = re.compile(r"(.+?)\.svc(?:\..*)?")
_PORT_WORDS = re.compile(
    r"(?i)[_.-]?(?:service[_.-]?host|hostname|host|hosts|address|addr|server|service|svc|endpoint|url|uri)$"
)
_ADDRESS = re.compile(r"[0-9.]+|localhost|.*\.localhost")
_OUTSIDE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}")
_SELDOM_CALLED = frozenset(
    ["admin", "exporter", "health", "management", "metrics", "monitoring", "prometheus"]
)
"""Names of ports that clients of a Service do not call, where it has others."""


@dataclass(frozen=True, slots=True)
class Need:
    """Somebody is configured to call a Service: a workload, or something outside the pods.

    `port` is None where the Service has no port as it is called. `place` is the line that says so.
    """

    source: Workload | Entry
    service: Service
    port: ServicePort | None
    place: Span
    through_pods: bool = False


@dataclass(frozen=True, slots=True)
class Stranger:
    """A host that a workload is configured with and no Service has.

    It is `outside` where its name is one of the internet's, else it looks like a Service that is missing.
    """

    source: Workload
    host: str
    port: int
    where: Literal["outside", "missing"]
    place: Span


def needs(inventory: Inventory) -> tuple[tuple[Need, ...], tuple[Stranger, ...]]:
    """Return what the manifests betray of who calls whom, in the order of the sources.

    Environments, arguments and ConfigMaps name hosts; ingresses, routes, webhooks and aggregated APIs name
    Services; a Service of type LoadBalancer is called from outside. Probes come from the node itself and
    need nothing.
    """
    services = {(service.namespace, service.name): service for service in inventory.services}
    texts = {(item.namespace, item.name): item.entries for item in inventory.config_maps}
    found: dict[tuple[str, str, str, int, str], Need] = {}
    strangers: dict[tuple[str, str, int], Stranger] = {}
    for workload in inventory.workloads:
        for mention in _mentions(workload, texts):
            for host in hosts(mention.text, mention.hint):
                for item in _of_host(workload, host, mention, services):
                    if isinstance(item, Need):
                        key = (workload.path, item.service.path, *_port_key(item.port), "")
                        found.setdefault(key, item)
                    else:
                        strangers.setdefault((workload.path, item.host, item.port), item)
    for entry in (*inventory.entries, *_balancers(inventory.services)):
        service = services.get((entry.namespace, entry.service))
        if service is not None and entry.span is not None:
            for port in _entry_ports(service, entry):
                key = (entry.kind, service.path, *_port_key(port), entry.class_name)
                found.setdefault(key, Need(entry, service, port, entry.span))
    return tuple(found.values()), tuple(strangers.values())


def _port_key(port: ServicePort | None) -> tuple[str, int]:
    return (port.protocol, port.number) if port else ("", 0)


def _mentions(workload: Workload, texts: dict[tuple[str, str], tuple[Mention, ...]]) -> Iterator[Mention]:
    yield from workload.mentions
    for use in workload.config:
        for entry in texts.get((workload.namespace, use.name), ()):
            if use.key in ("", entry.hint):
                yield Mention(entry.text, use.hint or entry.hint, entry.span)


def _of_host(
    workload: Workload, host: Host, mention: Mention, services: dict[tuple[str, str], Service]
) -> Iterator[Need | Stranger]:
    """Yield what a host means to a workload: a Service by its name, or a stranger."""
    place = _narrowed(mention.span, host.name)
    service, through_pods = _service(workload.namespace, host.name, services)
    if service is not None:
        for port in _ports(workload, host, service):
            yield Need(workload, service, port, place, through_pods)
        return
    in_cluster = _SERVICES.fullmatch(host.name) is not None
    # A file in a ConfigMap may speak of any host, such as that of its licence.
    if host.bare or _ADDRESS.fullmatch(host.name) or "\n" in mention.text.strip():
        return
    if in_cluster or host.scheme or is_naming(host.hint):
        number = host.port or DEFAULT_PORTS.get(host.scheme, 0)
        is_outside = not in_cluster and _OUTSIDE.fullmatch(host.name) is not None
        yield Stranger(workload, host.name, number, "outside" if is_outside else "missing", place)


def _service(
    namespace: str, host: str, services: dict[tuple[str, str], Service]
) -> tuple[Service | None, bool]:
    """Return the Service that a name resolves to in a namespace, and whether one of its pods is named.

    https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
    """
    match = _SERVICES.fullmatch(host)
    parts = (match[1] if match else host).split(".")
    if len(parts) == 1:
        return services.get((namespace, parts[0])), False
    if len(parts) == 2:
        plain = services.get((parts[1], parts[0]))
        if plain is not None or match:
            return plain, False
        return services.get((namespace, parts[1])), True
    if len(parts) == 3:
        return services.get((parts[2], parts[1])), True
    return None, False


def _ports(workload: Workload, host: Host, service: Service) -> Iterable[ServicePort | None]:
    """Return the ports of a Service that a host is called at; None where it has no such port."""
    number = host.port or DEFAULT_PORTS.get(host.scheme, 0) or _beside(workload, host.hint)
    if number:
        chosen = [port for port in service.ports if port.number == number]
        if not chosen and service.headless:
            # Nothing translates the port of a headless Service: clients dial that of the pods.
            chosen = [port for port in service.ports if port.target == number]
        if chosen:
            return chosen
        if host.port or len(service.ports) != 1:
            return [] if host.port and host.bare else [None]
    often = [port for port in service.ports if port.name not in _SELDOM_CALLED]
    return often or service.ports or [None]


def _beside(workload: Workload, hint: str) -> int:
    """Return the port that a variable of the same stem gives: `DB_PORT` beside `DB_HOST`; 0 for none."""
    stem = _PORT_WORDS.sub("", hint)
    if not stem:
        return 0
    for mention in workload.mentions:
        if mention.hint in (f"{stem}_PORT", f"{stem}_SERVICE_PORT") and re.fullmatch(
            "[0-9]{1,5}", mention.text
        ):
            return int(mention.text)
    return 0


def _balancers(services: Iterable[Service]) -> Iterator[Entry]:
    for service in services:
        if service.type == "LoadBalancer":
            for port in service.ports:
                place = service.type_span or service.span
                yield Entry("balancer", service.namespace, service.name, port.number, span=place)


def _entry_ports(service: Service, entry: Entry) -> Iterable[ServicePort | None]:
    if entry.port == 0:
        return service.ports or [None]
    chosen = [port for port in service.ports if entry.port in (port.number, port.name)]
    return chosen or [None]


def _narrowed(span: Span, word: str) -> Span:
    """Return where a word stands in a text, or the text where it is written in another way."""
    start = span.file.text.find(word, span.start, span.end)
    return Span(span.file, start, start + len(word)) if start >= 0 else span
