"""Find the name a misspelt word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 63
"""Longer words are not compared: nobody types them by hand."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate nearest to `word`, or None where none is close.

    Close is one edit (a letter dropped, added, replaced, or two neighbours swapped), two from six letters
    on. Among equals the one that keeps the first letter wins, then the order of the alphabet: the answer
    never depends on the order given.
    """
    if len(word) > LONGEST:
        return None
    wanted = word.lower()
    limit = 1 if len(word) < 6 else 2
    letters = set(wanted)
    best: tuple[int, bool, str] | None = None
    for candidate in candidates:
        if abs(len(candidate) - len(word)) > limit or len(candidate) > LONGEST or candidate == word:
            continue
        # An edit takes at most one letter away and brings one in.
        if len(letters.symmetric_difference(candidate.lower())) > 2 * limit:
            continue
        edits = _distance(wanted, candidate.lower(), limit)
        if edits > limit or edits >= len(candidate):
            continue
        rank = (edits, candidate[:1].lower() != wanted[:1], candidate)
        if best is None or rank < best:
            best = rank
    return best[2] if best else None


def _distance(first: str, second: str, limit: int) -> int:
    """Return the number of edits between two words, or more than `limit` (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(second, 1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                edits = min(edits, older[j - 2] + 1)
            row.append(edits)
        if min(row) > limit:
            return limit + 1
    return row[-1]
