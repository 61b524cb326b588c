"""An output directory becomes what a build wants, and nothing else in the world changes."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from intentc.output import kernel
from intentc.output.errors import OutputError
from intentc.output.manifest import LARGEST, Entry, Manifest, decode
from intentc.output.tree import Difference, WriteReport, compare_tree, write_tree

OLD = {
    "prod/kubernetes/shop.yaml": b"shop: 1\n",
    "prod/kubernetes/data.yaml": b"data: 1\n",
    "prod/terraform/firewall.tf": b"rule 1\n",
    "stage/kubernetes/shop.yaml": b"stage: 1\n",
}
NEW = {
    "prod/kubernetes/shop.yaml": b"shop: 1\n",
    "prod/kubernetes/data.yaml": b"data: 2, longer\n",
    "prod/kubernetes/mail.yaml": b"",
    "prod/terraform/firewall.tf": b"rule 1\n",
}
MANIFEST = ".intentc-manifest.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "out"


def write(root: Path, files: Mapping[str, bytes], **options: Any) -> WriteReport:
    return write_tree(root, files, **{"policies": {"prod": 3}, **options})


def compare(root: Path, files: Mapping[str, bytes], **options: Any) -> set[tuple[str, str]]:
    differences = compare_tree(root, files, **{"policies": {"prod": 3}, **options})
    assert list(differences) == sorted(differences)
    return {(difference.kind, difference.path) for difference in differences}


def found(root: Path) -> dict[str, bytes]:
    """Return the files below a directory but its manifest."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def beside(root: Path) -> list[Path]:
    """Return what is where a directory is: locks and strays would be there."""
    return sorted(root.parent.iterdir())


def code(error: pytest.ExceptionInfo[OutputError]) -> tuple[str, int]:
    return error.value.diagnostic.code, error.value.exit_code


def test_the_first_build_makes_the_directory_and_its_parents(tmp_path: Path) -> None:
    root = tmp_path / "a" / "b" / "out"
    report = write(root, OLD)
    assert found(root) == OLD
    entries = {path: Entry.of(content) for path, content in OLD.items()}
    assert report == WriteReport(tuple(sorted(OLD)), (), (), (), (), (), 0, 3, entries)
    assert beside(root) == [root]


def test_an_empty_directory_is_built_into(root: Path) -> None:
    root.mkdir()
    write(root, OLD)
    assert found(root) == OLD


def test_a_build_replaces_adds_and_removes_and_leaves_the_rest_alone(root: Path) -> None:
    write(root, OLD)
    before = {path: (root / path).stat() for path in OLD}
    report = write(root, NEW, policies={"prod": 4})
    assert found(root) == NEW
    assert report == WriteReport(
        written=("prod/kubernetes/data.yaml", "prod/kubernetes/mail.yaml"),
        unchanged=("prod/kubernetes/shop.yaml", "prod/terraform/firewall.tf"),
        removed=("stage/kubernetes/shop.yaml",),
        replaced=(),
        foreign=(),
        stuck=(),
        policies_before=3,
        policies_after=4,
        entries={path: Entry.of(content) for path, content in NEW.items()},
    )
    for path in report.unchanged:  # the same file, not one like it
        after = (root / path).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before[path].st_ino, before[path].st_mtime_ns)
        assert after.st_nlink == 1
    assert not (root / "stage").exists()
    assert beside(root) == [root]


def test_a_file_becomes_a_directory_and_back(root: Path) -> None:
    for files in ({"prod/a": b"file"}, {"prod/a/b": b"file below"}, {"prod": b"file above"}):
        write(root, files)
        assert found(root) == files


def test_the_manifest_says_what_is_ours_and_nothing_that_changes_without_reason(root: Path) -> None:
    write(root, {"b.yaml": b"b", "a/c.tf": b"longer"}, policies={"prod": 2, "dev": 1})
    content = (root / MANIFEST).read_text()
    digests = [sha256(text).hexdigest() for text in (b"longer", b"b")]
    assert content == (
        "{\n"
        '  "tool": "intentc",\n'
        '  "format": 1,\n'
        '  "policies": {\n'
        '    "dev": 1,\n'
        '    "prod": 2\n'
        "  },\n"
        '  "files": {\n'
        f'    "a/c.tf": {{"sha256": "{digests[0]}", "size": 6}},\n'
        f'    "b.yaml": {{"sha256": "{digests[1]}", "size": 1}}\n'
        "  }\n"
        "}\n"
    )
    assert json.loads(content)["files"]["b.yaml"]["size"] == 1
    write(root, {"a/c.tf": b"longer", "b.yaml": b"b"}, policies={"dev": 1, "prod": 2})
    assert (root / MANIFEST).read_text() == content


def test_a_manifest_survives_a_round_trip_even_when_empty() -> None:
    assert decode(Manifest({}, {}).encode()) == Manifest({}, {})
    assert json.loads(Manifest({}, {}).encode()) == {
        "tool": "intentc",
        "format": 1,
        "policies": {},
        "files": {},
    }


