"""A policy's rules become a record of where each came from, beside the output and never applied."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from json.encoder import encode_basestring_ascii as quote

from intentc.diagnostics import Diagnostic
from intentc.ir import (
    Addresses,
    Artifact,
    Endpoint,
    Flow,
    Origin,
    Point,
    Policy,
    Ports,
    Requirement,
    Selector,
)
from intentc.profile import Profile

_AT = {point: point.value for point in Point}


def emit(policy: Policy, profile: Profile) -> tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]:
    """Return `provenance.json`: each rule, one a line, with why it exists and the `file:line` of its intents.

    The applied files name no file and no line, so that moving a line touches no cluster; this one does.
    """
    del profile
    places = {id(flow): _place(flow) for flow in policy.flows}
    out = BytesIO()
    out.write(f'{{"version": 1, "cluster": {quote(policy.cluster)}, "rules": [\n'.encode())
    separator = ""
    for rule in policy.rules:
        line = (
            f'{separator}{{"at": "{_AT[rule.point]}", "source": {_end(rule.source)}, '
            f'"target": {_end(rule.target)}, "ports": "{_ports(rule.ports)}", '
            f'"because": [{_because(rule.origins, places)}]}}'
        )
        out.write(line.encode())
        separator = ",\n"
    out.write(b"\n]}\n")
    return (Artifact("provenance.json", out.getvalue()),), ()


def _place(flow: Flow) -> str:
    if flow.span is None:
        return ""
    file = flow.span.file
    return f', "intent": {quote(f"{file.path}:{file.position(flow.span.start)[0]}")}'


def _because(origins: Iterable[Origin], places: dict[int, str]) -> str:
    texts = [_cause(why.cause, why.rows) + places.get(id(why.flow), "") for why in origins]
    return ", ".join([f"{text}}}" for text in dict.fromkeys(texts)])


@cache
def _cause(cause: str, rows: tuple[int, ...]) -> str:
    return f'{{"cause": "{cause}"' + (f', "rows": {list(rows)}' if rows else "")


@cache
def _end(endpoint: Endpoint) -> str:
    if isinstance(endpoint, Addresses):
        ranges = ", ".join(quote(_block(block.cidr, block.excepts)) for block in endpoint.blocks)
        return f'{{"word": {quote(endpoint.word)}, "ranges": [{ranges}]}}'
    return f'{{"namespaces": {_selector(endpoint.namespaces)}, "pods": {_selector(endpoint.pods)}}}'


def _block(cidr: str, excepts: tuple[str, ...]) -> str:
    return f"{cidr} except {', '.join(excepts)}" if excepts else cidr


@cache
def _selector(selector: Selector) -> str:
    return f"[{', '.join(quote(_requirement(requirement)) for requirement in selector)}]"


def _requirement(requirement: Requirement) -> str:
    values = f" ({', '.join(requirement.values)})" if requirement.values else ""
    return f"{requirement.key} {requirement.operator}{values}"


@cache
def _ports(ports: Ports) -> str:
    if ports.name:
        return f"{ports.protocol} {ports.name}"
    return f"{ports.protocol} {ports.first}" + (f"-{ports.last}" if ports.last > ports.first else "")
