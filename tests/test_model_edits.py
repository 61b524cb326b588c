"""Files edited at random: what changes their meaning in the model's eyes, `intentc verify` reports."""

from __future__ import annotations

from tests.model.edits import EDITS, edited

SEEDS = range(120)
EACH = 6


def test_an_edit_that_changes_the_meaning_is_reported() -> None:
    found = [each for seed in SEEDS for each in edited(seed, EACH)]
    changed = [each for each in found if each.differences]
    assert [each for each in changed if not each.codes] == []
    assert len(changed) >= 100
    assert {each.what for each in changed} == {edit.__name__ for edit in EDITS}
    unchanged = [each for each in found if not each.differences and not each.codes]
    assert len(unchanged) >= 50  # an edit that changes nothing is no fault: the readers judge by meaning
