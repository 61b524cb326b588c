"""Changes of a policy that the API server takes, and that must not be emitted."""

import datetime as dt

from tests.networkpolicy.cases import (
    ANNOTATIONS,
    BLOCK,
    EGRESS,
    EXPRESSIONS,
    FROM,
    GONE,
    LABELS,
    NAMESPACES,
    PODS,
    PORTS,
    Changes,
    Refused,
    peers,
    refused,
)

# By rule and name. A case is refused where its only change is, unless it says more.
REFUSED: dict[str, dict[str, Changes | Refused]] = {
    "NP-51": {
        "null": refused(
            {"": None},
            ("NP-51", ""),
            ("NP-53", "apiVersion"),
            ("NP-53", "kind"),
            ("NP-05", "metadata.name"),
            ("NP-54", "metadata.namespace"),
            ("NP-56", f"{LABELS}[app.kubernetes.io/managed-by]"),
            ("NP-60", "spec"),
        ),
        "null as spec": {"spec": None},
        "null as selected pods": {"spec.podSelector": None},
        "null as policy types": {"spec.policyTypes": None},
        "null as rules": {"spec.ingress": None},
        "null as rule": {"spec.ingress[0]": None},
        "null as peers": {FROM: None},
        "null as ports": {PORTS: None},
        "null as port entry": {f"{PORTS}[0]": None},
        "null as protocol": {f"{PORTS}[0].protocol": None},
        "null as port": {f"{PORTS}[0].port": None},
        "null as last port": {f"{PORTS}[1].endPort": None},
        "null as a peer's pods": {PODS: None},
        "null as matched labels": {f"{PODS}.matchLabels": None},
        "null as value of a label": {f"{LABELS}[tier]": None},
        "null as exceptions": {f"{BLOCK}.except": None},
        "null as values": {f"{EXPRESSIONS}[1].values": None},
        "null as annotations": {ANNOTATIONS: None},
    },
    "NP-52": {
        "a date as label": {f"{LABELS}[tier]": dt.date(2027, 3, 31)},
        "bytes as name": {"metadata.name": b"data"},
        "a whole number with a point": {f"{PORTS}[0].port": 5432.0},
        "a set as labels of pods": {f"{PODS}.matchLabels": {"app"}},
        "a number as key of a label": refused(
            {LABELS: {"app.kubernetes.io/managed-by": "intentc", 1: "x"}}, ("NP-52", f"{LABELS}[1]")
        ),
        "a boolean as key of a matched label": refused(
            {f"{PODS}.matchLabels": {True: "web"}}, ("NP-52", f"{PODS}.matchLabels[true]")
        ),
    },
    "NP-53": {
        "no kind": {"kind": GONE},
        "no API version": {"apiVersion": GONE},
        "an empty kind": {"kind": ""},
        "a slash for an API version": {"apiVersion": "/"},
    },
    "NP-54": {
        "no namespace": {"metadata.namespace": GONE},
        "an empty namespace": {"metadata.namespace": ""},
    },
    "NP-55": {
        "a resource version": {"metadata.resourceVersion": "1"},
        "a finalizer": {"metadata.finalizers": ["example.com/a"]},
        "a generated name": refused(
            {"metadata.name": GONE, "metadata.generateName": "data-"}, ("NP-55", "metadata.generateName")
        ),
    },
    "NP-56": {
        "nobody as manager": refused(
            {LABELS: {"tier": "a"}}, ("NP-56", f"{LABELS}[app.kubernetes.io/managed-by]")
        ),
        "Helm as manager": {f"{LABELS}[app.kubernetes.io/managed-by]": "Helm"},
        "no labels": refused({LABELS: GONE}, ("NP-56", f"{LABELS}[app.kubernetes.io/managed-by]")),
    },
    "NP-57": {
        "an instance label": {f"{LABELS}[app.kubernetes.io/instance]": "shop"},
        "an instance annotation": {f"{ANNOTATIONS}[app.kubernetes.io/instance]": "shop"},
        "Argo CD's label": {f"{LABELS}[argocd.argoproj.io/instance]": "shop"},
        "Argo CD's annotation": {f"{ANNOTATIONS}[argocd.argoproj.io/tracking-id]": "shop:a"},
        "a sync wave as label": {f"{LABELS}[argocd.argoproj.io/sync-wave]": "0"},
    },
    "NP-58": {
        "an annotation with a prefix in upper case": {f"{ANNOTATIONS}[Example.com/a]": "x"},
        "an annotation with the Kelvin sign": refused(
            {f"{ANNOTATIONS}[\u212a]": "x"}, ("NP-58", f"{ANNOTATIONS}[\\u212a]")
        ),
        "an annotation with a dotted capital": refused(
            {f"{ANNOTATIONS}[\u0130]": "x"}, ("NP-58", f"{ANNOTATIONS}[\\u0130]")
        ),
    },
    "NP-59": {
        "a wave with a point": {f"{ANNOTATIONS}[argocd.argoproj.io/sync-wave]": "1.5"},
        "a wave with a line end": {f"{ANNOTATIONS}[argocd.argoproj.io/sync-wave]": "1\n"},
        "an empty wave": {f"{ANNOTATIONS}[argocd.argoproj.io/sync-wave]": ""},
    },
    "NP-60": {
        "no spec": {"spec": GONE},
        "no selected pods": {"spec.podSelector": GONE},
    },
    "NP-61": {
        "no types in the list": {"spec.policyTypes": []},
        "no rules in the list": {"spec.ingress": []},
        "no peers in the list": {FROM: []},
        "no ports in the list": {PORTS: []},
        "no exceptions in the list": {f"{BLOCK}.except": []},
        "no expressions in the list": {EXPRESSIONS: []},
        "no values in the list": {f"{EXPRESSIONS}[1].values": []},
        "no labels in the map": refused(
            {LABELS: {}}, ("NP-61", LABELS), ("NP-56", f"{LABELS}[app.kubernetes.io/managed-by]")
        ),
        "no annotations in the map": {ANNOTATIONS: {}},
        "no matched labels in the map": {f"{PODS}.matchLabels": {}},
        "all pods of a namespace by an empty map": {PODS: {}},
        "all namespaces by an empty map": {NAMESPACES: {}},
        "no matched labels of the selected pods": refused(
            {"spec.podSelector": {"matchLabels": {}}}, ("NP-61", "spec.podSelector.matchLabels")
        ),
    },
    "NP-62": {"no policy types": {"spec.policyTypes": GONE}},
    "NP-63": {
        "a type twice": refused(
            {"spec.policyTypes": ["Ingress", "Ingress"]}, ("NP-63", "spec.policyTypes[1]")
        )
    },
    "NP-64": {
        "ingress in an egress policy": refused({"spec.policyTypes": ["Egress"]}, ("NP-64", "spec.ingress")),
        "egress in an ingress policy": refused(
            {**EGRESS, "spec.policyTypes": ["Ingress"]}, ("NP-64", "spec.egress")
        ),
    },
    "NP-65": {
        "rules of one of two directions": {"spec.policyTypes": ["Ingress", "Egress"]},
        "rules of both directions": refused(
            {
                "spec.policyTypes": ["Egress", "Ingress"],
                "spec.egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
            },
            ("NP-65", "spec.policyTypes"),
        ),
    },
    "NP-66": {
        "no peers": {FROM: GONE},
        "an empty rule": refused({"spec.ingress[0]": {}}, ("NP-66", FROM)),
        "no peers of egress": refused({**EGRESS, "spec.egress": [{}]}, ("NP-66", "spec.egress[0].to")),
    },
    "NP-67": {
        "no protocol": {f"{PORTS}[0].protocol": GONE},
        "an empty port entry": refused({f"{PORTS}[0]": {}}, ("NP-67", f"{PORTS}[0].protocol")),
    },
    "NP-68": {"pods without namespaces": {NAMESPACES: GONE}},
    "NP-69": {
        "IPv6 in upper case": refused({BLOCK: {"cidr": "2001:DB8::/32"}}, ("NP-69", f"{BLOCK}.cidr")),
        "IPv6 not shortened": refused({BLOCK: {"cidr": "2001:db8:0:0::/32"}}, ("NP-69", f"{BLOCK}.cidr")),
        "a group with a zero before it": refused(
            {BLOCK: {"cidr": "2001:0db8::/32"}}, ("NP-69", f"{BLOCK}.cidr")
        ),
        "IPv6 with a part of IPv4": refused(
            {BLOCK: {"cidr": "64:ff9b::10.0.0.0/104"}}, ("NP-69", f"{BLOCK}.cidr")
        ),
    },
    "NP-70": {
        "an exception twice": refused(
            {f"{BLOCK}.except": ["10.1.0.0/16", "10.1.0.0/16"]}, ("NP-70", f"{BLOCK}.except[1]")
        ),
        "an exception inside another": refused(
            {f"{BLOCK}.except": ["10.1.2.0/24", "10.1.0.0/16"]}, ("NP-70", f"{BLOCK}.except[0]")
        ),
        "exceptions inside one, one after another": refused(
            {f"{BLOCK}.except": ["10.1.0.0/16", "10.1.2.0/24", "10.1.4.0/24"]},
            ("NP-70", f"{BLOCK}.except[1]"),
            ("NP-70", f"{BLOCK}.except[2]"),
        ),
    },
    "NP-71": {"two halves": {f"{BLOCK}.except": ["10.0.0.0/9", "10.128.0.0/9"]}},
    "NP-72": {
        "a peer twice": refused(
            {FROM: [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            ("NP-72", f"{FROM}[1]"),
        ),
        "a port twice": refused({f"{PORTS}[1]": {"port": 5432, "protocol": "TCP"}}, ("NP-72", f"{PORTS}[1]")),
        "a rule twice": refused(
            {"spec.ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}] * 3},
            ("NP-72", "spec.ingress[1]"),
            ("NP-72", "spec.ingress[2]"),
        ),
        "an expression twice": refused(
            {f"{EXPRESSIONS}[0]": {"operator": "Exists", "key": "example.com/backup"}},
            ("NP-72", f"{EXPRESSIONS}[1]"),
        ),
        "a value twice": refused(
            {f"{EXPRESSIONS}[0].values": ["db", "db"]}, ("NP-72", f"{EXPRESSIONS}[0].values[1]")
        ),
    },
    "NP-73": {"a policy over 256 KiB": refused({FROM: peers(3000)}, ("NP-73", ""))},
}
