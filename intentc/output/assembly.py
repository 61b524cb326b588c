"""The new tree, put together beside the old one: what is the same is linked, what is new is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from stat import S_IMODE

from intentc.output import kernel
from intentc.output.directory import WORDS, Directory, Kind
from intentc.output.errors import wrong_kind
from intentc.output.manifest import LARGEST
from intentc.output.names import by_directory, join, parent_of
from intentc.output.survey import Survey

# So many files and directories are flushed one by one, each at the cost of a round trip to the disk. Beyond,
# the file system is flushed as a whole: one round trip, though what other programs have written goes along.
_FEW = 32


def assemble(
    new: Directory, old: Directory | None, files: Mapping[str, bytes], carried: set[str], state: Survey
) -> None:
    """Fill the empty directory `new` with `files`, and with what `carried` names in `old`, and flush it all.

    What is the same in `old`, and what is carried, is linked and so stays the same file. Directories get the
    permission bits of their predecessors.
    """
    groups = by_directory({*files, *carried})
    fresh = files.keys() - state.same
    each = len(groups) + len(fresh) <= _FEW or not kernel.syncs_file_systems()
    for directory, names in groups.items():
        if directory:
            _make(new, directory)
        with ExitStack() as opened:
            there = opened.enter_context(new.below(directory))
            here = None
            if old and directory in state.modes:
                here = opened.enter_context(old.below(directory))
            for name in names:
                path = join(directory, name)
                if here and path not in fresh:
                    _carry(here, there, name)
                else:
                    there.create(name, files[path], flush=each)
    for directory in reversed(groups):
        with new.below(directory) as there:
            if directory in state.modes:
                there.set_mode(state.modes[directory])
            if each:
                there.sync()
    if not each:
        new.sync_all()


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
        there.create(name, content, flush=True)
    elif kind == "link":
        here.copy_link(name, there)
    else:
        raise wrong_kind(here.name(name), WORDS[kind] if kind else "gone", "a file that can be copied")
