"""`intentc graph`: draw who may talk to whom."""

from __future__ import annotations

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
    from intentc.answers.graph.picture import Picture

FORMS = ("mermaid", "dot", "json", "html")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; without `output`, the picture goes to stdout."""

    asked: console.Asked
    form: str
    output: Path | None
    only: str | None


def command(
    path: PathArgument = Path(),
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="mermaid, dot, json or html.")
    ] = "mermaid",
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads annotations at run time
        typer.Option("-o", "--output", metavar="FILE", help="Write there instead of to stdout."),
    ] = None,
    cluster: ClusterOption = None,
    only: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--only", metavar="NAMESPACE", help="Only flows from or to this namespace."),
    ] = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
) -> None:
    """Draw who may talk to whom: a flowchart, a graph, data, or a page with a matrix to explore.

    The page (--format html) is one file that needs no server and no network: a matrix of namespaces, and for
    each cell its flows, their lines, the emitted rules and what every layer sees of the packet. Only what was
    proved is drawn.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, today, allow_expired, color, "text", given, namespace)
    raise typer.Exit(graph(Request(asked, form, output, only)))


def graph(request: Request) -> int:
    """Draw one cluster of a project and return the exit code."""
    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        message = f"`--format {request.form}` is not known"
        return _fail(error("E651", message, help=legal), request)
    workspace, result = console.compiled(request.asked)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return console.show(errors, request.asked, workspace.prefix)
    if len(result.clusters) != 1:
        names = ", ".join(f"`{item.profile.name}`" for item in result.clusters)
        message = f"the project has {len(result.clusters)} clusters, and a picture shows one"
        return _fail(error("E651", message, help=f"choose one of {names} with `--cluster`"), request)
    from intentc.answers.graph.picture import picture

    drawn = picture(result.clusters[0], result.diagnostics, request.only)
    if request.only is not None and not drawn.edges:
        message = f"no flow has namespace `{request.only}` at an end"
        return _fail(error("E525", message, help="without `--only` all are drawn"), request)
    return _give(_text(drawn, request.form), request)


def _text(drawn: Picture, form: str) -> str:
    if form == "html":
        from intentc.answers.graph.page import page

        return page(drawn)
    if form == "json":
        from intentc.answers.graph.document import text

        return text(drawn)
    from intentc.answers.graph import drawing

    if form == "dot":
        return drawing.dot(drawn)
    count = len(drawing.arrows(drawn.edges))
    if count > drawing.MERMAID_EDGES:
        console.say(
            f"{count:,} arrows: Mermaid draws up to {drawing.MERMAID_EDGES} where `maxEdges` is not raised; "
            "`--only` draws a part, `--format html` all\n"
        )
    return drawing.mermaid(drawn)


def _give(text: str, request: Request) -> int:
    if request.output is None:
        sys.stdout.write(text)
        return console.CLEAN
    from intentc.output.errors import OutputError
    from intentc.output.one_file import write_file

    try:
        write_file(request.output, text.encode())
    except OutputError as problem:
        return _fail(problem.diagnostic, request)
    console.say(f"wrote {request.output}\n")
    return console.CLEAN


def _fail(problem: Diagnostic, request: Request) -> int:
    return console.show((problem,), request.asked)
