"""Find and read the files of a project, and nothing outside it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from intentc.compiler import PROJECT_FILE, load_inventory, load_project
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.profile import Project

MAXIMUM_FILE = 64 * 1024 * 1024
MAXIMUM_TOTAL = 256 * 1024 * 1024
MAXIMUM_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Workspace:
    """One project as found on disk.

    `root` is its folder, `sources` the bytes of its intents by path relative to the root, `prefix` what
    stands before such a path to reach it from the current folder. `manifests` are the path, the bytes and the
    default namespace of each manifest; what they say is the project's inventory.
    """

    root: Path
    prefix: str
    project: Project
    sources: dict[str, bytes]
    diagnostics: tuple[Diagnostic, ...]
    manifests: tuple[tuple[str, bytes, str], ...] = ()


def of_clusters(project: Project, names: tuple[str, ...], problems: list[Diagnostic]) -> Project:
    """Return the project with the clusters that were asked for alone."""
    if not names:
        return project
    known = {profile.name: profile for profile in project.clusters}
    for name in names:
        if name not in known:
            listing = f"known clusters: {', '.join(f'`{cluster}`' for cluster in known)}"
            problems.append(error("E650", f"cluster `{name}` is not known", help=listing))
    return replace(project, clusters=tuple(its for its in project.clusters if its.name in names))


def open_workspace(
    path: Path,
    manifests: tuple[str, ...] = (),
    namespace: str = "default",
    *,
    intents_required: bool = True,
    with_intents: bool = True,
    with_manifests: bool = True,
) -> Workspace:
    """Read the project at `path`: a folder, or a single `.intent` file that is a program of its own.

    The profile is the `intentc.yaml` in the folder, or the documented default. Only regular files are read,
    never more than the limits, and no link is followed out of the folder. What goes wrong is in
    `diagnostics`: nothing is raised. Paths in `manifests` (files, folders, `-` for stdin) are read in place
    of those of the profile; objects in them that name no namespace are in `namespace`.
    """
    single = path.name if path.suffix == ".intent" and not path.is_dir() else None
    root = path.parent if single else path
    prefix = "" if str(root) in ("", ".") else f"{root.as_posix().rstrip('/')}/"
    diagnostics: list[Diagnostic] = []
    if not root.is_dir():
        problem = error("E510", f"`{path}` does not exist", help="give a folder or a `.intent` file")
        return Workspace(root, prefix, Project(), {}, (problem,))
    reader = _Reader(root, diagnostics)
    is_there = os.path.lexists(root / PROJECT_FILE)  # a link that leads nowhere is no missing file
    project, problems = load_project(reader.read(PROJECT_FILE) if is_there else None)
    diagnostics.extend(problems)
    sources: dict[str, bytes] = {}
    if with_intents and not has_errors(diagnostics):
        paths = [single] if single else list(reader.matching(project.intents, project.output))
        for name in paths:
            data = reader.read(name)
            if data is not None:
                sources[name] = data
        if not paths and intents_required:
            patterns = ", ".join(f"`{pattern}`" for pattern in project.intents)
            help_text = (
                f"`intents` in `{PROJECT_FILE}` is {patterns}; `intentc init` writes a project to begin with"
            )
            diagnostics.append(error("E523", f"no `.intent` file in `{root}`", help=help_text))
    found: tuple[tuple[str, bytes, str], ...] = ()
    if not with_manifests:
        return Workspace(root, prefix, project, sources, tuple(diagnostics))
    if manifests:
        found = tuple(read_given(root, manifests, namespace, diagnostics))
    elif project.manifests and not has_errors(diagnostics):
        found = tuple(_manifests(reader, project))
    if (manifests or project.manifests) and not has_errors(diagnostics):
        project, problems = load_inventory(project, found)
        diagnostics.extend(problems)
    return Workspace(root, prefix, project, sources, tuple(diagnostics), found)


def _manifests(reader: _Reader, project: Project) -> Iterator[tuple[str, bytes, str]]:
    """Yield the manifests that a project names; an entry that matches no file is an error."""
    from intentc.project.patterns import manifests

    unmatched = dict.fromkeys(entry.files for entry in project.manifests)
    for count, (name, entry) in enumerate(manifests(reader.files(project.output), project.manifests), 1):
        if count > MAXIMUM_FILES:
            reader.too_many()
            return
        unmatched.pop(entry.files, None)
        data = reader.read(name)
        if data is not None:
            yield name, data, entry.namespace
    for pattern in unmatched:
        help_text = f"`manifests` in `{PROJECT_FILE}` says where manifests are"
        reader.diagnostics.append(error("E523", f"no manifest matches `{pattern}`", help=help_text))


@cache
def _standard_input() -> bytes:
    """Return the standard input, or a byte more than is ever read; it can be read once."""
    return sys.stdin.buffer.read(MAXIMUM_FILE + 1)


def read_given(
    root: Path, paths: tuple[str, ...], namespace: str, diagnostics: list[Diagnostic]
) -> Iterator[tuple[str, bytes, str]]:
    """Yield the manifests that the command line names, under paths that lead there from the project."""
    for path in paths:
        if path == "-":
            piped = _standard_input()
            if len(piped) > MAXIMUM_FILE:
                diagnostics.append(error("E512", "the standard input is larger than 64 MiB", help="split it"))
            else:
                yield "<stdin>", piped, namespace
            continue
        place = Path(path)
        if not place.exists():
            help_text = "give a file, a folder, or `-` for the standard input"
            diagnostics.append(error("E510", f"`{path}` does not exist", help=help_text))
            continue
        folder = place if place.is_dir() else place.parent
        reader = _Reader(folder, diagnostics)
        names = (
            [name for name in reader.files("") if name.endswith((".yaml", ".yml", ".json"))]
            if place.is_dir()
            else [place.name]
        )
        if not names:
            diagnostics.append(error("E523", f"no manifest in `{path}`", help="they end in `.yaml`, `.json`"))
        for name in names[:MAXIMUM_FILES]:
            data = reader.read(name)
            if data is not None:
                # Such a path stands behind that of the project where it is shown.
                near = str(root) in ("", ".")
                shown = folder / name if near else Path(os.path.relpath(folder / name, root))
                yield shown.as_posix(), data, namespace
        if len(names) > MAXIMUM_FILES:
            reader.too_many()


def read_folder(folder: Path, suffixes: tuple[str, ...]) -> tuple[dict[str, bytes], tuple[Diagnostic, ...]]:
    """Return the files in a folder that end in one of `suffixes`, and what could not be read."""
    diagnostics: list[Diagnostic] = []
    reader = _Reader(folder, diagnostics)
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(suffixes))
    found = {name: reader.read(name) for name in names}
    return {name: data for name, data in found.items() if data is not None}, tuple(diagnostics)


class _Reader:
    """Read files below one folder, within the limits."""

    def __init__(self, root: Path, diagnostics: list[Diagnostic]) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.diagnostics = diagnostics
        self.total = 0

    def matching(self, patterns: tuple[str, ...], output: str) -> Iterator[str]:
        """Yield the files that match a pattern, sorted; hidden folders and the output are passed over."""
        from intentc.project.patterns import chooser

        wanted = [chooser(pattern) for pattern in patterns]
        count = 0
        for name in self.files(output):
            if any(chooses(name) for chooses in wanted):
                count += 1
                if count > MAXIMUM_FILES:
                    self.too_many()
                    return
                yield name

    def too_many(self) -> None:
        """Report that more files match than are read."""
        message = f"more than {MAXIMUM_FILES:,} files match"
        self.diagnostics.append(error("E512", message, help="narrow the patterns in `intentc.yaml`"))

    def files(self, output: str) -> Iterator[str]:
        """Yield the paths of all files, sorted; hidden folders and the output are passed over."""
        output = output.rstrip("/")
        for folder, folders, names in os.walk(self.root):
            relative = os.path.relpath(folder, self.root).replace(os.sep, "/")
            above = "" if relative == "." else f"{relative}/"
            folders[:] = sorted(
                name for name in folders if not name.startswith(".") and f"{above}{name}" != output
            )
            yield from (f"{above}{name}" for name in sorted(names))

    def read(self, name: str) -> bytes | None:
        """Return the bytes of one file, or None after reporting why it is not read."""
        try:
            real = os.path.realpath(self.root / name)
            if os.path.commonpath((real, self.real_root)) != self.real_root:
                help_text = "links must stay inside the project"
                return self._refuse("E511", f"`{name}` leads out of the project", help_text)
            descriptor = _open(self.real_root, Path(real).relative_to(self.real_root).parts)
        except OSError as problem:
            return self._refuse("E510", f"`{name}` cannot be read: {problem.strerror}", "")
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            return self._refuse("E510", f"`{name}` is not a regular file", "")
        with os.fdopen(descriptor, "rb") as file:
            if found.st_size > MAXIMUM_FILE:
                return self._refuse("E512", f"`{name}` is larger than 64 MiB", "split it")
            try:
                data = file.read(MAXIMUM_FILE + 1)
            except OSError as problem:
                return self._refuse("E510", f"`{name}` cannot be read: {problem.strerror}", "")
        self.total += len(data)
        if len(data) > MAXIMUM_FILE or self.total > MAXIMUM_TOTAL:
            return self._refuse("E512", "the sources are larger than 256 MiB together", "split the project")
        return data

    def _refuse(self, code: str, message: str, help_text: str) -> bytes | None:
        self.diagnostics.append(error(code, message, help=help_text or ()))
        return None


def _open(root: str, parts: tuple[str, ...]) -> int:
    """Open a file below `root` by a way without links, though one may appear meanwhile; raise `OSError`.

    A FIFO or a device must not make the build wait, so what is opened need not be a regular file.
    """
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = below
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)
