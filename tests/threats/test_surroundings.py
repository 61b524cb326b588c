"""A build asks nobody, starts nothing, obeys nothing but its input, and tells nothing but its result."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import intentc
from intentc.analysis.division import FEWEST_FLOWS
from intentc.compiler import compile_texts
from tests.tools.development import ROOT

CANARY = "canary-5b1c77"
COMMAND = Path(sys.executable).with_name("intentc")
MARKS = (
    "a",
    "-",
    ".",
    "a-",
    "a.",
    "1",
    "1.",
    "0:",
    " ",
    '"',
    "\\",
    '\\"',
    "/",
    "a/",
    "[",
    "(",
    "{",
    ",",
    "a,",
    "=",
    "#",
)
LENGTH = 20_000
SECONDS = 2.0
"""No input within the limits takes longer, on any machine this is likely to run on."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.intent").write_text("shop -> data:5432\n* -> shop:80 only ingress\n")
    return folder


# --- Patterns -----------------------------------------------------------------------------------------------


def patterns() -> dict[str, re.Pattern[str]]:
    """Return every pattern that a module of ours has, by its name."""
    found = {}
    for module in pkgutil.walk_packages(intentc.__path__, "intentc."):
        if module.name != "intentc.__main__":
            for name, value in vars(importlib.import_module(module.name)).items():
                for number, item in enumerate(value.values() if isinstance(value, dict) else (value,)):
                    if isinstance(item, re.Pattern) and isinstance(item.pattern, str):
                        found[f"{module.name}.{name}[{number}]"] = item
    return found


