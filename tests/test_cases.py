"""Every behaviour is a folder in tests/cases: files in, and all that comes out as goldens.

`allow_*` shows output, `err_*` and `warn_*` what is said, `ok_*` what nothing must be said of, `todo_*` a
message known to be poor. `pytest tests/test_cases.py --update` rewrites the goldens and deletes stale ones;
read every line of the diff.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import intentc
from intentc.compiler import Options, Result, compile_files
from intentc.output.text import render

CASES = Path(__file__).parent / "cases"
KINDS = ("allow", "err", "ok", "todo", "warn")
INPUTS = re.compile(r".*\.intent|intentc\.yaml|manifests\.yaml")
TODAY = "2026-11-23"
PACKAGE = Path(intentc.__file__).parent
CODE = re.compile(r'"([EW][0-9]{3})"')
SAID = re.compile(r"^(?:error|warning|note)\[([EW][0-9]{3})\]", re.MULTILINE)
ELSEWHERE = ("E219", "E412", "E5", "E65", "E76", "E901", "E902", "E903", "E904", "E905", "E908", "W7")
"""What no case can raise: other stages, the command line, our own faults, and input beyond all measure.

What `intentc audit` and `intentc import` say of policies has its cases in tests/audit and tests/adoption.
"""


def folders() -> list[Path]:
    return sorted(path for path in CASES.iterdir() if path.is_dir())


def compile_case(folder: Path) -> Result:
    """Compile the inputs of a case as the bytes they are."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if INPUTS.fullmatch(path.name)}
    return compile_files(files, Options(today=TODAY))


def goldens(folder: Path, result: Result) -> dict[str, bytes]:
    """Return every golden file of a case by its path in the folder."""
    found = {"diagnostics.txt": render(result.diagnostics).encode()}
    if folder.name.startswith("allow_"):
        found |= {f"output/{artifact.path}": artifact.content for artifact in result.artifacts}
    return found


def present(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not INPUTS.fullmatch(path.name)
    }


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_case(folder: Path, *, update: bool) -> None:
    result = compile_case(folder)
    expected = goldens(folder, result)
    if update:
        for name in present(folder).keys() - expected.keys():
            (folder / name).unlink()
        for name, content in expected.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    assert present(folder) == expected
    severities = {diagnostic.severity for diagnostic in result.diagnostics}
    kind = folder.name.partition("_")[0]
    assert kind in KINDS
    if kind == "err":
        assert "error" in severities
        assert result.artifacts == ()
    elif kind == "warn":
        assert "warning" in severities
        assert "error" not in severities
        assert result.artifacts != ()
    elif kind == "ok":
        assert severities == set()
    elif kind == "allow":
        assert "error" not in severities


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_diagnostic_is_complete(folder: Path) -> None:
    """A code and a message in style; at a place in a file, a label and a help as well."""
    for diagnostic in compile_case(folder).diagnostics:
        assert re.fullmatch(r"[EW][0-9]{3}", diagnostic.code)
        assert not diagnostic.message.endswith((".", "?", "!"))
        assert not re.match(r"(?!Service\b)[A-Z][a-z]", diagnostic.message)
        assert not re.search(r"\byou(r)?\b", diagnostic.message + " ".join(diagnostic.help), re.IGNORECASE)
        if diagnostic.severity == "error" and diagnostic.span is not None:
            assert diagnostic.label, diagnostic.code
            assert diagnostic.help, diagnostic.code


def test_every_code_that_compiling_can_raise_has_three_cases() -> None:
    """Three situations a code: of those that need a million flows, or a fault of ours, there are none.

    In all there are 250 cases of something being said, at least.
    """
    counts = Counter(
        code for folder in folders() for code in set(SAID.findall((folder / "diagnostics.txt").read_text()))
    )
    assert sum(bool((folder / "diagnostics.txt").read_bytes()) for folder in folders()) >= 250
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    codes = {code for code in CODE.findall(source) if not code.startswith(ELSEWHERE)}
    assert {code: counts[code] for code in sorted(codes) if counts[code] < 3} == {}
