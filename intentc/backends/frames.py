"""A template and an arrangement of values become a frame: its text, with a hole for every value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from intentc.resources import read_text

if TYPE_CHECKING:
    import jinja2

TEMPLATES = "intentc.templates"
FILTERS = ("hcl", "yaml")
_MARK = "\0"

Arrangement = tuple["Arrangement", ...] | None
"""How texts are arranged: None is one text, a tuple a list of what is in it."""

Names = tuple[tuple[str, Arrangement], ...]
"""The names a template is given, in the order they are given, each with its arrangement."""


class Frame(NamedTuple):
    """A format with a `%s` for every hole, and for each which text goes there and through which filter."""

    form: str
    holes: tuple[tuple[int, str], ...]


class _Hole:
    """Stand for a text that is not known yet: it can be written, and nothing else can be asked of it."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __str__(self) -> str:
        return f"{_MARK}{self.place}{_MARK}"

    def __bool__(self) -> bool:
        raise TypeError("a template decides by a value")

    def __eq__(self, _other: object) -> bool:
        raise TypeError("a template compares a value")

    __hash__ = None  # type: ignore[assignment] # nothing is looked up by a value


def make(template: str, names: Names) -> Frame:
    """Return the frame of a template, named by its path below `templates/`, for an arrangement of values."""
    places = iter(range(2**31))
    holes = {name: _with_holes(arrangement, places) for name, arrangement in names}
    first, *rest = _environment().get_template(template).render(holes).split(_MARK)
    form = [first.replace("%", "%%")]
    found: list[tuple[int, str]] = []
    for hole, text in zip(rest[::2], rest[1::2], strict=True):
        place, _, name = hole.partition(" ")
        found.append((int(place), name))
        form.append("%s" + text.replace("%", "%%"))
    return Frame("".join(form), tuple(found))


def digest(template: str) -> str:
    """Return what tells one text of a template from another."""
    return sha256(read_text(TEMPLATES, template).encode()).hexdigest()


def _with_holes(arrangement: Arrangement, places: Iterator[int]) -> object:
    if arrangement is None:
        return _Hole(next(places))
    return [_with_holes(item, places) for item in arrangement]


@cache
def _environment() -> jinja2.Environment:
    """Return the one environment.

    Templates come from the package only, never from a project; a name that is not given is an error.
    """
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: read_text(TEMPLATES, name)),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes HTML; YAML and HCL have filters of their own
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {name: _marking(name) for name in FILTERS}
    return made


def _marking(name: str) -> Callable[[_Hole], str]:
    """Return a filter that notes, for a hole, which filter its text will pass."""
    return lambda hole: f"{_MARK}{hole.place} {name}{_MARK}"
