"""An object of a manifest becomes a NetworkPolicy, with the places of all it says and the meaning of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal, NamedTuple, cast

from intentc import ir
from intentc.audit import places
from intentc.diagnostics import Diagnostic, Edit, Fix, warning
from intentc.manifests import fields
from intentc.manifests.tree import Value, shown
from intentc.nearest import nearest
from intentc.prove.labels import LabelSet, label_set, named
from intentc.prove.numbers import (
    ANYTHING,
    EVERY_ADDRESS,
    NO_NUMBERS,
    Numbers,
    PortSet,
    address_range,
    numbers,
    port_set,
)
from intentc.source import Span

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")
TYPES: dict[Direction, str] = {"ingress": "Ingress", "egress": "Egress"}
ENDS: dict[Direction, str] = {"ingress": "from", "egress": "to"}
"""The key of a rule that lists the other ends."""

MAXIMUM_RULES = 20_000
"""How many rules, peers and ports one policy may have; etcd takes no object with more."""


_RANGE = re.compile(r"[0-9A-Fa-f:.]{2,45}/(?:0|[1-9][0-9]{0,2})")


class End(NamedTuple):
    """The other end of a rule: pods by two sets of label maps, or addresses of one family (4 or 6)."""

    family: int
    namespaces: LabelSet = ()
    pods: LabelSet = ()
    addresses: Numbers = NO_NUMBERS


class LeftOut(NamedTuple):
    """An address range that an ipBlock leaves out."""

    text: str
    addresses: Numbers
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """One item of `from` or `to`; a selector that is not written is None, `end` is None where nobody fits."""

    value: Value
    namespaces: ir.Selector | None
    pods: ir.Selector | None
    cidr: Value | None
    exceptions: tuple[LeftOut, ...]
    end: End | None

    @property
    def is_block(self) -> bool:
        """Tell whether this is an ipBlock."""
        return self.cidr is not None


class Port(NamedTuple):
    """One item of `ports`: numbers from `first` to `last`, or a name; all numbers where none is written."""

    protocol: str
    first: int
    last: int
    name: str
    value: Value

    @property
    def span(self) -> Span:
        """Return the number or name where one is written, else the item."""
        found = self.value.get("port")
        return found.span if found else places.head(self.value)

    @property
    def text(self) -> str:
        """Return the port as a person says it."""
        return self.name or (str(self.first) if self.first == self.last else f"{self.first}-{self.last}")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One item of `ingress` or `egress`; without peers it admits everybody, without ports every port.

    `size` is what comparing it costs, about 3 for a rule with one peer and one port.
    """

    direction: Direction
    value: Value
    peers: tuple[Peer, ...]
    ports: tuple[Port, ...]
    port_set: PortSet
    size: int

    @property
    def ends(self) -> tuple[End, ...]:
        """Return the other ends, everybody as every pod and every address."""
        if self.peers:
            return tuple(peer.end for peer in self.peers if peer.end is not None)
        return EVERYBODY


