"""A revision of a git repository becomes a folder with the files of a project as they were then."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from intentc.cli.workspace import MAXIMUM_FILES, MAXIMUM_TOTAL
from intentc.diagnostics import Diagnostic, error

_ENTRY = re.compile(r"(100644|100755) blob ([0-9a-f]{40,64}) +([0-9]+|BAD)\t(.+)", re.DOTALL)
_READ = (".intent", ".yaml", ".yml", ".json")
_MAIN = ("origin/main", "main", "origin/master", "master")


class Unreadable(Exception):
    """A revision cannot be read; `diagnostic` says why."""

    def __init__(self, message: str, advice: str) -> None:
        """Take the message and what helps."""
        super().__init__(message)
        self.diagnostic: Diagnostic = error("E653", message, help=advice)


def merge_base(root: Path) -> str:
    """Return the commit where the current work has left the main branch; raise Unreadable without one.

    The main branch is what the remote `origin` says it is, else `main` or `master`.
    """
    said = _git(root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    for name in (*([said.strip()] if said else []), *_MAIN):
        base = _git(root, "merge-base", "HEAD", name)
        if base:
            return base.strip()
    raise Unreadable(
        f"`{root}` has no main branch to compare with",
        "name what to compare with: a revision such as `HEAD~1`, or the folder of another project",
    )


def write_revision(root: Path, revision: str, folder: Path) -> None:
    """Write the files of a project at a revision below `folder`; raise Unreadable when git has none.

    Only regular files that a project may be made of are written: a link or a submodule is none. Git runs
    nothing but its own code, no filter and no hook, and fetches nothing: files that a partial clone has left
    at its remote are missing, and a revision without some of its files is never compared with.
    """
    commit = _git(root, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise Unreadable(
            f"`{revision}` is no folder and no revision of the repository of `{root}`",
            "a revision is a branch, a tag or a commit, such as `main` or `HEAD~1`",
        )
    listing = _all(root, revision, ("ls-tree", "-r", "-z", "-l", commit.strip(), "."), b"")
    wanted: list[tuple[str, str]] = []
    total = 0
    for entry in listing.split(b"\0"):
        found = _ENTRY.fullmatch(os.fsdecode(entry))
        if found and found[4].endswith(_READ) and ".." not in found[4].split("/"):
            if found[3] == "BAD":  # a damaged repository has no such object
                raise _incomplete(root, revision)
            wanted.append((found[2], found[4]))
            total += int(found[3])
    if total > MAXIMUM_TOTAL or len(wanted) > MAXIMUM_FILES:
        raise Unreadable(f"the files of `{revision}` are more than a project may have", "split the project")
    blobs = _all(root, revision, ("cat-file", "--batch"), "".join(f"{blob}\n" for blob, _ in wanted).encode())
    _write(blobs, [path for _, path in wanted], folder)


def _all(root: Path, revision: str, arguments: tuple[str, ...], given: bytes) -> bytes:
    """Return what git prints of a revision; raise Unreadable where this clone has not all of it."""
    printed = _run(root, arguments, given)
    if printed is None:
        raise _incomplete(root, revision)
    return printed


def _incomplete(root: Path, revision: str) -> Unreadable:
    return Unreadable(
        f"the repository of `{root}` has not all files of `{revision}`",
        "clone it without a filter, or compare with the folder of another checkout",
    )


def _write(blobs: bytes, paths: list[str], folder: Path) -> None:
    """Write what `git cat-file --batch` answers: a line that ends in the size, the bytes, a line feed."""
    at = 0
    for path in paths:
        end = blobs.index(b"\n", at)
        size = int(blobs[at:end].rsplit(b" ", 1)[1])
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blobs[end + 1 : end + 1 + size])
        at = end + size + 2


def _git(root: Path, *arguments: str) -> str | None:
    done = _run(root, arguments, b"")
    return None if done is None else os.fsdecode(done)


def _run(root: Path, arguments: tuple[str, ...], given: bytes) -> bytes | None:
    """Return what git prints, None when it fails."""
    command = ("git", "-c", "core.fsmonitor=false", "-C", str(root), *arguments)
    environment = {**os.environ, "GIT_ALLOW_PROTOCOL": "none"}  # https://git-scm.com/docs/git: no network
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False, env=environment)
    except OSError as problem:
        raise Unreadable(f"git does not run: {problem.strerror}", "compare with a folder instead") from None
    return done.stdout if done.returncode == 0 else None
