"""Cut a text into statements, so that a broken one never disturbs the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from intentc.diagnostics import Diagnostic, Label, error
from intentc.nodes import Comment
from intentc.source import SourceFile, Span

MAXIMUM_NESTING = 32
"""How deep blocks may nest; deeper ones are an error, not a stack overflow."""

_MARKS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"?|#[^\n]*|[\[\](){}]|->')
_BLOCK_HEADER = re.compile(r"\s*with(?![\w./:\[-])")
_CLOSES = {"[": "]", "(": ")", "{": "}"}
_NAMES_A_STATEMENT = re.compile(r"\s*(?:let|with|isolate|assert)\s")
_STARTS_A_STATEMENT = re.compile(r"\s*(?:(?:let|with|isolate|assert)\s|\})")
_OPENS_A_STATEMENT_LIST = re.compile(r"\s*(?:let|isolate|with)\b")


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement's text: characters `start` to `end` of the file, comments and line ends inside included.

    A `broken` piece has been reported already; what it opens or names still counts, so that nothing else is
    reported.
    """

    start: int
    end: int
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """All pieces of a file in order, its comments, and what was wrong with its brackets and quotes."""

    pieces: tuple[Piece, ...]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Line:
    """What one physical line contributes: its marks, without those inside strings and comments."""

    start: int
    end: int
    marks: list[tuple[str, int]]
    code_end: int


def cut(source: SourceFile) -> Cut:
    """Return the statements of `source`.

    A statement ends at the end of its line, goes on while a bracket is open or after a trailing `,` or
    `->`, and the `{` of a `with` header and the `}` of a block end one as well. An unclosed bracket or
    quote costs its own statement only: a following line with an arrow, or that starts a statement, is not
    drawn into it.
    """
    return _Cutter(source).run()


