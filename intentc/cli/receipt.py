"""A receipt says what a build read, wrote and said, so that the next one can tell that nothing is to be done.

It is kept in the user's cache, never in the project: who can change a project must not be able to say that
its output is right. A receipt that is lost, old or wrong costs the time of a build and nothing else.
"""

from __future__ import annotations

import os
import stat
import sys
from hashlib import sha256
from typing import Any

from intentc.resources import folder

PROJECT_FILE = "intentc.yaml"
LARGEST = 64 * 1024 * 1024  # bytes: a receipt of half a million files, or the profile

Files = dict[str, tuple[int, str]]
"""Size in bytes and SHA-256 of files, by path; JSON makes lists of the pairs."""


class Before:
    """What a project folder looks like before a build reads it."""

    def __init__(self, root: str) -> None:
        """Take note of every file's name outside hidden folders, and of the profile."""
        self.path = os.path.normpath(root)
        self.root = os.path.realpath(root)
        self.names = sorted(_names(self.root))
        self.profile = _entry(os.path.join(self.root, PROJECT_FILE))


def current(path: str) -> str | None:
    """Return what the last build of the project at `path` said, if everything is as it left it, else None."""
    root = os.path.realpath(path)
    receipt = _read(root)
    if receipt is None:
        return None
    try:
        output, said = receipt["output"], receipt["said"]
        inputs, outputs = receipt["inputs"], receipt["outputs"]
        if receipt["path"] != os.path.normpath(path) or receipt["look"] != _look():
            return None
        if receipt["code"] != _code() or receipt["names"] != _digest(_outside(sorted(_names(root)), output)):
            return None
        if not isinstance(said, str) or not _stands(root, inputs):
            return None
        tree = os.path.join(root, output)
        written = sorted(_names(tree, hidden=True))
        return said if written == sorted(outputs) and _stands(tree, outputs) else None
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        return None


def keep(before: Before, output: str, inputs: dict[str, bytes], outputs: Files, said: str) -> None:
    """Write the receipt of a build; without a cache to write to, there is none.

    `inputs` are paths below the project with the bytes that were compiled, `outputs` paths below the folder
    `output` with size and digest of what was written.
    """
    import json

    found: Files = {name: entry_of(data) for name, data in inputs.items()}
    if before.profile is not None:
        found[PROJECT_FILE] = before.profile
    document = {
        "code": _code(),
        "path": before.path,
        "look": _look(),
        "names": _digest(_outside(before.names, output)),
        "output": output,
        "inputs": found,
        "outputs": outputs,
        "said": said,
    }
    receipts = _receipts(make=True)
    if receipts is None:
        return
    text = json.dumps(document)
    place = _place(receipts, before.root)
    fresh = f"{place}.{os.getpid()}"
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{_digest([text])}\n{text}")
        os.replace(fresh, place)
    except OSError:
        return


# --- The project on disk ----------------------------------------------------------------------------------


def _names(root: str, *, hidden: bool = False) -> list[str]:
    """Return the path of every file below a folder; hidden folders are passed over unless asked for."""
    found = []
    for place, folders, names in os.walk(root):
        if not hidden:
            folders[:] = [name for name in folders if not name.startswith(".")]
        above = place[len(root) + 1 :]
        found += [f"{above}/{name}" if above else name for name in names]
        # What a link leads to is not walked, so that a link to a folder counts as a file does.
        found += [
            f"{above}/{name}" if above else name
            for name in folders
            if os.path.islink(os.path.join(place, name))
        ]
    return found


def _outside(names: list[str], output: str) -> list[str]:
    """Return the names that are not in the output."""
    prefix = f"{output.rstrip('/')}/"
    return [name for name in names if not name.startswith(prefix)]


def _digest(names: list[str]) -> str:
    return sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def _stands(root: str, files: Files) -> bool:
    """Tell whether every file is a regular one, reached by no link, with the bytes it had."""
    for above in {os.path.dirname(name) for name in files}:
        place = os.path.join(root, above) if above else root
        if os.path.realpath(place) != place:
            return False
    return all(
        _entry(os.path.join(root, name), size) == (size, digest) for name, (size, digest) in files.items()
    )


def _entry(path: str, size: int | None = None) -> tuple[int, str] | None:
    """Return size and digest of a regular file, or None where there is none, or none of this size."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    found = os.fstat(descriptor)
    expected = min(found.st_size, LARGEST) if size is None else size
    if not stat.S_ISREG(found.st_mode) or found.st_size != expected:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return entry_of(file.read(expected + 1))


def entry_of(data: bytes) -> tuple[int, str]:
    """Return size and digest of these bytes."""
    return len(data), sha256(data).hexdigest()


def _code() -> str:
    """Return what tells this intentc from any other, a changed one of the same version included."""
    found = []
    for package in ("intentc", "intentc.grammar", "intentc.templates"):
        for place, folders, names in os.walk(folder(package)):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                state = os.stat(os.path.join(place, name))
                found.append(f"{place}/{name} {state.st_size} {state.st_mtime_ns}")
    return _digest(sorted(found))


def _look() -> list[object]:
    """Return what decides how the same words look: whether they are coloured, and how wide."""
    from intentc.output.terminal import wants_color, width

    return [wants_color("auto", sys.stderr), width(sys.stderr)]


# --- The cache on disk ------------------------------------------------------------------------------------


def _receipts(*, make: bool = False) -> str | None:
    """Return the folder of the receipts, or None where there is none that is the user's alone."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    receipts = os.path.join(base, "intentc", "receipts")
    try:
        if make:
            os.makedirs(receipts, mode=0o700, exist_ok=True)
        found = os.lstat(receipts)
    except OSError:
        return None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
    return receipts if is_ours else None


def _place(receipts: str, root: str) -> str:
    return os.path.join(receipts, f"{sha256(os.fsencode(root)).hexdigest()}.json")


def _read(root: str) -> dict[str, Any] | None:
    receipts = _receipts()
    if receipts is None:
        return None
    import json

    try:
        descriptor = os.open(
            _place(receipts, root), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid() or state.st_size > LARGEST:
                return None
            digest, _, text = file.read().decode("utf-8").partition("\n")
        document = json.loads(text) if digest == _digest([text]) else None
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
