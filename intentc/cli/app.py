"""The application: its commands, each loaded when it is asked for, and what a fault of ours looks like."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    import click

COMMANDS = (
    "build",
    "check",
    "fmt",
    "test",
    "verify",
    "why",
    "diff",
    "list",
    "graph",
    "probe",
    "coverage",
    "suggest",
    "audit",
    "import",
    "explain",
    "init",
    "schema",
)
"""The commands in the order of `--help`; `intentc/cli/<name>.py` has the signature and does the work.

A name that Python keeps for itself has an underscore after it there.
"""


class _Command(TyperCommand):
    """Say in `--help` what each argument is."""

    def format_help(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the command.

        The help of arguments is put back where it was lost: click has one of its own since 8.5.0, and this
        typer leaves it empty.
        """
        from inspect import unwrap

        from typer.utils import get_params_from_function

        described = get_params_from_function(unwrap(self.callback)) if self.callback else {}
        for argument in self.params:
            found = described.get(argument.name or "")
            if found is not None and not getattr(argument, "help", ""):
                argument.help = getattr(found.default, "help", None)
        super().format_help(context, formatter)


class _Commands(TyperGroup):
    """Load a command's module when the command is asked for: a start pays only for what it runs."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Return a command by its name, or None when there is no such command."""
        if name not in COMMANDS:
            return None
        file = f"{name}_" if iskeyword(name) else name
        one = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=SETTINGS)
        one.command(name, cls=_Command)(import_module(f"intentc.cli.{file}").command)
        return typer.main.get_command(one)

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; a name nobody has fails with the nearest one."""
        from intentc.nearest import nearest

        if (
            arguments
            and arguments[0] not in COMMANDS
            and (likely := nearest(arguments[0], COMMANDS)) is not None
        ):
            context.fail(f"no such command '{arguments[0]}'; the nearest is '{likely}'")
        return super().resolve_command(context, arguments)


SETTINGS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="intentc",
    cls=_Commands,
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
    context_settings=SETTINGS,
)


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
