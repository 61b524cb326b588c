"""Carets stand under the cells of their span, at every width and whatever a terminal makes of the letters."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc.diagnostics import error
from intentc.output.text import block, render
from intentc.source import SourceFile, Span
from tests.test_rendering import ESCAPE, at, span


@pytest.mark.parametrize(
    ("text", "start", "end", "place", "shown", "carets"),
    [
        ("", 0, 0, "1:1", "", "^"),
        ("a -> b", 6, 6, "1:7", "a -> b", "      ^"),
        ("a -> b\n", 6, 7, "1:7", "a -> b", "      ^"),
        ("a -> b\n", 7, 7, "2:1", "", "^"),
        ("a -> b\r\n", 5, 6, "1:6", "a -> b", "     ^"),
        ("a -> b\r\nx", 6, 8, "1:7", "a -> b", "      ^"),
        ("a\rb\r\nc", 1, 2, "1:2", "a\u240db", " ^"),
        ("a -> b\r", 6, 7, "1:7", "a -> b\u240d", "      ^"),
        ("a ->  \nx", 6, 6, "1:7", "a ->", "      ^"),
        ("\ta -> b", 1, 2, "1:2", "    a -> b", "    ^"),
        ("\ta -> b", 0, 1, "1:1", "    a -> b", "^^^^"),
        ("a\t-> b", 2, 4, "1:3", "a    -> b", "     ^^"),
        ("日本 -> b", 3, 5, "1:4", "日本 -> b", "     ^^"),
        ("日本 -> b", 1, 2, "1:2", "日本 -> b", "  ^^"),
        ("\uff21\uff71b", 1, 3, "1:2", "\uff21\uff71b", "  ^^"),
        ("e\u0301x", 2, 3, "1:3", "e\u0301x", " ^"),
        ("e\u0301x", 1, 2, "1:2", "e\u0301x", "^"),
        ("e\u0301x", 0, 1, "1:1", "e\u0301x", "^"),
        ("\u1112\u1161\u11abx", 3, 4, "1:4", "\u1112\u1161\u11abx", "  ^"),
        ("\u2764\ufe0fx", 2, 3, "1:3", "\u2764x", " ^"),
        ("\U0001f600x", 1, 2, "1:2", "\U0001f600x", "  ^"),
        ("a\u200bb", 1, 2, "1:2", "a<U+200B>b", " ^^^^^^^^"),
        ("a\u202eb", 2, 3, "1:3", "a<U+202E>b", "         ^"),
        ("a\x1b[31mb", 1, 2, "1:2", "a\u241b[31mb", " ^"),
        ("a\x00\x7f\x9bb", 4, 5, "1:5", "a\u2400\u2421<U+009B>b", "           ^"),
        ("a\u3164b", 2, 3, "1:3", "a<U+3164>b", "         ^"),
        ("a\U000e0101b", 2, 3, "1:3", "a<U+E0101>b", "          ^"),
        ("a\ud800b", 2, 3, "1:3", "a<U+D800>b", "         ^"),
        ("a##[b]", 5, 6, "1:6", "a#\u266f[b]", "     ^"),
    ],
)
def test_the_caret_stands_under_the_right_cell(
    text: str, start: int, end: int, place: str, shown: str, carets: str
) -> None:
    lines = block(at(SourceFile("a.intent", text), start, end)).splitlines()
    number = place.partition(":")[0]
    assert lines[1:] == [
        f"  --> a.intent:{place}",
        "   |",
        f" {number} | {shown}".rstrip(),
        f"   | {carets} here",
    ]


# What is shown for a letter and how many cells that takes, once more by hand from the tables of Unicode.
SHOWN = {
    "a": ("a", 1), " ": (" ", 1), "é": ("é", 1), "日": ("日", 2), "한": ("한", 2), "\uff21": ("\uff21", 2),
    "\uff71": ("\uff71", 1), "\U0001f600": ("\U0001f600", 2), "\u093f": ("\u093f", 1),
    "\u0301": ("\u0301", 0), "\u20dd": ("\u20dd", 0), "\u1161": ("\u1161", 0), "\ufe0f": ("", 0),
    "\t": ("    ", 4), "\x1b": ("\u241b", 1), "\x07": ("\u2407", 1), "\x7f": ("\u2421", 1),
    "\x85": ("<U+0085>", 8), "\u200d": ("<U+200D>", 8), "\u2028": ("<U+2028>", 8), "\ufeff": ("<U+FEFF>", 8),
    "\u3000": ("<U+3000>", 8), "\udc80": ("<U+DC80>", 8), "\U000e0041": ("<U+E0041>", 9),
}  # fmt: skip


def shown(text: str) -> str:
    return "".join(SHOWN[letter][0] for letter in text)


def size(text: str) -> int:
    return sum(SHOWN[letter][1] for letter in text)


def from_cell(row: str, cell: int) -> str:
    """Return what a row shows from a cell on."""
    taken = 0
    for index, letter in enumerate(row):
        width_here = SHOWN.get(letter, ("", 1))[1]
        if taken >= cell and width_here:
            return row[index:]
        taken += width_here
    return ""


@given(st.lists(st.sampled_from(sorted(SHOWN)), max_size=200), st.data(), st.integers(24, 140))
@settings(max_examples=400, deadline=None)
def test_marks_cover_the_cells_of_the_span_at_every_width(
    letters: list[str], data: st.DataObject, columns: int
) -> None:
    text = "".join(letters)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    rows = block(at(SourceFile("a.intent", text), start, end), width=columns).splitlines()
    source, marks = rows[3][5:], rows[4][5:]
    carets = marks.count("^")
    left = marks.index("^")
    assert all(not ESCAPE <= letter < " " for row in rows for letter in row)
    assert sum(SHOWN.get(letter, ("", 1))[1] for letter in source) <= columns - 5
    # A combining character stands in the cell of the letter before it.
    while 0 < start < len(text) and not SHOWN[text[start]][1]:
        start -= 1
    while start < end < len(text) and not SHOWN[text[end]][1]:
        end += 1
    # At the beginning of a line there is none.
    inside = shown(text[start:end]).lstrip("\u0301\u20dd\u1161")
    if size(text) <= columns - 5:
        assert source == shown(text).rstrip(" ")
        assert (left, carets) == (size(text[:start]), max(1, size(text[start:end])))
    elif size(text[start:end]) <= columns - 7:
        assert carets == max(1, size(text[start:end]))
        assert from_cell(source, left).startswith(inside.rstrip(" "))
    else:
        marked = from_cell(source, left)
        assert marked.endswith("…")
        assert carets == columns - 7 or columns - 16 <= carets < columns - 7
        assert inside.startswith(marked[:-1])


EXACT = "abcdefghijklmnopqrs"
ABOVE = f"{EXACT}t"
LONG = "".join(chr(ord("a") + number % 26) for number in range(60))


@pytest.mark.parametrize(
    ("text", "start", "end", "shown", "carets"),
    [
        (EXACT, 0, 1, "abcdefghijklmnopqrs", "^"),
        (EXACT, 18, 19, "abcdefghijklmnopqrs", "                  ^"),
        (EXACT, 19, 19, "abcdefghijklmnopqrs", "                   ^"),
        (EXACT, 0, 19, "abcdefghijklmnopqrs", "^^^^^^^^^^^^^^^^^^^"),
        (ABOVE, 0, 1, "abcdefghijklmnopqr…", "^"),
        (ABOVE, 9, 10, "abcdefghijklmnopqr…", "         ^"),
        (ABOVE, 18, 19, "…cdefghijklmnopqrst", "                 ^"),
        (ABOVE, 20, 20, "…defghijklmnopqrst", "                  ^"),
        (ABOVE, 0, 20, "abcdefghijklmnop…", "^^^^^^^^^^^^^^^^^"),
        (ABOVE, 1, 18, "abcdefghijklmnopqr…", " ^^^^^^^^^^^^^^^^^"),
        (ABOVE, 1, 19, "abcdefghijklmnopq…", " ^^^^^^^^^^^^^^^^^"),
        (LONG, 0, 1, "abcdefghijklmnopqr…", "^"),
        (LONG, 30, 31, "…wxyzabcdefghijklm…", "         ^"),
        (LONG, 59, 60, "…qrstuvwxyzabcdefgh", "                  ^"),
        (LONG, 5, 50, "…efghijklmnopqrstu…", "  ^^^^^^^^^^^^^^^^^"),
        (LONG, 30, 47, "…efghijklmnopqrstu…", " ^^^^^^^^^^^^^^^^^"),
    ],
)
def test_windows_of_nineteen_cells(text: str, start: int, end: int, shown: str, carets: str) -> None:
    found = error("E110", "x", Span(SourceFile("a.intent", text), start, end))
    assert block(found, width=24).splitlines()[3:] == [f" 1 | {shown}", f"   | {carets}"]
    # What lies beyond the part that is read changes nothing.
    far = "\n" + text + "x" * 500
    if "…" in shown and shown.endswith("…"):
        found = error("E110", "x", Span(SourceFile("a.intent", far), start + 1, end + 1))
        assert block(found, width=24).splitlines()[3:] == [f" 2 | {shown}", f"   | {carets}"]


def test_long_lines_are_cut_to_a_window_around_the_span() -> None:
    text = "shop -> " + ", ".join(f"data{number}:5432" for number in range(200)) + "  # the end\n"
    place = span(text, "data77")
    found = error("E203", "namespace `data77` is not known", place, "no manifest has it")
    expected = """\
