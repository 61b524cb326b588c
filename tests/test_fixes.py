"""Fixes change what they say and nothing else; a diff can be applied, and shown without harm."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc.diagnostics import Diagnostic, Edit, Fix, warning
from intentc.output.fixes import apply, diff
from intentc.output.line_changes import changes
from intentc.source import SourceFile, Span


def edit(file: SourceFile, part: str, replacement: str) -> Edit:
    """Return an edit of the only occurrence of `part`."""
    assert file.text.count(part) == 1
    start = file.text.index(part)
    return Edit(Span(file, start, start + len(part)), replacement)


def insertion(file: SourceFile, place: int, text: str) -> Edit:
    return Edit(Span(file, place, place), text)


def offer(*fixes: Fix) -> Diagnostic:
    return warning("W300", "x", fixes=fixes)


def safe(*edits: Edit) -> Fix:
    return Fix("x", edits, safe=True)


def unsafe(*edits: Edit) -> Fix:
    return Fix("x", edits, safe=False)


def fixed(*diagnostics: Diagnostic, everything: bool = False) -> dict[str, str]:
    return {file.path: text for file, text in apply(diagnostics, unsafe=everything)}


def test_only_safe_fixes_are_applied_unless_asked() -> None:
    file = SourceFile("a.intent", "a => b:080\n")
    found = [offer(safe(edit(file, "=>", "->"))), offer(unsafe(edit(file, "080", "80")))]
    assert fixed(*found) == {"a.intent": "a -> b:080\n"}
    assert fixed(*found, everything=True) == {"a.intent": "a -> b:80\n"}
    assert fixed(found[1]) == {}
    assert fixed() == {}


def test_each_file_has_its_text() -> None:
    one, two = SourceFile("one.intent", "a => b:1\r\n"), SourceFile("two.intent", "é => 日:1")
    both = offer(safe(edit(one, "=>", "->"), edit(two, "=>", "->")))
    assert fixed(both) == {"one.intent": "a -> b:1\r\n", "two.intent": "é -> 日:1"}
    assert [file for file, _ in apply([both])] == [one, two]


def test_fixes_of_one_diagnostic_are_alternatives() -> None:
    file = SourceFile("a.intent", "a -> 10.0.0.1/8:1\n")
    fixes = (
        unsafe(edit(file, "10.0.0.1/8", "10.0.0.0/8")),
        safe(edit(file, "/8", "/32")),
        safe(edit(file, "a", "c")),
    )
    assert fixed(offer(*fixes)) == {"a.intent": "a -> 10.0.0.1/32:1\n"}
    assert fixed(offer(*fixes), everything=True) == {"a.intent": "a -> 10.0.0.0/8:1\n"}


def test_of_two_that_overlap_the_first_is_applied_and_no_part_of_the_second() -> None:
    file = SourceFile("a.intent", "abcdefgh")
    first = offer(safe(edit(file, "cde", "X")))
    for second in ("bc", "ef", "d", "abcdefgh", "cde"):
        late = offer(
            safe(
                edit(file, second, "Y"),
                edit(file, "h", "Z") if second != "abcdefgh" else edit(file, "a", "Z"),
            )
        )
        assert fixed(first, late) == {"a.intent": "abXfgh"}
    assert fixed(offer(safe(edit(file, "abc", "X"), edit(file, "c", "Y")))) == {}
    assert fixed(first, offer(safe(edit(file, "ab", "Y"), edit(file, "f", "Z")))) == {"a.intent": "YXZgh"}


def test_a_fix_that_is_in_the_way_leaves_room_for_the_next_alternative() -> None:
    file = SourceFile("a.intent", "abc")
    first = offer(safe(edit(file, "b", "X")))
    assert fixed(first, offer(safe(edit(file, "bc", "Y")), safe(edit(file, "c", "Z")))) == {"a.intent": "aXZ"}


def test_the_same_fix_twice_is_one() -> None:
    file = SourceFile("a.intent", "a => b:1 => c\n")
    one = Edit(Span(file, 2, 4), "->")
    assert fixed(offer(safe(one)), offer(safe(one))) == {"a.intent": "a -> b:1 => c\n"}


def test_insertions() -> None:
    file = SourceFile("a.intent", "abcd")
    assert fixed(offer(safe(insertion(file, 0, "<"), insertion(file, 4, ">")))) == {"a.intent": "<abcd>"}
    assert fixed(offer(safe(insertion(file, 2, "1"))), offer(safe(insertion(file, 2, "2")))) == {
        "a.intent": "ab1cd"
    }
    assert fixed(offer(safe(edit(file, "bc", "X"))), offer(safe(insertion(file, 2, "1")))) == {
        "a.intent": "aXd"
    }
    for place, expected in [(1, "a1Xd"), (3, "aX1d")]:
        both = offer(safe(edit(file, "bc", "X"))), offer(safe(insertion(file, place, "1")))
        assert fixed(*both) == fixed(*reversed(both)) == {"a.intent": expected}


def test_a_change_that_changes_nothing_is_none() -> None:
    file = SourceFile("a.intent", "abcd")
    assert fixed(offer(safe(edit(file, "bc", "bc")))) == {}


@pytest.mark.parametrize(
    ("text", "removed", "left"),
    [
        ("a\nremove\nb\n", "remove", "a\nb\n"),
        ("a\r\nremove\r\nb\r\n", "remove", "a\r\nb\r\n"),
        ("a\n  remove  # why\nb\n", "remove", "a\nb\n"),
        ("a\nremove", "remove", "a\n"),
        ("remove\n", "remove", ""),
        ("a\nre\nmove\nb\n", "re\nmove", "a\nb\n"),
        ("with x { remove }\n", "remove", "with x {  }\n"),
        ("a, remove # why\n", ", remove", "a # why\n"),
        ("remove, a\n", "remove, ", "a\n"),
        ("a  # remove\nb\n", "# remove", "a\nb\n"),
        ("a \t # remove\r\nb\r\n", "# remove", "a\r\nb\r\n"),
        ("a # remove", "# remove", "a"),
        ("a, remove  \n", ", remove", "a  \n"),
    ],
)
def test_what_is_left_empty_goes_with_its_line(text: str, removed: str, left: str) -> None:
    file = SourceFile("a.intent", text)
    assert fixed(offer(safe(edit(file, removed, "")))) == {"a.intent": left}


def test_neighbouring_lines_are_removed_together() -> None:
    file = SourceFile("a.intent", "one\ntwo\nthree\nfour\n")
    found = [offer(safe(edit(file, word, ""))) for word in ("two", "three", "one")]
    assert fixed(*found) == {"a.intent": "four\n"}


@given(
    st.text("ab\n", max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text("xy", max_size=2))),
)
@settings(max_examples=300, deadline=None)
def test_edits_that_do_not_overlap_are_as_good_as_one_after_the_other(
    text: str, wanted: list[tuple[int, int, str]]
) -> None:
    file = SourceFile("a.intent", text)
    taken: list[tuple[int, int, str]] = []
    found: list[Diagnostic] = []
    for start, size, replacement in wanted:
        end = start + size
        if end > len(text) or not replacement:
            continue
        found.append(offer(safe(Edit(Span(file, start, end), replacement))))
        if all((end <= first or last <= start) and (start, end) != (first, last) for first, last, _ in taken):
            taken.append((start, end, replacement))
    expected = text
    for start, end, replacement in sorted(taken, reverse=True):
        expected = expected[:start] + replacement + expected[end:]
    assert fixed(*found) == ({"a.intent": expected} if expected != text else {})


def patched(old: str, difference: str) -> str:
    """Apply a unified diff the plain way, checking every line it says of the old text."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    done: list[str] = []
    place = 0
    if not difference:
        return old
    rows = re.findall(r"[^\n]*\n", difference)
    assert rows[0].startswith("--- ")
    assert rows[1].startswith("+++ ")
    for row, following in zip(rows[2:], [*rows[3:], ""], strict=True):
        if row.startswith("\\"):
            continue
        if match := re.fullmatch(r"@@ -([0-9]+)(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@\n", row):
            start = int(match[1]) - (match[2] != "0")
            done += lines[place:start]
            place = start
            assert len(done) == int(match[3]) - (match[4] != "0")
            continue
        line = row[1:-1] if following.startswith("\\") else row[1:]
        if row[0] != "+":
            assert lines[place] == line
            place += 1
        if row[0] != "-":
            done.append(line)
    return "".join([*done, *lines[place:]])


