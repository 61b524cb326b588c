"""The syntax tree: what a `.intent` file says, before any name is looked up.

Nodes are compared by what they say; where they stand (`span`) is excluded, so that moving a line changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from intentc.source import Span

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
