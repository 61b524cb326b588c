"""A policy's rules become a record of where each came from, beside the output and never applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from itertools import groupby
from json.encoder import encode_basestring_ascii as quote
from operator import attrgetter

from intentc.diagnostics import Diagnostic
from intentc.ir import (
    EVERY_NAMESPACE,
    NO_NAMESPACE,
    Addresses,
    Artifact,
    Endpoint,
    Flow,
    Pods,
    Point,
    Policy,
    Ports,
    Rule,
)
from intentc.profile import Profile
from intentc.wording import endpoint_text, ports_text, ranges_text


def emit(policy: Policy, profile: Profile) -> tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]:
    """Return `provenance.json`: for each point its rules, one a line, and why each exists.

    A rule stands there as the language would say it, with the `file:line` of its intents. The applied files
    name no file and no line, so that moving a line touches no cluster; this one does.
    """
    del profile
    return (document(policy.cluster, [lines(policy)]),), ()


def document(cluster: str, parts: Sequence[dict[str, bytes]]) -> Artifact:
    """Return the file, given the lines of each part of a policy in the order of the parts.

    The lines are taken out of `parts`, so that they are not there twice.
    """
    out = BytesIO()
    out.write(f'{{"version": 2, "cluster": {quote(cluster)}, "rules": {{'.encode())
    for place, point in enumerate(sorted({point for part in parts for point in part})):
        out.write(f'{"," if place else ""}\n"{point}": ['.encode())
        pieces = (part.pop(point) for part in parts if point in part)
        for number, piece in enumerate(pieces):
            out.write(b",\n" if number else b"\n")
            out.write(piece)
        out.write(b"\n]")
    out.write(b"}}\n")
    return Artifact("provenance.json", out.getvalue())


def lines(policy: Policy) -> dict[str, bytes]:
    """Return the lines of a policy, or of a part of one, for each point that has rules.

    Rules for pods of no one namespace are in several parts, and are told in the part of no namespace.
    """
    places = dict(_places(policy.flows))
    rules: Iterable[Rule] = policy.rules
    if policy.within not in (EVERY_NAMESPACE, NO_NAMESPACE):
        rules = (rule for rule in rules if _own_namespace(rule) is not None)
    found = {
        point.value: ",\n".join(_lines(its, places)).encode()
        for point, its in groupby(rules, key=attrgetter("point"))
    }
    _end.cache_clear()  # another part has ends of its own
    return found


def _places(flows: Iterable[Flow]) -> Iterator[tuple[int, str]]:
    """Yield each flow, by its identity, with a blank and its `file:line`, ready for a JSON string."""
    paths: dict[str, str] = {}
    for flow in flows:
        if flow.span is None:
            yield id(flow), " "
            continue
        file, start, _ = flow.span
        path = paths.get(file.path)
        if path is None:
            path = paths[file.path] = quote(f" {file.path}:")[1:-1]
        yield id(flow), f"{path}{file.position(start)[0]}"


def _own_namespace(rule: Rule) -> str | None:
    own = rule.source if rule.point is Point.LEAVING_POD else rule.target
    return own.namespace if isinstance(own, Pods) else None


def _lines(rules: Iterable[Rule], places: dict[int, str]) -> Iterator[str]:
    """Yield rules in their order, those that differ by nothing but their ports as one."""
    last: Rule | None = None
    ports: tuple[Ports, ...] = ()
    for rule in rules:
        if (
            last
            and rule.target == last.target
            and rule.source == last.source
            and rule.origins == last.origins
        ):
            ports = (*ports, rule.ports)
            continue
        if last:
            yield _line(last, ports, places)
        last, ports = rule, (rule.ports,)
    if last:
        yield _line(last, ports, places)


def _line(rule: Rule, ports: tuple[Ports, ...], places: dict[int, str]) -> str:
    if len(rule.origins) == 1:
        cause, rows, flow = rule.origins[0]
        why = f'"{cause}{places[id(flow)] if flow else ""}{_rows(rows)}"'
    else:
        texts = [
            f'"{cause}{places[id(flow)] if flow else ""}{_rows(rows)}"' for cause, rows, flow in rule.origins
        ]
        why = ", ".join(dict.fromkeys(texts))
    return f'{{"rule": "{_end(rule.source)} -> {_end(rule.target)}:{_ports(ports)}", "because": [{why}]}}'


@cache
def _rows(rows: tuple[int, ...]) -> str:
    return f" ({'row' if len(rows) == 1 else 'rows'} {', '.join(map(str, rows))})" if rows else ""


@cache
def _end(endpoint: Endpoint) -> str:
    if isinstance(endpoint, Addresses) and endpoint.word in ("pods", "nodes", "dns", "metadata"):
        return quote(f"{endpoint.word} {ranges_text(endpoint)}".rstrip())[1:-1]
    return quote(endpoint_text(endpoint))[1:-1]


@cache
def _ports(ports: tuple[Ports, ...]) -> str:
    return quote(ports_text(ports))[1:-1]
