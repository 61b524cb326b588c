"""`intentc build`: what the command line of a build says; `building` does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.building import Request, build
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


def command(
    path: PathArgument = Path(),
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="DIR", help="Where to write; else `output` of intentc.yaml."),
    ] = None,
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    target: Annotated[
        str, typer.Option(metavar="NAMES", help="What to emit: kubernetes, terraform, or both with a comma.")
    ] = "kubernetes,terraform",
    kustomization: Annotated[
        bool, typer.Option("--kustomization", help="Write a kustomization.yaml beside the policies.")
    ] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Print the Kubernetes documents instead of writing files.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when the files on disk differ.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files in the output that intentc did not write.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Accept a result without a policy.")
    ] = False,
    allow_shrink: Annotated[
        bool,
        typer.Option("--allow-shrink", help="Accept a result with fewer than 95 % of the policies before."),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Use N processes, for clusters or for parts of a large one; 0 is one for each processor.",
        ),
    ] = 0,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Compile even where nothing has changed since the last build.")
    ] = False,
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
) -> None:
    """Compile a project into files.

    Every intent becomes an egress policy on its source and an ingress policy on its target, with DNS kept
    alive, and a Terraform module of firewall rules. On any error nothing is written.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, today, allow_expired, color, form, given, namespace)
    request = Request(
        asked=asked,
        output=output,
        targets=tuple(name.strip() for name in target.split(",")),
        kustomization=kustomization,
        stdout=stdout,
        check=check,
        force=force,
        allow_empty=allow_empty,
        allow_shrink=allow_shrink,
        cache=not no_cache,
        jobs=jobs,
    )
    raise typer.Exit(build(request))
