"""Say what is wrong with a statement by its characters alone."""

from __future__ import annotations

import re

from intentc.diagnostics import Diagnostic, error
from intentc.parser.fault import Fault, Token

_ARROW_LIKE = re.compile(r"<-+>|<=+>|--+>|==>|=>|<-|<=|->>|[→⇒➜➔⟶←⇐↔]|[\u2014\u2013]>?|>>?|-(?!>)")
_BOTH_WAYS = re.compile(r"<.*>|↔")
_BACKWARDS = re.compile(r"[<←⇐]")


def explain_characters(fault: Fault) -> Diagnostic | None:
    """Explain what is wrong by its characters alone: arrows of other kinds, quotes, letters beyond ASCII."""
    here = fault.here
    if here is None:
        return None
    place = here.start
    arrow = _ARROW_LIKE.match(fault.text, place)
    if arrow and not fault.arrows and not fault.opened and here.text != "->":
        return _wrong_arrow(fault, Token(arrow.group(), place, arrow.end()))
    if not here.text.isascii() and here.text[0] != '"':
        import unicodedata

        character = next(character for character in here.text if not character.isascii())
        at = place + here.text.index(character)
        name = unicodedata.name(character, "").lower()
        label = f"U+{ord(character):04X} {name}".rstrip()
        message = f"character `{character}` outside a text"
        span = fault.span(Token(character, at, at + 1))
        return error("E107", message, span, label, help="names, labels and words are ASCII")
    line = fault.text[place:].partition("\n")[0]
    if here.text == '"' or (here.text[0] == '"' and any(token.text == '"' for token in fault.tokens)):
        end = place + (len(line.rstrip()) if here.text == '"' else 1)
        help_text = 'close the text with `"` on the same line; a quote inside it is written `\\"`'
        span = fault.span(Token(line, place, end))
        return error("E115", "text is not terminated", span, "no closing quote", help=help_text)
    return None


def _wrong_arrow(fault: Fault, arrow: Token) -> Diagnostic:
    message, label = f"`{arrow.text}` is not the arrow", "only `->` exists"
    if _BOTH_WAYS.fullmatch(arrow.text):
        help_text = "write an intent for each direction that is opened; replies need none"
        return error("E111", message, fault.span(arrow), label, help=help_text)
    if _BACKWARDS.search(arrow.text):
        help_text = "the arrow points the way the connection is opened: write the source on the left of `->`"
        return error("E111", message, fault.span(arrow), label, help=help_text)
    fixes = fault.replaced(arrow, "->")
    return error("E111", message, fault.span(arrow), label, help="write `->`", fixes=fixes)
