"""The page on diagnostics has one section a code, in order, and every example in it does what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from intentc.adoption import Adoption, adopt
from intentc.audit import Audit, audit
from intentc.cli.explain import explain
from intentc.compiler import Result, compile_texts, load_inventory, load_project
from intentc.output.explanations import Section, sections, split

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "diagnostics.md"
TODAY = "2026-11-23"
BLOCK = re.compile(r"```(intent|yaml|manifest|policy) (bad|good|project|manifests)\n(.*?)```\n", re.DOTALL)
MANIFESTS = "version: 1\nmanifests: [manifests.yaml]\n"
CODE = re.compile(r'"([EW][0-9]{3})"')

BYTES = {"E101", "E102", "E103", "E104", "W110"}
"""What the bytes of a file raise; such characters do not stand in a page that is read."""

TOO_LONG = {"E105", "E106", "E219", "E908", "W749"}
"""What only generated files raise, far longer than an example."""

NO_TEXT = ("E412", "E5", "E65", "E901", "E902", "E903", "E904", "E905", "W762")
"""What no text of a project raises: files, the command line, and faults that are not the user's."""


def codes() -> list[str]:
    """Return every code that the program can say."""
    texts = (path.read_text() for path in (ROOT / "intentc").rglob("*.py"))
    return sorted({code for text in texts for code in CODE.findall(text)})


def examples(section: Section) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield `bad` or `good`, and the files of each example: project and manifests before it are its own."""
    project: dict[str, str] = {}
    for language, kind, text in BLOCK.findall(section.text):
        if kind == "project":
            project = {"intentc.yaml": text}
        elif kind == "manifests":
            project = {"intentc.yaml": MANIFESTS, **project, "manifests.yaml": text}
        elif language == "manifest":
            files = {"intentc.yaml": MANIFESTS, "manifests.yaml": text}
            yield section.code, kind, {**files, "a.intent": "shop -> shop:8080\n"}
        elif language == "policy":
            yield section.code, kind, {**project, "policies.yaml": text}
        elif language == "yaml":
            yield section.code, kind, {"intentc.yaml": text, "a.intent": "shop -> data:5432\n"}
        else:
            yield section.code, kind, {**project, "a.intent": text}


def is_shown(code: str) -> bool:
    return code not in BYTES | TOO_LONG and not code.startswith(NO_TEXT)


EXAMPLES = [example for section in sections().values() for example in examples(section)]


def judged(files: dict[str, str], _code: str) -> Audit:
    """Return what is said of the policies of an example, with its project and manifests."""
    project, _ = load_project(files["intentc.yaml"].encode() if "intentc.yaml" in files else None)
    if "manifests.yaml" in files:
        project, _ = load_inventory(
            project, [("manifests.yaml", files["manifests.yaml"].encode(), "default")]
        )
    return audit([("policies.yaml", files["policies.yaml"].encode(), "default")], project)


def adopted(files: dict[str, str], code: str) -> Adoption:
    """Return what is said of an import of the policies of an example."""
    project, _ = load_project(files["intentc.yaml"].encode() if "intentc.yaml" in files else None)
    policies = ("policies.yaml", files["policies.yaml"].encode(), "")
    return adopt([policies], project, allow_residue=code == "W760")


def said(files: dict[str, str]) -> tuple[Result, set[str]]:
    result = compile_texts(files, today=TODAY)
    return result, {diagnostic.code for diagnostic in result.diagnostics}


def test_every_code_has_one_section_in_order_and_no_other_code_has_any() -> None:
    assert [section.code for section in split(PAGE.read_text())] == codes()


def test_every_section_says_why_and_shows_both() -> None:
    for section in sections().values():
        assert re.match(r"[A-Z`0-9]", section.summary), section.code
        assert section.summary.endswith("."), section.code
        kinds = [kind for _, kind, _ in examples(section)]
        assert kinds == (["bad", "good"] if is_shown(section.code) else []), section.code
        assert section.text.count("```") == 2 * len(BLOCK.findall(section.text)), section.code


@pytest.mark.parametrize(
    ("code", "kind", "files"), EXAMPLES, ids=[f"{code}-{kind}" for code, kind, _ in EXAMPLES]
)
def test_example(code: str, kind: str, files: dict[str, str]) -> None:
    """A bad example shows its code; an error's bad example shows no other error, a good one shows none.

    Of policies a bad example shows its code alone, and a good one nothing.
    """
    if "policies.yaml" in files:
        judge = adopted if code[1:3] == "76" else judged
        found = {diagnostic.code for diagnostic in judge(files, code).diagnostics}
        assert found == ({code} if kind == "bad" else set())
        return
    result, found = said(files)
    errors = {diagnostic.code for diagnostic in result.diagnostics if diagnostic.severity == "error"}
    if kind == "bad":
        assert code in found
        assert errors == ({code} if code.startswith("E") else set())
    else:
        assert code not in found
        assert errors == set()
        assert result.artifacts


@pytest.mark.parametrize("code", codes())
def test_explain_prints_the_section(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(code.lower()) == 0
    text = capsys.readouterr().out
    assert text == sections()[code].text
    assert text.startswith(f"## {code} · ")


def test_explain_refuses_what_is_no_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("E999") == 2
    assert capsys.readouterr().out == ""
