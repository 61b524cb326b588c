"""`intentc init`: write a starter project that builds."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from intentc.cli import console


def command(
    path: Annotated[
        Path, typer.Argument(metavar="[DIR]", show_default="this folder", help="A new or empty folder.")
    ] = Path(),
) -> None:
    """Write a starter project that builds."""
    raise typer.Exit(init(path))


def init(folder: Path) -> int:
    """Write the starter project into a folder that is new or has no project yet, and return the exit code."""
    starter = files("intentc.templates").joinpath("starter")
    wanted = dict(_files(starter, ""))
    present = [name for name in wanted if (folder / name).exists()]
    if present:
        console.say(f"intentc: `{folder / present[0]}` exists: nothing was written\n")
        return console.USAGE
    try:
        for name, text in wanted.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as problem:
        console.say(f"intentc: `{problem.filename}`: {problem.strerror}\n")
        return console.INPUT_OUTPUT
    for name in wanted:
        console.say(f"wrote {folder / name}\n")
    console.say(f"next: `intentc build{'' if folder == Path() else f' {folder}'}`\n")
    return console.CLEAN


def _files(folder: Traversable, above: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            found.extend(_files(item, f"{above}{item.name}/"))
        else:
            found.append((f"{above}{item.name}", item.read_text("utf-8")))
    return found
