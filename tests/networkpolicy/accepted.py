"""Changes of a policy that come close to what is refused, and are taken."""

from tests.networkpolicy.cases import (
    ANNOTATIONS,
    BLOCK,
    DENY,
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
    peers,
    port,
)

# By rule and name.
ACCEPTED: dict[str, dict[str, Changes]] = {
    "NP-01": {"the policy as it is": {}},
    "NP-02": {"every field of egress": EGRESS, "no rules at all": DENY},
    "NP-03": {"a number and a name as ports": {PORTS: [port(80), port("80s")]}},
    "NP-05": {"a name of one character": {"metadata.name": "a"}},
    "NP-06": {
        "a name of 253": {"metadata.name": "a" * 253},
        "a name with dots": {"metadata.name": "a.b-c.d--e"},
        "a name of digits": {"metadata.name": "08"},
    },
    "NP-07": {
        "a namespace of 63": {"metadata.namespace": "n" * 63},
        "a namespace like a number": {"metadata.namespace": "1e3"},
    },
    "NP-08": {
        "a key of 63 with a prefix of 253": {f"{LABELS}[{'p' * 253}/{'k' * 63}]": "x"},
        "a key of every character": {f"{LABELS}[A.b_c-D9]": "x"},
    },
    "NP-09": {
        "a label of 63": {f"{LABELS}[tier]": "v" * 63},
        "a label of every character": {f"{LABELS}[tier]": "A.b_c-D9"},
        "an empty label": {f"{LABELS}[tier]": ""},
    },
    "NP-10": {"an annotation of 63 with a prefix of 253": {f"{ANNOTATIONS}[{'p' * 253}/{'k' * 63}]": "x"}},
    "NP-11": {"annotations of 120 KiB": {f"{ANNOTATIONS}[a]": "x" * (120 * 1024)}},
    "NP-12": {
        "a matched key of 63": {f"{PODS}.matchLabels[{'k' * 63}]": "x"},
        "a key of an expression with a prefix": {f"{EXPRESSIONS}[1].key": "example.com/A_b"},
    },
    "NP-13": {
        "a matched value of 63": {f"{PODS}.matchLabels[app]": "v" * 63},
        "an empty matched value": {f"{PODS}.matchLabels[app]": ""},
        "an empty listed value": {f"{EXPRESSIONS}[0].values[1]": ""},
    },
    "NP-14": {
        "every operator": {
            EXPRESSIONS: [
                {"key": "a", "operator": "In", "values": ["x"]},
                {"key": "a", "operator": "NotIn", "values": ["x"]},
                {"key": "a", "operator": "Exists"},
                {"key": "a", "operator": "DoesNotExist"},
            ]
        }
    },
    "NP-15": {
        "NotIn with one value": {f"{EXPRESSIONS}[0]": {"key": "a", "operator": "NotIn", "values": ["x"]}}
    },
    "NP-16": {"DoesNotExist without values": {f"{EXPRESSIONS}[1].operator": "DoesNotExist"}},
    "NP-17": {"every protocol": {PORTS: [port(80), port(80, "UDP"), port(80, "SCTP")]}},
    "NP-18": {"port 1": {f"{PORTS}[0].port": 1}, "port 65535": {f"{PORTS}[0].port": 65535}},
    "NP-19": {
        "a port name of 15": {f"{PORTS}[2].port": "a" * 15},
        "a port name with one letter": {f"{PORTS}[2].port": "8-0-8-0-p"},
    },
    "NP-20": {"last port 65535": {f"{PORTS}[1].endPort": 65535}},
    "NP-21": {"a last port that is the first": {f"{PORTS}[1].endPort": 9000}},
    "NP-22": {"no last port": {f"{PORTS}[1].endPort": GONE}},
    "NP-23": {"a peer of all pods of a namespace": {PODS: GONE}},
    "NP-24": {"a block alone": {FROM: [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}},
    "NP-25": {"a block without exceptions": {f"{BLOCK}.except": GONE}},
    "NP-26": {
        "every IPv4 address": {BLOCK: {"cidr": "0.0.0.0/0"}},
        "every IPv6 address": {BLOCK: {"cidr": "::/0"}},
        "one IPv4 address": {BLOCK: {"cidr": "255.255.255.255/32"}},
        "one IPv6 address": {BLOCK: {"cidr": "1:2:3:4:5:6:7:8/128"}},
    },
    "NP-27": {"octets that are zero": {BLOCK: {"cidr": "100.0.0.0/10", "except": ["100.0.10.0/24"]}}},
    "NP-28": {"the range of NAT64": {BLOCK: {"cidr": "64:ff9b::/96"}}},
    "NP-29": {"the last host bit": {BLOCK: {"cidr": "10.0.0.2/31"}}},
    "NP-30": {
        "an exception of half": {f"{BLOCK}.except": ["10.128.0.0/9"]},
        "an exception at the end": {f"{BLOCK}.except": ["10.255.255.255/32"]},
        "an IPv6 exception of half": {BLOCK: {"cidr": "::/0", "except": ["::/1"]}},
    },
    "NP-31": {"egress alone": {**DENY, "spec.policyTypes": ["Egress"]}},
    "NP-32": {"two types": {**DENY, "spec.policyTypes": ["Egress", "Ingress"]}},
    "NP-51": {
        "nothing that can be left out": {
            ANNOTATIONS: GONE,
            PORTS: GONE,
            PODS: GONE,
            f"{BLOCK}.except": GONE,
            EXPRESSIONS: GONE,
        }
    },
    "NP-52": {
        "texts that look like other types": {
            f"{PODS}.matchLabels": {"1": "2027-03-31", "true": "1e3", "null": "null", "1.5": "no"}
        }
    },
    "NP-53": {"keys in another order": {"": dict(reversed(POLICY.items()))}},
    "NP-54": {"the default namespace": {"metadata.namespace": "default"}},
    "NP-55": {"no annotations": {ANNOTATIONS: GONE}},
    "NP-56": {"more labels": {f"{LABELS}[team]": "a"}},
    "NP-57": {
        "other labels of applications": {f"{LABELS}[app.kubernetes.io/part-of]": "shop"},
        "keys that begin alike": {f"{ANNOTATIONS}[argocd.argoproj.io.example.com/a]": "x"},
        "instances of the selected pods": {f"{PODS}.matchLabels[app.kubernetes.io/instance]": "shop"},
    },
    "NP-58": {"an annotation with a name in upper case": {f"{ANNOTATIONS}[intentc.io/Owner]": "x"}},
    "NP-59": {
        "a wave after": {f"{ANNOTATIONS}[argocd.argoproj.io/sync-wave]": "1"},
        "a wave before": {f"{ANNOTATIONS}[argocd.argoproj.io/sync-wave]": "-10"},
    },
    "NP-60": {"all pods of the namespace": {"spec.podSelector": {}}},
    "NP-61": {
        "all namespaces by an expression": {
            NAMESPACES: {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}
        }
    },
    "NP-62": {"no rules for a direction": {"spec.ingress": GONE}},
    "NP-63": {"both types": DENY},
    "NP-64": {"egress in an egress policy": EGRESS},
    "NP-65": {"both types without rules": {**DENY, "spec.podSelector.matchLabels": {"app": "web"}}},
    "NP-66": {"every port of a peer": {PORTS: GONE}},
    "NP-67": {"every port of a protocol": {f"{PORTS}[0].port": GONE}},
    "NP-68": {"namespaces by their labels": {f"{NAMESPACES}.matchLabels": {"team": "payments"}}},
    "NP-69": {"IPv6 as short as can be": {BLOCK: {"cidr": "2001:db8:0:1::/64"}}},
    "NP-70": {"exceptions side by side": {f"{BLOCK}.except": ["10.1.0.0/16", "10.0.0.0/16", "10.2.0.0/15"]}},
    "NP-71": {
        "exceptions that leave one address": {BLOCK: {"cidr": "10.0.0.0/31", "except": ["10.0.0.0/32"]}}
    },
    "NP-72": {
        "peers, ports and values that differ": {
            FROM: [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "10.0.0.0/9"}}],
            PORTS: [port(80), port(80, "UDP"), port("http"), port("http", "UDP")],
            f"{EXPRESSIONS}[0].values": ["db", "DB"],
        }
    },
    "NP-73": {"a policy of 200 KiB": {FROM: peers(2000)}},
}
