"""What a person sees of diagnostics: the layout, the caret under the right cell, nothing that acts."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

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


def test_a_span_shows_where_it_begins_and_ends_even_on_blank_lines() -> None:
    def rows(text: str, end: int) -> list[str]:
        return block(at(SourceFile("a.intent", text), 0, end)).splitlines()[3:]

    assert rows("\nabc", 4) == [" 1 |", "   | ^", " 2 | abc", "   | ^^^ here"]
    assert rows("abc\n   \nx", 7) == [" 1 | abc", "   | ^^^", " 2 |", "   |    ^ here"]


def test_a_label_that_does_not_fit_stands_below() -> None:
    found = error("E120", "x", span("a -> bb:0\n", "0"), "ports go from 1 to 65535")
    beside = ["   |         ^ ports go from 1 to 65535"]
    below = ["   |         ^", "   |        ports go from 1 to 65535"]
    assert block(found, width=39).splitlines()[4:] == beside
    assert block(found, width=38).splitlines()[4:] == [
        "   |         ^",
        "   |         ports go from 1 to 65535",
    ]
    assert block(found, width=36).splitlines()[4:] == below
    narrow = ["   |         ^", "   | ports go from 1 to", "   | 65535"]
    assert block(found, width=24).splitlines()[4:] == narrow


def test_how_near_a_label_is() -> None:
    file = SourceFile("a.intent", "line\n" * 40)

    def is_near(number: int) -> bool:
        def line(number: int, size: int = 1) -> Span:
            return Span(file, 5 * (number - 1), 5 * (number - 1 + size) - 1)

        found = error("E110", "x", line(20, 3), "here", others=(Label(line(number), "there"),))
        return ":::" not in block(found)

    assert [number for number in range(1, 41) if is_near(number)] == list(range(12, 31))


def test_labels_on_one_line_stand_in_the_order_of_their_places() -> None:
    file = SourceFile("a.intent", "abc def")
    others = tuple(
        Label(Span(file, start, end), f"{start}-{end}") for start, end in [(4, 7), (0, 2), (0, 3), (1, 2)]
    )
    rows = block(error("E110", "x", Span(file, 0, 3), "first", others=others)).splitlines()[4:]
    assert rows == ["   | ^^^ first", "   | -- 0-2", "   | --- 0-3", "   |  - 1-2", "   |     --- 4-7"]


def test_four_lines_of_a_span_are_shown_and_five_are_not() -> None:
    for lines, shown in [(4, ["1", "2", "3", "4"]), (5, ["1", "2", "5"])]:
        text = "x\n" * lines
        rows = block(at(SourceFile("a.intent", text), 0, len(text))).splitlines()[3:]
        assert [row[1] for row in rows if row[1] not in " ."] == shown


def test_one_line_between_two_labels_is_shown_and_two_are_not() -> None:
    for lines, between in [(1, " 2 | x"), (2, "...")]:
        file = SourceFile("a.intent", "x\n" * 9)
        last = Span(file, 2 * (lines + 1), 2 * (lines + 1) + 1)
        rows = block(error("E110", "x", Span(file, 0, 1), "a", others=(Label(last, "b"),))).splitlines()[3:]
        assert rows == [" 1 | x", "   | ^ a", between, f" {lines + 2} | x", "   | - b"]


def test_the_width_of_what_is_no_terminal() -> None:
    found = error("E110", "x", help="word " * 40)
    for write in (block, lambda item, **rest: render([item], **rest)):
        assert write(found) == write(found, width=100)
        assert max(map(len, write(found).splitlines())) <= 100
        assert write(found) != write(found, width=105)


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
    note = Diagnostic("W306", "note", "n")
    assert worst((note, *mixed[119:122]), 3) == mixed[119:122]
    assert worst((note, note, mixed[0]), 2) == (note, mixed[0])


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
