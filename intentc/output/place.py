"""Where an output directory is: its name, and the way to its parent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Self

from intentc.output.directory import Directory, naming
from intentc.output.errors import wrong_kind


class Place(NamedTuple):
    """Name a directory by one that is there, directories below it that may not be, and its own name.

    Links in `start` are followed, because the user gave it; `parts` are no links, or opening fails (E502).
    """

    start: str
    parts: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, root: Path, inside: Path | None) -> Self:
        """Return the place of `root`.

        Below `inside`, the project, a link could come from anyone who sends a change: the way starts there.
        """
        with naming("find", str(root)):
            if root.name in {"", ".."}:  # `.`, `..` and `/` have no name of their own
                root = Path(os.path.realpath(root))
            if not root.name:
                raise wrong_kind(
                    str(root), "the root of the file system", "a directory that can be exchanged"
                )
            if inside is not None:
                # Not resolved: a link has to be seen.
                parent, top = Path(os.path.abspath(root.parent)), Path(os.path.abspath(inside))  # noqa: PTH100
                if parent.is_relative_to(top):
                    return cls(str(inside), parent.relative_to(top).parts, root.name)
            parent = root.parent
            missing: list[str] = []
            while parent.name not in {"", ".."} and not _exists(parent):
                missing.insert(0, parent.name)
                parent = parent.parent
        return cls(str(parent), tuple(missing), root.name)

    def open_parent(self) -> Directory | None:
        """Return the parent, nothing when it is missing."""
        here = Directory.open(self.start)
        for part in self.parts:
            with here:
                if here.kind(part) is None:
                    return None
                here = here.child(part)
        return here

    def make_parent(self) -> Directory:
        """Return the parent, made where it was missing."""
        here = Directory.open(self.start)
        for part in self.parts:
            with here:
                if here.kind(part) is None:
                    here.make(part, exist_ok=True)  # another build may be making it too
                    here.sync()
                here = here.child(part)
        return here


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True
