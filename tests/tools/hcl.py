"""Ask HashiCorp's own code, not a copy of it, whether text is canonical and valid HCL and what it says."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.tools import development

HOW_TO_GET_IT = "the HCL parser of the tests is not installed: run `./dev tools`, which says what it lacks"


@dataclass(frozen=True)
class Answer:
    """What the Go code says of one text: its canonical form, and either its value or what is wrong."""

    formatted: str
    value: dict[str, Any] | None
    error: str | None


@functools.cache
def _server() -> subprocess.Popen[str]:
    """Start Node.js once for all texts of this test process: a start takes as long as 400 answers."""
    dev = development.load()
    node = dev.node_program()
    if node is None:
        pytest.fail(HOW_TO_GET_IT, pytrace=False)
    server = subprocess.Popen(
        [node, Path(__file__).with_suffix(".mjs")],
        cwd=dev.tools_directory(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(server.communicate)  # closes its input, which ends it, and waits
    return server


def ask(text: str, name: str = "text.tf") -> Answer:
    """Return what the Go code says of a text; `name` appears in its errors."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps({"name": name, "text": text}) + "\n")
    server.stdin.flush()
    line = server.stdout.readline()
    if not line:
        pytest.fail("the HCL parser died; its last words are in the captured error output", pytrace=False)
    answer = json.loads(line)
    return Answer(answer["formatted"], answer.get("value"), answer.get("error"))


def parse_hcl(text: str, name: str = "text.tf") -> dict[str, Any]:
    """Return the value of an HCL text as the Go parser reads it, or fail the test with the parser's error."""
    answer = ask(text, name)
    if answer.value is None:
        pytest.fail(f"not HCL: {answer.error}", pytrace=False)
    return answer.value


def fmt_check(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are not in canonical form, in order; pass many at once, terraform starts slowly.

    The formatter of the Go library is asked on every machine. Where terraform or tofu is on PATH, its `fmt`
    is asked too: it is stricter about expressions, and wants `x` for `"${x}"`.
    """
    files = sorted(path.resolve() for path in paths)
    texts = {path: path.read_bytes().decode() for path in files}
    unformatted = {path for path, text in texts.items() if ask(text, path.name).formatted != text}
    if program := shutil.which("terraform") or shutil.which("tofu"):
        unformatted |= _terraform_fmt(program, files)
    return sorted(unformatted)


def _terraform_fmt(program: str, files: list[Path]) -> set[Path]:
    """Return the files that `terraform fmt` would change; it lists them relative to where it runs."""
    # An argument list has a limit; and without any argument, terraform would look at its current directory.
    found: set[Path] = set()
    for start in range(0, len(files), 500):
        command = [program, "fmt", "-check", "-no-color", *map(str, files[start : start + 500])]
        done = subprocess.run(command, cwd="/", capture_output=True, encoding="utf-8", check=False)
        if done.returncode not in {0, 3}:  # 3: some file is not in canonical form
            pytest.fail(f"{program} fmt failed:\n{done.stderr}", pytrace=False)
        found |= {Path("/") / line for line in done.stdout.splitlines()}
    return found
