"""YAML becomes mappings, lists, texts and whole numbers; what readers of YAML disagree about is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from intentc.prove.documents import NOT_RENDERED, Unreadable

Tree = dict[str, "Tree"] | list["Tree"] | str | int

MAXIMUM_DEPTH = 32

_LINE_ENDS_OF_SOME_READERS = re.compile("\r(?!\n)|[\x00\x85\u2028\u2029\ufeff]")
_WHOLE_NUMBER = re.compile("0|[1-9][0-9]{0,17}")
_PLAIN_TEXT = re.compile(r"[A-Za-z/_][A-Za-z0-9/_.-]*|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]{1,2})?")
_WORDS_WITH_OTHER_TYPES = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been read."""

    tree: dict[str, Tree] | list[Tree]
    key: str | None = None
    keys: set[str] = field(default_factory=set)


def read_trees(path: str, content: bytes) -> Iterator[tuple[int, Tree]]:
    """Return each document of a YAML file with its number from 1; a document without content is passed over.

    Raises Unreadable for what is not YAML, and for anchors, aliases, tags, directives, duplicate keys, keys
    that are no texts, nesting over 32, line separators that only some readers honour, and plain scalars
    whose type depends on the reader: https://yaml.org/type/bool.html and
    https://yaml.org/spec/1.2.2/#103-core-schema
    """
    import yaml

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unreadable(path, f"byte {problem.start} is not UTF-8") from problem
    if found := _LINE_ENDS_OF_SOME_READERS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Unreadable(f"{path}:{line}", "a character that only some readers take for a line end")
    if NOT_RENDERED in text:
        raise Unreadable(path, f"`{NOT_RENDERED}`, by which the file may not be applied")
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    try:
        yield from _documents(path, yaml.parse(text, Loader=loader))
    except yaml.YAMLError as problem:
        raise Unreadable(path, f"not YAML: {' '.join(str(problem).split())}") from problem


def _documents(path: str, events: Iterator[object]) -> Iterator[tuple[int, Tree]]:
    import yaml

    number = 0
    marked = -1
    stack: list[_Open] = []
    root: Tree | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            number += 1
            root = None
            marked = getattr(event.start_mark, "line", -1) if event.explicit else -1
            if event.version or event.tags:
                raise Unreadable(_place(path, event), "a YAML directive")
        elif not stack and isinstance(event, yaml.NodeEvent) and _is_on(event, marked):
            raise Unreadable(
                _place(path, event), "something on the line of a `---`, which some tools pass over"
            )
        elif isinstance(event, yaml.DocumentEndEvent):
            if root is not None:
                yield number, root
        elif isinstance(event, yaml.AliasEvent):
            raise Unreadable(_place(path, event), "an alias")
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            _check_plain(path, event)
            if len(stack) == MAXIMUM_DEPTH:
                raise Unreadable(_place(path, event), f"nested deeper than {MAXIMUM_DEPTH}")
            if stack and isinstance(stack[-1].tree, dict) and stack[-1].key is None:
                raise Unreadable(_place(path, event), "a key that is no text")
            stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else []))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            root = _add(stack, stack.pop().tree)
        elif isinstance(event, yaml.ScalarEvent):
            _check_plain(path, event)
            if not stack and not event.value and not event.style:
                continue
            if stack and isinstance(stack[-1].tree, dict) and stack[-1].key is None:
                _take_key(path, stack[-1], event)
            else:
                root = _add(stack, _value(path, event))


def _is_on(event: object, line: int) -> bool:
    """Tell whether an event that stands for some text starts on a line."""
    start, end = getattr(event, "start_mark", None), getattr(event, "end_mark", None)
    return start is not None and end is not None and start.line == line and start.index < end.index


def _check_plain(path: str, event: object) -> None:
    if getattr(event, "anchor", None) is not None:
        raise Unreadable(_place(path, event), "an anchor")
    if getattr(event, "tag", None) is not None:
        raise Unreadable(_place(path, event), "a tag")


def _take_key(path: str, mapping: _Open, event: object) -> None:
    key = _value(path, event)
    if not isinstance(key, str):
        raise Unreadable(_place(path, event), "a key that is no text")
    if key in mapping.keys:
        raise Unreadable(_place(path, event), f"a second `{key}` in one mapping")
    mapping.keys.add(key)
    mapping.key = key


def _value(path: str, event: object) -> str | int:
    value: str = getattr(event, "value", "")
    if getattr(event, "style", None):
        return value
    if _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    if _PLAIN_TEXT.fullmatch(value) and value.lower() not in _WORDS_WITH_OTHER_TYPES:
        return value
    what = f"`{value}` without quotes" if value else "an empty value"
    raise Unreadable(_place(path, event), f"{what}: readers of YAML disagree about its type")


def _add(stack: list[_Open], value: Tree) -> Tree:
    if stack:
        above = stack[-1]
        if isinstance(above.tree, list):
            above.tree.append(value)
        elif above.key is not None:
            above.tree[above.key] = value
            above.key = None
    return value


def _place(path: str, event: object) -> str:
    mark = getattr(event, "start_mark", None)
    return path if mark is None else f"{path}:{mark.line + 1}"
