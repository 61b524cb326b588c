"""What the pages for newcomers say is so: commands run, intents compile, output is real, files exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from intentc.compiler import Result, compile_texts
from tests.readback import CLUSTER

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md"))
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^\$ (?P<command>.+)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml|lark|json))`")

TESTS_THEMSELVES = "./dev test"
WRITTEN = "provenance.json"
"""A file of the output, not of the repository."""


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return [block for found, block in BLOCK.findall(text("README.md")) if found == kind]


def compiled(intents: str) -> Result:
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics] == []
    return result


@pytest.mark.parametrize("intents", blocks("intent"), ids=range(len(blocks("intent"))))
def test_intents_compile(intents: str) -> None:
    assert compiled(intents).artifacts != ()


@pytest.mark.parametrize("shown", blocks("yaml") + blocks("hcl"), ids=["egress", "ingress", "firewall"])
def test_the_output_shown_is_the_output_of_the_first_line(shown: str) -> None:
    """The lines shown stand in one file of the output, one below the other, at some indentation."""
    outputs = [artifact.content.decode() for artifact in compiled(blocks("intent")[0]).artifacts]
    assert any(textwrap.indent(shown, " " * depth) in output for output in outputs for depth in (0, 2))


def test_commands_run_in_a_clean_copy_and_print_what_is_shown(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    transcripts = list(CONSOLE.finditer("".join(blocks("console"))))
    assert len(transcripts) >= 4
    for transcript in transcripts:
        if transcript["command"] == TESTS_THEMSELVES:
            continue
        program, name, *arguments = transcript["command"].split()
        assert (program, name) == ("./dev", "intentc")
        done = subprocess.run(
            [sys.executable, "-m", "intentc", *arguments],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        if transcript["output"]:
            assert done.stdout + done.stderr == transcript["output"]
    assert (tmp_path / "my-project" / "generated" / ".intentc-manifest.json").is_file()


def test_every_command_and_exit_code_is_in_the_readme() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "intentc", "--help"], check=True, capture_output=True, text=True
    )
    listed = done.stdout.partition("Commands:")[2]
    commands = re.findall(r"^  ([a-z]+) {2,}\S", listed, re.MULTILINE)
    assert commands
    assert [command for command in commands if f"| `intentc {command}" not in text("README.md")] == []
    codes, shown = (
        re.findall(r"(?:^|, )([0-9]+) ", " ".join(page.partition("Exit codes:")[2].split(".")[0].split()))
        for page in (listed, text("README.md"))
    )
    assert codes == shown == ["0", "1", "2", "3", "4", "5", "70"]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in LINK.findall(text(page)):
        if not link.startswith("http"):
            assert (ROOT / page).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page: str) -> None:
    named = {name for name in NAMED.findall(text(page)) if "NAME" not in name}
    assert len(named) >= 10
    for name in sorted(named - {WRITTEN}):
        assert (ROOT / name).exists() or (ROOT / "intentc" / name).exists(), name


def test_the_layers_shown_are_those_that_are_enforced() -> None:
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("exhaustive"))
    enforced = [re.findall(r"\w+", layer) for layer in layers if layer != "(__main__)"]
    shown = re.search(r"^    cli > .+\n +> .+$", text("ARCHITECTURE.md"), re.MULTILINE)
    assert shown is not None
    assert [re.findall(r"\w+", layer) for layer in shown.group().split(">")] == enforced
