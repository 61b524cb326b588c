"""Answers become a JSON document, as `docs/why.schema.json` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeAlias

from intentc.answers.reading import EmittedRule
from intentc.answers.walk import End, Packet
from intentc.answers.why.answer import Answer, Way
from intentc.answers.why.layers import Layer, Line, Verdict

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"
VERDICTS: dict[Verdict, str] = {"all": "allowed", "some": "partly", "none": "denied"}


def json_text(found: Iterable[Answer]) -> str:
    """Return answers as JSON text; every key is always there."""
    document: Json = {"version": 1, "answers": [_answer(answer) for answer in found]}
    return json.dumps(document, indent=2) + "\n"


def _answer(answer: Answer) -> Json:
    return {
        "cluster": answer.cluster,
        "intent": answer.text,
        "verdict": VERDICTS[answer.verdict],
        "admitted": answer.admitted,
        "refused": answer.refused,
        "intents": [_line(line) for line in answer.intents],
        "line": answer.line,
        "effects": list(answer.effects),
        "reasons": list(answer.reasons),
        "ways": [_way(way) for way in answer.ways],
    }


def _way(way: Way) -> Json:
    walk = way.walk
    hops: list[Json] = []
    for place, hop in enumerate(walk.hops):
        layer = way.layers[place] if place < len(way.layers) else None
        hops.append(
            {
                "layer": hop.layer,
                "sender": hop.sender,
                "receiver": hop.receiver,
                "packet": _packet(hop.packet),
                **({} if layer is None else {"says": _layer(layer)}),
            }
        )
    return {
        "rows": list(walk.rows),
        "title": walk.title,
        "verdict": VERDICTS[way.verdict] if walk.arrives else "unreachable",
        "note": walk.note,
        "dials": _packet(walk.dials),
        "places": [
            {"name": place.name, "what": place.what, "address": place.address} for place in walk.places
        ],
        "hops": hops,
    }


def _layer(layer: Layer) -> Json:
    return {
        "verdict": VERDICTS[layer.verdict],
        "open": layer.is_open,
        "note": layer.note,
        "rules": [_rule(rule) for rule in layer.rules],
        "intents": [_line(line) for line in layer.lines],
        "refused": layer.refused,
        "blocking": [
            {"rule": _rule(blocking.rule), "place": blocking.place, "statement": blocking.said}
            for blocking in layer.blocking
        ],
    }


def _line(line: Line) -> Json:
    return {"place": line.place, "statement": line.said, "cause": line.cause}


def _rule(rule: EmittedRule) -> Json:
    return {"layer": rule.layer, "file": rule.path, "name": rule.name, "place": rule.place}


def _packet(packet: Packet) -> Json:
    return {
        "source": _end(packet.source),
        "target": _end(packet.target),
        "protocol": packet.protocol,
        "port": packet.port,
    }


def _end(end: End) -> Json:
    return {"name": end.name, "role": end.role, "address": end.address}
