"""A picture becomes text that other programs draw: a flowchart of Mermaid, or a graph in DOT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from intentc.answers.graph.picture import Edge, Group, Picture
from intentc.wording import way_text

MERMAID_EDGES = 500
"""How many edges Mermaid draws where nobody raised its limit: https://mermaid.js.org/config/schema-docs/config.html"""

_ORDINARY_LABEL = re.compile(r"[A-Za-z0-9 ._/,:=()!*\[\]{}@+-]")


@dataclass(slots=True)
class Arrow:
    """All flows between two ends on one way: their ports, and the lines they stand in."""

    source: str
    target: str
    via: str
    node: bool = False
    wide: bool = False
    ports: dict[str, None] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return what stands beside the arrow."""
        return ", ".join(self.ports) + (f" {way_text(self.via)}" if self.via else "")


def arrows(edges: Iterable[Edge]) -> list[Arrow]:
    """Return one arrow for all flows between two ends on one way, in the order of the first."""
    found: dict[tuple[str, str, str], Arrow] = {}
    for edge in edges:
        seen = edge.seen
        arrow = found.setdefault(
            (seen.source, seen.target, seen.via), Arrow(seen.source, seen.target, seen.via)
        )
        arrow.ports[seen.ports] = None
        arrow.places[seen.place] = None
        arrow.node |= edge.has_node_rule
        arrow.wide |= edge.is_wide
    return list(found.values())


def mermaid(picture: Picture) -> str:
    """Return a flowchart: a box for each namespace, a dashed arrow where a node rule admits more.

    Ends are numbered in the order of their groups and texts. https://mermaid.js.org/syntax/flowchart.html
    """
    drawn = arrows(picture.edges)
    numbers: dict[str, str] = {}
    lines = ["flowchart LR"]
    for box, (group, ends) in enumerate(_grouped(picture)):
        indent = "  "
        if group.kind == "namespace":
            lines.append(f'  subgraph g{box}["{_label(group.name)}"]')
            indent = "    "
        for end in ends:
            numbers[end] = f"e{len(numbers)}"
            shape = ('(["', '"])') if group.kind == "addresses" else ('["', '"]')
            lines.append(f"{indent}{numbers[end]}{shape[0]}{_label(_within(end, group))}{shape[1]}")
        if group.kind == "namespace":
            lines.append("  end")
    styles: dict[str, list[str]] = {"node": [], "wide": []}
    for number, arrow in enumerate(drawn):
        line = "-.->" if arrow.node else "==>" if arrow.wide else "-->"
        lines.append(f'  {numbers[arrow.source]} {line}|"{_label(arrow.label)}"| {numbers[arrow.target]}')
        if arrow.node or arrow.wide:
            styles["node" if arrow.node else "wide"].append(str(number))
    for kind, color in (("node", "#b45309"), ("wide", "#be123c")):
        if styles[kind]:
            lines.append(f"  linkStyle {','.join(styles[kind])} stroke:{color}")
    return "\n".join(lines) + "\n"


def dot(picture: Picture) -> str:
    """Return a graph of Graphviz: a cluster for each namespace, the lines of each arrow in its tooltip.

    https://graphviz.org/doc/info/lang.html
    """
    drawn = arrows(picture.edges)
    numbers: dict[str, str] = {}
    lines = [
        f"digraph {_quoted(picture.cluster)} {{",
        "  rankdir=LR",
        '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11]',
        '  edge [fontname="Helvetica", fontsize=9]',
    ]
    for box, (group, ends) in enumerate(_grouped(picture)):
        indent = "  "
        if group.kind == "namespace":
            lines.append(f"  subgraph cluster_{box} {{")
            lines.append(f"    label={_quoted(group.name)}")
            indent = "    "
        for end in ends:
            numbers[end] = f"e{len(numbers)}"
            shape = ", shape=ellipse" if group.kind == "addresses" else ""
            lines.append(f"{indent}{numbers[end]} [label={_quoted(_within(end, group))}{shape}]")
        if group.kind == "namespace":
            lines.append("  }")
    for arrow in drawn:
        style = ', style=dashed, color="#b45309"' if arrow.node else ""
        style = style or (', style=bold, color="#be123c"' if arrow.wide else "")
        tooltip = _quoted(", ".join(arrow.places))
        lines.append(
            f"  {numbers[arrow.source]} -> {numbers[arrow.target]}"
            f" [label={_quoted(arrow.label)}, tooltip={tooltip}{style}]"
        )
    return "\n".join([*lines, "}"]) + "\n"


def _grouped(picture: Picture) -> Iterator[tuple[Group, list[str]]]:
    """Yield the groups that have an end, with the texts of their ends."""
    ends: dict[Group, set[str]] = {}
    for edge in picture.edges:
        ends.setdefault(edge.source, set()).add(edge.seen.source)
        ends.setdefault(edge.target, set()).add(edge.seen.target)
    for group in picture.groups:
        if group in ends:
            yield group, sorted(ends[group])


def _within(end: str, group: Group) -> str:
    """Return what is said of an end inside the box of its namespace."""
    if group.kind != "namespace":
        return end
    return end.removeprefix(group.name).removeprefix("[").removesuffix("]") or "all pods"


def _label(text: str) -> str:
    """Return text for a quoted label of Mermaid: whatever could be markup is written as its number.

    https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
    """
    return "".join(letter if _ORDINARY_LABEL.fullmatch(letter) else f"#{ord(letter)};" for letter in text)


def _quoted(text: str) -> str:
    """Return text as a quoted string of DOT in which no escape sequence means anything."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
