"""What the generated cases of the public cyclonus suite look at, as truth tables of our own.

The suite (https://github.com/mattfenwick/cyclonus, carried on at
https://github.com/kubernetes-sigs/network-policy-api) varies one policy: its subject, its rules, its peers
and ports one by one and in pairs; then it looks at policies that contradict each other and at changes over
time. 217 of its 230 cases are here; the other 13 are end-to-end tests of Kubernetes, which stand in
`conformance_upstream.py` with the rest of those.

Every verdict is written down by hand for one peer or one entry of `ports`; a pair is the union of its two.
"""

from __future__ import annotations

from itertools import combinations

from tests.model.truth import Case, Document, State, block, case, label, peer, pod, policy, port, rule

A, B, C = (label("pod", own) for own in "abc")
X, Y, Z = (label("ns", namespace) for namespace in "xyz")
DNS = rule(ports=[port("UDP", 53), port("TCP", 53)])
RESOLVES = " > * : UDP/53 TCP/53"

# The policy that is varied, and the two lines of its table that every variation keeps one or none of.
INGRESS = rule([peer(label("pod", "b", "c"), label("ns", "x", "y"))], [port("TCP", 80)])
EGRESS = rule([peer(label("pod", "a", "b"), label("ns", "y", "z"))], [port("TCP", 80)])
COMES_IN = " < x/b x/c y/b y/c : TCP/80"
GOES_OUT = " > y/a y/b z/a z/b : TCP/80"


def varied(direction: str, rules: list[Document]) -> Document:
    """Return the policy with other rules in one direction."""
    if direction == "<":
        return policy("x", A, ingress=rules, egress=[EGRESS, DNS])
    return policy("x", A, ingress=[INGRESS], egress=rules)


def kept(direction: str) -> tuple[str, ...]:
    """Return the lines of the table for the direction that is not varied."""
    return ("x/a" + GOES_OUT, "x/a" + RESOLVES) if direction == "<" else ("x/a" + COMES_IN,)


# --- The subject (6), all or nothing (4), the namespace's own name (2) --------------------------------------


def subjects() -> list[Case]:
    """Return the cases that move the policy to other pods."""
    chosen = [("x", A, ["x/a"]), ("y", A, ["y/a"]), ("z", A, ["z/a"])]
    chosen += [("x", {}, ["x/a", "x/b", "x/c"]), ("x", {"matchLabels": {"pod": "a"}}, ["x/a"])]
    chosen += [("x", label("pod", "a", "b"), ["x/a", "x/b"])]
    return [
        case(
            f"subject {number}: {' '.join(names)}",
            [policy(namespace, subject, ingress=[INGRESS], egress=[EGRESS, DNS])],
            *(name + line for name in names for line in (COMES_IN, GOES_OUT, RESOLVES)),
        )
        for number, (namespace, subject, names) in enumerate(chosen)
    ]


def extremes() -> list[Case]:
    """Return the cases without a rule, with a rule that says nothing, and with a namespace by its name."""
    found = []
    for direction in "<>":
        found.append(
            case(f"{direction} no rule", [varied(direction, [])], f"x/a {direction} :", *kept(direction))
        )
        found.append(
            case(
                f"{direction} empty rule",
                [varied(direction, [{}])],
                f"x/a {direction} * : *",
                *kept(direction),
            )
        )
        by_name = rule([peer(None, label("kubernetes.io/metadata.name", "z"))], [port("TCP", 80)])
        table = (f"x/a {direction} z/* : TCP/80", *kept(direction))
        found.append(case(f"{direction} namespace by its name", [varied(direction, [by_name])], *table))
    return found


# --- Peers (112) --------------------------------------------------------------------------------------------

PEERS: dict[str, tuple[Document, str]] = {
    "all pods here": (peer({}), "x/*"),
    "pods c here": (peer(C), "x/c"),
    "every namespace": (peer(None, {}), "*"),
    "all pods, every namespace": (peer({}, {}), "*"),
    "pods c, every namespace": (peer(C, {}), "x/c y/c z/c"),
    "namespace x": (peer(None, X), "x/*"),
    "all pods, namespace x": (peer({}, X), "x/*"),
    "pods c, namespace x": (peer(C, X), "x/c"),
    "block": (block("192.168.1.0/24"), "x/* y/*"),
    "block with exception": (block("192.168.1.0/24", "192.168.1.0/28"), "y/*"),
}


