"""Show diagnostics to the person or the machine that asked, and choose the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from intentc.diagnostics import Diagnostic

CLEAN = 0
FINDINGS = 1
USAGE = 2
NO_INPUT = 3
NOT_PROVED = 4
INPUT_OUTPUT = 5

_CODES = (("E9", NOT_PROVED), ("E6", USAGE), ("E5", INPUT_OUTPUT), ("E3", NO_INPUT))


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """Return the exit code that the worst of `diagnostics` calls for; warnings are clean."""
    codes = {diagnostic.code[:2] for diagnostic in diagnostics if diagnostic.severity == "error"}
    for kind, code in _CODES:
        if kind in codes:
            return code
    return FINDINGS if codes else CLEAN


def say(text: str) -> None:
    """Write words to stderr: stdout is for data."""
    sys.stderr.write(text)
    sys.stderr.flush()
