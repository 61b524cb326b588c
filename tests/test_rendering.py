"""What a person sees of diagnostics: the layout, the caret under the right cell, nothing that acts."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.output.text import block, count, render, worst
from intentc.source import SourceFile, Span
from tests.hostile_diagnostics import HOSTILE, hostile

ESCAPE = "\x1b"
SGR = re.compile("\x1b\\[[0-9;]*m")


def span(text: str, part: str, path: str = "shop.intent") -> Span:
    """Return the span of the only occurrence of `part`."""
    assert text.count(part) == 1
    start = text.index(part)
    return Span(SourceFile(path, text), start, start + len(part))


def at(file: SourceFile, start: int, end: int) -> Diagnostic:
    return error("E110", "unexpected text", Span(file, start, end), "here")


def test_the_form_of_the_language_page() -> None:
    place = span("# payments\n\ncheckout -> paymnets:8443\n", "paymnets", "intents/payments.intent")
    found = error(
        "E203",
        "namespace `paymnets` is not known",
        place,
        "no manifest and no `namespaces` list has it",
        help="a namespace with a similar name exists: `payments`",
    )
    expected = """\
error[E203]: namespace `paymnets` is not known
  --> intents/payments.intent:3:13
   |
 3 | checkout -> paymnets:8443
   |             ^^^^^^^^ no manifest and no `namespaces` list has it
   |
   = help: a namespace with a similar name exists: `payments`

1 error
"""
    assert render([found]) == expected


def test_labels_close_by_share_the_snippet_and_others_have_their_own() -> None:
    text = "let a = shop\n\nlet a = data\n# four\n# five\nlet a = cache\n" + 12 * "\n" + "@a -> x:1\n"
    file = SourceFile("a.intent", text)
    names = [Span(file, match.start(), match.end()) for match in re.finditer("let a", text)]
    found = error(
        "E202",
        "set `a` is defined again",
        names[1],
        "again",
        others=(
            Label(names[0], "first defined here"),
            Label(names[2], "and here"),
            Label(Span(file, text.index("shop"), text.index("shop") + 4), "its member"),
            Label(span("let a = billing\r\n", "let a", "b.intent"), "in another file"),
            Label(Span(file, text.index("@a"), text.index("@a") + 2), "used here"),
        ),
    )
    expected = """\
error[E202]: set `a` is defined again
   --> project/a.intent:3:1
    |
  1 | let a = shop
    | ----- first defined here
    |         ---- its member
  2 |
  3 | let a = data
    | ^^^^^ again
...
  6 | let a = cache
    | ----- and here
    |
   ::: project/b.intent:1:1
    |
  1 | let a = billing
    | ----- in another file
    |
   ::: project/a.intent:19:1
    |
 19 | @a -> x:1
    | -- used here

1 error
"""
    assert render([found], prefix="project/") == expected


def test_gutters_are_as_wide_as_the_largest_number_shown() -> None:
    text = "a -> b:1\n" * 1234
    found = at(SourceFile("a.intent", text), 9 * 1233 + 5, 9 * 1233 + 6)
    expected = """\
error[E110]: unexpected text
     --> a.intent:1234:6
      |
 1234 | a -> b:1
      |      ^ here
"""
    assert block(found) == expected


def test_help_and_fixes() -> None:
    place = span("a => b:1\n", "=>")
    fixes = (
        Fix("write `->`", (Edit(place, "->"),), safe=True),
        Fix("write `<-`", (Edit(place, "<-"),), safe=False),
    )
    found = warning("W310", "odd arrow", place, help=("first", "second"), fixes=fixes)
    expected = """\
warning[W310]: odd arrow
  --> shop.intent:1:3
   |
 1 | a => b:1
   |   ^^
   |
   = help: first
   = help: second
   = fix: write `->` (safe)
   = fix: write `<-` (changes who may talk to whom)

1 warning
"""
    assert render([found]) == expected


def test_a_diagnostic_of_the_whole_run_has_no_place() -> None:
    found = error("E650", "cluster `prd` is not known", help="clusters are `prod`, `staging`")
    expected = """\
error[E650]: cluster `prd` is not known
   = help: clusters are `prod`, `staging`

1 error
"""
    assert render([found]) == expected


def test_spans_over_lines() -> None:
    text = "with owner a {\n  x -> y:1,\n\n    z:2 \n}\n"
    start, end = text.index("x ->"), text.index("z:2") + 3
    expected = """\