def peers() -> list[Case]:
    """Return no peer, every peer, and every two peers, each way."""
    chosen: list[tuple[str, ...]] = [(one,) for one in PEERS]
    chosen += combinations(PEERS, 2)
    found = []
    for direction in "<>":
        empty = varied(direction, [rule([], [port("TCP", 80)])])
        found.append(
            case(f"{direction} empty peers", [empty], f"x/a {direction} * : TCP/80", *kept(direction))
        )
        for names in chosen:
            several = rule([PEERS[name][0] for name in names], [port("TCP", 80)])
            lines = [f"x/a {direction} {PEERS[name][1]} : TCP/80" for name in names]
            table = (*lines, *kept(direction))
            found.append(
                case(f"{direction} peers: {' + '.join(names)}", [varied(direction, [several])], *table)
            )
    return found


# --- Ports (70) ---------------------------------------------------------------------------------------------

PORTS: dict[str, tuple[Document, str]] = {
    "nothing said": (port(), "TCP/*"),
    "80": (port(None, 80), "TCP/80"),
    "81": (port(None, 81), "TCP/81"),
    "TCP": (port("TCP"), "TCP/*"),
    "TCP 80": (port("TCP", 80), "TCP/80"),
    "TCP 81": (port("TCP", 81), "TCP/81"),
    "UDP": (port("UDP"), "UDP/*"),
    "UDP 80": (port("UDP", 80), "UDP/80"),
    "UDP 81": (port("UDP", 81), "UDP/81"),
    "SCTP": (port("SCTP"), "SCTP/*"),
    "SCTP 80": (port("SCTP", 80), "SCTP/80"),
    "SCTP 81": (port("SCTP", 81), "SCTP/81"),
    "TCP by name 80": (port("TCP", "serve-80-tcp"), "TCP/80"),
    "TCP by name 81": (port("TCP", "serve-81-tcp"), "TCP/81"),
    "UDP by name 80": (port("UDP", "serve-80-udp"), "UDP/80"),
    "UDP by name 81": (port("UDP", "serve-81-udp"), "UDP/81"),
    "SCTP by name 80": (port("SCTP", "serve-80-sctp"), "SCTP/80"),
    "SCTP by name 81": (port("SCTP", "serve-81-sctp"), "SCTP/81"),
    "a name of another protocol": (port("TCP", "serve-81-udp"), ""),
    "a name nobody has": (port("TCP", "serve-7981-udp"), ""),
    "a number nobody serves": (port("TCP", 7981), ""),
    "range of one": (port("TCP", 80, 80), "TCP/80"),
    "range of both": (port("TCP", 80, 81), "TCP/80 TCP/81"),
    "range that ends at one": (port("TCP", 54, 80), "TCP/80"),
    "range beyond": (port("TCP", 82, 90), ""),
    "range of UDP": (port("UDP", 53, 80), "UDP/53 UDP/80"),
    "range of everything": (port("SCTP", 1, 65535), "SCTP/*"),
}
BY_NAME_ONLY = {
    "name 80": (port(None, "serve-80-tcp"), "TCP/80"),
    "name 81": (port(None, "serve-81-tcp"), "TCP/81"),
}
PORT_PAIRS = [
    ("nothing said", "80"),
    ("nothing said", "name 80"),
    ("nothing said", "UDP"),
    ("80", "81"),
    ("80", "name 81"),
    ("80", "UDP by name 81"),
    ("UDP 80", "UDP by name 81"),
]


def ports() -> list[Case]:
    """Return no entry, every entry, and chosen pairs of entries, each way."""
    entries = {**PORTS, **BY_NAME_ONLY}
    chosen: list[tuple[str, ...]] = [(one,) for one in PORTS]
    chosen += PORT_PAIRS
    found = []
    for direction, base, ends in (("<", INGRESS, "x/b x/c y/b y/c"), (">", EGRESS, "y/a y/b z/a z/b")):
        empty = varied(direction, [rule(base["peers"], [])])
        found.append(
            case(f"{direction} empty ports", [empty], f"x/a {direction} {ends} : *", *kept(direction))
        )
        for names in chosen:
            several = varied(direction, [rule(base["peers"], [entries[name][0] for name in names])])
            lines = [f"x/a {direction} {ends} : {entries[name][1]}" for name in names]
            found.append(case(f"{direction} ports: {' + '.join(names)}", [several], *lines, *kept(direction)))
    return found


# --- Policies that contradict each other (16) ---------------------------------------------------------------

OPEN: list[Document] = [{}]
SHUT: list[Document] = []
ALL_PODS = [rule([peer(None, {})])]
ALL_ADDRESSES = [rule([block("0.0.0.0/0")])]
NO_ADDRESS = [rule([block("0.0.0.0/31")])]
NO_POD = [rule([peer(None, label("never", "labelled"))])]


