"""What is not ours is neither replaced nor removed nor followed, and too small a result needs a flag."""

import os
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from intentc.output.errors import OutputError, RefusedError
from intentc.output.tree import WriteReport, compare_tree, write_tree
from tests.faults.calls import Calls, watching
from tests.faults.trees import memory

OLD = {"prod/kubernetes/a.yaml": b"a 1\n", "prod/kubernetes/b.yaml": b"b 1\n", "prod/terraform/f.tf": b"f\n"}
NEW = {"prod/kubernetes/a.yaml": b"a 2\n", "prod/terraform/f.tf": b"f\n"}
MANIFEST = ".intentc-manifest.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a directory that holds the old tree."""
    write(tmp_path / "out", OLD)
    return tmp_path / "out"


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """Return a directory for a test that builds hundreds of times."""
    with tempfile.TemporaryDirectory(dir=memory()) as directory:
        yield Path(directory)


def write(root: Path, files: Mapping[str, bytes], **options: Any) -> WriteReport:
    return write_tree(root, files, **{"policies": {"prod": 3}, **options})


def found(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != MANIFEST
    }


def refusal(root: Path, files: Mapping[str, bytes], error_code: str, **options: Any) -> OutputError:
    """Return the error of a build that must not change a thing."""
    before = {path: path.lstat().st_ctime_ns for path in root.rglob("*")}
    with pytest.raises(OutputError) as caught:
        write(root, files, **options)
    assert caught.value.diagnostic.code == error_code
    assert caught.value.exit_code == (3 if error_code in {"E520", "E521"} else 5)
    assert {path: path.lstat().st_ctime_ns for path in root.rglob("*")} == before
    assert sorted(root.parent.iterdir()) == [root]
    return caught.value


def obstacles(root: Path, files: Mapping[str, bytes], **options: Any) -> dict[str, str]:
    error = refusal(root, files, "E504", **options)
    assert isinstance(error, RefusedError)
    return dict(error.obstacles)


# --- Threat 30: files that were edited by hand, and files of others ---------------------------------------


def test_threat_30_an_edited_file_stops_the_build_and_force_replaces_it(root: Path) -> None:
    (root / "prod/kubernetes/a.yaml").write_bytes(b"a 1\n#")
    (root / "prod/kubernetes/b.yaml").write_bytes(b"B 1\n")
    edited = "changed since it was written"
    assert obstacles(root, NEW) == {"prod/kubernetes/a.yaml": edited, "prod/kubernetes/b.yaml": edited}
    report = write(root, NEW, force=True)
    assert report.replaced == ("prod/kubernetes/a.yaml", "prod/kubernetes/b.yaml")
    assert report.removed == ("prod/kubernetes/b.yaml",)
    assert found(root) == NEW


def test_threat_30_an_edited_file_stops_a_build_without_changes_too(root: Path) -> None:
    (root / "prod/kubernetes/b.yaml").write_bytes(b"B 1\n")
    assert obstacles(root, OLD) == {"prod/kubernetes/b.yaml": "changed since it was written"}


def test_threat_30_the_message_names_the_files_and_what_force_does(root: Path) -> None:
    for number in range(25):
        (root / f"note{number:02}").touch()
    error = refusal(root, NEW, "E504")
    assert str(error) == f"`{root}` holds 25 files that were not written by this program or changed since"
    assert error.path == str(root)
    assert error.diagnostic.help[0] == "`note00`: not written by this program"
    assert error.diagnostic.help[20] == "and 5 more"
    assert error.diagnostic.help[21].startswith("`--force` replaces changed files")
    assert len(error.diagnostic.help) == 22


def test_threat_30_an_edit_that_makes_a_file_what_it_should_be_is_welcome(root: Path) -> None:
    (root / "prod/kubernetes/a.yaml").write_bytes(NEW["prod/kubernetes/a.yaml"])
    report = write(root, NEW)
    assert (report.written, report.replaced) == ((), ())
    assert found(root) == NEW


