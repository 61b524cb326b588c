"""The bytes of Kubernetes manifests become the inventory of what exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from intentc.diagnostics import Diagnostic, Label, error, in_order
from intentc.inventory import ConfigMap, Entry, Inventory, Mention, Namespace, Service, Workload
from intentc.manifests import fields
from intentc.manifests.pods import TEMPLATES, is_owned, workload
from intentc.manifests.services import entries, service
from intentc.manifests.tree import Unreadable, Value, read_document
from intentc.source import SourceFile, Span

__all__ = ["MAXIMUM_PROBLEMS", "decode", "objects", "read"]

MAXIMUM_PROBLEMS = 1000
"""How many faults are reported before reading stops."""

_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)

_GROUPS = {
    "Namespace": ("",),
    "Pod": ("",),
    "ReplicationController": ("",),
    "Service": ("",),
    "ConfigMap": ("",),
    "Deployment": ("apps", "extensions"),
    "StatefulSet": ("apps",),
    "DaemonSet": ("apps", "extensions"),
    "ReplicaSet": ("apps", "extensions"),
    "Job": ("batch",),
    "CronJob": ("batch",),
    "Ingress": ("networking.k8s.io", "extensions"),
    "HTTPRoute": ("gateway.networking.k8s.io",),
    "GRPCRoute": ("gateway.networking.k8s.io",),
    "TCPRoute": ("gateway.networking.k8s.io",),
    "TLSRoute": ("gateway.networking.k8s.io",),
    "UDPRoute": ("gateway.networking.k8s.io",),
    "ValidatingWebhookConfiguration": ("admissionregistration.k8s.io",),
    "MutatingWebhookConfiguration": ("admissionregistration.k8s.io",),
    "APIService": ("apiregistration.k8s.io",),
}
"""The kinds that are read, each with its API groups: another group's kind of this name is another thing."""

_MENTIONED = re.compile(rf"""kind["']?\s*:\s*["']?(?:{"|".join(_GROUPS)}|[A-Za-z]*List)\b""")
"""Whether a document may be of a kind that is read; whatever else it is, it is passed over unread."""

_VERSION = re.compile(r"(?:([a-z0-9.-]+)/)?v[0-9]+(?:(?:alpha|beta)[0-9]+)?")
_DEEPEST_LIST = 4


@dataclass(slots=True)
class _Found:
    """What has been read so far, by kind, namespace and name."""

    namespaces: dict[str, Namespace] = field(default_factory=dict)
    workloads: dict[tuple[str, str, str], Workload] = field(default_factory=dict)
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    config_maps: dict[tuple[str, str], ConfigMap] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def read(files: Iterable[tuple[str, bytes, str]]) -> tuple[Inventory, tuple[Diagnostic, ...]]:
    """Return what manifests say exists, and what is wrong with them.

    Each file is its path, its bytes, and the namespace of objects that name none, which `kubectl` calls the
    current one. A file holds any number of documents; a document of a kind that decides no flow is passed
    over. With an error the inventory is partial.
    """
    found = _Found()
    for path, data, namespace in files:
        if len(found.diagnostics) >= MAXIMUM_PROBLEMS:
            break
        source = decode(path, data, found.diagnostics)
        if source is not None:
            _read_file(source, namespace, found)
    inventory = Inventory(
        namespaces=tuple(found.namespaces[name] for name in sorted(found.namespaces)),
        workloads=tuple(found.workloads[key] for key in sorted(found.workloads)),
        services=tuple(found.services[key] for key in sorted(found.services)),
        config_maps=tuple(found.config_maps[key] for key in sorted(found.config_maps)),
        entries=tuple(
            sorted(
                found.entries, key=lambda entry: (entry.namespace, entry.service, str(entry.port), entry.kind)
            )
        ),
        partial=bool(found.diagnostics),
    )
    return inventory, in_order(found.diagnostics)


