"""The prover stops every fault that is planted in the bytes of NetworkPolicies, by either reader."""

from __future__ import annotations

import pytest

from tests.prove_material import (
    HEADER,
    PLAIN_FILES,
    Fault,
    codes,
    planted,
    prove_plain,
)

KUBE_DNS = '"k8s-app": "kube-dns"'
TO_DNS = '              "kubernetes.io/metadata.name": "kube-system"\n'
BOTH_SELECTORS = f"{TO_DNS}          podSelector:\n            matchLabels:\n              {KUBE_DNS}\n"
EITHER_SELECTOR = f"{TO_DNS}        - podSelector:\n            matchLabels:\n              {KUBE_DNS}\n"
EITHER_NAMED = (
    f"{TO_DNS}        - namespaceSelector:\n            matchExpressions:\n"
    '              - key: "kubernetes.io/metadata.name"\n                operator: "Exists"\n'
    f"          podSelector:\n            matchLabels:\n              {KUBE_DNS}\n"
)
DNS_UDP = '        - protocol: "UDP"\n          port: 53\n'
DNS_TCP = '        - protocol: "TCP"\n          port: 53\n'
REPLICA = (
    '            matchExpressions:\n              - key: "tier"\n                operator: "NotIn"\n'
    '                values:\n                  - "replica"\n'
)
SUBJECT_REPLICA = (
    '    matchExpressions:\n      - key: "tier"\n        operator: "NotIn"\n'
    '        values:\n          - "replica"\n'
)
EXCEPT = '            except:\n              - "203.0.113.64/26"\n'
PARTNER_6 = '        - ipBlock:\n            cidr: "2001:db8:1::/48"\n'
FROM_BILLING = (
    "    - from:\n        - namespaceSelector:\n            matchLabels:\n"
    '              "kubernetes.io/metadata.name": "billing"\n'
    '      ports:\n        - protocol: "TCP"\n          port: 5432\n'
)
MORE_FROM_SHOP = (
    "        - namespaceSelector:\n            matchLabels:\n"
    '              "kubernetes.io/metadata.name": "shop"\n'
)
ANY_PEER = '        - ipBlock:\n            cidr: "0.0.0.0/0"\n'
WEB_SUBJECT = '  podSelector:\n    matchLabels:\n      "app": "web"\n'
TYPES = '  policyTypes:\n    - "Egress"\n'


def shop(name: str, old: str, new: str, expected: str, *, by_meaning: bool = True) -> Fault:
    return Fault(name, "kubernetes/shop.yaml", old, new, expected, by_meaning)


def data(name: str, old: str, new: str, expected: str, *, by_meaning: bool = True) -> Fault:
    return Fault(name, "kubernetes/data.yaml", old, new, expected, by_meaning)


def billing(name: str, old: str, new: str, expected: str, *, by_meaning: bool = True) -> Fault:
    return Fault(name, "kubernetes/billing.yaml", old, new, expected, by_meaning)


def grafana(name: str, old: str, new: str, expected: str, *, by_meaning: bool = True) -> Fault:
    return Fault(name, "kubernetes/grafana.yaml", old, new, expected, by_meaning)


