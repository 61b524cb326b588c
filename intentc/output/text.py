"""Diagnostics become text for a person: the message, the source line with a caret under it, and help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from intentc.diagnostics import Diagnostic
from intentc.output.snippet import Mark, Row, excerpt, lines_of
from intentc.output.terminal import cells, visible, wrap
from intentc.source import Span

SHOWN = 100
"""How many diagnostics are shown; the rest is counted."""

_COLORS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "frame": "\x1b[34m",
    "bold": "\x1b[1m",
}
_RESET = "\x1b[0m"
_MOST_LINES = 4
"""How many lines of a span are shown before the middle is left out."""
_NEAR = 8
"""How many lines away from the span a second label still stands in the same snippet."""
_LEAST_ROOM = 24
"""How many cells a label needs before it is worth breaking between words."""


def render(
    diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int = 100, prefix: str = ""
) -> str:
    """Return diagnostics as text, a blank line between two, and a line that counts them.

    `width` is in cells; longer source lines are cut to a window around the span. `prefix` stands before
    each path, to reach the file from the current folder. No text of the user can move the cursor or begin
    a line.
    """
    diagnostics = tuple(diagnostics)
    if not diagnostics:
        return ""
    shown = worst(diagnostics, SHOWN)
    parts = [block(item, color=color, width=width, prefix=prefix) for item in shown]
    rest = len(diagnostics) - len(shown)
    if rest:
        noun = "diagnostic is" if rest == 1 else "diagnostics are"
        parts.append(f"{rest:,} more {noun} not shown; `--format json` lists up to 5,000\n")
    parts.append(f"{count(diagnostics)}\n")
    return "\n".join(parts)


def block(item: Diagnostic, *, color: bool = False, width: int = 100, prefix: str = "") -> str:
    """Return one diagnostic as text."""
    return "".join(f"{line}\n" for line in _Block(item, color, width, prefix).lines())


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many errors, warnings and notes there are: `3 errors, 1 warning`."""
    counts: dict[str, int] = {}
    for diagnostic in diagnostics:
        counts[diagnostic.severity] = counts.get(diagnostic.severity, 0) + 1
    named = [(severity, counts[severity]) for severity in ("error", "warning", "note") if severity in counts]
    return ", ".join(f"{number:,} {severity}{'' if number == 1 else 's'}" for severity, number in named)


def worst(diagnostics: tuple[Diagnostic, ...], most: int) -> tuple[Diagnostic, ...]:
    """Return at most `most` diagnostics in the order given: no warning takes the place of an error."""
    if len(diagnostics) <= most:
        return diagnostics
    chosen: set[int] = set()
    for severity in ("error", "warning", "note"):
        places = [place for place, item in enumerate(diagnostics) if item.severity == severity]
        chosen.update(places[: most - len(chosen)])
    return tuple(diagnostics[place] for place in sorted(chosen))


class _Block:
    """Lay out one diagnostic."""

    def __init__(self, item: Diagnostic, color: bool, width: int, prefix: str) -> None:
        self.item = item
        self.color = color
        self.width = width
        self.prefix = prefix
        self.sections = list(_sections(item))
        numbers = [number for _, marks in self.sections for mark in marks for number in lines_of(mark.span)]
        self.margin = len(str(max(numbers, default=1))) + 1
        self.room = max(8, width - self.margin - 3)

    def lines(self) -> Iterator[str]:
        item = self.item
        yield self.paint(item.severity, f"{item.severity}[{item.code}]") + self.paint(
            "bold", f": {visible(item.message)}"
        )
        for index, (arrow, marks) in enumerate(self.sections):
            if index:
                yield self.gutter()
            place = visible(f"{self.prefix}{marks[0].span}")
            yield f"{' ' * self.margin}{self.paint('frame', arrow)} {place}"
            yield self.gutter()
            yield from self.snippet(marks)
        advice = [f"help: {visible(text)}" for text in item.help]
        for fix in item.fixes:
            effect = "safe" if fix.safe else "changes who may talk to whom"
            advice.append(f"fix: {visible(fix.title)} ({effect})")
        if advice and self.sections:
            yield self.gutter()
        for text in advice:
            yield from self.advice(text)

    def snippet(self, marks: list[Mark]) -> Iterator[str]:
        """Yield the lines that the first mark's file shows, each once, with the marks under it."""
        wanted: dict[int, list[Mark]] = {}
        for mark in marks:
            first, last = lines_of(mark.span)
            for number in _few(first, last):
                wanted.setdefault(number, []).append(mark)
        source = marks[0].span.file
        previous = 0
        for number in sorted(wanted):
            if previous and number == previous + 2:
                yield from map(self.source_line, excerpt(source, number - 1, (), self.room))
            elif previous and number > previous + 1:
                yield self.paint("frame", "...")
            for row in excerpt(source, number, wanted[number], self.room):
                yield self.source_line(row)
                for mark, left, length in row.marks:
                    yield from self.mark_rows(mark, left, length, last=number == lines_of(mark.span)[1])
            previous = number

    def source_line(self, row: Row) -> str:
        number = self.paint("frame", f"{row.number:>{self.margin}} |")
        return f"{number} {row.text}" if row.text else number

    def mark_rows(self, mark: Mark, left: int, length: int, *, last: bool) -> Iterator[str]:
        """Yield the carets and, on the last line of a span, the label behind them, or below when too wide."""
        color = self.item.severity if mark.primary else "frame"
        carets = ("^" if mark.primary else "-") * length
        label = visible(mark.text) if last else ""
        if label and left + length + 1 + cells(label) <= self.room:
            yield f"{self.gutter()} {' ' * left}{self.paint(color, f'{carets} {label}')}"
            return
        yield f"{self.gutter()} {' ' * left}{self.paint(color, carets)}"
        if label:
            indent = min(left, max(0, self.room - max(_LEAST_ROOM, cells(label))))
            for row in wrap(label, self.room - indent):
                yield f"{self.gutter()} {' ' * indent}{self.paint(color, row)}"

    def advice(self, text: str) -> Iterator[str]:
        """Yield advice behind its bar, broken between words where it is wider than the terminal."""
        word, _, rest = text.partition(" ")
        indent = len(word) + 1
        rows = wrap(rest, max(_LEAST_ROOM, self.room - indent))
        yield f"{' ' * (self.margin + 1)}{self.paint('frame', '=')} {self.paint('bold', word)} {rows[0]}"
        for row in rows[1:]:
            yield f"{' ' * (self.margin + 3 + indent)}{row}"

    def gutter(self) -> str:
        return self.paint("frame", f"{' ' * self.margin} |")

    def paint(self, name: str, text: str) -> str:
        return f"{_COLORS[name]}{text}{_RESET}" if self.color and text else text


def _sections(item: Diagnostic) -> Iterator[tuple[str, list[Mark]]]:
    """Yield the snippets of a diagnostic: its own, with the labels close by, then each label elsewhere."""
    others = [Mark(label.span, label.text, primary=False) for label in item.others]
    if item.span is not None:
        span = item.span
        yield (
            "-->",
            [Mark(span, item.label, primary=True), *(one for one in others if _is_near(one.span, span))],
        )
        others = [one for one in others if not _is_near(one.span, span)]
    for mark in others:
        yield ":::", [mark]


def _is_near(span: Span, other: Span) -> bool:
    if span.file is not other.file:
        return False
    (first, last), (start, end) = lines_of(span), lines_of(other)
    return first - end <= _NEAR and start - last <= _NEAR


def _few(first: int, last: int) -> Iterable[int]:
    return (first, first + 1, last) if last - first >= _MOST_LINES else range(first, last + 1)
