"""Kills, failing calls, races and refusing disks leave the old tree or the new one, in short."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from intentc.output import kernel
from intentc.output.directory import Directory
from intentc.output.errors import OutputError
from intentc.output.exchange import new_name
from intentc.output.lock import held
from intentc.output.names import check_names
from intentc.output.tree import write_tree
from tests.faults.trees import make_trees, memory, read, write

ROOT = Path(__file__).resolve().parent.parent


def faults(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the faults in a process of their own, because they fork."""
    command = [sys.executable, "-m", "tests.faults", "--seed", "1", "--directory", str(memory())]
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


# --- Threats 25 to 28: the short form of the fault harness, and proof that it can fail --------------------


def passes(part: str, *arguments: str) -> None:
    done = faults(part, *arguments)
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert f"\n{part}: " in done.stdout


def test_threat_25_kills_at_random_moments() -> None:
    passes("kills", "--kills", "200")


def test_threat_25_kills_where_names_cannot_be_exchanged() -> None:
    passes("kills without exchange")


def test_threat_26_failing_calls_kills_and_interrupts_at_each() -> None:
    passes("calls", "--every", "41")


def test_threat_26_limits_of_files() -> None:
    passes("limits")


def test_threat_26_directories_that_refuse() -> None:
    passes("refusals")


def test_threat_27_many_builds_at_once() -> None:
    passes("races", "--builders", "20", "--rounds", "4")


@pytest.mark.parametrize("part", ["kills", "calls", "races"])
def test_the_harness_finds_out_a_writer_that_is_not_safe(part: str) -> None:
    done = faults(part, "--in-place", "--builders", "5", "--every", "5")
    assert done.returncode == 1
    assert f"\n{part}: VIOLATION: " in done.stdout


def test_threat_25_all_is_on_the_disk_before_the_exchange(tmp_path: Path) -> None:
    """After a loss of power, there is the old tree or the new one: nothing exchanged is only in memory."""
    for count in (3, 200):  # flushed one by one, and all at once
        root = tmp_path / f"out{count}"
        for generation in range(2):
            dirty, flushed = trace(root, {f"d{n % 3}/f{n}": b"%d" % generation for n in range(count)})
            assert flushed
            assert dirty == set()


