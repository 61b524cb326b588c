"""`intentc probe`: write a kit that checks a live cluster."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.options import (
    AllowExpiredOption,
    ClusterOption,
    ColorOption,
    ManifestsOption,
    NamespaceOption,
    PathArgument,
    TodayOption,
)
from intentc.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from intentc.answers.probe.kit import Kit

FORMS = ("script", "pods", "nodeports", "netassert", "netchecks")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; with `output` a whole kit, else one file of it on stdout."""

    asked: console.Asked
    output: Path | None
    form: str | None
    only: str | None
    force: bool


def command(
    path: PathArgument = Path(),
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads annotations at run time
        typer.Option("-o", "--output", metavar="DIR", help="Write the whole kit there, a folder a cluster."),
    ] = None,
    form: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Without -o: script, pods, nodeports, netassert or netchecks.",
            show_default="script",
        ),
    ] = None,
    cluster: ClusterOption = None,
    only: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--only", metavar="NAMESPACE", help="Only connections from or to this namespace."),
    ] = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files in the folder that intentc did not write.")
    ] = False,
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
) -> None:
    """Write a kit that checks a live cluster: kubectl commands, netassert and Netchecks files.

    It tries what the intents and asserts allow, what the asserts deny, and what a pod that no intent
    speaks of must not reach. Each check says which verdict is expected, and whose address the target must
    see. This command reads files and writes files: it never touches a cluster.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, today, allow_expired, color, "text", given, namespace)
    raise typer.Exit(probe(Request(asked, output, form, only, force)))


def probe(request: Request) -> int:
    """Write the kits of a project, or one file of one kit to stdout, and return the exit code."""
    wrong = tuple(_wrong(request))
    if wrong:
        return console.show(wrong, request.asked)
    workspace, result = console.compiled(request.asked)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return console.show(errors, request.asked, workspace.prefix)
    if request.output is None and len(result.clusters) != 1:
        names = ", ".join(f"`{item.profile.name}`" for item in result.clusters)
        help_text = f"choose one of {names} with `--cluster`, or write all with `-o`"
        message = f"the project has {len(result.clusters)} clusters, and stdout has room for one"
        return console.show((error("E651", message, help=help_text),), request.asked)
    from intentc.answers.probe.kit import kit

    kits = [kit(item, request.only) for item in result.clusters]
    if not any(item.plan.checks for item in kits):
        about = f" of namespace `{request.only}`" if request.only else ""
        help_text = "only flows between pods, nodes and single addresses can be tried from within a cluster"
        return console.show(
            (error("E524", f"there is nothing to try{about}", help=help_text),), request.asked
        )
    return _print(request, kits[0]) if request.output is None else _write(request, request.output, kits)


def _wrong(request: Request) -> list[Diagnostic]:
    wrong = []
    if request.form is not None and request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        wrong.append(error("E651", f"`--format {request.form}` is not known", help=legal))
    if request.form is not None and request.output is not None:
        help_text = "`-o` writes a kit with every file"
        wrong.append(error("E651", "`--format` and `-o` do not go together", help=help_text))
    return wrong


def _print(request: Request, made: Kit) -> int:
    from intentc.answers.probe.kit import FILES

    form = request.form or "script"
    content = made.files.get(FILES[form])
    if content is None:
        message = "no check goes through a NodePort Service"
        return console.show((error("E524", message, help="`via nodeport` makes one"),), request.asked)
    sys.stdout.write(content.decode())
    return console.CLEAN


def _write(request: Request, output: Path, kits: list[Kit]) -> int:
    from intentc.output.errors import OutputError
    from intentc.output.tree import write_tree

    files = {f"{made.cluster}/{name}": content for made in kits for name, content in made.files.items()}
    try:
        report = write_tree(
            output, files, policies={}, scope=None, force=request.force, allow_empty=True, allow_shrink=True
        )
    except OutputError as problem:
        return console.show((problem.diagnostic,), request.asked)
    for made in kits:
        allowed = sum(check.verdict == "allow" for check in made.plan.checks)
        counts = f"{allowed} allowed and {len(made.plan.checks) - allowed} denied connections to try"
        left_out = (
            f", {len(made.plan.left_out)} left out (its README.md says why)" if made.plan.left_out else ""
        )
        console.say(f"{made.cluster}: {counts}{left_out}\n")
    console.say(f"{os.fspath(output)}: {len(report.written)} written, {len(report.unchanged)} unchanged\n")
    return console.CLEAN
