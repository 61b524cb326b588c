"""Asserts are decided on the emitted bytes: exactly, over every cluster that could exist."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc import ir
from intentc.diagnostics import Diagnostic
from intentc.profile import Profile
from intentc.prove import prove
from tests.prove_material import (
    APP_B,
    BALANCED,
    CLUSTER,
    CROSSING,
    CROSSING_FILES,
    DNS_RULE,
    HEADER,
    NODES,
    PLAIN,
    PLAIN_FILES,
    POSTGRES,
    WEB,
    Rule,
    addresses,
    artifacts,
    codes,
    document,
    pods,
    ports,
    prove_crossing,
)
from tests.test_prove_meaning import ENDS, Labels, flows, ingress_policies, matches

INTERNET = ir.Addresses("internet", (ir.Block("0.0.0.0/0", ("10.0.0.0/8",)), ir.Block("2000::/3")))


def plain(verdict: str, source: ir.Endpoint, target: ir.Endpoint, *found: str) -> tuple[Diagnostic, ...]:
    """Return what one assert says of the plain files; their namespaces are all that exist."""
    assertion = ir.Assertion(
        "allow" if verdict == "allow" else "deny", ir.Flow(source, target, ports(*found))
    )
    policy = replace(PLAIN, assertions=(assertion,))
    return prove(artifacts(PLAIN_FILES), policy, Profile(), targets=("kubernetes",))[1]


@pytest.mark.parametrize(
    ("source", "target", "found", "fails"),
    [
        (WEB, POSTGRES, "5432", False),
        (pods("shop", "app=web", "tier=front"), pods("data", "app=postgres", "tier=main"), "5432", False),
        (
            WEB,
            pods("data", "app=postgres"),
            "5432",
            True,
        ),  # a replica is not isolated, but the web does not reach it
        (pods("shop"), POSTGRES, "5432", True),  # other pods of the shop may leave, but not enter
        (pods("shop", "app!=web"), pods("vault", "app=x"), "80", True),
        (pods("shop", "app!=web"), pods("data", "app!=postgres"), "80", False),  # nothing isolates either
        (WEB, POSTGRES, "5433", True),
        (WEB, POSTGRES, "9187/udp", False),
        (WEB, POSTGRES, "9187", True),
        (WEB, pods("team=metrics", "scrape"), "9090-9099", False),
        (WEB, pods("team=metrics", "scrape"), "metrics", False),
        (WEB, pods("team=metrics", "scrape"), "9090-9100", True),
        (WEB, pods("team=metrics"), "9090", True),
        (WEB, addresses("203.0.113.0/26"), "443", False),
        (WEB, addresses("203.0.113.0/25"), "443", True),
        (WEB, addresses("2001:db8:1:2::/64"), "443", False),
        (WEB, pods("kube-system", "k8s-app=kube-dns"), "53", False),
        (INTERNET, pods("shop", "app=web"), "80", False),  # nothing isolates it for ingress
        (INTERNET, pods("vault"), "80", True),
    ],
)
def test_allow_holds_when_all_of_it_is_admitted(
    source: ir.Endpoint, target: ir.Endpoint, found: str, fails: bool
) -> None:
    assert codes(plain("allow", source, target, found)) == ({"E906"} if fails else set())


@pytest.mark.parametrize(
    ("source", "target", "found", "fails"),
    [
        (WEB, POSTGRES, "5432", True),
        (pods("*"), pods("data"), "22", True),  # replicas are not isolated, nor are most sources
        (pods("*"), POSTGRES, "22", False),
        (pods("*"), POSTGRES, "5432", True),
        (pods("vault"), POSTGRES, "5432", False),
        (pods("billing"), POSTGRES, "9187/udp", False),
        (pods("*"), pods("vault"), "1-65535", False),
        (INTERNET, pods("vault"), "80", False),
        (INTERNET, POSTGRES, "5432", False),
        (WEB, pods("team=metrics", "scrape"), "80", True),  # the pod's name `metrics` may stand for 80
        (WEB, pods("team=metrics", "scrape"), "80/udp", False),
        (WEB, pods("team=metrics", "scrape"), "other", True),  # as may another of its names, for 9090
        (WEB, pods("team=metrics", "!scrape"), "80", False),
        (WEB, addresses("203.0.113.64/26"), "443", False),
        (WEB, addresses("203.0.113.0/24"), "443", True),
        (WEB, INTERNET, "80", False),
        (pods("billing"), pods("kube-system"), "54", False),
        (pods("billing"), pods("kube-system"), "53/udp", True),
    ],
)
def test_deny_holds_when_none_of_it_is_admitted(
    source: ir.Endpoint, target: ir.Endpoint, found: str, fails: bool
) -> None:
    assert codes(plain("deny", source, target, found)) == ({"E907"} if fails else set())


def test_a_failure_names_the_flow_and_the_rules() -> None:
    (diagnostic,) = plain("deny", pods("*"), POSTGRES, "5432")
    assert diagnostic.message == "`assert deny` fails: `billing -> data[app=postgres] TCP 5432` is admitted"
    assert diagnostic.help == (
        (
            "admitted by `spec.ingress[0].from[0]` of NetworkPolicy `data/postgres-ingress` in "
            "`kubernetes/data.yaml`"
        ),
        (
            "admitted by `spec.egress[0].to[0]` of NetworkPolicy `billing/billing-egress` in "
            "`kubernetes/billing.yaml`"
        ),
    )
    (diagnostic,) = plain("allow", pods("vault"), POSTGRES, "5432")
    assert diagnostic.message == (
        "`assert allow` fails: `vault -> data[app=postgres] TCP 5432` is refused on entering the pod"
    )


def test_namespaces_that_nobody_lists_may_exist() -> None:
    policy = ir.Policy(
        "c",
        (ir.Flow(pods("a"), addresses("203.0.113.0/24"), ports("443")),),
        (),
        (),
        (ir.Assertion("deny", ir.Flow(pods("*"), addresses("198.51.100.0/24"), ports("443"))),),
    )
    egress = document("a", "e", (), "Egress", [(addresses("203.0.113.0/24").blocks, ports("443")), DNS_RULE])
    files = artifacts({"kubernetes/a.yaml": HEADER + egress})
    _, (diagnostic,) = prove(files, policy, Profile(), targets=("kubernetes",))
    assert diagnostic.code == "E907"
    assert "`other -> 198.51.100.0 TCP 443` is admitted" in diagnostic.message
    known = replace(policy, namespaces=(ir.KnownNamespace("a", ()),))
    assert prove(files, known, Profile(), targets=("kubernetes",))[1] == ()


def test_a_range_that_may_hold_pods_admits_them() -> None:
    ingress = document("b", "i", (), "Ingress", [((ir.Block("10.8.0.0/16"),), ports("22"))])
    files = artifacts({"kubernetes/b.yaml": HEADER + ingress})
    policy = ir.Policy(
        "c",
        (ir.Flow(addresses("10.8.0.0/16"), pods("b"), ports("22")),),
        (),
        (),
        (ir.Assertion("deny", ir.Flow(pods("a"), pods("b"), ports("22"))),),
    )

    def verdict(*cidrs: str) -> set[str]:
        return codes(prove(files, policy, Profile(pod_cidrs=cidrs), targets=("kubernetes",))[1])

    assert verdict("10.8.4.0/24") == {"E907"}
    assert verdict("10.9.0.0/16") == set()
    assert verdict() == {"E907"}
    allowed = replace(policy, assertions=(ir.Assertion("allow", policy.assertions[0].flow),))
    assert codes(prove(files, allowed, Profile(pod_cidrs=("10.8.4.0/24",)), targets=("kubernetes",))[1]) == {
        "E906"
    }


NODE_PORT = ir.Path("nodeport", 30443)


@pytest.mark.parametrize(
    ("flow", "allow_fails", "deny_fails"),
    [
        (ir.Flow(pods("namespace-a"), APP_B, ports("8443"), NODE_PORT), False, True),
        (
            ir.Flow(pods("namespace-a"), APP_B, ports("8443")),
            True,
            True,
        ),  # the pods' way through the firewall is shut
        (ir.Flow(pods("namespace-a"), APP_B, ports("8443"), ir.Path("nodeport", 30444)), True, True),
        (ir.Flow(pods("namespace-a"), APP_B, ports("8444"), NODE_PORT), True, False),
        (ir.Flow(pods("namespace-a"), APP_B, ports("8443"), ir.Path("hostport", 30444)), True, True),
        (ir.Flow(pods("namespace-c"), APP_B, ports("8443"), NODE_PORT), True, True),  # by a node's address
        (ir.Flow(pods("namespace-c"), APP_B, ports("8443")), True, False),
        (ir.Flow(NODES, APP_B, ports("8443")), False, True),
        (ir.Flow(NODES, APP_B, ports("22")), True, False),
        (ir.Flow(BALANCED, APP_B, ports("8443"), ir.Path("loadbalancer", 443, local=True)), False, True),
        (ir.Flow(BALANCED, APP_B, ports("8443"), ir.Path("loadbalancer", 444, local=True)), True, True),
        (ir.Flow(INTERNET, APP_B, ports("22"), ir.Path("loadbalancer", 443, local=True)), True, False),
        (ir.Flow(BALANCED, NODES, ports("443")), False, True),
        (ir.Flow(BALANCED, NODES, ports("22")), True, False),
        (ir.Flow(INTERNET, NODES, ports("22")), True, False),
        (ir.Flow(pods("namespace-a"), pods("x"), ports("30443"), ir.Path("hostnetwork")), False, True),
        (ir.Flow(pods("namespace-a"), pods("x"), ports("9100"), ir.Path("hostnetwork")), True, False),
    ],
)
def test_asserts_look_at_every_way_of_a_connection(
    flow: ir.Flow, allow_fails: bool, deny_fails: bool
) -> None:
    for verdict, fails, code in (("allow", allow_fails, "E906"), ("deny", deny_fails, "E907")):
        assertion = ir.Assertion("allow" if verdict == "allow" else "deny", flow)
        policy = replace(CROSSING, assertions=(assertion,))
        _, diagnostics = prove(artifacts(CROSSING_FILES), policy, CLUSTER)
        assert codes(diagnostics) == ({code} if fails else set()), verdict


@pytest.mark.parametrize(
    ("verdict", "flow", "message", "advice"),
    [
        (
            "allow",
            ir.Flow(pods("namespace-a"), APP_B, ports("8443")),
            "`assert allow` fails: `100.64.0.0 -> nodes TCP 8443` is refused on entering a node",
            ("an intent that admits it is missing, or the claim is too wide",),
        ),
        (
            "allow",
            ir.Flow(pods("namespace-a"), APP_B, ports("30443"), ir.Path("hostnetwork")),
            "",
            (),
        ),
        (
            "deny",
            ir.Flow(BALANCED, NODES, ports("443")),
            "`assert deny` fails: `203.0.113.0 -> nodes TCP 443` is admitted",
            ("admitted by `google_compute_firewall.from_balanced` in `terraform/firewall.tf`",),
        ),
        (
            "deny",
            ir.Flow(BALANCED, APP_B, ports("8443"), ir.Path("loadbalancer", 443, local=True)),
            "`assert deny` fails: `203.0.113.0 -> namespace-b[app=your-app-b] TCP 8443` is admitted",
            (
                (
                    "admitted by `spec.ingress[0].from[1]` of NetworkPolicy `namespace-b/app-b-ingress` in "
                    "`kubernetes/namespace-b.yaml`"
                ),
            ),
        ),
    ],
)
def test_a_failure_on_the_way_between_nodes_names_its_place(
    verdict: str, flow: ir.Flow, message: str, advice: tuple[str, ...]
) -> None:
    assertion = ir.Assertion("allow" if verdict == "allow" else "deny", flow)
    _, diagnostics = prove(artifacts(CROSSING_FILES), replace(CROSSING, assertions=(assertion,)), CLUSTER)
    assert [(found.message, found.help) for found in diagnostics] == ([(message, advice)] if message else [])


def test_an_assert_about_no_way_fails() -> None:
    flow = ir.Flow(BALANCED, addresses("198.51.100.0/24"), ports("443"))
    for verdict in ("allow", "deny"):
        assertion = ir.Assertion("allow" if verdict == "allow" else "deny", flow)
        _, diagnostics = prove(artifacts(CROSSING_FILES), replace(CROSSING, assertions=(assertion,)), CLUSTER)
        assert codes(diagnostics) == {"E906"}
    assert prove_crossing(CROSSING_FILES)[1] == ()


def passes(
    policies: list[tuple[str, ir.Selector, list[tuple[ir.Pods, int]]]],
    pod: tuple[str, Labels],
    other: tuple[str, Labels],
    port: int,
) -> bool:
    mine = [rules for space, found, rules in policies if space == pod[0] and matches(found, pod[1])]
    return not mine or any(
        number == port and peer.namespace == other[0] and matches(peer.pods, other[1])
        for rules in mine
        for peer, number in rules
    )


@settings(max_examples=150, deadline=None)
@given(flows, flows, st.integers(0, 3))
def test_the_verdict_is_that_of_trying_every_connection(
    intents: list[tuple[ir.Pods, ir.Pods, int]], asked: list[tuple[ir.Pods, ir.Pods, int]], wide: int
) -> None:
    ingress = list(ingress_policies(intents))
    egress = list(ingress_policies((target, source, port) for source, target, port in intents))
    question = asked[0] if wide else intents[0]
    text = "".join(
        document(space, f"{direction.lower()}-{number}", found, direction, rules_of(rules, direction))
        for direction, policies in (("Ingress", ingress), ("Egress", egress))
        for number, (space, found, rules) in enumerate(policies)
    )
    connections = [
        passes(egress, source, target, question[2]) and passes(ingress, target, source, question[2])
        for source, target in product(ENDS, ENDS)
        if question[0].namespace == source[0]
        and matches(question[0].pods, source[1])
        and question[1].namespace == target[0]
        and matches(question[1].pods, target[1])
    ]
    flow = ir.Flow(question[0], question[1], ports(str(question[2])))
    policy = ir.Policy(
        "c",
        tuple(ir.Flow(source, target, ports(str(port))) for source, target, port in intents),
        (),
        (),
        (ir.Assertion("allow", flow), ir.Assertion("deny", flow)),
        tuple(ir.KnownNamespace(name, ()) for name in ("kube-system", "x", "y")),
    )
    _, diagnostics = prove(
        artifacts({"kubernetes/all.yaml": HEADER + text}), policy, Profile(), targets=("kubernetes",)
    )
    expected = {"E906"} if not all(connections) else set()
    expected |= {"E907"} if any(connections) else set()
    assert codes(diagnostics) - {"E905"} == expected


def rules_of(rules: list[tuple[ir.Pods, int]], direction: str) -> list[Rule]:
    found: list[Rule] = [((peer,), ports(str(port))) for peer, port in rules]
    return [*found, DNS_RULE] if direction == "Egress" else found


NODE_RANGE = addresses("192.168.64.0/19").blocks[0]


def test_a_deny_knows_the_door_from_the_port_behind_it() -> None:
    """The way by a node of another pod: its policy sees the nodePort, the target's the port of the pod."""
    flow = ir.Flow(pods("a"), pods("b"), ports("8443"), NODE_PORT)
    verdicts = {}
    for door, behind in (("30443", "8443"), ("8443", "8443"), ("30443", "30443"), ("30444", "8443")):
        text = document("a", "e", (), "Egress", [((NODE_RANGE,), ports(door)), DNS_RULE])
        text += document("b", "i", (), "Ingress", [((NODE_RANGE,), ports(behind))])
        policy = ir.Policy("c", (), (), (), (ir.Assertion("deny", flow),))
        files = artifacts({"kubernetes/all.yaml": HEADER + text})
        found = prove(files, policy, CLUSTER, targets=("kubernetes",))[1]
        verdicts[door, behind] = "E907" in codes(found)
    assert [ends for ends, is_admitted in verdicts.items() if is_admitted] == [("30443", "8443")]


def test_a_connection_needs_its_port_at_both_ends() -> None:
    flow = ir.Flow(pods("a"), pods("b"), ports("80-81"))
    for out_of, into, is_admitted in (("80", "81", False), ("80", "80", True), ("1-81", "81-99", True)):
        text = document("a", "e", (), "Egress", [((pods("b"),), ports(out_of)), DNS_RULE])
        text += document("b", "i", (), "Ingress", [((pods("a"),), ports(into))])
        policy = ir.Policy("c", (), (), (), (ir.Assertion("deny", flow),))
        files = artifacts({"kubernetes/all.yaml": HEADER + text})
        found = prove(files, policy, CLUSTER, targets=("kubernetes",))[1]
        assert ("E907" in codes(found)) == is_admitted
