"""Trees that differ in every way a build can change one, and a reader of directories that shares no code."""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from intentc.output.errors import OutputError
from intentc.output.tree import WriteReport, write_tree

Tree = Mapping[str, bytes]
State = dict[str, bytes]
Writer = Callable[..., object]


class Violation(Exception):
    """The promise of the write stage was broken; the message says how."""


def memory() -> Path:
    """Return where files are kept in memory, if anywhere: a kill of a process makes no difference to them."""
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def make_trees(count: int, seed: int = 1) -> list[Tree]:
    """Return trees with files in common, files of their own, and files whose content is in no other tree."""
    source = random.Random(seed)
    shared = {f"prod/kubernetes/same{number}.yaml": source.randbytes(700) for number in range(4)}
    shared["prod/terraform/versions.tf"] = source.randbytes(90)
    trees: list[Tree] = []
    for index in range(count):
        tree = dict(shared)
        for number in range(5):
            tree[f"prod/kubernetes/changes{number}.yaml"] = source.randbytes(400 * number + 1)
        tree[f"prod/kubernetes/only{index}.yaml"] = source.randbytes(300)
        tree[f"place{index % 2}/kubernetes/deep.yaml"] = source.randbytes(3000)
        tree["prod/terraform/firewall.tf"] = source.randbytes(90_000)
        trees.append(tree)
    return trees


def write(root: Path, tree: Tree, *, force: bool = False) -> WriteReport:
    """Build `tree` with the code under test."""
    return write_tree(root, tree, policies={"prod": 10}, force=force)


def read(root: Path) -> State | None:
    """Return every file below a directory, the manifest included; nothing when there is no directory."""
    if not root.exists():
        return None
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = Path(directory, name)
            content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
            found[path.relative_to(root).as_posix()] = content
    return found


def in_place(root: Path, tree: Tree, *, force: bool = False) -> None:
    """Write files one after the other, as one should not: with this, every harness has to find torn trees."""
    shutil.rmtree(root, ignore_errors=not force)
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def finished(directory: Path, trees: list[Tree], writer: Writer = write) -> list[State]:
    """Return what `read` has to find for each tree: what an undisturbed build leaves."""
    states = []
    root = directory / "undisturbed"
    for tree in trees:
        shutil.rmtree(root, ignore_errors=True)
        writer(root, tree)
        state = read(root) or {}
        if {path: state.get(path) for path in tree} != tree:
            raise Violation("an undisturbed build does not leave its files")
        states.append(state)
    shutil.rmtree(root)
    return states


def which(root: Path, states: list[State], allowed: tuple[int, ...]) -> int:
    """Return the number of the state a directory is in; anything but the allowed ones is a violation."""
    state = read(root)
    for number in allowed:
        if states[number] == state:
            return number
    if state is None:
        raise Violation(f"{root} is gone")
    wrong = sorted(
        path
        for path in state.keys() | states[allowed[0]].keys()
        if all(state.get(path) != states[number].get(path) for number in allowed)
    )
    raise Violation(f"{root} is torn, or of another build: {wrong[:5] or 'a mixture'}")


def no_strays(directory: Path, *expected: str) -> None:
    """Raise a violation when a directory holds anything but what is expected."""
    found = sorted(os.listdir(directory))  # noqa: PTH208 - names are what is compared
    if found != sorted(expected):
        raise Violation(f"{directory} holds {found} after the next run")


def names_its_path(error: OutputError, directory: Path) -> None:
    """Raise a violation unless an error says which path below `directory` it is about, with exit code 5."""
    if not error.path.startswith(str(directory)) or f"`{error.path}`" not in str(error):
        raise Violation(f"no path is named in: {error}")
    if error.exit_code != 5 or not error.diagnostic.code.startswith("E5"):
        raise Violation(f"not an error of input and output: {error.diagnostic}")
