"""The same input gives the same bytes wherever, whenever and in whatever order it is built."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from intentc.compiler import compile_texts
from tests.readback import CLUSTER

EXAMPLE = Path(__file__).parent.parent / "examples" / "boutique"
LINES = [
    "shop[app=web] -> data[app=postgres]:5432 owner team-shop",
    "shop[app=web], billing -> data[app=postgres]:5432, metrics:9187",
    'shop -> kafka:9092, 9093-9099, 9100/udp because "events"',
    "shop -> b[app=x]:8443 via nodeport 30443",
    "203.0.113.0/24 -> b[app=x]:8443 via nodeport 30443",
    "nodes -> b[app=x]:9443",
    "@clients -> b[app=y]:80",
    "let clients = billing, shop[tier in (b, a)]",
    "isolate legacy",
]


def applied(files: dict[str, str]) -> dict[str, bytes]:
    """Return what is applied to a cluster or a project: everything but the record of provenance."""
    result = compile_texts({"intentc.yaml": CLUSTER, **files})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return {
        item.path: item.content for item in result.artifacts if not item.path.endswith("/provenance.json")
    }


@pytest.mark.parametrize("seed", range(20))
def test_no_byte_depends_on_order_place_or_number_of_lines(seed: int) -> None:
    expected = applied({"a.intent": "\n".join(LINES)})
    generator = random.Random(seed)
    lines = LINES + [line for line in LINES if generator.random() < 0.5 and not line.startswith("let")]
    generator.shuffle(lines)
    cut = generator.randrange(len(lines))
    files = {"z.intent": "\n\n".join(lines[:cut]), "sub/b.intent": "# more\n" + "\r\n".join(lines[cut:])}
    assert applied(files) == expected


ENVIRONMENTS: list[dict[str, str]] = [
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "TZ": "America/St_Johns"},
    {"PYTHONOPTIMIZE": "2", "PYTHONHASHSEED": "7", "COLUMNS": "40"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=range(len(ENVIRONMENTS)))
def test_no_byte_depends_on_the_environment(environment: dict[str, str], tmp_path: Path) -> None:
    project = tmp_path / "ein Ordner — ü" / "boutique"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("generated"))
    done = subprocess.run(
        [sys.executable, "-m", "intentc", "build", str(project), "-o", str(tmp_path / "out")],
        env={**os.environ, **environment},
        cwd=tmp_path,
        umask=0o027,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "out") == tree(EXAMPLE / "generated")


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
