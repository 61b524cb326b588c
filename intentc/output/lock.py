"""One build at a time for an output directory: a lock that the kernel drops with the process."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from intentc.output.directory import WORDS, Directory
from intentc.output.errors import OutputError, busy, failed, wrong_kind

_NOTE = re.compile(r"([0-9]{1,10}) ([A-Za-z0-9._-]{1,255})\n?")
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def lock_name(name: str) -> str:
    """Return the name of the lock file that lies beside the directory `name`."""
    return f".{name}.intentc-lock"


@contextmanager
def held(parent: Directory, name: str, patience: float) -> Iterator[None]:
    """Keep other builds of the directory `name` in `parent` out while the body runs.

    The file says who holds the lock; it is removed by its holder and, after a kill, by the next one. Raises
    `OutputError` (E503) that names the holder when the lock is not free within `patience` seconds.
    """
    path = parent.name(lock_name(name))
    deadline = time.monotonic() + patience
    pause = 0.002
    while (descriptor := _try(parent, lock_name(name), path)) is None:
        if time.monotonic() >= deadline:
            raise busy(parent.name(name), _holder(parent, lock_name(name)), patience)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    try:
        with suppress(OSError):  # the note is a courtesy, and the disk may be full
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {os.uname().nodename}\n".encode("ascii", "replace"))
        yield
    finally:
        try:
            with suppress(OSError):
                os.unlink(lock_name(name), dir_fd=parent.descriptor)
        finally:
            with suppress(OSError):
                os.close(descriptor)


def _try(parent: Directory, file_name: str, path: str) -> int | None:
    """Return the descriptor of the locked file, nothing when another process has it."""
    kind = parent.kind(file_name)
    if kind is not None and kind != "file":
        raise wrong_kind(path, WORDS[kind], "a file")
    try:
        descriptor = os.open(file_name, _FLAGS, 0o666, dir_fd=parent.descriptor)
    except OSError as error:
        raise failed("lock", path, error) from error
    taken = False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # INVARIANT: who holds the lock holds the file that bears the name; a holder removes it on leaving.
        bearer = os.stat(file_name, dir_fd=parent.descriptor, follow_symlinks=False)
        taken = os.path.samestat(bearer, os.fstat(descriptor))
    except (BlockingIOError, FileNotFoundError):
        return None
    except OSError as error:
        raise failed("lock", path, error) from error
    finally:
        if not taken:
            with suppress(OSError):
                os.close(descriptor)
    return descriptor if taken else None


def _holder(parent: Directory, file_name: str) -> str:
    content = None
    with suppress(OutputError):  # it may have been released a moment ago
        content = parent.read(file_name, 300)
    note = _NOTE.fullmatch(content.decode("ascii", "replace")) if content else None
    return f"process {note[1]} on {note[2]}" if note else "another build"
