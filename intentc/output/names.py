"""Names of artifacts, checked before any of them becomes the name of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from intentc.output.errors import illegal_name

MANIFEST = ".intentc-manifest.json"

_LONGEST = 200
_COMPONENT = rf"(?!\.{{1,2}}(?:/|\Z))[A-Za-z0-9._][A-Za-z0-9._-]{{0,{_LONGEST - 1}}}"
_TOO_LONG = f"has a part of more than {_LONGEST} characters"
_ILLEGAL = "is not a relative path of letters, digits, dots, hyphens and underscores"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")


def parent_of(path: str) -> str:
    """Return the directory of `path`, the empty string for the root."""
    return path.rpartition("/")[0]


def join(directory: str, name: str) -> str:
    """Return the path of `name` in `directory`, where the empty string is the root."""
    return f"{directory}/{name}" if directory else name


def by_directory(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return each directory with the names of its files; parents come before their children."""
    groups: dict[str, list[str]] = {"": []}
    for path in paths:
        directory, _, name = path.rpartition("/")
        if directory not in groups:
            parts = directory.split("/")
            for length in range(1, len(parts) + 1):
                groups.setdefault("/".join(parts[:length]), [])
        groups[directory].append(name)
    return dict(sorted(groups.items()))


def check_names(paths: Iterable[str]) -> None:
    """Raise `OutputError` (E506) unless each path can be a file below the output directory.

    Allowed are relative POSIX paths of ASCII letters, digits, dot, hyphen and underscore, of at most 200
    characters a component, no two of which are one file where a file system ignores case. The manifest's name
    is taken.
    """
    spellings: dict[str, str] = {MANIFEST: MANIFEST}
    files: set[str] = {MANIFEST}
    directories: set[str] = set()
    for path in paths:
        if not is_legal(path):
            long = any(len(component) > _LONGEST for component in path.split("/"))
            raise illegal_name(path, _TOO_LONG if long else _ILLEGAL)
        if path in files:
            raise illegal_name(path, "is taken by the manifest" if path == MANIFEST else "occurs twice")
        files.add(path)
        prefix = path
        while prefix:
            other = spellings.setdefault(prefix.casefold(), prefix)
            if other != prefix:
                raise illegal_name(path, f"differs from `{other}` in case only")
            prefix = parent_of(prefix)
            if prefix in directories:
                break
            if prefix:
                directories.add(prefix)
    if both := files & directories:
        raise illegal_name(min(both), "is a directory of other output files")


def is_legal(path: str) -> bool:
    """Return whether a path can be a file below a directory, taken by itself."""
    return _PATH.fullmatch(path) is not None
