"""Say what is wrong with a statement the grammar does not accept."""

from __future__ import annotations

import re
from typing import cast

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from intentc.diagnostics import Diagnostic, Edit, Fix, error
from intentc.nearest import nearest
from intentc.source import SourceFile, Span

_ARROW_LIKE = re.compile(r"<->|<=>|-->|==>|=>|<-|<=|->>|[→⇒➜➔⟶←⇐↔]|[\u2014\u2013]>?|>>?|-(?!>)")
_BACKWARDS = re.compile(r"[<←⇐]")
_WORD_HERE = re.compile(r"[^\s,:()\[\]{}=!\"#@]+")
_SPELLING = {
    "VIA": "via",
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
    "VERDICT": "allow",
    "DIRECTION": "ingress",
}
_ARROW = "__ANON_0"
_PATH_TERMINALS = {"NODEPORT", "HOSTPORT", "HOSTNETWORK", "LOADBALANCER"}
_CLAUSE_TERMINALS = {"BECAUSE", "OWNER", "TICKET", "UNTIL", "ON"}
_STATEMENT_WORDS = ("let", "with", "isolate", "assert")
_WELL_KNOWN = re.compile(r"(internet|nodes|control-plane|google-[a-z-]*)\Z")
_LAST_WORD = re.compile(r"([A-Za-z-]+)\s*\Z")


def explain(source: SourceFile, offset: int, end: int, problem: UnexpectedInput) -> Diagnostic:
    """Return the diagnostic for the statement at `offset` to `end` that Lark refused with `problem`."""
    expected: set[str] = set()
    position = end
    if isinstance(problem, UnexpectedToken):
        expected = set(problem.expected)
        if problem.token.type != "$END":
            position = offset + int(problem.token.start_pos or 0)
    elif isinstance(problem, UnexpectedCharacters):
        expected = set(problem.allowed or ())
        position = offset + cast("int", problem.pos_in_stream)
    return _Fault(source, offset, end, position, expected).explain()


