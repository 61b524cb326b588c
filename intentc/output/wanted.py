"""What a build wants an output directory to hold, and when that is too little to go unnoticed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Self

from intentc.output.errors import empty, shrunken
from intentc.output.manifest import Entry, Manifest, check_clusters
from intentc.output.names import MANIFEST, check_names, parent_of


class Wanted(NamedTuple):
    """Hold the result of a build, and the part of the directory it speaks for.

    `files` maps POSIX relative paths to contents, `policies` clusters to the number of their policies. With a
    `scope` of paths, only files at or below one of them are compared, replaced and removed; the others stay
    as they are, and so do the counts of clusters that `policies` does not name.
    """

    files: Mapping[str, bytes]
    entries: Mapping[str, Entry]
    policies: Mapping[str, int]
    scope: frozenset[str] | None

    @classmethod
    def of(
        cls, files: Mapping[str, bytes], policies: Mapping[str, int], scope: Collection[str] | None
    ) -> Self:
        """Return the result with its entries, all names checked.

        Raises `OutputError` (E506) for a file's name, `ValueError` for a cluster's.
        """
        check_names(files)
        check_clusters(policies)
        entries = {path: Entry.of(content) for path, content in files.items()}
        return cls(files, entries, policies, None if scope is None else frozenset(scope))

    def keeps(self, previous: Manifest) -> frozenset[str]:
        """Return the files of earlier builds that this one does not speak for."""
        if self.scope is None:
            return frozenset()
        return frozenset(
            path
            for path in previous.files
            if path not in self.files and self.scope.isdisjoint(_prefixes(path))
        )

    def complete(self, previous: Manifest) -> dict[str, bytes]:
        """Return the files with their manifest, in which the earlier files that are kept stand too."""
        kept = {path: previous.files[path] for path in self.keeps(previous)}
        if kept:
            check_names((*self.files, *kept))
        policies = {} if self.scope is None else dict(previous.policies)
        manifest = Manifest(policies | dict(self.policies), kept | dict(self.entries))
        return {**self.files, MANIFEST: manifest.encode()}

    def before(self, previous: Manifest) -> dict[str, int]:
        """Return how many policies each cluster had that this build speaks for."""
        spoken_for = previous.policies if self.scope is None else self.policies
        return {name: count for name, count in previous.policies.items() if name in spoken_for}

    def guard(self, path: str, previous: Manifest, *, allow_empty: bool, allow_shrink: bool) -> None:
        """Raise `OutputError` for a result that has lost its policies (E520) or more than 5 % of them (E521).

        No policy at all is an error of its own, and so is none for a cluster that had some. Clusters that
        have policies before and after count for the 5 %. A build for a part of the directory that has no
        policies in it, such as the firewall's, is not guarded.
        """
        before = self.before(previous)
        emptied = sorted(name for name, count in before.items() if count and not self.policies.get(name))
        if not allow_empty:
            if not any(self.policies.values()) and (self.policies or self.scope is None):
                raise empty(path, "", sum(before.values()))
            if emptied:
                raise empty(path, emptied[0], before[emptied[0]])
        left = before.keys() - set(emptied)
        had, has = (sum(counts.get(name, 0) for name in left) for counts in (before, self.policies))
        if not allow_shrink and has * 100 < had * 95:
            raise shrunken(path, had, has)


def _prefixes(path: str) -> Iterator[str]:
    while path:
        yield path
        path = parent_of(path)