error[E110]: unexpected text
  --> a.intent:2:3
   |
 2 |   x -> y:1,
   |   ^^^^^^^^^
 3 |
 4 |     z:2
   |     ^^^ here
"""
    assert block(at(SourceFile("a.intent", text), start, end)) == expected


def test_the_middle_of_a_long_span_is_left_out() -> None:
    text = "".join(f"line{number}\n" for number in range(1, 8))
    expected = """\
error[E110]: unexpected text
  --> a.intent:1:1
   |
 1 | line1
   | ^^^^^
 2 | line2
   | ^^^^^
...
 7 | line7
   | ^^^^^ here
"""
    assert block(at(SourceFile("a.intent", text), 0, len(text))) == expected


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


def test_a_hundred_are_shown_and_the_rest_is_counted() -> None:
    file = SourceFile("a.intent", "a -> b:0\n" * 2000)
    many = [at(file, 9 * number, 9 * number + 1) for number in range(2000)]
    assert render(many[:100]).count("error[") == 100
    assert render(many[:100]).endswith("here\n\n100 errors\n")
    assert render(many[:101]).count("error[") == 100
    assert render(many[:101]).endswith(
        "\n\n1 more diagnostic is not shown; `--format json` lists up to 5,000\n\n101 errors\n"
    )
    assert render(many).endswith(
        "\n\n1,900 more diagnostics are not shown; `--format json` lists up to 5,000\n\n2,000 errors\n"
    )


def test_warnings_never_hide_an_error() -> None:
    many = tuple(warning("W304", f"warning {number}") for number in range(150))
    mixed = (*many[:120], error("E401", "the error"), *many[120:])
    assert [item.message for item in worst(mixed, 3)] == ["warning 0", "warning 1", "the error"]
    text = render(mixed)
    assert "error[E401]: the error\n" in text
    assert text.endswith(
        "51 more diagnostics are not shown; `--format json` lists up to 5,000\n\n1 error, 150 warnings\n"
    )
    assert worst(mixed, 151) == mixed


def test_counts() -> None:
    assert count([]) == ""
    assert render([]) == ""
    note = Diagnostic("W304", "note", "x")
    assert count([note, error("E1", "x"), note, warning("W1", "x")]) == "1 error, 1 warning, 2 notes"


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("columns", [24, 40, 100])
@pytest.mark.parametrize("text", HOSTILE)
def test_threat_07_no_line_is_a_command_of_a_ci_system(text: str, columns: int, *, color: bool) -> None:
    found = render(hostile(text, text), color=color, width=columns, prefix="::x/")
    for line in SGR.sub("", found).split("\n"):
        # The runner of GitHub Actions passes over space in front, and looks for `##[` in all of a line.
        assert not line.strip().startswith("::") or re.match(r" +::: ", line)
        assert not re.search(r"##[A-Za-z]*\[", line)


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_threat_09_nothing_but_our_own_colours_acts_on_a_terminal(text: str, *, color: bool) -> None:
    found = render(hostile(text, text), color=color, width=60)
    plain = SGR.sub("", found)
    assert (plain != found) == color
    assert all(line.isprintable() for line in plain.split("\n"))
    # Colours are ours alone: without them the text is the same.
    assert plain == render(hostile(text, text), width=60)
    plain.encode()


def modules_after(code: str) -> set[str]:
    """Return the modules that code loads beyond those of the bare interpreter of the environment."""
    script = f"import sys; bare = set(sys.modules); {code}; print(*(set(sys.modules) - bare))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_rendering_loads_little() -> None:
    imports = "from intentc.output.text import render; from intentc.diagnostics import error; "
    imports += "from intentc.source import SourceFile, Span; "
    shown = imports + "render([error('E1', 'x', Span(SourceFile('a', {!r}), 0, 1), 'y')])"
    plain = modules_after(shown.format("a -> b"))
    assert "intentc.output.text" in plain
    heavy = {
        "json",
        "rich",
        "typer",
        "click",
        "lark",
        "jinja2",
        "yaml",
        "shutil",
        "textwrap",
        "difflib",
        "unicodedata",
    }
    assert not plain & heavy
    assert plain | {"unicodedata"} == modules_after(shown.format("é -> b"))
