"""The proof stops what breaks lowering and backends: a sample of the small changes of `./dev mutants`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.mutants.__main__ import MODULES, again
from tests.mutants.changes import changes
from tests.mutants.trial import attempt, outcome

ROOT = Path(__file__).parent.parent
SAMPLE = 12


def test_what_lived_in_a_former_run_is_found_again_where_lines_have_moved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = "a = 1\nb = f(1, 2)\nc = f(3, 4)\n"
    known = [("one.py", change) for change in changes(source)]
    log = (
        "survived: one.py:4: first two arguments exchanged\n"
        "hung: one.py:1: 1 becomes 2\n"
        "survived: one.py:1: 1 becomes 2\n"
        "survived: two.py:1: 1 becomes 2\n"
        "3 of 3: {'survived': 3}\n"
    )
    found = [(change.line, change.what) for _, change in again(log, known)]
    assert found == [(3, "first two arguments exchanged"), (1, "1 becomes 2"), (2, "1 becomes 2")]
    assert capsys.readouterr().out == "no such change now: two.py:1: 1 becomes 2\n"


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
