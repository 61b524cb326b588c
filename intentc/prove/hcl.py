"""The subset of HCL that a generated module is written in becomes blocks and values; all else is refused."""

from __future__ import annotations

import re
from typing import NamedTuple

from intentc.prove.documents import Unreadable

MAXIMUM_DEPTH = 16


class Reference(NamedTuple):
    """A name with dots, such as `var.pod_cidrs`."""

    name: str


class Formula(NamedTuple):
    """An expression of any other kind, which nothing that opens a network may be made of."""

    text: str


Value = str | int | bool | list["Value"] | dict[str, "Value"] | Reference | Formula


class Block(NamedTuple):
    """`type "label" { … }` with its attributes and inner blocks, and the line it starts on."""

    type: str
    labels: tuple[str, ...]
    attributes: dict[str, Value]
    blocks: tuple[Block, ...]
    line: int


_TOKEN = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<end>\n)"
    r"|(?P<comment>#[ -~]*(?=\n))"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<number>0|[1-9][0-9]{0,8})(?![0-9.A-Za-z_])"
    r'|(?P<text>"(?:[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]|\\.)*")'
    r"|(?P<mark>[=!<>]=|&&|\|\||[][{}(),.:?!<>=+*/-])"
)
_ESCAPE = re.compile(
    r'\\(?:(?P<short>["\\nrt])|u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|(?P<wrong>.))'
    r"|(?P<doubled>\$\$\{|%%\{)|(?P<template>[$%]\{)"
)
_SHORT = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}

_Token = tuple[str, str, int]


def read_blocks(path: str, content: bytes) -> tuple[Block, ...]:
    """Return the blocks of a Terraform file; raise Unreadable for what the subset does not have.

    The subset: blocks; attributes that are texts, whole numbers, truth values, lists, objects, references
    or formulas on one line; comments that start with `#`. It has no heredoc and no template, so a text is
    what it says. https://developer.hashicorp.com/terraform/language/syntax/configuration
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unreadable(path, f"byte {problem.start} is not UTF-8") from problem
    return _Parser(path, text).file()


class _Parser:
    """Read tokens from left to right; a newline ends an attribute and a block."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._tokens = self._scan(text)
        self._next = 0
        self._depth = 0

    def _scan(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        position, line = 0, 1
        match = _TOKEN.match
        while position < len(text):
            found = match(text, position)
            if found is None:
                raise Unreadable(
                    f"{self._path}:{line}", f"`{text[position : position + 20]!r}` is not generated HCL"
                )
            kind = found.lastgroup or ""
            if kind not in ("space", "comment"):
                tokens.append((kind, found[0], line))
            line += kind == "end"
            position = found.end()
        tokens.append(("file end", "", line))
        return tokens

    def file(self) -> tuple[Block, ...]:
        blocks: list[Block] = []
        while True:
            self._skip_ends()
            if self._tokens[self._next][0] == "file end":
                return tuple(blocks)
            blocks.append(self._block(self._take("word")))

    def _block(self, type_name: str) -> Block:
        line = self._tokens[self._next][2]
        labels = []
        while self._tokens[self._next][0] == "text":
            labels.append(self._text(self._take("text")))
        self._take("mark", "{")
        self._take("end")
        self._deepen()
        attributes: dict[str, Value] = {}
        blocks: list[Block] = []
        while True:
            self._skip_ends()
            if self._is("}"):
                self._next += 1
                self._take("end")
                self._depth -= 1
                return Block(type_name, tuple(labels), attributes, tuple(blocks), line)
            word = self._take("word")
            if not self._is("="):
                blocks.append(self._block(word))
                continue
            self._next += 1
            if word in attributes:
                raise self._refuse(f"a second `{word}`")
            attributes[word] = self._value()
            self._take("end")

    def _value(self) -> Value:
        start = self._next
        value = self._plain_value()
        if value is not None and self._tokens[self._next][0] == "end":
            return value
        if self._tokens[start][0] != "word":
            raise self._refuse("neither a plain value nor a formula that starts with a name")
        self._next = start
        return self._formula()

    def _plain_value(self) -> Value | None:
        kind, text, _ = self._tokens[self._next]
        if kind == "text":
            self._next += 1
            return self._text(text)
        if kind == "number":
            self._next += 1
            return int(text)
        if kind == "word":
            self._next += 1
            if text in ("true", "false"):
                return text == "true"
            while self._is("."):
                self._next += 1
                text += "." + self._take("word")
            return Reference(text)
        if text == "[":
            return self._list()
        return self._object() if text == "{" else None

    def _list(self) -> Value | None:
        self._next += 1
        self._deepen()
        items: list[Value] = []
        while True:
            self._skip_ends()
            if self._is("]"):
                self._next += 1
                self._depth -= 1
                return items
            item = self._plain_value()
            if item is None:
                self._depth -= 1
                return None
            items.append(item)
            self._skip_ends()
            if self._is(","):
                self._next += 1
            elif not self._is("]"):
                self._depth -= 1
                return None

    def _object(self) -> Value:
        self._next += 1
        self._deepen()
        entries: dict[str, Value] = {}
        while True:
            self._skip_ends()
            if self._is("}"):
                self._next += 1
                self._depth -= 1
                return entries
            key = self._take("word")
            self._take("mark", "=")
            value = self._plain_value()
            if key in entries or value is None:
                raise self._refuse(f"`{key}` twice, or without a plain value")
            entries[key] = value
            self._take("end")

    def _formula(self) -> Formula:
        parts: list[str] = []
        depth = 0
        while True:
            kind, text, _ = self._tokens[self._next]
            if kind == "file end" or (kind == "end" and depth):
                raise self._refuse("a formula that does not end on its line")
            if kind == "end":
                return Formula(" ".join(parts))
            if kind == "text":
                self._text(text)
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            parts.append(text)
            self._next += 1

    def _text(self, quoted: str) -> str:
        return _ESCAPE.sub(self._unescape, quoted[1:-1])

    def _unescape(self, found: re.Match[str]) -> str:
        if found["short"]:
            return _SHORT[found["short"]]
        if found["doubled"]:
            return found["doubled"][1:]
        digits = found["four"] or found["eight"]
        if digits and (number := int(digits, 16)) <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:
            return chr(number)
        raise self._refuse(f"`{found[0]}` in a text")

    def _take(self, kind: str, text: str | None = None) -> str:
        found_kind, found, _ = self._tokens[self._next]
        if found_kind != kind or (text is not None and found != text):
            raise self._refuse(f"`{found.strip() or found_kind}` where {text or kind} is expected")
        self._next += 1
        return found

    def _is(self, mark: str) -> bool:
        kind, text, _ = self._tokens[self._next]
        return kind == "mark" and text == mark

    def _skip_ends(self) -> None:
        while self._tokens[self._next][0] == "end":
            self._next += 1

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise self._refuse(f"nested deeper than {MAXIMUM_DEPTH}")

    def _refuse(self, reason: str) -> Unreadable:
        return Unreadable(f"{self._path}:{self._tokens[self._next][2]}", reason)
