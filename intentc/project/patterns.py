"""Patterns of paths choose files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from intentc.profile import ManifestFiles

Chooser = Callable[[str], bool]

_WILDCARD = re.compile(r"(\*\*/|\*\*|\*|\?)")
_MEANINGS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_FEW = 2  # wildcards of any length, with which a regular expression takes at most the square of a path


def chooser(pattern: str) -> Chooser:
    """Return what tells whether a path matches a glob: `**/` any folders, `*` and `?` within a name.

    A pattern and the names of files come from a pull request, and a regular expression with many wildcards
    tries all ways to share a name out among them. So from three on, all ways are followed side by side.
    """
    parts = [part for part in _WILDCARD.split(pattern) if part]
    if sum(part.startswith("*") for part in parts) <= _FEW:
        expression = re.compile("".join(_MEANINGS.get(part, re.escape(part)) for part in parts), re.DOTALL)
        return lambda path: expression.fullmatch(path) is not None
    steps = [step for part in parts for step in ([part] if part in _MEANINGS else part)]
    return lambda path: _walk(steps, path)


def _walk(steps: list[str], path: str) -> bool:
    """Tell whether a path matches; the time is at most the length of the path times that of the pattern.

    A step is a wildcard or one character. Of `**/`, the place itself stands for the begin of a folder's
    name, and its complement `~place` for the rest of it.
    """
    places = _reached(steps, {0})
    for character in path:
        after = set()
        for place in places:
            step = steps[place] if 0 <= place < len(steps) else "**/" if place < 0 else ""
            if step == "**":
                after.add(place)
            elif step == "**/":
                if character != "/":
                    after.add(place if place < 0 else ~place)
                elif place < 0:
                    after.add(~place)
            elif step == "*":
                if character != "/":
                    after.add(place)
            elif step == character or (step == "?" and character != "/"):
                after.add(place + 1)
        if not after:
            return False
        places = _reached(steps, after)
    return len(steps) in places


def _reached(steps: list[str], places: set[int]) -> set[int]:
    """Return the places with those behind wildcards that may stand for nothing."""
    found = set(places)
    for place in places:
        while 0 <= place < len(steps) and steps[place].startswith("*") and place + 1 not in found:
            place += 1  # noqa: PLW2901 - the places are a set of their own
            found.add(place)
    return found


def manifests(names: Iterable[str], wanted: tuple[ManifestFiles, ...]) -> Iterator[tuple[str, ManifestFiles]]:
    """Yield the files that are manifests, each with the first entry that matches it."""
    choosers = [(chooser(entry.files), entry) for entry in wanted]
    for name in names:
        for chooses, entry in choosers:
            if chooses(name):
                yield name, entry
                break
