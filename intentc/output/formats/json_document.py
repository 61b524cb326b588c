"""Diagnostics become one JSON document, whose form is described in `docs/diagnostics.md` and stays."""

from __future__ import annotations

from typing import Any

from intentc.diagnostics import Diagnostic, Fix, Label
from intentc.output.formats.json_text import clean, dumps
from intentc.output.text import worst
from intentc.source import Span

MOST = 5_000
"""How many diagnostics the document holds; `total` counts them all."""


def render(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    """Return the document; texts are as they are, however they would look on a terminal."""
    shown = [_diagnostic(item, prefix) for item in worst(diagnostics, MOST)]
    return dumps({"version": 1, "total": len(diagnostics), "diagnostics": shown})


def _diagnostic(item: Diagnostic, prefix: str) -> dict[str, Any]:
    return {
        "code": item.code,
        "severity": item.severity,
        "message": clean(item.message),
        "span": _span(item.span, prefix) if item.span else None,
        "label": clean(item.label),
        "others": [_label(label, prefix) for label in item.others],
        "help": [clean(text) for text in item.help],
        "fixes": [_fix(fix, prefix) for fix in item.fixes],
    }


def _span(span: Span, prefix: str) -> dict[str, Any]:
    """Return a span with its ends; lines and columns count from 1, columns and offsets in characters."""
    return {
        "path": clean(prefix + span.file.path),
        "start": _position(span, span.start),
        "end": _position(span, span.end),
    }


def _position(span: Span, offset: int) -> dict[str, int]:
    line, column = span.file.position(offset)
    return {"line": line, "column": column, "offset": offset}


def _label(label: Label, prefix: str) -> dict[str, Any]:
    return {"span": _span(label.span, prefix), "text": clean(label.text)}


def _fix(fix: Fix, prefix: str) -> dict[str, Any]:
    edits = [{"span": _span(edit.span, prefix), "replacement": clean(edit.replacement)} for edit in fix.edits]
    return {"title": clean(fix.title), "safe": fix.safe, "edits": edits}
