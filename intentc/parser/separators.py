"""Say which mark is missing between two tokens."""

from __future__ import annotations

import re

from intentc.diagnostics import Diagnostic, error
from intentc.parser.fault import Fault, Token
from intentc.parser.vocabulary import CLAUSES, FORMS, INTENT_FORM, STATEMENT_FORMS, shown

_NUMBER = re.compile(r"[0-9][0-9-]*(?:/[a-z]+)?")


def form_of(fault: Fault) -> str:
    """Return the form of the statement a fault is in."""
    return STATEMENT_FORMS.get(fault.first, INTENT_FORM)


def missing(fault: Fault, text: str, before: Token, here: Token) -> Diagnostic:
    """Return the error for a mark that is missing between two tokens."""
    span = fault.span(before, here)
    fixes = fault.inserted(f" {text} " if text in ("->", "=") else text, before.end)
    if text == "->":
        return error(
            "E112",
            "statement has no `->`",
            span,
            "`->` is expected in between",
            help=INTENT_FORM,
            fixes=fixes,
        )
    if text == ":":
        message, help_text = (
            f"no `:` before port `{shown(here)}`",
            "write the port behind its target: `target:port`",
        )
        return error("E128", message, span, "`:` is expected in between", help=help_text, fixes=fixes)
    code = "E118" if text == "=" and fault.first == "let" else "E110"
    message = f"no `{text}` between `{shown(before)}` and `{shown(here)}`"
    return error(code, message, span, f"`{text}` is expected in between", help=form_of(fault), fixes=fixes)


def is_clause_like(fault: Fault, before: Token, here: Token) -> bool:
    """Tell whether a word stands where a clause could begin, behind a port that is a number."""
    lead = [token.text for token in fault.tokens[: fault.index] if token.text == ":" or token.text in FORMS]
    is_port = lead[-1:] == [":"] and _NUMBER.fullmatch(before.text) is not None
    return is_port and bool(fault.accepted & CLAUSES) and here.text[0].isalpha()


def is_item(token: Token) -> bool:
    """Tell whether a token could be a part of a list: a word or a text."""
    return token.is_word or token.text[0] == '"'
