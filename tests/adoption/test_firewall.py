"""Firewall rules that exist are held against those that a build of imported policies makes."""

from __future__ import annotations

import pytest

from intentc.adoption import Adoption, adopt
from intentc.compiler import Options, compile_files, load_project
from tests.readback import CLUSTER

INTENTS = "203.0.113.0/24 -> shop[app=web]:8443\nshop[app=web] -> data[app=db]:5432\n"
RULE = """
resource "google_compute_firewall" "door" {
  name          = "door"
  project       = "net-prod"
  network       = "vpc-prod"
  target_tags   = ["gke-prod-node"]
  source_ranges = ["198.51.100.0/24", "203.0.113.0/24"]

  allow {
    protocol = "tcp"
    ports    = ["8443", "30443"]
  }
}
"""


def built() -> tuple[list[tuple[str, bytes, str]], list[tuple[str, bytes]]]:
    """Return the policies and the module of a build."""
    files = {"intentc.yaml": CLUSTER.encode(), "a.intent": INTENTS.encode()}
    artifacts = compile_files(files, Options()).artifacts
    policies = [(item.path, item.content, "") for item in artifacts if item.path.endswith(".yaml")]
    return policies, [(item.path, item.content) for item in artifacts if item.path.endswith(".tf")]


def adopted(module: list[tuple[str, bytes]], *, allow_residue: bool = False) -> Adoption:
    project, _ = load_project(CLUSTER.encode())
    return adopt(built()[0], project, firewall=module, allow_residue=allow_residue)


def test_the_module_of_the_same_lines_leaves_nothing_to_say() -> None:
    adoption = adopted(built()[1])
    assert adoption.diagnostics == ()
    assert sorted(adoption.text.splitlines()) == sorted(["# data", "# shop", "", *INTENTS.splitlines()])


def test_what_no_line_needs_is_listed_at_its_rule() -> None:
    module = [*built()[1], ("more.tf", RULE.encode())]
    adoption = adopted(module)
    assert adoption.text == ""
    (problem,) = adoption.diagnostics
    assert (problem.code, str(problem.span)) == ("E760", "more.tf:2:1")
    assert problem.label == (
        "opens `198.51.100.0/24 -> nodes:8443, 30443` and `203.0.113.0/24 -> nodes:30443`, "
        "which no intent needs"
    )
    left_out = adopted(module, allow_residue=True)
    assert [item.code for item in left_out.diagnostics] == ["W760"]
    assert left_out.text


def test_what_only_a_build_opens_is_a_note() -> None:
    rule = RULE.replace('"198.51.100.0/24", ', "").replace(', "30443"', "")
    adoption = adopted([("main.tf", rule.encode())])
    assert [(item.code, item.severity) for item in adoption.diagnostics] == [("W762", "note")]
    assert adoption.diagnostics[0].message == (
        "a build opens `100.64.0.0/14 -> nodes:53, 5432, 53/udp`, which no rule here opens"
    )
    assert adoption.text


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        (RULE.replace("allow {", "deny {"), "it denies, and intents only open"),
        (RULE.replace("vpc-prod", "other"), "for another project, network or target than the profile's"),
        (RULE.replace('"8443", "30443"', '"http"'), "`http` is no port and no range of ports"),
        (
            RULE.replace("google_compute_firewall", "google_compute_network"),
            "is no `google_compute_firewall`",
        ),
        ('module "x" {\n  source = "./x"\n}\n', "a block that a module of firewall rules does not have"),
        ("locals {", "`file end` where end is expected"),
    ],
)
def test_what_is_no_rule_that_opens_is_an_error_in_its_file(rule: str, label: str) -> None:
    (problem,) = (item for item in adopted([("main.tf", rule.encode())]).diagnostics if item.code == "E760")
    assert label in problem.label
    assert problem.span is None or problem.span.file.path == "main.tf"
