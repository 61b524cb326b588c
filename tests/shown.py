"""The commands that a page shows, and what they really say."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from intentc.cli import main

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```console\n\$ ./dev intentc (.+)\n((?s:.*?))^```$", re.MULTILINE)


class Shown(NamedTuple):
    """A command as a page shows it, behind `./dev intentc`, and what it is said to print."""

    page: str
    command: str
    output: str


def shown(*pages: Path) -> list[Shown]:
    """Return the commands of pages; a page that shows none is an error."""
    found = [Shown(page.name, *block) for page in pages for block in _BLOCK.findall(page.read_text("utf-8"))]
    assert {each.page for each in found} == {page.name for page in pages}
    return found


def said(
    command: str,
    examples: tuple[str, ...],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> str:
    """Return what a command prints in a folder with copies of these examples."""
    for name in examples:
        shutil.copytree(ROOT / "examples" / name, folder / "examples" / name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "argv", ["intentc", *command.split()])
    with pytest.raises(SystemExit):
        main()
    return "".join(capfd.readouterr())
