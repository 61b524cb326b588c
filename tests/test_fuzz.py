"""The short form of `./dev fuzz`, what it found before, and that it notices what it is for."""

from __future__ import annotations

import time
from pathlib import Path
from unittest.mock import patch

import pytest

from intentc.diagnostics import Diagnostic, error
from intentc.formatter import layout as layout_of
from intentc.source import SourceFile, Span
from tests.fuzz import targets
from tests.fuzz.engines import ENGINES, attempt
from tests.fuzz.inputs import CORPUS
from tests.fuzz.targets import TARGETS, budget, check_diagnostics

SOURCE = SourceFile("a.intent", "shop")
COUNTS = {"build": 15, "prover": 40}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("engine", ENGINES)
def test_any_bytes_get_an_answer(engine: str, target: str) -> None:
    count = COUNTS.get(target, 60)
    run = ENGINES[engine](target, 1, time.monotonic() + 30, count)
    assert run.findings == ()
    assert run.executions > 0
    assert engine != "bytes" or run.lines > 100


@pytest.mark.parametrize("path", sorted(CORPUS.rglob("*.*")), ids=lambda path: path.name)
def test_what_was_worth_keeping_gets_an_answer(path: Path) -> None:
    for target in TARGETS:
        assert attempt(target, path.read_bytes()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        error("E101", "The name is wrong", Span(SOURCE, 0, 4)),
        error("E101", "name is wrong.", Span(SOURCE, 0, 4)),
        error("E101", "name is wrong", Span(SOURCE, 2, 5)),
        error("E101", "name is wrong", Span(SOURCE, 3, 2)),
        error("101", "name is wrong", Span(SOURCE, 0, 4)),
    ],
)
def test_a_malformed_diagnostic_is_noticed(wrong: Diagnostic) -> None:
    check_diagnostics([wrong._replace(code="E101", message="name is wrong", span=Span(SOURCE, 0, 4))])
    with pytest.raises(AssertionError):
        check_diagnostics([wrong])


def test_an_exception_and_a_lost_comment_are_noticed() -> None:
    text = b"shop->data:80 # why\n"
    assert attempt("format", text) is None
    with patch.object(targets, "layout", lambda _source, _program: "shop -> data:80\n"):
        assert attempt("format", text) is not None
    with patch.object(targets, "layout", side_effect=KeyError("x")):
        found = attempt("format", text)
    assert found is not None
    assert found.problem == "KeyError: 'x'"


def test_valid_programs_are_laid_out_every_one() -> None:
    """Each twice: as it was, and as it has become."""
    with patch.object(targets, "layout", wraps=layout_of) as layout:
        run = ENGINES["programs"]("format", 5, time.monotonic() + 30, 40)
    assert run.findings == ()
    assert layout.call_count == 2 * run.executions == 80


def test_a_hang_is_noticed() -> None:
    with pytest.raises(targets.Hang), budget(0.05):
        time.sleep(5)
