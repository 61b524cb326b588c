"""An output directory holds exactly the artifacts of the last build that succeeded."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from intentc.output.assembly import assemble, staying
from intentc.output.directory import Directory
from intentc.output.errors import BUSY, OutputError, immovable, not_ours, refused
from intentc.output.exchange import leftovers, new_name, put_in_order, take_place
from intentc.output.lock import held
from intentc.output.manifest import NOTHING, Entry, Manifest
from intentc.output.names import MANIFEST
from intentc.output.place import Place
from intentc.output.survey import Previous, Survey, read_previous, survey
from intentc.output.wanted import Wanted

PATIENCE = 30.0  # seconds to wait for another build


class WriteReport(NamedTuple):
    """Say what became of an output directory: paths relative to it, sorted, the manifest left out.

    `replaced` are the files that were not ours to replace or remove and that `force` put aside, `foreign` the
    ones it left where they are. `stuck` are leftovers of killed builds, beside the directory, that could not
    be removed. The counts of policies are those of the clusters that the build speaks for. `entries` are size
    and digest of every file the build wanted, the manifest left out.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    replaced: tuple[str, ...]
    foreign: tuple[str, ...]
    stuck: tuple[str, ...]
    policies_before: int
    policies_after: int
    entries: Mapping[str, Entry]


class Difference(NamedTuple):
    """Say how one path of an output directory differs from what a build would write.

    `extra` is a file of ours that the build would remove, `foreign` one that is not ours.
    """

    path: str
    kind: Literal["missing", "changed", "extra", "foreign"]


def write_tree(
    root: Path,
    files: Mapping[str, bytes],
    *,
    policies: Mapping[str, int],
    scope: Collection[str] | None = None,
    inside: Path | None = None,
    force: bool = False,
    allow_empty: bool = False,
    allow_shrink: bool = False,
    patience: float = PATIENCE,
) -> WriteReport:
    """Make the directory `root` hold `files` and their manifest, in one step or not at all.

    `files`, `policies` and `scope` are those of `Wanted`. Parents of `root` are made when they are missing;
    those below `inside`, the project, must not be links. When nothing differs, nothing is touched. `patience`
    is how many seconds to wait for another build of the same directory.

    Raises `OutputError`, and then `root` is as it was; the only exception is an error of the disk while the
    finished exchange is being flushed. `RefusedError` names files that are not ours to replace or remove.
    """
    wanted = Wanted.of(files, policies, scope)
    permits = _Permits(force=force, allow_empty=allow_empty, allow_shrink=allow_shrink)
    place = Place.of(root, inside)
    name = place.name
    parent = place.open_parent()
    if parent is None:
        permits.guard(wanted, str(root), NOTHING)
        parent = place.make_parent()
    with parent:
        state = _unchanged(parent, name, wanted)
        if state is not None:
            permits.guard(wanted, str(root), state.previous.manifest)
            return _report(wanted, state, set(), _tidy(parent, name))
        with held(parent, name, patience):
            try:
                return _replace(parent, name, str(root), wanted, permits)
            except BaseException:
                with suppress(Exception):
                    put_in_order(parent, name)
                raise


def compare_tree(
    root: Path,
    files: Mapping[str, bytes],
    *,
    policies: Mapping[str, int],
    scope: Collection[str] | None = None,
    inside: Path | None = None,
) -> tuple[Difference, ...]:
    """Return how the directory `root` differs from what `write_tree` would make of it, sorted; touch nothing.

    The manifest is compared too. Raises `OutputError` when `root` cannot be read or is no directory.
    """
    wanted = Wanted.of(files, policies, scope)
    place = Place.of(root, inside)
    name = place.name
    parent = place.open_parent()
    if parent is None:
        return _differences(wanted, _nothing_there(wanted))
    with parent:
        while True:
            if parent.kind(name) is None:
                return _differences(wanted, _nothing_there(wanted))
            with parent.child(name, str(root)) as there:
                try:
                    differences = _differences(wanted, _survey(there, wanted))
                except OutputError:
                    if _is_still(there, parent, name):
                        raise
                    continue
                # A build may have put another directory in place and removed the one that was being read.
                if not differences or _is_still(there, parent, name):
                    return differences


class _Permits(NamedTuple):
    """What the user allows beyond the ordinary."""

    force: bool
    allow_empty: bool
    allow_shrink: bool

    def guard(self, wanted: Wanted, path: str, previous: Manifest) -> None:
        wanted.guard(path, previous, allow_empty=self.allow_empty, allow_shrink=self.allow_shrink)


