"""Changes become lines, one for each thing that changed: what `diff` prints and `--expect` compares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from intentc.answers.diff.changes import Changes, FlowChange, IsolationChange, Place

SIGNS = {"gained": "+", "lost": "-", "kept": "="}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that changed: its line, whose side the statements are on, and the statements."""

    line: str
    side: str = ""
    places: tuple[Place, ...] = ()


def items(found: Iterable[Changes]) -> tuple[Item, ...]:
    """Return every change as one item, in the order they are told."""
    return tuple(item for changes in found for item in _items(changes))


def _items(changes: Changes) -> Iterator[Item]:
    cluster = changes.cluster
    if changes.presence != "both":
        yield Item(f"{cluster}: {changes.presence} cluster")
    for change in in_order(changes):
        if isinstance(change, FlowChange):
            yield Item(
                f"{cluster}: {flow_line(change)}", "old" if change.kind == "lost" else "new", change.lines
            )
        else:
            side = "new" if change.kind == "isolated" else "old"
            yield Item(f"{cluster}: {isolation_line(change)}", side, change.lines)
    for opening in changes.openings:
        yield Item(f"{cluster}: {SIGNS[opening.kind]} firewall {opening.text}")
    for name, before, after in changes.facts:
        yield Item(f"{cluster}: firewall {name} was {before}, is {after}")


def in_order(changes: Changes) -> tuple[FlowChange | IsolationChange, ...]:
    """Return what is gained and lost, whose isolation changed, and what newly isolated pods keep."""
    moved = tuple(flow for flow in changes.flows if flow.kind != "kept")
    return (*moved, *changes.isolations, *(flow for flow in changes.flows if flow.kind == "kept"))


def flow_line(flow: FlowChange) -> str:
    """Return a flow with its sign; the policy is named where only one of the two changed."""
    layer = f"{flow.layers[0]} " if len(flow.layers) == 1 else ""
    return f"{SIGNS[flow.kind]} {layer}{flow.text}"


def isolation_line(isolation: IsolationChange) -> str:
    """Return which pods are isolated or opened, and in which direction."""
    return f"{isolation.kind} for {isolation.direction}: {isolation.text}"


def text(found: Iterable[Changes]) -> str:
    """Return changes as lines, the statements behind each indented below it."""
    lines = []
    for item in items(found):
        lines.append(f"{item.line}\n")
        for place, statement in item.places:
            lines.append(f"    {item.side} {place}  {statement}\n" if place else f"    {statement}\n")
    return "".join(lines)


def counted(found: Iterable[Changes]) -> str:
    """Return how much of each kind changed, in words."""
    known = tuple(found)
    flows = [flow.kind for changes in known for flow in changes.flows]
    pods = [isolation.kind for changes in known for isolation in changes.isolations]
    others = sum(len(changes.openings) + len(changes.facts) for changes in known)
    counts = (
        (flows.count("gained"), "gained"),
        (flows.count("lost"), "lost"),
        (pods.count("isolated"), "newly isolated"),
        (pods.count("opened"), "newly open"),
        (others, "in the firewall"),
        (sum(changes.presence == "new" for changes in known), "of the clusters new"),
        (sum(changes.presence == "gone" for changes in known), "of the clusters gone"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "no change"


def expected(content: str) -> frozenset[str] | None:
    """Return the lines that a file expects: of `diff` as text or as JSON; None for broken JSON.

    Of a text, what is indented, empty or begins with `#` says nothing.
    """
    if not content.lstrip().startswith("{"):
        kept = (line.rstrip() for line in content.split("\n") if line[:1] not in ("", " ", "\t", "#", "\r"))
        return frozenset(kept)
    try:
        document = json.loads(content)
        return frozenset(
            str(change["line"]) for cluster in document["clusters"] for change in cluster["changes"]
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def unexpected(found: Iterable[Changes], wanted: frozenset[str]) -> tuple[str, ...]:
    """Return what is not as expected: lines that are missing, and lines nobody expects, in their order."""
    lines = tuple(item.line for item in items(found))
    missing = tuple(f"missing     {line}" for line in sorted(wanted - set(lines)))
    return (*missing, *(f"unexpected  {line}" for line in lines if line not in wanted))
