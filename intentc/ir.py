"""The policy: what one cluster's intents mean, and the rules each enforcement point needs for them.

A policy holds the meaning twice, on purpose. `flows` is what the intents say, with names looked up and
nothing else done; `rules` is what lowering made of them, hop by hop. Backends read the rules; the prover
reads the flows and the emitted bytes, and never the rules, so that a fault in lowering cannot hide.

All values are frozen, tuples are sorted and unique, and positions (`span`) are excluded from equality. What
keys and sets are made of is a named tuple: a build compares and hashes such values a hundred times an intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Literal, NamedTuple

from intentc.source import Span

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""The label every namespace carries its own name in, set by the API server.

https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
"""

Protocol = Literal["TCP", "UDP", "SCTP"]
PROTOCOLS: tuple[Protocol, ...] = ("TCP", "UDP", "SCTP")


class Requirement(NamedTuple):
    """One condition on labels, in the API's words; `values` are sorted and unique."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()


Selector = tuple[Requirement, ...]
"""Requirements that must all hold, sorted and unique; the empty selector holds for everything."""


class Pods(NamedTuple):
    """The pods whose labels satisfy `pods`, in the namespaces whose labels satisfy `namespaces`."""

    namespaces: Selector
    pods: Selector = ()

    @property
    def namespace(self) -> str | None:
        """Return the namespace's name where the selector names exactly one, else None."""
        return _name(self.namespaces)


@lru_cache(maxsize=4096)
def _name(namespaces: Selector) -> str | None:
    if len(namespaces) == 1:
        only = namespaces[0]
        if only.key == NAMESPACE_LABEL and only.operator == "In" and len(only.values) == 1:
            return only.values[0]
    return None


class Block(NamedTuple):
    """An address range in canonical CIDR form, less the canonical ranges in `excepts`."""

    cidr: str
    excepts: tuple[str, ...] = ()


class Addresses(NamedTuple):
    """Address ranges, and the word that stands for them.

    `word` is `pods`, `nodes`, `control-plane`, `internet`, `google-…`, `dns`, `metadata`, or `cidr` for
    ranges the user wrote. `blocks` may be empty for `pods` and `nodes` only: then the profile does not know
    them, and the firewall takes them as an input.
    """

    word: str
    blocks: tuple[Block, ...]


Endpoint = Pods | Addresses


class Ports(NamedTuple):
    """The ports `first` to `last` of a protocol, or the port a pod calls `name` (then both numbers are 0)."""

    protocol: Protocol
    first: int
    last: int
    name: str = ""


EVERY_PORT: tuple[Ports, ...] = tuple(sorted(Ports(protocol, 1, 65535) for protocol in PROTOCOLS))
"""What `*` means, spelled out: an absent port list would mean more than the language knows."""


class Path(NamedTuple):
    """The way a connection takes; `number` is the nodePort, hostPort or balancer port, else 0.

    `egress` and `ingress` are the direct way between pods, said of one side: the other is not isolated by it.
    """

    kind: Literal["direct", "nodeport", "hostport", "hostnetwork", "loadbalancer", "egress", "ingress"] = (
        "direct"
    )
    number: int = 0
    local: bool = False


DIRECT = Path()
NOT_ENTERED = ("hostnetwork", "egress")
"""Paths on which no policy of the target's pods stands: an intent on them isolates no target."""


class Clauses(NamedTuple):
    """Why and who, as the user says it; `until` is an ISO date; empty where nothing is said."""

    because: str = ""
    owner: str = ""
    ticket: str = ""
    until: str = ""


NO_CLAUSES = Clauses()


@dataclass(frozen=True, slots=True)
class Flow:
    """One source may open connections to these ports of one target: an intent with its names looked up.

    `ports` are pod ports (the target's own). A pod end is `Pods`; every other end is `Addresses`.
    """

    source: Endpoint
    target: Endpoint
    ports: tuple[Ports, ...]
    path: Path = DIRECT
    clauses: Clauses = NO_CLAUSES
    span: Span | None = field(default=None, compare=False)


class Point(Enum):
    """Where a packet meets a rule; the network's own firewall stands before and after each node."""

    LEAVING_POD = "leaving pod"
    ENTERING_POD = "entering pod"
    LEAVING_NODE = "leaving node"
    ENTERING_NODE = "entering node"

    __hash__ = object.__hash__  # each member is one object; the hash of an Enum is a call of Python


PodPoint = Literal[Point.LEAVING_POD, Point.ENTERING_POD]
"""Where pods can be isolated."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """These pods admit, at this point, only what rules allow."""

    point: PodPoint
    pods: Pods
    origins: tuple[Flow, ...] = field(default=(), compare=False)
    span: Span | None = field(default=None, compare=False)


class Origin(NamedTuple):
    """Why a rule exists.

    `cause` is `intent` (the flow itself), `node` (a node address stands in for somebody: wider than the
    flow), `dns` or `metadata`. `rows` are the rows of the truth table in `docs/semantics.md` that force the
    rule.
    """

    cause: Literal["intent", "node", "dns", "metadata"]
    rows: tuple[int, ...]
    flow: Flow | None = None


class Rule(NamedTuple):
    """One allowed flow as one enforcement point sees it.

    At the pod points `source` and `target` are what the pod's policy sees; at the node points they are the
    addresses in the packet, the ports those in the packet, and the rule applies to the cluster's nodes.
    """

    point: Point
    source: Endpoint
    target: Endpoint
    ports: Ports
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Assertion:
    """A claim the emitted policy must keep: `allow` every flow of `flow`, or `deny` every one."""

    verdict: Literal["allow", "deny"]
    flow: Flow


class NamespaceRange(NamedTuple):
    """The namespaces whose names, in order, are `first` or later and come before `end`; None ends nowhere."""

    first: str = ""
    end: str | None = None

    def holds(self, namespace: str) -> bool:
        """Tell whether a namespace of this name is in the range."""
        return self.first <= namespace and (self.end is None or namespace < self.end)


EVERY_NAMESPACE = NamespaceRange()
NO_NAMESPACE = NamespaceRange("", "")


class KnownNamespace(NamedTuple):
    """A namespace the project says exists, with its labels (the name label included)."""

    name: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything one cluster needs; `namespaces` is None where the project does not say which exist.

    A policy may be no more than a part of that, `within` a range of namespaces: isolations and rules for the
    pods in these and for pods selected by other things than the name of one namespace. The part within no
    namespace at all has the rules between nodes, too. `order` has the place of every end that flows have.
    """

    cluster: str
    flows: tuple[Flow, ...]
    isolations: tuple[Isolation, ...]
    rules: tuple[Rule, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    namespaces: tuple[KnownNamespace, ...] | None = None
    within: NamespaceRange = EVERY_NAMESPACE
    order: Mapping[Endpoint, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Artifact:
    """One output file: its path relative to the output directory (POSIX), and its bytes."""

    path: str
    content: bytes
