"""The new tree, put together beside the old one: what is the same is linked, what is new is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from stat import S_IMODE

from intentc.output import kernel
from intentc.output.directory import WORDS, Directory, Kind
from intentc.output.errors import wrong_kind
from intentc.output.manifest import LARGEST
from intentc.output.names import by_directory, join, parent_of
from intentc.output.survey import Survey

_AT_ONCE = 128  # open files of one directory that wait to be flushed


def assemble(
    new: Directory, old: Directory | None, files: Mapping[str, bytes], carried: set[str], state: Survey
) -> None:
    """Fill the empty directory `new` with `files`, and with what `carried` names in `old`, and flush it all.

    What is the same in `old`, and what is carried, is linked and so stays the same file. Directories get the
    permission bits of their predecessors.
    """
    groups = by_directory({*files, *carried})
    for directory, names in groups.items():
        if directory:
            _make(new, directory)
        with ExitStack() as opened:
            there = opened.enter_context(new.below(directory))
            here = opened.enter_context(old.below(directory)) if old and directory in state.modes else None
            fresh = []
            for name in names:
                path = join(directory, name)
                if here is None or (path not in carried and path not in state.same):
                    fresh.append(name)
                else:
                    _carry(here, there, name)
            _write(there, {name: files[join(directory, name)] for name in fresh})
    for directory in reversed(groups):
        with new.below(directory) as there:
            if directory in state.modes:
                there.set_mode(state.modes[directory])
            there.sync()


def staying(state: Survey, files: Iterable[str]) -> set[str]:
    """Return the foreign paths that can stay where they are beside `files`."""
    wanted = set(files)
    groups = by_directory(wanted)
    return {path for path in state.foreign if path not in groups and not _lies_at_or_below(path, wanted)}


def _lies_at_or_below(path: str, wanted: set[str]) -> bool:
    while path and path not in wanted:
        path = parent_of(path)
    return bool(path)


def _make(new: Directory, directory: str) -> None:
    above, _, name = directory.rpartition("/")
    with new.below(above) as there:
        there.make(name)


def _write(there: Directory, files: Mapping[str, bytes]) -> None:
    """Write new files and wait until they are on the disk, many at a time."""
    waiting: list[tuple[str, int]] = []
    try:
        for name, content in files.items():
            waiting.append((name, there.create(name, content)))
            kernel.start_writing(waiting[-1][1])
            if len(waiting) == _AT_ONCE:
                _flush(there, waiting)
        _flush(there, waiting)
    finally:
        for _, descriptor in waiting:
            with suppress(OSError):  # another error is on its way
                os.close(descriptor)


def _flush(there: Directory, waiting: list[tuple[str, int]]) -> None:
    while waiting:
        name, descriptor = waiting.pop()
        there.flush(name, descriptor)


def _carry(here: Directory, there: Directory, name: str) -> None:
    """Let an entry of the old tree appear in the new one; a directory with all that is in it."""
    kind = here.kind(name)
    if kind != "directory":
        _carry_entry(here, there, name, kind)
        return
    found = [name]
    for path in found:  # grows while it is walked, so that no depth of directories exhausts the stack
        _make(there, path)
        with here.below(path) as source, there.below(path) as target:
            for child, kind in source.entries():
                if kind == "directory":
                    found.append(join(path, child))
                else:
                    _carry_entry(source, target, child, kind)
    for path in reversed(found):
        with here.below(path) as source, there.below(path) as target:
            target.set_mode(S_IMODE(source.status().st_mode))
            target.sync()


def _carry_entry(here: Directory, there: Directory, name: str, kind: Kind | None) -> None:
    if here.link(name, there):
        return
    content = here.read(name, LARGEST) if kind == "file" else None
    if content is not None:
        _write(there, {name: content})
    elif kind == "link":
        here.copy_link(name, there)
    else:
        raise wrong_kind(here.name(name), WORDS[kind] if kind else "gone", "a file that can be copied")
