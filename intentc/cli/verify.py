"""`intentc verify`: prove files that exist, whoever wrote them, against the intents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.options import (
    AllowExpiredOption,
    ClusterOption,
    ColorOption,
    FormatOption,
    ManifestsOption,
    NamespaceOption,
    TodayOption,
)
from intentc.cli.workspace import read_folder
from intentc.compiler import ClusterResult
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.ir import Artifact
from intentc.prove.proof import Proof, prove


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for: `folder` holds `<cluster>/kubernetes` and `<cluster>/terraform`."""

    asked: console.Asked
    folder: Path | None


def command(
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            metavar="[DIR]", help="What to verify; else the project's output.", show_default="output"
        ),
    ] = None,
    project: Annotated[
        Path,
        typer.Option(metavar="PATH", help="The project whose intents count.", show_default="this folder"),
    ] = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
) -> None:
    """Prove files that exist, also hand-edited ones, against the intents.

    Every flow they admit beyond the intents is reported, and every one they refuse.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(project, chosen, today, allow_expired, color, form, given, namespace)
    raise typer.Exit(verify(Request(asked, folder)))


def verify(request: Request) -> int:
    """Report every flow the files admit beyond the intents, and every one they refuse; return the exit code.

    The files are read by what they mean: order, comments and quoting may differ from what a build writes. A
    layer whose folder does not exist is not judged.
    """
    workspace, result = console.compiled(request.asked)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return console.show(errors, request.asked, workspace.prefix)
    folder = request.folder if request.folder is not None else workspace.root / workspace.project.output
    found: list[Diagnostic] = []
    for cluster in result.clusters:
        proof, problems = _cluster(cluster, folder / cluster.profile.name)
        found.extend(problems)
        if proof is not None and not has_errors(problems):
            layers = f"{proof.documents:,} policies and {proof.firewall_rules:,} firewall rules"
            console.say(f"{cluster.profile.name}: {layers} admit exactly {proof.flows:,} flows\n")
    code = console.show(tuple(found), request.asked, workspace.prefix)
    return console.FINDINGS if code == console.NOT_PROVED else code


def _cluster(cluster: ClusterResult, folder: Path) -> tuple[Proof | None, tuple[Diagnostic, ...]]:
    layers = tuple(name for name in ("kubernetes", "terraform") if (folder / name).is_dir())
    if not layers:
        help_text = "give the folder that `intentc build` writes"
        return None, (
            error("E510", f"`{folder}` has no `kubernetes` and no `terraform` folder", help=help_text),
        )
    artifacts: list[Artifact] = []
    problems: list[Diagnostic] = []
    for layer in layers:
        suffixes = (".yaml", ".yml") if layer == "kubernetes" else (".tf",)
        files, refused = read_folder(folder / layer, suffixes)
        problems.extend(refused)
        artifacts.extend(Artifact(f"{layer}/{name}", content) for name, content in files.items())
    if has_errors(problems):
        return None, tuple(problems)
    return prove(artifacts, cluster.policy, cluster.profile, targets=layers, own_shape=False, shown=None)
