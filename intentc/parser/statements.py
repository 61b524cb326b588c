"""One statement's text becomes a node, by the grammar in `grammar/intent.lark`."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from lark import Lark, UnexpectedInput, UnexpectedToken

from intentc.diagnostics import Diagnostic
from intentc.nodes import Statement
from intentc.parser.tree import Builder
from intentc.resources import read_text
from intentc.source import SourceFile


class Grammar:
    """The parser that Lark makes of the grammar, and the builder it feeds."""

    def __init__(self) -> None:
        """Read the grammar.

        Lark's own cache is never used: it unpickles a file at a guessable path before it checks it.
        """
        self._builder = Builder()
        text = read_text("intentc.grammar", "intent.lark")
        self._lark = Lark(
            text,
            start="line",
            parser="lalr",
            lexer="contextual",
            transformer=self._builder,
            maybe_placeholders=False,
        )

    def parse(
        self, source: SourceFile, start: int, end: int, *, is_thorough: bool = True
    ) -> tuple[Statement | None, list[Diagnostic]]:
        """Return the statement at `start` to `end` of `source`, or what is wrong with it."""
        self._builder.start(source, start, end)
        try:
            node: Statement = self._lark.parse(source.text[start:end])  # type: ignore[assignment] # by the builder
        except UnexpectedInput as problem:
            from intentc.parser.faults import explain

            return None, explain(source, start, end, problem, self, is_thorough=is_thorough)
        problems = self._builder.problems
        return (None if problems else node), problems

    def refused(self, text: str) -> tuple[UnexpectedInput | None, list[Diagnostic]]:
        """Return why a text is no statement, or what is wrong with its words."""
        self._builder.start(SourceFile("", text), 0, len(text))
        try:
            self._lark.parse(text)
        except UnexpectedInput as problem:
            return problem, []
        return None, self._builder.problems

    def reach(self, text: str) -> int:
        """Return how many characters of a statement make sense; one more than there are, if all is well."""
        problem, others = self.refused(text)
        if problem is None:
            return len(text) + (not others)
        if isinstance(problem, UnexpectedToken) and problem.token.type == "$END":
            return len(text)
        return int(cast("int", problem.pos_in_stream))


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """Return the one parser of this process."""
    return Grammar()
