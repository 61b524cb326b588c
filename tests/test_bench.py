"""The benchmark compares like with like, and what is exact about cost is held here, free of noise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bench import handwritten
from tests.bench.pairs import summary
from tests.bench.shapes import SHAPES, write

CALLS_PER_INTENT = 620
"""The most that any shape takes; a change that needs more has to say why."""

CALLS = """
import gc, json, sys
from pathlib import Path
gc.disable()
from intentc.compiler import Options, compile_files
from intentc.cli.workspace import open_workspace
def build(name):
    return compile_files(open_workspace(Path(name)).sources, Options())
build(sys.argv[1])  # so that nothing is imported later
counts = []
for name in sys.argv[2:]:
    count = 0
    def note(frame, event, argument):
        global count
        count += event == "call"
    sys.setprofile(note)
    result = build(name)
    sys.setprofile(None)
    assert result.artifacts
    counts.append(count)
print(json.dumps(counts))
"""


def policies(folder: Path) -> set[str]:
    """Return what the policies in a folder say, names and notes aside."""
    found = set()
    for path in folder.glob("*.yaml"):
        for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
            spec: dict[str, Any] = document["spec"]
            for key in ("ingress", "egress"):
                for rule in spec.get(key, ()):
                    for field in ("from", "to", "ports"):
                        rule[field] = sorted(rule.get(field, ()), key=json.dumps)
                spec[key] = sorted(spec.get(key, ()), key=json.dumps)
            found.add(json.dumps([document["metadata"]["namespace"], spec], sort_keys=True))
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_the_script_does_the_same_job(shape: str, tmp_path: Path) -> None:
    project = write(tmp_path / "project", shape, 120)
    handwritten.main(str(project), str(tmp_path / "by-hand"))
    subprocess.run([sys.executable, "-m", "intentc", "build", str(project)], check=True, capture_output=True)
    ours = policies(project / "generated" / "default" / "kubernetes")
    assert ours
    assert ours == policies(tmp_path / "by-hand")


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_grow_with_the_program(shape: str, tmp_path: Path) -> None:
    """Count the calls of Python functions, which no other work on the machine changes."""
    other = write(tmp_path / "other", "random", 30, seed=2)
    projects = [str(other), *(str(write(tmp_path / str(count), shape, count)) for count in (200, 2000))]
    done = subprocess.run(
        [sys.executable, "-c", CALLS, *projects],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    small, large = json.loads(done.stdout)
    assert large <= 11 * small, (small, large)
    assert large <= CALLS_PER_INTENT * 2000, large / 2000


def test_one_line_more_writes_what_it_touches(tmp_path: Path) -> None:
    project = write(tmp_path / "project", "random", 300)
    command = [sys.executable, "-m", "intentc", "build", str(project)]
    subprocess.run(command, check=True, capture_output=True)
    before = {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*") if path.is_file()}
    with (project / "intents" / "program.intent").open("a") as file:
        file.write("team-1 -> team-2:12345\n")
    subprocess.run(command, check=True, capture_output=True)
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {
        "team-1.yaml",
        "team-2.yaml",
        "firewall.tf",
        "provenance.json",
        ".intentc-manifest.json",
    }


def test_the_script_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    project = write(tmp_path / "project", "random", 10)
    (project / "intents" / "program.intent").write_text("a -> b:80 via nodeport 30080\n")
    with pytest.raises(SystemExit):
        handwritten.main(str(project), str(tmp_path / "by-hand"))
    shutil.rmtree(project)


def test_the_summary_is_the_median_between_its_quartiles() -> None:
    found = summary([1.0, 5.0, 2.0, 4.0, 3.0])
    assert (found.low, found.median, found.high) == (2.0, 3.0, 4.0)
