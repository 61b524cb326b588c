"""Random programs over the whole language, for the model to understand and for `wording` to write down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from random import Random
from typing import Any

from tests.model.model import holds
from tests.model.places import (
    CONTROL_PLANE,
    ENDPOINT,
    NAMESPACES,
    NODE_PORTS,
    NODE_RANGE,
    NUMBERS,
    POD_RANGE,
    SERVICE_RANGE,
    Place,
    any_place,
)
from tests.model.world import (
    DOORS,
    ENTERING_POD,
    EVERY_PORT,
    LEAVING_POD,
    NAMESPACE_LABEL,
    SILENT,
    Intent,
    Isolate,
    Pods,
    Ports,
    Ranges,
    Requirement,
)

Endpoint = Pods | Ranges

NODES = Ranges("nodes", (NODE_RANGE,))
API_SERVER = Ranges("control-plane", (f"{ENDPOINT}/32",))
CALLS_BACK = Ranges("control-plane", (CONTROL_PLANE,))
INTERNET = Ranges(
    "internet",
    ("0.0.0.0/0", "::/0"),
    (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *(POD_RANGE, NODE_RANGE, SERVICE_RANGE, "fc00::/7", "fe80::/10", "2001:db8::/32"),
    ),
)
GOOGLE_COMES = (
    Ranges("google-health-checks", ("35.191.0.0/16", "130.211.0.0/22")),
    Ranges("google-iap", ("35.235.240.0/20",)),
)
GOOGLE_ANSWERS = (
    Ranges("google-apis-private", ("199.36.153.8/30",)),
    Ranges("google-apis-restricted", ("199.36.153.4/30",)),
)
WRITTEN = (
    Ranges("cidr", ("203.0.113.0/24",)),
    Ranges("cidr", ("203.0.113.7/32",)),
    Ranges("cidr", ("203.0.113.0/24",), ("203.0.113.0/28", "203.0.113.128/25")),
    Ranges("cidr", ("10.0.0.0/8",), ("10.2.0.0/16", SERVICE_RANGE)),
    Ranges("cidr", ("2001:db8:76::/47",)),
    Ranges("cidr", ("2001:db8:76::/47",), ("2001:db8:77::/64",)),
)
LABELS: dict[str, tuple[str, ...]] = {
    "app": ("web", "db", "worker"),
    "role": ("rw", "ro"),
    "legacy": ("yes", "no"),
    "k8s-app": ("kube-dns", "other"),
    "tier": ("front",),
}
NAMESPACE_LABELS: dict[str, tuple[str, ...]] = {
    "team": ("web", "storage"),
    "tier": ("front", "back"),
    "restricted": ("yes",),
    NAMESPACE_LABEL: tuple(NAMESPACES),
}


@dataclass(frozen=True)
class Target:
    """An endpoint and the ports on it."""

    endpoint: Endpoint
    ports: tuple[Ports, ...]


@dataclass(frozen=True)
class Statement:
    """One intent with its lists; with `points` and without targets, an `isolate` of its sources.

    `on` is the cluster it is limited to.
    """

    sources: tuple[Endpoint, ...]
    targets: tuple[Target, ...] = ()
    kind: str = "direct"
    number: int = 0
    local: bool = False
    points: tuple[str, ...] = ()
    on: str = ""

    def items(self) -> Iterator[Intent | Isolate]:
        """Yield what it means, one pair of ends at a time."""
        for source in self.sources:
            yield from (Isolate(point, source) for point in self.points if isinstance(source, Pods))
            for target in self.targets:
                yield Intent(source, target.endpoint, target.ports, self.kind, self.number, self.local)


@dataclass(frozen=True)
class Program:
    """Statements for the cluster `prod`, and for `dev` where there is one.

    `look` is the seed of how their text looks, None for the plainest.
    """

    statements: tuple[Statement, ...]
    place: Place
    dev: Place | None = None
    look: int | None = None

    @property
    def places(self) -> dict[str, Place]:
        """Return the clusters by name."""
        return {"prod": self.place, **({"dev": self.dev} if self.dev else {})}

    def items(self, cluster: str) -> list[Intent | Isolate]:
        """Return what it means on one cluster, one pair of ends at a time."""
        here = [statement for statement in self.statements if statement.on in ("", cluster)]
        return [item for statement in here for item in statement.items()]

    def smaller(self) -> Iterator[Program]:
        """Yield programs that say a little less, or say it more plainly."""
        if self.look is not None:
            yield replace(self, look=None)
        if self.dev is not None:
            yield replace(self, dev=None)
            yield replace(self, place=self.dev, dev=None)
        yield from (replace(self, place=place) for place in self.place.plainer())
        for statements in smaller(self.statements, 1):
            yield replace(self, statements=statements)


# What may be taken out of a program, and how many must be left.
REMOVABLE = {"sources": 1, "targets": 1, "ports": 1, "points": 1, "labels": 0, "namespaces": 0, "excepts": 0}


def smaller(value: Any, left: int = 0) -> Iterator[Any]:
    """Yield a statement, an end or a list of them with one thing less in it."""
    if isinstance(value, tuple):
        if len(value) > left:
            yield from (value[:index] + value[index + 1 :] for index in range(len(value)))
        for index, one in enumerate(value):
            yield from ((*value[:index], less, *value[index + 1 :]) for less in smaller(one))
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            one = getattr(value, each.name)
            if each.name in REMOVABLE:
                yield from (
                    replace(value, **{each.name: less}) for less in smaller(one, REMOVABLE[each.name])
                )
            elif each.name == "endpoint":
                yield from (replace(value, endpoint=less) for less in smaller(one))
            elif each.name in ("local", "on") and one:
                yield replace(value, **{each.name: type(one)()})


# --- At random ----------------------------------------------------------------------------------------------


def any_program(seed: int) -> Program:
    """Return the program of a seed, always the same."""
    random = Random(seed)
    place = any_place(random)
    count = random.choice((1, 1, 2, 2, 3, 4, 6))
    # A firewall mode for both: what is legal depends on it.
    dev = replace(any_place(random), firewall=place.firewall) if random.random() < 0.15 else None
    statements = tuple(any_statement(random, place) for _ in range(count))
    if dev:
        statements = tuple(replace(each, on=random.choice(("", "prod", "dev"))) for each in statements)
    return Program(statements, place, dev, random.getrandbits(32) if random.random() < 0.6 else None)


def any_statement(random: Random, place: Place) -> Statement:
    """Return a statement that has a row in the truth table."""
    shape = random.choices(("pods", "out", "in", "own", "isolate"), (50, 15, 20, 8, 7))[0]
    if shape == "isolate":
        points = random.choice(((LEAVING_POD, ENTERING_POD), (LEAVING_POD,), (ENTERING_POD,)))
        return Statement(several(random, any_pods), points=points)
    if shape == "out":
        kind = random.choice(("direct", "direct", "direct", "egress"))
        return Statement(several(random, any_pods), several(random, out_there), kind)
    kinds: tuple[str, ...] = (*SILENT, "direct", "direct", "direct", "nodeport", "hostport", "hostnetwork")
    sources: tuple[Endpoint, ...] = several(random, any_pods)
    if shape == "in":
        kinds, sources = (
            ("direct", "direct", "nodeport", "loadbalancer", "ingress"),
            several(random, comes_from),
        )
    elif shape == "own":
        sources = (random.choice((NODES, CALLS_BACK)),)
        kinds = ("direct", "ingress") if sources == (CALLS_BACK,) else kinds[1:]
    kind = random.choice(kinds)
    if shape == "in" and kind != "loadbalancer" and random.random() < 0.2:
        sources += (any_pods(random),)
    number = 0
    if kind in DOORS:
        number = random.choice(NODE_PORTS if kind == "nodeport" else NUMBERS)
    # A firewall knows no names: they are for clusters whose rules GKE writes, where those rules let them in.
    user_rule = shape == "in" or sources == (CALLS_BACK,)
    names = (
        place.cluster.firewall == "gke-managed" and kind != "hostnetwork" and (kind in DOORS or not user_rule)
    )

    def target(random: Random) -> Target:
        return Target(any_pods(random), one_port(random, names) if number else any_ports(random, names))

    sources = tuple(sorted(sources, key=has_exceptions))
    while sum(map(has_exceptions, sources)) > 1:  # a range after `except` is one more exception
        sources = sources[:-1]
    local = kind in ("nodeport", "loadbalancer") and random.random() < 0.4
    return Statement(sources, several(random, target), kind, number, local)


def has_exceptions(end: Endpoint) -> bool:
    """Tell whether an end is a range with exceptions; it has to be the last of its list."""
    return isinstance(end, Ranges) and end.word == "cidr" and bool(end.excepts)


def several(random: Random, make: Any) -> tuple[Any, ...]:
    """Return a short list."""
    return tuple(make(random) for _ in range(random.choice((1, 1, 1, 2, 3))))


def comes_from(random: Random) -> Ranges:
    """Return addresses outside that open connections."""
    return random.choice((*WRITTEN, INTERNET, *GOOGLE_COMES))


def out_there(random: Random) -> Target:
    """Return addresses that pods open connections to."""
    endpoint = random.choice((*WRITTEN, INTERNET, API_SERVER, NODES, *GOOGLE_ANSWERS))
    return Target(endpoint, any_ports(random, names=False))


def any_pods(random: Random) -> Pods:
    """Return pods of one namespace mostly, of several now and then."""
    labels = any_requirements(random, LABELS) if random.random() < 0.5 else ()
    if random.random() < 0.75:
        return Pods(((NAMESPACE_LABEL, "=", (random.choice(list(NAMESPACES)),)),), labels)
    if random.random() < 0.3:
        return Pods((), labels)
    for _ in range(100):
        namespaces = any_requirements(random, NAMESPACE_LABELS)
        if any(holds({NAMESPACE_LABEL: name, **own}, namespaces) for name, own in NAMESPACES.items()):
            return Pods(namespaces, labels)
    raise AssertionError("no requirement holds for any namespace")


def any_requirements(random: Random, labels: dict[str, tuple[str, ...]]) -> tuple[Requirement, ...]:
    """Return requirements that some labels satisfy: about different keys, or two that go together."""
    found: list[Requirement] = []
    for key in random.sample(list(labels), random.choice((1, 1, 2, 3))):
        operator = random.choice(("=", "=", "!=", "in", "notin", "exists", "!"))
        values = random.sample(labels[key], random.randint(1, len(labels[key])))
        if operator in ("=", "!="):
            values = values[:1]
        found.append((key, operator, () if operator in ("exists", "!") else tuple(values)))
        if operator == "notin" and random.random() < 0.3:
            found.append((key, "exists", ()))
    return tuple(found)


def any_ports(random: Random, names: bool) -> tuple[Ports, ...]:
    """Return a list of ports, or every port."""
    if random.random() < 0.08:
        return EVERY_PORT
    return tuple(
        dict.fromkeys(port for _ in range(random.choice((1, 1, 2, 3))) for port in [any_port(random, names)])
    )


def any_port(random: Random, names: bool) -> Ports:
    """Return one port, range or name."""
    protocol = random.choices(("TCP", "UDP", "SCTP"), (7, 2, 1))[0]
    if names and random.random() < 0.2:
        return Ports(protocol, name=random.choice(("http", "metrics")))
    first, last = sorted(random.choices(NUMBERS, k=2))
    return Ports(protocol, first, last if random.random() < 0.2 else first)


def one_port(random: Random, names: bool) -> tuple[Ports, ...]:
    """Return the one port a door leads to, in one protocol or in two."""
    port = any_port(random, names)
    if not port.name:
        port = replace(port, last=port.first)
    other = replace(port, protocol="UDP" if port.protocol == "TCP" else "TCP")
    return (port, other) if random.random() < 0.1 and not port.name else (port,)
