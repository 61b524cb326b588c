"""The syntax tree: what a `.intent` file says, before any name is looked up.

Nodes are compared by what they say; where they stand (`span`) is excluded, so that moving a line changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

from intentc.source import SourceFile, Span

Operator = Literal["=", "!=", "in", "notin", "exists", "!"]
Protocol = Literal["TCP", "UDP", "SCTP"]
WELL_KNOWN = (
    "internet",
    "nodes",
    "control-plane",
    "google-health-checks",
    "google-iap",
    "google-apis-private",
    "google-apis-restricted",
)


Kind = TypeVar("Kind", bound=type)


def node(kind: Kind) -> Kind:
    """Compare nodes of a kind by what they say: not by their last fields, those with `span` in the name."""
    made: Any = kind
    made.said = slice(0, -sum("span" in field for field in made._fields))
    made.__eq__, made.__ne__, made.__hash__ = _equals, _differs, _hash
    return kind


def _equals(one: Any, other: Any) -> bool:  # noqa: ANN401 - a node, and anything
    return one.__class__ is other.__class__ and one[one.said] == other[one.said]


def _differs(one: Any, other: Any) -> bool:  # noqa: ANN401
    return not _equals(one, other)


def _hash(one: Any) -> int:  # noqa: ANN401
    return hash(one[one.said])


@node
class Requirement(NamedTuple):
    """One condition of a selector: `k=v`, `k!=v`, `k in (a, b)`, `k notin (a, b)`, `k`, `!k`."""

    key: str
    operator: Operator
    values: tuple[str, ...]
    span: Span


@node
class Namespace(NamedTuple):
    """A namespace by its name."""

    name: str
    span: Span


@node
class Namespaces(NamedTuple):
    """The namespaces with these labels: `{team=payments}`; without a requirement every namespace: `*`."""

    selector: tuple[Requirement, ...]
    span: Span


@node
class Pods(NamedTuple):
    """The pods with these labels, in one namespace or in several."""

    namespaces: Namespace | Namespaces
    selector: tuple[Requirement, ...]
    span: Span


@node
class Service(NamedTuple):
    """`ns/name`: a Service, resolved from the manifests of the project."""

    namespace: Namespace
    name: str
    span: Span


@node
class Workload(NamedTuple):
    """`ns/deployment/web`: the pods of a workload, resolved from the manifests of the project."""

    namespace: Namespace
    kind: str
    name: str
    span: Span


@node
class Address(NamedTuple):
    """An address or a range, in canonical CIDR form."""

    cidr: str
    span: Span


@node
class Addresses(NamedTuple):
    """A range outside the cluster, less the ranges after `except`."""

    address: Address
    excepts: tuple[Address, ...]
    span: Span


@node
class WellKnown(NamedTuple):
    """An endpoint the language has a word for (one of `WELL_KNOWN`)."""

    word: str
    span: Span


@node
class SetReference(NamedTuple):
    """`@name`: the members of a set."""

    name: str
    span: Span


Endpoint = Pods | Service | Workload | Addresses | WellKnown | SetReference


@node
class NumberedPorts(NamedTuple):
    """The ports `first` to `last` (both included) of a protocol."""

    first: int
    last: int
    protocol: Protocol
    span: Span


@node
class NamedPort(NamedTuple):
    """A port by the name the target's pods give it."""

    name: str
    protocol: Protocol
    span: Span


@node
class EveryPort(NamedTuple):
    """`*`: every port of every protocol."""

    span: Span


Ports = NumberedPorts | NamedPort | EveryPort


@node
class Target(NamedTuple):
    """An endpoint and the ports on it; only a set reference may stand without ports."""

    endpoint: Endpoint
    ports: tuple[Ports, ...]
    span: Span


@node
class Via(NamedTuple):
    """The way the traffic takes to a target's pods, when it is not the plain one, or one side of that.

    `egress` and `ingress` are the plain way, of which one side is meant: `only egress`.
    """

    path: Literal["nodeport", "hostport", "hostnetwork", "loadbalancer", "egress", "ingress"]
    number: int | None
    local: bool
    span: Span

    @property
    def word(self) -> Literal["via", "only"]:
        """Return the word it begins with."""
        return "only" if self.path in ("egress", "ingress") else "via"

    @property
    def text(self) -> str:
        """Return it as it is written."""
        number = f" {self.number}" if self.number is not None else ""
        return f"{self.word} {self.path}{number}{' local' if self.local else ''}"


