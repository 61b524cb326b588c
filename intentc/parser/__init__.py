"""Text becomes a tree: one file in, its program and what is wrong with it out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intentc.diagnostics import Diagnostic
from intentc.nodes import Intent, Let, PlainIntent, Program, SetReference, Statement, Target, With
from intentc.parser.lines import Piece, cut
from intentc.parser.plain import PlainReader
from intentc.parser.text import is_readable
from intentc.source import SourceFile, Span

THOROUGH = 100
"""How many broken statements of a file are explained with care: as many as are shown."""

_DEFINES = re.compile(r"([^\[\](){}#\"=]*)=")
_BEGINS_A_LET = re.compile(r"let(?![\w.:/\[-])")
_REFERENCE = re.compile(r"@\s*([a-z0-9][-a-z0-9]*)")
_WORD = re.compile(r"[^\s=,:@/]+")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


def parse(source: SourceFile) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return the program of `source` and every syntax error in it, one a broken statement.

    Statements are parsed one by one, so that a broken one costs itself only. A broken `let` still defines
    its name, a broken `with` still opens its block: nothing further is reported for their sake. Characters
    that may not stand in a source file have been reported by `decode`, so statements with one are left out.
    """
    readable = is_readable(source.text)
    pieces = cut(source, PlainReader(source, _tree) if readable else None)
    diagnostics = list(pieces.diagnostics)
    open_blocks: list[tuple[With | None, int, list[Statement]]] = []
    statements: list[Statement] = []
    broken = 0
    for piece in pieces.pieces:
        if isinstance(piece, PlainIntent):
            statements.append(piece)
            continue
        if piece.kind == "closes":
            statements = _close(open_blocks, statements, piece, source)
            continue
        node: Statement | None = None
        if readable or is_readable(source.text[piece.start : piece.end]):
            from intentc.parser.statements import grammar

            node, problems = grammar().parse(source, piece.start, piece.end, is_thorough=broken < THOROUGH)
            diagnostics.extend(problems)
            broken += bool(problems)
        if piece.kind == "opens":
            open_blocks.append((node if isinstance(node, With) else None, piece.start, statements))
            statements = []
        elif node is not None:
            statements.append(node)
        else:
            statements.extend(_remains(source, piece))
    while open_blocks:
        statements = _close(open_blocks, statements, pieces.pieces[-1], source)
    return Program(tuple(statements), pieces.comments), tuple(diagnostics)


def _tree(source: SourceFile, start: int, end: int) -> Intent:
    """Return the tree of an intent that is known to be right."""
    from intentc.parser.statements import grammar

    node, _ = grammar().parse(source, start, end)
    if not isinstance(node, Intent):
        raise AssertionError(f"`{source.text[start:end]}` was taken for a plain intent")  # noqa: TRY004 - not a caller's mistake
    return node


def _close(
    open_blocks: list[tuple[With | None, int, list[Statement]]],
    statements: list[Statement],
    piece: Piece | PlainIntent,
    source: SourceFile,
) -> list[Statement]:
    """Return the statements around the innermost block, with the block as the last of them."""
    if not open_blocks:
        return statements
    header, start, around = open_blocks.pop()
    clauses = header.clauses if header else ()
    around.append(With(clauses, tuple(statements), Span(source, start, piece.end)))
    return around


def _remains(source: SourceFile, piece: Piece) -> Iterator[Let]:
    """Yield what a broken statement may define or use, so that nothing else is said for its sake.

    A set without members is one whose name is known; without a name it is one whose name is lost, and with
    members it is what the statement refers to.
    """
    text, span = source.text[piece.start : piece.end], Span(source, piece.start, piece.end)
    used = tuple(Target(SetReference(name, span), (), span) for name in _REFERENCE.findall(text))
    if used:
        yield Let("", used, span, span)
    match = _DEFINES.match(text)
    is_let = _BEGINS_A_LET.match(text) is not None
    if match is None and not is_let:
        return
    words = _WORD.findall(match.group() if match else text)[is_let:]
    names = [word for word in (words if match else words[:1]) if _NAME.fullmatch(word)]
    if is_let and not names:
        names.append("")
    yield from (Let(name, (), span, span) for name in names)
