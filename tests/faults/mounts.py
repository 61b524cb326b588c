"""File systems that are full, read-only, mounted in the way or layered, in a name space of their own."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from intentc.output.errors import OutputError
from tests.faults.disks import Disk, both_seen
from tests.faults.trees import Violation, which, write

_BLOCK = 4096


def _mount(place: Path, *arguments: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *arguments, str(place)], check=True)


def full_disk(directory: Path) -> Counter[str]:
    """Build on a disk with less and less room left."""
    _mount(directory, "-t", "tmpfs", "-o", "size=480k", "none")
    disk = Disk.at(directory / "scene")
    filler = directory / "filler"
    outcomes: Counter[str] = Counter()
    for blocks in range(shutil.disk_usage(directory).free // _BLOCK):
        filler.write_bytes(bytes(blocks * _BLOCK))
        outcomes[disk.attempt(relieve=filler.unlink)] += 1
    return both_seen(outcomes)


def no_more_files(directory: Path) -> Counter[str]:
    """Build on a disk that takes fewer and fewer new files."""
    _mount(directory, "-t", "tmpfs", "-o", "size=8m,nr_inodes=80", "none")
    disk = Disk.at(directory / "scene")
    filler = directory / "filler"
    outcomes: Counter[str] = Counter()
    for count in range(50):
        filler.mkdir()
        try:
            for number in range(count):
                (filler / str(number)).touch()
        except OSError:  # now the disk takes none at all
            count = 0  # noqa: PLW2901
        outcomes[disk.attempt(relieve=lambda: shutil.rmtree(filler))] += 1
    return both_seen(outcomes)


def read_only(directory: Path) -> Counter[str]:
    """Build on a disk that is read-only."""
    _mount(directory, "-t", "tmpfs", "none")
    disk = Disk.at(directory / "scene")

    def mode(word: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{word}", str(directory)], check=True)

    outcomes: Counter[str] = Counter()
    for tree in (1, 0):
        outcomes[disk.attempt(lambda: mode("ro"), lambda: mode("rw"), tree=tree)] += 1
    return both_seen(outcomes)


def cannot_be_renamed(directory: Path) -> Counter[str]:
    """Build into what no system renames: a mount point, the same of one file system, a lower layer."""
    _mount(directory, "-t", "tmpfs", "none")
    outcomes: Counter[str] = Counter()
    for word, root in _immovable(directory):
        disk = Disk.at(directory / f"scene {word}")
        shutil.copytree(disk.root, root, dirs_exist_ok=True)
        if word == "layer":
            _mount(root.parent, "-t", "overlay", "-o", _layers(root.parent), "none")
        try:
            write(root, disk.trees[1])
        except OutputError as error:
            if "is a mount point or belongs to a layer" not in str(error) or error.path != str(root):
                raise
            which(root, disk.states, (0,))
            outcomes["cannot be renamed"] += 1
        else:
            raise Violation(f"a {word} was renamed")
    return outcomes


def _immovable(directory: Path) -> Iterator[tuple[str, Path]]:
    other = directory / "parent" / "other"
    _mount(other, "-t", "tmpfs", "none")
    yield "mount", other
    same = directory / "parent" / "same"
    source = directory / "source"
    source.mkdir()
    _mount(same, "--bind", str(source))
    yield "bind mount", same
    yield "layer", directory / "lower" / "out"


def _layers(lower: Path) -> str:
    for name in ("upper", "work"):
        (lower.parent / name).mkdir()
    return f"lowerdir={lower},upperdir={lower.parent / 'upper'},workdir={lower.parent / 'work'}"


def main(directory: Path) -> None:
    """Do it all, and print how often each outcome was seen."""
    for number, part in enumerate((full_disk, no_more_files, read_only, cannot_be_renamed)):
        place = directory / f"mounts{number}"
        for word, count in part(place).items():
            sys.stdout.write(f"{count} {part.__name__.replace('_', ' ')}: {word}\n")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (Violation, OutputError) as problem:
        sys.exit(f"{type(problem).__name__}: {problem}")
