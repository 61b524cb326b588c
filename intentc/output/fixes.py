"""Fixes become changed texts, and changed texts become diffs."""

from __future__ import annotations

from collections.abc import Iterable

from intentc.diagnostics import Diagnostic, Edit
from intentc.source import SourceFile


def apply(diagnostics: Iterable[Diagnostic], *, unsafe: bool = False) -> tuple[tuple[SourceFile, str], ...]:
    """Return each file that fixes change, with its new text.

    Only safe fixes count unless asked otherwise; of two that overlap the first in reading order is taken. A
    line that a fix leaves empty goes with its line end.
    """
    edits: dict[int, tuple[SourceFile, list[Edit]]] = {}
    for diagnostic in diagnostics:
        for fix in diagnostic.fixes:
            if fix.safe or unsafe:
                for edit in fix.edits:
                    edits.setdefault(id(edit.span.file), (edit.span.file, []))[1].append(edit)
    return tuple((file, _changed(file.text, its)) for file, its in edits.values())


def diff(old: str, new: str, path: str) -> str:
    """Return the unified diff of two texts of one file."""
    from difflib import unified_diff

    lines = unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), path, path)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _changed(text: str, edits: list[Edit]) -> str:
    parts: list[str] = []
    place = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        start, end = edit.span.start, edit.span.end
        if start < place:
            continue
        if not edit.replacement:
            start, end = _whole_line(text, start, end)
            start = max(start, place)
        parts += [text[place:start], edit.replacement]
        place = end
    parts.append(text[place:])
    return "".join(parts)


def _whole_line(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen what is removed to its lines when nothing else stands on them but a comment behind it."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    rest = text[end:last].strip()
    if text[first:start].strip() or (rest and not rest.startswith("#")):
        return start, end
    return first, last
