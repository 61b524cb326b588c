"""The documentation of diagnostics, as shipped, by their codes."""

from __future__ import annotations

import re

_HEADING = re.compile(r"## ([EW][0-9]{3}) · ")


def explain(code: str) -> str | None:
    """Return the section of `docs/diagnostics.md` on `code`, or None where there is none."""
    return sections().get(code)


def sections() -> dict[str, str]:
    """Return every section of `docs/diagnostics.md` by the code in its heading."""
    from importlib.resources import files

    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in files("intentc.docs").joinpath("diagnostics.md").read_text("utf-8").splitlines(keepends=True):
        heading = _HEADING.match(line)
        if line.startswith("## "):
            lines = found.setdefault(heading[1], []) if heading else []
        lines.append(line)
    return {code: "".join(its).rstrip() + "\n" for code, its in found.items()}
