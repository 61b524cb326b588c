"""Warnings weigh what the project says, and `# intentc: allow W305` silences one on its line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from intentc.diagnostics import Diagnostic, Edit, Fix, Severity, warning
from intentc.nodes import Comment, Program
from intentc.source import Span

_SILENCER = re.compile(r"#\s*intentc:\s*allow\s+(W[0-9]{3}(?:\s*,\s*W[0-9]{3})*)\s*(?:#.*)?")
_CODE = re.compile(r"W[0-9]{3}")


@dataclass(slots=True)
class _Silencer:
    """One code that a comment allows on its line."""

    code: str
    span: Span
    comment: Comment
    is_used: bool = False


def weigh(
    program: Program, severities: Iterable[tuple[str, str]], diagnostics: Iterable[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """Return `diagnostics` with the severity the project gives, without those silenced or `off`.

    Errors stay errors. A silencer that silences nothing is itself a warning, W399.
    """
    wanted = dict(severities)
    silencers = _silencers(program.comments)
    kept: list[Diagnostic] = []
    for diagnostic in diagnostics:
        if diagnostic.severity != "error" and _is_silenced(diagnostic, silencers):
            continue
        kept.append(diagnostic)
    for its in silencers.values():
        kept.extend(_unused(silencer) for silencer in its if not silencer.is_used)
    return tuple(_weighed(diagnostic, wanted) for diagnostic in kept if wanted.get(diagnostic.code) != "off")


def _weighed(diagnostic: Diagnostic, wanted: dict[str, str]) -> Diagnostic:
    if diagnostic.code not in wanted or not diagnostic.code.startswith("W"):
        return diagnostic
    return diagnostic._replace(severity=cast("Severity", wanted[diagnostic.code]))


def _silencers(comments: Iterable[Comment]) -> dict[tuple[str, int], list[_Silencer]]:
    """Return the silencers of a program by path and line."""
    found: dict[tuple[str, int], list[_Silencer]] = {}
    for comment in comments:
        match = _SILENCER.fullmatch(comment.text)
        if match is None:
            continue
        file = comment.span.file
        line = file.position(comment.span.start)[0]
        for code in _CODE.finditer(match[1]):
            start = comment.span.start + match.start(1) + code.start()
            silencer = _Silencer(code.group(), Span(file, start, start + len(code.group())), comment)
            found.setdefault((file.path, line), []).append(silencer)
    return found


def _is_silenced(diagnostic: Diagnostic, silencers: dict[tuple[str, int], list[_Silencer]]) -> bool:
    """Tell whether a silencer stands on one of the lines a diagnostic is about; all that do are used."""
    span = diagnostic.span
    if span is None or not silencers:
        return False
    silenced = False
    for line in range(
        span.file.position(span.start)[0], span.file.position(max(span.start, span.end - 1))[0] + 1
    ):
        for silencer in silencers.get((span.file.path, line), ()):
            if silencer.code == diagnostic.code:
                silencer.is_used = silenced = True
    return silenced


def _unused(silencer: _Silencer) -> Diagnostic:
    fixes: tuple[Fix, ...] = ()
    if len(_CODE.findall(silencer.comment.text)) == 1:
        fixes = (Fix("remove the comment", (Edit(silencer.comment.span, ""),), safe=True),)
    message = f"nothing on this line is a {silencer.code}"
    help_text = "a silencer stands on the line of the warning it allows"
    return warning("W399", message, silencer.span, "silences nothing", help=help_text, fixes=fixes)
