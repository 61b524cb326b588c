"""What the README says is so: commands run, intents compile, output is real, links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from intentc.compiler import compile_texts
from tests.readback import CLUSTER

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "examples/gke-paths/README.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ \./dev intentc (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall((ROOT / "README.md").read_text("utf-8")) if found == kind]


@pytest.mark.parametrize("intents", blocks("intent"), ids=range(len(blocks("intent"))))
def test_intents_compile(intents: str) -> None:
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics] == []
    assert result.artifacts != ()


def test_commands_run_in_a_clean_copy(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    commands = COMMAND.findall("\n".join(blocks("console")))
    assert len(commands) >= 3
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "intentc", *command.split()],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
    assert (tmp_path / "my-project" / "generated" / ".intentc-manifest.json").is_file()


def test_the_output_shown_is_the_output() -> None:
    (shown,) = blocks("yaml")
    real = (ROOT / "examples/gke-paths/generated/prod/kubernetes/namespace-a.yaml").read_text("utf-8")
    assert shown == textwrap.dedent("  egress:\n" + real.partition("  egress:\n")[2])


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for link in LINK.findall(path.read_text("utf-8")):
        if not link.startswith("http"):
            assert (path.parent / link).exists(), link


def test_every_command_is_in_the_readme() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "intentc", "--help"], check=True, capture_output=True, text=True
    )
    commands = re.findall(r"^  ([a-z]+) {2,}\S", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert commands
    table = (ROOT / "README.md").read_text("utf-8")
    assert [command for command in commands if f"| `intentc {command}" not in table] == []
