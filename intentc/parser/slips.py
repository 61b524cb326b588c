"""Say what is wrong with a statement by a slip that is known: right elsewhere, or nearly right here."""

from __future__ import annotations

import re
from collections.abc import Callable

from intentc.diagnostics import Diagnostic, Edit, Fix, error
from intentc.nearest import nearest
from intentc.parser import words
from intentc.parser.fault import Fault, Token
from intentc.parser.vocabulary import (
    FORMS,
    INTENT_FORM,
    STATEMENT_FORMS,
    STATEMENT_WORDS,
    reserved,
    shown,
    unknown_word,
)

_RUN = re.compile(r"(?:[A-Za-z0-9_.]|-(?!>))+")
_PORTS = re.compile(r":[0-9]+(?::[0-9]+)+")
_NUMBER = re.compile(r"[0-9]+")
_NEGATIVE = re.compile(r"-[0-9]+")
_MEANS = {"inbound": "ingress", "incoming": "ingress", "outbound": "egress", "outgoing": "egress"}
_DIRECTIONS = ["egress", "ingress"]
_VERDICTS = ["allow", "deny"]
_JUDGES = {"@": words.set_name, "/": words.object_name, "on": words.cluster}
_BEFORE_A_NAMESPACE = ("->", ",", *STATEMENT_WORDS, *_VERDICTS)
_BEFORE_A_VALUE = ("=", "==", "!=", "(")


def explain_slip(fault: Fault) -> Diagnostic | None:
    """Return what is wrong where a statement looks like a slip that is known; None where it does not."""
    for slip in _SLIPS:
        found = slip(fault)
        if found is not None:
            return found
    return None


def _no_value(fault: Fault) -> Diagnostic | None:
    """Explain a word at the end that needs something behind it, or an `except` without a range."""
    here, before = fault.here, fault.before
    if before is None:
        return None
    span = fault.span(before)
    if before.text == "except" and here is not None and here.text == "->" and len(fault.arrows) == 1:
        help_text = f"write `{FORMS['except']}`"
        return error(
            "E153", "nothing follows `except`", span, "a range is expected after this", help=help_text
        )
    if here is not None and before.text == "except" and fault.accepted == {"ADDRESS"}:
        message, label = f"`except` is followed by `{shown(here)}`", "a range is expected after `except`"
        help_text = f"write `{FORMS['except']}`"
        return error("E153", message, fault.span(before, here), label, help=help_text)
    if here is not None and here.text == "except" and before.is_word and not fault.mends_without(before):
        message, label = f"`except` after `{shown(before)}`", "only a range has exceptions"
        return error("E110", message, fault.span(before, here), label, help=f"write `{FORMS['except']}`")
    if here is not None:
        return None
    is_one = fault.earlier is None or fault.earlier.text not in FORMS
    if is_one and before.text in FORMS and "COLON" not in fault.accepted and fault.mends_without(before):
        help_text = f"write `{FORMS[before.text]}`"
        return error("E153", f"nothing follows `{before.text}`", span, "ends here", help=help_text)
    left = fault.earlier
    if before.text == "/" and left is not None and _NUMBER.fullmatch(left.text):
        label = "a protocol is expected after this"
        help_text = f"write `{left.text}/udp`; protocols are `tcp`, `udp` and `sctp`"
        return error("E126", "nothing follows `/`", span, label, help=help_text)
    return None


def _statement_word(fault: Fault) -> Diagnostic | None:
    """Explain a word that begins a statement where it was meant as a source."""
    first, here = fault.tokens[0], fault.here
    if first.text not in STATEMENT_WORDS or fault.index != 1 or here is None or here.text != "->":
        return None
    return reserved(fault, first, "begins a statement of its own") if fault.mends_as(first, "x") else None


def _side_or_verdict(fault: Fault) -> Diagnostic | None:
    """Explain a misspelt `allow`, `deny`, `ingress` or `egress`, or another word for one of the sides."""
    here = fault.here
    if here is None or not here.is_word:
        return None
    if "VERDICT" in fault.accepted and nearest(here.text, _VERDICTS):
        return unknown_word(fault, "E150", f"unknown word `{here.text}`", here, _VERDICTS)
    if "DIRECTION" not in fault.accepted or not fault.mends_as(here, "ingress"):
        return None
    if nearest(here.text, _DIRECTIONS):
        return unknown_word(fault, "E150", f"unknown word `{here.text}`", here, _DIRECTIONS)
    meant = _MEANS.get(here.text)
    if meant is None:
        return None
    help_text = f"the word for it is `{meant}`"
    message, fixes = f"unknown word `{here.text}`", fault.replaced(here, meant)
    return error("E150", message, fault.span(here), "not a word of the language", help=help_text, fixes=fixes)


