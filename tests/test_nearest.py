"""A misspelt word finds the name it was meant to be."""

from __future__ import annotations

import random
import time

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


def one_edit_away(word: str, letters: str) -> set[str]:
    """Return every text that one edit makes of `word`: the definition, without a table of distances."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        *(before + after[1:] for before, after in cuts),
        *(before + letter + after[1:] for before, after in cuts if after for letter in letters),
        *(before + letter + after for before, after in cuts for letter in letters),
        *(before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1),
    }


def test_a_short_word_finds_a_name_exactly_when_one_edit_makes_it() -> None:
    generator = random.Random(11)
    both = {True: 0, False: 0}
    for _ in range(3000):
        word, *names = ("".join(generator.choices("abc", k=generator.randint(2, 5))) for _ in range(3))
        expected = {name for name in names if name != word} & one_edit_away(word, "abc")
        found = nearest(word, names)
        assert (found in expected) if expected else found is None
        both[bool(expected)] += 1
    assert min(both.values()) > 500


def test_many_names_cost_little() -> None:
    generator = random.Random(3)
    names = ["".join(generator.choices("abcdefghijklmnopqrstuvwxyz-", k=12)) for _ in range(50_000)]
    begin = time.process_time()
    assert nearest("paymentz-api", [*names, "payments-api"]) == "payments-api"
    assert time.process_time() - begin < 2
