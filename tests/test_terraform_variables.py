"""What the profile does not know is an input of the module, and nothing else is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from intentc.ir import Rule
from intentc.profile import Firewall, Profile
from tests.firewall_modules import (
    BARE,
    OUT,
    PARTNERS,
    PODS,
    PROFILE,
    UNKNOWN_NODES,
    UNKNOWN_PODS,
    module,
    opens,
    tcp,
)
from tests.tools import hcl


@pytest.mark.parametrize(
    ("rules", "profile", "expected"),
    [
        (opens(PODS, tcp(1)), PROFILE, set()),
        (opens(PODS, tcp(1)), BARE, {"network", "project", "target_tags"}),
        (opens(UNKNOWN_PODS, tcp(1)), PROFILE, {"pod_cidrs"}),
        (opens(UNKNOWN_NODES, tcp(1), target=UNKNOWN_NODES), PROFILE, {"node_cidrs"}),
        (opens(PARTNERS, tcp(1), target=UNKNOWN_NODES), PROFILE, set()),
        ([Rule(OUT, UNKNOWN_NODES, UNKNOWN_PODS, tcp(1))], PROFILE, {"pod_cidrs"}),
        (opens(PODS, tcp(1)), Profile(firewall=Firewall(project="p")), {"network", "target_tags"}),
        (
            opens(PODS, tcp(1)),
            Profile(firewall=Firewall(target_service_accounts=("a@b.c",))),
            {"network", "project"},
        ),
        (
            opens(UNKNOWN_PODS, tcp(1)) + opens(UNKNOWN_NODES, tcp(1)),
            BARE,
            {"network", "node_cidrs", "pod_cidrs", "project", "target_tags"},
        ),
    ],
)
def test_what_is_not_known_and_only_that_is_a_variable_without_default(
    rules: list[Rule], profile: Profile, expected: set[str]
) -> None:
    files = module(rules, profile)
    variables = hcl.parse_hcl(files["variables.tf"].decode()).get("variable", {})
    assert variables.keys() == expected
    for (variable,) in variables.values():
        assert "default" not in variable
        assert variable["nullable"] is False
        assert variable["validation"]
    used = set(re.findall(rb"var\.([a-z_]+)", files["firewall.tf"]))
    assert used == {name.encode() for name in expected}


CIDRS = """
    legal ["10.0.0.0/8"]
    legal ["10.0.0.0/8", "192.168.64.0/19"]
    legal [for i in range(250) : "10.0.${i}.0/24"]
    illegal []
    illegal [""]
    illegal ["pods"]
    illegal ["0.0.0.0/0"]
    illegal ["::/0"]
    illegal ["2001:db8::/32"]
    illegal ["::ffff:10.0.0.0/104"]
    illegal ["10.0.0.0"]
    illegal ["10.0.0.1/8"]
    illegal ["010.0.0.0/8"]
    illegal ["10.0.0.0/08"]
    illegal ["10.0.0.0/255.0.0.0"]
    illegal ["10.0.0.0/8\\n"]
    illegal ["10.0.0.0/8", null]
    illegal [for i in range(251) : "10.0.${i}.0/24"]
"""
TAGS = """
    legal ["gke-prod-node"]
    legal ["a", "b-0"]
    legal [join("", [for i in range(63) : "a"])]
    legal [for i in range(70) : "t${i}"]
    illegal []
    illegal [""]
    illegal ["A"]
    illegal ["0a"]
    illegal ["a-"]
    illegal ["a_b"]
    illegal ["a", "b c"]
    illegal ["a\\n"]
    illegal ["a", null]
    illegal [join("", [for i in range(64) : "a"])]
    illegal [for i in range(71) : "t${i}"]
"""
NETWORKS = """
    legal "vpc-prod"
    legal "projects/net-prod/global/networks/vpc-prod"
    legal "https://www.googleapis.com/compute/v1/projects/net-prod/global/networks/vpc-prod"
    illegal ""
    illegal "VPC"
    illegal "vpc-"
    illegal "vpc prod"
    illegal "a b/vpc"
    illegal "vpc/"
    illegal "vpc\\n"
"""
PROJECTS = """
    legal "net-prod"
    legal "example.com:net-prod"
    illegal ""
    illegal "short"
    illegal "Net-Prod"
    illegal "net-prod-"
    illegal "0net-prod"
    illegal "net_prod"
    illegal "a/net-prod"
    illegal "net-prod\\n"
"""
VALUES = {
    "network": NETWORKS,
    "node_cidrs": CIDRS,
    "pod_cidrs": CIDRS,
    "project": PROJECTS,
    "target_tags": TAGS,
}


@pytest.mark.parametrize("name", VALUES)
def test_variables_refuse_what_would_open_more(name: str, tmp_path: Path) -> None:
    """Evaluate the module's own conditions; where Terraform is not installed, the parser alone is asked."""
    files = module(opens(UNKNOWN_PODS, tcp(1)) + opens(UNKNOWN_NODES, tcp(1)), BARE)
    (variable,) = hcl.parse_hcl(files["variables.tf"].decode())["variable"][name]
    conditions = [found["condition"].removeprefix("${").removesuffix("}") for found in variable["validation"]]
    assert conditions
    assert all(f"var.{name}" in condition for condition in conditions)
    assert all(re.fullmatch(r"[A-Z1].*\.", found["error_message"]) for found in variable["validation"])
    verdicts, values = zip(
        *(line.strip().split(" ", 1) for line in VALUES[name].strip().splitlines()), strict=True
    )
    calls = [
        " && ".join(f"({condition.replace(f'var.{name}', value)})" for condition in conditions)
        for value in values
    ]
    text = "locals {\n" + "".join(f"  answer{number} = {call}\n" for number, call in enumerate(calls)) + "}\n"
    hcl.parse_hcl(text)
    if program := shutil.which("terraform") or shutil.which("tofu"):
        (tmp_path / "main.tf").write_text(text)
        asked = ", ".join(f"local.answer{number}" for number in range(len(calls)))
        done = subprocess.run(
            [program, "console"],
            cwd=tmp_path,
            input=f"jsonencode([{asked}])",
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        answers = ["legal" if answer else "illegal" for answer in json.loads(json.loads(done.stdout))]
        assert list(zip(values, answers, strict=True)) == list(zip(values, verdicts, strict=True))
