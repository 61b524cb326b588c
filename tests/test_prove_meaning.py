"""What means the same is proved however it is written: the verdict is that of trying every small cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc import ir
from intentc.profile import Dns, Profile
from intentc.prove import prove
from tests.prove_material import (
    CROSSING_FILES,
    DNS_RULE,
    HEADER,
    PLAIN_FILES,
    POSTGRES,
    WEB,
    Files,
    Rule,
    artifacts,
    codes,
    document,
    firewall_rule,
    pods,
    ports,
    prove_crossing,
    prove_plain,
    requirement,
)

DATA = PLAIN_FILES["kubernetes/data.yaml"]
SHOP = PLAIN_FILES["kubernetes/shop.yaml"]


def data(*rules: Rule, found: ir.Selector = POSTGRES.pods, name: str = "postgres-ingress") -> str:
    return document("data", name, found, "Ingress", rules)


BILLING_RULE: Rule = ((pods("billing"),), ports("5432"))
WEB_RULE: Rule = ((WEB,), ports("5432", "9187/udp"))
POSTGRES_PLAIN = """
kind: NetworkPolicy
apiVersion: networking.k8s.io/v1
metadata: {namespace: data, name: p}
spec:
  podSelector:
    matchExpressions:
    - {key: app, operator: In, values: [postgres]}
    - {key: tier, operator: NotIn, values: ['replica']}
  ingress:   # the type follows from it
  - ports: [{port: 5432}]
    from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: billing}}
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "shop"}}
      podSelector: {matchExpressions: [{key: app, operator: Exists}], matchLabels: {app: web}}
  - from:
    - podSelector: {matchLabels: {app: web}}
      namespaceSelector:
        matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, shop]}]
    ports: [{protocol: UDP, port: 9187, endPort: 9187}]
