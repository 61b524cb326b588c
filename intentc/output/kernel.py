"""Two calls of the operating system that Python's `os` lacks, loaded when something is written."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import ctypes

# Numbers of renameat2 for C libraries without a function for it, such as musl; 64-bit programs only.
# https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl
# https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h
_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}
_RENAME_EXCHANGE = 2


def exchange(directory: int, one: str, other: str) -> None:
    """Let two entries of an open directory swap their names in one step.

    Raises `OSError`: ENOSYS where the system has no such call, EINVAL where the file system has none.
    https://man7.org/linux/man-pages/man2/rename.2.html
    """
    call = _renameat2()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), one)
    if call(directory, os.fsencode(one), directory, os.fsencode(other), _RENAME_EXCHANGE) != 0:
        _raise_last(one)


def syncs_file_systems() -> bool:
    """Return whether `sync_file_system` can be called."""
    return _syncfs() is not None


def sync_file_system(descriptor: int) -> None:
    """Wait until all that was written to the file system of an open directory is on its disk.

    Raises `OSError`. https://man7.org/linux/man-pages/man2/sync.2.html
    """
    call = _syncfs()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if call(descriptor) != 0:
        _raise_last("")


@cache
def _renameat2() -> Callable[..., int] | None:
    library = _library()
    if library is None:
        return None
    import ctypes

    arguments: list[Any] = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    if function := _function(library, "renameat2"):
        function.argtypes = arguments
        return function
    number = _RENAMEAT2.get(os.uname().machine) if sys.maxsize > 2**32 else None
    if sys.platform != "linux" or number is None:
        return None
    system_call = library.syscall
    system_call.argtypes = [ctypes.c_long, *arguments]
    system_call.restype = ctypes.c_long
    return lambda *rest: int(system_call(number, *rest))


@cache
def _syncfs() -> Callable[..., int] | None:
    library = _library()
    function = _function(library, "syncfs") if library else None
    if function:
        import ctypes

        function.argtypes = [ctypes.c_int]
    return function


def _raise_last(name: str) -> NoReturn:
    import ctypes

    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), name)


def _function(library: ctypes.CDLL, name: str) -> ctypes._NamedFuncPointer | None:
    return getattr(library, name, None)


@cache
def _library() -> ctypes.CDLL | None:
    """Return the C library, nothing where Python was built without the means to call it."""
    try:
        import ctypes
    except ImportError:
        return None
    return ctypes.CDLL(None, use_errno=True)