error[E203]: namespace `data77` is not known
  --> shop.intent:1:1000
   |
 1 | …2, data75:5432, data76:5432, data77:5432, data78:5432, data79:543…
   |                               ^^^^^^ no manifest has it

1 error
"""
    assert render([found], width=72) == expected


def test_forty_columns() -> None:
    place = span("checkout[app=web] -> paymnets[app=api]:8443\n", "paymnets", "intents/payments.intent")
    found = error(
        "E203",
        "namespace `paymnets` is not known",
        place,
        "no manifest and no `namespaces` list has it",
        help="a namespace with a similar name exists: `payments`",
    )
    expected = """\
error[E203]: namespace `paymnets` is not known
  --> intents/payments.intent:1:22
   |
 1 | …app=web] -> paymnets[app=api]:8443
   |              ^^^^^^^^
   | no manifest and no `namespaces`
   | list has it
   |
   = help: a namespace with a similar
           name exists: `payments`

1 error
"""
    assert render([found], width=40) == expected


def test_an_enormous_line_is_not_copied() -> None:
    text = "日" * 4_000_000
    file = SourceFile("a.intent", text)
    assert file.line_starts == (0,)
    found = [at(file, place, place + 1) for place in range(0, 4_000_000, 80_000)]
    tracemalloc.start()
    try:
        rows = render(found).splitlines()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows[-1] == "50 errors"
    assert peak < 1_000_000
