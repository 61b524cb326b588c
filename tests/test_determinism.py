"""The same input gives the same bytes wherever, whenever and in whatever order it is built."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from intentc.compiler import compile_texts
from tests.readback import CLUSTER
from tests.tools import development

ROOT = development.ROOT

# One test process for this module, because its tests compare with one run.
pytestmark = pytest.mark.xdist_group("determinism")
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


REFERENCE = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
ENVIRONMENTS: dict[str, tuple[dict[str, str], int, tuple[str, ...]]] = {
    "another seed, place and time": (
        {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
        0o022,
        ("reversed",),
    ),
    "no UTF-8": (
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "TZ": "America/St_Johns"},
        0o027,
        (),
    ),
    "no asserts, no libyaml": (
        {"PYTHONOPTIMIZE": "2", "PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"},
        0o077,
        ("plain-yaml",),
    ),
}
"""By name: the variables, the umask, and what `commands_anywhere.py` is told."""

VERSIONS = (11, 12, 13, 14)
"""Of Python 3: each is tried where it is found."""


def interpreter(minor: int) -> str | None:
    """Return a working Python 3.`minor` of PATH, or of pyenv, whose names on PATH may lead nowhere."""
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    named = [shutil.which(f"python3.{minor}"), *map(str, sorted(kept.glob(f"3.{minor}.*/bin/python")))]
    asked = "import sys; print(sys.version_info[:2])"
    for path in filter(None, named):
        done = subprocess.run([path, "-c", asked], check=False, capture_output=True, text=True)
        if done.returncode == 0 and done.stdout == f"(3, {minor})\n":
            return path
    return None


def packages_for(path: str, minor: int) -> Path:
    """Return where the locked packages for another Python are kept, installed by the first test to ask."""
    dev = development.load()
    lock = dev.REQUIREMENTS / "run.lock"
    kept: Path = dev.tools_directory().parent / f"python-3.{minor}-{dev.digest(lock, path)[:16]}"
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=kept.parent))
        pip = [sys.executable, "-m", "pip", "--python", path, "install", "--quiet", "--no-deps"]
        options = ["--require-hashes", "--only-binary", ":all:", "--target", fresh, "--requirement", lock]
        done = subprocess.run([*pip, *options], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with contextlib.suppress(OSError):  # another run was faster
            fresh.rename(kept)
    return kept


def everything(
    folder: Path,
    variables: dict[str, str],
    umask: int = 0o022,
    flags: tuple[str, ...] = (),
    python: str = sys.executable,
    packages: Path | str = "",
) -> Any:
    """Return what `commands_anywhere.py` prints when a Python runs it in `folder`."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        [python, "-B", str(ROOT / "tests/commands_anywhere.py"), str(ROOT), str(packages), *flags],
        env={**os.environ, **variables},
        cwd=folder,
        umask=umask,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = everything(tmp_path_factory.mktemp("reference") / "work", REFERENCE)
    assert {said.split()[1] for said in found["outputs"].values()} <= {"0", "1"}
    assert min(map(len, found["trees"].values())) > 5
    return found


def sums(found: Any) -> dict[str, str]:
    """Return every SHA-256 that a run printed, by its command, or by its tree and path."""
    files = {f"{root}/{path}": value for root, tree in found["trees"].items() for path, value in tree.items()}
    return {**found["outputs"], **files}


def different(found: Any, reference: Any) -> list[str]:
    """Return the names of the outputs and files that are not the same bytes."""
    here, there = sums(found), sums(reference)
    return sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))


def test_the_reference_is_what_is_committed(reference: Any) -> None:
    examples = sorted(path for path in ROOT.glob("examples/*/generated"))
    assert len(examples) >= 4
    for example in examples:
        name = example.relative_to(ROOT / "examples").as_posix()
        files = {
            path.relative_to(example).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in example.rglob("*")
            if path.is_file()
        }
        committed = {"outputs": {}, "trees": {name: files}}
        assert different(committed, {"outputs": {}, "trees": {name: reference["trees"][name]}}) == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_byte_depends_on_the_environment(name: str, reference: Any, tmp_path: Path) -> None:
    variables, umask, flags = ENVIRONMENTS[name]
    found = everything(tmp_path / "ein Ordner — ü", variables, umask, flags)
    assert found["facts"]["libyaml"] is ("plain-yaml" not in flags)
    assert (found["facts"]["turned"] > 50) is ("reversed" in flags)
    assert different(found, reference) == []


def test_no_byte_depends_on_the_version_of_python(reference: Any, tmp_path: Path) -> None:
    """The Python that runs the tests made the reference; any other that is found has to agree."""
    found = {minor: interpreter(minor) for minor in VERSIONS}
    for minor, path in found.items():
        if path is not None and (3, minor) != sys.version_info[:2]:
            packages = packages_for(path, minor)
            built = everything(tmp_path / str(minor), {}, python=path, packages=packages)
            assert built["facts"]["python"] == [3, minor]
            assert different(built, reference) == []


def test_a_difference_is_found(reference: Any) -> None:
    changed = json.loads(json.dumps(reference))
    changed["outputs"]["gke-paths: check"] += "0"
    del changed["trees"]["twice"]["prod/provenance.json"]
    assert different(changed, reference) == ["gke-paths: check", "twice/prod/provenance.json"]
