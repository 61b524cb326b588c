"""A directory held open: what is in it is reached without ever following a symbolic link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, Self

from intentc.output import kernel
from intentc.output.errors import OutputError, failed, wrong_kind
from intentc.output.names import join

Kind = Literal["file", "directory", "link", "other"]
WORDS: dict[Kind, str] = {
    "file": "a file",
    "directory": "a directory",
    "link": "a symbolic link",
    "other": "a device, pipe or socket",
}

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Directory:
    """Reach the entries of one directory through its descriptor, which no later rename can redirect.

    `path` is what messages call it. Every method raises `OutputError` (E501) with the path it failed at. Used
    as a context manager, it closes the descriptor.
    """

    __slots__ = ("descriptor", "path")

    def __init__(self, descriptor: int, path: str) -> None:
        self.descriptor = descriptor
        self.path = path

    @classmethod
    def open(cls, path: str) -> Self:
        """Open a directory by the path a user gave, whose links are the user's own."""
        with naming("open", path):
            return cls(os.open(path, _FLAGS), path)

    def __enter__(self) -> Self:
        """Return the directory itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the descriptor; nothing was written through it, so a failure loses nothing."""
        with suppress(OSError):
            os.close(self.descriptor)

    def name(self, relative: str) -> str:
        """Return what messages call an entry."""
        if not relative:
            return self.path
        return {".": "", "/": "/"}.get(self.path, f"{self.path}/") + relative

    def child(self, name: str, called: str = "") -> Directory:
        """Open a directory in this one, for messages under another name if one is given.

        A link to a directory is an error, as is everything else that is none (E502).
        """
        called = called or self.name(name)
        kind = self.kind(name)
        if kind is not None and kind != "directory":
            raise wrong_kind(called, WORDS[kind], "a directory")
        with naming("open", called):
            descriptor = os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=self.descriptor)
        return Directory(descriptor, called)

    def below(self, relative: str) -> Directory:
        """Open a directory some levels below this one, or this one again for the empty path."""
        with naming("open", self.name(relative)):
            descriptor = os.dup(self.descriptor)
            for part in relative.split("/") if relative else ():
                try:
                    deeper = os.open(part, _FLAGS | os.O_NOFOLLOW, dir_fd=descriptor)
                finally:
                    os.close(descriptor)
                descriptor = deeper
        return Directory(descriptor, self.name(relative))

    def kind(self, name: str) -> Kind | None:
        """Return what an entry is, nothing when there is none; a link is a link, whatever it leads to."""
        with naming("look at", self.name(name)):
            try:
                mode = os.lstat(name, dir_fd=self.descriptor).st_mode
            except FileNotFoundError:
                return None
        if stat.S_ISDIR(mode):
            return "directory"
        return "file" if stat.S_ISREG(mode) else "link" if stat.S_ISLNK(mode) else "other"

    def entries(self) -> list[tuple[str, Kind]]:
        """Return the names in this directory, sorted, each with what it is."""
        found: list[tuple[str, Kind]] = []
        with naming("list", self.path), os.scandir(self.descriptor) as scan:
            for entry in scan:
                if entry.is_file(follow_symlinks=False):
                    found.append((entry.name, "file"))
                elif entry.is_dir(follow_symlinks=False):
                    found.append((entry.name, "directory"))
                else:
                    found.append((entry.name, "link" if entry.is_symlink() else "other"))
        return sorted(found)

    def names(self) -> list[str]:
        """Return the names in this directory, sorted."""
        with naming("list", self.path):
            return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - a path has no descriptor

    def status(self) -> os.stat_result:
        """Return what the system knows of this directory itself."""
        with naming("look at", self.path):
            return os.fstat(self.descriptor)

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the content of a file; nothing for one longer than `limit` bytes, or that is no file."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:  # not `naming`: this is what a build that changes nothing spends its time with
            descriptor = os.open(name, flags, dir_fd=self.descriptor)
            try:
                status = os.fstat(descriptor)
                size = status.st_size
                if not stat.S_ISREG(status.st_mode) or size > limit:
                    return None
                content = os.read(descriptor, size)
                while len(content) < size and (more := os.read(descriptor, size - len(content))):
                    content += more
            finally:
                os.close(descriptor)
        except OSError as error:
            raise failed("read", self.name(name), error) from error
        return content

    def create(self, name: str, content: bytes, *, flush: bool) -> None:
        """Write a new file; with `flush`, wait until it is on the disk."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with naming("write", self.name(name)):
            descriptor = os.open(name, flags, 0o666, dir_fd=self.descriptor)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if flush:
                    os.fsync(descriptor)
            except BaseException:
                with suppress(OSError):  # the first error is the one to tell
                    os.close(descriptor)
                raise
            os.close(descriptor)

    def link(self, name: str, into: Directory) -> bool:
        """Give an entry that is no directory a second name in another directory; tell whether it is possible.

        File systems without hard links, and owners of files that the kernel protects from being linked
        (https://docs.kernel.org/admin-guide/sysctl/fs.html#protected-hardlinks), make it impossible.
        """
        with naming("link", self.name(name)):
            try:
                os.link(
                    name,
                    name,
                    src_dir_fd=self.descriptor,
                    dst_dir_fd=into.descriptor,
                    follow_symlinks=False,
                )
            except OSError as error:
                if error.errno not in {errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}:
                    raise
                return False
        return True

    def make(self, name: str, *, exist_ok: bool = False) -> None:
        """Make a directory."""
        with naming("create", self.name(name)):
            try:
                os.mkdir(name, dir_fd=self.descriptor)
            except FileExistsError:
                if not exist_ok:
                    raise

    def set_mode(self, mode: int) -> None:
        """Give this directory these permission bits, unless it has them."""
        if stat.S_IMODE(self.status().st_mode) != mode:
            with naming("write", self.path):
                os.fchmod(self.descriptor, mode)

    def copy_link(self, name: str, into: Directory) -> None:
        """Make the same symbolic link in another directory."""
        with naming("link", self.name(name)):
            os.symlink(os.readlink(name, dir_fd=self.descriptor), name, dir_fd=into.descriptor)

    def rename(self, old: str, new: str) -> None:
        """Rename an entry within this directory."""
        with naming("rename", self.name(old)):
            os.rename(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def sync(self) -> None:
        """Wait until the entries of this directory are on the disk, where the file system knows how to."""
        with naming("write", self.path):
            try:
                os.fsync(self.descriptor)
            except OSError as error:
                if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
                    raise

    def sync_all(self) -> None:
        """Wait until all of the file system that this directory is in is on the disk."""
        with naming("write", self.path):
            kernel.sync_file_system(self.descriptor)

    def remove(self, name: str) -> None:
        """Remove an entry, with all that is in it when it is a directory; links are removed, not followed.

        Takes one level at a time, so that no depth of directories exhausts stack or descriptors.
        """
        kind = self.kind(name)
        if kind != "directory":
            if kind is not None:
                self._unlink(name)
            return
        found, waiting = [], [name]
        while waiting:
            path = waiting.pop()
            found.append(path)
            with self.below(path) as here:
                with suppress(OutputError):  # what is not ours to change may still be ours to remove
                    here.set_mode(0o700)
                for child, kind in here.entries():
                    if kind == "directory":
                        waiting.append(join(path, child))
                    else:
                        here._unlink(child)  # noqa: SLF001 - another directory of the same class
        for path in reversed(found):
            above, _, last = path.rpartition("/")
            with self.below(above) as here, naming("remove", self.name(path)):
                os.rmdir(last, dir_fd=here.descriptor)

    def _unlink(self, name: str) -> None:
        with naming("remove", self.name(name)):
            os.unlink(name, dir_fd=self.descriptor)


@contextmanager
def naming(action: str, path: str) -> Iterator[None]:
    """Turn a failed call of the operating system into an error that names the path."""
    try:
        yield
    except OSError as error:
        raise failed(action, path, error) from error
