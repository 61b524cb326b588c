"""Diagnostics become one line each, in the form that editors and `grep` know."""

from __future__ import annotations

from intentc.diagnostics import Diagnostic
from intentc.output.terminal import visible
from intentc.output.text import worst

MOST = 5_000
"""How many diagnostics are written; a last line counts the rest."""


def render(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    """Return `path:line:column: severity[code]: message` for each diagnostic."""
    shown = worst(diagnostics, MOST)
    lines = [line(item, prefix) for item in shown]
    if len(shown) < len(diagnostics):
        lines.append(f"intentc: {len(diagnostics) - len(shown):,} more are not shown\n")
    return "".join(lines)


def line(item: Diagnostic, prefix: str) -> str:
    """Return one diagnostic as one line; one without a place begins with the name of the program."""
    place = visible(f"{prefix}{item.span}") if item.span is not None else "intentc"
    if place.lstrip().startswith("::"):
        # The same file by another name: a line that begins with `::` is a command to GitHub's runner.
        place = f"./{place}"
    return f"{place}: {item.severity}[{item.code}]: {visible(item.message)}\n"
