"""What the prover says of a difference names the right ends and rule; names are covered as numbers are."""

from __future__ import annotations

import pytest

from intentc.compiler import compile_texts
from intentc.prove import prove
from tests.prove_material import (
    CROSSING_FILES,
    PLAIN_FILES,
    POSTGRES,
    WEB,
    artifacts,
    codes,
    pods,
    prove_crossing,
    prove_plain,
)
from tests.test_prove_asserts import plain

MODULE = "terraform/firewall.tf"


def test_a_refused_connection_is_told_from_its_source_to_its_target() -> None:
    (leaving,) = plain("allow", WEB, POSTGRES, "5433")
    assert "`shop[app=web] -> data[app=postgres] TCP 5433` is refused on leaving the pod" in leaving.message
    (entering,) = plain("allow", pods("shop", "app!=web"), pods("vault", "app=x"), "80")
    assert "`shop -> vault[app=x] TCP 80` is refused on entering the pod" in entering.message


@pytest.mark.parametrize(
    ("old", "new", "flow", "rule"),
    [
        ('"203.0.113.0/24"', '"203.0.112.0/23"', "`203.0.112.0 -> nodes TCP 443`", "from_balanced"),
        ('["30443"]', '["30443", "80"]', "`nodes -> 192.168.64.0 TCP 80`", "to_nodes"),
    ],
)
def test_a_connection_too_many_names_the_firewall_rule_that_lets_it(
    old: str, new: str, flow: str, rule: str
) -> None:
    text = CROSSING_FILES[MODULE]
    assert old in text
    _, (gained,) = prove_crossing({**CROSSING_FILES, MODULE: text.replace(old, new)})
    assert gained.message.startswith(flow)
    assert gained.help == (f"admitted by `google_compute_firewall.{rule}` in `{MODULE}`",)


@pytest.mark.parametrize(("first", "holds"), [(30_001, True), (30_002, False)])
def test_a_name_is_admitted_where_several_rules_together_admit_every_number(first: int, holds: bool) -> None:
    text = f"a -> b:1-30000\na -> b[app=web]:{first}-65535\nassert allow a -> b[app=web]:metrics\n"
    found = codes(item for item in compile_texts({"a.intent": text}).diagnostics if item.severity == "error")
    assert found == (set() if holds else {"E906"})


def test_two_protocols_do_not_make_up_for_each_other() -> None:
    text = "a -> b:1-30000\na -> b[app=web]:30001-65535/udp\nassert allow a -> b[app=web]:metrics\n"
    assert "E906" in codes(compile_texts({"a.intent": text}).diagnostics)


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        ("allow {team=x} -> c:80", True),  # a namespace called `a` may carry the label
        ("allow c -> {team=x}:81", True),
        ("allow {kubernetes.io/metadata.name!=a} -> c:80", False),
        ("deny {kubernetes.io/metadata.name=a, team=x} -> c:80", False),
        ("deny {team=x} -> c:80", True),
    ],
)
def test_where_nobody_says_which_namespaces_exist_any_may_have_any_label(claim: str, fails: bool) -> None:
    found = compile_texts({"a.intent": f"a -> b:80\nassert {claim}\n"}).diagnostics
    assert bool(codes(found) & {"E906", "E907"}) is fails


@pytest.mark.parametrize(("size", "refused"), [(100_000, False), (200_000, True)])
def test_an_annotation_counts_twice_once_it_is_applied(size: int, refused: bool) -> None:
    wave = '"argocd.argoproj.io/sync-wave": "0"'
    text = PLAIN_FILES["kubernetes/shop.yaml"].replace(
        wave, f'{wave}\n    "intentc.io/because": "{"x" * size}"'
    )
    assert codes(prove_plain({**PLAIN_FILES, "kubernetes/shop.yaml": text})[1]) == (
        {"E905"} if refused else set()
    )


GUARDED = """version: 1
clusters:
  prod:
    podCIDRs: [100.64.0.0/14]
    nodeCIDRs: [192.168.64.0/19]
    firewall:
      mode: egress-deny
      project: net-prod
      network: vpc-prod
      targetServiceAccounts: [nodes@net-prod.iam.gserviceaccount.com, a@net-prod.iam.gserviceaccount.com]
"""


@pytest.mark.parametrize(
    ("source", "direction"), [("203.0.113.0/24", "INGRESS"), ("192.168.64.0/19", "EGRESS")]
)
def test_a_connection_too_few_names_the_intent_that_needs_it(source: str, direction: str) -> None:
    text = "203.0.113.0/24 -> b:8443 via nodeport 30443\na -> b:80 via nodeport 30080\n"
    result = compile_texts({"intentc.yaml": GUARDED, "a.intent": text})
    (cluster,) = result.clusters
    assert cluster.artifacts
    files = {item.path.removeprefix("prod/"): item.content.decode() for item in cluster.artifacts}
    blocks = files[MODULE].split("\nresource ")
    kept = [block for block in blocks if not (f'"{direction}"' in block and f'"{source}"' in block)]
    assert len(kept) == len(blocks) - 1
    files[MODULE] = "\nresource ".join(kept)
    _, diagnostics = prove(artifacts(files), cluster.policy, cluster.profile)
    lost = [item for item in diagnostics if item.code == "E902"]
    assert lost
    assert all(item.span is not None and item.label == "this intent needs it" for item in lost)
