"""What the end-to-end tests of Kubernetes look at in NetworkPolicies, as truth tables of our own.

The tests (https://github.com/kubernetes/kubernetes/tree/master/test/e2e/network/netpol) set one policy or a
few, and look who may still talk to whom. Here every verdict holds for all pods and ports of the small world,
not only for those that the test probes. 13 of them are also among the 230 cases of cyclonus.
"""

from __future__ import annotations

from tests.model.truth import Case, Document, State, block, case, label, peer, pod, policy, port, rule

A, B, C = (label("pod", own) for own in "abc")
NAME = "kubernetes.io/metadata.name"
X, Y, Z = (label(NAME, namespace) for namespace in "xyz")
NOT_X = label(NAME, "x", operator="NotIn")
EVERYBODY: Document = {}


def into_a(*rules: Document) -> Document:
    """Return a policy for what comes in to x/a."""
    return policy("x", A, ingress=list(rules))


def out_of_a(*rules: Document) -> Document:
    """Return a policy for what goes out of x/a."""
    return policy("x", A, egress=list(rules))


def into_x(*rules: Document) -> Document:
    """Return a policy for what comes in to all of x."""
    return policy("x", EVERYBODY, ingress=list(rules))


def out_of_x(*rules: Document) -> Document:
    """Return a policy for what goes out of all of x."""
    return policy("x", EVERYBODY, egress=list(rules))


def every_x(line: str) -> list[str]:
    """Return a line of the table for each pod of x."""
    return [f"x/{own} {line}" for own in "abc"]


def selectors() -> list[Case]:
    """Return the tests of who is meant."""
    one_of_bc = label("pod", "b", "c")
    in_b = {"matchExpressions": [{"key": "pod", "operator": "In", "values": ["b"]}]}
    in_y = {"matchExpressions": [{"key": NAME, "operator": "In", "values": ["y"]}]}
    return [
        case("deny in, whole namespace", [into_x()], *every_x("< :")),
        case(
            "deny both ways, whole namespace",
            [policy("x", EVERYBODY, ingress=[], egress=[])],
            *every_x("< :"),
            *every_x("> :"),
        ),
        case("in from pods of the namespace", [into_a(rule([peer(B)]))], "x/a < x/b : *"),
        case(
            "in to one pod of a closed namespace",
            [into_x(), into_a(rule([peer(EVERYBODY, EVERYBODY)]))],
            "x/a < * : *",
            "x/b < :",
            "x/c < :",
        ),
        case("in from every namespace", [into_a(rule([peer(None, {"matchLabels": {}})]))], "x/a < * : *"),
        case("in from another namespace", [into_a(rule([peer(None, Y)]))], "x/a < y/* : *"),
        case("in from pods by expression", [into_a(rule([peer(in_b)]))], "x/a < x/b : *"),
        case("in from namespaces by expression", [into_a(rule([peer(None, in_y)]))], "x/a < y/* : *"),
        case(
            "in from other namespaces or from pods here",
            [into_a(rule([peer(None, NOT_X), peer(B)]))],
            "x/a < y/* z/* x/b : *",
        ),
        case("in from pods of other namespaces", [into_a(rule([peer(B, NOT_X)]))], "x/a < y/b z/b : *"),
        case(
            "in from several pods of other namespaces",
            [into_a(rule([peer(one_of_bc, NOT_X)]))],
            "x/a < y/b y/c z/b z/c : *",
        ),
        case("in from any of two", [into_a(rule([peer(B), peer(C)]))], "x/a < x/b x/c : *"),
        case("in from one pod of another namespace", [into_a(rule([peer(A, Y)]))], "x/a < y/a : *"),
        case(
            "in from the own namespace only",
            [into_x(rule([peer({"matchLabels": {}})]))],
            *every_x("< x/* : *"),
        ),
        case("out of one pod denied", [out_of_a()], "x/a > :"),
        case("out of a namespace denied", [out_of_x()], *every_x("> :")),
        case("out to one pod of another namespace", [out_of_a(rule([peer(A, Y)]))], "x/a > y/a : *"),
        case("in from a namespace by its own name", [into_a(rule([peer(None, Y)]))], "x/a < y/* : *"),
        case(
            "out to all but a namespace by its own name",
            [out_of_a(rule([peer(None, label(NAME, "y", operator="NotIn"))]))],
            "x/a > x/* z/* : *",
        ),
    ]


