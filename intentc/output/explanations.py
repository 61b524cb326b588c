"""The documentation of diagnostics, as shipped, by their codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADING = re.compile(r"## ([EW][0-9]{3}) · (.+)")
_FENCE = re.compile(r"(`{3,}).*")


class Section(NamedTuple):
    """What the documentation says of one code: `text` is Markdown and begins with the heading."""

    code: str
    title: str
    text: str

    @property
    def summary(self) -> str:
        """Return the first paragraph, on one line."""
        paragraphs = self.text.split("\n\n")
        return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else self.title


def explain(code: str) -> str | None:
    """Return the section of `docs/diagnostics.md` on `code`, or None where there is none."""
    section = sections().get(code)
    return section.text if section else None


def sections() -> dict[str, Section]:
    """Return every section of the shipped `docs/diagnostics.md` by the code in its heading."""
    from importlib.resources import files

    page = files("intentc.docs").joinpath("diagnostics.md").read_text("utf-8")
    return {section.code: section for section in split(page)}


def split(page: str) -> Iterator[Section]:
    """Yield the sections of a page that have a code in their heading; no line in a fence is a heading."""
    code = title = ""
    lines: list[str] = []
    fence = ""
    for line in (*page.split("\n"), "## "):
        mark = _FENCE.fullmatch(line)
        if fence:
            fence = "" if line == fence else fence
        elif mark:
            fence = mark[1]
        elif line.startswith(("# ", "## ")):
            if code:
                yield Section(code, title, "\n".join(lines).rstrip() + "\n")
            heading = _HEADING.fullmatch(line)
            code, title = (heading[1], heading[2]) if heading else ("", "")
            lines = []
        lines.append(line)
