"""Find the brace that is missing or too many, by the shape of the file around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intentc.diagnostics import Diagnostic, Label, error
from intentc.source import SourceFile, Span

_ONE_THING = re.compile(r"[^\s}\"]+|\"[^\"]*\"?|[^\w\s]+\}")

MAXIMUM_NESTING = 32
"""How deep blocks may nest; deeper ones are an error, not a stack overflow."""


class Brace(NamedTuple):
    """A `{` or `}` of a block.

    An opening one is not certain where a broken statement may have opened a block: nothing is missing when
    nothing closes it. A closing one is certain where it is alone on its line, or closes a block of the line.
    """

    opens: bool
    offset: int
    indent: int
    line: int
    is_certain: bool


def too_deep(source: SourceFile, brace: int) -> Diagnostic:
    """Return the error for a block below the deepest that is read; what stands in it is not read."""
    message = f"blocks nest deeper than {MAXIMUM_NESTING}"
    help_text = "put the clauses of several blocks into one"
    return error("E106", message, Span(source, brace, brace + 1), "one block too deep", help=help_text)


def balance(
    source: SourceFile, braces: Iterable[Brace], pieces: Iterable[tuple[int, int]]
) -> tuple[Diagnostic, ...]:
    """Return an error for each brace that is missing or too many.

    How many there are is counted; where they are is told by indentation, so that a file without any gets
    the same number of errors, at the brace that is left over. `pieces` are the statements' places in order.
    """
    braces, pieces = list(braces), list(pieces)
    unclosed, extra, credit = _matched(braces, by_indent=False)
    if len(unclosed) > len(extra) and (indented := _matched(braces, by_indent=True)[0]):
        unclosed = indented if len(indented) == len(unclosed) else unclosed
    unclosed = [opened for opened in unclosed if not _is_replaced(source, opened, pieces)]
    found = [_unclosed(source, opened, pieces) for opened in unclosed[: max(0, len(unclosed) - credit)]]
    return (*found, *_too_many(source, braces, extra))


def _matched(braces: Iterable[Brace], *, by_indent: bool) -> tuple[list[Brace], list[Brace], int]:
    """Return the braces that only open, those that only close, and a count.

    The count is of closing ones that went to blocks which only a broken statement may have opened.
    """
    stack: list[Brace] = []
    unclosed: list[Brace] = []
    extra: list[Brace] = []
    credit = 0
    indents: dict[int, int] = {}
    for brace in braces:
        if brace.opens:
            stack.append(brace)
            indents[brace.indent] = indents.get(brace.indent, 0) + 1
            continue
        if not stack:
            extra.append(brace)
            continue
        fits = brace.is_certain and indents.get(brace.indent, 0) > 0
        while len(stack) > 1 and fits and stack[-1].indent != brace.indent:
            if stack[-1].is_certain and not by_indent:
                break
            opened = stack.pop()
            indents[opened.indent] -= 1
            if opened.is_certain:
                unclosed.append(opened)
        opened = stack.pop()
        indents[opened.indent] -= 1
        credit += not opened.is_certain
    unclosed.extend(opened for opened in stack if opened.is_certain)
    return unclosed, extra, credit


def _is_replaced(source: SourceFile, opened: Brace, pieces: Iterable[tuple[int, int]]) -> bool:
    """Tell whether something else stands where the block's `}` should: that is an error of its own."""
    for start, end in _after(opened, pieces):
        column = source.position(start)[1] - 1
        if column == opened.indent and _ONE_THING.fullmatch(source.text, start, end):
            return not source.text[end : end + 2].lstrip(" ").startswith("}")
    return False


def _after(opened: Brace, pieces: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    return ((start, end) for start, end in pieces if start > opened.offset)


def _unclosed(source: SourceFile, opened: Brace, pieces: Iterable[tuple[int, int]]) -> Diagnostic:
    """Return the error for a block without `}`, at the first statement indented like the header."""
    brace = Span(source, opened.offset, opened.offset + 1)
    help_text = "close the block with a line `}`"
    last: tuple[int, int] | None = None
    for start, end in _after(opened, pieces):
        line, column = source.position(start)
        is_first = not source.text[source.line_starts[line - 1] : start].strip()
        if is_first and column - 1 <= opened.indent:
            if last is None:
                break
            word = source.text[start:end].split(maxsplit=1)[0]
            span = Span(source, start, start + len(word))
            others = (Label(brace, "the block begins here"),)
            label = "`}` is expected before this"
            return error("E161", "block is not closed", span, label, others=others, help=help_text)
        last = start, end
    else:
        if last is not None:
            span = Span(source, last[1] - 1, last[1])
            others = (Label(brace, "the block begins here"),)
            label = "`}` is expected after this"
            return error("E161", "block is not closed", span, label, others=others, help=help_text)
    return error("E161", "block is not closed", brace, "this `{` has no `}`", help=help_text)


def _too_many(source: SourceFile, braces: Iterable[Brace], extra: Iterable[Brace]) -> Iterator[Diagnostic]:
    """Yield an error for each `}` too many: one at the end of a statement before it is the likelier stray."""
    suspects = [brace for brace in braces if not brace.opens and not brace.is_certain]
    for closing in extra:
        before = [brace for brace in suspects if brace.offset < closing.offset]
        blamed = before[-1] if before and closing.is_certain else closing
        if blamed in suspects:
            suspects.remove(blamed)
        span = Span(source, blamed.offset, blamed.offset + 1)
        if blamed is closing:
            help_text = "remove it, or open the block with `with … {`"
            yield error("E162", "`}` closes nothing", span, "no block is open here", help=help_text)
            continue
        others = (
            Label(Span(source, closing.offset, closing.offset + 1), "then nothing is left to close here"),
        )
        message = "`}` closes a block that goes on"
        help_text = "remove it: a `}` of its own line closes the block"
        yield error("E162", message, span, "ends the block early", others=others, help=help_text)
