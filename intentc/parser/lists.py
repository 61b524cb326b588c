"""Build lists of endpoints and their ports: items that continue an earlier one join it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from intentc.diagnostics import error
from intentc.nearest import nearest
from intentc.nodes import (
    Address,
    Addresses,
    Endpoint,
    EveryPort,
    Namespace,
    Pods,
    Ports,
    Service,
    SetReference,
    Target,
)
from intentc.parser import words
from intentc.parser.endpoints import Children, EndpointBuilder
from intentc.source import Span

_PORT_LIKE = re.compile(r"\*|[0-9]+(?:-[0-9]+)?(?:/[a-z]+)?")
_PROTOCOLS = ("tcp", "udp", "sctp")

Item = tuple[Endpoint, Ports | None]


@dataclass(slots=True)
class _Begun:
    """An endpoint of a list, and what later items of the list add to it."""

    endpoint: Endpoint
    ports: list[Ports]
    holes: list[Address]

    def whole(self) -> Endpoint:
        """Return the endpoint with all its exceptions."""
        if not isinstance(self.endpoint, Addresses) or not self.holes:
            return self.endpoint
        span = self.endpoint.span.until(self.holes[-1].span)
        return Addresses(self.endpoint.address, (*self.endpoint.excepts, *self.holes), span)


class ListBuilder(EndpointBuilder):
    """Make the sources and targets of a statement; each public method builds what its grammar rule says."""

    def port(self, children: Children) -> Ports:
        """Return the port behind a `:`."""
        first = children[0]
        if first.type == "STAR":
            return EveryPort(self._span(first))
        span = self._span(first)
        if len(children) == 1:
            return words.port(str(first), span, "TCP", False, span, self.problems)
        return self._port(str(first), span, str(children[1]), self._span(children[1]))

    def _port(self, text: str, span: Span, protocol: str, protocol_span: Span) -> Ports:
        count = len(self.problems)
        whole = span.until(protocol_span)
        spoken = words.protocol(protocol, protocol_span, self.problems)
        port = words.port(text, span, spoken, True, whole, self.problems)
        if [problem.code for problem in self.problems[count:]] == ["E126", "E124"]:
            # Neither half fits: what stands here was never meant as a port with a protocol.
            del self.problems[count:]
            words.port(whole.text, whole, "TCP", True, whole, self.problems)
        return port

    def item(self, children: Children) -> Item:
        """Return an endpoint and the port behind it."""
        return children[0], children[1] if len(children) > 1 else None

    def items(self, children: Children) -> list[Item]:
        """Return the items of a list; where it is decides whether one is a port of that before it."""
        return children

    def _sources(self, items: list[Item], role: str) -> tuple[Endpoint, ...]:
        begun: list[_Begun] = []
        for endpoint, port in items:
            if port is not None:
                help_text = "the port belongs to the target: `source -> target:port`"
                message = f"port on {role}"
                label = "a source's own port is never fixed" if role == "a source" else "no port belongs here"
                span = Span(self.source, endpoint.span.end, port.span.end)
                self.problems.append(error("E125", message, span, label, help=help_text))
            if not self._is_hole(begun, endpoint):
                begun.append(_Begun(self._checked(endpoint), [], []))
        return tuple(its.whole() for its in begun)

    def _targets(self, items: list[Item], ports_required: bool) -> tuple[Target, ...]:
        """Return the targets of a list, each with its ports: items that continue an earlier one join it."""
        begun: list[_Begun] = []
        for endpoint, port in items:
            before = begun[-1] if begun else None
            if before is not None and not before.ports and self._is_hole(begun, endpoint):
                before.ports.extend([] if port is None else [port])
                continue
            if before is not None and before.ports and port is None:
                more = self._as_port(endpoint)
                if more is not None:
                    before.ports.append(more)
                    continue
            begun.append(_Begun(endpoint, [] if port is None else [port], []))
        if ports_required:
            self._check_ports(begun)
        targets: list[Target] = []
        for its in begun:
            endpoint = self._checked(its.whole())
            span = endpoint.span.until(its.ports[-1].span) if its.ports else endpoint.span
            targets.append(Target(endpoint, tuple(its.ports), span))
        return tuple(targets)

    def _is_hole(self, begun: list[_Begun], endpoint: Endpoint) -> bool:
        """Tell whether a bare range belongs to the `except` list before it; if so, add it there."""
        if not begun or not isinstance(endpoint, Addresses) or endpoint.excepts:
            return False
        before = begun[-1]
        if not isinstance(before.endpoint, Addresses) or not before.endpoint.excepts:
            return False
        if not any(hole.span in self.illegal for hole in (*before.endpoint.excepts, *before.holes)):
            self._check_hole(before.endpoint.address, endpoint.address)
        before.holes.append(endpoint.address)
        return True

    def _as_port(self, endpoint: Endpoint) -> Ports | None:
        """Return the port that an item without `:` and `[` stands for after a target, else None."""
        if isinstance(endpoint, Service):
            name = endpoint.namespace
            protocol = endpoint.name
            if not _PORT_LIKE.fullmatch(name.name) and not (
                protocol in _PROTOCOLS or nearest(protocol, _PROTOCOLS)
            ):
                return None
            start = endpoint.span.end - len(protocol)
            return self._port(name.name, name.span, protocol, Span(self.source, start, endpoint.span.end))
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

    def _check_ports(self, begun: list[_Begun]) -> None:
        """Report targets without a port, the first of each run of them: what follows may be its ports."""
        is_reported = False
        for number, its in enumerate(begun):
            endpoint = its.whole()
            if its.ports or isinstance(endpoint, SetReference):
                is_reported = False
                continue
            if not is_reported and not self._is_illegal(endpoint):
                following = begun[number + 1].endpoint if number + 1 < len(begun) else None
                self._missing_port(endpoint, following)
            is_reported = True

    def _is_illegal(self, endpoint: Endpoint) -> bool:
        """Tell whether a range or a word has been reported: what looks like a port of it may be a part."""
        parts = (endpoint.address, *endpoint.excepts) if isinstance(endpoint, Addresses) else (endpoint,)
        return any(part.span in self.illegal for part in parts)

    def _missing_port(self, endpoint: Endpoint, following: Endpoint | None) -> None:
        text, span = endpoint.span.text, endpoint.span
        help_text = f"write the port that is dialled: `{text}:8443`, or `{text}:*` for every port"
        if isinstance(endpoint, Addresses) and ":" in text and "/" not in text:
            help_text = "an IPv6 target needs its prefix length before the port: `2001:db8::1/128:443`"
        elif following is not None and _PORT_LIKE.fullmatch(following.span.text):
            span = span.until(following.span)
            help_text = f"write the port behind `:`: `{text}:{following.span.text}`"
        self.problems.append(
            error("E128", f"target `{text}` has no port", span, "no `:port` follows", help=help_text)
        )