class _Fault:
    """One place where a statement stops making sense, and the terminals that would have been legal there."""

    def __init__(self, source: SourceFile, offset: int, end: int, position: int, expected: set[str]) -> None:
        self.source = source
        self.position = position
        self.end = end
        self.expected = expected
        begun = source.text[offset:position].lstrip()
        if not begun.startswith("isolate"):
            self.expected = self.expected - {"DIRECTION"}
        if "->" in begun:
            # Lark merges states that differ in what may follow; a second arrow never may.
            self.expected = self.expected - {_ARROW}
        self.before = _without_comments(source.text[offset:position]).rstrip()
        self.after = source.text[position:end]
        word = _WORD_HERE.match(self.after)
        self.word = word.group() if word else self.after[:1]
        self.here = Span(source, position, position + len(self.word))

    def explain(self) -> Diagnostic:
        if not self.after:
            return self._ends_early()
        arrow = _ARROW_LIKE.match(self.after)
        if arrow and "->" not in self.before and not self.after.startswith("->"):
            return self._wrong_arrow(arrow.group())
        if not self.word.isascii():
            return self._not_ascii()
        return self._bracket() or self._arrow() or self._keyword() or self._unexpected()

    def _ends_early(self) -> Diagnostic:
        last = max(self.position - 1, 0)
        here = Span(self.source, last, self.position)
        if self.before.endswith("->"):
            span = Span(self.source, self.position - 2, self.position)
            return error(
                "E117", "no target after `->`", span, "nothing follows", help="write `namespace:port`"
            )
        if self.before.endswith(","):
            return error(
                "E116", "nothing follows `,`", here, "one more item is expected", help="remove the comma"
            )
        if self.before.endswith(":"):
            help_text = "write a port such as `8443`, or `*` for every port"
            return error("E128", "no port after `:`", here, "nothing follows", help=help_text)
        word = _LAST_WORD.search(self.before)
        if word and word[1] in _SPELLING.values():
            start = self.position - (len(self.before) - word.start(1))
            return self._unfinished(word[1], Span(self.source, max(start, 0), self.position))
        if word and word[1] in _STATEMENT_WORDS and self.before == word[1]:
            return self._reserved(word[1], Span(self.source, self.position - len(word[1]), self.position))
        if "=" not in self.before and self.before.startswith("let "):
            help_text = "write `let name = endpoint, endpoint`"
            return error(
                "E118", "definition has no members", here, "`=` and a list are expected", help=help_text
            )
        if self.before.endswith("="):
            help_text = "write `let name = endpoint, endpoint`"
            return error("E118", "set is empty", here, "nothing follows", help=help_text)
        if "->" not in self.before:
            span = Span(self.source, self.position - len(self.before), self.position)
            help_text = "write `source -> target:port`"
            return error("E112", "statement has no `->`", span, "ends without an arrow", help=help_text)
        label = f"expected {self._listing()}"
        return error(
            "E110", "statement ends too early", here, label, help="finish the statement on this line"
        )

    def _after_comma(self, comma: int) -> Diagnostic:
        span = Span(self.source, comma, comma + 1)
        help_text = "remove the comma, or write one more item after it"
        return error("E116", "nothing follows `,`", span, "one more item is expected", help=help_text)

    def _unfinished(self, word: str, span: Span) -> Diagnostic:
        forms = {
            "because": 'because "why"',
            "owner": "owner team-name",
            "ticket": "ticket NET-1234",
            "until": "until 2027-03-31",
            "on": "on cluster, cluster",
            "via": "via nodeport 30443",
            "nodeport": "via nodeport 30443",
            "hostport": "via hostport 18443",
            "loadbalancer": "via loadbalancer 443",
            "except": "10.0.0.0/8 except 10.1.0.0/16",
        }
        help_text = f"write `{forms[word]}`" if word in forms else "finish the statement, or remove the word"
        return error("E153", f"nothing follows `{word}`", span, "ends here", help=help_text)

    def _reserved(self, word: str, span: Span) -> Diagnostic:
        help_text = f"a namespace of that name is written `{{kubernetes.io/metadata.name={word}}}`"
        label = (
            "begins a statement of its own" if word in _STATEMENT_WORDS else "takes neither labels nor a path"
        )
        return error("E155", f"`{word}` is a word of the language here", span, label, help=help_text)

    def _wrong_arrow(self, arrow: str) -> Diagnostic:
        span = Span(self.source, self.position, self.position + len(arrow))
        if _BACKWARDS.search(arrow):
            help_text = (
                "the arrow points the way the connection is opened: write the source on the left of `->`"
            )
            return error("E111", f"`{arrow}` is not the arrow", span, "only `->` exists", help=help_text)
        fix = Fix("write `->`", (Edit(span, "->"),), safe=False)
        message = f"`{arrow}` is not the arrow"
        return error("E111", message, span, "only `->` exists", help="write `->`", fixes=(fix,))

    def _not_ascii(self) -> Diagnostic:
        import unicodedata

        index = next(number for number, character in enumerate(self.word) if not character.isascii())
        character = self.word[index]
        span = Span(self.source, self.position + index, self.position + index + 1)
        name = unicodedata.name(character, "").lower()
        message = f"character `{character}` outside a text"
        label = f"U+{ord(character):04X} {name}".rstrip()
        return error("E107", message, span, label, help="names, labels and words are ASCII")

    def _bracket(self) -> Diagnostic | None:
        """Explain brackets: empty ones, and labels on a word that takes none."""
        first = self.after[0]
        opener = self.before[-1:]
        if first in "])}" and opener and opener in "[({":
            forms = {"[": "leave the brackets out for all pods", "{": "write `*` for every namespace"}
            span = self._back_to(opener)
            help_text = forms.get(opener, "write at least one value")
            return error("E129", f"`{opener}{first}` is empty", span, "nothing stands in it", help=help_text)
        if first in "])}" and opener == ",":
            return self._after_comma(self.source.text.rindex(",", 0, self.position))
        if first in "[/" or first == "=":
            word = re.search(r"[\w-]+\Z", self.before)
            if word and first != "=" and _WELL_KNOWN.match(word.group()):
                start = self.position - len(self.source.text[: self.position]) + self._offset_of(word.group())
                return self._reserved(word.group(), Span(self.source, start, start + len(word.group())))
        return None

    def _offset_of(self, word: str) -> int:
        return self.source.text.rindex(word, 0, self.position)

    def _back_to(self, character: str) -> Span:
        start = self.source.text.rindex(character, 0, self.position)
        return Span(self.source, start, self.position + 1)

    def _arrow(self) -> Diagnostic | None:
        """Explain a missing or second arrow, and a side with nothing on it."""
        before, after = self.before, self.after
        if after.startswith("->"):
            span = Span(self.source, self.position, self.position + 2)
            if not before:
                help_text = "write `source -> target:port`"
                return error(
                    "E117", "no source before `->`", span, "nothing stands before it", help=help_text
                )
            if before in _STATEMENT_WORDS:
                start = self._offset_of(before)
                return self._reserved(before, Span(self.source, start, start + len(before)))
            if before.endswith(","):
                return self._after_comma(self.source.text.rindex(",", 0, self.position))
            if "->" in before:
                help_text = "write one statement a line"
                return error(
                    "E119", "second `->` in a statement", span, "one arrow is enough", help=help_text
                )
        return None

    def _keyword(self) -> Diagnostic | None:
        """Explain a word where only words of the language may stand."""
        if not re.fullmatch(r"[\w.-]+", self.word):
            return None
        here = self.here
        if self.expected & _PATH_TERMINALS:
            known = [_SPELLING[name] for name in sorted(self.expected & _PATH_TERMINALS)]
            return self._unknown_word("E153", f"`via {self.word}` is not a path", here, known)
        if "VERDICT" in self.expected:
            known = ["allow", "deny"]
            return self._unknown_word("E150", f"unknown word `{self.word}`", here, known)
        if self.expected & _CLAUSE_TERMINALS:
            if "->" not in self.before and not self.before.startswith(("isolate", "with", "let")):
                help_text = "write `source -> target:port`"
                return error(
                    "E112",
                    "statement has no `->`",
                    here,
                    "`->` or `,` is expected before this",
                    help=help_text,
                )
            known = [_SPELLING[name] for name in sorted(self.expected) if name in _SPELLING]
            return self._unknown_word("E150", f"unknown word `{self.word}`", here, known)
        if "->" not in self.before and self.expected & {_ARROW, "COMMA"}:
            help_text = "write `source -> target:port`"
            return error(
                "E112", "statement has no `->`", here, "`->` or `,` is expected before this", help=help_text
            )
        return None

    def _unknown_word(self, code: str, message: str, span: Span, known: list[str]) -> Diagnostic:
        close = nearest(self.word, known)
        listing = f"legal here: {', '.join(f'`{word}`' for word in known)}"
        if not close:
            return error(code, message, span, "not a word of the language", help=listing)
        fix = Fix(f"write `{close}`", (Edit(span, close),), safe=False)
        help_texts = (f"a word with a similar name exists: `{close}`", listing)
        return error(code, message, span, "not a word of the language", help=help_texts, fixes=(fix,))

    def _unexpected(self) -> Diagnostic:
        expected = self._listing()
        label = f"expected {expected}" if expected else "does not fit here"
        help_text = "an intent is `source -> target:port`, then `via` and clauses; one statement a line"
        return error("E110", f"unexpected `{self.word}`", self.here, label, help=help_text)

    def _listing(self) -> str:
        """Return the legal continuations in words, the most likely first."""
        names = []
        descriptions = {
            "WORD": "a name",
            "STRING": 'a text in `"`',
            "LABEL": "a label",
            "ADDRESS": "a range",
            _ARROW: "`->`",
            "COMMA": "`,`",
            "COLON": "`:` and a port",
            "RSQB": "`]`",
            "RPAR": "`)`",
            "RBRACE": "`}`",
            "LPAR": "`(`",
            "EQUALS": "`=`",
            "EQUAL": "`=`",
            "LBRACE": "`{`",
        }
        for name, text in descriptions.items():
            if name in self.expected and text not in names:
                names.append(text)
        names.extend(f"`{_SPELLING[name]}`" for name in sorted(self.expected) if name in _SPELLING)
        if not names:
            return "the end of the statement"
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _without_comments(text: str) -> str:
    """Return `text` with every comment blanked, so that offsets stay."""
    if "#" not in text:
        return text
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|#[^\n]*', lambda match: match[1] or " " * len(match.group()), text)
