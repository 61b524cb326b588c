"""What a command loads before it works: a plain build asks for no command framework, and means the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

import intentc.cli
from intentc.cli.app import app
from intentc.cli.building import Request

SPY = """
import json, sys
from intentc.cli import main
sys.argv = ["intentc", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.__stdout__)
"""


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """Return the top-level packages that a command has loaded when it ends."""
    command = [sys.executable, "-c", SPY, *arguments]
    done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_version_loads_nothing(tmp_path: Path) -> None:
    found = loaded("--version", cwd=tmp_path)
    assert not found & {"click", "jinja2", "jsonschema", "lark", "rich", "typer", "yaml"}


@pytest.mark.parametrize(
    "arguments", [("--help",), ("build", "--help"), ("--show-completion", "bash")], ids=" ".join
)
def test_help_loads_what_shows_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    found = loaded(*arguments, cwd=tmp_path)
    assert not found & {"jinja2", "jsonschema", "lark", "rich", "yaml"}


def test_a_plain_build_loads_no_framework_and_no_grammar(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("shop -> data:5432\n")
    found = loaded("build", cwd=tmp_path)
    assert (tmp_path / "generated/default/kubernetes/shop.yaml").is_file()
    assert not found & {"click", "jinja2", "jsonschema", "lark", "rich", "typer", "yaml"}


@pytest.mark.parametrize("arguments", [["build"], ["build", "shop"]], ids=" ".join)
def test_a_plain_build_is_what_the_framework_would_ask_for(arguments: list[str]) -> None:
    asked: list[Request] = []

    def note(request: Request) -> int:
        asked.append(request)
        return 0

    with patch("intentc.cli.building.build", note), patch("intentc.cli.build.build", note):
        with pytest.raises(SystemExit):
            intentc.cli._run(arguments)
        with pytest.raises(SystemExit):
            app(arguments)
    plain, full = asked
    assert plain == full
