"""`--help` of every command says what each argument and each option is."""

from __future__ import annotations

import re

import click
import pytest
import typer

from intentc.cli.app import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_each_argument_and_option_is_described(name: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), name)
    assert command is not None
    context = click.Context(command, info_name=name)
    said = " ".join(command.get_help(context).split())
    arguments = [its for its in command.params if isinstance(its, click.Argument)]
    listed = said.partition("Arguments:")[2]
    for argument in arguments:
        assert re.search(rf"{re.escape(argument.make_metavar(context))} [A-Z][A-Za-z]*\b", listed), (
            argument.name
        )
    for option in command.get_params(context):
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert " ".join(option.help.split()) in said
