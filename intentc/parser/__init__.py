"""Text becomes a tree: one file in, its program and what is wrong with it out."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from intentc.diagnostics import Diagnostic
from intentc.nodes import Let, Program, Statement, With
from intentc.parser.lines import Piece, cut
from intentc.source import SourceFile, Span

if TYPE_CHECKING:
    from lark import Lark

    from intentc.parser.tree import Builder

_BROKEN_LET = re.compile(r"let\s+([a-z0-9][-a-z0-9]*)")


def parse(source: SourceFile) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return the program of `source` and every syntax error in it, one a broken statement.

    Statements are parsed one by one, so that a broken one costs itself only. A broken `let` still defines
    its name, a broken `with` still opens its block: nothing further is reported for their sake.
    """
    pieces = cut(source)
    diagnostics = list(pieces.diagnostics)
    lark, builder = _machinery()
    open_blocks: list[tuple[With | None, int, list[Statement]]] = []
    statements: list[Statement] = []
    for piece in pieces.pieces:
        text = source.text[piece.start : piece.end]
        if text == "}":
            statements = _close(open_blocks, statements, piece, source)
            continue
        node = _statement(lark, builder, source, piece, diagnostics)
        if text.endswith("{") and text.startswith("with"):
            open_blocks.append((node if isinstance(node, With) else None, piece.start, statements))
            statements = []
        elif node is not None:
            statements.append(node)
    while open_blocks:
        statements = _close(open_blocks, statements, pieces.pieces[-1], source)
    return Program(tuple(statements), pieces.comments), tuple(diagnostics)


def _close(
    open_blocks: list[tuple[With | None, int, list[Statement]]],
    statements: list[Statement],
    piece: Piece,
    source: SourceFile,
) -> list[Statement]:
    """Return the statements around the innermost block, with the block as the last of them."""
    if not open_blocks:
        return statements
    header, start, around = open_blocks.pop()
    clauses = header.clauses if header else ()
    around.append(With(clauses, tuple(statements), Span(source, start, piece.end)))
    return around


def _statement(
    lark: Lark, builder: Builder, source: SourceFile, piece: Piece, diagnostics: list[Diagnostic]
) -> Statement | None:
    from lark import UnexpectedInput

    text = source.text[piece.start : piece.end]
    if not piece.broken:
        builder.start(source, piece.start, piece.end)
        try:
            node: Statement | None = lark.parse(text)  # type: ignore[assignment] # the builder makes nodes of trees
        except UnexpectedInput as problem:
            from intentc.parser.faults import explain

            diagnostics.append(explain(source, piece.start, piece.end, problem))
        else:
            if not builder.problems:
                return node
            diagnostics.extend(builder.problems)
    match = _BROKEN_LET.match(text)
    if match:
        span = Span(source, piece.start, piece.end)
        name_span = Span(source, piece.start + match.start(1), piece.start + match.end(1))
        return Let(match[1], (), name_span, span)
    return None


@lru_cache(maxsize=1)
def _machinery() -> tuple[Lark, Builder]:
    """Return the parser of `grammar/intent.lark` and the builder it feeds.

    Lark's own cache is never used: it unpickles a file at a guessable path before it checks it.
    """
    from importlib.resources import files

    from lark import Lark

    from intentc.parser.tree import Builder

    builder = Builder()
    text = files("intentc.grammar").joinpath("intent.lark").read_text("utf-8")
    lark = Lark(text, start="line", parser="lalr", lexer="contextual", transformer=builder)
    return lark, builder
