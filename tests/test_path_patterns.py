"""Patterns of `intentc.yaml` choose the files they describe, in time that no pattern can make long."""

from __future__ import annotations

import random
import re
import time

import pytest

from intentc.project.patterns import chooser

# What a pattern means, as a regular expression that a short path cannot make slow.
MEANINGS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def meant(pattern: str, path: str) -> bool:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    expression = "".join(MEANINGS.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, path, re.DOTALL) is not None


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("**/*.intent", ["a.intent", "x/y/a.intent", ".intent"], ["a.intents", "a/b"]),
        ("teams/*/in/**/*.intent", ["teams/a/in/b.intent", "teams/a/in/b/c.intent"], ["teams/a/b.intent"]),
        ("*/*/*", ["a/b/c"], ["a/b", "a/b/c/d"]),
        ("**/a/**/b/**/c", ["a/b/c", "x/a/y/z/b/c"], ["a/c", "xa/b/c"]),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[a].intent", ["[a].intent"], ["a.intent"]),
    ],
)  # fmt: skip
def test_a_pattern_chooses_what_it_describes(pattern: str, matching: list[str], others: list[str]) -> None:
    chooses = chooser(pattern)
    assert [path for path in matching + others if chooses(path)] == matching


@pytest.mark.parametrize("seed", range(20))
def test_following_all_ways_equals_trying_them(seed: int) -> None:
    generator = random.Random(seed)
    seen = {True: 0, False: 0}
    for _ in range(500):
        pattern = "".join(
            generator.choices(["**/", "**", "*", "?", "a", "b", "/"], k=generator.randrange(1, 9))
        )
        chooses = chooser(pattern)
        for _ in range(20):
            path = "".join(generator.choices("aab/\n", k=generator.randrange(10)))
            found = chooses(path)
            assert found == meant(pattern, path), (pattern, path)
            seen[found] += 1
    assert min(seen.values()) > 100


@pytest.mark.parametrize("pattern", ["*a" * 20 + "b", "**a" * 20 + "b", "**/*a" * 20 + "b", "**/" * 20 + "b"])
def test_no_pattern_takes_long(pattern: str) -> None:
    chooses = chooser(pattern)
    start = time.process_time()
    for path in ("a" * 255, "a/" * 2000, "/".join(["a" * 255] * 15)):
        assert not chooses(path)
    assert time.process_time() - start < 5  # a backtracking matcher would not come back
