"""What is known of a statement the grammar refuses: its tokens, where it stops, and what would mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from intentc.diagnostics import Diagnostic, Edit, Fix, Label
from intentc.source import SourceFile, Span

LONGEST = 4096
"""Longer statements are not tried with changes: each try reads the whole statement."""

_SKIPPED = r"\s+|#[^\n]*"
_TEXT = r'"(?:[^"\\\n]|\\[^\n])*"'
_ADDRESS = r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?(?![\w.-])|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/[0-9]+)?"
_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_OUTSIDE = re.compile(rf"(?P<skipped>{_SKIPPED})|{_TEXT}|<?-+>|{_ADDRESS}|{_WORD}|.", re.DOTALL)
_INSIDE = re.compile(
    rf"(?P<skipped>{_SKIPPED})|{_TEXT}|->|[=!]=|(?:[^\s,:()\[\]{{}}=!\"#-]|-(?!>))+|.", re.DOTALL
)
Change = tuple[int, int, str]
"""What is written between two places."""

CLOSES = {"[": "]", "(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark; `start` and `end` count from the statement's first character."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Tell whether this is a word, a number or an address rather than a mark or a text."""
        return self.text[0].isascii() and (
            self.text[0].isalnum() or self.text[0] == "_" or len(self.text) > 2
        )