LINES = st.lists(
    st.sampled_from(["a", "b", "c", "", "::x", " \t::y", "one", "two", "three\r", "é"]), max_size=40
)


@given(LINES, LINES, st.booleans(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_diff_leads_from_the_old_text_to_the_new(
    old: list[str], new: list[str], ended: bool, new_ended: bool
) -> None:
    # A CR that ends no line is shown as a symbol, as another test shows.
    before = ("\n".join(old) + "\n" * ended).removesuffix("\r")
    after = ("\n".join(new) + "\n" * new_ended).removesuffix("\r")
    difference = diff(before, after, "a.intent")
    assert patched(before, difference) == after
    assert (difference == "") == (before == after)
    assert not any(line.strip().startswith("::") for line in difference.split("\n"))


@given(
    st.lists(st.sampled_from("abcdefghij"), max_size=60), st.lists(st.sampled_from("abcdefghij"), max_size=60)
)
@settings(max_examples=300, deadline=None)
def test_changes_are_in_order_and_apart(old: list[str], new: list[str]) -> None:
    found = list(changes(old, new))
    rebuilt: list[str] = []
    place = new_place = 0
    for change in found:
        assert change.start >= place
        assert change.start < change.end or change.new_start < change.new_end
        assert old[place : change.start] == new[new_place : change.new_start]
        rebuilt += old[place : change.start] + new[change.new_start : change.new_end]
        place, new_place = change.end, change.new_end
    assert rebuilt + old[place:] == new


def test_the_form_of_a_diff() -> None:
    old = "".join(f"line {number}\n" for number in range(1, 31))
    new = old.replace("line 5\n", "line five\n").replace("line 20\n", "").replace("line 30\n", "line 30")
    expected = """\
--- intents/a.intent
+++ intents/a.intent
@@ -2,7 +2,7 @@
 line 2
 line 3
 line 4
-line 5
+line five
 line 6
 line 7
 line 8
@@ -17,7 +17,6 @@
 line 17
 line 18
 line 19
-line 20
 line 21
 line 22
 line 23
@@ -27,4 +26,4 @@
 line 27
 line 28
 line 29
-line 30
+line 30
\\ No newline at end of file
"""
    assert diff(old, new, "intents/a.intent") == expected


def test_git_applies_a_diff(tmp_path: Path) -> None:
    old = "a -> b:1\r\n::x\n\n  ::error::y\nlet x = é\t日\n" + "same\n" * 20 + "last"
    for new in (
        old.replace("let x", "let y"),
        old.replace("same\nlast", "end\n"),
        f"first\n{old}",
        "only\n",
        "",
    ):
        (tmp_path / "a.intent").write_bytes(old.encode())
        (tmp_path / "change.diff").write_bytes(diff(old, new, "a.intent").encode())
        subprocess.run(["git", "apply", "-p0", "change.diff"], cwd=tmp_path, check=True)
        path = tmp_path / "a.intent"
        assert (path.read_bytes().decode() if path.exists() else "") == new


def test_threat_07_no_line_of_a_diff_is_a_command() -> None:
    old = "::error::x\n \t::add-mask::y\n# ##[group]z ##vso[task.x]y\n" + "a => b:1\n"
    difference = diff(old, old.replace("=>", "->"), "::debug::\n::error::x")
    for line in difference.split("\n"):
        assert not line.strip().startswith("::")
        assert not re.search(r"##[A-Za-z]*\[", line)
    assert "-::error::x\n+::error::x\n" in difference
    assert "+++ ::debug::\u240a::error::x\n" in difference


def test_threat_09_a_diff_shows_control_characters() -> None:
    difference = diff("a\x1b[2J\x07\u202e\rb\r\n", "a\x1b]0;x\x07\n", "a.intent")
    assert difference.endswith("-a\u241b[2J\u2407<U+202E>\u240db\r\n+a\u241b]0;x\u2407\n")


def test_a_change_in_every_tenth_line_is_found_as_such() -> None:
    old = [f"a{number % 7} -> b{number % 11}:{number % 13}\n" for number in range(50_000)]
    new = [line if number % 10 else line.replace("->", " -> ") for number, line in enumerate(old)]
    unique = (
        [f"{number} {line}" for number, line in enumerate(old)],
        [f"{number} {line}" for number, line in enumerate(new)],
    )
    assert sum(change.end - change.start for change in changes(*unique)) == 5_000
    # Where every line stands many times, more than that may be replaced.
    assert patched("".join(old), diff("".join(old), "".join(new), "a.intent")) == "".join(new)