FAULTS = [
    data("a rule is dropped", FROM_BILLING, "", "E902"),
    data(
        "a rule is dropped from a list of ports",
        '        - protocol: "UDP"\n          port: 9187\n',
        "",
        "E902",
    ),
    data("a port is another", "port: 9187", "port: 9188", "E901 E902"),
    data("a protocol is another", '"UDP"', '"SCTP"', "E901 E902"),
    data("a port is added", "          port: 9187\n", "          port: 9187\n" + DNS_TCP, "E901"),
    data("a range begins where a port was", "port: 9187\n", "port: 9187\n          endPort: 9188\n", "E901"),
    data(
        "a peer loses its labels",
        '          podSelector:\n            matchLabels:\n              "app": "web"\n',
        "",
        "E901",
    ),
    data("a peer is another namespace", '"billing"', '"shopping"', "E901 E902"),
    data(
        "a peer is every namespace",
        '            matchLabels:\n              "kubernetes.io/metadata.name": "billing"\n',
        (
            '            matchExpressions:\n              - key: "kubernetes.io/metadata.name"\n'
            '                operator: "Exists"\n'
        ),
        "E901",
    ),
    data(
        "two products are merged into one",
        FROM_BILLING + "    - from:\n",
        (
            "    - from:\n        - namespaceSelector:\n            matchLabels:\n"
            '              "kubernetes.io/metadata.name": "billing"\n'
        ),
        "E901",
    ),
    data(
        "a peer is added",
        FROM_BILLING,
        FROM_BILLING.replace("      ports:", MORE_FROM_SHOP + "      ports:"),
        "E901",
    ),
    data(
        "everybody is added",
        FROM_BILLING,
        FROM_BILLING.replace("      ports:", ANY_PEER + "      ports:"),
        "E901",
    ),
    data("the subject is wider", SUBJECT_REPLICA, "", "E903"),
    data("the subject's operator is the opposite", '"NotIn"', '"In"', "E903"),
    data("the subject has another value", '"app": "postgres"', '"app": "postgresql"', "E903"),
    data("the subject has another key", '"app": "postgres"', '"application": "postgres"', "E903"),
    data(
        "the subject is every pod",
        '  podSelector:\n    matchLabels:\n      "app": "postgres"\n' + SUBJECT_REPLICA,
        "  podSelector: {}\n",
        "E903",
    ),
    data("the policy is in another namespace", '  namespace: "data"', '  namespace: "date"', "E903"),
    data(
        "the policy has another direction",
        'policyTypes:\n    - "Ingress"',
        'policyTypes:\n    - "Egress"',
        "E903 E904",
    ),
    data(
        "the policy has both directions",
        'policyTypes:\n    - "Ingress"',
        'policyTypes:\n    - "Ingress"\n    - "Egress"',
        "E903 E904",
    ),
    data(
        "all rules are lost",
        PLAIN_FILES["kubernetes/data.yaml"].partition("  ingress:\n")[2],
        "",
        "E902 E904",
    ),
    data(
        "rules and their key are lost",
        PLAIN_FILES["kubernetes/data.yaml"].partition('  policyTypes:\n    - "Ingress"\n')[2],
        "",
        "E902",
    ),
    data(
        "the rules are an empty list",
        "  ingress:\n" + PLAIN_FILES["kubernetes/data.yaml"].partition("  ingress:\n")[2],
        "  ingress: []\n",
        "E902 E904",
    ),
    data(
        "the ports are lost",
        '      ports:\n        - protocol: "TCP"\n          port: 5432\n    - from:',
        "    - from:",
        "E901 E904",
    ),
    data(
        "the ports are an empty list",
        '      ports:\n        - protocol: "TCP"\n          port: 5432\n    - from:',
        "      ports: []\n    - from:",
        "E901 E904",
    ),
    data(
        "the peers are lost",
        FROM_BILLING,
        '    - ports:\n        - protocol: "TCP"\n          port: 5432\n',
        "E901 E904",
    ),
    data(
        "the peers are an empty list",
        FROM_BILLING,
        '    - from: []\n      ports:\n        - protocol: "TCP"\n          port: 5432\n',
        "E901 E904",
    ),
    data(
        "a namespace selector is empty",
        (
            "namespaceSelector:\n            matchLabels:\n"
            '              "kubernetes.io/metadata.name": "billing"\n'
        ),
        "namespaceSelector: {}\n",
        "E901 E904",
    ),
    data(
        "a peer is empty",
        (
            "        - namespaceSelector:\n            matchLabels:\n"
            '              "kubernetes.io/metadata.name": "billing"\n'
        ),
        "        - {}\n",
        "E904",
    ),
    data(
        "the pod selector is lost",
        '  podSelector:\n    matchLabels:\n      "app": "postgres"\n' + SUBJECT_REPLICA,
        "",
        "E903 E904",
    ),
    data("a document is lost", PLAIN_FILES["kubernetes/data.yaml"].removeprefix(HEADER), "", "E903 E904"),
    data("the kind is another", 'kind: "NetworkPolicy"', 'kind: "NetworkPolicies"', "E904"),
    data("the version is another", '"networking.k8s.io/v1"', '"networking.k8s.io/v2"', "E904"),
    data("the namespace is lost", '  namespace: "data"\n', "", "E904"),
    data(
        "a field has a slip",
        (
            "    - from:\n        - namespaceSelector:\n            matchLabels:\n"
            '              "kubernetes.io/metadata.name": "billing"'
        ),
        (
            "    - form:\n        - namespaceSelector:\n            matchLabels:\n"
            '              "kubernetes.io/metadata.name": "billing"'
        ),
        "E904",
    ),
    data("a rule stands twice", FROM_BILLING, FROM_BILLING * 2, "E904", by_meaning=False),
    data("a policy type is lost", '  policyTypes:\n    - "Ingress"\n', "", "E904", by_meaning=False),
    data("a quote is lost", '"app": "web"', '"app": "web', "E904"),
    data("a text is not quoted", '"app": "web"', '"app": web', "E904", by_meaning=False),
    data("a text reads as truth", '"app": "web"', '"app": on', "E904"),
    data("a text reads as a number", '"app": "web"', '"app": 1e3', "E904"),
    data("a port number is a name", "port: 9187", 'port: "9187"', "E901 E902 E904 E905"),
    data("a port has a leading zero", "port: 9187", "port: 09187", "E904"),
    data("a port is none", "port: 9187", "port: 70000", "E904"),
    data(
        "a key stands twice",
        '              "app": "web"\n',
        '              "app": "web"\n              "app": "web"\n',
        "E904",
    ),
    data("a comment is in the file", "spec:\n", "# spec\nspec:\n", "E904", by_meaning=False),
    data("a line is indented otherwise", "          port: 9187", "           port: 9187", "E904"),
    data(
        "a line end is another", '  namespace: "data"\n', '  namespace: "data"\r\n', "E904", by_meaning=False
    ),
    data(
        "the last line has no end", "          port: 9187\n", "          port: 9187", "E904", by_meaning=False
    ),
    data(
        "a line separator is hidden",
        '"argocd.argoproj.io/sync-wave": "0"',
        '"argocd.argoproj.io/sync-wave": "0\u2028"',
        "E904",
    ),
    data("an anchor is set", 'name: "postgres-ingress"', 'name: &n "postgres-ingress"', "E904"),
    data("a tag is set", 'name: "postgres-ingress"', 'name: !!str "postgres-ingress"', "E904"),
    shop("DNS loses UDP", DNS_UDP, "", "E902"),
    shop("DNS loses TCP", DNS_TCP, "", "E902"),
    shop(
        "DNS has another port",
        'port: 53\n        - protocol: "UDP"',
        'port: 5353\n        - protocol: "UDP"',
        "E901 E902",
    ),
    shop("DNS selectors are alternatives", BOTH_SELECTORS, EITHER_SELECTOR, "E901 E904"),
    shop("DNS selectors are alternatives, spelled out", BOTH_SELECTORS, EITHER_NAMED, "E901"),
    shop("DNS is every pod of kube-system", BOTH_SELECTORS, TO_DNS, "E901"),
    shop("DNS has another label", '"k8s-app"', '"app"', "E901 E902"),
    shop("an exception is lost", EXCEPT, "", "E901"),
    shop("an exception is smaller", "203.0.113.64/26", "203.0.113.64/27", "E901"),
    shop("an exception is larger", "203.0.113.64/26", "203.0.113.0/25", "E902"),
    shop(
        "an exception is outside",
        '              - "203.0.113.64/26"',
        '              - "198.51.100.0/26"',
        "E901 E905",
    ),
    shop("a range is another", "203.0.113.0/24", "203.0.112.0/24", "E901 E902 E905"),
    shop("a range is wider", '"203.0.113.0/24"', '"203.0.112.0/23"', "E901"),
    shop("a range is narrower", "2001:db8:1::/48", "2001:db8:1::/49", "E902"),
    shop("a range has host bits", "2001:db8:1::/48", "2001:db8:1::1/48", "E904 E905"),
    shop("a range is spelled otherwise", "2001:db8:1::/48", "2001:0db8:1::/48", "E904 E905"),
    shop("a family is lost", PARTNER_6, "", "E902"),
    shop("a label of a peer is lost", REPLICA, "", "E901"),
    shop("a label of a peer is the opposite", '"NotIn"', '"In"', "E901 E902"),
    shop("a peer must only have the label", '"team": "metrics"', '"team": "metric"', "E901 E902"),
    shop("an operator is the opposite", '"Exists"', '"DoesNotExist"', "E901 E902"),
    shop(
        "namespaces are taken for pods",
        (
            "        - namespaceSelector:\n            matchLabels:\n"
            '              "team": "metrics"\n          podSelector:\n'
        ),
        (
            "        - namespaceSelector:\n            matchLabels:\n"
            '              "kubernetes.io/metadata.name": "grafana"\n          podSelector:\n'
        ),
        "E901 E902",
    ),
    shop("the subject is every pod", WEB_SUBJECT, "  podSelector: {}\n", "E903"),
    shop("the subject is fewer pods", WEB_SUBJECT, WEB_SUBJECT + '      "tier": "front"\n', "E903"),
    shop("policy types are of the other side", TYPES, '  policyTypes:\n    - "Ingress"\n', "E903 E904"),
    grafana("a range ends early", "endPort: 9099", "endPort: 9098", "E902"),
    grafana("a range ends late", "endPort: 9099", "endPort: 9100", "E901"),
    grafana("a range is lost", "          endPort: 9099\n", "", "E902"),
    grafana("a port name is another", '"metrics"', '"metric"', "E901 E902"),
    grafana("a port name is a number", '"metrics"', "9100", "E901 E902"),
    grafana(
        "a policy is renamed into another", '  name: "scrape-ingress"', '  name: "scrape-ingress-"', "E904"
    ),
    billing("a policy moves on top of another", 'namespace: "billing"', 'namespace: "shop"', "E903"),
    billing(
        "namespace and direction are swapped",
        '"kubernetes.io/metadata.name": "data"',
        '"kubernetes.io/metadata.name": "billing"',
        "E901 E902",
    ),
]


