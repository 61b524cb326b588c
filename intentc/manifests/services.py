"""Services, and what leads into them from outside their clients: ingresses, routes, webhooks, APIs."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.inventory import Entry, Service, ServicePort
from intentc.manifests.fields import (
    labels,
    mapping,
    members,
    name,
    namespace,
    port,
    port_name,
    port_number,
    protocol,
    refuse,
    text,
)
from intentc.manifests.tree import Value

_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
_HTTPS = 443


def service(value: Value, default: str) -> Service:
    """Return a Service, in the namespace `default` where it names none."""
    named = name(value, "Service")
    kind = value.get("spec", "type")
    said = "ClusterIP" if kind is None else text(value, "spec", "type")
    if said not in _TYPES:
        listing = f"legal are {', '.join(f'`{word}`' for word in _TYPES)}"
        raise refuse(kind or named, "type of the Service is not known", "no such type", listing)
    policy = value.get("spec", "externalTrafficPolicy")
    ranges = value.get("spec", "loadBalancerSourceRanges")
    return Service(
        namespace=namespace(value, default),
        name=str(named.content),
        type=said,  # type: ignore[arg-type] # one of the types
        selector=labels(value, "spec", "selector"),
        ports=tuple(
            sorted(_ports(value), key=lambda port: (port.number, port.protocol, port.name, port.node_port))
        ),
        span=named.span,
        headless=text(value, "spec", "clusterIP") == "None",
        local=policy is not None and policy.content == "Local",
        external_name=text(value, "spec", "externalName"),
        source_ranges=tuple(sorted({text(item) for item in (ranges.members() if ranges else ())})),
        type_span=kind.span if kind else None,
        policy_span=policy.span if policy else None,
    )


def _ports(value: Value) -> Iterator[ServicePort]:
    for item in members(value, "spec", "ports"):
        number, target, node = item.get("port"), item.get("targetPort"), item.get("nodePort")
        if number is None:
            raise refuse(item, "port without a number", "`port` is missing")
        front = port_number(number, "port")
        named = item.get("name")
        yield ServicePort(
            front,
            protocol(item),
            port_name(named, "name") if named and len(str(named.content)) <= 15 else _long(named),
            port(target, "targetPort") if target and target.content != "0" else front,
            port_number(node, "nodePort") if node and node.content != "0" else 0,
            (target or number).span,
            node.span if node else None,
        )


def _long(named: Value | None) -> str:
    """Return the name of a Service port, which may be longer than that of a container's."""
    said = named.content if named else ""
    return said if isinstance(said, str) else ""


def entries(value: Value, kind: str, default: str) -> Iterator[Entry]:
    """Yield the Services that an object of one of these kinds leads to."""
    if kind == "Ingress":
        yield from _ingress(value, namespace(value, default))
    elif kind.endswith("Route"):
        yield from _route(value, namespace(value, default))
    elif kind == "APIService":
        if value.get("spec", "service") is not None:
            yield _referred("api", value, "spec", "service")
    else:
        for webhook in members(value, "webhooks"):
            if webhook.get("clientConfig", "service") is not None:
                yield _referred("webhook", webhook, "clientConfig", "service")


def _ingress(value: Value, where: str) -> Iterator[Entry]:
    annotations = mapping(value, "metadata", "annotations")
    stated = annotations.get("kubernetes.io/ingress.class") if annotations else None
    class_name = text(value, "spec", "ingressClassName") or (text(stated) if stated else "")
    backends = [value.get("spec", "defaultBackend") or value.get("spec", "backend")]
    for rule in members(value, "spec", "rules"):
        backends += (
            [path.get("backend") for path in members(rule, "http", "paths")] if rule.get("http") else []
        )
    for backend in backends:
        if backend is None:
            continue
        if backend.get("service") is not None:
            reference, named = backend.get("service", "name"), backend.get("service")
            number = named.get("port", "number") or named.get("port", "name") if named else None
        else:
            # The form before networking.k8s.io/v1.
            reference, number = backend.get("serviceName"), backend.get("servicePort")
        if reference is not None:
            yield Entry(
                "ingress",
                where,
                text(reference),
                port(number, "port") if number else 0,
                class_name,
                reference.span,
            )


def _route(value: Value, where: str) -> Iterator[Entry]:
    for rule in members(value, "spec", "rules"):
        for backend in members(rule, "backendRefs"):
            reference, number = backend.get("name"), backend.get("port")
            if reference is None or text(backend, "kind") not in ("", "Service"):
                continue
            yield Entry(
                "route",
                text(backend, "namespace") or where,
                text(reference),
                port_number(number, "port") if number else 0,
                span=reference.span,
            )


def _referred(kind: str, value: Value, *keys: str) -> Entry:
    """Return what the API server calls: port 443 where none is given."""
    found = mapping(value, *keys) or value
    number = found.get("port")
    reference = found.get("name")
    return Entry(
        kind,  # type: ignore[arg-type] # `webhook` or `api`
        text(found, "namespace"),
        text(found, "name"),
        port_number(number, "port") if number else _HTTPS,
        span=(reference or found).span,
    )