def _misspelt_statement(fault: Fault) -> Diagnostic | None:
    """Explain a first word that is nearly one that begins a statement, where the rest is such a statement."""
    first, here = fault.tokens[0], fault.here
    if here is None or first.text in STATEMENT_WORDS:
        return None
    word = nearest(first.text, STATEMENT_WORDS)
    if word is None or not fault.mends_as(first, word):
        return None
    return unknown_word(fault, "E150", f"unknown word `{first.text}`", first, [word])


def _block_header(fault: Fault) -> Diagnostic | None:
    """Explain the header of a block without its `with`, where a statement of the block stands on its line."""
    first, here = fault.tokens[0], fault.here
    brace = next((token for token in fault.tokens if token.text in ("{", "->")), None)
    if here is None or here is first or brace is None or brace.text == "->" or first.text in STATEMENT_WORDS:
        return None
    help_text = STATEMENT_FORMS["with"]
    if fault.is_statement(f"with {fault.text[: brace.end]}"):
        message, label = "statement without `with`", "`with` is expected before this"
        fixes = fault.inserted("with ", first.start)
        return error("E110", message, fault.span(first, here), label, help=help_text, fixes=fixes)
    if not fault.is_statement(f"with{fault.text[first.end : brace.end]}"):
        return None
    if nearest(first.text, ["with"]):
        return unknown_word(fault, "E150", f"unknown word `{first.text}`", first, ["with"])
    message, label = f"`{shown(first)}` where `with` is expected", "`with` begins such a statement"
    fixes = fault.replaced(first, "with")
    return error("E110", message, fault.span(first), label, help=help_text, fixes=fixes)


def _no_arrow(fault: Fault) -> Diagnostic | None:
    """Explain endpoints that neither an arrow nor `isolate` makes a statement of, before a clause."""
    first, here, before = fault.tokens[0], fault.here, fault.before
    if here is None or before is None or fault.arrows or fault.first in STATEMENT_WORDS:
        return None
    if here.text not in FORMS or not fault.mends_with("isolate", first):
        return None
    span, help_texts = fault.span(first, before), (INTENT_FORM, STATEMENT_FORMS["isolate"])
    return error("E112", "statement has no `->`", span, "`->` is expected after this", help=help_texts)


def _edge_of_name(fault: Fault) -> Diagnostic | None:
    """Explain a name or a port that begins or ends in `-` or `.`."""
    here, before = fault.here, fault.before
    if here is None or here.text not in ("-", ".") or fault.opened:
        return None
    joins = before is not None and before.is_word and before.end == here.start
    start = before.start if joins and before else here.start
    left = fault.earlier if joins else before
    match = _RUN.match(fault.text, start)
    if match is None or len(match.group()) == 1:
        return None
    name = Token(match.group(), start, match.end())
    span = fault.span(name)
    found: list[Diagnostic] = []
    sign = left.text if left else ","
    if sign == ":" and _NEGATIVE.fullmatch(name.text):
        help_text = "write the number that is listened on; every port of a target is `*`"
        message = f"port `{shown(name)}` is out of range"
        return error("E120", message, span, "ports go from 1 to 65535", help=help_text)
    if sign == ":":
        words.port(name.text, span, "TCP", True, span, found)
    elif sign in _JUDGES:
        _JUDGES[sign](name.text, span, found)
    elif sign in _BEFORE_A_NAMESPACE:
        words.namespace(name.text, span, found)
    return found[0]._replace(label="begins and ends with a letter or digit") if found else None


def _quoted(fault: Fault) -> Diagnostic | None:
    """Explain quotes around a label's key or value, or around a name."""
    here, before = fault.here, fault.before
    if here is None or here.text[0] != '"' or len(here.text) < 3 or not fault.mends_as(here, "x"):
        return None
    inner, span = here.text[1:-1], fault.span(here)
    found: list[Diagnostic] = []
    if "LABEL" in fault.accepted:
        is_value = before is not None and (before.text in _BEFORE_A_VALUE or fault.opened[-1].text == "(")
        code, what = ("E132", "label value") if is_value else ("E131", "label key")
        (words.label_value if is_value else words.label_key)(inner, span, found)
    else:
        code, what = "E130", "namespace"
        words.namespace(inner, span, found)
    fixes = () if found else fault.replaced(here, inner)
    help_text = (
        "only texts behind `because`, `owner` and `ticket` are quoted" if found else f"write `{inner}`"
    )
    message, label = f"`{shown(here)}` is not a legal {what}", "quotes are not legal in it"
    return error(code, message, span, label, help=help_text, fixes=fixes)


