"""Measure whether the first name suggested for a misspelt one is the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from random import Random

from intentc.diagnostics import Diagnostic
from intentc.nodes import WELL_KNOWN
from intentc.parser.endpoints import WORKLOADS
from intentc.parser.vocabulary import KEYWORDS, STATEMENT_WORDS
from tests.language.measure import Measure
from tests.language.mutations import Mutation, Mutations, problems, shown
from tests.language.programs import project

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_SUGGESTED = re.compile(r"similar name exists: `@?([^`]*)`")
SHORTEST = 3
"""A misspelt name of two letters is one edit from too many others to be told."""


@cache
def words() -> frozenset[str]:
    """Return every word that a place can demand: of the language, and those that the project defines."""
    profile = project()
    spaces = [space.name for space in profile.namespaces or ()]
    clusters = (cluster.name for cluster in profile.clusters)
    verdicts = ("allow", "deny", "ingress", "egress", "tcp", "udp", "sctp")
    return frozenset(
        {*KEYWORDS.values(), *STATEMENT_WORDS, *verdicts, *WELL_KNOWN, *WORKLOADS, *spaces, *clusters}
    )


def edits(word: str, chance: Random) -> str:
    """Return `word` with one letter dropped, added or replaced, or two neighbours swapped."""
    place = chance.randrange(len(word))
    letter = chance.choice(_LETTERS)
    kind = chance.choice(("drop", "add", "replace", "swap"))
    if kind == "swap":
        return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    return word[:place] + ("" if kind == "drop" else letter) + word[place + (kind != "add") :]


def typos(mutations: Mutations) -> Iterator[tuple[str, Mutation]]:
    """Yield without end a name of the corpus, and the program in which it is misspelt."""
    places = [
        (name, token)
        for name, its in mutations.tokens.items()
        for before, token in zip((None, *its), its, strict=False)
        if len(token.text) >= SHORTEST and (token.text in words() or (before and before.text == "@"))
    ]
    while True:
        name, token = mutations.random.choice(places)
        word = edits(token.text, mutations.random)
        if word == token.text or word in words() or not _NAME.fullmatch(word):
            continue
        text = mutations.texts[name]
        mutated = f"{text[: token.start]}{word}{text[token.end :]}"
        yield token.text, Mutation("typo", name, mutated, token.start, token.start + len(word), word)


def suggestion(problem: Diagnostic) -> str:
    """Return the first name that an error proposes; empty where it proposes none."""
    found = _SUGGESTED.search(" ".join(problem.help))
    return found[1] if found else ""


def measure_names(mutations: Mutations, count: int) -> Measure:
    """Measure how often the first error about a misspelt name proposes the one that was there."""
    right = Measure("the first name proposed for a typo is the right one", 0.97)
    for meant, typo in typos(mutations):
        if right.total == count:
            return right
        found = problems(typo.file, typo.text)
        if found:
            proposed = suggestion(found[0])
            right.add(right=proposed == meant, wrong=shown(typo, found), kind=f"{found[0].code} {meant}")
    raise AssertionError  # the typos have no end