"""

SAME = {
    "rules in another order": {"kubernetes/data.yaml": HEADER + data(WEB_RULE, BILLING_RULE)},
    "one rule as two": {
        "kubernetes/data.yaml": HEADER
        + data(((WEB,), ports("9187/udp")), BILLING_RULE, ((WEB,), ports("5432")))
    },
    "two rules as one where the product is the same": {
        "kubernetes/data.yaml": HEADER
        + data(((pods("billing"), WEB), ports("5432")), ((WEB,), ports("9187/udp")))
    },
    "one policy as two": {
        "kubernetes/data.yaml": HEADER + data(BILLING_RULE) + data(WEB_RULE, name="second")
    },
    "one file as two": {
        "kubernetes/data.yaml": HEADER + data(BILLING_RULE),
        "kubernetes/data-2.yaml": HEADER + data(WEB_RULE, name="second"),
    },
    "a rule that another one holds": {
        "kubernetes/data.yaml": HEADER
        + data(BILLING_RULE, WEB_RULE, ((pods("billing", "app=invoices"),), ports("5432")))
    },
    "a policy that another one holds": {
        "kubernetes/data.yaml": HEADER
        + data(BILLING_RULE, WEB_RULE)
        + data(BILLING_RULE, found=(*POSTGRES.pods, requirement("zone=a")), name="second")
    },
    "a subject in two halves": {
        "kubernetes/data.yaml": HEADER
        + data(BILLING_RULE, WEB_RULE, found=(*POSTGRES.pods, requirement("zone=a")), name="one")
        + data(BILLING_RULE, WEB_RULE, found=(*POSTGRES.pods, requirement("zone!=a")), name="two")
    },
    "a peer in two halves": {
        "kubernetes/data.yaml": HEADER
        + data(
            ((pods("billing", "tier"), pods("billing", "!tier")), ports("5432")),
            WEB_RULE,
        )
    },
    "a peer in three parts that overlap": {
        "kubernetes/data.yaml": HEADER
        + data(
            (
                (pods("billing", "tier!=a"), pods("billing", "tier!=b"), pods("billing", "tier=a|b|c")),
                ports("5432"),
            ),
            WEB_RULE,
        )
    },
    "an operator with one value": {
        "kubernetes/data.yaml": DATA.replace(
            '            matchLabels:\n              "kubernetes.io/metadata.name": "billing"\n',
            '            matchExpressions:\n              - key: "kubernetes.io/metadata.name"\n'
            '                operator: "In"\n                values:\n                  - "billing"\n',
        )
    },
    "a peer that nobody can be": {
        "kubernetes/data.yaml": HEADER
        + data(((pods("billing"), pods("shop", "app=web", "app!=web")), ports("5432")), WEB_RULE)
    },
    "a range in two halves": {
        "kubernetes/shop.yaml": SHOP.replace(
            '"2001:db8:1::/48"\n',
            '"2001:db8:1::/49"\n        - ipBlock:\n            cidr: "2001:db8:1:8000::/49"\n',
        )
    },
    "an exception as what is left": {
        "kubernetes/shop.yaml": SHOP.replace(
            '"203.0.113.0/24"\n            except:\n              - "203.0.113.64/26"\n',
            '"203.0.113.0/26"\n        - ipBlock:\n            cidr: "203.0.113.128/25"\n',
        )
    },
    "a range of ports in two halves": {
        "kubernetes/shop.yaml": SHOP.replace(
            "          port: 9090\n          endPort: 9099\n",
            '          port: 9090\n          endPort: 9094\n        - protocol: "TCP"\n          port: 9095\n'
            "          endPort: 9099\n",
        )
    },
}
ONLY_BY_MEANING: dict[str, Files] = {
    "another writer": {"kubernetes/data.yaml": POSTGRES_PLAIN},
    "comments and an empty document": {"kubernetes/data.yaml": f"# mine\n---\n{DATA}---\n# end\n"},
    "windows line ends": {"kubernetes/data.yaml": DATA.replace("\n", "\r\n")},
    "the same rule twice": {"kubernetes/data.yaml": HEADER + data(BILLING_RULE, WEB_RULE, WEB_RULE)},
    "a port name at a range": {
        "kubernetes/shop.yaml": SHOP.replace(
            '      ports:\n        - protocol: "TCP"\n          port: 443\n',
            (
                '      ports:\n        - protocol: "TCP"\n          port: 443\n'
                '        - protocol: "TCP"\n          port: "https"\n'
            ),
        )
    },
    "both directions in one policy": {
        "kubernetes/vault.yaml": PLAIN_FILES["kubernetes/vault.yaml"]
        + document("shop", "more", WEB.pods, "Egress", [DNS_RULE])
    },
    "rules of a side that the policy does not isolate": {
        "kubernetes/vault.yaml": PLAIN_FILES["kubernetes/vault.yaml"]
        + '  egress:\n    - ports:\n        - protocol: "TCP"\n          port: 443\n'
    },
}


@pytest.mark.parametrize("name", SAME)
def test_what_means_the_same_in_our_shape_is_proved(name: str) -> None:
    files = {**PLAIN_FILES, **SAME[name]}
    assert files != PLAIN_FILES
    for own_shape in (True, False):
        _, diagnostics = prove_plain(files, own_shape=own_shape)
        assert [diagnostic for diagnostic in diagnostics if diagnostic.code != "E905"] == []


@pytest.mark.parametrize("name", ONLY_BY_MEANING)
def test_what_means_the_same_in_another_shape_is_proved_by_meaning(name: str) -> None:
    files = {**PLAIN_FILES, **ONLY_BY_MEANING[name]}
    assert prove_plain(files, own_shape=False)[1] == ()


EVERYBODY: tuple[ir.Endpoint, ...] = (
    pods("*"),
    ir.Addresses("cidr", (ir.Block("0.0.0.0/0"), ir.Block("::/0"))),
)


@pytest.mark.parametrize("left_out", [None, 0, 1])
def test_a_rule_without_peers_is_for_every_pod_and_every_address(left_out: int | None) -> None:
    targets = [end for number, end in enumerate(EVERYBODY) if number != left_out]
    policy = ir.Policy("c", tuple(ir.Flow(end, pods("b"), ports("80")) for end in targets), (), (), (), ())
    text = document("b", "i", (), "Ingress", [((pods("*"),), ports("80"))])
    start = text.index("    - from:")
    text = text[:start] + '    - ports:\n        - protocol: "TCP"\n          port: 80\n'
    files = artifacts({"kubernetes/b.yaml": text})
    _, diagnostics = prove(files, policy, Profile(), targets=("kubernetes",), own_shape=False)
    assert codes(diagnostics) == ({"E901"} if left_out is not None else set())


def test_firewall_rules_that_mean_the_same_are_proved() -> None:
    text = CROSSING_FILES["terraform/firewall.tf"]
    halves = firewall_rule("a", "INGRESS", "100.64.0.0/15", tcp='"53", "30443"', udp='"53"')
    halves += firewall_rule("b", "INGRESS", "100.66.0.0/15", tcp='"53"', udp='"53"')
    halves += firewall_rule("c", "INGRESS", "100.66.0.0/15", tcp='"30443-30443"')
    whole = text[text.index('\nresource "google_compute_firewall" "from_pods"') :]
    whole = whole[: whole.index('\nresource "google_compute_firewall" "to_nodes"')]
    files = {**CROSSING_FILES, "terraform/firewall.tf": text.replace(whole, halves)}
    assert prove_crossing(files)[1] == ()


def test_a_denying_rule_takes_from_those_it_outranks_only() -> None:
    text = CROSSING_FILES["terraform/firewall.tf"]
    wide = firewall_rule("more", "INGRESS", "198.51.100.0/24", tcp='"22-23"')
    deny = firewall_rule("less", "INGRESS", "198.51.100.0/24", tcp='"1-100"').replace("allow {", "deny {")

    def verdict(*rules: str) -> set[str]:
        files = {**CROSSING_FILES, "terraform/firewall.tf": text + "".join(rules)}
        return codes(prove_crossing(files, own_shape=False)[1])

    assert verdict(wide) == {"E901"}
    assert verdict(wide, deny) == set()
    assert verdict(wide, deny.replace("1000", "999")) == set()
    assert verdict(wide, deny.replace("1000", "1001")) == {"E901"}
    assert verdict(wide, deny.replace("1-100", "22")) == {"E901"}
    assert verdict(wide, deny.replace("/24", "/25")) == {"E901"}


def test_port_names_are_numbers_nobody_knows() -> None:
    policy = ir.Policy("c", (ir.Flow(pods("a"), pods("b"), ports("metrics", "80")),), (), (), (), None)

    def verdict(*found: str) -> set[str]:
        egress = document("a", "e", (), "Egress", [((pods("b"),), ports(*found)), DNS_RULE])
        ingress = document("b", "i", (), "Ingress", [((pods("a"),), ports(*found))])
        files = {"kubernetes/a.yaml": HEADER + egress + ingress}
        return codes(prove(artifacts(files), policy, Profile(), targets=("kubernetes",))[1])

    assert verdict("80", "metrics") == set()
    assert verdict("80") == {"E902"}
    assert verdict("metrics") == {"E902"}
    assert verdict("80", "metrics/udp") == {"E901", "E902"}
    assert verdict("80", "9090", "metrics") == {"E901"}
    assert verdict("1-65535", "metrics") == {"E901"}


def test_a_name_that_is_admitted_to_some_pods_only_is_found_behind_those_it_is_covered_for() -> None:
    """Where several policies together hold every number they hold every name, of the pods they select."""
    web, app = pods("b", "app=web"), pods("b", "app=db")
    flows = (
        ir.Flow(pods("*"), web, ports("1-30000")),
        ir.Flow(pods("a"), web, ports("30001-65535")),
        ir.Flow(pods("c"), app, ports("80")),
    )
    policy = ir.Policy("c", flows, (), (), (), (ir.KnownNamespace("a", ()), ir.KnownNamespace("b", ())))
    own = document(
        *("b", "web", web.pods, "Ingress"),
        [((pods("a"),), ports("30001-65535")), ((pods("*"),), ports("1-30000"))],
    ) + document("b", "app", app.pods, "Ingress", [((pods("c"),), ports("80"))])
    for selected, expected in ((web.pods, set()), (app.pods, {"E901"}), ((), {"E901"})):
        more = document("b", "more", selected, "Ingress", [((pods("a"),), ports("metrics"))])
        files = artifacts({"kubernetes/b.yaml": HEADER + own + more})
        found = prove(files, policy, Profile(), targets=("kubernetes",))[1]
        assert codes(found) - {"E902", "E903"} == expected


def test_a_rule_without_peers_is_for_nodes_where_no_range_holds_them() -> None:
    by_identity = Profile(dataplane="cilium", clusterwide_policies=True)
    policy = ir.Policy("c", tuple(ir.Flow(end, pods("b"), ports("80")) for end in EVERYBODY), (), (), (), ())
    text = document("b", "i", (), "Ingress", [((pods("*"),), ports("80"))])
    text = text[: text.index("    - from:")] + '    - ports:\n        - protocol: "TCP"\n          port: 80\n'
    for profile, expected in ((Profile(), []), (by_identity, ["node -> b TCP 80"])):
        files = artifacts({"kubernetes/b.yaml": text})
        found = prove(files, policy, profile, targets=("kubernetes",), own_shape=False)[1]
        gained = [item.message for item in found if item.code == "E901"]
        assert [message.split("`")[1] for message in gained] == expected


def test_every_number_covers_every_name_also_in_pieces() -> None:
    policy = ir.Policy("c", (ir.Flow(pods("a"), pods("b"), ports("1-65535", "metrics")),), (), (), (), None)

    def verdict(*rules: Rule) -> set[str]:
        egress = document("a", "e", (), "Egress", [*rules, DNS_RULE])
        ingress = document("b", "i", (), "Ingress", [((pods("a"),), ports("1-65535"))])
        files = {"kubernetes/a.yaml": HEADER + egress + ingress}
        return codes(prove(artifacts(files), policy, Profile(), targets=("kubernetes",))[1])

    assert verdict(((pods("b"),), ports("1-30000", "30001-65535"))) == set()
    odd, even = pods("b", "odd"), pods("b", "!odd")
    assert (
        verdict(((odd,), ports("1-65535")), ((even, odd), ports("1-30000")), ((even,), ports("30001-65535")))
        == set()
    )
    assert verdict(
        ((odd,), ports("1-65535")), ((even,), ports("1-30000")), ((even,), ports("30002-65535"))
    ) == {"E902"}


# --- Every small cluster -----------------------------------------------------------------------------------

KEYS = ("a", "b")
STATES = (None, "1", "2", "3")  # 3 stands for all values that no selector names
SPACES = ("x", "y")
NUMBERS = (1, 2)
Labels = tuple[str | None, ...]
ENDS: list[tuple[str, Labels]] = list(product(SPACES, product(STATES, repeat=len(KEYS))))


def matches(found: ir.Selector, labels: Labels) -> bool:
    carried = dict(zip(KEYS, labels, strict=True))
    for item in found:
        value = carried[item.key]
        is_one = value in item.values
        if {"In": not is_one, "NotIn": is_one, "Exists": value is None, "DoesNotExist": value is not None}[
            item.operator
        ]:
            return False
    return True


def admitted(
    policies: Iterable[tuple[str, ir.Selector, list[tuple[ir.Pods, int]]]], pod: tuple[str, Labels]
) -> frozenset[object]:
    """Return what the pod's policies admit, or `everything`, by trying every peer and port there is."""
    mine = [rules for space, found, rules in policies if space == pod[0] and matches(found, pod[1])]
    if not mine:
        return frozenset({"everything"})
    return frozenset(
        (end, port)
        for rules in mine
        for peer, port in rules
        for end in ENDS
        if peer.namespace == end[0] and matches(peer.pods, end[1])
    )


