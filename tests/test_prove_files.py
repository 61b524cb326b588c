"""Which files the prover reads, and what else it makes of a whole output directory."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from intentc import ir
from intentc.compiler import compile_texts
from intentc.profile import Profile
from intentc.prove import prove
from intentc.prove.documents import NOT_APPLIED, NOT_RENDERED
from intentc.source import SourceFile, Span
from tests.prove_material import (
    CLUSTER as CLUSTER_PROFILE,
)
from tests.prove_material import (
    CROSSING as CROSSING_POLICY,
)
from tests.prove_material import (
    CROSSING_FILES,
    HEADER,
    PLAIN,
    PLAIN_FILES,
    Files,
    artifacts,
    codes,
    document,
    pods,
    ports,
    prove_crossing,
    prove_plain,
)
from tests.prove_material import (
    DNS_RULE as DNS,
)

KUSTOMIZATION = (
    'apiVersion: "kustomize.config.k8s.io/v1beta1"\nkind: "Kustomization"\nresources:\n'
    + "".join(f'  - "{path.removeprefix("kubernetes/")}"\n' for path in sorted(PLAIN_FILES))
)


def kustomized(text: str) -> set[str]:
    return codes(prove_plain({**PLAIN_FILES, "kubernetes/kustomization.yaml": text})[1])


def test_a_kustomization_that_lists_every_file_changes_nothing() -> None:
    assert kustomized(KUSTOMIZATION) == set()


@pytest.mark.parametrize(
    "text",
    [
        KUSTOMIZATION.replace('  - "shop.yaml"\n', ""),
        KUSTOMIZATION + '  - "shop.yaml"\n',
        KUSTOMIZATION + '  - "more.yaml"\n',
        KUSTOMIZATION + '  - "https://example.com/more"\n',
        KUSTOMIZATION + 'namespace: "other"\n',
        KUSTOMIZATION + "patches: []\n",
        KUSTOMIZATION.replace("v1beta1", "v1alpha1"),
        KUSTOMIZATION + "---\n" + KUSTOMIZATION,
        "",
    ],
)
def test_a_kustomization_that_says_more_or_less_is_refused(text: str) -> None:
    assert kustomized(text) == {"E904"}


def test_the_cluster_s_folder_stands_before_the_path() -> None:
    files = {f"prod/{path}": text for path, text in CROSSING_FILES.items()}
    assert prove_crossing(files)[1] == ()


def test_a_file_name_that_only_kubectl_reads_is_read_by_meaning_alone() -> None:
    files = {**PLAIN_FILES, "kubernetes/shop.yml": PLAIN_FILES["kubernetes/shop.yaml"]}
    del files["kubernetes/shop.yaml"]
    assert codes(prove_plain(files)[1]) == {"E904"}
    assert prove_plain(files, own_shape=False)[1] == ()


def test_a_layer_that_was_not_asked_for_is_not_missed() -> None:
    policies: Files = {path: text for path, text in CROSSING_FILES.items() if path.startswith("kubernetes")}
    module: Files = {path: text for path, text in CROSSING_FILES.items() if path.startswith("terraform")}
    for files, target in ((policies, "kubernetes"), (module, "terraform")):
        proof, diagnostics = prove(artifacts(files), CROSSING_POLICY, CLUSTER_PROFILE, targets=(target,))
        assert diagnostics == ()
        assert bool(proof.documents) == (target == "kubernetes")
        assert codes(prove(artifacts(files), CROSSING_POLICY, CLUSTER_PROFILE)[1]) & {"E902", "E903"}


def test_what_kubernetes_would_refuse_is_an_error() -> None:
    long = "a" * 64
    files = {**PLAIN_FILES}
    files["kubernetes/shop.yaml"] = files["kubernetes/shop.yaml"].replace('"scrape"', f'"{long}"')
    for own_shape in (True, False):
        assert "E905" in codes(prove_plain(files, own_shape=own_shape)[1])


def test_what_we_must_not_write_is_an_error_in_our_own_files_only() -> None:
    wave = '"argocd.argoproj.io/sync-wave": "0"'
    files = {**PLAIN_FILES}
    files["kubernetes/shop.yaml"] = files["kubernetes/shop.yaml"].replace(
        wave, wave + '\n    "argocd.argoproj.io/tracking-id": "x"'
    )
    assert codes(prove_plain(files)[1]) == {"E905"}
    assert prove_plain(files, own_shape=False)[1] == ()


def test_an_annotation_that_makes_a_policy_too_large_to_apply_is_refused() -> None:
    wave = '"argocd.argoproj.io/sync-wave": "0"'
    sizes = {}
    for size in (1_000, 300_000):
        files = {**PLAIN_FILES}
        files["kubernetes/shop.yaml"] = files["kubernetes/shop.yaml"].replace(
            wave, f'{wave}\n    "intentc.io/because": "{"x" * size}"'
        )
        sizes[size] = codes(prove_plain(files)[1])
    assert sizes == {1_000: set(), 300_000: {"E905"}}


@pytest.mark.parametrize("key", sorted(NOT_APPLIED))
def test_what_keeps_a_policy_from_being_applied_is_refused(key: str) -> None:
    path, wave = "kubernetes/shop.yaml", '"argocd.argoproj.io/sync-wave": "0"'
    text = PLAIN_FILES[path]
    annotated = text.replace(wave, f'"{key}": "true"\n    {wave}')
    labelled = text.replace("  annotations:", f'    "{key}": "true"\n  annotations:')
    assert annotated != text != labelled
    for changed in (annotated, labelled):
        for own_shape in (True, False):
            assert codes(prove_plain({**PLAIN_FILES, path: changed}, own_shape=own_shape)[1]) == {"E904"}


@pytest.mark.parametrize("own_shape", [True, False])
def test_what_keeps_a_file_from_being_rendered_is_refused(*, own_shape: bool) -> None:
    path, wave = "kubernetes/shop.yaml", '"argocd.argoproj.io/sync-wave": "0"'
    text = PLAIN_FILES[path]
    in_a_text = text.replace(wave, f'{wave}\n    "intentc.io/because": "see {NOT_RENDERED}"')
    for changed in (f"{text}# {NOT_RENDERED}\n", in_a_text):
        assert codes(prove_plain({**PLAIN_FILES, path: changed}, own_shape=own_shape)[1]) == {"E904"}


def test_a_reason_that_is_an_order_to_argo_cd_stays_a_text() -> None:
    reason = f"never write {NOT_RENDERED} here + there"
    written = compile_texts({"a.intent": f'a -> b:80 because "{reason}"\n'})
    policies = [item.content for item in written.artifacts if "/kubernetes/" in item.path]
    assert len(policies) == 2
    for content in policies:
        assert NOT_RENDERED.encode() not in content
        found = [
            item["metadata"]["annotations"]["intentc.io/because"] for item in yaml.safe_load_all(content)
        ]
        assert found == [reason]


def test_a_module_file_that_terraform_passes_over_is_refused() -> None:
    path = "terraform/firewall.tf"
    files = {**CROSSING_FILES, "terraform/.firewall.tf": CROSSING_FILES[path]}
    del files[path]
    for own_shape in (True, False):
        assert "E904" in codes(prove_crossing(files, own_shape=own_shape)[1])


def test_a_difference_names_flow_intent_and_rule() -> None:
    source = SourceFile("a.intent", "billing -> data[app=postgres]:5432\n")
    span = Span(source, 0, len(source.text) - 1)
    policy = replace(PLAIN, flows=(*PLAIN.flows[:-1], replace(PLAIN.flows[-1], span=span)))
    files = {**PLAIN_FILES}
    files["kubernetes/billing.yaml"] = files["kubernetes/billing.yaml"].replace("port: 5432", "port: 5433")
    _, (gained, lost) = prove(artifacts(files), policy, Profile(), targets=("kubernetes",))
    assert (gained.code, gained.span) == ("E901", None)
    assert gained.message == (
        "`billing -> data[app=postgres] TCP 5433` is admitted on leaving the pod, and no intent needs it"
    )
    assert gained.help == (
        (
            "admitted by `spec.egress[0].to[0]` of NetworkPolicy `billing/billing-egress` in "
            "`kubernetes/billing.yaml`"
        ),
    )
    assert (lost.code, lost.span, lost.label) == ("E902", span, "this intent needs it")
    assert lost.message == "`billing -> data[app=postgres] TCP 5432` is not admitted on leaving the pod"


def test_pods_of_namespaces_that_nobody_lists_cannot_be_proved() -> None:
    policy = ir.Policy("c", (ir.Flow(pods("team=a"), pods("b"), ports("80")),), (), ())
    _, diagnostics = prove((), policy, Profile(), targets=("kubernetes",))
    assert "an intent cannot be proved: which namespaces it selects is not known" in [
        diagnostic.message for diagnostic in diagnostics
    ]


def test_overlaps_beyond_the_budget_are_not_a_proof() -> None:
    """Sixty peers that overlap in every way are not one wide peer; whoever cannot tell must not say yes."""
    peers = tuple(
        pods("b", f"k{number}={number % 2}", f"k{(number * 7) % 60}!={number % 2}", f"k{(number * 11) % 60}")
        for number in range(60)
    )
    policy = ir.Policy("c", (ir.Flow(pods("a"), pods("b"), ports("80")),), (), ())
    egress = document("a", "e", (), "Egress", [(peers, ports("80")), DNS])
    ingress = document("b", "i", (), "Ingress", [((pods("a"),), ports("80"))])
    _, diagnostics = prove(
        artifacts({"kubernetes/a.yaml": HEADER + egress + ingress}),
        policy,
        Profile(),
        targets=("kubernetes",),
    )
    assert codes(diagnostics) == {"E908"}
