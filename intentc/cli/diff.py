"""`intentc diff`: which flows an edit gains and loses, exactly, and the lines behind them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.options import ClusterOption, ColorOption, ManifestsOption, NamespaceOption
from intentc.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from intentc.answers.diff import Changes
    from intentc.compiler import ClusterResult

FORMS = ("text", "json", "markdown")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; without `base`, the merge base with the main branch."""

    asked: console.Asked
    base: str
    form: str
    exit_code: bool
    expect: Path | None


def command(
    base: Annotated[
        str,
        typer.Argument(
            metavar="[REF|DIR]",
            help="What to compare with: a git revision, or the folder of a project.",
            show_default="the merge base with the main branch",
        ),
    ] = "",
    project: Annotated[
        Path, typer.Option(metavar="PATH", help="The project as it is now.", show_default="this folder")
    ] = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or markdown.")] = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when there is any change.")
    ] = False,
    expect: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads annotations at run time
        typer.Option(
            metavar="FILE", help="Fail unless the change is exactly what diff printed into this file."
        ),
    ] = None,
    color: ColorOption = "auto",
) -> None:
    """Say which flows an edit gains and loses, whatever the text looks like, and which lines are behind it.

    REF is a revision of the git repository, DIR the folder of a project: intentc diff HEAD~1. Without either
    it is the merge base with the main branch.

    Both sides are compiled, proved and read back; what their files admit is compared. Gained is `+`, lost
    `-`; pods that are newly isolated keep `=` and lose all else. Moved lines and comments change nothing.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(project, chosen, None, True, color, "text", given, namespace)
    raise typer.Exit(diff(Request(asked, base, form, exit_code, expect)))


def diff(request: Request) -> int:
    """Compare a project with what it was and return the exit code."""
    from intentc.answers.diff import changes
    from intentc.cli.revision import Unreadable
    from intentc.prove.proof import not_proved
    from intentc.prove.regions import TooHard

    wanted, problem = _expected(request)
    if problem is not None:
        return console.show((problem,), request.asked)
    code, new = _compiled(request.asked, "")
    if code:
        return code
    try:
        code, old = _base(request)
    except Unreadable as unreadable:
        return console.show((unreadable.diagnostic,), request.asked)
    if code:
        return code
    try:
        found, problems = changes(old, new)
    except TooHard:
        found, problems = (), (not_proved(),)
    if problems:
        return console.show(problems, request.asked)
    if wanted is not None:
        return _compare(found, wanted)
    sys.stdout.write(_rendered(found, request.form))
    is_changed = any(found)
    if request.form == "text":
        from intentc.answers.diff.lines import counted

        console.say(f"{counted(found)}\n")
    return console.FINDINGS if is_changed and request.exit_code else console.CLEAN


def _expected(request: Request) -> tuple[frozenset[str] | None, Diagnostic | None]:
    """Return the lines of `--expect`, or what is wrong with the options."""
    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        return None, error("E651", f"`--format {request.form}` is not known", help=legal)
    if request.expect is None:
        return None, None
    from intentc.answers.diff.lines import expected

    try:
        wanted = expected(request.expect.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        return None, error("E510", f"`{request.expect}` cannot be read: {reason}")
    if wanted is None:
        advice = "give what `intentc diff` printed, as text or with `--format json`"
        return None, error("E651", f"`--expect {request.expect}` is not a diff", help=advice)
    return wanted, None


def _base(request: Request) -> tuple[int, tuple[ClusterResult, ...]]:
    """Return the clusters of what the project is compared with."""
    asked = replace(request.asked, clusters=())  # a cluster may be new
    if request.base and Path(request.base).is_dir():
        return _chosen(_compiled(replace(asked, path=Path(request.base)), ""), request)
    from tempfile import TemporaryDirectory

    from intentc.cli.revision import merge_base, write_revision

    path = request.asked.path
    single = path.name if path.suffix == ".intent" and not path.is_dir() else ""
    root = path.parent if single else path
    revision = request.base or merge_base(root)
    with TemporaryDirectory(prefix="intentc-") as folder:
        write_revision(root, revision, Path(folder))
        if not any(Path(folder).rglob("*.intent")):
            return console.CLEAN, ()
        return _chosen(_compiled(replace(asked, path=Path(folder) / single), f"{revision}:"), request)


def _chosen(
    compiled: tuple[int, tuple[ClusterResult, ...]], request: Request
) -> tuple[int, tuple[ClusterResult, ...]]:
    code, clusters = compiled
    names = request.asked.clusters
    return code, tuple(item for item in clusters if not names or item.profile.name in names)


def _compiled(asked: console.Asked, prefix: str) -> tuple[int, tuple[ClusterResult, ...]]:
    """Return an exit code and the clusters; `prefix` stands before the paths of a revision in diagnostics."""
    workspace, result = console.compiled(asked)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return console.show(errors, asked, prefix or workspace.prefix), ()
    return console.CLEAN, result.clusters


def _compare(found: tuple[Changes, ...], wanted: frozenset[str]) -> int:
    """Say how the change differs from the one that is expected."""
    from intentc.answers.diff.lines import unexpected

    lines = unexpected(found, wanted)
    sys.stdout.write("".join(f"{_shown(line)}\n" for line in lines))
    console.say("the change is not the expected one\n" if lines else "exactly the expected change\n")
    return console.FINDINGS if lines else console.CLEAN


def _rendered(found: tuple[Changes, ...], form: str) -> str:
    if form == "json":
        from intentc.answers.diff.document import json_text

        return json_text(found)
    if form == "markdown":
        from intentc.answers.diff.markdown import markdown

        return markdown(found)
    from intentc.answers.diff.lines import text

    return "".join(f"{_shown(line)}\n" for line in text(found).split("\n")[:-1])


def _shown(line: str) -> str:
    from intentc.output.terminal import visible

    return visible(line)
