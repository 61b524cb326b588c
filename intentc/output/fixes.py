"""Fixes become changed texts, and changed texts become diffs."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import pairwise

from intentc.diagnostics import Diagnostic, Fix
from intentc.output.line_changes import Change, changes
from intentc.output.terminal import visible
from intentc.source import SourceFile

_CONTEXT = 3
"""How many unchanged lines surround a change in a diff."""
_NO_LINE_END = "\n\\ No newline at end of file\n"


def apply(diagnostics: Iterable[Diagnostic], *, unsafe: bool = False) -> tuple[tuple[SourceFile, str], ...]:
    """Return each file that fixes change, with its new text.

    The fixes of one diagnostic are alternatives: the first that can be applied is. Only safe ones count
    unless asked otherwise. A fix is applied as a whole, and not at all where it overlaps an earlier one. A
    line that a fix leaves empty goes with its line end and the comment behind it.
    """
    changed: dict[int, _Changed] = {}
    for diagnostic in diagnostics:
        for fix in diagnostic.fixes:
            if (fix.safe or unsafe) and _take(fix, changed):
                break
    texts = [(its.file, its.text()) for its in changed.values()]
    return tuple((file, text) for file, text in texts if text != file.text)


def diff(old: str, new: str, path: str) -> str:
    """Return the unified diff of two texts of one file, to be read and to be applied.

    An unchanged line that begins with `::` stands there as removed and added: behind the space of an
    unchanged line it would be a command to GitHub's runner. Other text that could act on a terminal or a CI
    system is shown by symbols.
    """
    before, after = _lines(old), _lines(new)
    parts: list[str] = []
    for hunk in _hunks(changes(before, after)):
        start, end = max(0, hunk[0].start - _CONTEXT), min(len(before), hunk[-1].end + _CONTEXT)
        new_start = hunk[0].new_start - (hunk[0].start - start)
        new_end = hunk[-1].new_end + (end - hunk[-1].end)
        parts.append(f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n")
        place = start
        for change in hunk:
            parts.extend(map(_unchanged, before[place : change.start]))
            parts.extend(_line("-", line) for line in before[change.start : change.end])
            parts.extend(_line("+", line) for line in after[change.new_start : change.new_end])
            place = change.end
        parts.extend(map(_unchanged, before[place:end]))
    return f"--- {visible(path)}\n+++ {visible(path)}\n{''.join(parts)}" if parts else ""


class _Changed:
    """One file and the edits taken so far, by their place; they do not overlap."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.places: list[tuple[int, int]] = []
        self.replacements: dict[tuple[int, int], str] = {}

    def fits(self, place: tuple[int, int]) -> bool:
        """Tell whether a place overlaps none that is taken; two insertions at one place do."""
        index = bisect_left(self.places, place)
        after = self.places[index] if index < len(self.places) else None
        before = self.places[index - 1] if index else None
        return not (
            (after is not None and (after == place or after[0] < place[1]))
            or (before is not None and place[0] < before[1])
        )

    def take(self, place: tuple[int, int], replacement: str) -> None:
        insort(self.places, place)
        self.replacements[place] = replacement

    def text(self) -> str:
        parts: list[str] = []
        done = 0
        for start, end in self.places:
            parts += [self.file.text[done:start], self.replacements[start, end]]
            done = end
        return "".join((*parts, self.file.text[done:]))


def _take(fix: Fix, changed: dict[int, _Changed]) -> bool:
    """Take all edits of a fix, or none; tell whether the texts now are as the fix wants them."""
    wanted: list[tuple[_Changed, tuple[int, int], str]] = []
    for edit in fix.edits:
        file = edit.span.file
        its = changed.setdefault(id(file), _Changed(file))
        place = edit.span.start, edit.span.end
        if not edit.replacement:
            place = _removed(file.text, *place)
        if its.replacements.get(place) == edit.replacement:
            continue  # another diagnostic wants the same
        if not its.fits(place):
            return False
        wanted.append((its, place, edit.replacement))
    wanted.sort(key=lambda one: (id(one[0]), one[1]))
    for one, following in pairwise(wanted):
        if one[0] is following[0] and (one[1] == following[1] or following[1][0] < one[1][1]):
            return False
    for its, place, replacement in wanted:
        its.take(place, replacement)
    return True


def _removed(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen what is removed to what would be left over: space before a line end, or an empty line.

    A comment behind what is removed speaks of it and goes as well, unless something stands before it.
    """
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    rest = text[end:last].strip()
    before = text[first:start].rstrip(" \t")
    if start == end or (rest and (before or not rest.startswith("#"))):
        return start, end
    return (first + len(before), end) if before else (first, last)


def _lines(text: str) -> list[str]:
    """Return the lines of a text with their line ends; only LF ends a line."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _hunks(found: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield the changes in groups whose surroundings touch."""
    hunk: list[Change] = []
    for change in found:
        if hunk and change.start - hunk[-1].end > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _range(start: int, end: int) -> str:
    """Return lines `start` to `end` as a diff names them: from 1; of none, the line before."""
    if end - start == 1:
        return str(end)
    return f"{start + 1 if end > start else start},{end - start}"


def _unchanged(line: str) -> str:
    if line.lstrip().startswith("::"):
        return _line("-", line) + _line("+", line)
    return _line(" ", line)


def _line(sign: str, line: str) -> str:
    end = "\r\n" if line.endswith("\r\n") else "\n"
    text = line.removesuffix(end)
    shown = "\t".join(map(visible, text.split("\t")))
    return f"{sign}{shown}{end if text != line else _NO_LINE_END}"
