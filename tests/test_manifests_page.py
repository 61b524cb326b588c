"""docs/manifests.md shows a project, and what each command says of it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "manifests.md").read_text("utf-8")
FILES = re.findall(r"^```(?:yaml|intent) (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^    \$ intentc (.+)\n((?:    .*\n|\n(?=    ))*)", PAGE, re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, text in FILES:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "intentc", *arguments], cwd=cwd, check=False, capture_output=True, text=True
    )


def test_the_page_shows_a_project_and_every_command_on_it() -> None:
    assert [path for path, _ in FILES] == ["intentc.yaml", "k8s/shop.yaml", "shop.intent"]
    assert [command for command, _ in SHOWN] == ["build", "coverage", "suggest"]


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_what_is_shown_is_what_is_said(command: str, output: str, project: Path) -> None:
    done = run(*shlex.split(command), cwd=project)
    said = done.stderr if command == "build" else done.stdout
    assert said == textwrap.dedent(output)
    assert done.returncode == (1 if command == "suggest" else 0)


def test_the_missing_lines_build(project: Path) -> None:
    done = run("suggest", "--format", "intents", cwd=project)
    assert done.stdout == "shop/deployment/orders -> data/db:5432  # k8s/shop.yaml:28\n"
    (project / "more.intent").write_text(done.stdout, "utf-8")
    assert run("build", cwd=project).returncode == 0
    assert run("suggest", cwd=project).returncode == 0


def test_a_project_can_begin_with_its_manifests(project: Path) -> None:
    (project / "shop.intent").unlink()
    (project / "intentc.yaml").unlink()
    done = run("suggest", "--manifests", "k8s", "--format", "intents", cwd=project)
    assert done.returncode == 1
    (project / "a.intent").write_text(done.stdout, "utf-8")
    assert run("build", "--manifests", "k8s", cwd=project).returncode == 0
