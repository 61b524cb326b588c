"""`intentc fmt`: bring intents into their canonical layout."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.files import replace_text
from intentc.cli.options import (
    ColorOption,
)
from intentc.cli.workspace import open_workspace
from intentc.diagnostics import has_errors


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for: `-` as the only path formats stdin to stdout."""

    paths: tuple[Path, ...]
    check: bool
    diff: bool
    color: str


def command(
    paths: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            metavar="[PATH]...", help="Folders or .intent files; `-` is stdin.", show_default="this folder"
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a file would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change; write nothing.")] = False,
    color: ColorOption = "auto",
) -> None:
    """Bring intents into their one canonical layout; every comment is kept."""
    raise typer.Exit(fmt(Request(tuple(paths or ()), check, diff, color)))


def fmt(request: Request) -> int:
    """Format files and return the exit code: 1 when `--check` or `--diff` finds one that differs."""
    asked = console.Asked(Path(), (), None, allow_expired=False, color=request.color, form="text")
    if request.paths == (Path("-"),):
        return _file("<stdin>", sys.stdin.buffer.read(), request, asked)
    code = console.CLEAN
    for path in request.paths or (Path(),):
        # The layout of intents depends on nothing but their text.
        workspace = open_workspace(path, with_manifests=False)
        if has_errors(workspace.diagnostics):
            code = max(code, console.show(workspace.diagnostics, asked, workspace.prefix))
            continue
        for name, data in workspace.sources.items():
            code = max(code, _file(f"{workspace.prefix}{name}", data, request, asked))
    return code


def _file(path: str, data: bytes, request: Request, asked: console.Asked) -> int:
    from intentc.formatter import layout
    from intentc.parser import parse
    from intentc.parser.text import decode

    source, diagnostics = decode(path, data)
    if has_errors(diagnostics):
        return console.show(diagnostics, asked)
    program, diagnostics = parse(source)
    if has_errors(diagnostics):
        return console.show(diagnostics, asked)
    text = layout(source, program)
    if path == "<stdin>" and not (request.check or request.diff):
        sys.stdout.write(text)
        return console.CLEAN
    if text.encode() == data:
        return console.CLEAN
    if request.diff:
        from intentc.output.fixes import diff

        sys.stdout.write(diff(source.text, text, path))
    if request.check or request.diff:
        console.say(f"{path} would change\n")
        return console.FINDINGS
    return replace_text(Path(path), text)
