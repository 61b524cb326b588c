"""Explain statements that end too early."""

from __future__ import annotations

from intentc.diagnostics import Diagnostic, Label, error
from intentc.parser.fault import CLOSES, Fault
from intentc.parser.vocabulary import (
    ARROW,
    FORMS,
    INTENT_FORM,
    STATEMENT_FORMS,
    STATEMENT_WORDS,
    listing,
    reserved,
)


def explain_ending(fault: Fault) -> Diagnostic | None:
    """Return what is missing at the end of a statement; None where it is not its end that is wrong."""
    if fault.here is not None:
        return None
    last = fault.tokens[-1]
    span = fault.span(last)
    if fault.opened:
        opening = fault.opened[-1]
        closing = CLOSES[opening.text]
        others = (Label(fault.span(opening), "opened here"),)
        message, label = f"`{opening.text}` is not closed", f"no `{closing}` follows"
        return error("E113", message, span, label, others=others, help=f"close it with `{closing}`")
    if last.text == "->":
        return error("E117", "no target after `->`", span, "nothing follows", help="write `namespace:port`")
    if last.text == ",":
        return error(
            "E116", "nothing follows `,`", span, "one more item is expected", help="remove the comma"
        )
    if last.text == ":":
        help_text = "write a port such as `8443`, or `*` for every port"
        return error("E128", "no port after `:`", span, "nothing follows", help=help_text)
    if len(fault.tokens) == 1 and last.text in STATEMENT_WORDS:
        return reserved(fault, last, "begins a statement of its own")
    if last.text == "=" and fault.first == "let":
        return error("E118", "set is empty", span, "nothing follows", help=STATEMENT_FORMS["let"])
    if last.text in FORMS and ARROW not in fault.accepted:
        help_text = f"write `{FORMS[last.text]}`"
        return error("E153", f"nothing follows `{last.text}`", span, "ends here", help=help_text)
    if fault.first == "let":
        return error("E118", "definition has no members", span, "ends here", help=STATEMENT_FORMS["let"])
    if fault.first == "with":
        fixes = fault.inserted(" {", last.end)
        label = "`{` is expected after this"
        return error("E163", "block has no `{`", span, label, help=STATEMENT_FORMS["with"], fixes=fixes)
    if not fault.arrows:
        whole = fault.span(fault.tokens[0], last)
        help_text = STATEMENT_FORMS["assert"] if fault.first == "assert" else INTENT_FORM
        return error("E112", "statement has no `->`", whole, "ends without an arrow", help=help_text)
    label = f"expected {listing(fault.accepted)}"
    return error("E110", "statement ends too early", span, label, help=INTENT_FORM)
