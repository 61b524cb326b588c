"""What the real parts showed becomes `docs/evidence.md`: a section for each part, written by its run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.e2e.holes import Hole
from tests.e2e.modes import Mode
from tests.e2e.observing import Seen
from tests.e2e.rows import Row
from tests.e2e.world import COVERING

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


def row_cells(row: Row, seen: Seen) -> tuple[str, ...]:
    """Return the cells of one row of the truth table, as it was seen."""
    return (
        row.number,
        row.source,
        row.target,
        "no" if row.masquerade == COVERING else "yes",
        seen.leaving or "-",
        ", ".join(seen.hops) or "-",
        seen.entering or "-",
        f"{seen.answers}, seeing {seen.sees}" if seen.sees else seen.answers or "none",
    )


def packets_page(
    rows: Sequence[tuple[Row, Seen]],
    modes: Sequence[Mode],
    claims: Sequence[tuple[str, str, bool]],
    holes: Sequence[Hole],
    counts: Sequence[tuple[str, str, int]],
    compared: dict[str, int],
) -> list[str]:
    """Return what packets showed: the truth table, claims, holes, and the figures of the rest."""
    head = (
        "row",
        "from",
        "dials",
        "nodes masqueraded",
        "egress sees",
        "network sees",
        "ingress sees",
        "answer",
    )
    lines = ["### Row by row", "", *table(head, (row_cells(row, seen) for row, seen in rows))]
    lines += ["", "### Modes of the firewall", "", "The tables above are of the mode `explicit`.", ""]
    lines += table(
        ("mode", "rows that end as above", "a connection of no intent, to another node"),
        ((mode.name, str(mode.rows), mode.stray) for mode in modes),
    )
    lines += ["", "### Claims", "", *table(("claim", "seen"), (claim[:2] for claim in claims))]
    lines += ["", "### What node rules let in", ""]
    found = [
        (hole.way, hole.direction, "; ".join(hole.kinds) or "nothing", ", ".join(hole.connections) or "-")
        for hole in holes
    ]
    lines += table(("way", "direction", "admitted beside the intent", "connections"), found)
    lines += ["", "### Nothing can be left out", ""]
    lines += table(
        ("way", "nodes masqueraded", "left out in turn"),
        ((way, "no" if setting == "covering" else "yes", str(count)) for way, setting, count in counts),
    )
    total = sum(count for _, _, count in counts)
    lines += ["", f"Without any one of these {total}, an intended connection breaks."]
    lines += ["", "### Random programs", ""]
    lines.append(
        f"{compared['programs']} random programs: on {compared['connections']} connections, of which"
        f" {compared['admitted']} pass, packets and the prover agree."
    )
    return lines
