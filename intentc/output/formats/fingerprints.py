"""Diagnostics become names that stay the same when other lines of the file change."""

from __future__ import annotations

from collections.abc import Iterable

from intentc.diagnostics import Diagnostic
from intentc.source import Span

_READ = 4096
"""How many characters of a line count."""


def fingerprints(diagnostics: Iterable[Diagnostic], prefix: str) -> list[str]:
    """Return 64 hexadecimal digits for each diagnostic, different for each.

    They depend on the code, the file, the text of the line and, where lines are the same, on their order:
    a finding keeps its name when lines are added above it.
    """
    from hashlib import sha256

    seen: dict[tuple[str, ...], int] = {}
    found: list[str] = []
    for item in diagnostics:
        place = (prefix + item.span.file.path, _line(item.span)) if item.span else ("", item.message)
        key = (item.code, *place)
        seen[key] = number = seen.get(key, 0) + 1
        text = "\0".join((*key, str(number)))
        found.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return found


def _line(span: Span) -> str:
    text = span.file.text
    start = text.rfind("\n", max(0, span.start - _READ), span.start) + 1
    if not start and span.start > _READ:
        start = span.start - _READ
    end = text.find("\n", start, start + _READ)
    return text[start : end if end >= 0 else start + _READ].strip()
