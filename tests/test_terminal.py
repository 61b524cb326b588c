"""What the environment and the stream say of colour and width, and what foreign text looks like."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc.output.terminal import visible, wants_color, width, wrap


@pytest.mark.parametrize(
    "point", ["\u200b", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\u061c", "\u00ad"]
)
def test_threat_10_what_hides_or_reorders_is_spelled_out(point: str) -> None:
    assert visible(f"a{point}b") == f"a<U+{ord(point):04X}>b"


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_visible_text_is_printable_and_settled(text: str) -> None:
    once = visible(text)
    assert once.isprintable()
    assert visible(once) == once
    assert visible(f"a{once}") == f"a{once}"


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ["shop[app=web] -> data:5432  # größer, 日本, é, e\u0301, 😀", "## heading", "# [x]"]:
        assert visible(text) == text


def test_wrap_breaks_between_words_only() -> None:
    assert wrap("", 10) == [""]
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("one longerthanthat x", 7) == ["one", "longerthanthat", "x"]
    assert wrap("日本 日本", 8) == ["日本", "日本"]
    assert wrap("日本 日本", 9) == ["日本 日本"]
    assert wrap("one ::error::x two", 7) == ["one ::error::x", "two"]


class Stream(io.StringIO):
    """A text stream that says of itself whether it is a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        """Return what the test wants."""
        return self.terminal


@pytest.mark.parametrize(
    ("when", "environment", "terminal", "colored"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("always", {}, False, True),
        ("never", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"CLICOLOR": "0"}, True, False),
        ("auto", {"CLICOLOR": "1"}, True, True),
        ("auto", {"CLICOLOR": "1"}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"CLICOLOR_FORCE": ""}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1", "TERM": "dumb", "CLICOLOR": "0"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False),
        ("never", {"CLICOLOR_FORCE": "1"}, True, False),
    ],
)
def test_when_to_colour(
    monkeypatch: pytest.MonkeyPatch, when: str, environment: dict[str, str], terminal: bool, colored: bool
) -> None:
    for name in ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_color(when, Stream(terminal=terminal)) is colored


@contextmanager
def terminal_of(columns: int) -> Iterator[TextIO]:
    """Open a terminal of so many columns."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(leader, "w"), os.fdopen(follower, "w") as stream:
        yield stream


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert width(io.StringIO()) == 100
    for columns, expected in [(63, 63), (40, 40), (5, 24), (0, 100), (250, 250)]:
        with terminal_of(columns) as stream:
            assert width(stream) == expected
    for text, expected in [
        ("77", 77),
        ("3", 24),
        ("0", 100),
        ("x", 100),
        ("\u0667\u0667", 100),
        ("-5", 100),
        ("99999", 100),
    ]:
        monkeypatch.setenv("COLUMNS", text)
        assert width(io.StringIO()) == expected
