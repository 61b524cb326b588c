"""Templates and values become text; what a template says for one arrangement of values is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from intentc.backends import hcl, yaml
from intentc.backends.frames import TEMPLATES, Arrangement, Frame, Names, digest
from intentc.resources import read_text

Value = str | int | Sequence["Value"]
"""What a template is given: texts and numbers, and lists of such values."""

FRAMES = "frames.json"
"""The frames that most builds need, beside the templates; `./dev frames` writes them."""

_FILTERS: dict[str, Callable[[str], str]] = {"hcl": hcl.quote, "yaml": yaml.quote}
_MOST = 4096

_Filled = tuple[str, tuple[tuple[int, Callable[[str], str] | None], ...]]
_known: dict[tuple[str, Names], _Filled] = {}
_known_flat: dict[tuple[str, ...], _Filled] = {}


def render(template: str, **values: Value) -> str:
    """Return a template, named by its path below `templates/`, with values in it.

    A template decides nothing by what a value is: it only says where each goes, and through which filter.
    So Jinja renders it once for each arrangement of values (which names, lists how long), with a hole for
    every text, and the holes are filled as often as there are values. Every text of a user passes one of
    the filters `yaml` and `hcl`; nothing escapes by itself.
    """
    texts: list[str] = []
    for value in values.values():
        if not isinstance(value, str):
            break
        texts.append(value)
    else:
        key = template, *values
        flat = _known_flat.get(key)
        if flat is None:
            flat = _known_flat[key] = _frame(template, tuple([(name, None) for name in values]))
        return _fill(flat, texts)
    texts = []
    names = tuple(zip(values, _arranged([*values.values()], texts), strict=True))
    return _fill(_known.get((template, names)) or _frame(template, names), texts)


class Prepared:
    """A template for one arrangement of values, which are given as texts in their order."""

    def __init__(self, template: str, **arrangement: Arrangement) -> None:
        """Name the template and the arrangement of each value; nothing is loaded yet."""
        self._template = template
        self._names = tuple(arrangement.items())
        self._filled: _Filled | None = None

    def __call__(self, *texts: str) -> str:
        """Return the template with these texts in it."""
        if self._filled is None:
            self._filled = _frame(self._template, self._names)
        form, holes = self._filled
        return form % tuple(
            [texts[place] if quote is None else quote(texts[place]) for place, quote in holes]
        )


def _fill(filled: _Filled, texts: list[str]) -> str:
    form, holes = filled
    return form % tuple([texts[place] if quote is None else quote(texts[place]) for place, quote in holes])


def _arranged(values: Sequence[Value], texts: list[str]) -> tuple[Arrangement, ...]:
    """Return how the texts of a list are arranged, and collect them."""
    found: list[Arrangement] = []
    for value in values:
        if isinstance(value, str):
            texts.append(value)
            found.append(None)
        elif isinstance(value, int):
            texts.append(str(value))
            found.append(None)
        else:
            found.append(_arranged(value, texts))
    return tuple(found)


def _frame(template: str, names: Names) -> _Filled:
    frame = _shipped(template).get(names)
    if frame is None:
        from intentc.backends import frames

        frame = frames.make(template, names)
    filled = frame.form, tuple([(place, _FILTERS.get(name)) for place, name in frame.holes])
    if len(_known) < _MOST:
        _known[template, names] = filled
    return filled


@cache
def _shipped(template: str) -> dict[Names, Frame]:
    """Return the frames that ship with the package, none where the template has changed since."""
    entry = _file().get(template)
    if entry is None or entry["sha256"] != digest(template):
        return {}
    return {_frozen(names): Frame(form, _frozen(holes)) for names, form, holes in entry["frames"]}


@cache
def _file() -> dict[str, Any]:
    import json

    try:
        found: dict[str, Any] = json.loads(read_text(TEMPLATES, FRAMES))
    except FileNotFoundError:
        return {}
    return found


def _frozen(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return tuple([_frozen(item) for item in value]) if isinstance(value, list) else value