def trace(root: Path, files: dict[str, bytes]) -> tuple[set[tuple[int, int]], list[str]]:
    """Return what was written and not flushed when the new tree took its place, and the later flushes."""
    dirty: set[tuple[int, int]] = set()
    left: list[set[tuple[int, int]]] = []
    flushed: list[str] = []

    def identity(descriptor: int) -> tuple[int, int]:
        status = os.fstat(descriptor)
        return status.st_dev, status.st_ino

    def record(name: str, real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            result = real(*arguments, **options)
            if name == "write":
                dirty.add(identity(arguments[0]))
            elif name == "fsync":
                dirty.discard(identity(arguments[0]))
                if left:
                    flushed.append(
                        "parent" if identity(arguments[0])[1] == root.parent.stat().st_ino else "?"
                    )
            elif name == "sync_file_system":
                dirty.clear()
            elif name == "mkdir":
                dirty.add(identity(options["dir_fd"]))
                made = os.stat(arguments[0], dir_fd=options["dir_fd"])
                dirty.add((made.st_dev, made.st_ino))
            elif name == "link":
                dirty.add(identity(options["dst_dir_fd"]))
            elif name == "open" and arguments[1] & os.O_CREAT:
                dirty.add(identity(result))
                dirty.add(identity(options["dir_fd"]))
            elif name in {"rename", "exchange"}:
                parent = root.parent.stat()
                left.append({item for item in dirty if item != (parent.st_dev, parent.st_ino)} - lock())
            return result

        return call

    def lock() -> set[tuple[int, int]]:
        status = (root.parent / f".{root.name}.intentc-lock").stat()
        return {(status.st_dev, status.st_ino)}

    calls = [(os, name) for name in ("write", "fsync", "mkdir", "link", "open", "rename")]
    calls += [(kernel, "exchange"), (kernel, "sync_file_system")]
    patches = [patch.object(module, name, record(name, getattr(module, name))) for module, name in calls]
    for each in patches:
        each.start()
    try:
        write_tree(root, files, policies={"prod": 1})
    finally:
        for each in patches:
            each.stop()
    assert len(left) == 1
    assert flushed == ["parent"]
    return left[0], flushed


def test_threat_25_the_next_build_collects_what_a_kill_left(tmp_path: Path) -> None:
    old, new = make_trees(2)
    root = tmp_path / "out"
    for tree in (old, old, new):  # with nothing to do, and with something
        write(root, old)
        (tmp_path / new_name("out") / "prod").mkdir(parents=True)
        (tmp_path / new_name("out", "old-")).mkdir()
        (tmp_path / new_name("out", "old-")).symlink_to("/")
        (tmp_path / ".out.intentc-lock").write_text("nonsense")
        others = [tmp_path / name for name in (".out.intentc-1", ".out2.intentc-1-0123456789abcdef", "..out")]
        for other in others:
            other.mkdir(exist_ok=True)
        assert write(root, tree).stuck == ()
        assert sorted(tmp_path.iterdir()) == sorted([root, *others])


def test_threat_25_what_cannot_be_collected_is_told(tmp_path: Path) -> None:
    (tree,) = make_trees(1)
    root = tmp_path / "out"
    write(root, tree)
    stray = tmp_path / new_name("out")
    (stray / "prod").mkdir(parents=True)
    with patch("os.rmdir", side_effect=OSError(5, "")):
        assert write(root, tree).stuck == (str(stray),)
    assert write(root, tree).stuck == ()
    assert not stray.exists()


def test_threat_28_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    old, new = make_trees(2)
    root = tmp_path / "out"
    write(root, old)
    before = read(root)
    for name in ("fsync", "link", "write"):
        with patch.object(os, name, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            write(root, new)
        assert read(root) == before
        assert list(tmp_path.iterdir()) == [root]


# --- Threat 27: the lock ----------------------------------------------------------------------------------


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Directory]:
    with Directory.open(str(tmp_path)) as directory:
        yield directory


def test_threat_27_the_lock_names_its_holder(tmp_path: Path, parent: Directory) -> None:
    old, new = make_trees(2)
    root = tmp_path / "out"
    write(root, old)
    with held(parent, "out", 0):
        assert (tmp_path / ".out.intentc-lock").read_text() == f"{os.getpid()} {os.uname().nodename}\n"
        start = time.monotonic()
        with pytest.raises(OutputError) as caught:
            write_tree(root, new, policies={"prod": 10}, patience=0.2)
        assert 0.2 <= time.monotonic() - start < 5
        holder = f"process {os.getpid()} on {os.uname().nodename}"
        assert str(caught.value) == f"`{root}` has been locked by {holder} for more than 0.2 seconds"
        assert (caught.value.diagnostic.code, caught.value.exit_code) == ("E503", 5)
        assert write(root, old).written == ()  # a build without changes needs no lock
        (tmp_path / ".out.intentc-lock").write_text("::error:: \x1b]8;;evil\n")
        with pytest.raises(OutputError, match="has been locked by another build for"):
            write_tree(root, new, policies={"prod": 10}, patience=0)
    write(root, new)
    assert list(tmp_path.iterdir()) == [root]


def test_threat_27_a_build_waits_for_the_lock(tmp_path: Path, parent: Directory) -> None:
    old, new = make_trees(2)
    root = tmp_path / "out"
    write(root, old)
    thread = threading.Thread(target=write, args=(root, new))
    with held(parent, "out", 0):
        thread.start()
        time.sleep(0.1)
        assert read(root) != new
        assert thread.is_alive()
    thread.join()
    assert (read(root) or {}).items() >= new.items()


def test_threat_27_a_lock_file_that_another_replaced_is_not_the_lock(
    tmp_path: Path, parent: Directory
) -> None:
    """Who waited for a file that its holder removed has to take the one that bears the name now."""
    path = tmp_path / ".out.intentc-lock"
    real = fcntl.flock
    removed: list[Path] = []

    def flock(descriptor: int, operation: int) -> None:
        real(descriptor, operation)
        if not removed:
            removed.append(path)
            path.unlink()
            path.touch()

    with (
        patch.object(fcntl, "flock", flock),
        held(parent, "out", 5),
        path.open() as other,
        pytest.raises(BlockingIOError),
    ):
        real(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert removed


@pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
def test_threat_14_a_lock_file_that_is_none_is_refused(tmp_path: Path, kind: str) -> None:
    (tree,) = make_trees(1)
    victim, path = tmp_path / "victim", tmp_path / ".out.intentc-lock"
    victim.write_text("precious")
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(OutputError, match="not a file") as caught:
        write(tmp_path / "out", tree)
    assert (caught.value.diagnostic.code, caught.value.path) == ("E502", str(path))
    assert victim.read_text() == "precious"


# --- Threat 15: names of files ----------------------------------------------------------------------------

ILLEGAL = {
    "": "is not a relative path of letters, digits, dots, hyphens and underscores",
    ".": "is not a relative path",
    "..": "is not a relative path",
    "a/../b": "is not a relative path",
    "a/./b": "is not a relative path",
    "../a": "is not a relative path",
    "/etc/passwd": "is not a relative path",
    "a//b": "is not a relative path",
    "a/": "is not a relative path",
    "a\n": "is not a relative path",
    "a\x00": "is not a relative path",
    "a\x1b[31m": "is not a relative path",
    "a b": "is not a relative path",
    "a\\b": "is not a relative path",
    "-rf": "is not a relative path",
    "a/-rf": "is not a relative path",
    "ä": "is not a relative path",
    "file:a": "is not a relative path",
    "~": "is not a relative path",
    "a" * 201: "has a part of more than 200 characters",
    "prod/" + "a" * 300: "has a part of more than 200 characters",
    ".intentc-manifest.json": "is taken by the manifest",
    ".INTENTC-manifest.json": "differs from `.intentc-manifest.json` in case only",
    ".intentc-manifest.json/a": "is a directory of other output files",
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_threat_15_a_name_that_could_lead_elsewhere_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError) as caught:
        write_tree(tmp_path / "out", {"fine": b"", name: b""}, policies={"prod": 1})
    assert caught.value.diagnostic.code == "E506"
    assert ILLEGAL[name] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("A", "a"), "`a` differs from `A` in case only"),
        (("prod/a", "Prod/b"), "`Prod/b` differs from `prod` in case only"),
        (("x/Prod/a", "x/prod"), "`x/prod` differs from `x/Prod` in case only"),
        (("a", "a/b"), "`a` is a directory of other output files"),
        (("a/b", "a"), "`a` is a directory of other output files"),
        (("a", "a"), "`a` occurs twice"),
    ],
)
def test_threat_15_names_that_meet_are_an_error(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(OutputError) as caught:
        check_names(names)
    assert str(caught.value) == f"the output file name {reason}"


def test_threat_15_ordinary_names_are_fine(tmp_path: Path) -> None:
    names = ("con", "nul.yaml", "a" * 200, "...", ".hidden", "prod/no", "prod/on.yaml", "a.b_c-d", "1e3")
    check_names(names)
    write_tree(tmp_path / "out", dict.fromkeys(names, b"1"), policies={"prod": 1})


@pytest.mark.parametrize("name", ["", "a\n", 'a"', "ä", "a/b", "a" * 254])
def test_threat_15_the_name_of_a_cluster_cannot_break_the_manifest(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a cluster"):
        write_tree(tmp_path / "out", {}, policies={name: 1})
