"""Show diagnostics to the person or the machine that asked, and choose the exit code."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from intentc.cli.workspace import Workspace, open_workspace
from intentc.compiler import TARGETS, Fleet, Options, Result, compile_program, parse_files
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.nodes import Program
from intentc.processes import processors
from intentc.profile import Project

CLEAN = 0
FINDINGS = 1
USAGE = 2
NO_INPUT = 3
NOT_PROVED = 4
INPUT_OUTPUT = 5

FAILED_ASSERTS = {"E906", "E907"}
"""What the prover finds in the user's lines and not in ours: a claim that the intents do not keep."""

WORTH_PROCESSES = 20_000
"""How many statements, counted once for each cluster, make it worth compiling clusters side by side."""

_CODES = (("E9", NOT_PROVED), ("E6", USAGE), ("E52", NO_INPUT), ("E5", INPUT_OUTPUT))
_COLORS = ("auto", "always", "never")
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")


@dataclass(frozen=True, slots=True)
class Asked:
    """What every command that compiles is asked: which project, clusters and day, and how to answer."""

    path: Path = Path()
    clusters: tuple[str, ...] = ()
    today: str | None = None
    allow_expired: bool = False
    color: str = "auto"
    form: str = "text"
    manifests: tuple[str, ...] = ()
    namespace: str = "default"


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """Return the exit code that the worst of `diagnostics` calls for; warnings are clean."""
    codes = {diagnostic.code for diagnostic in diagnostics if diagnostic.severity == "error"}
    for prefix, code in _CODES:
        if any(found.startswith(prefix) for found in codes - FAILED_ASSERTS):
            return code
    return FINDINGS if codes else CLEAN


def say(text: str) -> None:
    """Write words to stderr: stdout is for data."""
    if text:
        sys.stderr.write(text)
        sys.stderr.flush()


def compiled(
    asked: Asked,
    targets: tuple[str, ...] = TARGETS,
    *,
    kustomization: bool = False,
    intents_required: bool = True,
    jobs: int = 1,
    in_parts: bool = False,
) -> tuple[Workspace, Result]:
    """Read and compile the project asked for; what is wrong with the question is a diagnostic as well.

    Where intents are not required, a project without any is a program of no lines. `jobs` clusters are
    compiled side by side; 0 is as many as there are processors, where there is enough to do. With `in_parts`,
    where nobody asks for rules, so are the parts of a large cluster.
    """
    note = _progress()
    wrong = tuple(wrong_options(asked, targets))
    workspace = open_workspace(
        asked.path, asked.manifests, asked.namespace, intents_required=intents_required
    )
    program, problems = parse_files(workspace.sources)
    today = asked.today or _today()
    options = Options(asked.clusters, targets, today, asked.allow_expired, kustomization)
    earlier = (*wrong, *workspace.diagnostics, *problems)
    if has_errors((*wrong, *(item for item in workspace.diagnostics if not item.code.startswith("E80")))):
        # Without its profile a program would be judged by the wrong facts. What a manifest that cannot be
        # read leaves open is not judged.
        return workspace, Result(workspace.project, program, (), earlier)
    workers = _workers(jobs, program, workspace.project, options)
    if in_parts:
        options = options._replace(processes=jobs or processors() if workers == 1 else 1)
    if workers == 1:
        return workspace, compile_program(program, workspace.project, options, earlier, note=note)
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers) as executor:
        fleet = Fleet(executor, workspace.sources)
        result = compile_program(program, workspace.project, options, earlier, fleet=fleet, note=note)
    return workspace, result


def _workers(jobs: int, program: Program, project: Project, options: Options) -> int:
    """Return how many processes compile: one where starting others takes longer than the work."""
    clusters = len(options.clusters or project.clusters)
    if jobs:
        return min(jobs, clusters)
    is_enough = len(program.statements) * clusters >= WORTH_PROCESSES
    return min(processors(), clusters) if is_enough else 1


def _progress() -> Callable[[str], None]:
    """Return what tells a person at a terminal, after a second, what is being done."""
    start = time.monotonic()

    def note(doing: str) -> None:
        if time.monotonic() - start > 1 and sys.stderr.isatty():
            say(f"intentc: {doing}\n")

    return note


def show(diagnostics: tuple[Diagnostic, ...], asked: Asked, prefix: str = "") -> int:
    """Write diagnostics in the form that was asked for, and return the exit code they call for.

    Text goes to stderr; every other form is data for a machine and goes to stdout.
    """
    form = asked.form if asked.form in FORMATS else "text"
    if form == "text":
        say(rendered(diagnostics, asked, prefix))
    else:
        from intentc.output.formats import render as render_form
        from intentc.output.outside import from_here

        diagnostics, prefix = from_here(diagnostics, prefix)
        sys.stdout.write(render_form(form, diagnostics, prefix=prefix))
    return exit_code(diagnostics)


def rendered(diagnostics: tuple[Diagnostic, ...], asked: Asked, prefix: str = "") -> str:
    """Return diagnostics as the person at this terminal is shown them."""
    if not diagnostics:
        return ""
    from intentc.output.outside import from_here
    from intentc.output.terminal import wants_color, width
    from intentc.output.text import render

    diagnostics, prefix = from_here(diagnostics, prefix)
    colored = wants_color(asked.color, sys.stderr)
    return render(diagnostics, color=colored, width=width(sys.stderr), prefix=prefix)


def wrong_options(asked: Asked, targets: tuple[str, ...] = ()) -> Iterable[Diagnostic]:
    """Yield what is wrong with the options."""
    if asked.color not in _COLORS:
        yield _option("--color", asked.color, _COLORS)
    if asked.form not in FORMATS:
        yield _option("--format", asked.form, FORMATS)
    for target in targets:
        if target not in TARGETS:
            yield _option("--target", target, TARGETS)
    if not _NAMESPACE.fullmatch(asked.namespace):
        message = f"`--namespace {asked.namespace}` is not a legal namespace"
        yield error("E651", message, help="names have lower-case letters, digits and `-`")
    if asked.today is not None:
        from datetime import date

        try:
            date.fromisoformat(asked.today)
        except ValueError:
            yield error("E651", f"`--today {asked.today}` is not a date", help="write it as `2027-03-31`")


def _option(name: str, value: str, legal: tuple[str, ...]) -> Diagnostic:
    listing = f"legal are {', '.join(f'`{word}`' for word in legal)}"
    return error("E651", f"`{name} {value}` is not known", help=listing)


def _today() -> str:
    return time.strftime("%Y-%m-%d")  # the user's own calendar, as on the wall
