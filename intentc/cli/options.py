"""The arguments and options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

PathArgument = Annotated[
    Path,
    typer.Argument(
        metavar="[PATH]", help="A project folder, or one .intent file.", show_default="this folder"
    ),
]
ClusterOption = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads annotations at run time
    typer.Option(
        "--cluster", metavar="NAME", help="Only this cluster of intentc.yaml; may be given several times."
    ),
]
TodayOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="DATE", help="The day `until` is compared with, as 2027-03-31.", show_default="today"
    ),
]
AllowExpiredOption = Annotated[
    bool, typer.Option("--allow-expired", help="Build intents whose `until` has passed.")
]
ManifestsOption = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--manifests",
        metavar="PATH",
        help="Kubernetes manifests that say what exists: a file, a folder, or - for standard input, in place "
        "of those in intentc.yaml; may be given several times.",
    ),
]
NamespaceOption = Annotated[
    str,
    typer.Option(
        "--namespace", metavar="NAME", help="The namespace of objects in --manifests that name none."
    ),
]
ColorOption = Annotated[
    str,
    typer.Option(metavar="WHEN", help="auto, always or never. NO_COLOR is honoured.", show_default="auto"),
]
FormatOption = Annotated[
    str,
    typer.Option("--format", metavar="FORMAT", help="text, concise, json, sarif, github, gitlab or junit."),
]