class Fault:
    """One place where a statement stops making sense, and the terminals that would have been legal there."""

    def __init__(
        self, source: SourceFile, position: int, accepted: frozenset[str], reach: Callable[[str], int] | None
    ) -> None:
        """Describe the statement that is the whole of `source`, which makes sense up to `position`.

        `reach` tells how far another text would make sense; without it nothing is tried.
        """
        self.source = source
        self.text = source.text
        self.accepted = accepted
        self._reach = reach
        self._tried: dict[Change, int] = {}
        self.bar = len(self.text) + 1
        self.tokens = list(_tokens(self.text))
        self.index = next(
            (number for number, token in enumerate(self.tokens) if token.end > position), len(self.tokens)
        )

    @property
    def here(self) -> Token | None:
        """Return the token that does not fit; None where the statement ends too early."""
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    @property
    def before(self) -> Token | None:
        """Return the token before the one that does not fit."""
        return self.tokens[self.index - 1] if self.index else None

    @property
    def earlier(self) -> Token | None:
        """Return the token two before the one that does not fit."""
        return self.tokens[self.index - 2] if self.index > 1 else None

    @property
    def after(self) -> Token | None:
        """Return the token after the one that does not fit."""
        return self.tokens[self.index + 1] if self.index + 1 < len(self.tokens) else None

    @cached_property
    def first(self) -> str:
        """Return the statement's first word or mark."""
        return self.tokens[0].text if self.tokens else ""

    @cached_property
    def opened(self) -> list[Token]:
        """Return the brackets that are open before the token that does not fit."""
        return self._brackets(self.tokens[: self.index])[0]

    @cached_property
    def unopened(self) -> list[Token]:
        """Return the closing brackets of the statement that close nothing."""
        return self._brackets(self.tokens)[1]

    @cached_property
    def arrows(self) -> list[int]:
        """Return the indexes of the statement's arrows."""
        return [number for number, token in enumerate(self.tokens) if token.text == "->"]

    @staticmethod
    def _brackets(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
        opened: list[Token] = []
        unopened: list[Token] = []
        for token in tokens:
            if token.text in CLOSES:
                opened.append(token)
            elif token.text in CLOSES.values():
                if opened and CLOSES[opened[-1].text] == token.text:
                    opened.pop()
                else:
                    unopened.append(token)
        return opened, unopened

    def span(self, first: Token, last: Token | None = None) -> Span:
        """Return the place of a token, or of all from one to another."""
        return Span(self.source, first.start, (last or first).end)

    def reaches(self, start: int, end: int, replacement: str) -> int:
        """Return how far the statement makes sense with a change, in characters of the unchanged one."""
        if self._reach is None:
            return 0
        key: Change = (start, end, replacement)
        if key not in self._tried:
            reached = self._reach(f"{self.text[:start]}{replacement}{self.text[end:]}")
            if reached > start:
                reached = max(start, reached - len(replacement) + end - start)
            self._tried[key] = reached
        return self._tried[key]

    def mends(self, start: int, end: int, replacement: str) -> bool:
        """Tell whether a change lets the statement make sense, all of it or beyond what does not fit."""
        return self.reaches(start, end, replacement) >= self.bar

    def mends_without(self, token: Token | None) -> bool:
        """Tell whether the statement would make sense without a token."""
        return token is not None and self.mends(token.start, token.end, " ")

    def mends_with(self, text: str, token: Token | None = None) -> bool:
        """Tell whether the statement would make sense with `text` before a token, or where it stops."""
        place = token.start if token else self.here.start if self.here else len(self.text)
        return self.mends(place, place, f" {text} ")

    def mends_as(self, token: Token | None, text: str) -> bool:
        """Tell whether the statement would make sense with `text` in the place of a token."""
        return token is not None and self.mends(token.start, token.end, f" {text} ")

    def is_statement(self, text: str) -> bool:
        """Tell whether another text would be a statement; none is known to be where nothing is tried."""
        return self._reach is not None and self._reach(text) > len(text)

    def replaced(self, token: Token, text: str) -> tuple[Fix, ...]:
        """Return the fix that writes `text` for a token: it gives a line a meaning, so it is never safe."""
        return (Fix(f"write `{text}`", (Edit(self.span(token), text),), safe=False),)

    def inserted(self, text: str, place: int) -> tuple[Fix, ...]:
        """Return the fix that writes `text` at `place`; it is never safe either."""
        where = Span(self.source, place, place)
        return (Fix(f"write `{text.strip()}` here", (Edit(where, text),), safe=False),)

    def best(self, fixes: Iterable[Fix]) -> Change | None:
        """Return the change that lets the statement make sense the longest; None where nothing was tried."""
        for fix in fixes:
            for edit in fix.edits[:1]:
                self.reaches(edit.span.start, edit.span.end, edit.replacement)
        here, before = self.here, self.before
        for token in (here, before):
            for text in (" ", " x ", " , ", " -> "):
                if token is not None:
                    self.reaches(token.start, token.end, text)
        if here is not None:
            for text in (" x ", " , ", " -> "):
                self.reaches(here.start, here.start, text)
        if self._reach is None or not self._tried:
            return None
        return max(self._tried, key=lambda change: (self._tried[change], -change[0], change[2]))


def moved(
    diagnostic: Diagnostic, source: SourceFile, start: int, edits: Iterable[tuple[int, int, int]]
) -> Diagnostic:
    """Return a diagnostic about a statement's text as one about its file.

    The statement begins at `start`; `edits` are the changes its text went through, in order: where each is,
    how many characters it took away and how many it put there.
    """
    undone = list(reversed(list(edits)))

    def place(offset: int) -> int:
        for at, taken, given in undone:
            if offset >= at + given:
                offset += taken - given
            elif offset > at:
                offset = at + min(offset - at, taken)
        return start + offset

    def span(before: Span) -> Span:
        return Span(source, place(before.start), place(before.end))

    return diagnostic._replace(
        span=span(diagnostic.span) if diagnostic.span else None,
        others=tuple(Label(span(label.span), label.text) for label in diagnostic.others),
        fixes=tuple(
            Fix(fix.title, tuple(Edit(span(edit.span), edit.replacement) for edit in fix.edits), fix.safe)
            for fix in diagnostic.fixes
        ),
    )


def _tokens(text: str) -> Iterator[Token]:
    """Yield the words and marks of a text, whatever they are; inside brackets a word may hold `/`."""
    position = depth = 0
    while position < len(text):
        match = (_INSIDE if depth else _OUTSIDE).match(text, position)
        if match is None:
            return
        position = match.end()
        if match["skipped"] is not None:
            continue
        token = match.group()
        if token in CLOSES:
            depth += 1
        elif token in CLOSES.values():
            depth = max(0, depth - 1)
        yield Token(token, match.start(), match.end())
