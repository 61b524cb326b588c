"""Two lists of lines become the places where they differ, in time that grows with their length."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

_SMALL = 10_000
"""How many pairs of lines are compared with one another at most, to find what a small change keeps."""


class Change(NamedTuple):
    """Lines `start` to `end` of the old list become lines `new_start` to `new_end` of the new one."""

    start: int
    end: int
    new_start: int
    new_end: int


def changes(old: list[str], new: list[str]) -> Iterator[Change]:
    """Yield where two lists of lines differ, in order.

    Lines that occur once in each list and in the same order in both hold the lists together (patience diff);
    between two of them, equal lines at both ends are kept, and what is left is compared when it is small.
    `difflib` alone is quadratic: it needs 45 s for 60,000 lines of which each tenth has changed.
    """
    place, new_place = 0, 0
    for anchor, new_anchor in (*_anchors(old, new), (len(old), len(new))):
        while place < anchor and new_place < new_anchor and old[place] == new[new_place]:
            place += 1
            new_place += 1
        end, new_end = anchor, new_anchor
        while place < end and new_place < new_end and old[end - 1] == new[new_end - 1]:
            end -= 1
            new_end -= 1
        gap = Change(place, end, new_place, new_end)
        if (end - place) * (new_end - new_place) > _SMALL or place == end or new_place == new_end:
            if place < end or new_place < new_end:
                yield gap
        else:
            yield from _compared(old, new, gap)
        place, new_place = anchor + 1, new_anchor + 1


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Return the longest rising run of pairs of places that hold a line which each list has once."""
    places, new_places = _single(old), _single(new)
    pairs = [(place, new_places[line]) for line, place in places.items() if line in new_places]
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, (_, new_place) in enumerate(pairs):
        pile = bisect_left(tops, new_place)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(new_place)
            piles.append(index)
        else:
            tops[pile] = new_place
            piles[pile] = index
    run: list[tuple[int, int]] = []
    index = piles[-1] if piles else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]


def _single(lines: list[str]) -> dict[str, int]:
    """Return the place of each line that occurs once, in order."""
    places: dict[str, int] = {}
    repeated: set[str] = set()
    for place, line in enumerate(lines):
        if places.setdefault(line, place) != place:
            repeated.add(line)
    return {line: place for line, place in places.items() if line not in repeated}


def _compared(old: list[str], new: list[str], gap: Change) -> Iterator[Change]:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(
        None, old[gap.start : gap.end], new[gap.new_start : gap.new_end], autojunk=False
    )
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield Change(
                gap.start + start, gap.start + end, gap.new_start + new_start, gap.new_start + new_end
            )