def _replace(parent: Directory, name: str, path: str, wanted: Wanted, permits: _Permits) -> WriteReport:
    """Bring the directory up to date, with its lock held."""
    put_in_order(parent, name)
    with ExitStack() as opened:
        old = None
        if parent.kind(name) is not None:
            old = opened.enter_context(parent.child(name, path))
            if old.status().st_dev != parent.status().st_dev:
                raise immovable(path)  # told before anything is written
        state = _survey(old, wanted) if old else _nothing_there(wanted)
        if state.foreign and not (state.previous.content or state.previous.damage):
            raise not_ours(path)
        if state.obstacles and not permits.force:
            raise refused(path, state.obstacles)
        permits.guard(wanted, path, state.previous.manifest)
        complete = wanted.complete(state.previous.manifest)
        foreign = staying(state, complete)
        if state.to_do:
            fresh = new_name(name)
            parent.make(fresh)
            with parent.child(fresh, path) as new, _in_one_file_system(path):
                assemble(new, old, complete, state.kept | foreign, state)
            take_place(parent, fresh, name)
            parent.sync()
    return _report(wanted, state, foreign, put_in_order(parent, name))


@contextmanager
def _in_one_file_system(path: str) -> Iterator[None]:
    """Tell of a mount of the same file system, which nothing but a failing link gives away."""
    try:
        yield
    except OutputError as problem:
        if isinstance(problem.__cause__, OSError) and problem.__cause__.errno == errno.EXDEV:
            raise immovable(path) from problem
        raise


def _unchanged(parent: Directory, name: str, wanted: Wanted) -> Survey | None:
    """Return the state of a directory that is just as it should be; nothing about any other.

    It needs no lock: at the moment it looked, all was well.
    """
    with suppress(OutputError):
        if parent.kind(name) != "directory":
            return None
        with parent.child(name) as there:
            previous = read_previous(there)
            if previous.content == wanted.complete(previous.manifest)[MANIFEST]:
                state = _survey(there, wanted, previous)
                return None if state.to_do or state.foreign else state
    return None


def _tidy(parent: Directory, name: str) -> tuple[str, ...]:
    """Remove what killed builds left, unless a build is at work; return the paths that would not go."""
    found = leftovers(parent, name)
    if not found:
        return ()
    try:
        with held(parent, name, 0):
            return put_in_order(parent, name)
    except OutputError as error:
        return () if error.diagnostic.code == BUSY else tuple(map(parent.name, found))


def _survey(there: Directory, wanted: Wanted, previous: Previous | None = None) -> Survey:
    previous = previous or read_previous(there)
    return survey(there, wanted.complete(previous.manifest), wanted.keeps(previous.manifest), previous)


def _nothing_there(wanted: Wanted) -> Survey:
    return Survey(Previous(), missing=set(wanted.complete(NOTHING)))


def _is_still(there: Directory, parent: Directory, name: str) -> bool:
    """Tell whether `there` still bears the name it was opened by."""
    with suppress(OutputError), parent.child(name) as now:
        return os.path.samestat(now.status(), there.status())
    return False


def _report(wanted: Wanted, state: Survey, foreign: set[str], stuck: tuple[str, ...]) -> WriteReport:
    files = wanted.files.keys()
    return WriteReport(
        written=tuple(sorted(files - state.same)),
        unchanged=tuple(sorted(files & state.same)),
        removed=tuple(sorted(state.stale | (state.edited - files))),
        replaced=tuple(sorted(state.edited | (state.foreign.keys() - foreign))),
        foreign=tuple(sorted(foreign)),
        stuck=stuck,
        policies_before=sum(wanted.before(state.previous.manifest).values()),
        policies_after=sum(wanted.policies.values()),
        entries=wanted.entries,
    )


def _differences(wanted: Wanted, state: Survey) -> tuple[Difference, ...]:
    complete = wanted.files.keys() | {MANIFEST}
    found = {path: Difference(path, "foreign") for path in state.foreign}
    found |= {path: Difference(path, "extra") for path in state.stale | state.edited}
    found |= {path: Difference(path, "missing") for path in state.missing - state.foreign.keys()}
    changed = state.changed | (complete & (state.edited | state.foreign.keys()))
    found |= {path: Difference(path, "changed") for path in changed}
    return tuple(sorted(found.values()))
