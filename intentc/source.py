"""A source text, and spans that point into it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True, eq=False)
class SourceFile:
    """Hold one text as the user wrote it, under the path the user knows it by.

    Two are equal that say the same, so that what another process has found is the same finding.
    """

    path: str
    text: str

    def __eq__(self, other: object) -> bool:
        """Tell whether the other is this file, or one with its path and text."""
        return self is other or (
            isinstance(other, SourceFile) and self.path == other.path and self.text == other.text
        )

    def __hash__(self) -> int:
        """Return the hash of the path."""
        return hash(self.path)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Return the offset at which each line begins; lines end at LF only."""
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return tuple(starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of `offset`, both counted from 1, the column in characters."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its line ending."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


class Span(NamedTuple):
    """Name the characters `start` to `end` (exclusive) of a file."""

    file: SourceFile
    start: int
    end: int

    @property
    def text(self) -> str:
        """Return the characters the span covers."""
        return self.file.text[self.start : self.end]

    @property
    def sort_key(self) -> tuple[str, int, int]:
        """Return what puts spans in reading order: path, then position."""
        return self.file.path, self.start, self.end

    def __str__(self) -> str:
        """Return `path:line:column`, the form editors open."""
        line, column = self.file.position(self.start)
        return f"{self.file.path}:{line}:{column}"

    def until(self, last: Span) -> Span:
        """Return the span from the start of this one to the end of `last`."""
        return Span(self.file, self.start, last.end)
