"""The text of one YAML document becomes a tree of values that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from intentc.diagnostics import Diagnostic, Label, error
from intentc.source import SourceFile, Span

MAXIMUM_DEPTH = 32
"""How deep mappings and lists may stand in one another."""

MAXIMUM_VALUES = 1_000_000
"""How many values one document may hold: a tree takes a hundred times the room of its text."""

_TEMPLATE = re.compile(r"\{\{")
_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_SHOWN = 60


@dataclass(slots=True)
class Value:
    """A mapping from texts, a list, or a scalar: its text, or None for YAML's null.

    `plain` is true for a scalar without quotes: of those only a number or a truth value can be meant. `keys`
    says where each key of a mapping stands.
    """

    content: dict[str, Value] | list[Value] | str | None
    span: Span
    plain: bool = False
    keys: dict[str, Span] | None = None

    def get(self, *keys: str) -> Value | None:
        """Return what stands under a path of keys, or None where nothing or null does."""
        found: Value | None = self
        for key in keys:
            if found is None or not isinstance(found.content, dict):
                return None
            found = found.content.get(key)
        return None if found is None or found.content is None else found

    def items(self) -> Iterator[tuple[str, Value]]:
        """Yield the keys and values of a mapping; nothing else has any."""
        if isinstance(self.content, dict):
            yield from self.content.items()

    def members(self) -> Iterator[Value]:
        """Yield the members of a list; nothing else has any."""
        if isinstance(self.content, list):
            yield from self.content


class Unreadable(Exception):
    """A document cannot be told apart; `diagnostic` says why and where."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_document(source: SourceFile, start: int, end: int) -> Value | None:
    """Return the document between two offsets of a file, or None where it says nothing.

    Raises Unreadable for what is not YAML, is a template, nests too deep, has too many values, gives a key
    twice, or has anchors, aliases or tags, which could make a small text a large tree.
    """
    import yaml

    text = source.text[start:end]
    reading = _Reading(source, start)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            reading.take(event, yaml)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        place = getattr(mark, "index", None) or getattr(problem, "position", None) or 0
        raise Unreadable(_not_yaml(source, start, end, place, problem)) from problem
    return reading.root


def template(span: Span) -> Diagnostic:
    """Return the error for a manifest that only a template engine can read."""
    message = "manifest is a template"
    help_texts = ("render it first: `helm template . | intentc build --manifests -`",)
    return error("E802", message, span, "not YAML until it is rendered", help=help_texts)


def shown(text: str) -> str:
    """Return a text as it may stand in a message: cut to a line."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _not_yaml(source: SourceFile, start: int, end: int, place: int, problem: Any) -> Diagnostic:
    opening = _TEMPLATE.search(source.text, start, end)
    if opening:
        return template(Span(source, opening.start(), opening.end()))
    offset = min(start + place, max(0, len(source.text) - 1))
    said = str(getattr(problem, "problem", None) or "")
    # What the parser quotes of the text stays out: a foreign file's content is not for a log.
    label = said if said and re.fullmatch(r"[a-z ,<>-]+", said) else "cannot be read"
    help_text = "indent with spaces, and close every bracket and quote"
    return error("E801", "manifest is not YAML", Span(source, offset, offset + 1), label, help=help_text)


class _Reading:
    """Build values from the events of one document, without recursion."""

    def __init__(self, source: SourceFile, start: int) -> None:
        self.source = source
        self.start = start
        self.root: Value | None = None
        self.count = 0
        # Each open mapping or list, with the key whose value comes next.
        self.stack: list[tuple[Value, list[str | None], dict[str, Span]]] = []

    def take(self, event: Any, yaml: Any) -> None:
        """Take one event of the parser."""
        if isinstance(event, yaml.ScalarEvent):
            self._check(event)
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check(event)
            self._open(event, isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            value, _, _ = self.stack.pop()
            value.span = Span(self.source, value.span.start, self.start + event.end_mark.index)
        elif isinstance(event, yaml.AliasEvent):
            self._refuse("YAML alias", self._span(event))
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            message = "second document without a separator"
            help_text = "begin each document with a line `---`"
            raise Unreadable(error("E801", message, self._span(event), "begins here", help=help_text))

    def _span(self, event: Any) -> Span:
        return Span(self.source, self.start + event.start_mark.index, self.start + event.end_mark.index)

    def _check(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse("YAML anchor", self._span(event))
        if event.tag is not None:
            self._refuse("YAML tag", self._span(event))

    def _refuse(self, what: str, span: Span) -> None:
        help_text = "write the value out where it is needed"
        raise Unreadable(error("E803", f"{what} in a manifest", span, "not allowed", help=help_text))

    def _scalar(self, event: Any) -> None:
        plain = not event.style
        if self.stack and isinstance(self.stack[-1][0].content, dict) and self.stack[-1][1][0] is None:
            self._key(event.value, self._span(event))
            return
        text = None if plain and event.value in _NULLS else event.value
        self._place(Value(text, self._span(event), plain))

    def _key(self, key: str, span: Span) -> None:
        _, pending, seen = self.stack[-1]
        if key in seen:
            message = f"key `{shown(key)}` is given twice"
            others = (Label(seen[key], "first given here"),)
            help_text = "keep one of the two"
            raise Unreadable(error("E803", message, span, "second time", others=others, help=help_text))
        if key == "<<":
            self._refuse("YAML merge key", span)
        seen[key] = span
        pending[0] = key

    def _open(self, event: Any, is_map: bool) -> None:
        span = self._span(event)
        if self.stack and isinstance(self.stack[-1][0].content, dict) and self.stack[-1][1][0] is None:
            # `{{ name }}` is a mapping as the key of a mapping: the usual look of a template.
            before = self.source.text[max(0, span.start - 1) : span.start + 1]
            if before == "{{":
                raise Unreadable(template(Span(self.source, span.start - 1, span.start + 1)))
            help_text = "indent with spaces, and close every bracket and quote"
            raise Unreadable(error("E801", "key is not a text", span, "a list or a mapping", help=help_text))
        if len(self.stack) == MAXIMUM_DEPTH:
            message = "manifest nests too deep"
            label = f"deeper than {MAXIMUM_DEPTH} levels"
            help_text = "leave this file out of `manifests`"
            raise Unreadable(error("E801", message, span, label, help=help_text))
        keys: dict[str, Span] = {}
        value = Value({}, span, keys=keys) if is_map else Value([], span)
        self._place(value)
        self.stack.append((value, [None], keys))

    def _place(self, value: Value) -> None:
        self.count += 1
        if self.count > MAXIMUM_VALUES:
            message = f"manifest has more than {MAXIMUM_VALUES:,} values in one document"
            help_text = "give the objects as documents of their own"
            raise Unreadable(error("E801", message, value.span, "no more are read", help=help_text))
        if not self.stack:
            self.root = value
            return
        above, pending, _ = self.stack[-1]
        if isinstance(above.content, list):
            above.content.append(value)
        elif isinstance(above.content, dict) and pending[0] is not None:
            above.content[pending[0]] = value
            pending[0] = None
