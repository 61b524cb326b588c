"""The words of the language as errors name them: how they are written, and where they can stand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from intentc.diagnostics import Diagnostic, error
from intentc.nearest import nearest
from intentc.parser.fault import Fault, Token

KEYWORDS = {
    "VIA": "via",
    "ONLY": "only",
    "EXCEPT": "except",
    "NODEPORT": "nodeport",
    "HOSTPORT": "hostport",
    "HOSTNETWORK": "hostnetwork",
    "LOADBALANCER": "loadbalancer",
    "LOCAL": "local",
    "BECAUSE": "because",
    "OWNER": "owner",
    "TICKET": "ticket",
    "UNTIL": "until",
    "ON": "on",
    "IN": "in",
    "NOTIN": "notin",
}
"""The grammar's terminals that are one word."""

PATHS = frozenset({"NODEPORT", "HOSTPORT", "HOSTNETWORK", "LOADBALANCER"})
CLAUSES = frozenset({"BECAUSE", "OWNER", "TICKET", "UNTIL", "ON"})
ARROW = "__ANON_0"
STATEMENT_WORDS = ("let", "with", "isolate", "assert")
INTENT_FORM = "an intent is `source -> target:port`, then `via` and clauses; one statement a line"
STATEMENT_FORMS = {
    "let": "a set is defined by `let name = endpoint, endpoint`",
    "with": "a block is `with owner team-name {`, statements on lines of their own, and a line `}`",
    "isolate": "pods are isolated by `isolate namespace[labels]`, then maybe `ingress` or `egress`",
    "assert": "a claim is `assert allow source -> target:port` or `assert deny source -> target:port`",
}
FORMS = {
    "because": 'because "why"',
    "owner": "owner team-name",
    "ticket": "ticket NET-1234",
    "until": "until 2027-03-31",
    "on": "on cluster, cluster",
    "via": "via nodeport 30443",
    "only": "only egress",
    "nodeport": "via nodeport 30443",
    "hostport": "via hostport 18443",
    "loadbalancer": "via loadbalancer 443",
    "except": "10.0.0.0/8 except 10.1.0.0/16",
    "in": "label in (value, value)",
    "notin": "label notin (value, value)",
}
"""How each word that needs something behind it is written."""

_WELL_KNOWN = re.compile(r"internet|nodes|control-plane|google-[a-z0-9-]*")
_DESCRIPTIONS = {
    "WORD": "a name",
    "STRING": 'a text in `"`',
    "LABEL": "a label",
    "ADDRESS": "a range",
    ARROW: "`->`",
    "COMMA": "`,`",
    "COLON": "`:` and a port",
    "RSQB": "`]`",
    "RPAR": "`)`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "EQUAL": "`=`",
    "EQUALS": "`=`",
    "LBRACE": "`{`",
    "VERDICT": "`allow` or `deny`",
    "DIRECTION": "`ingress` or `egress`",
}
_LONGEST_SHOWN = 40


def is_well_known(text: str) -> bool:
    """Tell whether `text` is a word that stands for an endpoint."""
    return _WELL_KNOWN.fullmatch(text) is not None


def shown(token: Token) -> str:
    """Return the text of a token, shortened where it is long."""
    text = token.text
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def listing(accepted: Iterable[str]) -> str:
    """Return the legal continuations in words, the most likely first."""
    terminals = set(accepted)
    names = list(dict.fromkeys(text for name, text in _DESCRIPTIONS.items() if name in terminals))
    names.extend(f"`{KEYWORDS[name]}`" for name in sorted(terminals & KEYWORDS.keys()))
    if not names:
        return "the end of the statement"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def unknown_word(fault: Fault, code: str, message: str, token: Token, known: list[str]) -> Diagnostic:
    """Return the error for a word that is none of `known`, with the nearest of them."""
    close = nearest(token.text, known)
    legal = f"legal here: {', '.join(f'`{word}`' for word in known)}"
    label = "not a word of the language"
    if not close:
        return error(code, message, fault.span(token), label, help=legal)
    help_texts = (f"a word with a similar name exists: `{close}`", legal)
    return error(code, message, fault.span(token), label, help=help_texts, fixes=fault.replaced(token, close))


def reserved(fault: Fault, token: Token, label: str) -> Diagnostic:
    """Return the error for a word of the language where a name was meant."""
    help_text = f"a namespace of that name is written `{{kubernetes.io/metadata.name={token.text}}}`"
    message = f"`{token.text}` is a word of the language here"
    return error("E155", message, fault.span(token), label, help=help_text)
