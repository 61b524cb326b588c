"""What is read is a regular file of the project within the limits, and no small input costs much."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from intentc.analysis import statements
from intentc.cli.workspace import open_workspace
from intentc.compiler import compile_texts

CANARY = "canary-9f2c17"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project beside a file that it must never read."""
    (tmp_path / "secret.intent").write_text(f"{CANARY} is no intent\n")
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.intent").write_text("shop -> data:5432\n")
    return root


def run(*arguments: str, cwd: Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the compiler; whatever it says, it is no traceback and holds nothing of foreign files."""
    command = [sys.executable, "-m", "intentc", *arguments]
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=seconds)
    assert "Traceback" not in done.stderr
    assert CANARY not in done.stdout + done.stderr
    return done


OUTSIDE = (
    *("../secret.intent", "../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "a/../../secret.intent"),
    *("./../secret.intent", "~/x.intent", "..", "..\\secret.intent", "%2e%2e/secret.intent"),
)


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("key", ["intents: [{}]", "manifests: [{}]", "output: {}"])
def test_threat_12_no_path_of_the_project_file_leads_out(key: str, path: str, project: Path) -> None:
    (project / "intentc.yaml").write_text("version: 1\n" + key.format(f"'{path}'") + "\n")
    before = {place: place.stat().st_mtime_ns for place in project.parent.iterdir()}
    done = run("build", cwd=project)
    if key != "output: {}" or done.returncode:
        assert done.returncode in {2, 3}
        assert not (project / "generated").exists()
    after = {place: place.stat().st_mtime_ns for place in project.parent.iterdir()}
    assert after.keys() == before.keys()
    assert after[project.parent / "secret.intent"] == before[project.parent / "secret.intent"]


def test_threat_13_links_are_followed_inside_the_project_only(project: Path) -> None:
    (project / "deep").mkdir()
    (project / "inside.intent").symlink_to("deep/../a.intent")
    assert sorted(open_workspace(project).sources) == ["a.intent", "inside.intent"]
    (project / "deep" / "outside.intent").symlink_to("../../secret.intent")
    workspace = open_workspace(project)
    assert [item.code for item in workspace.diagnostics] == ["E511"]
    assert not any(CANARY.encode() in data for data in workspace.sources.values())
    assert run("build", cwd=project).returncode == 5


def test_threat_13_a_project_file_that_leads_nowhere_is_no_missing_one(project: Path) -> None:
    (project / "intentc.yaml").symlink_to("gone.yaml")
    assert run("build", cwd=project).returncode == 5
    assert not (project / "generated").exists()


@pytest.mark.parametrize("victim", ["folder/a.intent", "folder"])
def test_threat_13_a_link_that_appears_meanwhile_is_not_followed(victim: str, project: Path) -> None:
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.intent").write_text(f"{CANARY} -> x:1\n")
    (project / "folder").mkdir()
    (project / "folder" / "a.intent").write_text("inside -> x:1\n")
    place, link, real = project / victim, project.parent / "link", project.parent / "real"
    link.symlink_to(elsewhere / "a.intent" if victim != "folder" else elsewhere)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            place.rename(real)
            link.rename(place)
            place.rename(link)
            real.rename(place)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = {"read": 0, "refused": 0}
    try:
        for number in range(20_000):
            if number > 500 and min(seen.values()) > 0:
                break
            workspace = open_workspace(project)
            assert not any(CANARY.encode() in data for data in workspace.sources.values())
            seen["read" if "folder/a.intent" in workspace.sources else "refused"] += 1
    finally:
        stop.set()
        swapper.join()
    assert min(seen.values()) > 0, seen


DEEP = {
    "blocks": ("a.intent", "with owner x {\n" * 100_000),
    "braces": ("a.intent", "{" * 4000 + "\n"),
    "brackets": ("a.intent", "a[" * 2000 + "\n"),
    "parentheses": ("a.intent", "a[b in " + "(" * 4000 + "\n"),
    "a project file of lists": ("intentc.yaml", "version: 1\nclusters: " + "[" * 100_000),
    "a project file of mappings": ("intentc.yaml", "version: 1\nclusters: " + "{a: " * 100_000),
    "a project file of indents": ("intentc.yaml", "".join(" " * n + "a:\n" for n in range(2000))),
}


@pytest.mark.parametrize("kind", DEEP)
def test_threat_16_deep_nesting_is_an_error(kind: str) -> None:
    path, text = DEEP[kind]
    start = time.process_time()
    result = compile_texts({"a.intent": "a -> b:80\n", path: text})
    assert time.process_time() - start < 5
    assert result.artifacts == ()
    assert any(item.severity == "error" for item in result.diagnostics)


def test_threat_17_each_set_is_expanded_once_and_a_cycle_is_shown() -> None:
    diamonds = "".join(f"let s{n + 1} = @s{n}, @s{n}, a{n}\n" for n in range(1000))
    start = time.process_time()
    result = compile_texts({"a.intent": f"let s0 = a, b\n{diamonds}@s1000 -> x:80\n"})
    assert time.process_time() - start < 20
    if result.artifacts:
        assert len(result.clusters[0].policy.flows) == 1002
    for cycle in ("let a = @a\n", "let a = @b\nlet b = @a\n", "let a = @b\nlet b = @c\nlet c = @a\n"):
        result = compile_texts({"a.intent": cycle + "@a -> x:80\n"})
        assert [item.code for item in result.diagnostics if item.severity == "error"] == ["E204"]


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
DOCUMENT = f"apiVersion: v1\nkind: Namespace\nmetadata: &m {{name: a}}\nx: [*m, *m]\n{BOMB}"


def test_threat_18_an_alias_is_never_expanded() -> None:
    result = compile_texts({"intentc.yaml": f"version: 1\n{BOMB}", "a.intent": "a -> b:80"})
    assert {item.code for item in result.diagnostics} >= {"E603"}
    manifests = {"intentc.yaml": "version: 1\nmanifests: [k.yaml]\n", "k.yaml": DOCUMENT}
    result = compile_texts({**manifests, "a.intent": "a -> b:80"})
    assert "E803" in {item.code for item in result.diagnostics}
    assert result.artifacts == ()


PRODUCT = """
import resource, sys, time
from intentc.compiler import compile_texts
lines = [f"let s{n} = " + ", ".join(f"a{n}-{i}" for i in range(250)) for n in range(40)]
lines += [f"let t{n} = " + ", ".join(f"b{n}-{i}" for i in range(250)) for n in range(40)]
lines += [f"let {of} = " + ", ".join(f"@{of}{n}" for n in range(40)) for of in "st"]
text = "\\n".join([*lines, "@s -> @t:80", ""])
start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = compile_texts({"a.intent": text})
codes = [item.code for item in result.diagnostics if item.severity == "error"]
assert codes == ["E219"], codes
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_threat_19_a_product_is_counted_before_it_is_made() -> None:
    done = subprocess.run([sys.executable, "-c", PRODUCT], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seconds, kibibytes = map(float, done.stdout.split())
    assert seconds < 5  # one second, on a machine that has nothing else to do
    assert kibibytes < 100 * 1024


@pytest.mark.parametrize(
    ("limit", "said"),
    [("MAXIMUM_STATEMENTS", "program has 4 statements"), ("MAXIMUM_TOTAL_FLOWS", "program has 7 flows")],
)
def test_threat_19_a_program_is_counted_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    text = "let s = x, y, z\n@s -> a:80, b:81\nc -> d:80\nisolate e\n"
    count = int(said.split()[2])
    monkeypatch.setattr(statements, limit, count)
    assert compile_texts({"a.intent": text}).artifacts
    monkeypatch.setattr(statements, limit, count - 1)
    result = compile_texts({"a.intent": text})
    assert [(item.code, item.message) for item in result.diagnostics] == [("E219", said)]
    assert result.artifacts == ()


def test_threat_20_a_range_stays_a_range() -> None:
    result = compile_texts({"a.intent": "a -> b:1-65535, 100-200, 150-300\nc -> d:1-65535/udp\n"})
    text = b"".join(item.content for item in result.artifacts if "/kubernetes/" in item.path)
    assert text.count(b"endPort: 65535") == 4
    assert text.count(b"port:") < 20
    result = compile_texts({"a.intent": "0.0.0.0/0 -> b:80\n"})
    assert [item.code for item in result.diagnostics] == ["E144"]


SPECIAL = ("fifo", "sparse", "device", "socket", "folder", "loop")


@pytest.mark.parametrize("name", ["b.intent", "intentc.yaml"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_threat_21_only_regular_files_within_the_limits_are_read(
    kind: str, name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = project / name
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "sparse":
        with place.open("wb") as file:
            file.truncate(10 * 2**30)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    elif kind == "socket":
        monkeypatch.chdir(project)  # the path of a socket is short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = run("build", cwd=project)
    expected = 0 if (kind, name) == ("folder", "b.intent") else 5
    assert done.returncode == expected, done.stderr
    if expected:
        assert f"`{name}`" in done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 10


NUMBERS = (
    *("08", "080", "00", "0", "-1", "+80", "1_0", "0x50", "0o120", "0b1", "8e1", "80.0", "65536"),
    *("99999", "4294967376", "9" * 20, "9" * 4000, "\u0663", "\uff18\uff10", "\u00b2", "\u0be7"),
    *("1\u066b5", "80\u00a0", "80/", "80/TCP", "80-", "-80", "90-80", "0-80", "80-65536", "80-090"),
    *("1-2-3", "80--90", "0-0", "80,", "80,,90", "NaN", "1,000,0", "80%", "8 0"),
)


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
def test_threat_23_a_number_is_digits_in_its_range(number: str) -> None:
    for line in (f"a -> b:{number}", f"a -> b:443 via nodeport {number}"):
        result = compile_texts({"a.intent": line})
        assert any(item.severity == "error" for item in result.diagnostics), line
        assert result.artifacts == ()


ADDRESSES = (
    "10.0.0.08",
    "10.0.0.0/08",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/+8",
    "010.0.0.0/8",
    "\u0661\u0660.0.0.0/8",
)


@pytest.mark.parametrize("text", ADDRESSES)
def test_threat_23_an_address_is_written_in_one_way(text: str) -> None:
    result = compile_texts({"a.intent": f"a -> {text}:80"})
    assert any(item.severity == "error" for item in result.diagnostics)
    result = compile_texts({"intentc.yaml": f"version: 1\nclusters: {{p: {{podCIDRs: ['{text}']}}}}\n"})
    assert any(item.severity == "error" for item in result.diagnostics)
