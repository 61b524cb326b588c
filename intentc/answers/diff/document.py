"""Changes become a JSON document, as `docs/diff.schema.json` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from intentc import ir
from intentc.answers.diff.changes import Changes, FlowChange, IsolationChange, Place
from intentc.answers.diff.lines import SIGNS, flow_line, in_order, isolation_line
from intentc.wording import endpoint_text, ports_text

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"


def json_text(found: Iterable[Changes]) -> str:
    """Return changes as JSON text; a cluster without any is listed, too."""
    clusters: list[Json] = [
        {"name": changes.cluster, "presence": changes.presence, "changes": list(_changes(changes))}
        for changes in found
    ]
    return json.dumps({"version": 1, "clusters": clusters}, indent=2) + "\n"


def _changes(changes: Changes) -> Iterator[Json]:
    cluster = changes.cluster
    if changes.presence != "both":
        yield {"line": f"{cluster}: {changes.presence} cluster", "kind": "cluster"}
    yield from (
        _flow(cluster, change) if isinstance(change, FlowChange) else _isolation(cluster, change)
        for change in in_order(changes)
    )
    for opening in changes.openings:
        yield {
            "line": f"{cluster}: {SIGNS[opening.kind]} firewall {opening.text}",
            "kind": f"firewall {opening.kind}",
            "direction": opening.direction,
            "range": endpoint_text(opening.far),
            "ports": _ports(opening.ports),
        }
    for name, before, after in changes.facts:
        yield {
            "line": f"{cluster}: firewall {name} was {before}, is {after}",
            "kind": "firewall fact",
            "name": name,
            "old": before,
            "new": after,
        }


def _flow(cluster: str, flow: FlowChange) -> Json:
    return {
        "line": f"{cluster}: {flow_line(flow)}",
        "kind": flow.kind,
        "source": endpoint_text(flow.source),
        "target": endpoint_text(flow.target),
        "ports": _ports(flow.ports),
        "unless": _ports(flow.unless),
        "policies": list(flow.layers),
        "statements": _statements(flow.lines),
    }


def _isolation(cluster: str, isolation: IsolationChange) -> Json:
    return {
        "line": f"{cluster}: {isolation_line(isolation)}",
        "kind": isolation.kind,
        "pods": isolation.text,
        "direction": isolation.direction,
        "statements": _statements(isolation.lines),
    }


def _ports(ports: Iterable[ir.Ports]) -> list[Json]:
    return [ports_text((port,)) for port in ports]


def _statements(places: Iterable[Place]) -> list[Json]:
    return [{"place": place, "statement": statement} for place, statement in places]
