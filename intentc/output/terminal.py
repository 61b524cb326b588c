"""Decide how text may look on a terminal, and make foreign text harmless to show."""

from __future__ import annotations

import os
import re
from typing import TextIO

TAB = "    "
"""What is shown for a tab."""

_DEFAULT_WIDTH = 100
_NARROWEST = 24
_COLUMNS = re.compile("[1-9][0-9]{0,3}")

# Letters and marks that are printable by their category and leave no ink, so that they can hide.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
# Text or emoji presentation of the character before: it changes the width in some terminals only.
_PRESENTATION = re.compile("[\ufe0e\ufe0f]")
# What CI systems take for a command of their own anywhere in a line: GitHub's `##[`, Azure's `##vso[`.
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")


def wants_color(when: str, stream: TextIO) -> bool:
    """Tell whether to colour: `always`, `never`, or `auto`, which asks the environment and the stream.

    NO_COLOR wins over CLICOLOR_FORCE, which wins over CLICOLOR and the terminal (https://no-color.org,
    https://bixense.com/clicolors).
    """
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def width(stream: TextIO) -> int:
    """Return how many cells a line of `stream` has: what COLUMNS says, or the terminal, or else 100."""
    columns = os.environ.get("COLUMNS", "")
    if _COLUMNS.fullmatch(columns):
        return max(_NARROWEST, int(columns))
    try:
        # A terminal that does not know its size says 0.
        return max(_NARROWEST, os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH)
    except (OSError, ValueError):
        return _DEFAULT_WIDTH


def visible(text: str) -> str:
    """Return `text` with everything that moves a cursor, hides, reorders or commands shown as a symbol.

    Control characters become their Unicode pictures, other invisible ones `<U+202E>`; the result is one
    line of printable characters. Twice is the same as once.
    """
    if not text.isascii():
        text = _PRESENTATION.sub("", _UNSEEN.sub(lambda match: _symbol(match.group()), text))
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else _symbol(letter) for letter in text)
    return _COMMAND.sub("#\u266f", text) if "##" in text else text


def cells(text: str) -> int:
    """Return how many cells of a terminal `text` takes: wide characters two, combining ones none.

    https://www.unicode.org/reports/tr11/
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    total = 0
    for letter in text:
        if (
            category(letter) in ("Mn", "Me")
            or "\u1160" <= letter <= "\u11ff"
            or "\ud7b0" <= letter <= "\ud7ff"
        ):
            continue  # it joins the cell of the letter before; so do the vowels and finals of Hangul
        total += 2 if east_asian_width(letter) in "WF" else 1
    return total


def wrap(text: str, room: int) -> list[str]:
    """Return `text` broken between words into rows of at most `room` cells; a longer word keeps its row.

    No row begins with `::`: behind an indent that would still be a command to GitHub's runner.
    """
    rows = [""]
    taken = 0
    for word in text.split(" "):
        size = cells(word)
        if rows[-1] and taken + 1 + size > room and not word.startswith("::"):
            rows.append(word)
            taken = size
        else:
            rows[-1] = f"{rows[-1]} {word}" if rows[-1] else word
            taken += size + 1 if taken else size
    return [row.rstrip() for row in rows]


def _symbol(letter: str) -> str:
    point = ord(letter)
    if point < 0x20:
        return chr(0x2400 + point)
    return "\u2421" if point == 0x7F else f"<U+{point:04X}>"
