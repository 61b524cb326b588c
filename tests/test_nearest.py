"""A misspelt word finds the name it was meant to be."""

from __future__ import annotations

import random

import pytest

from intentc.nearest import nearest

NAMES = [
    "payments",
    "billing",
    "checkout",
    "shop",
    "data",
    "cache",
    "kube-system",
    "monitoring",
    "frontend",
    "prod",
]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("paymnets", "payments"),
        ("paymentss", "payments"),
        ("pyments", "payments"),
        ("shpo", "shop"),
        ("Shop", "shop"),
        ("dtaa", "data"),
        ("prdo", "prod"),
        ("zzz", None),
        ("", None),
        ("x" * 64, None),
        ("a", None),
    ],
)
def test_known_words(word: str, expected: str | None) -> None:
    assert nearest(word, NAMES) == expected


def test_one_edit_finds_the_name_at_rank_one() -> None:
    generator = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz-"
    right = total = 0
    for _ in range(2000):
        name = generator.choice(NAMES)
        place = generator.randrange(len(name))
        kind = generator.choice("drit")
        if kind == "d":
            word = name[:place] + name[place + 1 :]
        elif kind == "r":
            word = name[:place] + generator.choice(letters) + name[place + 1 :]
        elif kind == "i":
            word = name[:place] + generator.choice(letters) + name[place:]
        else:
            word = name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
        if word == name:
            continue
        total += 1
        right += nearest(word, NAMES) == name
    assert total > 1500
    assert right / total >= 0.97


def test_the_order_of_candidates_does_not_matter() -> None:
    assert nearest("cart", ["card", "carp"]) == nearest("cart", ["carp", "card"]) == "card"
