"""`intentc explain`: the documentation of one diagnostic."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from intentc.cli import console


def command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code of a diagnostic, such as E203.")],
) -> None:
    """Explain a diagnostic: why it exists, a bad example and a good one."""
    raise typer.Exit(explain(code))


def explain(code: str) -> int:
    """Print what the documentation says of a code, and return the exit code."""
    from intentc.output.explanations import explain as section

    text = section(code.upper())
    if text is None:
        console.say(f"intentc: no diagnostic has the code `{code}`\n")
        return console.USAGE
    sys.stdout.write(text)
    return console.CLEAN
