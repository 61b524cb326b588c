"""Many builds of one directory at once leave exactly one of their trees, and readers never stumble."""

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import NoReturn

from intentc.output.tree import compare_tree
from tests.faults.trees import Tree, Violation, Writer, finished, make_trees, no_strays, which, write


def race_builds(directory: Path, builders: int, rounds: int, *, writer: Writer = write) -> Counter[str]:
    """Start `builders` builds of different trees at the same moment, `rounds` times, beside one reader.

    It is a violation when the same build wins every time: then there was no race.
    """
    trees = make_trees(builders)
    states = finished(directory, trees, writer)
    root = directory / "races" / "out"
    wins: Counter[int] = Counter()
    for number in range(rounds):
        if number % 10 == 0:  # now and then, all are the first
            shutil.rmtree(root.parent, ignore_errors=True)
            root.parent.mkdir()
        _race(root, trees, writer)
        wins[which(root, states, tuple(range(builders)))] += 1
        no_strays(root.parent, root.name)
    if rounds > 1 and len(wins) == 1:
        raise Violation(f"build {next(iter(wins))} won all {rounds} races")
    return Counter({"rounds": rounds, "builds": rounds * builders, "different winners": len(wins)})


def _race(root: Path, trees: list[Tree], writer: Writer) -> None:
    waiting, starting = os.pipe()
    children = [_start(root, [tree], writer, waiting, starting) for tree in trees]
    children.append(_start(root, trees, None, waiting, starting))
    os.close(waiting)
    os.close(starting)  # all who wait for this pipe wake up
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    if failed:
        raise Violation(f"{len(failed)} of {len(children)} processes failed in a race")


def _start(root: Path, trees: list[Tree], writer: Writer | None, waiting: int, starting: int) -> int:
    """Fork a process that writes the one tree, or compares all of them when it has no writer."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.close(starting)
        os.read(waiting, 1)
        if writer:
            writer(root, trees[0])
        else:
            _compare(root, trees)
        code = 0
    finally:
        _leave(code)


def _compare(root: Path, trees: list[Tree]) -> None:
    for tree in trees:
        for difference in compare_tree(root, tree, policies={"prod": 10}):
            if difference.kind == "foreign":
                raise Violation(f"a reader saw {difference}")


def _leave(code: int) -> NoReturn:
    os._exit(code)
