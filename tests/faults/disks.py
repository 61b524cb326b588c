"""Disks that are full or refuse leave the old tree, and the error names the path."""

import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from intentc.output.errors import OutputError
from tests.faults.trees import (
    State,
    Tree,
    Violation,
    finished,
    make_trees,
    names_its_path,
    no_strays,
    which,
    write,
)

_NOBODY = 65534


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Disk:
    """A place to build in, with two trees and the states they leave."""

    root: Path
    trees: list[Tree]
    states: list[State]

    @classmethod
    def at(cls, directory: Path) -> Self:
        """Return the place with the first tree built."""
        trees = make_trees(2)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        states = finished(directory, trees)
        root = directory / "here" / "out"
        write(root, trees[0])
        return cls(root, trees, states)

    def attempt(
        self,
        prepare: Callable[[], object] = _nothing,
        relieve: Callable[[], object] = _nothing,
        *,
        tree: int = 1,
    ) -> str:
        """Build a tree in a child process that has called `prepare`, and return which tree is there then.

        After `relieve`, nothing but the tree may be left, and the first tree is built again.
        """
        child = os.fork()
        if child == 0:
            os._exit(self._exit_code(prepare, tree))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found = which(self.root, self.states, (0, tree))
        if code != (0 if found == tree else 5):
            raise Violation(f"a build ended with {code} and left tree {found}")
        relieve()
        no_strays(self.root.parent, self.root.name)
        write(self.root, self.trees[0])
        which(self.root, self.states, (0,))
        no_strays(self.root.parent, self.root.name)
        return "new" if code == 0 else "old"

    def _exit_code(self, prepare: Callable[[], object], tree: int) -> int:
        try:
            prepare()
            write(self.root, self.trees[tree])
        except OutputError as error:
            names_its_path(error, self.root.parent)
            return 5
        except BaseException as error:  # noqa: BLE001 - a child process must not run on
            sys.stderr.write(f"{error!r}\n")
            return 1
        return 0


def both_seen(outcomes: Counter[str]) -> Counter[str]:
    """Return outcomes among which are both the old tree and the new one; anything else is a violation."""
    if not (outcomes["old"] and outcomes["new"]):
        raise Violation(f"only one outcome was seen: {dict(outcomes)}")
    return outcomes


def limit_files(directory: Path) -> Counter[str]:
    """Build under a limit of the size of files, from none to enough."""
    disk = Disk.at(directory / "limits")
    outcomes: Counter[str] = Counter()
    for limit in (0, 1, 300, 1000, 3000, 89_999, 90_000, 200_000):

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        outcomes[disk.attempt(limited)] += 1
    return both_seen(outcomes)


def refuse(directory: Path) -> Counter[str]:
    """Build where nothing may be created, as a user who is bound by that; no change is no error."""
    disk = Disk.at(directory / "refusals")
    parent = disk.root.parent
    privileged = os.geteuid() == 0
    if privileged:
        for path in (parent, *parent.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)

    def drop() -> None:
        if privileged:
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)

    outcomes: Counter[str] = Counter()
    for tree, word in ((1, "old"), (0, "new")):
        parent.chmod(0o555)
        found = disk.attempt(drop, lambda: parent.chmod(0o755), tree=tree)
        if found != word:
            raise Violation(f"a directory that refuses: {found} instead of {word}")
        outcomes[found] += 1
    return outcomes


def mount_disks(directory: Path) -> Counter[str]:
    """Do what takes file systems of its own: a process in a name space of its own may mount them."""
    inside = [sys.executable, "-m", "tests.faults.mounts", str(directory)]
    try:
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", *inside], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return Counter({"not possible here, for want of unshare": 1})
    if done.stderr.startswith("unshare"):
        return Counter({f"not possible here: {done.stderr.strip()}": 1})
    if done.returncode:
        raise Violation(done.stderr.strip())
    return Counter({line.partition(" ")[2]: int(line.partition(" ")[0]) for line in done.stdout.splitlines()})
