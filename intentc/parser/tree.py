"""Build the nodes of one statement from the pieces the grammar recognises."""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from lark import Token, Transformer

from intentc.diagnostics import Diagnostic, Label, error
from intentc.nodes import (
    WELL_KNOWN,
    Address,
    Addresses,
    Assert,
    Clause,
    Endpoint,
    EveryPort,
    Intent,
    Isolate,
    Let,
    NamedPort,
    Namespace,
    Namespaces,
    NumberedPorts,
    Operator,
    Pods,
    Ports,
    Requirement,
    Service,
    SetReference,
    Target,
    Via,
    WellKnown,
    With,
    Workload,
)
from intentc.parser import words
from intentc.source import SourceFile, Span

WORKLOADS = ("deployment", "statefulset", "daemonset", "job", "cronjob", "pod")
"""The kinds of workload a path `ns/kind/name` may name."""

_PATHS: dict[str, Literal["nodeport", "hostport", "hostnetwork", "loadbalancer"]] = {
    "NODEPORT": "nodeport",
    "HOSTPORT": "hostport",
    "HOSTNETWORK": "hostnetwork",
    "LOADBALANCER": "loadbalancer",
}

_ESCAPE = re.compile(r'\\(["\\])')

Tail = Via | Clause
Children = list[Any]


