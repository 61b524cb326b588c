"""`intentc explain`: the documentation of one diagnostic."""

from __future__ import annotations

import sys

from intentc.cli import console


def explain(code: str) -> int:
    """Print what the documentation says of a code, and return the exit code."""
    from intentc.output.explanations import explain as section

    text = section(code.upper())
    if text is None:
        console.say(f"intentc: no diagnostic has the code `{code}`\n")
        return console.USAGE
    sys.stdout.write(text)
    return console.CLEAN