def test_a_build_without_changes_touches_nothing(root: Path) -> None:
    write(root, OLD)
    everything = [root.parent, root, *root.rglob("*")]
    before = [path.stat() for path in everything]
    with (
        patch.object(kernel, "exchange", side_effect=AssertionError),
        patch("os.mkdir", side_effect=AssertionError),
    ):
        report = write(root, OLD)
    assert (report.written, report.removed, set(report.unchanged)) == ((), (), set(OLD))
    after = [path.stat() for path in everything]
    assert [(status.st_ino, status.st_mtime_ns, status.st_ctime_ns) for status in before] == [
        (status.st_ino, status.st_mtime_ns, status.st_ctime_ns) for status in after
    ]


def test_a_build_without_changes_loads_no_library(root: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from intentc.output.tree import write_tree\n"
        "write_tree(Path(sys.argv[1]), {'a': sys.argv[2].encode()}, policies={'prod': 1})\n"
        "print('ctypes' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(root)]
    for content, loaded in (("first", "False\n"), ("next", "True\n"), ("next", "False\n")):
        done = subprocess.run([*command, content], check=True, capture_output=True, text=True)
        assert done.stdout == loaded


def test_a_lost_file_is_written_again(root: Path) -> None:
    write(root, OLD)
    (root / "prod/kubernetes/shop.yaml").unlink()
    assert write(root, OLD).written == ("prod/kubernetes/shop.yaml",)
    assert found(root) == OLD


def test_a_directory_without_its_manifest_is_taken_up_when_all_in_it_is_right(root: Path) -> None:
    write(root, OLD)
    (root / MANIFEST).unlink()
    assert write(root, OLD).unchanged == tuple(sorted(OLD))
    assert (root / MANIFEST).exists()


def test_directories_keep_their_permissions(root: Path) -> None:
    write(root, OLD)
    root.chmod(0o2750)
    (root / "prod").chmod(0o700)
    (root / "prod/kubernetes").chmod(0o555)
    write(root, NEW)
    modes = [oct(path.stat().st_mode & 0o7777) for path in (root, root / "prod", root / "prod/kubernetes")]
    assert modes == ["0o2750", "0o700", "0o555"]
    assert found(root) == NEW
    (root / "prod/kubernetes").chmod(0o755)


def test_a_scope_leaves_the_other_clusters_alone(root: Path) -> None:
    counts = {"prod": 3, "stage": 20}
    write(root, OLD, policies=counts)
    prod = {path: content for path, content in NEW.items() if path.startswith("prod/")}
    assert compare(root, prod, policies={"prod": 3}, scope=["prod"]) == {
        ("changed", MANIFEST),
        ("changed", "prod/kubernetes/data.yaml"),
        ("missing", "prod/kubernetes/mail.yaml"),
    }
    report = write(root, prod, policies={"prod": 3}, scope=["prod"])
    assert (report.removed, report.policies_before, report.policies_after) == ((), 3, 3)
    whole = prod | {"stage/kubernetes/shop.yaml": OLD["stage/kubernetes/shop.yaml"]}
    assert found(root) == whole
    assert compare(root, whole, policies=counts) == set()
    assert compare(root, prod, scope=["prod"]) == set()
    narrow = {"prod/terraform/firewall.tf": b"rule 2\n"}
    write(root, narrow, policies={}, scope=["prod/terraform"])
    assert found(root) == whole | narrow
    assert compare(root, whole | narrow, policies=counts) == set()


def test_a_scope_can_be_the_first_to_write(root: Path) -> None:
    write(root, {"prod/terraform/firewall.tf": b"1"}, policies={}, scope=["prod/terraform"])
    assert found(root) == {"prod/terraform/firewall.tf": b"1"}


def test_differences_have_their_kinds_and_comparing_changes_nothing(root: Path) -> None:
    assert compare(root, {"a": b"1"}) == {("missing", "a"), ("missing", MANIFEST)}
    assert compare(root / "no" / "parent", {"a": b"1"}) == {("missing", "a"), ("missing", MANIFEST)}
    assert not root.exists()
    write(root, OLD)
    assert compare(root, OLD) == set()
    (root / "prod/kubernetes/shop.yaml").write_bytes(b"edited")
    (root / "stage/kubernetes/shop.yaml").write_bytes(b"edited")
    (root / "prod/kubernetes/data.yaml").unlink()
    (root / "prod/notes.txt").write_text("mine")
    (root / "prod/kubernetes/mail.yaml").symlink_to("/nowhere")
    (root / "more").mkdir()
    before = sorted(path.lstat().st_ctime_ns for path in root.rglob("*"))
    assert compare(root, NEW) == {
        ("changed", MANIFEST),
        ("changed", "prod/kubernetes/shop.yaml"),
        ("missing", "prod/kubernetes/data.yaml"),
        ("changed", "prod/kubernetes/mail.yaml"),
        ("extra", "stage/kubernetes/shop.yaml"),
        ("foreign", "prod/notes.txt"),
        ("foreign", "more"),
    }
    assert sorted(path.lstat().st_ctime_ns for path in root.rglob("*")) == before
    assert beside(root) == [root]


def test_one_directory_is_compared_while_it_is_exchanged(root: Path) -> None:
    """A reader that finds files gone looks again when the directory is another one by now."""
    write(root, OLD)
    looks: list[bool] = []

    def build_meanwhile(path: str, *arguments: Any, **options: Any) -> int:
        if path == "prod" and not looks:
            looks.append(True)
            write(root, NEW)
        return descriptor(path, *arguments, **options)

    descriptor = os.open
    with patch("os.open", build_meanwhile):
        assert compare(root, NEW) == set()
    assert looks


@pytest.mark.parametrize("name", [".", "../out", "./../out/."])
def test_a_directory_can_be_named_by_dots(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, OLD)
    monkeypatch.chdir(root)
    write(Path(name), NEW)
    assert found(root) == NEW
    assert beside(root) == [root]


def test_a_relative_path_is_relative_to_where_one_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    write(Path("new/out"), OLD)
    assert found(root.parent / "new/out") == OLD


def test_the_root_of_the_file_system_is_no_output_directory() -> None:
    with pytest.raises(OutputError) as error:
        write(Path("/"), OLD)
    assert code(error) == ("E502", 5)
    assert "`/`" in str(error.value)


def test_without_hard_links_files_are_copied(root: Path) -> None:
    write(root, OLD)
    (root / "prod/mine").symlink_to("elsewhere")
    (root / "prod/notes.txt").write_text("mine")
    with patch("os.link", side_effect=PermissionError(1, "Operation not permitted")):
        write(root, NEW, force=True)
    assert found(root) == NEW | {"prod/notes.txt": b"mine"}
    assert str((root / "prod/mine").readlink()) == "elsewhere"


@pytest.mark.parametrize("reason", ["ENOSYS", "EINVAL", "ENOTSUP"])
def test_without_an_exchange_of_names_a_build_succeeds(root: Path, reason: str) -> None:
    number = getattr(errno, reason)
    write(root, OLD)
    with patch.object(kernel, "exchange", side_effect=OSError(number, os.strerror(number))):
        write(root, NEW)
    assert found(root) == NEW
    assert beside(root) == [root]


def test_another_failure_of_the_exchange_is_an_error(root: Path) -> None:
    write(root, OLD)
    with patch.object(kernel, "exchange", side_effect=OSError(5, "")), pytest.raises(OutputError) as error:
        write(root, NEW)
    assert code(error) == ("E501", 5)
    assert str(error.value) == f"cannot exchange `{root}`: input/output error"
    assert found(root) == OLD
    assert beside(root) == [root]


@pytest.mark.parametrize("known", [{}, {"x86_64": 316, "aarch64": 276}])
def test_the_exchange_is_called_by_number_where_the_library_has_no_name_for_it(
    root: Path, known: dict[str, int]
) -> None:
    """As with musl; and on a processor whose number is not known, there is none."""
    write(root, OLD)
    other = root.parent / "other"
    write(other, NEW)
    directory = os.open(root.parent, os.O_RDONLY)
    kernel._renameat2.cache_clear()
    with patch.object(kernel, "_function", return_value=None), patch.object(kernel, "_RENAMEAT2", known):
        if known and sys.platform == "linux":
            kernel.exchange(directory, "out", "other")
            assert (found(root), found(other)) == (NEW, OLD)
            with pytest.raises(FileNotFoundError):
                kernel.exchange(directory, "out", "missing")
        else:
            with pytest.raises(OSError, match="not implemented"):
                kernel.exchange(directory, "out", "other")
    kernel._renameat2.cache_clear()
    os.close(directory)


def test_without_ctypes_there_is_no_exchange_and_builds_succeed(root: Path) -> None:
    caches = (kernel._library, kernel._renameat2, kernel._syncfs)
    for cache in caches:
        cache.cache_clear()
    with patch.dict(sys.modules, {"ctypes": None}):
        write(root, OLD)
        write(root, NEW)
    for cache in caches:
        cache.cache_clear()
    assert found(root) == NEW


def test_a_huge_file_in_the_place_of_one_of_ours_is_not_read(root: Path) -> None:
    write(root, OLD)
    with (root / "prod/kubernetes/shop.yaml").open("wb") as file:
        file.truncate(10**12)
    with (root / MANIFEST).open("r+b") as file:
        file.truncate(LARGEST + 1)
    assert ("changed", "prod/kubernetes/shop.yaml") in compare(root, OLD)


def test_many_files_take_few_open_descriptors(root: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from intentc.output.tree import write_tree\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160))\n"
        "files = {f'c{n % 300}/kubernetes/n{n}.yaml': b'%d' % n for n in range(1000)}\n"
        "write_tree(Path(sys.argv[1]), files, policies={'c': 1})\n"
    )
    subprocess.run([sys.executable, "-c", script, str(root)], check=True)
    assert len(found(root)) == 1000


def test_a_difference_is_sorted_by_its_path() -> None:
    assert Difference("a", "foreign") < Difference("b", "changed")