class _Cutter:
    """Walk over the physical lines of one file; linear in its length."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.pieces: list[Piece] = []
        self.comments: list[Comment] = []
        self.diagnostics: list[Diagnostic] = []
        self.blocks: list[int] = []

    def run(self) -> Cut:
        lines = list(self._lines())
        index = 0
        while index < len(lines):
            index = self._statement(lines, index)
        for opened in self.blocks:
            span = Span(self.source, opened, opened + 1)
            self.diagnostics.append(
                error(
                    "E161",
                    "block is not closed",
                    span,
                    "this `{` has no `}`",
                    help="close the block with a line `}`",
                )
            )
        return Cut(tuple(self.pieces), tuple(self.comments), tuple(self.diagnostics))

    def _lines(self) -> Iterator[_Line]:
        text = self.source.text
        starts = self.source.line_starts
        for number, start in enumerate(starts):
            end = starts[number + 1] - 1 if number + 1 < len(starts) else len(text)
            marks: list[tuple[str, int]] = []
            code_end = end
            for match in _MARKS.finditer(text, start, end):
                mark = match.group()
                if mark[0] == "#":
                    comment = mark.rstrip("\r")
                    span = Span(self.source, match.start(), match.start() + len(comment))
                    self.comments.append(Comment(comment, span))
                    code_end = match.start()
                elif mark[0] == '"':
                    if len(mark) == 1 or mark[-1] != '"' or _ends_in_escape(mark):
                        marks.append(('"', match.start()))
                else:
                    marks.append((mark, match.start()))
            yield _Line(start, end, marks, code_end)

    def _statement(self, lines: list[_Line], index: int) -> int:
        """Take the statement that begins on line `index`; return the line after it."""
        text = self.source.text
        line = lines[index]
        start = line.start
        opened: list[tuple[str, int]] = []
        arrows = 0
        tail = ""
        header = self._is_header(start, line)
        while True:
            for mark, position in line.marks:
                if mark == '"':
                    self._unterminated(position, line.code_end)
                    self._give_up(start, line, header)
                    return index + 1
                if mark == "->":
                    arrows += 1
                elif mark == "{" and header and not opened:
                    self._open_block(start, position)
                    start, arrows = position + 1, 0
                    header = self._is_header(start, line)
                elif mark in _CLOSES:
                    opened.append((mark, position))
                elif opened and _CLOSES[opened[-1][0]] == mark:
                    opened.pop()
                elif mark == "}" and not opened:
                    self._add(start, position)
                    self._close_block(position)
                    start, arrows = position + 1, 0
                    header = self._is_header(start, line)
                else:
                    self._wrong_bracket(mark, position, opened)
                    self._give_up(start, line, header)
                    return index + 1
            code = text[max(start, line.start) : line.code_end].strip()
            is_blank = not code and line.code_end == line.end
            tail = code or ("" if is_blank else tail)
            following = index + 1 if index + 1 < len(lines) else None
            if opened:
                if following is None or self._interrupts(lines[following]):
                    self._unclosed(*opened[-1])
                    self._give_up(start, line, header)
                    return index + 1
            elif following is None or not self._goes_on(start, tail, lines[following], arrows):
                self._add(start, line.code_end)
                return index + 1
            index += 1
            line = lines[index]

    def _is_header(self, start: int, line: _Line) -> bool:
        return _BLOCK_HEADER.match(self.source.text, start, line.code_end) is not None

    def _goes_on(self, start: int, tail: str, following: _Line, arrows: int) -> bool:
        """Tell whether a line that ends in `,` or `->` really continues on the next."""
        text = self.source.text
        if not tail.endswith((",", "->")):
            return False
        if _STARTS_A_STATEMENT.match(text, following.start, following.code_end):
            return False
        complete = arrows > 0 or _OPENS_A_STATEMENT_LIST.match(text, start) is not None
        return not (complete and any(mark == "->" for mark, _ in following.marks))

    def _give_up(self, start: int, line: _Line, header: bool) -> None:
        """Leave a broken statement behind; a `with` header that still opens its block does so."""
        end = len(self.source.text[: line.code_end].rstrip())
        if header and self.source.text[:end].endswith("{"):
            self.blocks.append(end - 1)
        self.pieces.append(Piece(start, max(start, end), broken=True))

    def _interrupts(self, line: _Line) -> bool:
        """Tell whether a line looks like a statement of its own rather than the rest of an open bracket."""
        if _NAMES_A_STATEMENT.match(self.source.text, line.start, line.code_end):
            return True
        for mark, _ in line.marks:
            if mark in "])}":
                return False
            if mark == "->":
                return True
        return False

    def _add(self, start: int, end: int) -> None:
        text = self.source.text
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start < end:
            self.pieces.append(Piece(start, end))

    def _open_block(self, start: int, brace: int) -> None:
        self._add(start, brace + 1)
        self.blocks.append(brace)
        if len(self.blocks) == MAXIMUM_NESTING + 1:
            span = Span(self.source, brace, brace + 1)
            message = f"blocks nest deeper than {MAXIMUM_NESTING}"
            help_text = "put the clauses of several blocks into one"
            self.diagnostics.append(error("E106", message, span, "one block too deep", help=help_text))

    def _close_block(self, brace: int) -> None:
        if self.blocks:
            self.blocks.pop()
            self.pieces.append(Piece(brace, brace + 1))
            return
        span = Span(self.source, brace, brace + 1)
        help_text = "remove it, or open the block with `with … {`"
        self.diagnostics.append(
            error("E162", "`}` closes nothing", span, "no block is open here", help=help_text)
        )

    def _unterminated(self, position: int, end: int) -> None:
        span = Span(self.source, position, max(position + 1, len(self.source.text[:end].rstrip())))
        help_text = 'close the text with `"` on the same line; a quote inside it is written `\\"`'
        self.diagnostics.append(
            error("E115", "text is not terminated", span, "no closing quote", help=help_text)
        )

    def _unclosed(self, mark: str, position: int) -> None:
        span = Span(self.source, position, position + 1)
        message = f"`{mark}` is not closed"
        label = f"no `{_CLOSES[mark]}` follows"
        self.diagnostics.append(error("E113", message, span, label, help=f"close it with `{_CLOSES[mark]}`"))

    def _wrong_bracket(self, mark: str, position: int, opened: list[tuple[str, int]]) -> None:
        span = Span(self.source, position, position + 1)
        if opened:
            bracket, where = opened[-1]
            others = (Label(Span(self.source, where, where + 1), "opened here"),)
            message = f"`{mark}` where `{_CLOSES[bracket]}` is expected"
            label = f"does not close `{bracket}`"
            help_text = f"write `{_CLOSES[bracket]}`"
            self.diagnostics.append(error("E114", message, span, label, others=others, help=help_text))
        else:
            label = "no bracket is open here"
            message = f"`{mark}` closes nothing"
            self.diagnostics.append(error("E114", message, span, label, help="remove it"))


def _ends_in_escape(mark: str) -> bool:
    """Tell whether the last quote of `mark` is escaped, so that the text never ends."""
    backslashes = len(mark) - 1 - len(mark[:-1].rstrip("\\"))
    return backslashes % 2 == 1
