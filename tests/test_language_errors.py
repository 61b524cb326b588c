"""The short form of `python -m tests.language`: how well errors help, and that a bad one would be noticed."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from intentc.diagnostics import Diagnostic
from tests.language import mutations, typos
from tests.language.measure import Measure
from tests.language.mutations import Mutations, measure_lines, measure_places, problems
from tests.language.programs import corpus, errors
from tests.language.typos import measure_names

SEED = 2026
MARGIN = 0.01
"""A short form may miss its bound by this: it is a sample of a few hundred."""


def holds(measure: Measure) -> bool:
    """Tell whether a sample is not below the bound of the long form."""
    return measure.share >= measure.bound - MARGIN


@pytest.mark.parametrize("name", corpus())
def test_the_corpus_has_no_errors(name: str) -> None:
    assert problems(name, corpus()[name]) == ()


def test_errors_point_at_what_is_wrong() -> None:
    placed, single = measure_places(Mutations(SEED), 600)
    assert holds(placed), placed.wrong
    assert placed.total == single.total > 400


def test_every_fault_has_its_error_and_no_other() -> None:
    complete, quiet, *_ = measure_lines(Mutations(SEED), 15)
    assert holds(complete), complete.wrong
    assert holds(quiet), quiet.wrong
    assert quiet.total > complete.total == 15


def test_the_name_that_was_meant_is_proposed() -> None:
    names = measure_names(Mutations(SEED), 300)
    assert holds(names), names.wrong
    assert names.total == 300


def test_errors_at_other_places_are_noticed() -> None:
    def elsewhere(name: str, text: str) -> tuple[Diagnostic, ...]:
        return tuple(
            problem._replace(span=problem.span and problem.span._replace(start=0, end=0))
            for problem in problems(name, text)
        )

    with patch.object(mutations, "problems", elsewhere):
        placed, _ = measure_places(Mutations(SEED), 60)
    assert not holds(placed)


def test_errors_that_are_missing_or_too_many_are_noticed() -> None:
    def first_twice(files: dict[str, str]) -> tuple[Diagnostic, ...]:
        found = errors(files)
        return (*found[:1], *(each._replace(code="E999") for each in found[:1]))

    with patch.object(mutations, "errors", first_twice):
        complete, quiet, *_ = measure_lines(Mutations(SEED), 5)
    assert not holds(complete)
    assert not holds(quiet)


def test_names_that_are_not_proposed_are_noticed() -> None:
    def mute(name: str, text: str) -> tuple[Diagnostic, ...]:
        return tuple(problem._replace(help=()) for problem in problems(name, text))

    with patch.object(typos, "problems", mute):
        assert not holds(measure_names(Mutations(SEED), 50))
