"""Texts of YAML that say something else than they seem to, and whether the API server refuses them."""

_HEAD = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: odd
  namespace: data
  labels:
    app.kubernetes.io/managed-by: intentc
"""

TEXTS: dict[str, tuple[str, bool]] = {
    "a key twice": (
        _HEAD + "spec:\n  podSelector: {}\n  podSelector: {matchLabels: {a: b}}\n  policyTypes: [Egress]\n",
        True,
    ),
    "the same key and value twice": (
        _HEAD + "spec:\n  podSelector: {}\n  podSelector: {}\n  policyTypes: [Egress]\n",
        True,
    ),
    "a policy type twice": (_HEAD + "spec:\n  podSelector: {}\n  policyTypes: [Egress, Egress]\n", False),
    "no selected pods": (_HEAD + "spec:\n  policyTypes: [Egress]\n", False),
    "an empty list of peers": (
        _HEAD + "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  ingress: [{from: []}]\n",
        False,
    ),
    "a peer that is all pods": (
        _HEAD
        + "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  ingress: [{from: [{podSelector: {}}]}]\n",
        False,
    ),
    "no as a value": (
        _HEAD + "spec:\n  podSelector: {matchLabels: {a: no}}\n  policyTypes: [Egress]\n",
        True,
    ),
    "a number as a value": (
        _HEAD + "spec:\n  podSelector: {matchLabels: {a: 08}}\n  policyTypes: [Egress]\n",
        True,
    ),
    "a whole number with a point": (
        _HEAD
        + "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  ingress: [{ports: [{port: 5432.0}]}]\n",
        False,
    ),
    "an anchor": (
        _HEAD + "spec:\n  podSelector: &p {matchLabels: {a: b}}\n  policyTypes: [Ingress]\n"
        "  ingress: [{from: [{podSelector: *p}]}]\n",
        False,
    ),
    "rules of a direction that is not listed": (
        _HEAD + "spec:\n  podSelector: {}\n  policyTypes: [Egress]\n  ingress: [{}]\n",
        False,
    ),
}