def _list_in_brackets(fault: Fault) -> Diagnostic | None:
    """Explain brackets around a list of endpoints."""
    here, before = fault.here, fault.before
    if here is None or here.text not in ("(", "[") or fault.opened:
        return None
    if before is not None and before.text not in _BEFORE_A_NAMESPACE:
        return None
    end = next((token for token in fault.tokens[fault.index :] if token.text in (")", "]")), None)
    inner = fault.text[here.end : end.start].strip() if end else ""
    if end is None or not fault.is_statement(f"{fault.text[: here.start]}{inner} {fault.text[end.end :]}"):
        return None
    label = "a list of endpoints has no brackets"
    edits = (Edit(fault.span(here), ""), Edit(fault.span(end), ""))
    fixes = (Fix("remove both brackets", edits, safe=False),)
    help_text = f"write `{inner}`"
    return error("E110", f"unexpected `{here.text}`", fault.span(here), label, help=help_text, fixes=fixes)


def _no_in(fault: Fault) -> Diagnostic | None:
    """Explain values in brackets that no `in` stands before."""
    here, before = fault.here, fault.before
    if here is None or before is None or here.text != "(" or not fault.opened or "IN" not in fault.accepted:
        return None
    if not fault.mends_with("in"):
        return None
    message, label = f"no `in` between `{shown(before)}` and `(`", "`in` is expected in between"
    help_text, fixes = f"write `{FORMS['in']}`", fault.inserted(" in", before.end)
    return error("E110", message, fault.span(before, here), label, help=help_text, fixes=fixes)


def _second_port(fault: Fault) -> Diagnostic | None:
    """Explain ports with a `:` between them; with two of them the rest looks like an IPv6 address."""
    here = fault.here
    if here is None or not _PORTS.fullmatch(here.text):
        return None
    ports = ", ".join(here.text[1:].split(":"))
    if fault.reaches(here.start, here.end, f":{ports}") <= here.end:
        return None
    fixes = fault.replaced(here, f":{ports}")
    message, label = f"`:` twice in `{shown(here)}`", "ports are separated by `,`"
    return error("E110", message, fault.span(here), label, help=f"write `:{ports}`", fixes=fixes)


def _long_path(fault: Fault) -> Diagnostic | None:
    """Explain a path of more than three parts."""
    here, index = fault.here, fault.index
    if here is None or here.text != "/" or fault.opened or index < 5:
        return None
    path = fault.tokens[index - 5 : index + 1]
    while index + 1 < len(fault.tokens) and fault.tokens[index + 1].start == path[-1].end:
        index += 1
        if fault.tokens[index].text != "/" and not fault.tokens[index].is_word:
            break
        path.append(fault.tokens[index])
    signs = [token.text == "/" for token in path]
    if signs[:6] != [False, True] * 3 or len(path) < 7:
        return None
    message, label = "path of more than three parts", f"`{shown(path[4])}` is the last part there can be"
    help_text = "a workload is `namespace/kind/name`, a Service is `namespace/name`"
    return error("E110", message, fault.span(path[0], path[-1]), label, help=help_text)


def _two_statements(fault: Fault) -> Diagnostic | None:
    """Explain a second statement behind a whole one."""
    here = fault.here
    if here is None or not fault.index or here.text == "}":
        return None
    if not fault.is_statement(fault.text[here.start :]) or not fault.is_statement(fault.text[: here.start]):
        return None
    if fault.first == "}":
        label = "no block is open here"
        return error("E114", "`}` closes nothing", fault.span(fault.tokens[0]), label, help="remove it")
    where = fault.span(here)
    line_end = Edit(fault.span(Token("", here.start, here.start)), "\n")
    fixes = (Fix("begin a new line here", (line_end,), safe=False),)
    help_text = "write each statement on a line of its own"
    return error(
        "E110", "two statements on one line", where, "the second begins here", help=help_text, fixes=fixes
    )


_SLIPS: tuple[Callable[[Fault], Diagnostic | None], ...] = (
    _no_value,
    _statement_word,
    _side_or_verdict,
    _misspelt_statement,
    _block_header,
    _no_arrow,
    _edge_of_name,
    _quoted,
    _list_in_brackets,
    _no_in,
    _second_port,
    _long_path,
    _two_statements,
)
