"""Diagnostics become workflow commands, which GitHub shows beside the changed lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator

from intentc.diagnostics import Diagnostic
from intentc.output.formats import concise
from intentc.output.snippet import lines_of
from intentc.output.terminal import visible
from intentc.output.text import count, worst

SHOWN = 10
"""How many annotations of a kind GitHub shows of one step."""

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    """Return a command for each of the first 10 errors, warnings and notes, and a plain line for the rest."""
    seen: dict[str, int] = {}
    lines: list[str] = []
    shown = worst(diagnostics, concise.MOST)
    for item in shown:
        seen[item.severity] = seen.get(item.severity, 0) + 1
        few = seen[item.severity] <= SHOWN
        lines.append(_command(item, prefix) if few else concise.line(item, prefix))
    if any(number > SHOWN for number in seen.values()):
        lines.append(f"{count(diagnostics)}; GitHub shows {SHOWN} annotations of a kind\n")
    return "".join(lines)


def _command(item: Diagnostic, prefix: str) -> str:
    properties = {"title": item.code, **dict(_place(item, prefix))}
    named = ",".join(f"{name}={visible(text.translate(_PROPERTY))}" for name, text in properties.items())
    text = "\n".join((item.message, *filter(None, (item.label,)), *(f"help: {line}" for line in item.help)))
    return f"::{_COMMANDS[item.severity]} {named}::{visible(text.translate(_DATA))}\n"


def _place(item: Diagnostic, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the properties that say where; GitHub refuses columns when the lines differ."""
    if item.span is None:
        return
    span = item.span
    line, column = span.file.position(span.start)
    last = lines_of(span)[1]
    yield "file", prefix + span.file.path
    yield "line", str(line)
    yield "endLine", str(last)
    if line == last:
        yield "col", str(column)
        yield "endColumn", str(column + span.end - span.start)
