"""The syntax tree: what a `.intent` file says, before any name is looked up.

Nodes are compared by what they say; where they stand (`span`) is excluded, so that moving a line changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

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


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of a selector: `k=v`, `k!=v`, `k in (a, b)`, `k notin (a, b)`, `k`, `!k`."""

    key: str
    operator: Operator
    values: tuple[str, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace by its name."""

    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces with these labels: `{team=payments}`; without a requirement every namespace: `*`."""

    selector: tuple[Requirement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods with these labels, in one namespace or in several."""

    namespaces: Namespace | Namespaces
    selector: tuple[Requirement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Service:
    """`ns/name`: a Service, resolved from the manifests of the project."""

    namespace: Namespace
    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Workload:
    """`ns/deployment/web`: the pods of a workload, resolved from the manifests of the project."""

    namespace: Namespace
    kind: str
    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Address:
    """An address or a range, in canonical CIDR form."""

    cidr: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A range outside the cluster, less the ranges after `except`."""

    address: Address
    excepts: tuple[Address, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class WellKnown:
    """An endpoint the language has a word for (one of `WELL_KNOWN`)."""

    word: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class SetReference:
    """`@name`: the members of a set."""

    name: str
    span: Span = field(compare=False)


Endpoint = Pods | Service | Workload | Addresses | WellKnown | SetReference


@dataclass(frozen=True, slots=True)
class NumberedPorts:
    """The ports `first` to `last` (both included) of a protocol."""

    first: int
    last: int
    protocol: Protocol
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A port by the name the target's pods give it."""

    name: str
    protocol: Protocol
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class EveryPort:
    """`*`: every port of every protocol."""

    span: Span = field(compare=False)


Ports = NumberedPorts | NamedPort | EveryPort


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and the ports on it; only a set reference may stand without ports."""

    endpoint: Endpoint
    ports: tuple[Ports, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Via:
    """The way the traffic takes to a target's pods, when it is not the plain one."""

    path: Literal["nodeport", "hostport", "hostnetwork", "loadbalancer"]
    number: int | None
    local: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Clause:
    """Why, who, until when or where; `on` has several values, the others one."""

    word: Literal["because", "owner", "ticket", "until", "on"]
    values: tuple[str, ...]
    spans: tuple[Span, ...] = field(compare=False)
    span: Span = field(compare=False)


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


@dataclass(frozen=True, slots=True)
class Let:
    """A name for endpoints, or for targets with ports."""

    name: str
    members: tuple[Target, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Isolate:
    """Default deny for these pods, in the directions named."""

    endpoints: tuple[Endpoint, ...]
    directions: tuple[Literal["egress", "ingress"], ...]
    clauses: tuple[Clause, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Assert:
    """A claim about the emitted policy: every such flow is admitted (`allow`), or none is (`deny`)."""

    verdict: Literal["allow", "deny"]
    sources: tuple[Endpoint, ...]
    targets: tuple[Target, ...]
    via: Via | None
    clauses: tuple[Clause, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class With:
    """A block whose clauses hold for the statements in it, unless a statement says otherwise."""

    clauses: tuple[Clause, ...]
    statements: tuple[Statement, ...]
    span: Span = field(compare=False)


Statement = Intent | Let | Isolate | Assert | With


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as written, from its `#` to the end of the line."""

    text: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Program:
    """All statements of one file, or of all files of a project, in order."""

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
