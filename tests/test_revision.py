"""A revision is read as it is, from what the repository has, or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from intentc.cli.revision import Unreadable, write_revision

INTENTS = "net/a.intent"


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody; what it prints is returned."""
    names = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    command = ("git", "-C", str(folder), *names, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with two commits, in both of which a project has a file."""
    folder = tmp_path / "repository"
    (folder / "net").mkdir(parents=True)
    git(folder, "init", "--quiet")
    for text in ("a -> b:80\n", "a -> b:81\n"):
        (folder / INTENTS).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", text)
    return folder


def read(root: Path, revision: str, folder: Path) -> dict[str, str]:
    folder.mkdir()
    write_revision(root, revision, folder)
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_the_files_of_a_project_are_those_of_the_revision(repository: Path, tmp_path: Path) -> None:
    assert read(repository / "net", "HEAD", tmp_path / "new") == {"a.intent": "a -> b:81\n"}
    assert read(repository / "net", "HEAD~1", tmp_path / "old") == {"a.intent": "a -> b:80\n"}


def test_what_a_partial_clone_has_left_behind_is_neither_fetched_nor_taken_for_nothing(
    repository: Path, tmp_path: Path
) -> None:
    """Git fetches it in passing, and an empty revision would make everything look new."""
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{repository}", "clone")
    root = tmp_path / "clone" / "net"
    assert read(root, "HEAD", tmp_path / "new") == {"a.intent": "a -> b:81\n"}
    with pytest.raises(Unreadable) as caught:
        write_revision(root, "HEAD~1", tmp_path)
    assert caught.value.diagnostic.code == "E653"
    assert caught.value.diagnostic.message.endswith("has not all files of `HEAD~1`")
    git(root, "show", f"HEAD~1:{INTENTS}")  # git itself fetches it
    assert read(root, "HEAD~1", tmp_path / "old") == {"a.intent": "a -> b:80\n"}


def test_a_file_that_a_damaged_repository_has_lost_is_not_taken_for_none(
    repository: Path, tmp_path: Path
) -> None:
    lost = git(repository, "rev-parse", f"HEAD~1:{INTENTS}").strip()
    (repository / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(Unreadable, match="has not all files"):
        write_revision(repository / "net", "HEAD~1", tmp_path)
    assert read(repository / "net", "HEAD", tmp_path / "new") == {"a.intent": "a -> b:81\n"}
