"""Endpoints, ports and flows become text of the language, ready to be pasted into a file of intents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from intentc import ir
from intentc.source import Span

_NOT_A_NAMESPACE = re.compile(r"let|with|isolate|assert|internet|nodes|control-plane|google-[a-z0-9-]*")
"""Words that mean something else where a namespace could stand."""

_NEEDS_PROTOCOL = re.compile(r"[0-9]+-[a-z][a-z0-9]*|[a-z]+-[0-9]+")
_STRING_OR_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|#[^\n]*')
_WORDS = ("pods", "dns", "metadata", "cidr")
"""What `ir.Addresses.word` may be beside words of the language."""


def endpoint_text(endpoint: ir.Endpoint, *, is_target: bool = False) -> str:
    """Return an endpoint as the language writes it; an IPv6 target keeps the length its port is told by."""
    if isinstance(endpoint, ir.Pods):
        where = namespaces_text(endpoint.namespaces)
        return f"{where}[{selector_text(endpoint.pods)}]" if endpoint.pods else where
    if endpoint.word not in _WORDS:
        return endpoint.word
    return ranges_text(endpoint, is_target=is_target) or endpoint.word


def ranges_text(addresses: ir.Addresses, *, is_target: bool = False) -> str:
    """Return the ranges of an address end, whatever word stands for them; empty where none is known."""
    return ", ".join(_block(block, is_target=is_target) for block in addresses.blocks)


@cache
def namespaces_text(selector: ir.Selector) -> str:
    """Return a namespace by its name, namespaces by their labels, or `*`."""
    name = ir.Pods(selector).namespace
    if name is not None and not _NOT_A_NAMESPACE.fullmatch(name):
        return name
    return f"{{{selector_text(selector)}}}" if selector else "*"


def selector_text(selector: ir.Selector) -> str:
    """Return requirements as `kubectl -l` takes them."""
    return ", ".join(_requirement(requirement) for requirement in selector)


def _requirement(requirement: ir.Requirement) -> str:
    key, values = requirement.key, requirement.values
    match requirement.operator:
        case "In":
            return f"{key}={values[0]}" if len(values) == 1 else f"{key} in ({', '.join(values)})"
        case "NotIn":
            return f"{key}!={values[0]}" if len(values) == 1 else f"{key} notin ({', '.join(values)})"
        case "Exists":
            return key
        case "DoesNotExist":
            return f"!{key}"


def _block(block: ir.Block, *, is_target: bool) -> str:
    if not block.excepts:
        return _range(block.cidr, is_target=is_target)
    last = len(block.excepts) - 1
    holes = (_range(cidr, is_target=is_target and place == last) for place, cidr in enumerate(block.excepts))
    return f"{_range(block.cidr, is_target=False)} except {', '.join(holes)}"


def _range(cidr: str, *, is_target: bool) -> str:
    address, _, length = cidr.partition("/")
    if length == "32" and ":" not in address:
        return address
    return address if length == "128" and not is_target else cidr


def ports_text(ports: Iterable[ir.Ports]) -> str:
    """Return ports as they stand behind a target, every port as `*`."""
    found = tuple(ports)
    return "*" if found == ir.EVERY_PORT else ", ".join(_port(port) for port in found)


def _port(port: ir.Ports) -> str:
    protocol = "" if port.protocol == "TCP" else f"/{port.protocol.lower()}"
    if port.name:
        needed = not protocol and _NEEDS_PROTOCOL.fullmatch(port.name)
        return f"{port.name}/tcp" if needed else f"{port.name}{protocol}"
    return f"{port.first}" + (f"-{port.last}" if port.last > port.first else "") + protocol


def path_text(path: ir.Path) -> str:
    """Return what stands behind `via`, or `only egress` for one side of the plain way; nothing if plain."""
    if path.kind == "direct":
        return ""
    if path.kind in ("egress", "ingress"):
        return f"only {path.kind}"
    number = f" {path.number}" if path.number else ""
    return f"{path.kind}{number}{' local' if path.local else ''}"


def flow_text(flow: ir.Flow) -> str:
    """Return a flow as an intent without clauses."""
    via = way_text(path_text(flow.path))
    target = f"{endpoint_text(flow.target, is_target=True)}:{ports_text(flow.ports)}"
    return f"{endpoint_text(flow.source)} -> {target}" + (f"  {via}" if via else "")


def way_text(path: str) -> str:
    """Return the text of a path with the word before it: `via nodeport 30443`, `only egress`, or nothing."""
    return f"via {path}" if path and not path.startswith("only ") else path


def place_of(span: Span | None) -> str:
    """Return `file:line` of what stands somewhere, empty for what stands nowhere."""
    return f"{span.file.path}:{span.file.position(span.start)[0]}" if span else ""


def said(span: Span | None) -> str:
    """Return a statement on one line, without its comments."""
    if span is None:
        return ""
    return " ".join(_STRING_OR_COMMENT.sub(lambda found: found[1] or "", span.text).split())
