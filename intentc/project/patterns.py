"""Patterns of paths become regular expressions, and choose files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from intentc.profile import ManifestFiles


def expression(pattern: str) -> re.Pattern[str]:
    """Return a glob as a regular expression: `**/` any folders, `*` and `?` within a name."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meanings = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))


def manifests(names: Iterable[str], wanted: tuple[ManifestFiles, ...]) -> Iterator[tuple[str, ManifestFiles]]:
    """Yield the files that are manifests, each with the first entry that matches it."""
    expressions = [(expression(entry.files), entry) for entry in wanted]
    for name in names:
        for pattern, entry in expressions:
            if pattern.fullmatch(name):
                yield name, entry
                break
