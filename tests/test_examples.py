"""The examples build to what is committed, and their pages show what is in the files they name."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from intentc.cli.workspace import open_workspace
from intentc.compiler import Options, Result, compile_program, parse_files
from tests.readback import build, read
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


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "intentc", *arguments], cwd=cwd, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_what_is_committed_is_what_is_built(project: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(project, tmp_path / project.name))
    done = run("build", "--check", cwd=copy)
    assert done.returncode == 0, done.stderr
    firewall = next(copy.rglob("firewall.tf"))
    firewall.write_text(firewall.read_text("utf-8") + "\n", "utf-8")
    done = run("build", "--check", cwd=copy)
    assert (done.returncode, "firewall.tf" in done.stdout) == (1, True)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_the_intents_stand_in_their_one_layout(project: Path) -> None:
    done = run("fmt", "--check", cwd=project)
    assert done.returncode == 0, done.stderr


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


def sections() -> dict[str, str]:
    """Return the sections of the page of gke-paths by the file of intents that they show."""
    page = (EXAMPLES / "gke-paths" / "README.md").read_text("utf-8")
    found = {}
    for text in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        for snippet in SNIPPET.finditer(text):
            if snippet["path"].endswith(".intent"):
                found[Path(snippet["path"]).name] = text
    return found


def test_gke_paths_has_a_page_section_for_each_intent() -> None:
    assert sorted(sections()) == sorted(path.name for path in (EXAMPLES / "gke-paths/intents").iterdir())


@pytest.mark.parametrize("name", sorted(sections()))
def test_gke_paths_tables_show_all_that_an_intent_emits(name: str) -> None:
    allows: dict[str, set[str]] = {
        "egress policy of A": set(),
        "firewall": set(),
        "ingress policy of B": set(),
    }
    for row in re.findall(r"^\| (.+) \|$", sections()[name], re.MULTILINE):
        layer, *_, last = row.split(" | ")
        if layer in allows:
            allows[layer] = set(re.findall(r"`([^`]+)`", last))
    facts = (EXAMPLES / "gke-paths/intentc.yaml").read_text("utf-8")
    emitted = build((EXAMPLES / "gke-paths/intents" / name).read_text("utf-8"), cluster=facts)
    assert allows["egress policy of A"] == emitted.egress
    assert allows["firewall"] == emitted.firewall
    assert allows["ingress policy of B"] == emitted.ingress


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


# How each cluster is entered at the front end's pods, and what its egress needs beside the calls.
CLIENTS = {
    "prod": {"0.0.0.0/0", "2000::/3"},
    "staging": {"35.191.0.0/16", "130.211.0.0/22", "load[app=loadgenerator]"},
    "edge": {"0.0.0.0/0", "2000::/3", "load[app=loadgenerator]"},
}
METADATA = "169.254.169.254/32 TCP 80"
SERVICES = {service for call in CALLS for service in call[:2]}


@pytest.mark.parametrize("cluster", sorted(CLIENTS))
def test_boutique_allows_the_calls_of_the_application_and_no_others(cluster: str) -> None:
    result = built(EXAMPLES / "boutique")
    chosen = tuple(item for item in result.clusters if item.profile.name == cluster)
    emitted = read(Result(result.project, result.program, chosen, ()))
    leaving = {
        f"boutique[app={source}] -> boutique[app={target}] TCP {port}" for source, target, port in CALLS
    }
    entering = {
        f"boutique[app={target}] <- boutique[app={source}] TCP {port}" for source, target, port in CALLS
    }
    entering |= {f"boutique[app=frontend] <- {client} TCP 8080" for client in CLIENTS[cluster]}
    if "load[app=loadgenerator]" in CLIENTS[cluster]:
        leaving.add("load[app=loadgenerator] -> boutique[app=frontend] TCP 8080")
    if cluster == "staging":
        leaving |= {f"{line.partition(' -> ')[0]} -> {METADATA}" for line in leaving}
        leaving.add(f"boutique -> {METADATA}")
    assert emitted.egress == leaving
    assert {re.sub(r" except .+(?= TCP )", "", line) for line in emitted.ingress} == entering


@pytest.mark.parametrize("cluster", sorted(CLIENTS))
def test_boutique_closes_every_pod_in_both_directions(cluster: str) -> None:
    result = built(EXAMPLES / "boutique")
    chosen = tuple(item for item in result.clusters if item.profile.name == cluster)
    emitted = read(Result(result.project, result.program, chosen, ()))
    assert {"boutique egress", "boutique ingress"} <= emitted.isolated
    assert len(SERVICES) == 11
    assert {f"boutique[app={service}] ingress" for service in SERVICES} <= emitted.isolated


def test_boutique_never_names_a_node_address_in_a_policy() -> None:
    for path in (EXAMPLES / "boutique" / "generated").rglob("kubernetes/*.yaml"):
        for document in yaml.safe_load_all(path.read_text("utf-8")):
            for nodes in ("192.168.64.0/19", "10.10.0.0/22", "10.50.0.0/22"):
                assert nodes not in str(document)


def test_dataplane_v2_admits_nodes_by_identity_and_never_by_address() -> None:
    result = built(EXAMPLES / "dataplane-v2")
    nodes = {line for line in read(result).egress | read(result).ingress if " every node " in line}
    assert nodes == {
        "namespace-a -> every node TCP 30443",
        "namespace-b[app=your-app-b] <- every node TCP 8443",
        "namespace-b[app=your-app-b] <- every node TCP 9090",
    }
    policies = [item.content for item in result.artifacts if "/kubernetes/" in item.path]
    assert policies
    assert not [content for content in policies if b"10.128.0.0" in content]
