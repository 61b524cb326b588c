"""What is in an output directory, compared with what should be in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from stat import S_IMODE
from typing import NamedTuple

from intentc.output.directory import WORDS, Directory, Kind
from intentc.output.manifest import LARGEST, NOTHING, Entry, Manifest, decode
from intentc.output.names import MANIFEST, by_directory, join


class Previous(NamedTuple):
    """The manifest found in a directory: its bytes, what they say, and what is wrong with them.

    No bytes and no damage means that there is none.
    """

    content: bytes = b""
    manifest: Manifest = NOTHING
    damage: str = ""


@dataclass(slots=True)
class Survey:
    """Sort the paths of a directory by what has to happen to them.

    A path is in one of `same`, `missing`, `changed` (ours, to be replaced), `stale` (ours, to be removed),
    `edited` (in our manifest with other content), `kept` (ours, not to be touched) and `foreign` (everything
    else, with what it is). A foreign directory stands for all that is in it; a foreign file at the path of a
    wanted one leaves that one `missing`.
    """

    previous: Previous
    same: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    foreign: dict[str, Kind] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)

    @property
    def to_do(self) -> bool:
        """Tell whether the directory has to change."""
        return bool(self.missing or self.changed or self.stale or self.edited)

    @property
    def obstacles(self) -> tuple[tuple[str, str], ...]:
        """Return the paths that are not ours to replace or remove, each with what it is."""
        found = dict.fromkeys(self.edited, "changed since it was written")
        for path, kind in self.foreign.items():
            found[path] = "not written by this program" if kind == "file" else WORDS[kind]
        if self.previous.damage:
            found[MANIFEST] = f"a manifest {self.previous.damage}"
        return tuple(sorted(found.items()))


def read_previous(root: Directory) -> Previous:
    """Return the manifest of a directory, or why it cannot be believed."""
    kind = root.kind(MANIFEST)
    if kind is None:
        return Previous()
    content = root.read(MANIFEST, LARGEST) if kind == "file" else None
    if content is None:
        return Previous(damage="that is no file, or a huge one")
    try:
        return Previous(content, decode(content))
    except ValueError as error:
        return Previous(content, damage=str(error))


def survey(root: Directory, files: Mapping[str, bytes], kept: frozenset[str], previous: Previous) -> Survey:
    """Compare what is in `root` with `files`, the manifest among them; `kept` paths stay as they are.

    A file with the very content it should have is `same`, whoever wrote it. `modes` gets the permission bits
    of every directory that ours are in.
    """
    result = Survey(previous)
    entries = previous.manifest.files
    groups = by_directory({*files, *entries})
    present = {""}
    for directory in groups:
        if directory not in present:
            continue
        with root.below(directory) as here:
            result.modes[directory] = S_IMODE(here.status().st_mode)
            for name, kind in here.entries():
                path = join(directory, name)
                if kind == "directory" and path in groups:
                    present.add(path)
                elif kind == "file" and path in kept:
                    result.kept.add(path)
                elif kind == "file" and (path in files or path in entries):
                    _judge(result, here, name, path, files.get(path), entries.get(path))
                else:
                    result.foreign[path] = kind
    result.missing = files.keys() - result.same - result.changed - result.edited
    return result


def _judge(
    result: Survey, here: Directory, name: str, path: str, wanted: bytes | None, entry: Entry | None
) -> None:
    sizes = (len(wanted) if wanted is not None else -1, entry.size if entry else -1)
    content = here.read(name, LARGEST if path == MANIFEST else max(sizes))
    if content is not None and content == wanted:
        result.same.add(path)
    elif path == MANIFEST:
        result.changed.add(path)
    elif entry is None:
        result.foreign[path] = "file"
    elif content is None or len(content) != entry.size or Entry.of(content) != entry:
        result.edited.add(path)
    else:
        (result.stale if wanted is None else result.changed).add(path)
