"""Turn the bytes of a file into text that is safe to read, show and quote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intentc.diagnostics import Diagnostic, error, warning
from intentc.source import SourceFile, Span

MAXIMUM_FILE = 64 * 1024 * 1024
"""The largest file read, in bytes."""

MAXIMUM_LINE = 4096
"""The longest line, in bytes of UTF-8."""

LOST = "\N{REPLACEMENT CHARACTER}"
"""What stands where bytes could not be decoded."""

_LINE_BREAKS = {0x85: "next line", 0x2028: "line separator", 0x2029: "paragraph separator"}
_LONG_LINE = re.compile(rf"[^\n]{{{MAXIMUM_LINE // 4},}}")


def decode(path: str, data: bytes) -> tuple[SourceFile, tuple[Diagnostic, ...]]:
    """Return the text of `data`, and what in it may not stand in a source file.

    The text may hold TAB, LF, CRLF and printable characters: everything else can end a YAML comment, move a
    terminal's cursor or make a line read differently from what it says (Trojan Source, CVE-2021-42574). One
    leading byte order mark is dropped with a warning. When there is an error the text is for showing it
    only.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        return _undecodable(path, data, problem)
    diagnostics: list[Diagnostic] = []
    marked = text.startswith("\ufeff")
    source = SourceFile(path, text[1:] if marked else text)
    if marked:
        diagnostics.append(
            warning(
                "W110",
                "file begins with a byte order mark",
                Span(source, 0, 0),
                "it stands before this",
                help="`intentc fmt` removes it",
            )
        )
    diagnostics.extend(_forbidden(source))
    diagnostics.extend(_too_long(source))
    return source, tuple(diagnostics)


def is_readable(text: str) -> bool:
    """Tell whether `text` has only characters and lines that `decode` lets pass."""
    plain = text.replace("\r\n", "").replace("\n", "").replace("\t", "")
    if not plain.isprintable() or LOST in text:
        return False
    return not any(len(match.group().encode()) > MAXIMUM_LINE for match in _LONG_LINE.finditer(text))


def _undecodable(
    path: str, data: bytes, problem: UnicodeDecodeError
) -> tuple[SourceFile, tuple[Diagnostic, ...]]:
    source = SourceFile(path, data.decode("utf-8", "replace"))
    start = len(data[: problem.start].decode("utf-8"))
    span = Span(source, start, start + 1)
    help_text = "save the file as UTF-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        help_text = "the file looks like UTF-16: save it as UTF-8"
    message = f"file is not UTF-8: byte 0x{data[problem.start]:02x} at offset {problem.start}"
    return source, (error("E101", message, span, "cannot be decoded", help=help_text),)


def _forbidden(source: SourceFile) -> Iterator[Diagnostic]:
    plain = source.text.replace("\r\n", "").replace("\n", "").replace("\t", "")
    if plain.isprintable():
        return
    for offset, character in enumerate(source.text):
        if character.isprintable() or character in "\t\n":
            continue
        if character == "\r" and source.text[offset + 1 : offset + 2] == "\n":
            continue
        yield _forbidden_character(Span(source, offset, offset + 1), character)


def _forbidden_character(span: Span, character: str) -> Diagnostic:
    import unicodedata

    point = ord(character)
    name = f"U+{point:04X}"
    if character == "\r":
        help_text = "end lines with LF or CRLF"
        return error("E103", "carriage return without a line feed", span, "not a line end", help=help_text)
    if unicodedata.category(character) == "Cf":
        message = f"invisible character {name} {unicodedata.name(character, '').lower()}".rstrip()
        return error("E104", message, span, "changes how the line reads", help="remove it")
    if point in _LINE_BREAKS:
        message = f"character {name} {_LINE_BREAKS[point]}"
        return error("E102", message, span, "not a line end here", help="end lines with LF or CRLF")
    label = "not allowed in a source file"
    return error("E102", f"character {name} cannot be printed", span, label, help="remove it")


def _too_long(source: SourceFile) -> Iterator[Diagnostic]:
    for match in _LONG_LINE.finditer(source.text):
        size = len(match.group().encode())
        if size > MAXIMUM_LINE:
            message = f"line is {size} bytes long"
            span = Span(source, match.start(), match.start() + 1)
            yield error(
                "E105", message, span, f"at most {MAXIMUM_LINE} bytes are read", help="break it after a `,`"
            )
