"""`intentc list`: the flows of a project's clusters as a table, CSV or JSON."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intentc.cli import console
from intentc.cli.options import ClusterOption, ColorOption, ManifestsOption, NamespaceOption, PathArgument
from intentc.diagnostics import error, has_errors

if TYPE_CHECKING:
    from intentc.answers.flows import SeenCluster

FORMS = ("table", "csv", "json")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `source` and `target` are endpoints, empty for all."""

    asked: console.Asked
    form: str
    source: str
    target: str


def command(
    path: PathArgument = Path(),
    source: Annotated[
        str,
        typer.Option("--from", metavar="ENDPOINT", help="Only flows from there: shop, shop[app=web], nodes."),
    ] = "",
    target: Annotated[
        str, typer.Option("--to", metavar="ENDPOINT", help="Only flows to there: data, data:5432, internet.")
    ] = "",
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="table, csv or json.")] = "table",
    color: ColorOption = "auto",
) -> None:
    """List the flows of a project's clusters, each with the line it comes from.

    A filter takes every flow that may have such an end: --from shop also lists what all namespaces may do.
    JSON has the rules that each flow needs, and what they admit beside it.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, None, True, color, "text", given, namespace)
    raise typer.Exit(list_flows(Request(asked, form, source, target)))


def list_flows(request: Request) -> int:
    """List flows and return the exit code."""
    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        problem = error("E651", f"`--format {request.form}` is not known", help=legal)
        return console.show((problem,), request.asked)
    workspace, result = console.compiled(request.asked)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return console.show(errors, request.asked, workspace.prefix)
    from intentc.answers import flows, listing

    found: list[SeenCluster] = []
    for cluster in result.clusters:
        wanted, problems = listing.make_filter(
            request.source, request.target, result.project, cluster.profile
        )
        if has_errors(problems):
            console.show(problems, request.asked)
            return console.USAGE
        seen = flows.seen_flows(cluster, with_rules=request.form == "json")
        found.append(replace(seen, flows=tuple(item for item in seen.flows if wanted.wants(item.flow))))
    render = {"table": listing.table, "csv": listing.csv_text, "json": listing.json_text}[request.form]
    sys.stdout.write(render(found))
    if not any(cluster.flows for cluster in found):
        console.say(
            "no flow is wanted by the filters\n" if request.source or request.target else "no flows\n"
        )
    return console.CLEAN
