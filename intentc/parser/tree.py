"""Build the nodes of one statement from the pieces the grammar recognises."""

from __future__ import annotations

import re
from typing import Literal, cast

from lark import Token

from intentc.diagnostics import Label, error
from intentc.nodes import Assert, Clause, Intent, Isolate, Let, Via, With
from intentc.parser import words
from intentc.parser.endpoints import Children
from intentc.parser.lists import ListBuilder
from intentc.source import Span

_PATHS: dict[str, Literal["nodeport", "hostport", "hostnetwork", "loadbalancer", "egress", "ingress"]] = {
    "NODEPORT": "nodeport",
    "HOSTPORT": "hostport",
    "HOSTNETWORK": "hostnetwork",
    "LOADBALANCER": "loadbalancer",
    "egress": "egress",
    "ingress": "ingress",
}
_ESCAPE = re.compile(r'\\(["\\])')

Tail = Via | Clause


class Builder(ListBuilder):
    """Make nodes bottom-up while Lark parses; problems with single words collect in `problems`.

    `start` prepares it for one statement; a statement with problems is not used further. Each method builds
    the node of the grammar rule whose name it has.
    """

    def intent(self, children: Children) -> Intent:
        sources = self._sources(children[0], "a source")
        targets = self._targets(children[1], ports_required=True)
        via, clauses = self._tail(children[2:])
        return Intent(sources, targets, via, clauses, self.statement)

    def let(self, children: Children) -> Let:
        name_span = self._span(children[0])
        name = words.set_name(str(children[0]), name_span, self.problems)
        return Let(name, self._targets(children[1], ports_required=False), name_span, self.statement)

    def isolate(self, children: Children) -> Isolate:
        endpoints = self._sources(children[0], "an `isolate`")
        rest = children[1:]
        directions: tuple[Literal["egress", "ingress"], ...] = ("egress", "ingress")
        if rest and isinstance(rest[0], Token):
            directions = (cast("Literal['egress', 'ingress']", str(rest[0])),)
            rest = rest[1:]
        via, clauses = self._tail(rest)
        if via is not None:
            label = "there is no flow to lead"
            message = f"`{via.word}` on an `isolate`"
            self.problems.append(error("E156", message, via.span, label, help="remove it"))
        return Isolate(endpoints, directions, clauses, self.statement)

    def assertion(self, children: Children) -> Assert:
        verdict = cast("Literal['allow', 'deny']", str(children[0]))
        sources = self._sources(children[1], "a source")
        targets = self._targets(children[2], ports_required=True)
        via, clauses = self._tail(children[3:])
        return Assert(verdict, sources, targets, via, clauses, self.statement)

    def block(self, children: Children) -> With:
        via, clauses = self._tail(children)
        if via is not None:
            message = f"`{via.word}` on a block"
            help_text = f"write `{via.word}` on each intent of the block"
            self.problems.append(error("E156", message, via.span, "not a clause", help=help_text))
        return With(clauses, (), self.statement)

    # What follows the targets

    def via(self, children: Children) -> Via:
        word, path = children[0], children[1]
        number = None
        if len(children) > 2:
            number_token = children[2]
            number = words.port_number(str(number_token), self._span(number_token), self.problems)
        local = len(children) > 3
        kind = str(path) if path.type == "DIRECTION" else path.type
        return Via(_PATHS[kind], number, local, self._span(word, children[-1]))

    def clause(self, children: Children) -> Clause:
        word = str(children[0])
        values: list[str] = []
        for token in children[1:]:
            span = self._span(token)
            if token.type == "STRING":
                values.append(self._text(token, span, word))
            elif word == "until":
                values.append(words.date(str(token), span, self.problems))
            elif word == "on":
                values.append(words.cluster(str(token), span, self.problems))
            else:
                values.append(str(token))
        spans = tuple(self._span(token) for token in children[1:])
        kind = cast("Literal['because', 'owner', 'ticket', 'until', 'on']", word)
        return Clause(kind, tuple(values), spans, self._span(children[0], children[-1]))

    def _text(self, token: Token, span: Span, word: str) -> str:
        text = str(token)[1:-1]
        if "\\" in text:
            text = _ESCAPE.sub(r"\1", text)
        if not text.strip():
            help_text = f"say it, or leave `{word}` out"
            self.problems.append(error("E154", f"`{word}` says nothing", span, "empty text", help=help_text))
        return text

    def _tail(self, children: Children) -> tuple[Via | None, tuple[Clause, ...]]:
        first: dict[str, Tail] = {}
        for part in children:
            word = "via" if isinstance(part, Via) else part.word
            if word in first:
                others = (Label(first[word].span, "first said here"),)
                earlier = first[word].word
                message = f"`{part.word}` is said twice"
                if part.word != earlier:
                    message = f"`{part.word}` beside `{earlier}`"
                help_text = "say it once; an inner clause wins over that of a block"
                self.problems.append(
                    error("E151", message, part.span, "second one", others=others, help=help_text)
                )
            else:
                first[word] = part
        via = first.pop("via", None)
        clauses = tuple(part for part in first.values() if isinstance(part, Clause))
        return via if isinstance(via, Via) else None, clauses
