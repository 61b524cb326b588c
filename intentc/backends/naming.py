"""Readable stems for the names of emitted objects."""

from __future__ import annotations

import re

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def slug(text: str, room: int) -> str:
    """Return `text` as lower-case words joined by `-`, at most `room` characters."""
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-")[:room].rstrip("-") or "x"
