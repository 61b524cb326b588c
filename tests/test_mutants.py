"""The proof stops what breaks lowering and backends: a sample of the small changes of `./dev mutants`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.mutants.__main__ import MODULES
from tests.mutants.changes import changes
from tests.mutants.trial import attempt, outcome

ROOT = Path(__file__).parent.parent
SAMPLE = 12


@pytest.fixture(scope="module")
def baseline() -> dict[str, bytes]:
    written, codes = outcome()
    assert codes == set()
    return written


def test_a_sample_of_changes_is_stopped(baseline: dict[str, bytes]) -> None:
    lowering = list(changes((ROOT / MODULES[0]).read_text("utf-8")))
    dropped = [change for change in lowering if "dropped" in change.what and "yield" in change.what]
    assert len(dropped) > 15
    verdicts = {
        f"{change.line}: {change.what}": attempt("intentc.analysis.lowering", change.tree, baseline)
        for change in random.Random(5).sample(dropped, SAMPLE)
    }
    # A hop whose rule another hop of the same intent needs as well changes nothing when it is dropped.
    assert set(verdicts.values()) <= {"proof", "crash", "same"}, verdicts
    assert "proof" in verdicts.values()
