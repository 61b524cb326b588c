"""Decide how text may look on a terminal, and make foreign text harmless to show."""

from __future__ import annotations

import os
import re
from typing import TextIO

TAB = "    "

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_NARROWEST = 40
_DEFAULT_WIDTH = 100


def wants_color(when: str, stream: TextIO) -> bool:
    """Tell whether to colour: `always`, `never`, or `auto`, which asks the environment and the stream.

    https://no-color.org, https://bixense.com/clicolors
    """
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """Return how many cells a line of `stream` has; what is no terminal has 100."""
    try:
        return max(_NARROWEST, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return _DEFAULT_WIDTH


def visible(text: str) -> str:
    """Return `text` with everything that moves a cursor, hides or reorders text shown as a symbol.

    Control characters become their Unicode pictures, other invisible ones `<U+202E>`.
    """
    return text if text.isprintable() else _HARMFUL.sub(_symbol, text)


def _symbol(match: re.Match[str]) -> str:
    point = ord(match.group())
    if point < 0x20:
        return chr(0x2400 + point)
    return "\u2421" if point == 0x7F else f"<U+{point:04X}>"


def cells(text: str) -> int:
    """Return how many cells of a terminal `text` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)
