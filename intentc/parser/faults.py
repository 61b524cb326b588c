"""Say what is wrong with a statement the grammar does not accept.

The statement is tried with one word or mark less, more or another: what mends it tells which one is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from intentc.diagnostics import Diagnostic, error
from intentc.nearest import nearest
from intentc.parser.brackets import explain_brackets, explain_unopened
from intentc.parser.characters import explain_characters
from intentc.parser.endings import explain_ending
from intentc.parser.fault import LONGEST, Fault, Token, moved
from intentc.parser.refusals import accepted_at, position_of
from intentc.parser.separators import form_of, is_clause_like, is_item, missing
from intentc.parser.slips import explain_slip
from intentc.parser.vocabulary import (
    ARROW,
    CLAUSES,
    FORMS,
    INTENT_FORM,
    KEYWORDS,
    PATHS,
    STATEMENT_FORMS,
    STATEMENT_WORDS,
    is_well_known,
    listing,
    reserved,
    shown,
    unknown_word,
)
from intentc.source import SourceFile

if TYPE_CHECKING:
    from lark import UnexpectedInput

    from intentc.parser.statements import Grammar

_STAND_INS = (
    ("x", "a name"),
    ("80", "a number"),
    ('"x"', 'a text in `"`'),
    ("2030-01-01", "a date"),
    ("192.0.2.0/30", "a range"),
    ("allow", "`allow` or `deny`"),
)
"""What is tried in the place of something that is missing, and its name."""

_ANY = (*_STAND_INS, *((mark, f"`{mark}`") for mark in (",", ":", "=", "/", "->")))

_MOST = 20
"""How many faults of one statement are looked for."""

_FEW = 12
"""How many tokens are tried as the one that should be an arrow."""

Rule = Callable[[Fault], Diagnostic | None]


def explain(
    source: SourceFile, start: int, end: int, problem: UnexpectedInput, grammar: Grammar, *, is_thorough: bool
) -> list[Diagnostic]:
    """Return what is wrong with the statement at `start` to `end` that Lark refused with `problem`.

    Where the statement has further lines, they are read as if the first fault were mended, so that each line
    gets its own. Without `is_thorough` nothing is tried, and the first word that does not fit is blamed.
    """
    text = source.text[start:end]
    reach = grammar.reach if is_thorough and len(text) <= LONGEST else None
    edits: list[tuple[int, int, int]] = []
    found: list[Diagnostic] = []
    while True:
        # A mended text is a source of its own; what is found in it is moved to where it really stands.
        fault = Fault(SourceFile(source.path, text), position_of(problem, text), accepted_at(problem), reach)
        explained = _explain(fault)
        found.append(moved(explained, source, start, edits))
        place = (fault.here or fault.tokens[-1]).end
        line_end = text.find("\n", place)
        is_last = line_end < 0 or len(found) == _MOST or found[-1].code == "E115" or fault.first == "with"
        edit = None if is_last else fault.best(explained.fixes)
        if edit is None or fault.reaches(*edit) <= line_end:
            return found
        at, to, replacement = edit
        text = f"{text[:at]}{replacement}{text[to:]}"
        edits.append((at, to - at, len(replacement)))
        following, others = grammar.refused(text)
        beyond = at + len(replacement)
        found.extend(
            moved(other, source, start, edits)
            for other in others
            if other.span is not None and "\n" in text[beyond : other.span.start]
        )
        if following is None:
            return found
        problem = following


def _explain(fault: Fault) -> Diagnostic:
    found = explain_characters(fault)
    if found is not None:
        return found
    # What makes all of the statement right comes first, then what leads some way beyond the first fault.
    for rule in _RULES:
        found = rule(fault)
        if found is not None:
            return found
    if fault.index + 2 < len(fault.tokens):
        fault.bar = fault.tokens[fault.index + 2].end
        for rule in _RULES_FOR_PART:
            found = rule(fault)
            if found is not None:
                return found
    return explain_ending(fault) or explain_unopened(fault) or _unexpected(fault)


def _misspelt(fault: Fault) -> Diagnostic | None:
    """Explain a word that is nearly a word of the language which could stand in its place."""
    here = fault.here
    if here is None or not here.is_word:
        return None
    known = sorted(KEYWORDS[name] for name in fault.accepted & KEYWORDS.keys())
    close = nearest(here.text, known)
    if close and here.text not in KEYWORDS.values():
        code = "E153" if fault.accepted & PATHS else "E150"
        message = f"`via {here.text}` is not a path" if code == "E153" else f"unknown word `{here.text}`"
        return unknown_word(fault, code, message, here, known)
    return None


def _path(fault: Fault) -> Diagnostic | None:
    """Explain a `via` that no path follows, or an `only` without a side."""
    here, before = fault.here, fault.before
    if here is None or before is None or fault.mends_without(before):
        return None
    known = sorted(KEYWORDS[name] for name in fault.accepted & PATHS)
    what, label = "path", "not a way the traffic takes"
    if before.text == "only" and "DIRECTION" in fault.accepted:
        known, what, label = ["egress", "ingress"], "side", "an intent has two sides"
    if not known:
        return None
    legal = f"legal here: {', '.join(f'`{word}`' for word in known)}"
    message = f"`{before.text} {shown(here)}` is not a {what}"
    return error("E153", message, fault.span(before, here), label, help=legal)


def _first_word(fault: Fault) -> Diagnostic | None:
    """Explain a statement whose first word is missing or misspelt."""
    first, here = fault.tokens[0], fault.here
    if first.text in STATEMENT_WORDS or here is None or here is first:
        return None
    for word in STATEMENT_WORDS:
        if fault.mends_as(first, word):
            if nearest(first.text, [word]):
                return unknown_word(fault, "E150", f"unknown word `{first.text}`", first, [word])
            message, label = (
                f"`{shown(first)}` where `{word}` is expected",
                f"`{word}` begins such a statement",
            )
            return error("E110", message, fault.span(first), label, help=STATEMENT_FORMS[word])
        if fault.mends_with(word, first):
            message, label = f"statement without `{word}`", f"`{word}` is expected before this"
            code = "E118" if word == "let" else "E110"
            fixes = fault.inserted(f"{word} ", first.start)
            return error(
                code, message, fault.span(first, here), label, help=STATEMENT_FORMS[word], fixes=fixes
            )
    return None


def _stray_first_word(fault: Fault) -> Diagnostic | None:
    """Explain a word of the language at the start of a statement it does not go with."""
    first, here = fault.tokens[0], fault.here
    if first.text not in STATEMENT_WORDS or here is None or here is first:
        return None
    if fault.mends_without(first):
        last = here if first.text == "let" else first
        message = f"`{first.text}` before an intent"
        label = "an intent has no word before it"
        return error("E110", message, fault.span(first, last), label, help=STATEMENT_FORMS[first.text])
    if fault.index == 1 and here.text in {"->", ",", "[", ":", "/"}:
        return reserved(fault, first, "begins a statement of its own")
    return None


def _arrow(fault: Fault) -> Diagnostic | None:
    """Explain an arrow that is one too many, or has nothing on one side."""
    here, before = fault.here, fault.before
    if here is None or here.text != "->" or fault.opened:
        return None
    if before is None:
        label = "nothing stands before it"
        return error("E117", "no source before `->`", fault.span(here), label, help=INTENT_FORM)
    if fault.first in ("let", "isolate", "with"):
        return None
    if before.text == "->":
        label = "one arrow is enough"
        return error("E119", "`->` twice", fault.span(before, here), label, help="remove one of the two")
    earlier = [number for number in fault.arrows if number < fault.index]
    if not earlier:
        return None
    # A target has a port: an arrow without one behind it stands where a comma was meant.
    between = fault.tokens[earlier[0] : fault.index]
    blamed, other = fault.tokens[earlier[0]], here
    has_port = any(token.text == ":" or token.text.count(":") > 1 for token in between)
    if has_port or (fault.mends_without(here) and not fault.mends_as(blamed, ",")):
        blamed, other = here, fault.tokens[earlier[0]]
    from intentc.diagnostics import Label

    others = (Label(fault.span(other), "the other arrow"),)
    help_text = "write one statement a line; items of a list are separated by `,`"
    return error(
        "E119",
        "second `->` in a statement",
        fault.span(blamed),
        "one arrow is enough",
        others=others,
        help=help_text,
    )


def _reserved_name(fault: Fault) -> Diagnostic | None:
    """Explain labels or a path on a word that takes none."""
    here, before = fault.here, fault.before
    if here is None or before is None or here.text not in "[/" or not is_well_known(before.text):
        return None
    if fault.opened or fault.mends_without(here) or fault.mends_as(here, ":"):
        return None
    return reserved(fault, before, "takes neither labels nor a path")


def _separator(fault: Fault) -> Diagnostic | None:
    """Explain two words with nothing between them, of which one may be too many."""
    here, before = fault.here, fault.before
    if here is None or before is None:
        return None
    both = fault.mends_without(before) and fault.mends_without(here)
    if both and is_item(before) and is_item(here) and not fault.mends_without(fault.earlier):
        if is_clause_like(fault, before, here):
            return _too_much(fault, here)
        separators = [text for text in ("->", ",") if fault.mends_with(text)]
        message = f"nothing separates `{shown(before)}` and `{shown(here)}`"
        expected = " or ".join(f"`{text}`" for text in separators)
        label = f"{expected} is expected between them" if separators else "one of them is too many"
        code = "E112" if "->" in separators else "E110"
        return error(code, message, fault.span(before, here), label, help=form_of(fault))
    for text in ("->", ":", ",", "="):
        if fault.mends_with(text):
            return missing(fault, text, before, here)
    return None


def _intruder(fault: Fault) -> Diagnostic | None:
    """Explain a word or mark without which all would be well."""
    here, before = fault.here, fault.before
    if (
        before is not None
        and before.text in FORMS
        and any(fault.mends_with(text, before) for text, _ in _STAND_INS)
    ):
        return None
    tokens = (fault.earlier, before, here)
    blamed = [token for token in tokens if token is not None and fault.mends_without(token)]
    if not blamed:
        return None
    if blamed == [fault.earlier] and any(fault.mends_with(text) for text, _ in _STAND_INS):
        return None
    if blamed == [before] and here is not None and any(fault.mends_as(here, text) for text, _ in _ANY):
        blamed.append(here)
    if len(blamed) == 1:
        return _too_much(fault, blamed[0])
    if blamed[0].text in ("->", ",") or blamed[-1].text in ("->", ","):
        return _nothing_between(fault, blamed[0], blamed[-1])
    message = f"`{shown(blamed[-1])}` after `{shown(blamed[0])}`"
    label = "one of them is too many"
    return error("E110", message, fault.span(blamed[0], blamed[-1]), label, help=form_of(fault))


def _stand_in(fault: Fault) -> Diagnostic | None:
    """Explain a place where a name, a number or a text is missing, or something else stands instead."""
    here, before = fault.here, fault.before
    if here is None:
        return None
    for token, left in ((here, before), (before, fault.earlier)):
        if token is None or left is None:
            continue
        what = next((what for text, what in _STAND_INS if fault.mends_with(text, token)), "")
        if what:
            message = f"nothing between `{shown(left)}` and `{shown(token)}`"
            label = f"{what} is expected in between"
            return error("E110", message, fault.span(left, token), label, help=form_of(fault))
    keywords = tuple(
        (KEYWORDS[name], f"`{KEYWORDS[name]}`") for name in sorted(fault.accepted & KEYWORDS.keys())
    )
    for_here = next((what for text, what in (*_ANY, *keywords) if fault.mends_as(here, text)), "")
    for_before = next((what for text, what in _ANY if fault.mends_as(before, text)), "")
    if before is not None and for_before and (for_here or here.text == ":"):
        message = f"`{shown(here)}` after `{shown(before)}`"
        label = "the two do not go together"
        return error("E110", message, fault.span(before, here), label, help=form_of(fault))
    if for_here:
        label = f"{for_here} is expected here"
        return error("E110", f"unexpected `{shown(here)}`", fault.span(here), label, help=form_of(fault))
    if before is not None and for_before:
        label = f"{for_before} is expected here"
        return error("E110", f"unexpected `{shown(before)}`", fault.span(before), label, help=form_of(fault))
    return None


def _nothing_between(fault: Fault, before: Token, here: Token) -> Diagnostic:
    span = fault.span(before, here)
    message = f"nothing between `{shown(before)}` and `{shown(here)}`"
    if before.text == ",":
        return error(
            "E116", "nothing follows `,`", span, "one more item is expected", help="remove the comma"
        )
    if before.text == "->":
        return error("E117", "no target after `->`", span, "nothing stands in between", help=INTENT_FORM)
    return error("E110", message, span, "an item is expected", help=form_of(fault))


def _too_much(fault: Fault, token: Token) -> Diagnostic:
    """Return the error for a token that only has to go."""
    span, text = fault.span(token), token.text
    if text == ",":
        follows = fault.before is token or fault.before is None
        message = "nothing follows `,`" if follows else "nothing stands before `,`"
        return error("E116", message, span, "one more item is expected", help="remove the comma")
    if text == "->":
        return error("E119", "`->` does not fit here", span, "nothing for it to join", help="remove it")
    if text in FORMS:
        help_text = f"write `{FORMS[text]}`, or remove it"
        return error("E153", f"nothing fits after `{text}`", span, "does not go on like this", help=help_text)
    if token.is_word and fault.accepted & CLAUSES and token is fault.here:
        known = sorted(KEYWORDS[name] for name in fault.accepted & KEYWORDS.keys())
        return unknown_word(fault, "E150", f"unknown word `{shown(token)}`", token, known)
    expected = listing(fault.accepted) if token is fault.here else ""
    label = f"expected {expected}" if expected else "does not fit here"
    return error("E110", f"unexpected `{shown(token)}`", span, label, help=form_of(fault))


def _other_mark(fault: Fault) -> Diagnostic | None:
    """Explain a mark or word that stands in the place of the arrow."""
    if fault.arrows or fault.first in ("let", "isolate", "with"):
        return None
    fitting = [token for token in fault.tokens[1:][-_FEW:] if fault.mends_as(token, "->")]
    if len(fitting) != 1:
        return None
    message, label = f"`{shown(fitting[0])}` where `->` is expected", "no arrow in this statement"
    fixes = fault.replaced(fitting[0], "->")
    return error("E112", message, fault.span(fitting[0]), label, help=INTENT_FORM, fixes=fixes)


def _verdict(fault: Fault) -> Diagnostic | None:
    """Explain an `assert` without its verdict."""
    if "VERDICT" not in fault.accepted or fault.here is None:
        return None
    span = fault.span(fault.tokens[0], fault.here)
    message = "`assert` without `allow` or `deny`"
    return error("E150", message, span, "`allow` or `deny` is expected", help=STATEMENT_FORMS["assert"])


def _unexpected(fault: Fault) -> Diagnostic:
    """Return the error for a token about which nothing better is known."""
    here, before = fault.here, fault.before
    assert here is not None  # noqa: S101 - endings are explained before
    span = fault.span(here)
    if here.is_word:
        if ARROW in fault.accepted and not fault.arrows and before is not None:
            label = "`->` or `,` is expected in between"
            return error("E112", "statement has no `->`", fault.span(before, here), label, help=INTENT_FORM)
        if fault.accepted & CLAUSES:
            known = sorted(KEYWORDS[name] for name in fault.accepted & KEYWORDS.keys())
            return unknown_word(fault, "E150", f"unknown word `{shown(here)}`", here, known)
    if before is not None and before.text in FORMS and fault.accepted <= {"STRING", "WORD", "LPAR"}:
        message = f"`{before.text}` is followed by `{shown(here)}`"
        label = f"expected {listing(fault.accepted)}"
        help_text = f"write `{FORMS[before.text]}`"
        return error("E153", message, fault.span(before, here), label, help=help_text)
    if here.text == ":" and before is not None and before.is_word:
        span = fault.span(before, here)
    label = f"expected {listing(fault.accepted)}"
    return error("E110", f"unexpected `{shown(here)}`", span, label, help=form_of(fault))


_RULES_FOR_PART: tuple[Rule, ...] = (
    _misspelt,
    _path,
    _reserved_name,
    _arrow,
    explain_brackets,
    _separator,
    _intruder,
    _stand_in,
    _verdict,
)
_RULES: tuple[Rule, ...] = (explain_slip, _first_word, *_RULES_FOR_PART, _stray_first_word, _other_mark)
