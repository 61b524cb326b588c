"""Diagnostics become data for machines: one line each, or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from intentc.diagnostics import Diagnostic, Fix, Label
from intentc.output.terminal import visible
from intentc.source import Span

FORMATS = ("concise", "json")
MOST = 5000
"""How many diagnostics JSON holds at most; `total` counts them all."""


def render(form: str, diagnostics: Iterable[Diagnostic], *, prefix: str = "") -> str:
    """Return diagnostics in one of `FORMATS`; `prefix` stands before each path."""
    diagnostics = tuple(diagnostics)
    return _json(diagnostics, prefix) if form == "json" else _concise(diagnostics, prefix)


def _concise(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    lines = []
    for item in diagnostics:
        place = f"{visible(prefix + str(item.span))}: " if item.span else ""
        # A path may begin with `::`, which a GitHub runner would take for a command.
        line = f"{place}{item.severity}[{item.code}]: {visible(item.message)}\n"
        lines.append(f" {line}" if line.startswith("::") else line)
    return "".join(lines)


def _json(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    import json

    shown = [_diagnostic(item, prefix) for item in diagnostics[:MOST]]
    document = {"version": 1, "total": len(diagnostics), "diagnostics": shown}
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _diagnostic(item: Diagnostic, prefix: str) -> dict[str, Any]:
    return {
        "code": item.code,
        "severity": item.severity,
        "message": item.message,
        "span": _span(item.span, prefix) if item.span else None,
        "label": item.label,
        "others": [_label(label, prefix) for label in item.others],
        "help": list(item.help),
        "fixes": [_fix(fix, prefix) for fix in item.fixes],
    }


def _span(span: Span, prefix: str) -> dict[str, Any]:
    """Return a span with its ends; lines and columns count from 1, columns and offsets in characters."""
    return {
        "path": prefix + span.file.path,
        "start": _position(span, span.start),
        "end": _position(span, span.end),
    }


def _position(span: Span, offset: int) -> dict[str, int]:
    line, column = span.file.position(offset)
    return {"line": line, "column": column, "offset": offset}


def _label(label: Label, prefix: str) -> dict[str, Any]:
    return {"span": _span(label.span, prefix), "text": label.text}


def _fix(fix: Fix, prefix: str) -> dict[str, Any]:
    edits = [{"span": _span(edit.span, prefix), "replacement": edit.replacement} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}
