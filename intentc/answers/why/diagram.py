"""An answer becomes a Mermaid sequence diagram: the packet's addresses from the source pod to the target."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intentc.answers.walk import End, Hop, Packet
from intentc.answers.why.answer import Answer, Way
from intentc.answers.why.text import VERDICTS, end_text, groups

_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:/=_-]")


def mermaid(answer: Answer) -> str:
    """Return one diagram, the ways of the packet side by side.

    Each arrow is one layer with the packet it sees; what a layer refuses ends in a cross. Every text is
    written with character codes where a character could mean something to the diagram.
    https://mermaid.js.org/syntax/sequenceDiagram.html
    """
    title = f"{VERDICTS[answer.verdict]} on {answer.cluster}: {answer.text}"
    lines = ["sequenceDiagram", f"    title {_safe(title)}"]
    people = _people(answer)
    lines += [f"    participant {letter} as {label}" for letter, label in people.values()]
    names = {name: letter for name, (letter, _) in people.items()}
    found = groups(answer)
    for number, ways in enumerate(found):
        if len(found) > 1:
            lines.append(f"    {'alt' if number == 0 else 'else'} {_safe(_title(ways))}")
        lines += [f"    {line}" for line in _arrows(ways[0], names)]
    if len(found) > 1:
        lines.append("    end")
    return "\n".join(lines) + "\n"


def _title(ways: tuple[Way, ...]) -> str:
    rows = ", ".join(str(row) for way in ways for row in way.walk.rows)
    titles = [way.walk.title.rpartition(" ") for way in ways]
    if len({first for first, _, _ in titles}) == 1:
        title = f"{titles[0][0]} {' or '.join(last for _, _, last in titles)}"
    else:
        title = " / ".join(way.walk.title for way in ways)
    return f"{'rows' if ',' in rows else 'row'} {rows}: {title}" if rows else title


def _people(answer: Answer) -> dict[str, tuple[str, str]]:
    """Return an identifier and a label for each place, in the order packets come by."""
    order = ("A", "n1", "n3", "n2", "B")
    places = {place.name: place for way in answer.ways for place in reversed(way.walk.places)}
    known = [name for name in order if name in places]
    before = [place.name for place in answer.ways[0].walk.places[:1] if place.name not in order]
    behind = [name for name in places if name not in order and name not in before]
    ends = {"A": end_text(answer.flow.source), "B": end_text(answer.flow.target)}
    people = {}
    for number, name in enumerate((*before, *known, *behind)):
        parts = [name, *([ends[name]] if name in ends else []), places[name].address]
        people[name] = f"p{number}", "<br/>".join(_safe(part) for part in parts if part)
    return people


def _arrows(way: Way, names: dict[str, str]) -> Iterator[str]:
    for place, hop in enumerate(way.walk.hops):
        if place == len(way.layers):
            yield f"    Note over {names[hop.receiver]}: the application sees {_named(hop.packet.source)}"
            continue
        verdict = way.layers[place].verdict
        arrow = "-x" if verdict == "none" else "->>"
        partly = "<br/>partly refused" if verdict == "some" else "<br/>refused" if verdict == "none" else ""
        sender, receiver = names[hop.sender], names[hop.receiver]
        yield f"    {sender}{arrow}{receiver}: {_layer(hop)}{partly}"
        if verdict == "none":
            return
    if not way.walk.arrives:
        yield f"    Note over {names[way.walk.hops[-1].receiver]}: {_safe(way.walk.note)}"


def _layer(hop: Hop) -> str:
    return f"{hop.layer}<br/>{_shown(hop.packet)}"


def _shown(packet: Packet) -> str:
    return f"{_named(packet.source)} → {_named(packet.target)}:{_safe(packet.port)}"


def _named(end: End) -> str:
    return _safe(f"{end.name} {end.address}".rstrip())


def _safe(text: str) -> str:
    """Return a text with its unsafe characters as codes, which Mermaid shows as the characters."""
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", text)
