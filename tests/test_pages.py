"""What pages mention in passing is there: headings that are linked, commands and options in running text."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest
import typer

from intentc.cli.app import COMMANDS, app
from tests.shown import said
from tests.tools import development

ROOT = development.ROOT
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/*/*.md"),
        *ROOT.glob("supply/*.md"),
    )
)
LINK = re.compile(r"\]\((?P<page>[^)#:\s]*)#(?P<heading>[^)\s]+)\)")
COMMAND = re.compile(r"(?:`|^ {4}|\./dev )intentc (?P<name>[a-z]+)(?P<rest>[^`\n]*)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@cache
def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@cache
def headings(page: str) -> frozenset[str]:
    """Return the names by which GitHub links to the headings of a page; a second one of a name is counted."""
    found: list[str] = []
    seen: dict[str, int] = {}
    plain = re.sub(r"^```(?s:.*?)^```$", "", text(page), flags=re.MULTILINE)
    for heading in re.findall(r"^#+ (.+)$", plain, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.append(f"{name}-{seen[name]}" if name in seen else name)
        seen[name] = seen.get(name, 0) + 1
    return frozenset(found)


@cache
def options() -> dict[str, frozenset[str]]:
    """Return the options of each command, by its name."""
    group = typer.main.get_command(app)
    assert isinstance(group, click.Group)
    context = click.Context(group)
    commands = {name: group.get_command(context, name) for name in COMMANDS}
    return {
        name: frozenset(
            {"--help", *(word for item in command.params for word in (*item.opts, *item.secondary_opts))}
        )
        for name, command in commands.items()
        if command is not None
    }


def mistakes(written: str) -> list[str]:
    """Return the commands and options of ours that a text mentions and that are none."""
    found = []
    for command in COMMAND.finditer(written):
        known = options().get(command["name"])
        name = f"intentc {command['name']}"
        if known is None:
            found.append(name)
        else:
            found += [f"{name} {word}" for word in OPTION.findall(command["rest"]) if word not in known]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_headings_that_are_linked_exist(page: str) -> None:
    for link in LINK.finditer(text(page)):
        target = (ROOT / page).parent / link["page"] if link["page"] else ROOT / page
        other = target.resolve().relative_to(ROOT).as_posix()
        if other.endswith(".md"):
            assert link["heading"] in headings(other), link[0]


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_that_are_mentioned_exist(page: str) -> None:
    assert mistakes(text(page)) == []


def test_a_command_or_an_option_that_is_none_is_found() -> None:
    assert mistakes("`intentc build --shrink`, `intentc bulid --check`\n\n    intentc fmt --chekc\n") == [
        "intentc build --shrink",
        "intentc bulid",
        "intentc fmt --chekc",
    ]
    assert mistakes("run `intentc build -o x --check`; intentc writes it") == []


def test_there_is_something_to_find() -> None:
    everything = "".join(map(text, PAGES))
    assert len(LINK.findall(everything)) > 5
    assert set(COMMANDS) <= {command["name"] for command in COMMAND.finditer(everything)}


def test_the_check_shown_is_a_check_of_the_kit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (check,) = re.findall(r"^```bash\n(.*?)^```$", text("docs/probe.md"), re.MULTILINE | re.DOTALL)
    script = said("probe examples/gke-paths --format script", ("gke-paths",), tmp_path, monkeypatch, capfd)
    assert f"\n{check}" in script
    said("probe examples/gke-paths -o kit", ("dataplane-v2",), tmp_path, monkeypatch, capfd)
    listed = re.findall(r"^\| `([\w.]+)` \|", text("docs/probe.md"), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (tmp_path / "kit" / "prod").iterdir())
