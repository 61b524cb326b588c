"""Pods and the objects that make pods become workloads."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.inventory import Condition, ConfigUse, ContainerPort, Mention, Workload
from intentc.manifests.fields import (
    conditions,
    labels,
    mapping,
    members,
    name,
    namespace,
    port_name,
    port_number,
    protocol,
    refuse,
    text,
    truth,
)
from intentc.manifests.tree import Value

TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Where each kind of workload keeps its pods."""

_SELECTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


def workload(value: Value, kind: str, default: str) -> Workload:
    """Return the pods of one object, in the namespace `default` where it names none."""
    named = value.get("metadata", "name") or value.get("metadata", "generateName")
    generated = value.get("metadata", "name") is None and named is not None
    named = named if generated and named else name(value, kind)
    path = TEMPLATES[kind]
    pod = mapping(value, *path) if path else value
    spec = mapping(pod, "spec") if pod else None
    if pod is None or spec is None:
        missing = ".".join((*path, "spec") if pod else path)
        raise refuse(named, "workload without pods", f"its `{missing}` is missing")
    host_network = truth(spec, "hostNetwork")
    containers = [*members(spec, "containers")]
    # https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    setting_up = [*members(spec, "initContainers")]
    sidecars = [container for container in setting_up if text(container, "restartPolicy") == "Always"]
    every = [*containers, *setting_up]
    return Workload(
        kind=kind.lower(),
        namespace=namespace(value, default),
        name=str(named.content),
        labels=labels(pod, "metadata", "labels"),
        selector=_selector(value, kind),
        ports=tuple(
            sorted(
                {port for container in (*containers, *sidecars) for port in _ports(container)},
                key=lambda port: (port.number, port.protocol, port.name),
            )
        ),
        span=named.span,
        host_network=host_network.span if host_network else None,
        mentions=tuple(mention for container in every for mention in _mentions(container)),
        config=tuple(
            dict.fromkeys((*(use for container in every for use in _config(container)), *_volumes(spec)))
        ),
    )


def is_owned(value: Value) -> bool:
    """Tell whether another workload made this one, as a Deployment makes ReplicaSets and those make pods.

    A list of what runs in a cluster has all three; the pods they speak of are the same.
    """
    return any(text(owner, "kind") in TEMPLATES for owner in members(value, "metadata", "ownerReferences"))


def _selector(value: Value, kind: str) -> tuple[Condition, ...]:
    if kind in _SELECTING:
        return conditions(value, "spec", "selector")
    if kind == "ReplicationController":
        return tuple(Condition(key, "In", (its,)) for key, its in labels(value, "spec", "selector"))
    return ()


def _ports(container: Value) -> Iterator[ContainerPort]:
    for port in members(container, "ports"):
        number = port.get("containerPort")
        if number is None:
            raise refuse(port, "port without a number", "`containerPort` is missing")
        named, host = port.get("name"), port.get("hostPort")
        yield ContainerPort(
            port_number(number, "containerPort"),
            protocol(port),
            port_name(named, "name") if named else "",
            port_number(host, "hostPort") if host and host.content != "0" else 0,
            (host or number).span,
        )


def _mentions(container: Value) -> Iterator[Mention]:
    for variable in members(container, "env"):
        value = variable.get("value")
        if value is not None and isinstance(value.content, str):
            yield Mention(value.content, text(variable, "name"), value.span)
    for key in ("command", "args"):
        words = container.get(key)
        before = ""
        for word in words.members() if words else ():
            if isinstance(word.content, str):
                # A flag names what follows it: `--db`, `carts-db:27017`.
                yield Mention(word.content, before, word.span)
                before = word.content if word.content.startswith("-") else ""


def _config(container: Value) -> Iterator[ConfigUse]:
    for variable in members(container, "env"):
        used = mapping(variable, "valueFrom", "configMapKeyRef") if variable.get("valueFrom") else None
        if used is not None:
            yield ConfigUse(text(used, "name"), text(used, "key"), text(variable, "name"))
    for origin in members(container, "envFrom"):
        if origin.get("configMapRef") is not None:
            yield ConfigUse(text(origin, "configMapRef", "name"))


def _volumes(spec: Value) -> Iterator[ConfigUse]:
    for volume in members(spec, "volumes"):
        yield from _files(volume)
        for source in members(volume, "projected", "sources") if volume.get("projected") else ():
            yield from _files(source)


def _files(volume: Value) -> Iterator[ConfigUse]:
    found = mapping(volume, "configMap")
    if found is not None:
        named = text(found, "name")
        items = [text(item, "key") for item in members(found, "items")]
        yield from (ConfigUse(named, item) for item in items) if items else (ConfigUse(named),)