def test_there_are_enough_faults_each_with_its_own_name() -> None:
    names = [(fault.path, fault.name) for fault in FAULTS]
    assert len(set(names)) == len(names) >= 80


def test_files_without_a_fault_are_proved_by_both_readers() -> None:
    for own_shape in (True, False):
        proof, diagnostics = prove_plain(PLAIN_FILES, own_shape=own_shape)
        assert diagnostics == ()
        assert (proof.flows, proof.documents, proof.firewall_rules) == (6, 5, 0)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_in_policies_is_stopped(fault: Fault) -> None:
    files = planted(PLAIN_FILES, fault)
    _, diagnostics = prove_plain(files)
    assert codes(diagnostics)
    assert codes(diagnostics) <= {*fault.expected.split(), "E904", "E905"}
    _, diagnostics = prove_plain(files, own_shape=False)
    assert bool(codes(diagnostics) & set(fault.expected.split())) == fault.by_meaning, diagnostics


@pytest.mark.parametrize("path", [path for path in PLAIN_FILES if path != "kubernetes/vault.yaml"])
def test_a_lost_file_is_stopped(path: str) -> None:
    _, diagnostics = prove_plain({name: text for name, text in PLAIN_FILES.items() if name != path})
    assert codes(diagnostics) == {"E903"}


def test_a_lost_isolation_without_rules_is_stopped() -> None:
    files = {name: text for name, text in PLAIN_FILES.items() if name != "kubernetes/vault.yaml"}
    _, (diagnostic,) = prove_plain(files)
    assert diagnostic.code == "E903"
    assert diagnostic.message == "pods like `vault` are not isolated for ingress: everything is admitted"


def test_policies_of_one_name_replace_each_other() -> None:
    text = PLAIN_FILES["kubernetes/shop.yaml"].replace('name: "web-egress"', 'name: "billing-egress"')
    text += PLAIN_FILES["kubernetes/billing.yaml"].removeprefix(HEADER)
    assert codes(prove_plain({**PLAIN_FILES, "kubernetes/shop.yaml": text})[1]) == {"E904"}
