"""A value of a manifest becomes the span that shows it, and the edit that takes it out."""

from __future__ import annotations

from intentc.diagnostics import Edit
from intentc.manifests.tree import Value
from intentc.source import Span


def key(value: Value, name: str) -> Span:
    """Return where a key of a mapping stands, or the head of the mapping where it has no such key."""
    return (value.keys or {}).get(name) or head(value)


def head(value: Value) -> Span:
    """Return the first line of a value: enough to know it by, without the lines of everything in it."""
    file, start = value.span.file, value.span.start
    end = tail(value)
    line = file.text.find("\n", start, end)
    if line < 0:
        return Span(file, start, max(end, start))
    text = file.text[start:line].rstrip()
    comment = text.find(" #")
    return Span(file, start, start + len(text if comment < 0 else text[:comment].rstrip()))


def tail(value: Value) -> int:
    """Return the offset behind the last character of a value; what YAML ends later is space and comments."""
    while not _is_flow(value):
        last = None
        if isinstance(value.content, dict):
            last = next(reversed(value.content.values()), None)
        elif isinstance(value.content, list):
            last = value.content[-1] if value.content else None
        if last is None:
            break
        if last.span.start == last.span.end and isinstance(value.content, dict) and value.keys:
            # Nothing is written behind the last key but its colon.
            end = next(reversed(value.keys.values())).end
            colon = value.span.file.text.find(":", end, max(end, last.span.end) + 1)
            return colon + 1 if colon >= 0 else end
        value = last
    return value.span.end


def dash(value: Value) -> int | None:
    """Return the offset of the dash before a member of a list, None where it has none of its own."""
    text = value.span.file.text
    place = value.span.start - 1
    while place >= 0 and text[place] in " \t":
        place -= 1
    return place if place >= 0 and text[place] == "-" else None


def removal(listing: Value, index: int) -> Edit | None:
    """Return the edit that takes one member out of a list.

    None where it is the only one, since an empty list would mean something else, or where its lines are not
    its own.
    """
    members = tuple(listing.members())
    if len(members) < 2:
        return None
    value = members[index]
    file = value.span.file
    if _is_flow(listing):
        if index + 1 < len(members):
            return Edit(Span(file, value.span.start, members[index + 1].span.start), "")
        return Edit(Span(file, tail(members[index - 1]), tail(value)), "")
    mark = dash(value)
    if mark is None or file.text[file.text.rfind("\n", 0, mark) + 1 : mark].strip():
        return None
    return Edit(Span(file, mark, tail(value)), "")


def _is_flow(value: Value) -> bool:
    if not isinstance(value.content, dict | list):
        return True
    return value.span.file.text[value.span.start : value.span.start + 1] in ("{", "[")
