"""Policies and the bytes that say the same, written by hand: what the tests of the prover start from.

The writer below knows nothing of lowering or of the backends; it writes the documented shape of our files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intentc import ir
from intentc.diagnostics import Diagnostic
from intentc.profile import Firewall, Profile
from intentc.prove import prove
from intentc.prove.proof import Proof

HEADER = "# Written by intentc. Change the intents, not this file.\n"
Peer = ir.Pods | ir.Block
Rule = tuple[Iterable[Peer], Iterable[ir.Ports]]
Files = dict[str, str]


def requirement(text: str) -> ir.Requirement:
    """Return `k=v`, `k!=v`, `k` or `!k` as a requirement; `v` may be several values joined by `|`."""
    if "!=" in text:
        key, _, values = text.partition("!=")
        return ir.Requirement(key, "NotIn", tuple(sorted(values.split("|"))))
    if "=" in text:
        key, _, values = text.partition("=")
        return ir.Requirement(key, "In", tuple(sorted(values.split("|"))))
    if text.startswith("!"):
        return ir.Requirement(text[1:], "DoesNotExist")
    return ir.Requirement(text, "Exists")


def selector(*texts: str) -> ir.Selector:
    return tuple(sorted(map(requirement, texts)))


def pods(namespace: str, *labels: str) -> ir.Pods:
    """Return pods of a namespace: its name, or labels such as `team=a`; `*` is every namespace."""
    if namespace == "*":
        return ir.Pods((), selector(*labels))
    named = namespace if "=" in namespace else f"{ir.NAMESPACE_LABEL}={namespace}"
    return ir.Pods(selector(*named.split(",")), selector(*labels))


def ports(*texts: str) -> tuple[ir.Ports, ...]:
    """Return ports written as in the language: `80`, `90-99`, `53/udp`, `metrics/tcp`."""
    found = []
    for text in texts:
        port, _, protocol = text.partition("/")
        word = ir.PROTOCOLS[["tcp", "udp", "sctp"].index(protocol or "tcp")]
        first, _, last = port.partition("-")
        if first.isdigit():
            found.append(ir.Ports(word, int(first), int(last or first)))
        else:
            found.append(ir.Ports(word, 0, 0, port))
    return tuple(sorted(found))


def addresses(cidr: str, *excepts: str, word: str = "cidr") -> ir.Addresses:
    return ir.Addresses(word, (ir.Block(cidr, excepts),))


# --- The shape of our files --------------------------------------------------------------------------------


def selector_text(found: ir.Selector, indent: int) -> str:
    margin = " " * indent
    equal: list[ir.Requirement] = []
    for item in found:
        if item.operator == "In" and len(item.values) == 1 and item.key not in [one.key for one in equal]:
            equal.append(item)
    lines = [f"{margin}matchLabels:"] if equal else []
    lines += [f'{margin}  "{item.key}": "{item.values[0]}"' for item in equal]
    others = [item for item in found if item not in equal]
    lines += [f"{margin}matchExpressions:"] if others else []
    for item in others:
        lines += [f'{margin}  - key: "{item.key}"', f'{margin}    operator: "{item.operator}"']
        lines += [f"{margin}    values:"] if item.values else []
        lines += [f'{margin}      - "{value}"' for value in item.values]
    return "".join(f"{line}\n" for line in lines)


def peer_text(peer: Peer) -> str:
    if isinstance(peer, ir.Block):
        text = f'        - ipBlock:\n            cidr: "{peer.cidr}"\n'
        if peer.excepts:
            text += "            except:\n"
        return text + "".join(f'              - "{cidr}"\n' for cidr in peer.excepts)
    namespaces = peer.namespaces or (ir.Requirement(ir.NAMESPACE_LABEL, "Exists"),)
    text = "        - namespaceSelector:\n" + selector_text(namespaces, 12)
    return text + ("          podSelector:\n" + selector_text(peer.pods, 12) if peer.pods else "")


def ports_text(found: Iterable[ir.Ports]) -> str:
    text = ""
    for item in found:
        number = f'"{item.name}"' if item.name else str(item.first)
        text += f'        - protocol: "{item.protocol}"\n          port: {number}\n'
        text += f"          endPort: {item.last}\n" if item.last > item.first else ""
    return text


def document(
    namespace: str, name: str, found: ir.Selector, direction: str, rules: Iterable[Rule], wave: int = 0
) -> str:
    """Return one NetworkPolicy for `Egress` or `Ingress` in the shape we write."""
    written = ""
    for peers, opened in rules:
        written += f"    - {'to' if direction == 'Egress' else 'from'}:\n"
        written += "".join(map(peer_text, peers)) + "      ports:\n" + ports_text(opened)
    return (
        '---\napiVersion: "networking.k8s.io/v1"\nkind: "NetworkPolicy"\n'
        f'metadata:\n  name: "{name}"\n  namespace: "{namespace}"\n'
        '  labels:\n    "app.kubernetes.io/managed-by": "intentc"\n'
        f'  annotations:\n    "argocd.argoproj.io/sync-wave": "{wave}"\n'
        "spec:\n  podSelector:"
        + (f"\n{selector_text(found, 4)}" if found else " {}\n")
        + f'  policyTypes:\n    - "{direction}"\n'
        + (f"  {direction.lower()}:\n{written}" if written else "")
    )


DNS_RULE: Rule = ((pods("kube-system", "k8s-app=kube-dns"),), ports("53", "53/udp"))


def artifacts(files: Files) -> tuple[ir.Artifact, ...]:
    return tuple(ir.Artifact(path, text.encode()) for path, text in sorted(files.items()))


def codes(diagnostics: Iterable[Diagnostic]) -> set[str]:
    return {diagnostic.code for diagnostic in diagnostics}


# --- A policy of pods, labels and ranges -------------------------------------------------------------------

WEB = pods("shop", "app=web")
POSTGRES = pods("data", "app=postgres", "tier!=replica")
SCRAPED = pods("team=metrics", "scrape")
PARTNER = addresses("203.0.113.0/24", "203.0.113.64/26")
PARTNER_6 = addresses("2001:db8:1::/48")

PLAIN = ir.Policy(
    cluster="prod",
    flows=(
        ir.Flow(WEB, POSTGRES, ports("5432")),
        ir.Flow(WEB, POSTGRES, ports("9187/udp")),
        ir.Flow(WEB, SCRAPED, ports("9090-9099", "metrics")),
        ir.Flow(WEB, PARTNER, ports("443")),
        ir.Flow(WEB, PARTNER_6, ports("443")),
        ir.Flow(pods("billing"), POSTGRES, ports("5432")),
    ),
    isolations=(ir.Isolation(ir.Point.ENTERING_POD, pods("vault")),),
    rules=(),
    namespaces=tuple(
        ir.KnownNamespace(name, labels)
        for name, labels in (
            ("billing", ()),
            ("data", ()),
            ("grafana", (("team", "metrics"),)),
            ("kube-system", ()),
            ("shop", ()),
            ("vault", ()),
        )
    ),
)

PLAIN_FILES: Files = {
    "kubernetes/billing.yaml": HEADER
    + document("billing", "billing-egress", (), "Egress", (((POSTGRES,), ports("5432")), DNS_RULE)),
    "kubernetes/data.yaml": HEADER
    + document(
        "data",
        "postgres-ingress",
        POSTGRES.pods,
        "Ingress",
        (
            ((pods("billing"),), ports("5432")),
            ((WEB,), ports("5432", "9187/udp")),
        ),
    ),
    "kubernetes/grafana.yaml": HEADER
    + document(
        "grafana", "scrape-ingress", SCRAPED.pods, "Ingress", (((WEB,), ports("metrics", "9090-9099")),)
    ),
    "kubernetes/shop.yaml": HEADER
    + document(
        "shop",
        "web-egress",
        WEB.pods,
        "Egress",
        (
            ((*PARTNER_6.blocks, *PARTNER.blocks), ports("443")),
            ((POSTGRES,), ports("5432", "9187/udp")),
            DNS_RULE,
            ((SCRAPED,), ports("metrics", "9090-9099")),
        ),
    ),
    "kubernetes/vault.yaml": HEADER + document("vault", "vault-ingress", (), "Ingress", (), wave=1),
}


def prove_plain(files: Files, *, own_shape: bool = True) -> tuple[Proof, tuple[Diagnostic, ...]]:
    return prove(artifacts(files), PLAIN, Profile(), targets=("kubernetes",), own_shape=own_shape)


# --- A policy that crosses nodes ---------------------------------------------------------------------------

CLUSTER = Profile(
    name="prod",
    pod_cidrs=("100.64.0.0/14",),
    node_cidrs=("192.168.64.0/19",),
    firewall=Firewall("egress-deny", "net-prod", "vpc-prod", ("gke-prod-node",)),
)
APP_B = pods("namespace-b", "app=your-app-b")
BALANCED = addresses("203.0.113.0/24")
NODES = ir.Addresses("nodes", (ir.Block("192.168.64.0/19"),))

CROSSING = ir.Policy(
    cluster="prod",
    flows=(
        ir.Flow(pods("namespace-a"), APP_B, ports("8443"), ir.Path("nodeport", 30443)),
        ir.Flow(BALANCED, APP_B, ports("8443"), ir.Path("loadbalancer", 443, local=True)),
    ),
    isolations=(),
    rules=(),
)


def firewall_rule(label: str, direction: str, cidr: str, **opened: str) -> str:
    """Return one firewall rule; `opened` is a list of ports for each protocol, as written."""
    ranges = "source_ranges" if direction == "INGRESS" else "destination_ranges"
    allows = "".join(
        f'\n  allow {{\n    protocol = "{protocol}"\n    ports    = [{listed}]\n  }}\n'
        for protocol, listed in opened.items()
    )
    return (
        f'\nresource "google_compute_firewall" "{label}" {{\n'
        f'  name        = "intentc-prod-{label.replace("_", "-")}"\n'
        f'  description = "From somebody to $${{nodes}}: \\"{label}\\""\n'
        '  project     = "net-prod"\n  network     = "vpc-prod"\n'
        f'  direction   = "{direction}"\n  priority    = 1000\n\n'
        f'  {ranges} = [\n    "{cidr}",\n  ]\n\n  target_tags = [\n    "gke-prod-node",\n  ]\n{allows}}}\n'
    )


CROSSING_FILES: Files = {
    "kubernetes/namespace-a.yaml": HEADER
    + document(
        "namespace-a",
        "namespace-a-egress",
        (),
        "Egress",
        ((NODES.blocks, ports("30443")), DNS_RULE, ((APP_B,), ports("8443"))),
    ),
    "kubernetes/namespace-b.yaml": HEADER
    + document(
        "namespace-b",
        "app-b-ingress",
        APP_B.pods,
        "Ingress",
        (((*NODES.blocks, *BALANCED.blocks, pods("namespace-a")), ports("8443")),),
    ),
    "terraform/firewall.tf": HEADER
    + firewall_rule("from_balanced", "INGRESS", "203.0.113.0/24", tcp='"443"')
    + firewall_rule("from_nodes", "INGRESS", "192.168.64.0/19", tcp='"8443"')
    + firewall_rule("from_pods", "INGRESS", "100.64.0.0/14", tcp='"53", "30443"', udp='"53"')
    + firewall_rule("to_nodes", "EGRESS", "192.168.64.0/19", tcp='"30443"')
    + firewall_rule("to_pods", "EGRESS", "100.64.0.0/14", tcp='"53", "8443"', udp='"53"'),
    "terraform/variables.tf": HEADER,
    "terraform/outputs.tf": HEADER
    + '\noutput "firewall_rules" {\n  description = "Names."\n  value = [\n'
    + "    google_compute_firewall.from_nodes.name,\n  ]\n}\n",
    "terraform/versions.tf": HEADER
    + '\nterraform {\n  required_version = ">= 1.3"\n\n  required_providers {\n    google = {\n'
    + '      source  = "hashicorp/google"\n      version = ">= 5.0, < 8.0"\n    }\n  }\n}\n',
    "provenance.json": "{}\n",
}


def prove_crossing(files: Files, *, own_shape: bool = True) -> tuple[Proof, tuple[Diagnostic, ...]]:
    return prove(artifacts(files), CROSSING, CLUSTER, own_shape=own_shape)


# --- Faults ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Bytes `old` become `new`; one of the codes must come, `by_meaning` from the general reader too."""

    name: str
    path: str
    old: str
    new: str
    expected: str
    by_meaning: bool = True


def planted(files: Files, fault: Fault) -> Files:
    """Return the files with a fault in one place."""
    text = files[fault.path]
    assert text.count(fault.old) == 1, f"the fault must be planted in one place, not {text.count(fault.old)}"
    assert fault.old != fault.new
    return {**files, fault.path: text.replace(fault.old, fault.new)}
