"""A strict YAML text becomes a tree of values that know where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from intentc.diagnostics import Diagnostic, Label, error
from intentc.source import SourceFile, Span

MAXIMUM_DEPTH = 32
MAXIMUM_SIZE = 1024 * 1024
"""How large a project file may be, in characters, where the caller does not say."""

MOST = 5000
"""How many faults are looked for before reading stops."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DISPUTED = re.compile(r"[\t?]")
"""Where libyaml takes a text for YAML that PyYAML's own parser refuses, or sees it at another place."""

_GOT = re.compile(r"expected (.+?), but (?:found|got) .*", re.DOTALL)
_CHARACTER = re.compile(r"found character '.*' that (.*)", re.DOTALL)
_INDENTED = {"<block end>", "'<document start>'"}


@dataclass(slots=True)
class Value:
    """A mapping (pairs of key and value), a list, or a scalar (text, number, truth or None), and its span.

    A *refused* value has been complained of already: what it is must not be judged again. A *partial*
    mapping lacks a key that was refused.
    """

    content: dict[str, tuple[Value, Value]] | list[Value] | str | int | bool | None
    span: Span
    refused: bool = False
    partial: bool = False

    def plain(self) -> Any:
        """Return the value without positions, as a YAML loader would."""
        if isinstance(self.content, dict):
            return {key: value.plain() for key, (_, value) in self.content.items()}
        if isinstance(self.content, list):
            return [value.plain() for value in self.content]
        return self.content


def read(
    source: SourceFile, *, maximum_size: int = MAXIMUM_SIZE
) -> tuple[Value | None, tuple[Diagnostic, ...]]:
    """Return the one document of a text, and what is wrong with it; None where it cannot be told apart.

    Anchors, aliases, tags, merge keys and directives are refused, and so are duplicate keys and more than
    one document. Plain scalars are typed by the core schema of YAML 1.2 alone, without its floats and other
    bases: `no`, `on`, `08` and `1e3` are texts. https://yaml.org/spec/1.2.2/#103-core-schema
    """
    if len(source.text) > maximum_size:
        span = Span(source, 0, 1)
        help_text = "put the intents into `.intent` files"
        size = "1 MiB" if maximum_size == MAXIMUM_SIZE else f"{maximum_size} characters"
        message = f"project file is larger than {size}"
        return None, (error("E601", message, span, "too large", help=help_text),)
    plain = source.text.replace("\r\n", "").replace("\n", "").replace("\t", "")
    if not plain.isprintable():
        # Decoding has refused them one by one: some end a comment, for one parser of YAML or for all.
        offset = next(i for i, letter in enumerate(source.text) if _is_forbidden(source.text, i, letter))
        span = Span(source, offset, offset + 1)
        help_text = "write it with printable characters, on one line"
        label = "a character that cannot be printed"
        return None, (error("E608", "illegal text", span, label, help=help_text),)
    import yaml

    # One result with and without libyaml, which is ten times as fast: what it refuses, and what it is known
    # to read differently, is read by PyYAML's own parser.
    fast = None if _DISPUTED.search(source.text) else getattr(yaml, "CSafeLoader", None)
    reading = _Reading(source)
    if fast is None or not reading.run(fast):
        reading = _Reading(source)
        reading.run(yaml.SafeLoader)
    return reading.root, tuple(reading.diagnostics)


def shown(text: str) -> str:
    """Return a text as it may stand in a message: cut to a line."""
    return text if len(text) <= 60 else f"{text[:60]}…"


def _is_forbidden(text: str, offset: int, letter: str) -> bool:
    if letter == "\r":
        return text[offset + 1 : offset + 2] != "\n"
    return letter not in "\t\n" and not letter.isprintable()


