"""What ships is complete, the same every time, and works where it is installed."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import intentc
from tests.tools import development

ROOT = development.ROOT

# Packages whose files live at the top level.
DATA = {"intentc/grammar": "grammar", "intentc/templates": "templates", "intentc/docs": "docs"}

# One test process for this module, because its tests share what they build and install.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


def execute(*command: str | Path, **options: Any) -> str:
    """Run a program that has to succeed, and return what it printed."""
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=600, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def repository() -> set[str]:
    """Return the files of the repository, with those not yet committed."""
    names = execute("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    return {name for name in names.split("\0") if (ROOT / name).is_file()}


def shipped() -> dict[str, Path]:
    """Return the files that belong into a wheel, by their names there."""
    files = {name: ROOT / name for name in repository() if name.startswith("intentc/")}
    for package, folder in DATA.items():
        pages = {"docs/__init__.py", "docs/diagnostics.md"}  # all other documentation stays out
        names = {name for name in repository() if name.startswith(f"{folder}/")}
        names = names & pages if folder == "docs" else names
        files |= {package + name.removeprefix(folder): ROOT / name for name in names}
    return files


def build(directory: Path, *, umask: int, **environment: str) -> dict[str, Path]:
    """Build both distributions of a copy of the repository, the wheel from the source distribution."""
    for name in repository():
        copied = directory / "source" / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copied)
        copied.chmod((0o777 if os.access(ROOT / name, os.X_OK) else 0o666) & ~umask)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", ".", "source"]
    execute(*command, cwd=directory, umask=umask, env={**os.environ, **environment})
    return {path.suffix: path for path in directory.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("built"), umask=0o022, TZ="UTC", PYTHONHASHSEED="1")


def test_two_builds_are_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    again = build(tmp_path / "elsewhere", umask=0o077, TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    assert set(again) == {".whl", ".gz"}
    for kind, path in again.items():
        assert path.name == built[kind].name
        assert path.read_bytes() == built[kind].read_bytes()


def test_the_wheel_has_every_file_and_nothing_else(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built[".whl"]) as wheel:
        content = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
        times = {entry.date_time for entry in wheel.infolist()}
    assert content == {name: path.read_bytes() for name, path in shipped().items()}
    assert "intentc/grammar/intent.lark" in content
    assert times == {(1980, 1, 1, 0, 0, 0)}


def test_the_source_distribution_is_the_repository(built: dict[str, Path]) -> None:
    with tarfile.open(built[".gz"]) as archive:
        entries = [entry for entry in archive if entry.isfile()]
    prefix = f"intentc-{intentc.__version__}/"
    names = {entry.name.removeprefix(prefix) for entry in entries}
    left_out = {".ci/run", ".editorconfig", ".gitattributes", ".gitignore"}
    assert repository() - names == left_out
    assert {(entry.uid, entry.uname, entry.mtime) for entry in entries} == {(0, "", 315532800)}
    assert {entry.name for entry in entries if entry.mode & 0o111} == {
        f"{prefix}dev",
        f"{prefix}integrations/install.sh",
    }


@pytest.fixture(scope="module", params=["wheel", "editable"])
def environment(
    request: pytest.FixtureRequest, built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a fresh environment that holds the locked packages and intentc, and no tool to build it with."""
    directory = tmp_path_factory.mktemp(request.param)
    wheel = built[".whl"]
    if request.param == "editable":
        source = str(wheel.parent / "source")
        code = "import build, sys; print(build.ProjectBuilder(sys.argv[1]).build('editable', '.'))"
        wheel = Path(execute(sys.executable, "-c", code, source, cwd=directory).splitlines()[-1])
    execute(sys.executable, "-m", "venv", "--without-pip", directory / "environment")
    pip = [sys.executable, "-m", "pip", "--python", str(directory / "environment"), "install", "--no-deps"]
    execute(*pip, "--require-hashes", "--requirement", ROOT / "requirements/run.lock")
    execute(*pip, wheel)
    return directory / "environment"


READ_DATA = """
import json, sys
from importlib.resources import files

def read(name):
    package, *parts = name.split("/")
    return files(package).joinpath(*parts).read_text()

print(json.dumps({name: read(name) for name in json.loads(sys.argv[1])}))
"""


def test_data_is_found_where_it_is_installed(environment: Path, tmp_path: Path) -> None:
    files = {name: path.read_text() for name, path in shipped().items() if not name.endswith(".py")}
    names = {f"intentc.{name.removeprefix('intentc/')}": text for name, text in files.items()}
    python = environment / "bin" / "python"
    found = execute(python, "-I", "-c", READ_DATA, json.dumps(list(names)), cwd=tmp_path)
    assert json.loads(found) == names
    assert "intentc.grammar/intent.lark" in names


def test_the_program_says_its_version(environment: Path, tmp_path: Path) -> None:
    assert (
        execute(environment / "bin" / "intentc", "--version", cwd=tmp_path)
        == f"intentc {intentc.__version__}\n"
    )


def test_the_program_builds(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.intent").write_text("namespace-a -> namespace-b:8443\n")
    execute(environment / "bin" / "intentc", "build", "shop.intent", "--output", "out", cwd=tmp_path)
    written = {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {".yaml", ".tf"} <= written
