"""Build the nodes of endpoints: pods, Services, workloads, addresses, words and sets."""

from __future__ import annotations

from typing import Any, cast

from lark import Token, Transformer

from intentc.diagnostics import Diagnostic, Label, error
from intentc.ir import NAMESPACE_LABEL
from intentc.nearest import nearest
from intentc.nodes import (
    WELL_KNOWN,
    Address,
    Addresses,
    Namespace,
    Namespaces,
    Operator,
    Pods,
    Requirement,
    Service,
    SetReference,
    WellKnown,
    Workload,
)
from intentc.parser import words
from intentc.source import SourceFile, Span

WORKLOADS = ("deployment", "statefulset", "daemonset", "job", "cronjob", "pod")
"""The kinds of workload a path `ns/kind/name` may name."""

Children = list[Any]


class EndpointBuilder(Transformer[Token, Any]):
    """Make the nodes of endpoints; each method builds that of the grammar rule whose name it has."""

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self.problems: list[Diagnostic] = []

    def start(self, source: SourceFile, offset: int, end: int) -> None:
        """Prepare for the statement at `offset` to `end` of `source`."""
        self.source = source
        self.offset = offset
        self.statement = Span(source, offset, end)
        self.problems = []
        self.illegal: set[Span] = set()

    def _span(self, first: Token, last: Token | None = None) -> Span:
        last = first if last is None else last
        return Span(self.source, self.offset + (first.start_pos or 0), self.offset + (last.end_pos or 0))

    def pods(self, children: Children) -> Pods:
        first = children[0]
        namespaces: Namespace | Namespaces
        if isinstance(first, Namespaces):
            namespaces = first
        elif first.type == "STAR":
            namespaces = Namespaces((), self._span(first))
        else:
            # Checked in `_checked`: after a comma, a bare word may turn out to be a port.
            namespaces = Namespace(str(first), self._span(first))
        if len(children) == 1:
            return Pods(namespaces, (), namespaces.span)
        requirements, span = children[1]
        return Pods(namespaces, requirements, namespaces.span.until(span))

    def namespaces(self, children: Children) -> Namespaces:
        opening, requirements, closing = children
        for requirement in requirements:
            if requirement.key == NAMESPACE_LABEL and requirement.operator in ("=", "in"):
                for value in requirement.values:
                    words.namespace(value, requirement.span, self.problems)
        return Namespaces(requirements, self._span(opening, closing))

    def selector(self, children: Children) -> tuple[tuple[Requirement, ...], Span]:
        opening, requirements, closing = children
        return requirements, self._span(opening, closing)

    def requirements(self, children: Children) -> tuple[Requirement, ...]:
        return tuple(children)

    def requirement(self, children: Children) -> Requirement:
        if children[0] == "!":
            key = children[1]
            return Requirement(self._key(key), "!", (), self._span(children[0], key))
        key = children[0]
        if len(children) == 1:
            return Requirement(self._key(key), "exists", (), self._span(key))
        relation = children[1]
        if relation.type in ("IN", "NOTIN"):
            values, closing = children[2]
            operator = cast("Operator", str(relation))
            return Requirement(self._key(key), operator, values, self._span(key, closing))
        values = (self._value(children[2]),) if len(children) == 3 else ("",)
        operator = "!=" if relation == "!=" else "="
        return Requirement(self._key(key), operator, values, self._span(key, children[-1]))

    def values(self, children: Children) -> tuple[tuple[str, ...], Token]:
        return tuple(self._value(child) for child in children if child.type == "LABEL"), children[-1]

    def _key(self, token: Token) -> str:
        return words.label_key(str(token), self._span(token), self.problems)

    def _value(self, token: Token) -> str:
        return words.label_value(str(token), self._span(token), self.problems)

    def service(self, children: Children) -> Service:
        # The parts are checked once it is known whether this is a Service or `port/protocol` (see `targets`).
        namespace, name = children
        return Service(
            Namespace(str(namespace), self._span(namespace)), str(name), self._span(namespace, name)
        )

    def workload(self, children: Children) -> Workload:
        namespace, kind, name = children
        if kind not in WORKLOADS:
            close = nearest(str(kind), WORKLOADS)
            listing = f"kinds are {', '.join(f'`{known}`' for known in WORKLOADS)}"
            help_texts = (f"a kind with a similar name exists: `{close}`", listing) if close else (listing,)
            message = f"unknown kind of workload `{kind}`"
            label = "no such kind"
            self.problems.append(error("E127", message, self._span(kind), label, help=help_texts))
        span = self._span(namespace)
        checked = Namespace(words.namespace(str(namespace), span, self.problems), span)
        name_text = words.object_name(str(name), self._span(name), self.problems)
        return Workload(checked, str(kind), name_text, self._span(namespace, name))

    def addresses(self, children: Children) -> Addresses:
        base = self._address(children[0])
        if len(children) == 1:
            return Addresses(base, (), base.span)
        hole = self._address(children[2])
        self._check_hole(base, hole)
        return Addresses(base, (hole,), base.span.until(hole.span))

    def _address(self, token: Token) -> Address:
        span = self._span(token)
        count = len(self.problems)
        cidr = words.address(str(token), span, self.problems)
        if len(self.problems) > count:
            self.illegal.add(span)
        return Address(cidr, span)

    def _check_hole(self, base: Address, hole: Address) -> None:
        if base.span in self.illegal or hole.span in self.illegal:
            return
        inside = words.contains(base.cidr, hole.cidr)
        if not inside:
            label = "not a smaller part of the range" if inside is False else "not of the same address family"
            message = f"`except {hole.span.text}` is not strictly inside `{base.span.text}`"
            others = (Label(base.span, "the range it should lie in"),)
            help_text = "an exception is a smaller range inside the range before `except`"
            self.problems.append(error("E142", message, hole.span, label, others=others, help=help_text))

    def well_known(self, children: Children) -> WellKnown:
        token = children[0]
        if token not in WELL_KNOWN:
            known = [word for word in WELL_KNOWN if word.startswith("google-")]
            close = nearest(str(token), known)
            help_text = f"a word with a similar name exists: `{close}`" if close else ""
            ranges = f"Google's ranges are {', '.join(f'`{word}`' for word in known)}"
            help_texts = (help_text, ranges) if help_text else (ranges,)
            message = f"unknown word `{token}`"
            label = "names that begin with `google-` are reserved"
            self.problems.append(error("E150", message, self._span(token), label, help=help_texts))
            self.illegal.add(self._span(token))
        return WellKnown(str(token), self._span(token))

    def set_reference(self, children: Children) -> SetReference:
        sign, name = children
        span = self._span(sign, name)
        return SetReference(words.set_name(str(name), span, self.problems), span)
