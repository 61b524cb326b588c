"""Changes of a policy that the API server refuses."""

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
    POLICY,
    PORTS,
    Changes,
    Refused,
    refused,
)

# By rule and name. A case is refused where its only change is, unless it says more.
REFUSED: dict[str, dict[str, Changes | Refused]] = {
    "NP-01": {
        "another kind": {"kind": "Ingress"},
        "a list of policies": {"kind": "NetworkPolicyList"},
        "kind in lower case": {"kind": "networkpolicy"},
        "a removed version": {"apiVersion": "extensions/v1beta1"},
        "another document": refused(
            {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 0}]}},
            ("NP-01", "apiVersion"),
            ("NP-01", "kind"),
        ),
    },
    "NP-02": {
        "a status": {"status": {}},
        "a field in upper case": {"spec.Egress": []},
        "a label beside the labels": {"metadata.app": "web"},
        "to in ingress": {"spec.ingress[0].to": []},
        "selector misspelt": {f"{PODS}.matchlabels": {"app": "web"}},
        "operation for operator": {f"{EXPRESSIONS}[0].operation": "In"},
        "a field of ports": {f"{PORTS}[0].targetPort": 80},
        "a field of a block": {f"{BLOCK}.excepts": []},
        "a field of a peer": {f"{FROM}[0].serviceSelector": {}},
    },
    "NP-03": {
        "a list of documents": {"": [POLICY]},
        "a string as spec": {"spec": "allow"},
        "a list as labels": refused(
            {LABELS: []}, ("NP-03", LABELS), ("NP-56", f"{LABELS}[app.kubernetes.io/managed-by]")
        ),
        "a number as name": {"metadata.name": 80},
        "a number as label": {f"{LABELS}[tier]": 1},
        "a boolean as annotation": {f"{ANNOTATIONS}[intentc.io/owner]": True},
        "a number as API version": {"apiVersion": 1},
        "a string as policy types": {"spec.policyTypes": "Ingress"},
        "a mapping as rules": {"spec.ingress": {"from": []}},
        "a string as selector": {"spec.podSelector": "app=web"},
        "a number as value": {f"{EXPRESSIONS}[0].values[0]": 1.5},
        "a number as operator": {f"{EXPRESSIONS}[0].operator": 1},
        "a number as key": {f"{EXPRESSIONS}[0].key": 1},
        "a string as values": {f"{EXPRESSIONS}[0].values": "db"},
        "a string as rule": {"spec.ingress[0]": "shop"},
        "a string as peer": {f"{FROM}[0]": "shop"},
        "a string as block": {f"{FROM}[1].ipBlock": "10.0.0.0/8"},
        "a number as CIDR": {f"{BLOCK}.cidr": 10},
        "a number as exception": {f"{BLOCK}.except[0]": 10},
        "a string as exceptions": {f"{BLOCK}.except": "10.1.0.0/16"},
        "a number as port entry": {f"{PORTS}[0]": 80},
        "a boolean as port": {f"{PORTS}[0].port": True},
        "a fraction as port": {f"{PORTS}[0].port": 80.5},
        "a list as port": {f"{PORTS}[0].port": [80]},
        "a string as last port": {f"{PORTS}[1].endPort": "9100"},
        "a number as protocol": {f"{PORTS}[0].protocol": 6},
    },
    "NP-05": {
        "no name": {"metadata.name": GONE},
        "an empty name": {"metadata.name": ""},
        "no metadata": refused(
            {"metadata": GONE},
            ("NP-05", "metadata.name"),
            ("NP-54", "metadata.namespace"),
            ("NP-56", f"{LABELS}[app.kubernetes.io/managed-by]"),
        ),
    },
    "NP-06": {
        "a name in upper case": {"metadata.name": "Data"},
        "a name with an underscore": {"metadata.name": "a_b"},
        "a name that ends in a dash": {"metadata.name": "a-"},
        "a name with an empty part": {"metadata.name": "a..b"},
        "a name with a line end": {"metadata.name": "data\n"},
        "a name of 254": {"metadata.name": "a" * 254},
        "a name in other digits": {"metadata.name": "a٣"},
    },
    "NP-07": {
        "a namespace with a dot": {"metadata.namespace": "a.b"},
        "a namespace of 64": {"metadata.namespace": "a" * 64},
        "a namespace with a line end": {"metadata.namespace": "data\n"},
        "a namespace that starts with a dash": {"metadata.namespace": "-a"},
    },
    "NP-08": {
        "an empty key": {f"{LABELS}[]": "x"},
        "a key with a space": {f"{LABELS}[a b]": "x"},
        "a key of 64": {f"{LABELS}[{'k' * 64}]": "x"},
        "a key with two slashes": {f"{LABELS}[a/b/c]": "x"},
        "a key with an empty prefix": {f"{LABELS}[/a]": "x"},
        "a key with an empty name": {f"{LABELS}[example.com/]": "x"},
        "a key with a prefix in upper case": {f"{LABELS}[Example.com/a]": "x"},
    },
    "NP-09": {
        "a label of 64": {f"{LABELS}[tier]": "v" * 64},
        "a label with a space": {f"{LABELS}[tier]": "a b"},
        "a label that ends in a dot": {f"{LABELS}[tier]": "a."},
        "a label with a line end": {f"{LABELS}[tier]": "a\n"},
    },
    "NP-10": {
        "an annotation with a space": {f"{ANNOTATIONS}[a b]": "x"},
        "an annotation with a prefix of 254": {f"{ANNOTATIONS}[{'p' * 254}/a]": "x"},
    },
    "NP-11": {
        "annotations of 256 KiB and a byte": refused(
            {ANNOTATIONS: {"a": "é" * (128 * 1024)}}, ("NP-11", ANNOTATIONS)
        ),
    },
    "NP-12": {
        "no key": {f"{EXPRESSIONS}[1].key": GONE},
        "a key of an expression with a space": {f"{EXPRESSIONS}[1].key": "a b"},
        "a matched key of 64": {f"{PODS}.matchLabels[{'k' * 64}]": "x"},
        "a matched key with a prefix of 254": {f"{NAMESPACES}.matchLabels[{'p' * 254}/a]": "x"},
    },
    "NP-13": {
        "a matched value of 64": {f"{PODS}.matchLabels[app]": "v" * 64},
        "a matched value with a slash": {f"{NAMESPACES}.matchLabels[a]": "a/b"},
        "a listed value with a space": {f"{EXPRESSIONS}[0].values[1]": "a b"},
    },
    "NP-14": {
        "no operator": {f"{EXPRESSIONS}[1].operator": GONE},
        "an operator of node affinity": {f"{EXPRESSIONS}[0].operator": "Gt"},
        "an operator in lower case": {f"{EXPRESSIONS}[0].operator": "in"},
    },
    "NP-15": {
        "In without values": refused(
            {f"{EXPRESSIONS}[1].operator": "In"}, ("NP-15", f"{EXPRESSIONS}[1].values")
        ),
        "NotIn an empty list": {f"{EXPRESSIONS}[0].values": []},
    },
    "NP-16": {
        "Exists with values": {f"{EXPRESSIONS}[1].values": ["a"]},
        "DoesNotExist with values": refused(
            {f"{EXPRESSIONS}[0].operator": "DoesNotExist"}, ("NP-16", f"{EXPRESSIONS}[0].values")
        ),
    },
    "NP-17": {
        "another protocol": {f"{PORTS}[0].protocol": "ICMP"},
        "a protocol in lower case": {f"{PORTS}[0].protocol": "tcp"},
        "an empty protocol": {f"{PORTS}[0].protocol": ""},
    },
    "NP-18": {
        "port zero": {f"{PORTS}[0].port": 0},
        "a negative port": {f"{PORTS}[0].port": -1},
        "port 65536": {f"{PORTS}[0].port": 65536},
        "a port of 33 bits": {f"{PORTS}[0].port": 2**32 + 80},
        "a port of 5,000 digits": {f"{PORTS}[0].port": 10**5000},
    },
    "NP-19": {
        "a number as text": {f"{PORTS}[2].port": "8080"},
        "an empty port name": {f"{PORTS}[2].port": ""},
        "a port name of 16": {f"{PORTS}[2].port": "a" * 16},
        "a port name in upper case": {f"{PORTS}[2].port": "HTTP"},
        "a port name with two dashes": {f"{PORTS}[2].port": "a--b"},
        "a port name that starts with a dash": {f"{PORTS}[2].port": "-a"},
        "a port name that ends in a dash": {f"{PORTS}[2].port": "a-"},
        "a port name with an underscore": {f"{PORTS}[2].port": "a_b"},
        "a port name with a line end": {f"{PORTS}[2].port": "http\n"},
    },
    "NP-20": {
        "last port 65536": {f"{PORTS}[1].endPort": 65536},
        "last port zero": refused(
            {f"{PORTS}[1].endPort": 0}, ("NP-20", f"{PORTS}[1].endPort"), ("NP-21", f"{PORTS}[1].endPort")
        ),
    },
    "NP-21": {"a last port below the first": {f"{PORTS}[1].endPort": 8999}},
    "NP-22": {
        "a last port alone": refused({f"{PORTS}[1].port": GONE}, ("NP-22", f"{PORTS}[1].endPort")),
        "a last port after a name": {f"{PORTS}[2].endPort": 9100},
    },
    "NP-23": {
        "an empty peer": {f"{FROM}[0]": {}},
        "an empty peer of egress": refused(
            {**EGRESS, "spec.egress[0].to[0]": {}}, ("NP-23", "spec.egress[0].to[0]")
        ),
        "a peer of nulls": refused(
            {f"{FROM}[0]": {"podSelector": None, "namespaceSelector": None, "ipBlock": None}},
            ("NP-23", f"{FROM}[0]"),
            ("NP-51", PODS),
            ("NP-51", NAMESPACES),
            ("NP-51", f"{FROM}[0].ipBlock"),
        ),
    },
    "NP-24": {
        "a block beside pods": refused(
            {f"{FROM}[1].podSelector": {"matchLabels": {"app": "web"}}}, ("NP-24", f"{FROM}[1]")
        ),
        "a block beside namespaces": refused(
            {f"{FROM}[1].namespaceSelector": {"matchLabels": {"team": "a"}}}, ("NP-24", f"{FROM}[1]")
        ),
    },
    "NP-25": {
        "an empty CIDR": {f"{BLOCK}.cidr": ""},
        "an empty block": refused({BLOCK: {}}, ("NP-25", f"{BLOCK}.cidr")),
    },
    "NP-26": {
        "an address alone": {f"{BLOCK}.cidr": "10.0.0.0"},
        "an IPv4 length of 33": {f"{BLOCK}.cidr": "10.0.0.0/33"},
        "an IPv6 length of 129": {f"{BLOCK}.cidr": "2001:db8::/129"},
        "a mask": {f"{BLOCK}.cidr": "10.0.0.0/255.0.0.0"},
        "a host mask": {f"{BLOCK}.cidr": "10.0.0.0/0.255.255.255"},
        "a sign": {f"{BLOCK}.cidr": "10.0.0.0/+8"},
        "three octets": {f"{BLOCK}.cidr": "10.0.0/8"},
        "octet 256": {f"{BLOCK}.cidr": "10.0.0.256/32"},
        "a space": {f"{BLOCK}.cidr": "10.0.0.0/8 "},
        "a line end": {f"{BLOCK}.cidr": "10.0.0.0/8\n"},
        "other digits": {f"{BLOCK}.cidr": "10.0.0.0/٨"},
        "a zone": {f"{BLOCK}.cidr": "fe80::1%eth0/128"},
        "two gaps": {f"{BLOCK}.cidr": "2001::db8::/32"},
        "a name": {f"{BLOCK}.cidr": "internet"},
        "an empty exception": {f"{BLOCK}.except[0]": ""},
        "an exception that is an address": {f"{BLOCK}.except[1]": "10.2.0.0"},
    },
    "NP-27": {
        "an octet with a zero before it": {f"{BLOCK}.cidr": "010.0.0.0/8"},
        "a last octet with a zero before it": {f"{BLOCK}.except[0]": "10.1.0.00/16"},
        "a length with a zero before it": {f"{BLOCK}.cidr": "10.0.0.0/08"},
        "an IPv6 length with a zero before it": refused(
            {**EGRESS, "spec.egress[0].to[0].ipBlock.cidr": "2001:db8::/032"},
            ("NP-27", "spec.egress[0].to[0].ipBlock.cidr"),
        ),
    },
    "NP-28": {
        "IPv4 inside IPv6": refused({BLOCK: {"cidr": "::ffff:10.0.0.0/104"}}, ("NP-28", f"{BLOCK}.cidr")),
        "IPv4 inside IPv6 in hexadecimal": {f"{BLOCK}.cidr": "::ffff:a00:0/104"},
    },
    "NP-29": {
        "host bits": {f"{BLOCK}.cidr": "10.0.0.1/8"},
        "host bits of an exception": {f"{BLOCK}.except[0]": "10.1.0.1/16"},
        "IPv6 host bits": refused(
            {**EGRESS, "spec.egress[0].to[0].ipBlock.cidr": "2001:db8::1/32"},
            ("NP-29", "spec.egress[0].to[0].ipBlock.cidr"),
        ),
    },
    "NP-30": {
        "an exception that is all": {f"{BLOCK}.except[0]": "10.0.0.0/8"},
        "an exception that is wider": {f"{BLOCK}.except[0]": "10.0.0.0/7"},
        "an exception outside": {f"{BLOCK}.except[0]": "11.0.0.0/16"},
        "an exception of the other family": {f"{BLOCK}.except[0]": "2001:db8::/32"},
        "an exception of the other family, of all": refused(
            {f"{FROM}[1].ipBlock": {"cidr": "::/0", "except": ["10.0.0.0/8"]}},
            ("NP-30", f"{BLOCK}.except[0]"),
        ),
    },
    "NP-31": {
        "a type in lower case": {"spec.policyTypes[0]": "ingress"},
        "an empty type": {"spec.policyTypes[0]": ""},
    },
    "NP-32": {"three types": {"spec.policyTypes": ["Ingress", "Egress", "Ingress"]}},
}