def contradictions() -> list[Case]:
    """Return the cases with two policies, of which one allows and one does not; allowing wins."""

    def out(rules: list[Document]) -> Document:
        return policy("x", B, egress=rules)

    def into(rules: list[Document], namespace: str = "x", subject: Document = B) -> Document:
        return policy(namespace, subject, ingress=rules)

    dns = policy("x", B, egress=[DNS])
    shut_out, open_out = ("x/b" + RESOLVES,), ("x/b > * : *",)
    shut_in, open_in = ("x/b < :",), ("x/b < * : *",)
    return [
        case("shut out, open in elsewhere", [out(SHUT), into(OPEN, "y", C), dns], *shut_out, "y/c < * : *"),
        case("open out, shut in elsewhere", [out(OPEN), into(SHUT, "y", C), dns], *open_out, "y/c < :"),
        case("shut and open out", [out(SHUT), out(OPEN), dns], *open_out),
        case("shut and open in", [into(SHUT, "y", C), into(OPEN, "y", C)], "y/c < * : *"),
        case("shut out, all pods out", [out(SHUT), out(ALL_PODS), dns], *open_out),
        case("shut out, all addresses out", [out(SHUT), out(ALL_ADDRESSES), dns], *open_out),
        case("no address out, all pods out", [out(NO_ADDRESS), out(ALL_PODS), dns], *open_out),
        case("no pod out, all addresses out", [out(NO_POD), out(ALL_ADDRESSES), dns], *open_out),
        case("shut in, all pods in", [into(SHUT), into(ALL_PODS)], *open_in),
        case("shut in, all addresses in", [into(SHUT), into(ALL_ADDRESSES)], *open_in),
        case("no address in, all pods in", [into(NO_ADDRESS), into(ALL_PODS)], *open_in),
        case("no pod in, all addresses in", [into(NO_POD), into(ALL_ADDRESSES)], *open_in),
        case("no address out", [out(NO_ADDRESS), dns], *shut_out),
        case("no pod out", [out(NO_POD), dns], *shut_out),
        case("no address in", [into(NO_ADDRESS)], *shut_in),
        case("no pod in", [into(NO_POD)], *shut_in),
    ]


# --- Changes over time (6) and the example (1) --------------------------------------------------------------


def changes() -> list[Case]:
    """Return the cases in which policies, pods or namespaces come, change and go."""
    base = (policy("x", A, ingress=[INGRESS], egress=[EGRESS, DNS]),)
    usual = ("x/a" + COMES_IN, "x/a" + GOES_OUT, "x/a" + RESOLVES)
    by_udp = (varied("<", [rule(INGRESS["peers"], [port("UDP", "serve-81-udp")])]),)
    new_namespace = (varied("<", [rule([peer(None, label("new", "yes"))], [port("TCP", 80)])]),)
    new_pod = (varied("<", [rule([peer(label("new", "yes"), label("ns", "y", "z"))], [port("TCP", 80)])]),)
    labelled = tuple(pod(f"y/{own}", namespace_labels={"new": "yes"}) for own in "abc")
    by_name = (policy("x", {}, ingress=[rule(ports=[port(None, "serve-81-tcp")])]),)
    one_port = tuple(f"x/{own} < * : TCP/81" for own in "abc")
    also_y = tuple(pod(f"w/{own}", namespace_labels={"ns": "y"}) for own in "ab")
    shut = ("x/a < :", *kept("<"))
    return [
        Case("a policy comes and goes", (State(base, usual), State((), ()))),
        Case(
            "a policy changes",
            (State(base, usual), State(by_udp, ("x/a < x/b x/c y/b y/c : UDP/81", *kept("<")))),
        ),
        Case(
            "a namespace comes and goes",
            (
                State(base, usual),
                State(base, (*usual, "x/a < w/b : TCP/80", "x/a > w/a w/b : TCP/80"), also_y),
                State(base, usual),
            ),
        ),
        Case(
            "a namespace is labelled and not any more",
            (
                State(new_namespace, shut),
                State(new_namespace, ("x/a < y/* : TCP/80", *kept("<")), labelled),
                State(new_namespace, shut),
            ),
        ),
        Case(
            "a pod comes and goes",
            (State(base, usual), State(base, usual, (pod("x/d"),)), State(base, usual)),
        ),
        Case(
            "a pod is labelled and not any more",
            (
                State(new_pod, shut),
                State(new_pod, ("x/a < y/b : TCP/80", *kept("<")), (pod("y/b", labels={"new": "yes"}),)),
                State(new_pod, shut),
            ),
        ),
        Case(
            "one port by name for a whole namespace, while others come and go",
            (State(by_name, one_port), State(by_name, one_port, (pod("w/a"),)), State(by_name, one_port)),
        ),
    ]


def cases() -> list[Case]:
    """Return all of them: 6 + 6 + 112 + 70 + 16 + 7."""
    return [*subjects(), *extremes(), *peers(), *ports(), *contradictions(), *changes()]
