"""The examples build to what is committed, and their pages show what is in the files they name."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from intentc.cli.workspace import open_workspace
from intentc.compiler import Options, Result, compile_program, parse_files
from tests.readback import read
from tests.tools.hcl import fmt_check

EXAMPLES = Path(__file__).parent.parent / "examples"
PROJECTS = sorted(path.parent for path in EXAMPLES.glob("*/intentc.yaml"))
SNIPPET = re.compile(r"^```(?:intent|yaml|hcl) (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def built(project: Path) -> Result:
    workspace = open_workspace(project)
    program, problems = parse_files(workspace.sources)
    result = compile_program(program, workspace.project, Options(), (*workspace.diagnostics, *problems))
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return result


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_what_is_committed_is_what_is_built(project: Path) -> None:
    expected = {artifact.path: artifact.content for artifact in built(project).artifacts}
    generated = project / "generated"
    found = {
        path.relative_to(generated).as_posix(): path.read_bytes()
        for path in generated.rglob("*")
        if path.is_file() and path.name != ".intentc-manifest.json"
    }
    assert found == expected


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_the_terraform_is_formatted(project: Path) -> None:
    assert fmt_check(sorted(project.rglob("*.tf"))) == []


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_snippets_are_in_the_files_they_name(project: Path) -> None:
    for snippet in SNIPPET.finditer((project / "README.md").read_text("utf-8")):
        lines = (project / snippet["path"]).read_text("utf-8").splitlines()
        wanted = textwrap.dedent(snippet["text"]).splitlines()
        pieces = [
            textwrap.dedent("\n".join(lines[start : start + len(wanted)])).splitlines()
            for start in range(len(lines) - len(wanted) + 1)
        ]
        assert wanted in pieces, snippet.group()


def test_gke_paths_has_a_page_section_for_each_intent() -> None:
    page = (EXAMPLES / "gke-paths" / "README.md").read_text("utf-8")
    named = {snippet["path"] for snippet in SNIPPET.finditer(page) if snippet["path"].endswith(".intent")}
    assert named == {f"intents/{path.name}" for path in (EXAMPLES / "gke-paths" / "intents").iterdir()}


def test_gke_paths_declares_exactly_the_node_rules_as_extras() -> None:
    (cluster,) = built(EXAMPLES / "gke-paths").clusters
    assert cluster.proof is not None
    # Scenario 7 names the nodes as its source: there the node rule is the intent itself.
    nodes = {extra.flow.span.file.path for extra in cluster.proof.extras if extra.flow and extra.flow.span}
    assert nodes == {
        "intents/3-node-port.intent",
        "intents/4-host-port.intent",
        "intents/5-host-network.intent",
        "intents/6-outside.intent",
        "intents/8-node-port-local.intent",
    }
    assert {extra.cause for extra in cluster.proof.extras} == {"node", "dns"}


# Read from the application's own manifests: who is configured with whose address, and the port its pods
# listen on.
CALLS = {
    ("frontend", "productcatalogservice", 3550),
    ("frontend", "currencyservice", 7000),
    ("frontend", "cartservice", 7070),
    ("frontend", "recommendationservice", 8080),
    ("frontend", "shippingservice", 50051),
    ("frontend", "checkoutservice", 5050),
    ("frontend", "adservice", 9555),
    ("checkoutservice", "productcatalogservice", 3550),
    ("checkoutservice", "shippingservice", 50051),
    ("checkoutservice", "paymentservice", 50051),
    ("checkoutservice", "emailservice", 8080),
    ("checkoutservice", "currencyservice", 7000),
    ("checkoutservice", "cartservice", 7070),
    ("recommendationservice", "productcatalogservice", 3550),
    ("cartservice", "redis-cart", 6379),
}


@pytest.mark.parametrize("cluster", ["prod", "staging", "edge"])
def test_boutique_allows_the_calls_of_the_application_and_no_others(cluster: str) -> None:
    result = built(EXAMPLES / "boutique")
    chosen = tuple(item for item in result.clusters if item.profile.name == cluster)
    emitted = read(Result(result.project, result.program, chosen, ()))
    calls = re.compile(r"boutique\[app=(\S+)\] -> boutique\[app=(\S+)\] TCP ([0-9]+)")
    leaving = {(match[1], match[2], int(match[3])) for match in map(calls.fullmatch, emitted.egress) if match}
    answers = re.compile(r"boutique\[app=(\S+)\] <- boutique\[app=(\S+)\] TCP ([0-9]+)")
    entering = {
        (match[2], match[1], int(match[3])) for match in map(answers.fullmatch, emitted.ingress) if match
    }
    assert leaving == entering == CALLS


def test_boutique_never_names_a_node_address_in_a_policy() -> None:
    for path in (EXAMPLES / "boutique" / "generated").rglob("kubernetes/*.yaml"):
        for document in yaml.safe_load_all(path.read_text("utf-8")):
            for nodes in ("192.168.64.0/19", "10.10.0.0/22", "10.50.0.0/22"):
                assert nodes not in str(document)
