"""Clusters that are compiled side by side end in the same bytes and the same words as one after the other."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from intentc.compiler import Fleet, Options, Result, compile_program, load_project, parse_files

EXAMPLE = Path(__file__).parent.parent / "examples" / "fleet"

PROFILE = """\
version: 1
severity: {W302: error}
clusters:
  prod: {podCIDRs: [10.8.0.0/14], nodeCIDRs: [10.0.0.0/20]}
  dev: {dns: cloud-dns}
  edge: {dataplane: cilium, nodeCIDRs: [10.1.0.0/20]}
"""
CLEAN = b"""\
shop -> data:5432
with on prod {
  nodes -> shop:80 # intentc: allow W305
}
assert deny data -> shop:81 on prod
"""
PROGRAMS = {
    "clean": CLEAN,
    "syntax": CLEAN + b"shop => data:1\n",
    "a set is not known": CLEAN + b"@nobody -> data:1\n",
    "a warning in every cluster": CLEAN + b"shop -> data:*\n",
    "a silencer that silences on one": CLEAN + b"nodes -> shop:81 on prod # intentc: allow W305, W304\n",
    "an error of one cluster": CLEAN + b"nodes -> shop:82 on dev\n",
    "an error of a backend": CLEAN + b"shop -> data:80 via nodeport 30080 on edge\n",
    "an assert that fails on two": CLEAN + b"assert deny shop -> data:5432 on dev, edge\n",
    "a warning weighed as an error": CLEAN + b"shop -> data:5432\n",
}


def compiled(sources: dict[str, bytes], executor: Executor | None) -> Result:
    project, problems = load_project(PROFILE.encode())
    assert not problems
    program, syntax = parse_files(sources)
    fleet = None if executor is None else Fleet(executor, sources)
    return compile_program(program, project, Options(today="2026-01-01"), syntax, fleet=fleet)


@pytest.fixture(scope="module", params=[ProcessPoolExecutor, ThreadPoolExecutor])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with request.param(2) as made:
        yield made


@pytest.mark.parametrize("name", PROGRAMS)
def test_side_by_side_is_the_same(name: str, executor: Executor) -> None:
    sources = {"a.intent": PROGRAMS[name]}
    alone, together = compiled(sources, None), compiled(sources, executor)
    assert together.diagnostics == alone.diagnostics
    assert together.artifacts == alone.artifacts
    assert bool(alone.artifacts) == (not any(item.severity == "error" for item in alone.diagnostics))
    assert [cluster.proof and cluster.proof.documents for cluster in together.clusters] == [
        cluster.proof and cluster.proof.documents for cluster in alone.clusters
    ]


def test_the_programs_differ_in_what_goes_wrong() -> None:
    results = [compiled({"a.intent": text}, None) for text in PROGRAMS.values()]
    found = {tuple(item.code for item in result.diagnostics) for result in results}
    assert len(found) == len(PROGRAMS), found


def test_jobs_of_the_command_line_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "intentc.yaml").write_text(PROFILE)
    (tmp_path / "a.intent").write_bytes(CLEAN)
    found = []
    for jobs in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-m", "intentc", "build", "--jobs", jobs, "-o", f"out-{jobs}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        root = tmp_path / f"out-{jobs}"
        files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        found.append((done.stdout, done.stderr.replace(f"out-{jobs}", ""), files))
    assert found[0] == found[1]
    assert len(found[0][2]) > 10


def _listening(process: subprocess.Popen[str]) -> str:
    """Return the address a scheduler says it listens on."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"tcp://127\.0\.0\.1:[0-9]+", line):
            return found[0]
    raise AssertionError("the scheduler ended without listening")


def test_a_scheduler_with_two_workers_builds_the_example(tmp_path: Path) -> None:
    """Run the real scheduler and workers of Dask, each a process of its own on the loopback interface."""
    project = Path(shutil.copytree(EXAMPLE, tmp_path / "fleet"))
    expected = {str(path.relative_to(EXAMPLE)): path.read_bytes() for path in EXAMPLE.rglob("*.yaml")}
    shutil.rmtree(project / "generated")
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    dask = [sys.executable, "-m", "distributed.cli.dask_"]
    with contextlib.ExitStack() as stack:

        def start(kind: str, *options: str) -> subprocess.Popen[str]:
            command = [*dask[:-1], f"{dask[-1]}{kind}", *options, *local]
            process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        address = _listening(start("scheduler", "--port", "0"))
        for _ in range(2):
            start("worker", address, "--nthreads", "1", "--nworkers", "1", "--no-nanny")
        script = [sys.executable, str(EXAMPLE / "build_on_dask.py"), str(project), address]
        done = subprocess.run(script, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "proved: 3 flows equal" in done.stderr
    assert {str(path.relative_to(project)): path.read_bytes() for path in project.rglob("*.yaml")} == expected
