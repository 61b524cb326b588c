"""`intentc coverage`: which pods of the manifests the intents isolate, and which they leave open."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intentc.cli import console
from intentc.cli.options import ClusterOption, ColorOption, ManifestsOption, NamespaceOption, PathArgument
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.output.terminal import visible

if TYPE_CHECKING:
    from intentc.answers.coverage import Coverage, NamespaceCoverage
    from intentc.inventory import Workload

FORMS = ("text", "json")
NO_MANIFESTS = "say where they are: `manifests` in `intentc.yaml`, or `--manifests PATH`"
_PERCENT = re.compile(r"(?:100|[0-9]{1,2})(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `fail_under` is a share of the directions in percent, as written."""

    asked: console.Asked
    form: str
    fail_under: str


def command(
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    fail_under: Annotated[
        str, typer.Option(metavar="PERCENT", help="Fail when a cluster isolates less of its workloads.")
    ] = "0",
    color: ColorOption = "auto",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Say which workloads of the manifests the intents isolate, by namespace and direction.

    Pods that no intent isolates may talk to everybody, and everybody to them. Each workload has two
    directions, egress and ingress; those that run with hostNetwork are shown apart, since no policy selects
    them.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, None, True, color, "text", given, namespace)
    raise typer.Exit(cover(Request(asked, form, fail_under)))


def cover(request: Request) -> int:
    """Show the coverage and return the exit code: 1 when a cluster isolates too little."""
    from intentc.analysis.existing import Existing
    from intentc.answers.coverage import coverage

    wrong = tuple(_wrong(request))
    if wrong:
        return console.show(wrong, request.asked)
    workspace, result = console.compiled(request.asked)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if has_errors(errors):
        return console.show(errors, request.asked, workspace.prefix)
    project = result.project
    if project.inventory is None:
        return console.show(
            (error("E523", "the project has no manifests", help=NO_MANIFESTS),), request.asked
        )
    existing = Existing(project, project.inventory)
    found = [coverage(cluster.policy, existing) for cluster in result.clusters]
    sys.stdout.write(_json(found) if request.form == "json" else _text(found, workspace.prefix))
    low = [item for item in found if item.share * 100 < Fraction(request.fail_under)]
    for item in low:
        console.say(f"{item.cluster} isolates {_percent(item)}, {request.fail_under} % are wanted\n")
    return console.FINDINGS if low else console.CLEAN


def _wrong(request: Request) -> list[Diagnostic]:
    wrong = []
    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        wrong.append(error("E651", f"`--format {request.form}` is not known", help=legal))
    if not _PERCENT.fullmatch(request.fail_under):
        message = f"`--fail-under {request.fail_under}` is not a percentage"
        wrong.append(error("E651", message, help="write a number from 0 to 100"))
    return wrong


def _percent(found: Coverage) -> str:
    """Return the share in percent, rounded down, so that 100 % is only ever all of it."""
    thousandths = int(found.share * 1000)
    return f"{thousandths // 10}.{thousandths % 10} %"


def _text(found: list[Coverage], prefix: str) -> str:
    return "\n".join("".join(_lines(item, prefix)) for item in found)


def _lines(found: Coverage, prefix: str) -> list[str]:
    closed = found.directions - found.open
    lines = [f"{found.cluster}: {_percent(found)} isolated ({closed} of {found.directions} directions)\n"]
    width = max([9, *(len(space.name) for space in found.namespaces)])
    lines.append(f"  {'namespace':{width}}  {'egress':>9}  {'ingress':>9}\n")
    for space in found.namespaces:
        count = len(space.workloads)
        leaving, entering = count - len(space.open_for_egress), count - len(space.open_for_ingress)
        sides = f"{f'{leaving} of {count}':>9}  {f'{entering} of {count}':>9}"
        lines.append(f"  {space.name:{width}}  {sides}\n")
    for space in found.namespaces:
        lines.extend(_open(space, prefix))
    return lines


def _open(space: NamespaceCoverage, prefix: str) -> list[str]:
    ingress = {item.path for item in space.open_for_ingress}
    both = {item.path for item in space.open_for_egress} & ingress
    sides = {item.path: item for item in (*space.open_for_egress, *space.open_for_ingress)}
    lines = []
    for path, item in sorted(sides.items()):
        side = "both ways" if path in both else "for ingress" if path in ingress else "for egress"
        lines.append(f"  open {side}: {path}  {_place(item, prefix)}\n")
    lines += [
        f"  not selectable, hostNetwork: {item.path}  {_place(item, prefix)}\n" for item in space.on_nodes
    ]
    return lines


def _place(workload: Workload, prefix: str = "") -> str:
    span = workload.span
    return visible(f"{prefix}{span.file.path}:{span.file.position(span.start)[0]}")


def _json(found: list[Coverage]) -> str:
    import json

    def workload(item: Workload) -> dict[str, str]:
        return {"workload": item.path, "place": _place(item)}

    document = {
        "version": 1,
        "clusters": [
            {
                "cluster": item.cluster,
                "directions": item.directions,
                "isolated": item.directions - item.open,
                "namespaces": [
                    {
                        "namespace": space.name,
                        "workloads": len(space.workloads),
                        "open_for_egress": [workload(its) for its in space.open_for_egress],
                        "open_for_ingress": [workload(its) for its in space.open_for_ingress],
                        "host_network": [workload(its) for its in space.on_nodes],
                    }
                    for space in item.namespaces
                ],
            }
            for item in found
        ],
    }
    return json.dumps(document, indent=2) + "\n"
