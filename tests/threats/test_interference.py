"""A few of the texts that `./dev python -m tests.threats` tries a million of."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tests.threats import interference

if TYPE_CHECKING:
    import pytest


def test_no_text_changes_anything_but_itself() -> None:
    texts = list(islice(interference.payloads(7), interference.PER_BUILD))
    assert len(set(texts)) > interference.PER_BUILD // 2
    assert interference.interferences(texts) == []


def test_a_text_that_is_more_than_itself_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = interference.program

    def wider(texts: list[str]) -> str:
        more = "b -> c:1\n" if "'" in texts else ""
        return plain(["z" if text == "#" else text for text in texts]) + more

    monkeypatch.setattr(interference, "program", wider)
    found = interference.interferences(["'", "#", "x"] * 3)
    assert found == [
        "something besides the texts has changed",
        "1 texts do not come out as they went in, such as '#'",
    ]
