"""Ask a real browser what a page shows, Mermaid what it draws, and Graphviz what it reads."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.tools import development

NO_BROWSER = "chromium is not on PATH: install it as .ci/run does (apt-get install chromium)"
NO_PACKAGES = "the driver of the browser is not installed: run `./dev tools`, which says what it lacks"


@functools.cache
def _server() -> subprocess.Popen[str]:
    """Start Node.js and the browser once for all questions of this test process."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.fail(NO_BROWSER, pytrace=False)
    dev = development.load()
    node = dev.node_program()
    if node is None:
        pytest.fail(NO_PACKAGES, pytrace=False)
    server = subprocess.Popen(
        [node, Path(__file__).with_suffix(".mjs"), browser],
        cwd=dev.tools_directory(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(server.communicate)  # closes its input, which ends it, and waits
    return server


def ask(what: str, **more: Any) -> dict[str, Any]:
    """Return the answer to one request, or fail the test when the driver has died."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps({"do": what, **more}) + "\n")
    server.stdin.flush()
    line = server.stdout.readline()
    if not line:
        pytest.fail("the browser died; its last words are in the captured error output", pytrace=False)
    answer: dict[str, Any] = json.loads(line)
    return answer


def look(file: Path, scenario: str, **more: Any) -> dict[str, Any]:
    """Open a page, go through a scenario of driver.mjs, and return what was seen; fail where it could not."""
    answer = ask("open", file=str(file), scenario=scenario, **more)
    if "error" in answer:
        pytest.fail(f"{scenario}: {answer['error']}", pytrace=False)
    return answer