def test_threat_22_no_pattern_takes_more_than_its_text_is_long() -> None:
    """Each text is tried whole, and with an end that does not fit: then a bad pattern tries again."""
    known = patterns()
    assert len(known) > 60
    slow = []
    for name, pattern in known.items():
        start = time.process_time()
        for mark in MARKS:
            text = mark * (LENGTH // len(mark))
            for tried in (text, f"{text}\0", f'"{text}\0', f"a{text}!"):
                pattern.fullmatch(tried)
                pattern.match(tried)
        if time.process_time() - start > SECONDS:
            slow.append(name)
    assert slow == []


@pytest.mark.parametrize("mark", MARKS)
def test_threat_22_no_line_takes_long(mark: str) -> None:
    line = (mark * 4000)[:4000]
    start = time.process_time()
    compile_texts(
        {"a.intent": "\n".join((line, f"a -> {line}:80", f"a[{line}] -> b:80", f'a -> b:80 because "{line}'))}
    )
    assert time.process_time() - start < 3 * SECONDS


# --- What a build does to the machine -----------------------------------------------------------------------


def traced(project: Path, tmp_path: Path, *arguments: str) -> list[str]:
    """Return the calls to the kernel of a run of the installed command, after Python was started."""
    assert shutil.which("strace"), "apt-get install strace"
    log = tmp_path / "trace"
    files = "openat,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat"
    calls = f"execve,fork,vfork,clone,clone3,%network,{files}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = ["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", str(log), str(COMMAND), *arguments]
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    return log.read_text(errors="replace").splitlines()


@pytest.mark.parametrize("copies", [0, 1])
def test_threat_35_a_build_asks_nobody_and_writes_only_its_output(
    copies: int, project: Path, tmp_path: Path
) -> None:
    """A large project is compiled by copies of the process, which start no program either."""
    if copies:
        text = "".join(f"a-{number} -> b-{number}:80\n" for number in range(2 * FEWEST_FLOWS))
        (project / "large.intent").write_text(text)
    lines = traced(project, tmp_path, "build", *(["--jobs", "2"] if copies else []))
    started = [line for line in lines if re.search(r" (execve|v?fork|clone3?)\(", line)]
    assert sum("execve(" in line and " = 0" in line for line in started) == 1  # Python itself
    assert len([line for line in started if "execve(" not in line and "resumed" not in line]) == copies
    network = r" (socket|connect|bind|sendto|sendmsg|recvfrom|getsockname|socketpair|listen|accept4?)\("
    assert [line for line in lines if re.search(network, line)] == []
    allowed = (str(project), f"{project.parent}/.project", str(tmp_path / "cache"))
    written = [
        line
        for line in lines
        if re.search(r"openat\(.*O_(WRONLY|RDWR|CREAT)|(rename|unlink|mkdir|creat)[a-z0-9]*\(", line)
        and "ENOENT" not in line
        and "EEXIST" not in line
    ]
    assert written
    for line in written:
        paths = re.findall(r'"([^"]*)"', line)
        assert all(not path.startswith("/") or path.startswith(allowed) for path in paths), line


def test_threat_36_all_that_is_installed_or_run_is_pinned() -> None:
    """The packages and their advisories are held by tests/test_supply.py."""
    for lock in (ROOT / "requirements").glob("*.lock"):
        for entry in re.split(r"\n(?=[a-z0-9])", lock.read_text())[1:]:
            assert re.match(r"[A-Za-z0-9._-]+==", entry), lock
            assert "--hash=sha256:" in entry, lock
    workflows = [*ROOT.glob(".github/**/*.y*ml"), ROOT / "action.yml"]
    for path in workflows:
        text = path.read_text()
        assert "pull_request_target" not in text
        assert all(re.search(r"@[0-9a-f]{40}\b", used) for used in re.findall(r"uses: *(.+)", text))


# --- What a run says ----------------------------------------------------------------------------------------


def test_threat_37_nothing_foreign_stands_in_what_is_said(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(f"password: {CANARY}\n")
    (project / "b.intent").write_text("shop -> nowhere\n")
    (project / "intentc.yaml").write_text("version: 1\nmanifests: ['../secret.yaml']\n")
    environment = {**os.environ, "TOKEN": CANARY, "PASSWORD": CANARY}
    said = ""
    for arguments in (["build"], ["check", "--format", "json"], ["build", "--manifests", "../secret.yaml"]):
        done = subprocess.run(
            [COMMAND, *arguments], cwd=project, env=environment, check=False, capture_output=True, text=True
        )
        assert done.returncode not in (0, 70)
        said += done.stdout + done.stderr
    assert said
    assert CANARY not in said


def test_threat_37_a_fault_of_ours_shows_no_value(project: Path) -> None:
    script = (
        "import sys, intentc.cli, intentc.cli.building as building\n"
        f"def fail(_request, secret={CANARY!r}): raise ValueError(secret)\n"
        "building.build = fail\n"
        "sys.argv = ['intentc', 'build', '.']\n"
        "intentc.cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, check=False, capture_output=True, text=True
    )
    assert done.returncode == 70
    assert "internal fault (ValueError at <string>:2)" in done.stderr
    assert CANARY not in done.stderr


def test_threat_38_stdout_holds_objects_and_nothing_else(project: Path) -> None:
    command = [str(COMMAND), "build", "--stdout"]
    done = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    kinds = [document["kind"] for document in yaml.safe_load_all(done.stdout)]
    assert kinds == ["NetworkPolicy"] * 3
    assert "warning[W306]" in done.stderr


HIJACKS = {
    "sitecustomize.py": f"open({CANARY!r}, 'w')",
    "usercustomize.py": f"open({CANARY!r}, 'w')",
    "yaml.py": f"open({CANARY!r}, 'w')",
    "lark.py": f"open({CANARY!r}, 'w')",
    "jinja2/__init__.py": f"open({CANARY!r}, 'w')",
    "intentc/__init__.py": f"open({CANARY!r}, 'w')",
    "intentc.toml": "plugins = ['x']",
    "pyproject.toml": "[tool.intentc]\nplugins = ['x']",
    ".env": f"PYTHONSTARTUP={CANARY}",
    "templates/kubernetes/policy.yaml.j2": CANARY,
    "grammar/intent.lark": CANARY,
}
CODE = (
    "plugins: [x]",
    "templates: t",
    "python: x",
    "extends: ../x.yaml",
    "include: x",
    "hooks: [x]",
    "$ref: x",
)


def test_threat_39_nothing_in_a_project_is_code(project: Path) -> None:
    plain = subprocess.run(
        [COMMAND, "build", "--stdout"], cwd=project, check=True, capture_output=True
    ).stdout
    for name, text in HIJACKS.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (project / "b.intent").write_text("a[x=y], b -> c:1 because 'not plain'\n")
    done = subprocess.run([COMMAND, "check"], cwd=project, check=False, capture_output=True)
    assert done.returncode == 1  # what is not plain is read by the real grammar
    (project / "b.intent").unlink()
    done = subprocess.run([COMMAND, "build", "--stdout"], cwd=project, check=True, capture_output=True)
    assert done.stdout == plain
    assert not list(project.rglob(CANARY))


@pytest.mark.parametrize("key", CODE)
def test_threat_39_the_project_file_names_no_code(key: str) -> None:
    result = compile_texts({"intentc.yaml": f"version: 1\n{key}\n", "a.intent": "a -> b:80\n"})
    assert [item.code for item in result.diagnostics if item.severity == "error"] == ["E604"]


def test_threat_40_no_byte_tells_when_where_or_by_whom(project: Path, tmp_path: Path) -> None:
    """The versions of Python, libyaml and the order of folders are held by tests/test_determinism.py."""
    seen = set()
    for number, (zone, language, seed) in enumerate(
        (
            ("UTC", "C", "0"),
            ("Pacific/Kiritimati", "de_DE.UTF-8", "1"),
            ("America/Caracas", "tr_TR.UTF-8", "77"),
        )
    ):
        folder = Path(shutil.copytree(project, tmp_path / f"{number}" / f"somewhere {number}"))
        environment = {**os.environ, "TZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": seed}
        subprocess.run([COMMAND, "build"], cwd=folder, env=environment, check=True, capture_output=True)
        files = sorted((folder / "generated").rglob("*"))
        seen.add(tuple((path.relative_to(folder), path.read_bytes()) for path in files if path.is_file()))
    (files_of_all,) = seen
    text = b"".join(content for _, content in files_of_all).decode()
    assert not re.search(r"\b20[0-9]{2}-[0-9]{2}|\b[0-9]{2}:[0-9]{2}:[0-9]{2}\b", text)
    assert str(tmp_path) not in text
