"""One line of a source becomes what fits into a row of a terminal, and the cells that a span takes in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from intentc.output.terminal import TAB, cells, visible
from intentc.source import SourceFile, Span

_ELLIPSIS = "…"
_READ = 8
"""How many characters are read for each cell of room, since combining ones take none."""


class Mark(NamedTuple):
    """What to underline, the text beside it, and whether it is what the diagnostic is about."""

    span: Span
    text: str
    primary: bool


class Row(NamedTuple):
    """A source line as shown, and each mark on it with its first cell and how many cells it takes."""

    number: int
    text: str
    marks: tuple[tuple[Mark, int, int], ...]


def lines_of(span: Span) -> tuple[int, int]:
    """Return the first and the last line that `span` touches; a line end belongs to the line it ends."""
    file = span.file
    first = file.position(min(span.start, len(file.text)))[0]
    return first, max(first, file.position(min(span.end, len(file.text)) - 1)[0])


def excerpt(file: SourceFile, number: int, marks: Iterable[Mark], room: int) -> list[Row]:
    """Return line `number` of `file` with the marks on it, cut to `room` cells.

    A line that fits is shown once, with all its marks; of one that does not, each mark gets a window of its
    own. However long the line is, only characters near the marks are read.
    """
    text = file.text
    base, stop = _bounds(file, number)
    covered: list[tuple[Mark, int, int]] = []
    for mark in sorted(marks, key=lambda mark: (mark.span.start, not mark.primary, mark.span.end)):
        start, end = _covered(text, base, stop, mark.span)
        # A blank line within a span gets no mark, but where the span begins and ends always do.
        if start < end or mark.span.start >= base or mark.span.end <= stop:
            covered.append((mark, start, end))
    if stop - base <= _READ * room:
        line = _shown(text[base:stop])
        if cells(line) <= room:
            measured = [
                (mark, cells(_shown(text[base:start])), max(1, cells(_shown(text[start:end]))))
                for mark, start, end in covered
            ]
            return [Row(number, line.rstrip(" "), tuple(measured))]
    if not covered:
        return [Row(number, _window(text, base, stop, base, base, room)[0], ())]
    rows: list[Row] = []
    for mark, start, end in covered:
        line, left, length = _window(text, base, stop, start, end, room)
        rows.append(Row(number, line, ((mark, left, length),)))
    return rows


def _bounds(file: SourceFile, number: int) -> tuple[int, int]:
    """Return where a line begins and ends, without its line end; a CR without LF is part of the line."""
    base = file.line_starts[number - 1]
    if number == len(file.line_starts):
        return base, len(file.text)
    stop = file.line_starts[number] - 1
    return base, stop - 1 if stop > base and file.text[stop - 1] == "\r" else stop


def _covered(text: str, base: int, stop: int, span: Span) -> tuple[int, int]:
    """Return the part of a line that a span covers, without the space around a line it goes on from or to."""
    start = min(max(span.start, base), stop)
    end = max(start, min(span.end, stop))
    if span.start < base:
        start = end - len(text[start:end].lstrip())
    if span.end > stop:
        end = start + len(text[start:end].rstrip())
    # A mark begins and ends between cells: a combining character stands with the letter before it.
    while base < start < stop and _joins(text[start]):
        start -= 1
    while start < end < stop and _joins(text[end]):
        end += 1
    return start, end


def _joins(letter: str) -> bool:
    return not letter.isascii() and cells(visible(letter)) == 0


def _window(text: str, base: int, stop: int, start: int, end: int, room: int) -> tuple[str, int, int]:
    """Return what is shown of a line, and where in it, in cells, the marks begin and how many there are."""
    reach = _READ * room
    inside = _shown(text[start : min(end, start + reach)])
    if cells(inside) > room - 2:
        inside = _head(inside, room - 3) + _ELLIPSIS
        stop = end
    before = _shown(text[max(base, start - reach) : start])
    after = _shown(text[end : min(stop, end + reach)])
    spare = room - max(1, cells(inside))
    left = max(spare // 2, spare - cells(after))
    if start - base > reach or cells(before) > left:
        before = _ELLIPSIS + _tail(before, left - 1)
    right = spare - cells(before)
    if stop - end > reach or cells(after) > right:
        after = _head(after, right - 1) + _ELLIPSIS
    return visible(f"{before}{inside}{after}").rstrip(" "), cells(before), max(1, cells(inside))


def _shown(text: str) -> str:
    return visible(text.replace("\t", TAB))


def _head(text: str, room: int) -> str:
    """Return as many leading characters as fit into `room` cells."""
    taken = 0
    for index, letter in enumerate(text):
        taken += cells(letter)
        if taken > room:
            return text[:index]
    return text


def _tail(text: str, room: int) -> str:
    """Return as many trailing characters as fit into `room` cells, from the beginning of a cell on."""
    taken = 0
    start = len(text)
    for index in range(len(text) - 1, -1, -1):
        size = cells(text[index])
        taken += size
        if taken > room:
            break
        if size:
            start = index
    return text[start:]
