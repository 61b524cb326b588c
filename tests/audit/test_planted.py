"""Each planted mistake is found and nothing else, and of its twin, which is right, nothing is said.

A file in `planted` has three parts: policies with a mistake, with the codes it has and the world it is held
against, the same policies done right, and what is said of the first. `--update` rewrites the last part; read
every line of the diff.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from intentc.audit import Audit, audit
from intentc.compiler import load_inventory, load_project
from intentc.output.text import render

HERE = Path(__file__).parent
FILES = sorted((HERE / "planted").glob("*.txt"))
PARTS = re.compile(r"=== bad(?P<codes>(?: W7[0-9]{2})+)(?P<world>.*)\n(?P<bad>(?s:.*))"
                   r"=== ok\n(?P<ok>(?s:.*))=== found\n(?P<found>(?s:.*))")  # fmt: skip
PACKAGE = HERE.parent.parent / "intentc" / "audit"
TOO_LONG = {"W749"}
"""What only a set of policies raises that is far longer than a case."""


class Case(NamedTuple):
    """A mistake and its twin; `project` and `manifests` are names in `worlds`."""

    codes: list[str]
    project: str
    manifests: str
    bad: str
    ok: str
    found: str


def case(path: Path) -> Case:
    parts = PARTS.fullmatch(path.read_text())
    assert parts is not None, path
    world = dict(word.split("=") for word in parts["world"].split())
    assert set(world) <= {"project", "manifests"}
    return Case(
        parts["codes"].split(),
        world.get("project", ""),
        world.get("manifests", ""),
        parts["bad"],
        parts["ok"],
        parts["found"],
    )


def judged(policies: str, its: Case) -> Audit:
    project, problems = load_project(_bytes(f"{its.project}.yaml") if its.project else None)
    if its.manifests:
        name = f"{its.manifests}.manifests.yaml"
        project, more = load_inventory(project, [(name, _bytes(name), "default")])
        problems = (*problems, *more)
    assert problems == ()
    return audit([("policies.yaml", policies.encode(), "default")], project)


def _bytes(name: str) -> bytes:
    return (HERE / "worlds" / name).read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_found(path: Path, *, update: bool) -> None:
    its = case(path)
    diagnostics = judged(its.bad, its).diagnostics
    found = render(diagnostics)
    if update:
        head = path.read_text().partition("=== found\n")[0]
        path.write_text(f"{head}=== found\n{found}")
    assert [diagnostic.code for diagnostic in diagnostics] == its.codes
    assert update or found == its.found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_said_of_its_twin(path: Path) -> None:
    its = case(path)
    result = judged(its.ok, its)
    assert result.diagnostics == ()
    assert result.policies > 0
    assert its.ok != its.bad


def test_there_are_sixty_and_each_code_is_among_them() -> None:
    counts = Counter(code for path in FILES for code in case(path).codes)
    source = "".join(path.read_text() for path in PACKAGE.glob("*.py"))
    assert set(counts) == set(re.findall(r'"(W7[0-9]{2})"', source)) - TOO_LONG
    assert len(FILES) >= 60
