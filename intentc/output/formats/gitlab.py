"""Diagnostics become a code quality report, which GitLab shows in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import Any

from intentc.diagnostics import Diagnostic
from intentc.output.formats.fingerprints import fingerprints
from intentc.output.formats.json_text import clean, dumps
from intentc.output.snippet import lines_of
from intentc.output.terminal import visible
from intentc.output.text import worst

MOST = 5_000
PROJECT_FILE = "intentc.yaml"
"""Where a diagnostic of the whole run is shown: each finding needs a file."""

_SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def render(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    """Return the report."""
    shown = worst(diagnostics, MOST)
    names = fingerprints(shown, prefix)
    return dumps([_finding(item, name, prefix) for item, name in zip(shown, names, strict=True)])


def _finding(item: Diagnostic, fingerprint: str, prefix: str) -> dict[str, Any]:
    path = item.span.file.path if item.span else PROJECT_FILE
    first, last = lines_of(item.span) if item.span else (1, 1)
    return {
        "description": visible(f"{item.code}: {item.message}" + (f": {item.label}" if item.label else "")),
        "check_name": item.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[item.severity],
        "location": {"path": clean(prefix + path), "lines": {"begin": first, "end": last}},
    }