EVERYBODY = (
    End(0),
    End(4, addresses=EVERY_ADDRESS[4]),
    End(6, addresses=EVERY_ADDRESS[6]),
)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One NetworkPolicy: what is written, and in `directions` where it isolates its pods.

    `pods` is None where no pod can satisfy the selector; `size` is what comparing them costs, about 1.
    """

    name: str
    namespace: str
    span: Span
    value: Value
    spec: Value
    selector: ir.Selector
    pods: LabelSet | None
    directions: frozenset[Direction]
    written: tuple[Rule, ...]
    size: int

    @property
    def path(self) -> str:
        """Return the policy as messages name it."""
        return f"{self.namespace}/{self.name}"

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        """Return the rules of a direction that are applied."""
        if direction not in self.directions:
            return ()
        return tuple(rule for rule in self.written if rule.direction == direction)


def policy(value: Value, default: str, diagnostics: list[Diagnostic]) -> Policy:
    """Return one NetworkPolicy; fields that no policy has are added to `diagnostics`, and passed over.

    Raises Unreadable for what the API server would refuse.
    https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
    """
    named_by = fields.name(value, "NetworkPolicy")
    namespace = fields.namespace(value, default)
    spec = fields.mapping(value, "spec")
    if spec is None:
        raise fields.refuse(
            named_by, "policy without a spec", "its `spec` is missing", "say whom it isolates"
        )
    reading = _Reading(namespace, diagnostics)
    reading.known(value, "a NetworkPolicy", ("apiVersion", "kind", "metadata", "spec", "status"))
    reading.known(spec, "`spec`", ("podSelector", "policyTypes", "ingress", "egress"))
    selector = reading.selector(spec, "podSelector") or ()
    written = tuple(rule for direction in DIRECTIONS for rule in reading.rules(spec, direction))
    pods = label_set(selector, of_namespace=False)
    return Policy(
        str(named_by.content),
        namespace,
        named_by.span,
        value,
        spec,
        selector,
        pods,
        _directions(spec),
        written,
        _size(pods or ()),
    )


def _size(labels: LabelSet) -> int:
    return 1 + (len(labels) + sum(len(values.listed) for _, values in labels)) // 8


def _directions(spec: Value) -> frozenset[Direction]:
    """Return where a policy isolates; without types that is ingress, and egress where it has such rules."""
    types = spec.get("policyTypes")
    found: set[Direction] = set()
    if types is not None and not isinstance(types.content, list):
        raise fields.refuse(
            types, "`policyTypes` is not a list", "expected a list", "write `[Ingress, Egress]`"
        )
    for item in types.members() if types else ():
        word = fields.text(item)
        direction = next((direction for direction in DIRECTIONS if TYPES[direction] == word), None)
        if direction is None:
            message = f"policy type `{shown(word)}` is not known"
            raise fields.refuse(item, message, "not a policy type", "legal are `Ingress` and `Egress`")
        found.add(direction)
    if found:
        return frozenset(found)
    egress = spec.get("egress")
    has_egress = egress is not None and any(True for _ in egress.members())
    return frozenset(DIRECTIONS) if has_egress else frozenset(("ingress",))


class _Reading:
    """Read the parts of one policy."""

    def __init__(self, namespace: str, diagnostics: list[Diagnostic]) -> None:
        self._own = named(namespace)
        self._diagnostics = diagnostics
        self._count = 0

    def known(self, value: Value, what: str, keys: tuple[str, ...]) -> None:
        """Report the keys of a mapping that its kind does not have."""
        for name in value.keys or {}:
            if name in keys:
                continue
            span = places.key(value, name)
            close = nearest(name, keys)
            if close is None:
                close = next((key for key in keys if key.lower() == name.lower()), None)
            fixes: tuple[Fix, ...] = ()
            help_texts = (f"legal here: {', '.join(f'`{key}`' for key in keys)}",)
            if close and close not in (value.keys or {}):
                fixes = (Fix(f"write `{close}`", (Edit(span, close),), safe=False),)
                help_texts = (f"a field with a similar name exists: `{close}`",)
            message = f"field `{shown(name)}` is not known"
            label = f"{what} has no such field: it is refused, or dropped without a word"
            self._diagnostics.append(warning("W706", message, span, label, help=help_texts, fixes=fixes))

    def rules(self, spec: Value, direction: Direction) -> Iterator[Rule]:
        """Yield the rules of a direction; an item without content admits everybody."""
        end = ENDS[direction]
        for item in self._list(spec, direction):
            if item.content is None:
                yield Rule(direction, item, (), (), ANYTHING, 3)
                continue
            if not isinstance(item.content, dict):
                raise fields.refuse(item, "rule is not a mapping", "expected a mapping")
            self.known(item, f"a rule of `{direction}`", (end, "ports"))
            peers = tuple(self._peer(peer) for peer in self._list(item, end))
            ports = tuple(self._port(port) for port in self._list(item, "ports"))
            size = 1 + len(ports) // 8 + sum(map(_cost, peers))
            yield Rule(direction, item, peers, ports, _ports(ports), size)

    def selector(self, value: Value, name: str) -> ir.Selector | None:
        """Return the requirements of a selector, None where it is not written or has no value."""
        found = fields.mapping(value, name)
        if found is None:
            return None
        self.known(found, "a selector", ("matchLabels", "matchExpressions"))
        for expression in fields.members(found, "matchExpressions"):
            self.known(expression, "a requirement", ("key", "operator", "values"))
        return tuple(
            ir.Requirement(condition.key, cast("Literal['In']", condition.operator), condition.values)
            for condition in fields.conditions(value, name)
        )

    def _list(self, value: Value, name: str) -> Iterable[Value]:
        found = value.get(name)
        if found is None:
            return ()
        if not isinstance(found.content, list):
            raise fields.refuse(
                found, f"`{name}` is not a list", "expected a list", "begin each item with `-`"
            )
        self._count += len(found.content)
        if self._count > MAXIMUM_RULES:
            message = f"policy has more than {MAXIMUM_RULES:,} rules, peers and ports"
            raise fields.refuse(found, message, "no more are read", "split it: policies add up")
        return found.content

    def _peer(self, value: Value) -> Peer:
        if not isinstance(value.content, dict):
            raise fields.refuse(value, "peer is not a mapping", "expected a mapping")
        self.known(value, "a peer", ("namespaceSelector", "podSelector", "ipBlock"))
        spaces, pods = self.selector(value, "namespaceSelector"), self.selector(value, "podSelector")
        block = fields.mapping(value, "ipBlock")
        if block is not None:
            if spaces is not None or pods is not None:
                help_text = "make it an item of its own"
                message = "`ipBlock` stands beside a selector"
                raise fields.refuse(block, message, "a peer is one or the other", help_text)
            return self._block(value, block)
        if spaces is None and pods is None:
            help_text = "name pods, namespaces or an `ipBlock`"
            raise fields.refuse(value, "peer names nobody", "an empty peer", help_text)
        pod_labels = label_set(pods or (), of_namespace=False)
        space_labels = self._own if spaces is None else label_set(spaces, of_namespace=True)
        is_nobody = pod_labels is None or space_labels is None
        end = None if is_nobody else End(0, space_labels or (), pod_labels or ())
        return Peer(value, spaces, pods, None, (), end)

    def _block(self, value: Value, block: Value) -> Peer:
        self.known(block, "an `ipBlock`", ("cidr", "except"))
        cidr = block.get("cidr")
        if cidr is None:
            raise fields.refuse(block, "`ipBlock` without a range", "`cidr` is missing", "give a range")
        family, whole = _range(cidr)
        exceptions: list[LeftOut] = []
        for item in self._list(block, "except"):
            its_family, addresses = _range(item)
            if its_family != family or addresses - whole or addresses == whole:
                message = f"exception `{shown(fields.text(item))}` is not inside its range"
                help_text = f"only a part of `{shown(fields.text(cidr))}` can be left out of it"
                raise fields.refuse(item, message, "not strictly inside", help_text)
            exceptions.append(LeftOut(fields.text(item), addresses, item.span))
        left = whole - numbers(interval for its in exceptions for interval in its.addresses.intervals)
        end = End(family, addresses=left) if left else None
        return Peer(value, None, None, cidr, tuple(exceptions), end)

    def _port(self, value: Value) -> Port:
        if not isinstance(value.content, dict):
            raise fields.refuse(value, "port is not a mapping", "expected a mapping", "write `port: 8080`")
        self.known(value, "a port", ("protocol", "port", "endPort"))
        protocol = fields.protocol(value)
        port, last = value.get("port"), value.get("endPort")
        if port is None:
            if last is not None:
                raise fields.refuse(last, "`endPort` without `port`", "nothing to begin with", "add `port`")
            return Port(protocol, 1, 65535, "", value)
        first = fields.port(port, "port")
        if isinstance(first, str):
            if last is not None:
                help_text = "ranges need a number in `port`"
                raise fields.refuse(last, "`endPort` beside a named port", "not a range", help_text)
            return Port(protocol, 0, 0, first, value)
        end = first if last is None else fields.port_number(last, "endPort")
        if end < first:
            help_text = "the smaller number comes first"
            raise fields.refuse(last or value, "range of ports is empty", f"less than `{first}`", help_text)
        return Port(protocol, first, end, "", value)


def _cost(peer: Peer) -> int:
    if peer.end is None:
        return 0
    return _size(peer.end.namespaces) + _size(peer.end.pods) + len(peer.exceptions) // 8


def _ports(ports: tuple[Port, ...]) -> PortSet:
    if not ports:
        return ANYTHING
    numbered = [(port.protocol, port.first, port.last) for port in ports if not port.name]
    return port_set(numbered, [(port.protocol, port.name) for port in ports if port.name])


def _range(value: Value) -> tuple[int, Numbers]:
    """Return the family and the addresses of a CIDR; bits behind its prefix are those of the whole range."""
    text = fields.text(value)
    try:
        if not _RANGE.fullmatch(text):
            raise ValueError(text)  # noqa: TRY301 - one message for all that is no range
        family, interval = address_range(str(ip_network(text, strict=False)))
    except ValueError:
        message, label = f"`{shown(text)}` is not a range of addresses", "expected a CIDR"
        help_text = "write an address and the length of its prefix, such as `203.0.113.0/24`"
        raise fields.refuse(value, message, label, help_text) from None
    return family, Numbers((interval,))
