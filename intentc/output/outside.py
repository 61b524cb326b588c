"""Diagnostics of files outside the project become diagnostics whose paths lead there the short way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from posixpath import normpath

from intentc.diagnostics import Diagnostic
from intentc.source import SourceFile, Span

PIPED = "<stdin>"
"""The path of what was piped in: it is in no folder."""


def from_here(diagnostics: tuple[Diagnostic, ...], prefix: str) -> tuple[tuple[Diagnostic, ...], str]:
    """Return diagnostics, and what is still to stand before each path.

    That is `prefix`, the project's folder, while all files are in the project. With a file outside it is
    nothing, and the paths begin at the working folder: `deploy/a.yaml`, not `project/../deploy/a.yaml`.
    """
    if not prefix or not any(_is_outside(span.file.path) for item in diagnostics for span in _spans(item)):
        return diagnostics, prefix

    @cache
    def file(its: SourceFile) -> SourceFile:
        if its.path == PIPED:
            return its
        path = f"{prefix}{its.path}"
        return SourceFile(normpath(path) if _is_outside(its.path) else path, its.text)

    def moved(span: Span) -> Span:
        return span._replace(file=file(span.file))

    return tuple(
        item._replace(
            span=moved(item.span) if item.span else None,
            others=tuple(label._replace(span=moved(label.span)) for label in item.others),
            fixes=tuple(
                fix._replace(edits=tuple(edit._replace(span=moved(edit.span)) for edit in fix.edits))
                for fix in item.fixes
            ),
        )
        for item in diagnostics
    ), ""


def _is_outside(path: str) -> bool:
    return path == PIPED or path.startswith("../")


def _spans(item: Diagnostic) -> Iterator[Span]:
    if item.span is not None:
        yield item.span
    for label in item.others:
        yield label.span
