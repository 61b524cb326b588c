"""A picture becomes a document of JSON, in which what many flows share stands once."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

from intentc.answers.graph.picture import Edge, Picture
from intentc.answers.walk import Hop, Packet, Walk

VERSION = 1


def text(picture: Picture) -> str:
    """Return the document as text; docs/graph.schema.json is its schema."""
    return json.dumps(document(picture), indent=1, ensure_ascii=True) + "\n"


def document(picture: Picture) -> dict[str, Any]:
    """Return the picture as values of JSON; `from`, `to`, `rules`, `warnings`, `walks` count from 0."""
    tables = _Tables()
    numbers = {group: number for number, group in enumerate(picture.groups)}
    flows = [
        {
            "from": numbers[edge.source],
            "to": numbers[edge.target],
            **tables.flow(edge),
        }
        for edge in picture.edges
    ]
    return {
        "version": VERSION,
        "cluster": picture.cluster,
        "groups": [{"name": group.name, "kind": group.kind} for group in picture.groups],
        "flows": flows,
        "rules": tables.rules.values,
        "warnings": tables.warnings.values,
        "walks": tables.walks.values,
        "beside": [{"cause": extra.cause, "reason": extra.reason} for extra in picture.extras],
    }


class _Table:
    """Values that stand once, and the number of each."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Hashable, int] = {}

    def number(self, key: Hashable, value: Any) -> int:  # noqa: ANN401 - a value of JSON
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.values)
            self.values.append(value() if callable(value) else value)
        return found


class _Tables:
    """Write flows, and put into tables what they share."""

    def __init__(self) -> None:
        self.rules, self.warnings, self.walks = _Table(), _Table(), _Table()

    def flow(self, edge: Edge) -> dict[str, Any]:
        """Return one flow; what is empty is left out."""
        seen, clauses = edge.seen, edge.seen.flow.clauses
        found: dict[str, Any] = {
            "source": seen.source,
            "target": seen.target,
            "ports": seen.ports,
            "via": seen.via,
            "place": seen.place,
            "statement": seen.said,
            **clauses._asdict(),
            "node": edge.has_node_rule,
            "wide": edge.is_wide,
            "extras": sorted({extra.reason for extra in seen.extras}),
            "rules": [
                self.rules.number(
                    rule, lambda rule=rule: _shown(rule.layer, rule.path, rule.name, rule.place)
                )
                for rule in sorted(seen.rules)
            ],
            "warnings": [
                self.warnings.number(
                    (item.code, item.message, item.help),
                    {"code": item.code, "message": item.message, "help": list(item.help)},
                )
                for item in edge.warnings
            ],
        }
        kept = {key: value for key, value in found.items() if value not in ("", False, [])}
        if edge.walks:
            kept["walks"] = self.walks.number(edge.walks, lambda: [_walk(walk) for walk in edge.walks])
        return kept


def _shown(layer: str, path: str, name: str, place: str) -> dict[str, str]:
    return {"layer": layer, "file": path, "name": name, "place": place}


def _walk(walk: Walk) -> dict[str, Any]:
    return {
        "rows": list(walk.rows),
        "title": walk.title,
        "dials": _packet(walk.dials),
        "hops": [_hop(hop) for hop in walk.hops],
        "arrives": walk.arrives,
        "note": walk.note,
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {"layer": hop.layer, "after": hop.sender, "before": hop.receiver, **_packet(hop.packet)}


def _packet(packet: Packet) -> dict[str, Any]:
    """Return a packet; its port is `pod`, the first port of the flow, or a number, or `service`."""
    return {
        "source": [packet.source.name, packet.source.address],
        "target": [packet.target.name, packet.target.address],
        "port": packet.port or packet.port_of,
    }