def test_threat_30_files_of_others_stop_the_build_and_survive_force(root: Path) -> None:
    (root / "prod/notes.txt").write_text("mine")
    (root / "prod/kubernetes/deep").mkdir()
    (root / "prod/kubernetes/deep/empty").mkdir()
    (root / "prod/kubernetes/deep/state").write_text("mine too")
    (root / "prod/kubernetes/deep").chmod(0o750)
    assert obstacles(root, NEW) == {
        "prod/notes.txt": "not written by this program",
        "prod/kubernetes/deep": "a directory",
    }
    report = write(root, NEW, force=True)
    assert report.foreign == ("prod/kubernetes/deep", "prod/notes.txt")
    assert report.replaced == ()
    assert found(root) == NEW | {"prod/notes.txt": b"mine", "prod/kubernetes/deep/state": b"mine too"}
    assert (root / "prod/kubernetes/deep/empty").is_dir()
    assert (root / "prod/kubernetes/deep").stat().st_mode & 0o777 == 0o750
    again = write(root, NEW, force=True)
    assert (again.written, again.foreign) == ((), report.foreign)
    assert set(obstacles(root, NEW)) == set(report.foreign)


def test_threat_30_files_of_others_in_the_way_go_with_force_and_are_named(root: Path) -> None:
    files = NEW | {"stage/kubernetes/a.yaml": b"1", "notes": b"2"}
    (root / "stage").write_text("a file where a directory has to be")
    (root / "notes").mkdir()
    (root / "notes/mine").write_text("below what has to be a file")
    assert set(obstacles(root, files)) == {"stage", "notes"}
    report = write(root, files, force=True)
    assert (report.replaced, report.foreign) == (("notes", "stage"), ())
    assert found(root) == files


def test_threat_30_a_directory_of_others_is_never_taken_over(tmp_path: Path) -> None:
    root = tmp_path / "home"
    root.mkdir()
    (root / "thesis.txt").write_text("years")
    for force in (False, True):
        error = refusal(root, NEW, "E505", force=force)
        assert str(error) == f"`{root}` is not empty and has no manifest, so it is not an output directory"
    assert found(root) == {"thesis.txt": b"years"}


BAD_MANIFESTS = {
    "empty": b"",
    "not JSON": b"<<<<<<< HEAD\n",
    "not ASCII": b'{"tool": "intentc\xc3\xa9"}',
    "deep": b"[" * 100_000,
    "a list": b"[]",
    "another tool": b'{"tool": "other", "format": 1, "policies": {}, "files": {}}',
    "a later format": b'{"tool": "intentc", "format": 2, "policies": {}, "files": {}}',
    "format true": b'{"tool": "intentc", "format": true, "policies": {}, "files": {}}',
    "no files": b'{"tool": "intentc", "format": 1, "policies": {}}',
    "another key": b'{"tool": "intentc", "format": 1, "policies": {}, "files": {}, "more": 1}',
    "files listed": b'{"tool": "intentc", "format": 1, "policies": {}, "files": []}',
    "count below 0": b'{"tool": "intentc", "format": 1, "policies": {"a": -1}, "files": {}}',
    "count with 5,000 digits": b'{"tool": "intentc", "format": 1, "policies": {"a": %s}, "files": {}}'
    % (b"9" * 5000),
    "count true": b'{"tool": "intentc", "format": 1, "policies": {"a": true}, "files": {}}',
    "a cluster": b'{"tool": "intentc", "format": 1, "policies": {"a\\n": 1}, "files": {}}',
    "traversal": b'{"tool": "intentc", "format": 1, "policies": {}, "files": '
    b'{"../../x": {"sha256": "%s", "size": 1}}}' % (b"0" * 64),
    "itself": b'{"tool": "intentc", "format": 1, "policies": {}, "files": '
    b'{".intentc-manifest.json": {"sha256": "%s", "size": 1}}}' % (b"0" * 64),
    "digest": b'{"tool": "intentc", "format": 1, "policies": {}, "files": '
    b'{"a": {"sha256": "%s", "size": 1}}}' % (b"A" * 64),
    "no entry": b'{"tool": "intentc", "format": 1, "policies": {}, "files": {"a": 1}}',
}


