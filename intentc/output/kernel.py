"""Two calls of the operating system that Python's `os` lacks, loaded when something is written."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ctypes

# Numbers of renameat2 for C libraries without a function for it, such as musl; 64-bit programs only.
# https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl
# https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h
_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}
_RENAME_EXCHANGE = 2
_SYNC_FILE_RANGE_WRITE = 2


def exchange(directory: int, one: str, other: str) -> None:
    """Let two entries of an open directory swap their names in one step.

    Raises `OSError`: ENOSYS where the system has no such call, EINVAL where the file system has none.
    https://man7.org/linux/man-pages/man2/rename.2.html
    """
    import ctypes

    call = _renameat2()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), one)
    if call(directory, os.fsencode(one), directory, os.fsencode(other), _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), one)


def start_writing(descriptor: int) -> None:
    """Ask for the data of a file to go to the disk without waiting for it.

    Many files flushed one after the other then take a quarter of the time. It promises nothing, so its result
    does not matter. https://man7.org/linux/man-pages/man2/sync_file_range.2.html
    """
    call = _sync_file_range()
    if call is not None:
        call(descriptor, 0, 0, _SYNC_FILE_RANGE_WRITE)


@cache
def _renameat2() -> Callable[..., int] | None:
    import ctypes

    library = _library()
    number = _RENAMEAT2.get(os.uname().machine) if sys.maxsize > 2**32 else None
    arguments: list[Any] = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    if function := _function(library, "renameat2"):
        function.argtypes = arguments
        return function
    if sys.platform != "linux" or number is None:
        return None
    function = library.syscall
    function.argtypes = [ctypes.c_long, *arguments]
    function.restype = ctypes.c_long
    return lambda *rest: int(function(number, *rest))


@cache
def _sync_file_range() -> Callable[..., int] | None:
    import ctypes

    if function := _function(_library(), "sync_file_range"):
        function.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return function


def _function(library: ctypes.CDLL, name: str) -> ctypes._NamedFuncPointer | None:
    return getattr(library, name, None)


@cache
def _library() -> ctypes.CDLL:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