def ports() -> list[Case]:
    """Return the tests of ports and protocols."""
    tcp_80, tcp_81 = port("TCP", 80), port("TCP", 81)
    from_y = [peer(None, Y)]
    found = [
        case("in on one port", [into_a(rule(from_y, [tcp_81]))], "x/a < y/* : TCP/81"),
        Case(
            "policies are stacked",
            (
                State((into_a(rule(from_y, [tcp_81])),), ("x/a < y/* : TCP/81",)),
                State(
                    (into_a(rule(from_y, [tcp_81])), into_a(rule(from_y, [tcp_80]))),
                    ("x/a < y/* : TCP/80 TCP/81",),
                ),
            ),
        ),
        case("all allowed", [into_x(EVERYBODY)], *every_x("< * : *")),
        case(
            "in on a port by name",
            [into_x(rule(ports=[port(None, "serve-81-tcp")]))],
            *every_x("< * : TCP/81"),
        ),
        case(
            "in from a namespace on a port by name",
            [into_a(rule(from_y, [port("TCP", "serve-80-tcp")]))],
            "x/a < y/* : TCP/80",
        ),
        case(
            "out on a port by name",
            [out_of_x(rule(ports=[port(None, "serve-80-tcp")]))],
            *every_x("> * : TCP/80"),
        ),
        case("in on every port of a protocol", [into_a(rule(ports=[port("TCP")]))], "x/a < * : TCP/*"),
        case(
            "SCTP is not TCP",
            [into_x(), into_a(rule(ports=[port("SCTP", 81)]))],
            *every_x("< :"),
            "x/a < * : SCTP/81",
        ),
        case("a rule for SCTP isolates", [into_a(rule(ports=[port("SCTP", 80)]))], "x/a < * : SCTP/80"),
        case("UDP is not TCP", [into_a(rule(ports=[port("UDP", 81)]))], "x/a < * : UDP/81"),
    ]
    for protocol in ("UDP", "SCTP"):
        found += [
            case(f"{protocol}: deny in", [into_x()], *every_x("< :")),
            case(
                f"{protocol}: in on one port",
                [into_a(rule(from_y, [port(protocol, 81)]))],
                f"x/a < y/* : {protocol}/81",
            ),
            case(
                f"{protocol}: in from one pod of another namespace",
                [into_a(rule([peer(A, Y)], [port(protocol, 80)]))],
                f"x/a < y/a : {protocol}/80",
            ),
        ]
    return found


def directions() -> list[Case]:
    """Return the tests of both directions, of two policies and of addresses."""
    only_80 = rule(ports=[port(None, 80)])
    from_x_a = rule([peer(A, X)])
    y_b, x_b = "192.168.1.18/32", "192.168.1.2/32"
    return [
        case(
            "both directions in one policy",
            [policy("x", A, ingress=[rule([peer(B)])], egress=[only_80])],
            "x/a < x/b : *",
            "x/a > * : TCP/80",
        ),
        case(
            "the client's side denies what the server's allows",
            [
                out_of_a(rule([peer(A, Y)])),
                policy("y", A, ingress=[from_x_a]),
                policy("y", B, ingress=[from_x_a]),
            ],
            "x/a > y/a : *",
            "y/a < x/a : *",
            "y/b < x/a : *",
        ),
        Case(
            "allow all in joins one port",
            (
                State((into_x(only_80),), tuple(every_x("< * : TCP/80"))),
                State((into_x(only_80), into_x(EVERYBODY)), tuple(every_x("< * : *"))),
            ),
        ),
        Case(
            "allow all out joins one port",
            (
                State((out_of_x(only_80),), tuple(every_x("> * : TCP/80"))),
                State((out_of_x(only_80), out_of_x(EVERYBODY)), tuple(every_x("> * : *"))),
            ),
        ),
        case("out to an address", [out_of_a(rule([block(y_b)]))], "x/a > y/b : *"),
        case(
            "out to a range but one address",
            [out_of_a(rule([block("192.168.0.0/16", x_b)]))],
            "x/a > x/c y/* z/* : *",
        ),
        Case(
            "another policy allows the exception",
            (
                State((out_of_a(rule([block("192.168.0.0/16", x_b)])),), ("x/a > x/c y/* z/* : *",)),
                State((out_of_a(rule([block(x_b)])),), ("x/a > x/b : *",)),
                State(
                    (out_of_a(rule([block("192.168.0.0/16", x_b)])), out_of_a(rule([block(x_b)]))),
                    ("x/a > * : *",),
                ),
            ),
        ),
        Case(
            "directions are independent",
            (
                State((out_of_a(EVERYBODY),), ("x/a > * : *",)),
                State((out_of_a(EVERYBODY), into_a()), ("x/a > * : *", "x/a < :")),
            ),
        ),
    ]


def changes() -> list[Case]:
    """Return the tests of policies, namespaces and pods that change."""
    from_updated = (into_a(rule([peer(None, label("ns2", "updated"))])),)
    from_pod = (into_a(rule([peer({"matchLabels": {"pod": "b", "pod2": "updated"}})])),)
    updated = tuple(pod(f"y/{own}", namespace_labels={"ns2": "updated"}) for own in "abc")
    isolate = (policy("x", label("target", "isolated"), ingress=[]),)
    both = (policy("x", EVERYBODY, ingress=[], egress=[]),)
    return [
        Case(
            "allow all becomes deny all",
            (
                State((into_x(EVERYBODY),), tuple(every_x("< * : *"))),
                State((into_x(),), tuple(every_x("< :"))),
            ),
        ),
        Case(
            "a namespace gets the label",
            (State(from_updated, ("x/a < :",)), State(from_updated, ("x/a < y/* : *",), updated)),
        ),
        Case(
            "a client pod gets the label",
            (
                State(from_pod, ("x/a < :",)),
                State(from_pod, ("x/a < x/b : *",), (pod("x/b", labels={"pod2": "updated"}),)),
            ),
        ),
        Case(
            "a server pod gets the label",
            (State(isolate, ()), State(isolate, ("x/a < :",), (pod("x/a", labels={"target": "isolated"}),))),
        ),
        Case(
            "deleted policies end",
            (State(both, (*every_x("< :"), *every_x("> :"))), State((), ())),
        ),
    ]


def cases() -> list[Case]:
    """Return all of them: 19 + 16 + 8 + 5."""
    return [*selectors(), *ports(), *directions(), *changes()]