class Builder(Transformer[Token, Any]):
    """Make nodes bottom-up while Lark parses; problems with single words collect in `problems`.

    `start` prepares it for one statement; a statement with problems is not used further.
    """

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)
        self.problems: list[Diagnostic] = []

    def start(self, source: SourceFile, offset: int, end: int) -> None:
        """Prepare for the statement at `offset` to `end` of `source`."""
        self.source = source
        self.offset = offset
        self.statement = Span(source, offset, end)
        self.problems = []

    def _span(self, first: Token, last: Token | None = None) -> Span:
        last = first if last is None else last
        return Span(self.source, self.offset + (first.start_pos or 0), self.offset + (last.end_pos or 0))

    # Endpoints

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
            help_text = f"kinds are {', '.join(f'`{known}`' for known in WORKLOADS)}"
            message = f"unknown kind of workload `{kind}`"
            label = "no such kind"
            self.problems.append(error("E127", message, self._span(kind), label, help=help_text))
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
        return Address(words.address(str(token), span, self.problems), span)

    def _check_hole(self, base: Address, hole: Address) -> None:
        if any(problem.span in (base.span, hole.span) for problem in self.problems):
            return
        inside = words.contains(base.cidr, hole.cidr)
        if not inside:
            label = "not inside the range" if inside is False else "not of the same address family"
            message = f"`except {hole.span.text}` is not strictly inside `{base.span.text}`"
            others = (Label(base.span, "the range it should lie in"),)
            help_text = "an exception is a smaller range inside the range before `except`"
            self.problems.append(error("E142", message, hole.span, label, others=others, help=help_text))

    def well_known(self, children: Children) -> WellKnown:
        token = children[0]
        if token not in WELL_KNOWN:
            from intentc.nearest import nearest

            known = [word for word in WELL_KNOWN if word.startswith("google-")]
            close = nearest(str(token), known)
            help_text = f"a word with a similar name exists: `{close}`" if close else ""
            ranges = f"Google's ranges are {', '.join(f'`{word}`' for word in known)}"
            help_texts = (help_text, ranges) if help_text else (ranges,)
            message = f"unknown word `{token}`"
            label = "names that begin with `google-` are reserved"
            self.problems.append(error("E150", message, self._span(token), label, help=help_texts))
        return WellKnown(str(token), self._span(token))

    def set_reference(self, children: Children) -> SetReference:
        sign, name = children
        span = self._span(sign, name)
        return SetReference(words.set_name(str(name), span, self.problems), span)

    # Lists of endpoints, with and without ports

    def port(self, children: Children) -> Ports:
        first = children[0]
        if first.type == "STAR":
            return EveryPort(self._span(first))
        return self._port(str(first), self._span(first), children[1] if len(children) > 1 else None)

    def _port(self, text: str, span: Span, spoken: Token | None) -> NumberedPorts | NamedPort:
        if spoken is None:
            return words.port(text, span, "TCP", False, span, self.problems)
        protocol_span = self._span(spoken)
        protocol = words.protocol(str(spoken), protocol_span, self.problems)
        return words.port(text, span, protocol, True, span.until(protocol_span), self.problems)

    def item(self, children: Children) -> tuple[Endpoint, Ports | None]:
        return children[0], children[1] if len(children) > 1 else None

    def items(self, children: Children) -> list[tuple[Endpoint, Ports | None]]:
        return children

    def _sources(self, items: list[tuple[Endpoint, Ports | None]], role: str) -> tuple[Endpoint, ...]:
        sources: list[Endpoint] = []
        for endpoint, port in items:
            if port is not None:
                help_text = "the port belongs to the target: `source -> target:port`"
                message = f"port on {role}"
                label = "a source's own port is never fixed" if role == "a source" else "no port belongs here"
                self.problems.append(error("E125", message, port.span, label, help=help_text))
            if not self._joins_hole(sources, endpoint):
                sources.append(self._checked(endpoint))
        return tuple(sources)

    def _targets(
        self, items: list[tuple[Endpoint, Ports | None]], ports_required: bool
    ) -> tuple[Target, ...]:
        """Return the targets of a list, each with its ports: items that continue an earlier one join it."""
        endpoints: list[Endpoint] = []
        ports: list[list[Ports]] = []
        for endpoint, port in items:
            if port is None and endpoints and not ports[-1] and self._joins_hole(endpoints, endpoint):
                continue
            if port is not None and endpoints and not ports[-1] and self._joins_hole(endpoints, endpoint):
                ports[-1].append(port)
                continue
            if port is None and ports and ports[-1]:
                more = self._as_port(endpoint)
                if more is not None:
                    ports[-1].append(more)
                    continue
            endpoints.append(self._checked(endpoint))
            ports.append([] if port is None else [port])
        targets: list[Target] = []
        for endpoint, its_ports in zip(endpoints, ports, strict=True):
            if ports_required and not its_ports and not isinstance(endpoint, SetReference):
                self._missing_port(endpoint)
            span = endpoint.span.until(its_ports[-1].span) if its_ports else endpoint.span
            targets.append(Target(endpoint, tuple(its_ports), span))
        return tuple(targets)

    def _joins_hole(self, endpoints: list[Endpoint], endpoint: Endpoint) -> bool:
        """Join a bare range to the `except` list before it, if there is one."""
        if not endpoints or not isinstance(endpoint, Addresses) or endpoint.excepts:
            return False
        before = endpoints[-1]
        if not isinstance(before, Addresses) or not before.excepts:
            return False
        self._check_hole(before.address, endpoint.address)
        holes = (*before.excepts, endpoint.address)
        endpoints[-1] = Addresses(before.address, holes, before.span.until(endpoint.span))
        return True

    def _as_port(self, endpoint: Endpoint) -> Ports | None:
        """Return the port that an item without `:` and `[` stands for after a target, else None."""
        if isinstance(endpoint, Service):
            protocol = endpoint.name
            start = endpoint.span.end - len(protocol)
            where = Span(self.source, start, endpoint.span.end)
            name = endpoint.namespace
            spoken = words.protocol(protocol, where, self.problems)
            return words.port(name.name, name.span, spoken, True, endpoint.span, self.problems)
        if isinstance(endpoint, Pods) and not endpoint.selector:
            if isinstance(endpoint.namespaces, Namespace):
                span = endpoint.span
                return words.port(endpoint.namespaces.name, span, "TCP", False, span, self.problems)
            if not endpoint.namespaces.selector and endpoint.span.text == "*":
                return EveryPort(endpoint.span)
        return None

    def _checked(self, endpoint: Endpoint) -> Endpoint:
        """Check the names of an endpoint, now that it is known not to be a port."""
        if isinstance(endpoint, Pods) and isinstance(endpoint.namespaces, Namespace):
            words.namespace(endpoint.namespaces.name, endpoint.namespaces.span, self.problems)
        elif isinstance(endpoint, Service):
            words.namespace(endpoint.namespace.name, endpoint.namespace.span, self.problems)
            start = endpoint.span.end - len(endpoint.name)
            words.object_name(endpoint.name, Span(self.source, start, endpoint.span.end), self.problems)
        return endpoint

    def _missing_port(self, endpoint: Endpoint) -> None:
        text = endpoint.span.text
        if any(problem.span == endpoint.span for problem in self.problems):
            return
        help_texts: tuple[str, ...] = (
            f"write the port of the pods: `{text}:8443`, or `{text}:*` for every port",
        )
        if isinstance(endpoint, Addresses) and ":" in text and "/" not in text:
            help_texts = ("an IPv6 target needs its prefix length before the port: `2001:db8::1/128:443`",)
        end = endpoint.span.end
        label = "no `:port` follows"
        span = Span(self.source, endpoint.span.start, end)
        self.problems.append(error("E128", f"target `{text}` has no port", span, label, help=help_texts))

    # Statements

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
            message = "`via` on an `isolate`"
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
            message = "`via` on a block"
            help_text = "write `via` on each intent of the block"
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
        return Via(_PATHS[path.type], number, local, self._span(word, children[-1]))

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
                message = f"`{word}` is said twice"
                help_text = "say it once; an inner clause wins over that of a block"
                self.problems.append(
                    error("E151", message, part.span, "second one", others=others, help=help_text)
                )
            else:
                first[word] = part
        via = first.pop("via", None)
        clauses = tuple(part for part in first.values() if isinstance(part, Clause))
        return via if isinstance(via, Via) else None, clauses
