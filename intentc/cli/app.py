"""The commands and their options; each imports what it runs when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer(
    name="intentc",
    help=(
        "Compile who may talk to whom into NetworkPolicies and firewall rules.\n\n"
        "One line is one intent: `namespace-a -> namespace-b:8443`. "
        "`intentc init` writes a project to begin with, `intentc build` compiles it."
    ),
    epilog=(
        "Exit codes: 0 clean or warnings, 1 findings, 2 wrong usage or configuration, 3 no input or a result "
        "that is empty or has shrunk, 4 the output does not equal the intents, 5 input or output failed, "
        "70 a fault of intentc."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
ColorOption = Annotated[
    str,
    typer.Option(metavar="WHEN", help="auto, always or never. NO_COLOR is honoured.", show_default="auto"),
]
FormatOption = Annotated[
    str,
    typer.Option("--format", metavar="FORMAT", help="text, concise, json, sarif, github, gitlab or junit."),
]


def _version(wanted: bool) -> None:
    if wanted:
        from intentc import __version__

        typer.echo(f"intentc {__version__}")
        raise typer.Exit


@app.callback()
def _intentc(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def build(
    path: PathArgument = Path(),
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output", metavar="DIR", help="Where to write; else `output` of intentc.yaml."),
    ] = None,
    cluster: ClusterOption = None,
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
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
) -> None:
    """Compile a project into files.

    Every intent becomes an egress policy on its source and an ingress policy on its target, with DNS kept
    alive, and a Terraform module of firewall rules. On any error nothing is written.
    """
    from intentc.cli import build as command
    from intentc.cli.console import Asked

    request = command.Request(
        asked=Asked(path, tuple(cluster or ()), today, allow_expired, color, form),
        output=output,
        targets=tuple(name.strip() for name in target.split(",")),
        kustomization=kustomization,
        stdout=stdout,
        check=check,
        force=force,
        allow_empty=allow_empty,
        allow_shrink=allow_shrink,
    )
    raise typer.Exit(command.build(request))


@app.command()
def check(
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
    fix: Annotated[bool, typer.Option("--fix", help="Apply the fixes that change no meaning.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change.")] = False,
) -> None:
    """Find errors and warnings in a project; write nothing."""
    from intentc.cli import check as command
    from intentc.cli.console import Asked

    asked = Asked(path, tuple(cluster or ()), today, allow_expired, color, form)
    request = command.Request(asked=asked, fix=fix, diff=diff)
    raise typer.Exit(command.check(request))


@app.command("test")
def run_asserts(
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    fail_under: Annotated[
        str, typer.Option(metavar="PERCENT", help="Fail when asserts touch fewer of the intents.")
    ] = "0",
    color: ColorOption = "auto",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or junit.")] = "text",
) -> None:
    """Run the asserts on the policies a build would write, and say which intents none of them touches."""
    from intentc.cli import test as command
    from intentc.cli.console import Asked

    asked = Asked(path, tuple(cluster or ()), None, True, color, "text")
    raise typer.Exit(command.test(command.Request(asked, form, fail_under)))


@app.command()
def verify(
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
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
) -> None:
    """Prove files that exist, also hand-edited ones, against the intents.

    Every flow they admit beyond the intents is reported, and every one they refuse.
    """
    from intentc.cli import verify as command
    from intentc.cli.console import Asked

    asked = Asked(project, tuple(cluster or ()), today, allow_expired, color, form)
    raise typer.Exit(command.verify(command.Request(asked, folder)))


@app.command()
def fmt(
    paths: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            metavar="[PATH]...", help="Folders or .intent files; `-` is stdin.", show_default="this folder"
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a file would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change; write nothing.")] = False,
    color: ColorOption = "auto",
) -> None:
    """Bring intents into their one canonical layout; every comment is kept."""
    from intentc.cli import fmt as command

    raise typer.Exit(command.fmt(command.Request(tuple(paths or ()), check, diff, color)))


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code of a diagnostic, such as E203.")],
) -> None:
    """Explain a diagnostic: why it exists, a bad example and a good one."""
    from intentc.cli import explain as command

    raise typer.Exit(command.explain(code))


@app.command()
def init(
    path: Annotated[
        Path, typer.Argument(metavar="[DIR]", show_default="this folder", help="A new or empty folder.")
    ] = Path(),
) -> None:
    """Write a starter project that builds."""
    from intentc.cli import init as command

    raise typer.Exit(command.init(path))


@app.command()
def schema() -> None:
    """Print the JSON Schema of intentc.yaml."""
    from intentc.project import schema_text

    sys.stdout.write(schema_text())


def run() -> None:
    """Run the application; a fault of intentc itself ends in one line and exit code 70."""
    try:
        app()
    except BrokenPipeError:
        # The reader of a pipe has left; there is nobody to tell.
        sys.stderr.close()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as fault:
        import os
        import traceback
        from pathlib import PurePath

        if os.environ.get("INTENTC_DEBUG"):
            raise
        where = traceback.extract_tb(fault.__traceback__)[-1]
        place = f"{PurePath(where.filename).name}:{where.lineno}"
        sys.stderr.write(
            f"intentc: internal fault ({type(fault).__name__} at {place}); nothing was written\n"
            "  = help: this is a fault of intentc: report it with the intents that lead to it "
            "(INTENTC_DEBUG=1 shows more)\n"
        )
        raise SystemExit(70) from None
