"""A finished directory takes the place of another; what killed builds left behind is put in order."""

from __future__ import annotations

import errno
import os
import re

from intentc.output import kernel
from intentc.output.directory import Directory
from intentc.output.errors import OutputError, failed, immovable
from intentc.output.lock import lock_name

# What a system or file system without the exchange of two names answers.
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_IMMOVABLE = {errno.EBUSY, errno.EXDEV}


def new_name(name: str, what: str = "") -> str:
    """Return a name beside the directory `name` that nothing bears and that `leftovers` finds again."""
    return f".{name}.intentc-{what}{os.getpid()}-{os.urandom(8).hex()}"


def leftovers(parent: Directory, name: str) -> list[str]:
    """Return the names of what builds of the directory `name` have beside it, the lock file among them."""
    pattern = re.compile(rf"\.{re.escape(name)}\.intentc-(old-)?[0-9]{{1,10}}-[0-9a-f]{{16}}")
    return [
        entry
        for entry in parent.names()
        if entry.startswith(f".{name}.intentc-") and (pattern.fullmatch(entry) or entry == lock_name(name))
    ]


def put_in_order(parent: Directory, name: str) -> tuple[str, ...]:
    """Remove what killed builds left beside the directory `name`, and return the paths that would not go.

    To be called with the lock held: then no other build is at work, and all that is left is nobody's. A build
    killed between the two renames of `_take_turns` left the directory itself aside: it comes back first.
    """
    found = [entry for entry in leftovers(parent, name) if entry != lock_name(name)]
    aside = [entry for entry in found if entry.startswith(f".{name}.intentc-old-")]
    if aside and parent.kind(name) is None and parent.kind(aside[0]) == "directory":
        parent.rename(aside[0], name)
        found.remove(aside[0])
    stuck = []
    for entry in found:
        try:
            parent.remove(entry)
        except OutputError:
            stuck.append(parent.name(entry))
    return tuple(stuck)


def take_place(parent: Directory, finished: str, name: str) -> None:
    """Let the directory `finished` bear `name`, and what bore it the name `finished`, in one step.

    Where the system cannot, the old directory is renamed aside and the new one renamed in: for an instant
    there is neither, and a kill in that instant leaves it to the next build to bring the old one back.
    """
    if parent.kind(name) is None:
        parent.rename(finished, name)
        return
    try:
        kernel.exchange(parent.descriptor, finished, name)
    except OSError as error:
        if error.errno in _IMMOVABLE:
            raise immovable(parent.name(name)) from error
        if error.errno not in _UNKNOWN:
            raise failed("exchange", parent.name(name), error) from error
        _take_turns(parent, finished, name)


def _take_turns(parent: Directory, finished: str, name: str) -> None:
    parent.rename(name, new_name(name, "old-"))
    parent.rename(finished, name)
