"""Diagnostics become a SARIF log, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub asks beyond it:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
"""

from __future__ import annotations

from typing import Any

from intentc import __version__
from intentc.diagnostics import Diagnostic, Edit, Fix
from intentc.output.explanations import Section, sections
from intentc.output.formats.fingerprints import fingerprints
from intentc.output.formats.json_text import clean, dumps
from intentc.output.terminal import visible
from intentc.output.text import worst
from intentc.source import SourceFile, Span

MOST = 25_000
"""GitHub refuses a log with more results."""

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}


def render(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    """Return the log of one run.

    A diagnostic without a place is no result but a notification of the run: GitHub refuses results without
    a location.
    """
    shown = worst(diagnostics, MOST)
    examples = {item.code: item for item in sorted(shown, key=lambda item: item.code)}
    indexes = {code: index for index, code in enumerate(examples)}
    documentation = sections()
    places = _Places(prefix)
    results = [
        {
            "ruleId": item.code,
            "ruleIndex": indexes[item.code],
            "partialFingerprints": {"intentc/v1": name},
            **_result(item, item.span, places),
        }
        for item, name in zip(shown, fingerprints(shown, prefix), strict=True)
        if item.span is not None
    ]
    notifications = [_notification(item) for item in shown if item.span is None]
    if rest := len(diagnostics) - len(shown):
        text = f"{rest:,} more diagnostics are not in this log"
        notifications.append({"level": "warning", "message": {"text": text}})
    driver = {
        "name": "intentc",
        "semanticVersion": __version__,
        "rules": [_rule(item, documentation.get(code)) for code, item in examples.items()],
    }
    invocation = {
        "executionSuccessful": all(one["level"] != "error" for one in notifications),
        "toolExecutionNotifications": notifications,
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "invocations": [invocation],
        "results": results,
    }
    return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(item: Diagnostic, section: Section | None) -> dict[str, Any]:
    """Return what the log says of a code; `item` is a diagnostic that has it."""
    rule: dict[str, Any] = {
        "id": item.code,
        "shortDescription": {"text": section.title if section else item.code},
        "fullDescription": {"text": section.summary if section else item.code},
        "help": {"text": f"intentc explain {item.code}"},
        "defaultConfiguration": {"level": item.severity},
        "properties": {"problem.severity": _PROBLEMS[item.severity], "tags": ["network-policy"]},
    }
    if section:
        rule["help"] = {"text": section.text, "markdown": section.text}
    return rule


def _notification(item: Diagnostic) -> dict[str, Any]:
    return {"descriptor": {"id": item.code}, "level": item.severity, "message": _message(item)}


def _result(item: Diagnostic, span: Span, places: _Places) -> dict[str, Any]:
    result: dict[str, Any] = {
        "level": item.severity,
        "message": _message(item),
        "locations": [{"physicalLocation": places.physical(span)}],
    }
    if item.others:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": places.physical(label.span),
                "message": {"text": _text(label.text) or "see also"},
            }
            for number, label in enumerate(item.others, 1)
        ]
    fixes = [_fix(fix, places) for fix in dict.fromkeys(item.fixes) if fix.edits]
    if fixes:
        result["fixes"] = fixes
    return result


def _message(item: Diagnostic) -> dict[str, str]:
    lines = (item.message, *filter(None, (item.label,)), *(f"help: {text}" for text in item.help))
    return {"text": "\n".join(map(_text, lines))}


def _text(text: str) -> str:
    """Return `text` as one visible line in which nothing is a link: `[words](address)` would be one."""
    return visible(text).replace("](", "] (")


def _fix(fix: Fix, places: _Places) -> dict[str, Any]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.span.file.path, []).append(edit)
    effect = "safe" if fix.safe else "changes who may talk to whom"
    return {
        "description": {"text": f"{_text(fix.title)} ({effect})"},
        "artifactChanges": [
            {
                "artifactLocation": places.artifact(path),
                "replacements": [
                    {
                        "deletedRegion": places.region(edit.span),
                        "insertedContent": {"text": clean(edit.replacement)},
                    }
                    for edit in edits
                ],
            }
            for path, edits in changes.items()
        ],
    }


class _Places:
    """Say where a span is, with columns in the UTF-16 code units that editors on other platforms count."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        # The last start asked for in each line: of a line without end each part is counted once.
        self.known: dict[tuple[SourceFile, int], tuple[int, int]] = {}

    def physical(self, span: Span) -> dict[str, Any]:
        return {"artifactLocation": self.artifact(span.file.path), "region": self.region(span)}

    def artifact(self, path: str) -> dict[str, str]:
        from urllib.parse import quote

        full = clean(f"{self.prefix}{path}")
        if full.startswith("/"):
            return {"uri": f"file://{quote(full)}"}
        return {"uri": quote(full), "uriBaseId": "%SRCROOT%"}

    def region(self, span: Span) -> dict[str, int]:
        line, column = span.file.position(span.start)
        end_line, end_column = span.file.position(span.end)
        if not span.file.text.isascii():
            column = self._column(span, line, column)
            before = span.start if end_line == line else span.file.line_starts[end_line - 1]
            end_column = _units(span.file.text[before : span.end]) + (column if end_line == line else 1)
        return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}

    def _column(self, span: Span, line: int, column: int) -> int:
        key = span.file, line
        start = span.start - column + 1
        known, units = self.known.get(key, (start, 0))
        if known > span.start:
            known, units = start, 0
        units += _units(span.file.text[known : span.start])
        self.known[key] = span.start, units
        return units + 1


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
