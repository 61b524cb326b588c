"""Every call of the operating system fails once, or from then on, or is the last one before a kill."""

import errno
import fcntl
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from intentc.output import kernel
from intentc.output.errors import OutputError
from intentc.output.exchange import new_name
from tests.faults.kills import without_exchange
from tests.faults.trees import (
    Tree,
    Violation,
    Writer,
    finished,
    make_trees,
    names_its_path,
    no_strays,
    read,
    write,
)

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EMFILE, errno.EINTR)
KILL, INTERRUPT = "kill", "interrupt"
Fault = int | str

_OS_CALLS = (
    *("open", "close", "dup", "read", "write", "fsync", "fstat", "fchmod", "ftruncate"),
    *("lstat", "stat", "scandir", "listdir", "mkdir", "rmdir", "link", "unlink", "rename"),
    *("symlink", "readlink"),
)
_CALLS: tuple[tuple[Any, str], ...] = (
    *((os, name) for name in _OS_CALLS),
    (fcntl, "flock"),
    (kernel, "exchange"),
    (kernel, "sync_file_system"),
)


@dataclass(slots=True)
class Calls:
    """Count calls, and let number `bad` go wrong; with `lasting`, all after it too. 0 lets none."""

    bad: int = 0
    fault: Fault = errno.EIO
    lasting: bool = False
    names: list[str] = field(default_factory=list)

    @property
    def struck(self) -> bool:
        """Tell whether a call went wrong."""
        return 0 < self.bad <= len(self.names)

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return `call` under surveillance."""

        def watched(*arguments: Any, **options: Any) -> Any:
            self.names.append(name)
            number = len(self.names)
            if self.bad and (number == self.bad or (self.lasting and number > self.bad)):
                if name == "close":  # the descriptor is gone even when closing fails
                    call(*arguments, **options)
                self._strike(arguments)
            return call(*arguments, **options)

        return watched

    def _strike(self, arguments: tuple[Any, ...]) -> None:
        if self.fault == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if isinstance(self.fault, str):
            raise KeyboardInterrupt
        raise OSError(self.fault, os.strerror(self.fault), *arguments[:1])


@contextmanager
def watching(calls: Calls) -> Iterator[None]:
    """Let every call that the write stage makes go through `calls`."""
    with ExitStack() as patches:
        for module, name in _CALLS:
            patches.enter_context(patch.object(module, name, calls.wrap(name, getattr(module, name))))
        yield


@dataclass(frozen=True, slots=True)
class Scene:
    """A state of the disk to start from; with `absent`, a fault may leave no directory to the next build."""

    prepare: Callable[[Path, list[Tree]], None]
    force: bool = False
    fallback: bool = False
    absent: bool = False


def _nothing(_directory: Path, _trees: list[Tree]) -> None:
    pass


def _old_tree(directory: Path, trees: list[Tree]) -> None:
    write(directory / "out", trees[0])


def _strays(directory: Path, trees: list[Tree]) -> None:
    """Leave what a kill leaves: the lock file, a half-built tree."""
    _old_tree(directory, trees)
    (directory / ".out.intentc-lock").write_text("1 elsewhere\n")
    half = directory / new_name("out") / "prod"
    half.mkdir(parents=True)
    (half / "half.yaml").write_text("half")


def _strays_beside_new(directory: Path, trees: list[Tree]) -> None:
    _strays(directory, trees[1:])


def _between_renames(directory: Path, trees: list[Tree]) -> None:
    """Leave what a kill leaves where names cannot be exchanged: the old tree aside, none in place."""
    _strays(directory, trees)
    (directory / "out").rename(directory / new_name("out", "old-"))


def _foreign(directory: Path, trees: list[Tree]) -> None:
    """Put files of others beside and in the way of ours, and edit one of ours."""
    _old_tree(directory, trees)
    root = directory / "out"
    (root / "notes" / "more").mkdir(parents=True)
    (root / "notes" / "mine.txt").write_text("mine")
    (root / "prod" / "link").symlink_to("/nowhere")
    (root / "place1").write_text("in the way of a directory")
    (root / "prod" / "terraform" / "versions.tf").write_text("edited")


SCENES: dict[str, Scene] = {
    "first build": Scene(_nothing, absent=True),
    "next build": Scene(_old_tree),
    "strays": Scene(_strays),
    "strays, no change": Scene(_strays_beside_new),
    "force": Scene(_foreign, force=True),
    "no exchange": Scene(_old_tree, fallback=True, absent=True),
    "between renames": Scene(_between_renames, absent=True),
}


def fail_calls(
    directory: Path, faults: tuple[Fault, ...], *, every: int = 1, writer: Writer = write
) -> Counter[str]:
    """Let each call of each scene go wrong in each way, check what is left, and count the outcomes.

    A scene is over when a build ran to its end because it made fewer calls. With `every` above 1, a fault
    hits only one call in so many, each fault others. Errors come once, and lasting; `KILL` ends a child
    process.
    """
    outcomes: Counter[str] = Counter()
    for name, scene in SCENES.items():
        stage = _Stage(directory / "calls", scene, writer)
        for position, fault in enumerate(faults):
            for lasting in (False, True) if isinstance(fault, int) else (False,):
                number = 1 + position % every
                while stage.run(name, Calls(number, fault, lasting), outcomes):
                    number += every
    return outcomes


class _Stage:
    """Play one scene again and again, with another fault each time."""

    def __init__(self, directory: Path, scene: Scene, writer: Writer) -> None:
        self.directory, self.scene, self.writer = directory, scene, writer
        self.root = directory / "out"
        self.trees = make_trees(2)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        old, _ = finished(directory, self.trees, writer)
        self._set()
        self.before = read(self.root)
        self._build()
        self.after = read(self.root)
        self.allowed = [self.before, self.after, *([None, old] if scene.absent else [])]

    def run(self, name: str, calls: Calls, outcomes: Counter[str]) -> bool:
        """Play the scene, and tell whether the fault struck."""
        self._set()
        try:
            word = self._killed(calls) if calls.fault == KILL else self._failed(calls)
            state = read(self.root)
            if state not in self.allowed:
                raise Violation("neither the old tree nor the new one")  # noqa: TRY301 - all are told alike
            if calls.struck:
                kind = "new" if state == self.after else "old"
                outcomes[f"{word}: {kind}"] += 1
            elif state != self.after:
                raise Violation("not the new tree, though nothing went wrong")  # noqa: TRY301
            self._build()
            if read(self.root) != self.after:
                raise Violation("not the new tree after the next run")  # noqa: TRY301
            no_strays(self.directory, "out")
        except Violation as violation:
            fault = errno.errorcode[calls.fault] if isinstance(calls.fault, int) else calls.fault
            made = calls.names[calls.bad - 1] if calls.names[calls.bad - 1 :] else ""
            lasting = " and after" if calls.lasting else ""
            raise Violation(f"{name}, call {calls.bad} {made}{lasting}, {fault}: {violation}") from violation
        return calls.struck

    def _set(self) -> None:
        shutil.rmtree(self.directory)
        self.directory.mkdir()
        self.scene.prepare(self.directory, self.trees)

    def _build(self) -> None:
        self.writer(self.root, self.trees[1], force=self.scene.force)

    def _watched_build(self, calls: Calls) -> None:
        with ExitStack() as patches:
            if self.scene.fallback:
                patches.enter_context(patch.object(kernel, "exchange", without_exchange))
            patches.enter_context(watching(calls))
            self._build()

    def _failed(self, calls: Calls) -> str:
        try:
            self._watched_build(calls)
        except OutputError as error:
            names_its_path(error, self.directory)
            return "failed"
        except KeyboardInterrupt:
            return "interrupted"
        except Exception as error:
            raise Violation(f"a traceback ends with {error!r}") from error
        return "went on"

    def _killed(self, calls: Calls) -> str:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                self._watched_build(calls)
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            calls.names = ["some call"] * calls.bad
        elif status:
            raise Violation(f"a build failed before it was killed: {status}")
        return "killed"