def decode(path: str, data: bytes, diagnostics: list[Diagnostic]) -> SourceFile | None:
    """Return the text of a manifest, or None after adding why it is none."""
    try:
        return SourceFile(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        source = SourceFile(path, data.decode("utf-8", "replace"))
        start = len(data[: problem.start].decode("utf-8", "replace"))
        span = Span(source, start, start + 1)
        help_text = "save the file as UTF-8"
        diagnostics.append(
            error("E801", "manifest is not UTF-8", span, f"byte 0x{data[problem.start]:02x}", help=help_text)
        )
        return None


def _read_file(source: SourceFile, namespace: str, found: _Found) -> None:
    for value in objects(source, _MENTIONED, found.diagnostics):
        if len(found.diagnostics) >= MAXIMUM_PROBLEMS:
            return
        try:
            _take(value, namespace, found)
        except Unreadable as problem:
            found.diagnostics.append(problem.diagnostic)


def objects(source: SourceFile, mentioned: re.Pattern[str], diagnostics: list[Diagnostic]) -> Iterator[Value]:
    """Yield the objects of a manifest, those in lists as well, in the order of the text.

    Documents in which nothing is `mentioned` are passed over unread; why another cannot be read is added to
    `diagnostics`.
    """
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(source.text)), len(source.text)]
    for start, end in pairwise(starts):
        if not mentioned.search(source.text, start, end):
            continue
        try:
            document = read_document(source, start, end)
        except Unreadable as problem:
            diagnostics.append(problem.diagnostic)
            continue
        yield from _objects(document)


def _objects(document: Value | None) -> Iterator[Value]:
    """Yield an object, or all that stand in a list of objects, in the order of the text."""
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if value is None or not isinstance(value.content, dict):
            continue
        kind, items = value.get("kind"), value.get("items")
        is_list = kind is not None and isinstance(kind.content, str) and kind.content.endswith("List")
        if is_list and items is not None and depth < _DEEPEST_LIST:
            waiting.extend((item, depth + 1) for item in reversed([*items.members()]))
        else:
            yield value


def _kind(value: Value) -> str:
    """Return the kind of an object where it is one that is read, else an empty text."""
    kind, version = value.get("kind"), value.get("apiVersion")
    said = kind.content if kind and isinstance(kind.content, str) else ""
    match = _VERSION.fullmatch(version.content) if version and isinstance(version.content, str) else None
    return said if match and (match[1] or "") in _GROUPS.get(said, ()) else ""


def _take(value: Value, namespace: str, found: _Found) -> None:
    kind = _kind(value)
    if kind == "Namespace":
        _take_namespace(value, found)
    elif kind in TEMPLATES and not is_owned(value):
        made = workload(value, kind, namespace)
        key = (made.namespace, made.kind, made.name)
        _twice(f"workload `{made.path}`", found.workloads.setdefault(key, made), made)
    elif kind == "Service":
        its = service(value, namespace)
        _twice(f"Service `{its.path}`", found.services.setdefault((its.namespace, its.name), its), its)
    elif kind == "ConfigMap":
        _take_config_map(value, namespace, found)
    elif kind not in ("", *TEMPLATES):
        found.entries.extend(entries(value, kind, namespace))


def _take_namespace(value: Value, found: _Found) -> None:
    named = fields.name(value, "Namespace")
    made = Namespace(str(named.content), fields.labels(value, "metadata", "labels"), named.span)
    _twice(f"namespace `{made.name}`", found.namespaces.setdefault(made.name, made), made)


def _take_config_map(value: Value, namespace: str, found: _Found) -> None:
    """Keep the texts of a ConfigMap; a second one of the same name adds to them."""
    named = fields.name(value, "ConfigMap")
    where = fields.namespace(value, namespace)
    data = fields.mapping(value, "data")
    said = tuple(
        Mention(text.content, key, text.span)
        for key, text in (data.items() if data else ())
        if isinstance(text.content, str)
    )
    key = (where, str(named.content))
    before = found.config_maps.get(key)
    found.config_maps[key] = ConfigMap(*key, (*before.entries, *said) if before else said)


def _twice(what: str, first: Namespace | Workload | Service, second: Namespace | Workload | Service) -> None:
    """Refuse an object that was described before in other words; the same words twice say nothing new."""
    if first == second:
        return
    others = (Label(first.span, "first described here"),)
    message = f"{what} is described twice"
    help_text = (
        "let `manifests` match one of them; of overlays, only what is rendered: "
        "`kubectl kustomize FOLDER | intentc build --manifests -`"
    )
    problem = error("E805", message, second.span, "differs from the first", others=others, help=help_text)
    raise Unreadable(problem)