class _Reading:
    """Build values from the events of one text, without recursion."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.stack: list[tuple[Value, list[Value]]] = []
        self.root: Value | None = None
        self.anchors: set[str] = set()

    def run(self, loader: Any) -> bool:
        """Read the text, and tell whether it is YAML as far as it was read.

        An empty text is the value None.
        """
        import yaml

        try:
            for event in yaml.parse(self.source.text, Loader=loader):
                if not self._take(event, yaml) or len(self.diagnostics) >= MOST:
                    self.root = None
                    return True
        except yaml.YAMLError as problem:
            self._malformed(problem)
            self.root = None
            return False
        self.root = self.root or Value(None, Span(self.source, 0, 0))
        return True

    def _malformed(self, problem: Any) -> None:
        mark = getattr(problem, "problem_mark", None)
        start = min(mark.index if mark else 0, max(0, len(self.source.text) - 1))
        help_text = "indent with spaces, and close every bracket and quote"
        span = Span(self.source, start, start + 1)
        self._refuse("E601", "project file is not YAML", span, _fault(problem), help_text)

    def _take(self, event: Any, yaml: Any) -> bool:
        """Take one event; tell whether to go on."""
        if isinstance(event, yaml.DocumentStartEvent):
            return self._begin(event)
        if isinstance(event, yaml.AliasEvent):
            # The alias of a refused anchor goes with it.
            if event.anchor not in self.anchors:
                self._foreign("alias", event)
            self._place(Value(None, self._span(event), refused=True))
        elif isinstance(event, yaml.ScalarEvent):
            refused = self._properties(event)
            content = event.value if event.style else _typed(event.value)
            if isinstance(content, str) and not content.isprintable():
                label = "holds a character that cannot be printed"
                help_text = "write it with printable characters, on one line"
                self._refuse("E608", "illegal text", self._span(event), label, help_text)
                content, refused = "", True
            self._place(Value(content, self._span(event), refused))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self.stack) == MAXIMUM_DEPTH:
                label = f"deeper than {MAXIMUM_DEPTH} levels"
                message = "project file nests too deep"
                self._refuse("E601", message, self._span(event), label, "see `intentc schema`")
                return False
            is_map = isinstance(event, yaml.MappingStartEvent)
            refused = self._properties(event)
            self.stack.append((Value({} if is_map else [], self._span(event), refused), []))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            value, pending = self.stack.pop()
            value.span = Span(self.source, value.span.start, max(value.span.start, event.end_mark.index))
            if isinstance(value.content, dict):
                value.partial = not self._fill(value.content, pending)
            else:
                value.content = [self._widened(item) for item in pending]
            self._place(value)
        return True

    def _begin(self, event: Any) -> bool:
        if self.root is not None:
            label = "a second document begins"
            message = "project file has two documents"
            self._refuse("E601", message, self._span(event), label, "keep one document")
            return False
        if event.version or event.tags:
            span = self._span(event)
            first = span.text.partition("\n")[0].rstrip()
            span = Span(self.source, span.start, span.start + len(first))
            message = "YAML directive in the project file"
            self._refuse("E603", message, span, "not allowed", "remove the line")
        return True

    def _properties(self, event: Any) -> bool:
        """Refuse what stands before a value; tell whether the value is then of an unknown kind."""
        start, end = event.start_mark.index, event.end_mark.index
        # libyaml forgets the tag `!`; no plain text begins with it.
        tagged = event.tag is not None or (end > start and self.source.text[start] == "!")
        if event.anchor is not None:
            self.anchors.add(event.anchor)
            self._foreign("anchor", event)
        elif tagged:
            self._refuse(
                "E603",
                "YAML tag in the project file",
                self._span(event),
                "not allowed",
                "write the value without a tag",
            )
        return tagged

    def _foreign(self, name: str, event: Any) -> None:
        help_text = "write the value out where it is needed"
        message = f"YAML {name} in the project file"
        self._refuse("E603", message, self._span(event), "not allowed", help_text)

    def _fill(self, content: dict[str, tuple[Value, Value]], pending: list[Value]) -> bool:
        """Put keys and values into a mapping, and tell whether all keys could be."""
        whole = True
        for key, value in zip(pending[::2], pending[1::2], strict=True):
            if len(self.diagnostics) >= MOST:
                return False
            name = key.content
            if isinstance(name, (dict, list)):
                label = "a list or a mapping"
                self._refuse("E605", "key is not a text", key.span, label, "see `intentc schema`")
            if isinstance(name, (dict, list)) or key.refused:
                whole = False
                continue
            text = name if isinstance(name, str) else key.span.text
            if value.span.start == value.span.end:
                value.span = key.span
            if text == "<<":
                if not value.refused:
                    help_text = "write the keys out where they are needed"
                    message = "YAML merge key in the project file"
                    self._refuse("E603", message, key.span, "not allowed", help_text)
                whole = False
                continue
            if text in content:
                others = (Label(content[text][0].span, "first given here"),)
                message = f"key `{shown(text)}` is given twice"
                help_text = "keep one of the two"
                self.diagnostics.append(
                    error("E602", message, key.span, "second time", others=others, help=help_text)
                )
                continue
            content[text] = (key, value)
        return whole

    def _widened(self, value: Value) -> Value:
        """Return an item of a list; one that is empty is shown where it would begin."""
        start = value.span.start
        if start == value.span.end:
            value.span = Span(self.source, start, min(start + 1, len(self.source.text)))
        return value

    def _place(self, value: Value) -> None:
        if self.stack:
            self.stack[-1][1].append(value)
        else:
            self.root = value

    def _span(self, event: Any) -> Span:
        return Span(self.source, event.start_mark.index, event.end_mark.index)

    def _refuse(self, code: str, message: str, span: Span, label: str, help_text: str) -> None:
        self.diagnostics.append(error(code, message, span, label, help=help_text))


def _fault(problem: Any) -> str:
    """Return what a parser has to say, without the text it met."""
    said = str(getattr(problem, "problem", None) or "cannot be read")
    if match := _GOT.fullmatch(said):
        if match[1] in _INDENTED:
            return "not in line with what stands above"
        return f"did not find expected {match[1].removeprefix('the ').removeprefix('a ')}"
    if match := _CHARACTER.fullmatch(said):
        return f"found character that {match[1]}"
    return said


def _typed(text: str) -> str | int | bool | None:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    # A leading zero is kept as text: YAML 1.1 readers take 010 for eight.
    return int(text) if _INTEGER.fullmatch(text) else text
