"""Explain brackets that do not match: the one that is missing, or the one too many."""

from __future__ import annotations

from intentc.diagnostics import Diagnostic, Label, error
from intentc.parser.fault import CLOSES, Fault, Token
from intentc.parser.vocabulary import shown

_OPENS = {closing: opening for opening, closing in CLOSES.items()}
_FEW = 12
"""Before how many tokens a missing bracket is tried."""

_LEAVE_OUT = {
    "[": "leave the brackets out for all pods",
    "{": "write `*` for every namespace",
    "(": "write at least one value",
}


def explain_brackets(fault: Fault) -> Diagnostic | None:
    """Return what is wrong where a bracket is open that should not be, or is not open that should be."""
    here = fault.here
    if here is not None and here.text in _OPENS:
        return _closing(fault, here)
    found = _no_opening(fault, here)
    return found or (_no_closing(fault, fault.opened[-1]) if fault.opened else None)


def _closing(fault: Fault, here: Token) -> Diagnostic:
    """Explain a closing bracket that does not fit."""
    before = fault.before
    if not fault.opened:
        message, label = f"`{here.text}` closes nothing", "no bracket is open here"
        return error("E114", message, fault.span(here), label, help="remove it")
    opening = fault.opened[-1]
    expected = CLOSES[opening.text]
    if here.text != expected:
        others = (Label(fault.span(opening), "opened here"),)
        message = f"`{here.text}` where `{expected}` is expected"
        label = f"does not close `{opening.text}`"
        return error("E114", message, fault.span(here), label, others=others, help=f"write `{expected}`")
    if before is opening:
        message = f"`{opening.text}{here.text}` is empty"
        help_text = _LEAVE_OUT[opening.text]
        return error("E129", message, fault.span(opening, here), "nothing stands in it", help=help_text)
    if before is not None and before.text == ",":
        span = fault.span(before, here)
        return error(
            "E116", "nothing follows `,`", span, "one more item is expected", help="remove the comma"
        )
    previous = before or opening
    message = f"`{here.text}` after `{shown(previous)}`"
    label = "something is missing in between"
    help_text = "a selector is `key=value`, `key in (a, b)`, `key` or `!key`, separated by `,`"
    return error("E110", message, fault.span(previous, here), label, help=help_text)


def _no_opening(fault: Fault, here: Token | None) -> Diagnostic | None:
    """Explain a closing bracket further on whose opening one is missing here."""
    before = fault.before
    if here is None or before is None:
        return None
    earlier = fault.tokens[fault.index - 2] if fault.index > 1 else before
    for closing in fault.unopened:
        opening = _OPENS[closing.text]
        others = (Label(fault.span(closing), "closes nothing without it"),)
        help_text = f"open it with `{opening}`, or remove `{closing.text}`"
        for token in (here, before):
            if fault.mends_with(opening, token):
                message = f"`{closing.text}` without `{opening}`"
                label = f"`{opening}` is expected before `{shown(token)}`"
                fixes = fault.inserted(opening, token.start)
                span = fault.span(before, here)
                return error("E114", message, span, label, others=others, help=help_text, fixes=fixes)
        for token in (here, before, earlier):
            if fault.mends_as(token, opening):
                message = f"`{closing.text}` without `{opening}`"
                label = f"`{opening}` is expected here"
                span = fault.span(token if token is not here else before, token)
                return error("E114", message, span, label, others=others, help=help_text)
    return None


def explain_unopened(fault: Fault) -> Diagnostic | None:
    """Explain a closing bracket further on whose opening one is missing before a word that does not fit."""
    here, before = fault.here, fault.before
    if here is None or before is None or not fault.unopened or not before.is_word:
        return None
    closing = fault.unopened[0]
    opening = _OPENS[closing.text]
    others = (Label(fault.span(closing), "closes nothing without it"),)
    help_text = f"open it with `{opening}`, or remove `{closing.text}`"
    message, label = f"`{closing.text}` without `{opening}`", f"`{opening}` is expected in here"
    return error("E114", message, fault.span(before, here), label, others=others, help=help_text)


def _no_closing(fault: Fault, opening: Token) -> Diagnostic | None:
    """Explain an opening bracket that nothing closes, or that should not be there."""
    closing = CLOSES[opening.text]
    here, before = fault.here, fault.tokens[fault.index - 1]
    others: tuple[Label, ...] = (Label(fault.span(opening), "opened here"),)
    message, help_text = f"`{opening.text}` is not closed", f"close it with `{closing}`"
    if fault.mends_with(closing):
        fixes = fault.inserted(closing, before.end)
        if here is None or fault.mends_without(opening):
            span, label = fault.span(before), f"`{closing}` is expected after this"
            if here is not None:
                span, others = fault.span(opening, before), ()
            return error("E113", message, span, label, others=others, help=help_text, fixes=fixes)
        label = f"`{closing}` is expected before this"
        return error("E113", message, fault.span(here), label, others=others, help=help_text, fixes=fixes)
    inside = fault.tokens[fault.tokens.index(opening) + 2 : fault.index]
    for token in reversed(inside[-_FEW:]):
        if here is not None and (fault.mends_with(closing, token) or fault.mends_as(token, closing)):
            left = fault.tokens[fault.tokens.index(token) - 1]
            fixes = fault.inserted(closing, left.end)
            span, label = fault.span(left, token), f"`{closing}` is expected in between"
            return error("E113", message, span, label, others=others, help=help_text, fixes=fixes)
    if fault.mends_without(opening) and (fault.bar > len(fault.text) or before is opening):
        label = "opens nothing that makes sense"
        return error("E113", f"unexpected `{opening.text}`", fault.span(opening), label, help="remove it")
    return None
