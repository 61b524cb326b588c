"""Every threat of the model has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
THREATS = range(1, 41)


def test_every_threat_has_a_test() -> None:
    found = {
        int(number)
        for path in TESTS.rglob("test_*.py")
        for number in re.findall(r"^def test_threat_([0-9]{2})_", path.read_text("utf-8"), re.MULTILINE)
    }
    assert found == set(THREATS)
