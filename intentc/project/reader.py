"""A strict YAML text becomes a tree of values that know where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from intentc.diagnostics import Diagnostic, Label, error
from intentc.source import SourceFile, Span

MAXIMUM_DEPTH = 32
MAXIMUM_SIZE = 1024 * 1024
"""How large a project file may be, in characters."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")


@dataclass(slots=True)
class Value:
    """A mapping (pairs of key and value), a list, or a scalar (text, number, truth or None), and its span."""

    content: dict[str, tuple[Value, Value]] | list[Value] | str | int | bool | None
    span: Span

    def plain(self) -> Any:
        """Return the value without positions, as a YAML loader would."""
        if isinstance(self.content, dict):
            return {key: value.plain() for key, (_, value) in self.content.items()}
        if isinstance(self.content, list):
            return [value.plain() for value in self.content]
        return self.content


def read(source: SourceFile) -> tuple[Value | None, tuple[Diagnostic, ...]]:
    """Return the one document of a text, and what is wrong with it.

    Anchors, aliases, tags and merge keys are refused, and so are duplicate keys and more than one document.
    Plain scalars are typed by the core schema of YAML 1.2 alone: `no`, `on`, `08` and `1e3` are texts.
    https://yaml.org/spec/1.2.2/#103-core-schema
    """
    if len(source.text) > MAXIMUM_SIZE:
        span = Span(source, 0, 1)
        help_text = "put the intents into `.intent` files"
        return None, (error("E601", "project file is larger than 1 MiB", span, "too large", help=help_text),)
    reading = _Reading(source)
    return reading.run(), tuple(reading.diagnostics)


class _Reading:
    """Build values from the events of one text, without recursion."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.stack: list[tuple[Value, list[Value]]] = []
        self.root: Value | None = None

    def run(self) -> Value | None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(self.source.text, Loader=loader):
                if not self._take(event, yaml):
                    return None
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            start = min(mark.index if mark else 0, max(0, len(self.source.text) - 1))
            what = str(getattr(problem, "problem", None) or "cannot be read")
            self._refuse(
                "E601",
                "project file is not YAML",
                Span(self.source, start, start + 1),
                what,
                "indent with spaces, and close every bracket and quote",
            )
            return None
        return self.root

    def _take(self, event: Any, yaml: Any) -> bool:
        """Take one event; tell whether to go on."""
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            label = "a second document begins"
            self._refuse(
                "E601", "project file has two documents", self._span(event), label, "keep one document"
            )
            return False
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            name = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            help_text = "write the value out where it is needed"
            self._refuse(
                "E603", f"YAML {name} in the project file", self._span(event), "not allowed", help_text
            )
            return False
        if getattr(event, "tag", None) is not None and event.tag != "!":
            help_text = "write the value without a tag"
            self._refuse("E603", "YAML tag in the project file", self._span(event), "not allowed", help_text)
            return False
        if isinstance(event, yaml.ScalarEvent):
            content = event.value if event.style else _typed(event.value)
            if isinstance(content, str) and not content.isprintable():
                label = "holds a character that cannot be printed"
                self._refuse(
                    "E608",
                    "illegal text",
                    self._span(event),
                    label,
                    "write it with printable characters, on one line",
                )
                content = ""
            self._place(Value(content, self._span(event)))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self.stack) == MAXIMUM_DEPTH:
                label = f"deeper than {MAXIMUM_DEPTH} levels"
                self._refuse(
                    "E601", "project file nests too deep", self._span(event), label, "see `intentc schema`"
                )
                return False
            is_map = isinstance(event, yaml.MappingStartEvent)
            self.stack.append((Value({} if is_map else [], self._span(event)), []))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            value, pending = self.stack.pop()
            value.span = Span(self.source, value.span.start, max(value.span.start, event.end_mark.index))
            if isinstance(value.content, dict):
                self._fill(value.content, pending)
            else:
                value.content = pending
            self._place(value)
        return True

    def _fill(self, content: dict[str, tuple[Value, Value]], pending: list[Value]) -> None:
        for key, value in zip(pending[::2], pending[1::2], strict=True):
            name = key.content
            if isinstance(name, (dict, list)):
                self._refuse(
                    "E605", "key is not a text", key.span, "a list or a mapping", "see `intentc schema`"
                )
                continue
            text = key.span.text.strip("\"'") if not isinstance(name, str) else name
            if text in content:
                others = (Label(content[text][0].span, "first given here"),)
                message = f"key `{text}` is given twice"
                help_text = "keep one of the two"
                self.diagnostics.append(
                    error("E602", message, key.span, "second time", others=others, help=help_text)
                )
                continue
            content[text] = (key, value)

    def _place(self, value: Value) -> None:
        if self.stack:
            self.stack[-1][1].append(value)
        else:
            self.root = value

    def _span(self, event: Any) -> Span:
        start = event.start_mark.index
        return Span(self.source, start, max(start + 1, event.end_mark.index))

    def _refuse(self, code: str, message: str, span: Span, label: str, help_text: str) -> None:
        self.diagnostics.append(error(code, message, span, label, help=help_text))


def _typed(text: str) -> str | int | bool | None:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    # A leading zero is kept as text: YAML 1.1 readers take 010 for eight.
    if _INTEGER.fullmatch(text) and (text.lstrip("+-")[0] != "0" or text.lstrip("+-") == "0"):
        return int(text)
    return text
