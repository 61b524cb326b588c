"""Exact algebra on flows: a region is a product of one set for each coordinate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from intentc.prove.labels import Values, states_of
from intentc.prove.numbers import Numbers, PortSet

Coordinate = tuple[str, str]
"""What a set is about, and the label key where it is about a label: `("subject", "app")`, `("ports", "")`."""

Part = Values | Numbers | PortSet
Region = Mapping[Coordinate, Part]
"""Flows whose every coordinate is in its set; a label the region does not name is in any state.

Every other coordinate is named by all regions that are compared with each other.
"""

NAMESPACE = "namespace"
"""The last word of the coordinates that are about a namespace's labels."""


class TooHard(Exception):
    """The regions overlap in more ways than the budget allows to look at."""


class Budget:
    """A number of steps that several computations share; it only ever decides that nothing was decided."""

    def __init__(self, steps: int) -> None:
        """Allow `steps` intersections of two regions."""
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Take `steps`, and raise TooHard when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooHard


def minus(region: Region, other: Region) -> list[Region] | None:
    """Return disjoint regions that together are `region` without `other`, or None when they share nothing.

    Each piece leaves `other` at one coordinate and agrees with it at those before, so there are at most as
    many pieces as coordinates of `other`.
    """
    shared: list[Part] = []
    for coordinate, theirs in other.items():
        part = _and(_part(region, coordinate), theirs)
        if not part:
            return None
        shared.append(part)
    inside: dict[Coordinate, Part] = dict(region)
    pieces: list[Region] = []
    for (coordinate, theirs), part in zip(other.items(), shared, strict=True):
        outside = _without(_part(region, coordinate), theirs)
        if outside:
            pieces.append({**inside, coordinate: outside})
        inside[coordinate] = part
    return pieces


def shared_part(region: Region, other: Region, *, possibly: bool = False) -> Region | None:
    """Return what two regions share, or None: certainly, or `possibly`, when port names fall together."""
    shared: dict[Coordinate, Part] = dict(region)
    for coordinate, theirs in other.items():
        mine = _part(region, coordinate)
        if possibly and isinstance(mine, PortSet) and isinstance(theirs, PortSet):
            part: Part = mine.may_share(theirs)
        else:
            part = _and(mine, theirs)
        if not part:
            return None
        shared[coordinate] = part
    return shared


def uncovered(region: Region, covers: Iterable[Region], budget: Budget) -> list[Region]:
    """Return what of `region` no cover holds, as disjoint regions; raise TooHard beyond the budget."""
    left: list[Region] = [region]
    for cover in covers:
        budget.spend(len(left))
        remaining: list[Region] = []
        for piece in left:
            pieces = minus(piece, cover)
            if pieces is None:
                remaining.append(piece)
            else:
                remaining.extend(pieces)
        left = remaining
        if not left:
            break
    return left


def _part(region: Region, coordinate: Coordinate) -> Part:
    """Return the set at a coordinate: every state where a region does not name a label."""
    found = region.get(coordinate)
    if found is None:
        return states_of(coordinate[1], of_namespace=coordinate[0].endswith(NAMESPACE))
    return found


def _and(mine: Part, theirs: Part) -> Part:
    return mine & theirs  # type: ignore[operator]  # one coordinate has parts of one type


def _without(mine: Part, theirs: Part) -> Part:
    return mine - theirs  # type: ignore[operator]  # one coordinate has parts of one type