@pytest.mark.parametrize("content", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_threat_30_a_damaged_manifest_is_not_believed(root: Path, content: bytes) -> None:
    (root / MANIFEST).write_bytes(content)
    told = obstacles(root, NEW)
    assert told.pop(MANIFEST).startswith("a manifest ")
    assert told == {
        "prod/kubernetes/a.yaml": "not written by this program",
        "prod/kubernetes/b.yaml": "not written by this program",
    }
    report = write(root, NEW, force=True)
    assert report.replaced == ("prod/kubernetes/a.yaml",)
    assert report.foreign == ("prod/kubernetes/b.yaml",)
    assert found(root) == NEW | {"prod/kubernetes/b.yaml": b"b 1\n"}


# --- Threats 13 and 14: links, and other things that are no files -----------------------------------------


def test_threat_14_an_output_directory_that_is_a_link_is_refused(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    for force in (False, True):
        with pytest.raises(OutputError) as caught:
            write(link, NEW, force=force)
        assert caught.value.diagnostic.code == "E502"
        assert str(caught.value) == f"`{link}` is a symbolic link, not a directory"
    with pytest.raises(OutputError, match="is a symbolic link"):
        compare_tree(link, NEW, policies={"prod": 3})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"^`link` is a symbolic link, not a directory$"):
        write(Path("link"), NEW)
    link.unlink()
    link.symlink_to(tmp_path / "missing")
    with pytest.raises(OutputError, match="is a symbolic link"):
        write(link, NEW)
    assert found(root) == OLD
    assert not (tmp_path / "missing").exists()


def test_threat_14_a_link_on_the_way_is_refused_inside_the_project_only(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    outside.mkdir()
    (project / "deploy").symlink_to(outside)
    for root in (project / "deploy" / "out", project / "deploy" / "new" / "out"):
        with pytest.raises(OutputError) as caught:
            write(root, NEW, inside=project)
        assert caught.value.diagnostic.code == "E502"
        assert caught.value.path == str(project / "deploy")
        with pytest.raises(OutputError, match="is a symbolic link"):
            compare_tree(root, NEW, policies={}, inside=project)
    assert list(outside.iterdir()) == []
    write(project / "deploy" / "out", NEW)
    assert found(outside / "out") == NEW
    write(project / "real" / "out", NEW, inside=project)
    assert found(project / "real" / "out") == NEW
    write(outside / "out", NEW, inside=project)


LINKS: dict[str, Callable[[Path, Path], None]] = {
    "file": lambda root, target: (root / "prod/kubernetes/a.yaml").symlink_to(target / "victim"),
    "new file": lambda root, target: (root / "prod/kubernetes/c.yaml").symlink_to(target / "victim"),
    "nothing": lambda root, target: (root / "prod/kubernetes/c.yaml").symlink_to(target / "missing"),
    "manifest": lambda root, target: (root / MANIFEST).symlink_to(target / "victim"),
    "directory": lambda root, target: (root / "stage").symlink_to(target),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_threat_14_links_in_the_output_are_not_followed(
    tmp_path: Path, root: Path, link: Callable[[Path, Path], None]
) -> None:
    target = tmp_path / "sub" / "home"
    target.mkdir(parents=True)
    (target / "victim").write_text("precious")
    inner = tmp_path / "sub" / "out"
    write(inner, OLD)
    for path in ("prod/kubernetes/a.yaml", MANIFEST):
        if link is LINKS["manifest" if path == MANIFEST else "file"]:
            (inner / path).unlink()
    link(inner, target)
    files = NEW | {"prod/kubernetes/c.yaml": b"c\n", "stage/kubernetes/a.yaml": b"a\n"}
    with pytest.raises(RefusedError) as caught:
        write(inner, files)
    assert "symbolic link" in str(caught.value.obstacles) or "that is no file" in str(caught.value.obstacles)
    write(inner, files, force=True)
    assert files.items() <= found(inner).items()
    assert not [path for path in inner.rglob("*") if path.is_symlink()]
    assert found(target) == {"victim": b"precious"}
    assert found(root) == OLD


@pytest.mark.parametrize("kind", ["file", "fifo", "socket"])
def test_threat_14_an_output_directory_that_is_none_is_refused(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "out"
    make(root, kind)
    with pytest.raises(OutputError, match="not a directory") as caught:
        write(root, NEW, force=True)
    assert caught.value.diagnostic.code == "E502"


@pytest.mark.parametrize("kind", ["fifo", "socket"])
@pytest.mark.parametrize("place", ["prod/kubernetes/a.yaml", "prod/pipe", MANIFEST])
def test_threat_21_pipes_and_sockets_are_not_read(root: Path, kind: str, place: str) -> None:
    (root / place).unlink(missing_ok=True)
    make(root / place, kind)
    assert place in obstacles(root, NEW)
    write(root, NEW, force=True)
    assert NEW.items() <= found(root).items()


def make(path: Path, kind: str) -> None:
    if kind == "file":
        path.write_text("here")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
        os.chdir(here)


@dataclass(slots=True)
class Trap(Calls):
    """Put a link in the place of a directory just before one call of the operating system."""

    victim: Path = Path()
    outside: Path = Path()
    aside: Path = Path()

    def _strike(self, _arguments: tuple[Any, ...]) -> None:
        with suppress(OSError):
            self.victim.rename(self.aside)
            self.victim.symlink_to(self.outside)


@pytest.mark.parametrize("victim", ["out", "out/prod", "out/prod/kubernetes", "out/prod/terraform/f.tf"])
def test_threat_13_a_link_that_appears_at_any_moment_is_not_followed(fast_path: Path, victim: str) -> None:
    outside = fast_path / "outside"
    write(outside, OLD)
    outside = outside / victim.removeprefix("out").removeprefix("/")
    place = fast_path / "place"
    before = {path: path.stat().st_ctime_ns for path in (outside, *outside.rglob("*"))}
    outcomes: Counter[str] = Counter()
    trap = Trap(bad=1)
    while trap.struck or not outcomes:
        shutil.rmtree(place, ignore_errors=True)
        write(place / "out", OLD)
        trap = Trap(bad=outcomes.total() + 1, victim=place / victim, outside=outside, aside=place / "aside")
        with watching(trap):
            try:
                write(place / "out", NEW, force=True)
                outcomes["written"] += 1
            except OutputError as error:
                outcomes[error.diagnostic.code] += 1
        assert {path: path.stat().st_ctime_ns for path in (outside, *outside.rglob("*"))} == before
    assert outcomes.total() > 100
    assert {"written", "E501"} <= outcomes.keys()


# --- Threat 29: results that are too small ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "shrunken"),
    [
        (100, 95, False),
        (100, 94, True),
        (20, 19, False),
        (19, 18, True),
        (1, 1, False),
        (0, 1, False),
        (10, 50, False),
    ],
)
def test_threat_29_fewer_than_95_percent_need_a_flag(
    tmp_path: Path, before: int, after: int, *, shrunken: bool
) -> None:
    root = tmp_path / "out"
    write(root, OLD, policies={"prod": before}, allow_empty=True)
    if shrunken:
        error = refusal(root, NEW, "E521", policies={"prod": after})
        assert str(error) == f"{after} policies would replace the {before} policies of `{root}`"
        refusal(root, NEW, "E521", policies={"prod": after}, force=True, allow_empty=True)
    report = write(root, NEW, policies={"prod": after}, allow_shrink=True)
    assert (report.policies_before, report.policies_after) == (before, after)


@pytest.mark.parametrize("policies", [{}, {"prod": 0}, {"prod": 0, "stage": 0}])
def test_threat_29_no_policy_at_all_needs_a_flag(tmp_path: Path, policies: dict[str, int]) -> None:
    root = tmp_path / "made" / "out"
    with pytest.raises(OutputError) as caught:
        write(root, NEW, policies=policies, allow_shrink=True, force=True)
    assert (caught.value.diagnostic.code, caught.value.exit_code) == ("E520", 3)
    assert not root.parent.exists()
    write(root, NEW, policies=policies, allow_empty=True)
    refusal(root, NEW, "E520", policies=policies)  # also when nothing would change
    assert write(root, NEW, policies=policies, allow_empty=True).written == ()


def test_threat_29_a_cluster_that_loses_its_last_policy_needs_a_flag(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write(root, OLD, policies={"large": 1000, "small": 2, "none": 0})
    for policies in ({"large": 1000, "small": 0}, {"large": 1000}):
        error = refusal(root, NEW, "E520", policies=policies, allow_shrink=True)
        assert str(error) == f"no policy is left for cluster `small`, where `{root}` has 2"
    refusal(root, NEW, "E521", policies={"large": 900}, allow_empty=True)
    assert write(root, NEW, policies={"large": 950, "new": 1}, allow_empty=True).policies_after == 951


def test_threat_29_other_clusters_do_not_hide_a_loss(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write(root, OLD, policies={"prod": 100})
    refusal(root, NEW, "E521", policies={"prod": 50, "new": 100})


def test_threat_29_a_part_is_measured_by_itself(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write(root, OLD, policies={"prod": 100, "stage": 1000})
    prod = {"prod/kubernetes/a.yaml": b"a\n"}
    refusal(root, prod, "E521", policies={"prod": 90}, scope=["prod"])
    refusal(root, prod, "E520", policies={"prod": 0}, scope=["prod"])
    write(root, prod, policies={"prod": 96}, scope=["prod"])


def test_threat_29_removed_files_are_listed(root: Path) -> None:
    assert write(root, NEW).removed == ("prod/kubernetes/b.yaml",)
