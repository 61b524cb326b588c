"""A single output file is replaced in one step: it has the old content or the new."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from intentc.output.errors import failed, wrong_kind


def write_file(path: Path, content: bytes) -> None:
    """Give a file its content; raise `OutputError` (E501, E502), and then it is as it was.

    Links are not followed and nothing but a regular file is replaced.
    """
    shown = os.fspath(path)
    try:
        with suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise wrong_kind(shown, "a symbolic link", "a file")
            if not stat.S_ISREG(mode):
                raise wrong_kind(shown, "a directory or a device", "a file")
        temporary = path.with_name(f".{path.name}.intentc-{token_hex(8)}")
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as problem:
        raise failed("write", shown, problem) from problem
