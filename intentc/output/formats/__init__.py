"""Diagnostics become data for machines: one module for each format."""

from __future__ import annotations

from collections.abc import Iterable

from intentc.diagnostics import Diagnostic

FORMATS = ("concise", "json", "sarif", "github", "gitlab", "junit")


def render(form: str, diagnostics: Iterable[Diagnostic], *, prefix: str = "") -> str:
    """Return diagnostics in one of `FORMATS`; `prefix` stands before each path.

    Raises ValueError for another form.
    """
    diagnostics = tuple(diagnostics)
    match form:
        case "concise":
            from intentc.output.formats import concise

            return concise.render(diagnostics, prefix)
        case "json":
            from intentc.output.formats import json_document

            return json_document.render(diagnostics, prefix)
        case "sarif":
            from intentc.output.formats import sarif

            return sarif.render(diagnostics, prefix)
        case "github":
            from intentc.output.formats import github

            return github.render(diagnostics, prefix)
        case "gitlab":
            from intentc.output.formats import gitlab

            return gitlab.render(diagnostics, prefix)
        case "junit":
            from intentc.output.formats import junit

            return junit.render(diagnostics, prefix)
    raise ValueError(form)
