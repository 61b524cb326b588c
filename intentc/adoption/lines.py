"""What there is to be said becomes lines of intents: alike ones together, lists that come again as sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intentc import ir
from intentc.adoption.sides import Only, Said
from intentc.wording import endpoint_text, ports_text

MOST_ENDS = 20
"""How many ends one line lists; more go on in a line of their own."""

SHORTEST_SET = 3
"""How many ends a list has that becomes a set where it comes again."""


class Line(NamedTuple):
    """One intent in words; `home` is the namespace it is filed under."""

    home: str
    sources: tuple[str, ...]
    targets: str
    only: Only

    def text(self, sources: str) -> str:
        """Return the line, with its sources as they are to be written."""
        tail = f"  only {self.only}" if self.only else ""
        return f"{sources} -> {self.targets}{tail}"


def single(said: Said) -> str:
    """Return one thing as a line of its own."""
    ((_, line),) = _lines([said])
    return line.text(", ".join(line.sources))


def program(said: Iterable[Said], isolations: Iterable[tuple[ir.Pods, Only]]) -> str:
    """Return all lines, filed by namespace: the target's, or the source's where only that is spoken of."""
    together: dict[tuple[str, str, Only], dict[str, None]] = {}
    for key, line in _lines(said):
        together.setdefault((line.home, *key), {}).update(dict.fromkeys(line.sources))
    lines = [
        Line(home, part, targets, only)
        for (home, targets, only), sources in together.items()
        for part in _parts(sources)
    ]
    names = _sets(lines)
    filed: dict[str, list[str]] = {}
    for line in sorted(lines, key=lambda line: (line.home, line.targets, line.only, line.sources)):
        name = names.get(line.sources)
        filed.setdefault(line.home, []).append(line.text(f"@{name}" if name else ", ".join(line.sources)))
    for home, text in _isolations(isolations):
        filed.setdefault(home, []).append(text)
    sets = [f"let {name} = {', '.join(ends)}" for ends, name in names.items()]
    parts = ["\n".join(sets)] if sets else []
    parts += [f"# {home or 'every namespace'}\n" + "\n".join(filed[home]) for home in sorted(filed)]
    return "\n\n".join(parts)


def _lines(said: Iterable[Said]) -> Iterator[tuple[tuple[str, Only], Line]]:
    for each in said:
        ports = ports_text(each.ports)
        targets = ", ".join(f"{endpoint_text(end, is_target=True)}:{ports}" for end in each.targets)
        sources = tuple(endpoint_text(end) for end in each.sources)
        ends = each.sources if each.only == "egress" else each.targets
        home = _home(ends) or _home(each.sources)
        yield (targets, each.only), Line(home, sources, targets, each.only)


def _home(ends: Iterable[ir.Endpoint]) -> str:
    found = {end.namespace for end in ends if isinstance(end, ir.Pods)}
    return found.pop() or "" if len(found) == 1 else ""


def _parts(ends: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the lists of ends for lines; behind `except`, a range would be one more exception."""
    others = []
    for end in sorted(ends):
        if " except " in end:
            yield (end,)
        else:
            others.append(end)
    for start in range(0, len(others), MOST_ENDS):
        yield tuple(others[start : start + MOST_ENDS])


def _sets(lines: Iterable[Line]) -> dict[tuple[str, ...], str]:
    """Return a name for each list of sources that several lines have."""
    counts = Counter(line.sources for line in lines if len(line.sources) >= SHORTEST_SET)
    again = sorted(ends for ends, count in counts.items() if count > 1)
    return {ends: f"group-{number}" for number, ends in enumerate(again, 1)}


def _isolations(isolations: Iterable[tuple[ir.Pods, Only]]) -> Iterator[tuple[str, str]]:
    together: dict[tuple[str, Only], list[str]] = {}
    for pods, direction in isolations:
        together.setdefault((pods.namespace or "", direction), []).append(endpoint_text(pods))
    for (home, direction), ends in sorted(together.items()):
        for part in _parts(ends):
            yield home, f"isolate {', '.join(part)}" + (f" {direction}" if direction else "")
