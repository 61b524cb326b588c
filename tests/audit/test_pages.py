"""The page and the example show what `intentc audit` really says, and the page leaves no code out."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from intentc.cli import main
from intentc.output.explanations import sections

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "audit.md", ROOT / "examples" / "audit" / "README.md")
SHOWN = [
    (page.name, *found)
    for page in PAGES
    for found in re.findall(
        r"^```console\n\$ ./dev intentc (?P<command>.+)\n(?P<output>(?s:.*?))^```$",
        page.read_text("utf-8"),
        re.MULTILINE,
    )
]
LISTED = re.compile(r"^\| \[(W7[0-9]{2})\]\(diagnostics\.md#w7[0-9]{2}--[a-z-]+\) \|", re.MULTILINE)


@pytest.mark.parametrize(("page", "command", "output"), SHOWN, ids=range(len(SHOWN)))
def test_what_is_shown_is_what_is_said(
    page: str,
    command: str,
    output: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(ROOT / "examples" / "audit", tmp_path / "examples" / "audit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "argv", ["intentc", *command.split()])
    with pytest.raises(SystemExit):
        main()
    said = "".join(capfd.readouterr())
    assert said == output, page


def test_each_page_shows_something() -> None:
    assert {page for page, _, _ in SHOWN} == {page.name for page in PAGES}


def test_the_page_lists_each_code_with_a_link_to_its_section() -> None:
    page = PAGES[0].read_text("utf-8")
    source = "".join(path.read_text("utf-8") for path in (ROOT / "intentc" / "audit").glob("*.py"))
    codes = set(re.findall(r'"(W7[0-9]{2})"', source))
    known = {code: section.title for code, section in sections().items() if code in codes}
    assert LISTED.findall(page) == list(known)
    for code, title in known.items():
        assert f"](diagnostics.md#{_anchor(f'{code} · {title}')})" in page, code


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")