@node
class Clause(NamedTuple):
    """Why, who, until when or where; `on` has several values, the others one."""

    word: Literal["because", "owner", "ticket", "until", "on"]
    values: tuple[str, ...]
    spans: tuple[Span, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Intent:
    """Sources may open connections to targets."""

    sources: tuple[Endpoint, ...]
    targets: tuple[Target, ...]
    via: Via | None
    clauses: tuple[Clause, ...]
    span: Span = field(compare=False)


class PlainPods(NamedTuple):
    """The pods of `namespace[key=value, …]`, as a plain intent names them."""

    namespace: str
    labels: tuple[tuple[str, str], ...]


class PlainPorts(NamedTuple):
    """The ports `first` to `last`, or the port called `name` (then both numbers are 0), of a plain intent."""

    protocol: Protocol
    first: int
    last: int
    name: str


class PlainIntent(Intent):
    """An intent in its plainest form, `namespace[key=value] -> namespace[key=value]:port`, on one line.

    Most lines are, and most of those need no tree: what they say is in `source`, `target` and `ports`. The
    tree, with the position of every word, is made by `expand` when somebody asks for it.
    """

    __slots__ = ("_expand", "_tree", "end", "file", "ports", "source", "start", "target")
    _expand: Callable[[SourceFile, int, int], Intent]
    _tree: Intent | None
    end: int
    file: SourceFile
    ports: PlainPorts
    source: PlainPods
    start: int
    target: PlainPods

    def __init__(
        self,
        file: SourceFile,
        start: int,
        end: int,
        source: PlainPods,
        target: PlainPods,
        ports: PlainPorts,
        expand: Callable[[SourceFile, int, int], Intent],
    ) -> None:
        """Take the characters `start` to `end` of a file, and what they say."""
        put = object.__setattr__
        put(self, "file", file)
        put(self, "start", start)
        put(self, "end", end)
        put(self, "source", source)
        put(self, "target", target)
        put(self, "ports", ports)
        put(self, "_expand", expand)
        put(self, "_tree", None)

    @property
    def tree(self) -> Intent:
        """Return the same intent with all its nodes."""
        if self._tree is None:
            object.__setattr__(self, "_tree", self._expand(self.file, self.start, self.end))
        assert self._tree is not None  # noqa: S101 - set on the line above
        return self._tree

    @property
    def sources(self) -> tuple[Endpoint, ...]:
        """Return the one source, with its position."""
        return self.tree.sources

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return the one target, with its position."""
        return self.tree.targets

    @property
    def via(self) -> None:
        """Return that no way is named."""

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Return that no clause is said."""
        return ()

    @property
    def span(self) -> Span:
        """Return where the intent stands."""
        return Span(self.file, self.start, self.end)

    def __eq__(self, other: object) -> bool:
        """Tell whether the other intent says the same, plainly or not."""
        return self.tree == (other.tree if isinstance(other, PlainIntent) else other)

    def __hash__(self) -> int:
        """Return the hash of the whole tree, which equal intents share."""
        return hash(self.tree)


@node
class Let(NamedTuple):
    """A name for endpoints, or for targets with ports."""

    name: str
    members: tuple[Target, ...]
    name_span: Span
    span: Span


@node
class Isolate(NamedTuple):
    """Default deny for these pods, in the directions named."""

    endpoints: tuple[Endpoint, ...]
    directions: tuple[Literal["egress", "ingress"], ...]
    clauses: tuple[Clause, ...]
    span: Span


@node
class Assert(NamedTuple):
    """A claim about the emitted policy: every such flow is admitted (`allow`), or none is (`deny`)."""

    verdict: Literal["allow", "deny"]
    sources: tuple[Endpoint, ...]
    targets: tuple[Target, ...]
    via: Via | None
    clauses: tuple[Clause, ...]
    span: Span


@node
class With(NamedTuple):
    """A block whose clauses hold for the statements in it, unless a statement says otherwise."""

    clauses: tuple[Clause, ...]
    statements: tuple[Statement, ...]
    span: Span


Statement = Intent | Let | Isolate | Assert | With


@node
class Comment(NamedTuple):
    """A comment as written, from its `#` to the end of the line."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Program:
    """All statements of one file, or of all files of a project, in order."""

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
