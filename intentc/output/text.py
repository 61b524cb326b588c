"""Diagnostics become text for a person: the message, the source line with a caret under it, and help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from intentc.diagnostics import Diagnostic, Label
from intentc.output.terminal import TAB, cells, visible
from intentc.source import Span

SHOWN = 100
"""How many diagnostics are shown; the rest is counted."""

_RESET = "\x1b[0m"
_COLORS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "frame": "\x1b[34m",
    "bold": "\x1b[1m",
}
_ELLIPSIS = "…"
_MOST_LINES = 4
"""How many lines of a span are shown before the middle is left out."""


def render(
    diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int = 100, prefix: str = ""
) -> str:
    """Return diagnostics as text, a blank line between two, and a line that counts them.

    `width` is in cells; longer source lines are cut to a window around the span. `prefix` stands before
    each path, to reach the file from the current folder.
    """
    diagnostics = tuple(diagnostics)
    style = _Style(color)
    parts = [
        "".join(f"{line}\n" for line in _lines(item, style, width, prefix)) for item in diagnostics[:SHOWN]
    ]
    if len(diagnostics) > SHOWN:
        parts.append(f"{len(diagnostics) - SHOWN:,} more are not shown; `--format json` has all\n")
    if diagnostics:
        parts.append(f"{count(diagnostics)}\n")
    return "\n".join(parts)


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many errors, warnings and notes there are: `3 errors, 1 warning`."""
    counts: dict[str, int] = {}
    for diagnostic in diagnostics:
        counts[diagnostic.severity] = counts.get(diagnostic.severity, 0) + 1
    named = [(severity, counts[severity]) for severity in ("error", "warning", "note") if severity in counts]
    return ", ".join(f"{number:,} {severity}{'' if number == 1 else 's'}" for severity, number in named)


class _Style:
    """Put colour around text, or leave it."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, name: str, text: str) -> str:
        return f"{_COLORS[name]}{text}{_RESET}" if self.color and text else text


def _lines(item: Diagnostic, style: _Style, width: int, prefix: str) -> Iterator[str]:
    head = style(item.severity, f"{item.severity}[{item.code}]")
    yield f"{head}{style('bold', ': ' + visible(item.message))}"
    margin = 1
    if item.span is not None:
        places = [(item.span, item.label, True), *((other.span, other.text, False) for other in item.others)]
        numbers = [number for span, _, _ in places for number in _line_numbers(span)]
        margin = len(str(max(numbers)))
        yield from _places(item, style, width, prefix, margin)
    bar = style("frame", f"{' ' * margin} =")
    for text in item.help:
        yield from _wrapped(f"{' ' * margin} = ", bar, f"help: {visible(text)}", width)
    for fix in item.fixes:
        kind = "safe" if fix.safe else "changes what is allowed"
        yield f"{bar} fix: {visible(fix.title)} ({kind})"


def _wrapped(plain: str, bar: str, text: str, width: int) -> Iterator[str]:
    """Yield advice broken between words where it is wider than the terminal."""
    room = max(20, width - len(plain))
    row = ""
    first = True
    for word in text.split(" "):
        if row and cells(row) + 1 + cells(word) > room:
            yield f"{bar if first else ' ' * (len(plain) - 1)} {row}"
            row, first = f"      {word}", False
        else:
            row = f"{row} {word}" if row else word
    yield f"{bar if first else ' ' * (len(plain) - 1)} {row}"


def _places(item: Diagnostic, style: _Style, width: int, prefix: str, margin: int) -> Iterator[str]:
    span = item.span
    if span is None:
        return
    gutter = style("frame", f"{' ' * margin} |")
    yield f"{' ' * margin}{style('frame', '-->')} {visible(prefix + str(span))}"
    yield gutter
    near, far = _split(item.others, span)
    labels = sorted([Label(span, item.label), *near], key=lambda label: label.span.sort_key)
    shown = 0
    for label in labels:
        primary = label.span is span
        number = _line_numbers(label.span)[0]
        if shown and number > shown + 1:
            yield style("frame", "...")
        yield from _snippet(
            label, style, item.severity if primary else "frame", "^" if primary else "-", width, margin
        )
        shown = _line_numbers(label.span)[1]
    for label in far:
        yield f"{' ' * margin}{style('frame', ':::')} {visible(prefix + str(label.span))}"
        yield gutter
        yield from _snippet(label, style, "frame", "-", width, margin)
    if item.help or item.fixes:
        yield gutter


def _split(others: tuple[Label, ...], span: Span) -> tuple[list[Label], list[Label]]:
    """Return the labels in the same file, and those elsewhere."""
    near = [label for label in others if label.span.file is span.file]
    return near, [label for label in others if label.span.file is not span.file]


def _line_numbers(span: Span) -> tuple[int, int]:
    first = span.file.position(span.start)[0]
    return first, span.file.position(max(span.start, span.end - 1))[0]


def _snippet(label: Label, style: _Style, color: str, mark: str, width: int, margin: int) -> Iterator[str]:
    """Yield the lines of a span, each with marks under what it covers; the label stands behind the last."""
    span = label.span
    first, last = _line_numbers(span)
    numbers = list(range(first, last + 1))
    cut = len(numbers) > _MOST_LINES
    if cut:
        numbers = [first, first + 1, last]
    for number in numbers:
        if cut and number == last:
            yield style("frame", "...")
        line = span.file.line(number)
        base = span.file.line_starts[number - 1]
        start = max(0, span.start - base) if number == first else len(line) - len(line.lstrip())
        end = min(len(line), span.end - base) if number == last else len(line.rstrip())
        text, left, length = _window(line, start, max(start, end), width - margin - 3)
        yield f"{style('frame', f'{number:>{margin}} |')} {text}".rstrip()
        marks = style(
            color,
            mark * max(1, length) + (f" {visible(label.text)}" if number == last and label.text else ""),
        )
        yield f"{style('frame', ' ' * margin + ' |')} {' ' * left}{marks}"


def _window(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """Return what is shown of a line, and where in it, in cells, the marks begin and how many there are."""
    before, inside, after = (_shown(part) for part in (line[:start], line[start:end], line[end:]))
    if cells(before) + cells(inside) + cells(after) > room:
        if cells(inside) > room * 2 // 3:
            inside = _cut(inside, room * 2 // 3) + _ELLIPSIS
            after = ""
        spare = max(4, room - cells(inside) - 2)
        if cells(before) > spare // 2:
            kept = _cut(before[::-1], max(spare // 2, spare - cells(after)))[::-1]
            before = kept if kept == before else _ELLIPSIS + kept
        kept = _cut(after, max(0, room - cells(before) - cells(inside) - 1))
        after = kept if kept == after else kept + _ELLIPSIS
    return before + inside + after, cells(before), cells(inside)


def _shown(text: str) -> str:
    return visible(text.replace("\t", TAB))


def _cut(text: str, room: int) -> str:
    """Return as many leading characters as fit into `room` cells."""
    if cells(text) <= room:
        return text
    taken = 0
    for index, letter in enumerate(text):
        taken += cells(letter)
        if taken > room:
            return text[:index]
    return text