requirements = st.builds(
    requirement,
    st.builds(
        str.format,
        st.sampled_from(["{0}=1", "{0}=2", "{0}=1|2", "{0}!=1", "{0}!=1|2", "{0}", "!{0}"]),
        st.sampled_from(KEYS),
    ),
)
selectors = st.builds(lambda found: tuple(sorted(set(found))), st.lists(requirements, max_size=2))
ends = st.builds(
    lambda space, found: ir.Pods(pods(space).namespaces, found), st.sampled_from(SPACES), selectors
)
flows = st.lists(st.tuples(ends, ends, st.sampled_from(NUMBERS)), min_size=1, max_size=4)
changes = st.sampled_from(["nothing", "drop", "port", "peer", "subject", "add", "split", "absorb"])


def ingress_policies(
    found: Iterable[tuple[ir.Pods, ir.Pods, int]],
) -> Iterator[tuple[str, ir.Selector, list[tuple[ir.Pods, int]]]]:
    for source, target, port in found:
        yield str(target.namespace), target.pods, [(source, port)]


@settings(max_examples=400, deadline=None)
@given(flows, flows, changes, st.data())
def test_the_verdict_is_that_of_trying_every_small_cluster(
    intents: list[tuple[ir.Pods, ir.Pods, int]],
    others: list[tuple[ir.Pods, ir.Pods, int]],
    change: str,
    choices: st.DataObject,
) -> None:
    emitted = list(intents)
    chosen = choices.draw(st.integers(0, len(intents) - 1))
    source, target, port = intents[chosen]
    other = others[0]
    if change == "drop":
        del emitted[chosen]
    elif change == "port":
        emitted[chosen] = source, target, other[2]
    elif change == "peer":
        emitted[chosen] = other[0], target, port
    elif change == "subject":
        emitted[chosen] = source, other[1], port
    elif change == "add":
        emitted += others
    elif change == "split":
        without, having = requirement("a=1"), requirement("a!=1")
        emitted[chosen] = ir.Pods(source.namespaces, (*source.pods, without)), target, port
        emitted.append((ir.Pods(source.namespaces, (*source.pods, having)), target, port))
    elif change == "absorb":
        emitted.append((ir.Pods(source.namespaces, (*source.pods, *other[0].pods)), target, port))

    policies = list(ingress_policies(emitted))
    expected = all(admitted(ingress_policies(intents), pod) == admitted(policies, pod) for pod in ENDS)

    flows_of = tuple(ir.Flow(source, target, ports(str(port))) for source, target, port in intents)
    text = "".join(
        document(
            space, f"i-{number}", found, "Ingress", [((peer,), ports(str(port))) for peer, port in rules]
        )
        for number, (space, found, rules) in enumerate(policies)
    ) + "".join(
        document(
            str(flow.source.namespace),
            f"e-{number}",
            flow.source.pods,
            "Egress",
            [((flow.target,), flow.ports), DNS_RULE],
        )
        for number, flow in enumerate(flows_of)
        if isinstance(flow.source, ir.Pods) and isinstance(flow.target, ir.Pods)
    )
    policy = ir.Policy("c", flows_of, (), ())
    files = {"kubernetes/all.yaml": HEADER + text}
    for own_shape in (True, False):
        _, diagnostics = prove(
            artifacts(files), policy, Profile(dns=Dns()), targets=("kubernetes",), own_shape=own_shape
        )
        found = codes(diagnostics) - {"E905"}
        assert (found == set()) == expected, diagnostics
        assert found <= {"E901", "E902", "E903"}
