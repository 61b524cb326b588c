"""Templates and values become text; what a template says for one arrangement of values is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from intentc.backends import hcl, yaml

if TYPE_CHECKING:
    import jinja2

Value = str | int | Sequence["Value"]
"""What a template is given: texts and numbers, and lists of such values."""

_FILTERS: dict[str, Callable[[str], str]] = {"hcl": hcl.quote, "yaml": yaml.quote}
_MARK = "\0"
_MOST_FRAMES = 4096


def render(template: str, **values: Value) -> str:
    """Return a template, named by its path below `templates/`, with values in it.

    A template decides nothing by what a value is: it only says where each goes, and through which filter.
    So Jinja renders it once for each arrangement of values (which names, lists how long), with a hole for
    every text, and the holes are filled as often as there are values. Every text of a user passes one of
    the filters `yaml` and `hcl`; nothing escapes by itself.
    """
    texts: list[str] = []
    arrangement = tuple([(name, _arranged(value, texts)) for name, value in values.items()])
    key = template, arrangement
    frame = _frames.get(key)
    if frame is None:
        frame = _frame(template, arrangement)
        if len(_frames) < _MOST_FRAMES:
            _frames[key] = frame
    form, holes = frame
    return form % tuple([texts[place] if quote is None else quote(texts[place]) for place, quote in holes])


_Arrangement = tuple["_Arrangement", ...] | None
_Frame = tuple[str, tuple[tuple[int, Callable[[str], str] | None], ...]]
_frames: dict[tuple[str, tuple[tuple[str, _Arrangement], ...]], _Frame] = {}


def _arranged(value: Value, texts: list[str]) -> _Arrangement:
    """Return how the texts of a value are arranged, and collect them; None is one text."""
    if isinstance(value, str):
        texts.append(value)
        return None
    if isinstance(value, int):
        texts.append(str(value))
        return None
    return tuple([_arranged(item, texts) for item in value])


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


def _frame(template: str, arrangement: tuple[tuple[str, _Arrangement], ...]) -> _Frame:
    places = iter(range(2**31))
    holes = {name: _with_holes(value, places) for name, value in arrangement}
    first, *rest = _environment().get_template(template).render(holes).split(_MARK)
    form = [first.replace("%", "%%")]
    found: list[tuple[int, Callable[[str], str] | None]] = []
    for hole, text in zip(rest[::2], rest[1::2], strict=True):
        place, _, name = hole.partition(" ")
        found.append((int(place), _FILTERS[name] if name else None))
        form.append("%s" + text.replace("%", "%%"))
    return "".join(form), tuple(found)


def _with_holes(arrangement: _Arrangement, places: Iterator[int]) -> object:
    if arrangement is None:
        return _Hole(next(places))
    return [_with_holes(item, places) for item in arrangement]


@cache
def _environment() -> jinja2.Environment:
    """Return the one environment.

    Templates come from the package only, never from a project; a name that is not given is an error.
    """
    from importlib.resources import files

    import jinja2

    templates = files("intentc.templates")
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: templates.joinpath(name).read_text("utf-8")),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes HTML; YAML and HCL have filters of their own
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {name: _marking(name) for name in _FILTERS}
    return made


def _marking(name: str) -> Callable[[_Hole], str]:
    """Return a filter that notes, for a hole, which filter its text will pass."""
    return lambda hole: f"{_MARK}{hole.place} {name}{_MARK}"
