"""`intentc check`: say what is wrong with a project, and mend what keeps its meaning."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from intentc.cli import console
from intentc.cli.files import replace_text
from intentc.cli.options import (
    AllowExpiredOption,
    ClusterOption,
    ColorOption,
    FormatOption,
    ManifestsOption,
    NamespaceOption,
    PathArgument,
    TodayOption,
)
from intentc.cli.workspace import Workspace
from intentc.compiler import Result


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for beside the question every command shares."""

    asked: console.Asked
    fix: bool
    diff: bool


def command(
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
    fix: Annotated[bool, typer.Option("--fix", help="Apply the fixes that change no meaning.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change.")] = False,
) -> None:
    """Find errors and warnings in a project; write nothing."""
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, today, allow_expired, color, form, given, namespace)
    request = Request(asked=asked, fix=fix, diff=diff)
    raise typer.Exit(check(request))


def check(request: Request) -> int:
    """Check a project and return the exit code."""
    workspace, result = console.compiled(request.asked)
    if request.fix or request.diff:
        return _mend(request, workspace, result)
    code = console.show(result.diagnostics, request.asked, workspace.prefix)
    if not result.diagnostics and request.asked.form == "text":
        console.say("no errors, no warnings\n")
    return code


def _mend(request: Request, workspace: Workspace, result: Result) -> int:
    """Apply or show the safe fixes, then say what is left."""
    from intentc.output.fixes import apply, diff

    changed = apply(result.diagnostics)
    for file, text in changed:
        path = f"{workspace.prefix}{file.path}"
        if request.diff:
            sys.stdout.write(diff(file.text, text, path))
        elif (code := replace_text(Path(path), text)) != console.CLEAN:
            return code
    if request.diff:
        return console.FINDINGS if changed else console.exit_code(result.diagnostics)
    _, after = console.compiled(request.asked)
    return console.show(after.diagnostics, request.asked, workspace.prefix)
