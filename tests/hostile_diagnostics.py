"""Diagnostics that say hostile things wherever text of the user can stand."""

from __future__ import annotations

from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.source import SourceFile, Span

HOSTILE = [
    "a\n::error::x",
    "\r\n::set-output name=a::b%0A::error::y",
    " \t::stop-commands::x",
    "##[add-mask]x ##vso[task.setvariable variable=a]b ###[group]c",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x1b[2J \x9b31m",
    "[link=https://evil.example]x[/link] [/foo] [click](https://evil.example) {0} {{1}}",
    "\u202e\u2066 \u200b\ufeff \u2028::error::y \x85::error::z \u3164",
    "\udcff\ud800 \x00\x7f \ufffe\uffff \x0b\x0c",
    "]]> <![CDATA[ <b onload=x> &amp; &#27; <!-- --> <?xml?> \" ' \\",
    "a,b:c%d;e=f::g",
    "../../etc/passwd",
    "日本 é e\u0301 \U0001f600",
]


def hostile(text: str, path: str = "a.intent") -> list[Diagnostic]:
    """Return diagnostics with `text` in every place, in a file at `path` that begins with it as well."""
    file = SourceFile(path, f"{text} -> b\n::error::{text}\nx\n")
    whole = Span(file, 0, len(file.text))
    elsewhere = Label(Span(SourceFile(text, text), 0, len(text)), text)
    fix = Fix(text, (Edit(whole, text),), safe=False)
    wide = f"{'word ' * 30}::error::{text}"
    others = (Label(whole, text), elsewhere)
    return [
        error("E110", text, whole, text, others=others, help=(text, wide), fixes=(fix,)),
        warning("W304", text, Span(file, len(file.text) - 2, len(file.text) - 1), wide, help=text),
        Diagnostic("W306", "note", text, Span(file, len(text), len(text))),
        error("E650", text, help=text),
    ]
