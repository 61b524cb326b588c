"""The page on diagnostics falls into sections by the codes in its headings."""

from __future__ import annotations

from pathlib import Path

from intentc.output.explanations import explain, sections, split

PAGE = Path(__file__).parents[1] / "docs" / "diagnostics.md"


def test_a_section_ends_before_the_next_heading_and_no_line_in_a_fence_is_one() -> None:
    page = "# T\n\n## Codes\n\ntext\n\n## E203 · a `b` · c\n\nOne\nline.\n\nMore.\n\n"
    page += "````intent bad\n## E999 · no\n## E998 · no\n```\n## E997 · no\n````\n\n"
    page += "## W304 · d\n\nTwo.\n\n# The end\n\nx\n"
    first, second = split(page)
    assert (first.code, first.title, first.summary) == ("E203", "a `b` · c", "One line.")
    assert first.text == page[page.index("## E203") : page.index("\n## W304")]
    assert (second.code, second.title, second.text) == ("W304", "d", "## W304 · d\n\nTwo.\n")
    assert second.summary == "Two."


def test_a_page_without_codes_has_no_sections() -> None:
    assert list(split("")) == []
    assert list(split("# T\n\n## E20 · short\n\n### E203 · deep\n\n## E203: colon\n")) == []


def test_a_section_without_words_is_summed_up_by_its_title() -> None:
    (only,) = split("## E203 · a b")
    assert (only.summary, only.text) == ("a b", "## E203 · a b\n")


def test_what_is_shipped_is_the_page() -> None:
    assert list(sections().values()) == list(split(PAGE.read_text("utf-8")))
    assert all(explain(code) == section.text for code, section in sections().items())
    assert explain("E000") is None
