"""What the real parts showed becomes `docs/evidence.md`: a section for each part, written by its run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"


class Policy(NamedTuple):
    """A bad or odd policy, and who refuses it."""

    rule: str
    name: str
    by_server: bool
    by_us: bool
    message: str


def write(part: str, lines: Iterable[str]) -> None:
    """Replace a part's section of the page, which stands between two comments that name the part."""
    start, end = f"<!-- {part}: written by ./dev e2e {part} -->\n", f"<!-- end of {part} -->\n"
    page = PAGE.read_text()
    before, found, rest = page.partition(start)
    _, ended, after = rest.partition(end)
    assert found, f"{PAGE.name} has no section {part}"
    assert ended, f"the section {part} of {PAGE.name} has no end"
    text = before + start + "\n" + "".join(f"{line}\n" for line in lines) + "\n" + end + after
    if text != page:
        PAGE.write_text(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in Markdown; a bar in a cell is escaped."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def api_page(facts: Sequence[str], policies: Sequence[Policy]) -> list[str]:
    """Return what the API server showed: the figures, and where we are stricter than it is."""
    laxer: dict[str, list[str]] = {}
    for row in policies:
        if row.by_us and not row.by_server:
            laxer.setdefault(row.rule, []).append(row.name)
    count = sum(map(len, laxer.values()))
    lines = [f"* {fact}." for fact in facts]
    lines += ["", f"The server takes these {count}, and we refuse to write them:", ""]
    return lines + table(("rule", "policies"), ((rule, "; ".join(names)) for rule, names in laxer.items()))
