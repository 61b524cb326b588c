"""Changes become Markdown for a comment on a pull request: bounded, and no text of theirs is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from intentc.answers.diff.changes import Changes
from intentc.answers.diff.lines import Item, counted, items

LIMIT = 60_000
"""How many bytes a comment may have: GitHub takes 65,536 characters."""

PLACES = 3
"""How many statements are named for one change."""

_FENCE = re.compile(r"`+")


def markdown(found: Iterable[Changes]) -> str:
    """Return changes as a list, cut to `LIMIT` bytes with a note of how many are left out.

    Every text of a project stands in a code span that it cannot end.
    https://spec.commonmark.org/0.31.2/#code-spans
    """
    known = tuple(found)
    title = f"**Network changes:** {counted(known)}\n"
    lines = [_bullet(item) for item in items(known)]
    room = LIMIT - len(title.encode()) - 200
    kept: list[str] = []
    for place, line in enumerate(lines):
        room -= len(line.encode())
        if room < 0:
            rest = len(lines) - place
            kept.append(f"\n*{rest:,} more are left out here; `intentc diff` lists all.*\n")
            break
        kept.append(line)
    return title + ("\n" if kept else "") + "".join(kept)


def _bullet(item: Item) -> str:
    return f"- {span(item.line)}{_places(item)}\n"


def _places(item: Item) -> str:
    places = tuple(dict.fromkeys(place for place, _ in item.places if place))
    said = tuple(_listed(places))
    return f" — {', '.join(said)}" if said else ""


def _listed(places: tuple[str, ...]) -> Iterator[str]:
    yield from (span(place) for place in places[:PLACES])
    if len(places) > PLACES:
        yield f"{len(places) - PLACES} more"


def span(text: str) -> str:
    """Return a text as a code span: on one line, within a fence longer than any in it."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text) or " "
    fence = "`" * (1 + max((len(run) for run in _FENCE.findall(shown)), default=0))
    padding = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"
