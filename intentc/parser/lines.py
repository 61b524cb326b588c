"""Cut a text into statements, so that a broken one never disturbs the next.

Nothing is judged here: a statement whose brackets or quotes are wrong is cut off where it stops making sense,
and the grammar refuses it like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from intentc.diagnostics import Diagnostic
from intentc.nodes import Comment, PlainIntent
from intentc.parser.blocks import MAXIMUM_NESTING, Brace, balance, too_deep
from intentc.parser.plain import PlainReader
from intentc.source import SourceFile, Span

_MARKS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"?|#[^\n]*|[\[\](){}]|->')
_CLOSES = {"[": "]", "(": ")", "{": "}"}
_BLOCK_HEADER = re.compile(r"\s*with(?![\w./:\[-])")
_NAMES_A_STATEMENT = re.compile(r"\s*(?:let|with|isolate|assert)\s")
_STARTS_A_STATEMENT = re.compile(r"\s*(?:(?:let|with|isolate|assert)\s|\}(?!\s*(?:->|[,:\[])))")
_GOES_ON_A_STATEMENT = re.compile(r"\s*(?:->|[,:\[])")
_OPENS_A_STATEMENT_LIST = re.compile(r"\s*(?:let|isolate|with)\b")
_OPENS_A_SELECTOR = re.compile(r"[^\w\s]*\{")
_IS_A_TARGET = re.compile(r"[\w.-]+(?:\[[^\[\]]*\])?\s*:")
_BEFORE = {
    "[": re.compile(r"(?:^|.*[\w.*}-])", re.DOTALL),
    "(": re.compile(r"(?:^|.*[^\w.-])(?:in|notin)", re.DOTALL),
    "{": re.compile(r"(?:^|.*(?:[,=]|->)|(?:.*\s)?(?:allow|deny|isolate))", re.DOTALL),
}
"""What may stand before an opening bracket."""

_CONTEXT = 80
"""How many characters before a bracket are looked at."""


Kind = Literal["statement", "opens", "closes"]


class Piece(NamedTuple):
    """One statement's text: characters `start` to `end` of the file, comments and line ends inside included.

    A piece that `opens` is the header of a block, one that `closes` is the `}` of one.
    """

    start: int
    end: int
    kind: Kind = "statement"


class Cut(NamedTuple):
    """All pieces of a file in order, its comments, and what was wrong with its blocks.

    A plain intent that stands alone on its line needs no grammar, and is a piece as it is.
    """

    pieces: tuple[Piece | PlainIntent, ...]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Line:
    """What one physical line contributes: its marks, without those inside strings and comments."""

    start: int
    end: int
    marks: list[tuple[str, int]]
    code_end: int


@dataclass(slots=True)
class _Begun:
    """A statement so far: where it starts and ends, what it has open, whether it is known to be broken."""

    start: int
    indent: int
    header: bool
    opened: list[str]
    end: int = 0
    arrows: int = 0
    is_broken: bool = False
    tail: str = ""


def cut(source: SourceFile, plain: PlainReader | None = None) -> Cut:
    """Return the statements of `source`; those that `plain` can read, it reads.

    A statement ends at the end of its line, goes on while a bracket is open or after a trailing `,` or
    `->`, and the `{` of a `with` header and the `}` of a block end one as well. A bracket that nothing
    closes keeps no line open: a statement with one ends on its line.
    """
    return _Cutter(source, plain).run()


class _Cutter:
    """Walk over the physical lines of one file; linear in its length."""

    def __init__(self, source: SourceFile, plain: PlainReader | None) -> None:
        self.source = source
        self.text = source.text
        self.plain = plain
        self.pieces: list[Piece | PlainIntent] = []
        self.comments: dict[int, Comment] = {}
        self.braces: list[Brace] = []
        self.depth = 0
        self.deepest: int | None = None
        self.known_lines: dict[int, _Line] = {}
        self.closed_on = -1

    def run(self) -> Cut:
        index, count = 0, len(self.source.line_starts)
        while index < count:
            if self.plain is not None and self.depth <= MAXIMUM_NESTING:
                index, intents, comments = self.plain.run(index)
                self.pieces += intents
                self.comments |= {comment.span.start: comment for comment in comments}
            if index < count:
                index = self._statement(index)
        if self.deepest is not None:
            diagnostics: tuple[Diagnostic, ...] = (too_deep(self.source, self.deepest),)
        else:
            places = [(piece.start, piece.end) for piece in self.pieces]
            diagnostics = balance(self.source, self.braces, places)
        in_order = tuple(self.comments[start] for start in sorted(self.comments))
        return Cut(tuple(self.pieces), in_order, diagnostics)

    def _line(self, number: int) -> _Line:
        """Return a line, read when it is first asked for."""
        known = self.known_lines.get(number)
        if known is None:
            known = self.known_lines[number] = self._new_line(number)
        return known

    def _new_line(self, number: int) -> _Line:
        text, starts = self.text, self.source.line_starts
        start = starts[number]
        end = starts[number + 1] - 1 if number + 1 < len(starts) else len(text)
        marks: list[tuple[str, int]] = []
        code_end = end
        for match in _MARKS.finditer(text, start, end):
            mark = match.group()
            if mark[0] == "#":
                comment = mark.rstrip("\r")
                span = Span(self.source, match.start(), match.start() + len(comment))
                self.comments[span.start] = Comment(comment, span)  # a line may be looked at before its turn
                code_end = match.start()
            elif mark[0] == '"':
                if len(mark) == 1 or mark[-1] != '"' or _ends_in_escape(mark):
                    marks.append(('"', match.start()))
            else:
                marks.append((mark, match.start()))
        return _Line(start, end, marks, code_end)

    def _statement(self, index: int) -> int:
        """Take the statements that begin on line `index`; return the line after the last of them."""
        line = self._line(index)
        begun = self._begin(line, line.start)
        while True:
            begun = self._read(line, begun)
            code = self.text[max(begun.start, line.start) : line.code_end].strip()
            is_blank = not code and line.code_end == line.end
            begun.tail = code or ("" if is_blank else begun.tail)
            begun.end = line.code_end if code else begun.end
            index += 1
            if index == len(self.source.line_starts) or not self._goes_on(begun, index):
                self._leave(begun, line)
                return index
            line = self._line(index)

    def _begin(self, line: _Line, start: int) -> _Begun:
        header = _BLOCK_HEADER.match(self.text, start, line.code_end) is not None
        return _Begun(start, self._indent(line), header, [], end=start)

    def _indent(self, line: _Line) -> int:
        """Return how far a line is indented."""
        text = self.text[line.start : line.end]
        return len(text) - len(text.lstrip())

    def _read(self, line: _Line, begun: _Begun) -> _Begun:
        """Go over the marks of a line; blocks that open or close on it end a statement and begin another."""
        brace = self._block_brace(line, line.start) if begun.header else -1
        for mark, position in line.marks:
            if position == brace or (mark == "}" and self._ends_block(line, begun, position)):
                if mark == "{":
                    self._open_block(begun, position, line)
                else:
                    self._add(begun.start, position)
                    self._close_block(position, line)
                begun = self._begin(line, position + 1)
                brace = self._block_brace(line, position + 1) if begun.header else -1
            elif mark == "->":
                begun.arrows += 1
                begun.is_broken |= bool(begun.opened)
            elif begun.is_broken:
                continue
            elif mark in _CLOSES:
                begun.is_broken = not self._may_open(mark, position, begun, line)
                begun.opened.append(mark)
            elif begun.opened and _CLOSES[begun.opened[-1]] == mark:
                begun.opened.pop()
            else:
                begun.is_broken = True
        return begun

    def _block_brace(self, line: _Line, start: int) -> int:
        """Return where the header on a line opens its block: at the line's last brace, or at its first."""
        braces = [position for mark, position in line.marks if mark == "{" and position >= start]
        if not braces:
            return -1
        is_last = not self.text[braces[-1] + 1 : line.code_end].strip()
        return braces[-1] if is_last else braces[0]

    def _may_open(self, mark: str, position: int, begun: _Begun, line: _Line) -> bool:
        """Tell whether an opening bracket can stand at all where it stands."""
        if bool(begun.opened) != (mark == "(") or begun.opened[1:]:
            return False
        start = max(begun.start, line.start, position - _CONTEXT)
        before = self.text[start:position].strip() or begun.tail[-_CONTEXT:]
        return _BEFORE[mark].fullmatch(before) is not None

    def _ends_block(self, line: _Line, begun: _Begun, position: int) -> bool:
        """Tell whether a `}` is that of a block, rather than of a selector or a stray one."""
        if begun.opened:
            return begun.is_broken and self._is_one_line(line) and position == line.marks[-1][1]
        if begun.header:
            return False
        rest = self.text[position + 1 : line.code_end].strip("} \t\r")
        is_open = self.depth > 0 or (bool(self.braces) and self.braces[-1].opens)
        if not self.text[begun.start : position].strip() and (is_open or not rest):
            return not _GOES_ON_A_STATEMENT.match(self.text, position + 1, line.code_end)
        return is_open and (not rest or self._is_one_line(line))

    def _is_one_line(self, line: _Line) -> bool:
        """Tell whether the innermost block was opened on this very line."""
        return bool(self.braces) and self.braces[-1].opens and self.braces[-1].offset >= line.start

    def _goes_on(self, begun: _Begun, following: int) -> bool:
        """Tell whether a statement continues on the line `following`."""
        line = self._line(following)
        has_arrow = any(mark == "->" for mark, _ in line.marks)
        if begun.tail and _GOES_ON_A_STATEMENT.match(self.text, line.start, line.code_end):
            # Nothing begins like this: only a statement that has lost its first word.
            return not (has_arrow and (begun.arrows or _OPENS_A_STATEMENT_LIST.match(self.text, begun.start)))
        if begun.opened and not begun.is_broken:
            if self._closes(begun.opened, following):
                return True
            begun.is_broken = True
        elif begun.tail.endswith((",", "->")):
            if _STARTS_A_STATEMENT.match(self.text, line.start, line.code_end):
                return False
            complete = begun.arrows > 0 or _OPENS_A_STATEMENT_LIST.match(self.text, begun.start) is not None
            return not (complete and has_arrow)
        return self._hangs(begun, line, has_arrow)

    def _hangs(self, begun: _Begun, line: _Line, has_arrow: bool) -> bool:
        """Tell whether a line can only belong to the statement before it, which is broken then."""
        code = self.text[line.start : line.code_end].strip()
        if not code:
            return line.code_end < line.end or bool(begun.opened)
        if _STARTS_A_STATEMENT.match(self.text, line.start, line.code_end):
            return False
        if not begun.tail and (begun.arrows or not begun.opened):
            return False
        if begun.header:
            return code.endswith("{") and not has_arrow
        if begun.tail.endswith("{") and not _OPENS_A_SELECTOR.fullmatch(begun.tail):
            return False
        if code[0] in "])}":
            return begun.is_broken or not begun.arrows
        if has_arrow and (begun.arrows or not begun.opened):
            return False
        is_deeper = self._indent(line) > begun.indent
        if is_deeper and not has_arrow and _IS_A_TARGET.match(code):
            return True
        if not begun.is_broken and (code.endswith((",", "->")) or not _is_balanced(line)):
            return False
        return is_deeper

    def _closes(self, opened: list[str], index: int) -> bool:
        """Tell whether the lines from `index` on close what is open before another statement begins.

        A search that fails has passed no second opening bracket, so no line is searched more than twice.
        """
        if index <= self.closed_on:
            return True
        stack = list(opened)
        for number in range(index, len(self.source.line_starts)):
            line = self._line(number)
            if _NAMES_A_STATEMENT.match(self.text, line.start, line.code_end):
                return False
            for mark, _ in line.marks:
                if mark in ("->", "[", "{", '"'):
                    return False
                if mark == "(":
                    stack.append(mark)
                elif mark in map(_CLOSES.get, stack):
                    while _CLOSES[stack.pop()] != mark:
                        pass
                if not stack:
                    self.closed_on = number
                    return True
        return False

    def _add(self, start: int, end: int, kind: Kind = "statement") -> bool:
        """Take a piece without the space around it; return whether there is one."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if start == end or self.depth > MAXIMUM_NESTING:
            return False
        self.pieces.append(Piece(start, end, kind))
        return True

    def _open_block(self, begun: _Begun, brace: int, line: _Line) -> None:
        self._add(begun.start, brace + 1, "opens")
        self.braces.append(Brace(True, brace, begun.indent, line.start, is_certain=True))
        self.depth += 1
        if self.depth > MAXIMUM_NESTING and self.deepest is None:
            self.deepest = brace

    def _close_block(self, position: int, line: _Line) -> None:
        is_certain = self._is_one_line(line) or not self.text[line.start : position].strip()
        if (
            self.braces
            and self.braces[-1].opens
            and not self.text[self.braces[-1].offset + 1 : position].strip()
        ):
            is_certain = False
        self.braces.append(Brace(False, position, self._indent(line), line.start, is_certain=is_certain))
        if self.depth:
            self.depth -= 1
            self._add(position, position + 1, "closes")

    def _leave(self, begun: _Begun, line: _Line) -> None:
        """Take what is begun; a header without its brace, or a brace without its header, may open a block."""
        opens = begun.header or (begun.is_broken and "{" in begun.opened)
        if self._add(begun.start, begun.end) and opens:
            brace = max(begun.start, begun.end - 1)
            self.braces.append(Brace(True, brace, begun.indent, line.start, is_certain=False))


def _is_balanced(line: _Line) -> bool:
    """Tell whether a line opens as many brackets as it closes."""
    marks = [mark for mark, _ in line.marks]
    return all(marks.count(opening) == marks.count(closing) for opening, closing in _CLOSES.items())


def _ends_in_escape(mark: str) -> bool:
    """Tell whether the last quote of `mark` is escaped, so that the text never ends."""
    backslashes = len(mark) - 1 - len(mark[:-1].rstrip("\\"))
    return backslashes % 2 == 1
