"""The Terraform module opens what the policy's rules for cluster nodes say, in canonical form."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from intentc.backends import terraform
from intentc.backends.terraform import MalformedRule, emit
from intentc.ir import EVERY_PORT, Addresses, Block, Clauses, Pods, Point, Policy, Ports, Rule
from intentc.profile import Firewall, Profile
from intentc.source import SourceFile, Span
from tests.firewall_modules import (
    BALANCER,
    BARE,
    CONTROL_PLANE,
    ENDPOINT,
    HEALTH_CHECKS,
    IN,
    NODES,
    OUT,
    PARTNERS,
    PODS,
    PROFILE,
    UNKNOWN_NODES,
    UNKNOWN_PODS,
    errors,
    firewall_rules,
    leaves,
    module,
    opens,
    origin,
    said,
    tcp,
    udp,
)
from tests.tools import development, hcl

# --- Every row of the firewall column of table 2b ---------------------------------------------------------

POD_RANGE, NODE_RANGE = ["100.64.0.0/14"], ["192.168.64.0/19"]

ROWS: dict[str, tuple[list[Rule], list[tuple[str, Any, Any, dict[str, list[str]]]]]] = {
    "pod to pod or ClusterIP": (
        opens(PODS, tcp(8443)),
        [("INGRESS", POD_RANGE, None, {"tcp": ["8443"]})],
    ),
    "nodeport": (
        opens(PODS, tcp(30443)) + opens(NODES, tcp(8443)),
        [
            ("INGRESS", NODE_RANGE, None, {"tcp": ["8443"]}),
            ("INGRESS", POD_RANGE, None, {"tcp": ["30443"]}),
        ],
    ),
    "nodeport local": (
        opens(PODS, tcp(30443), tcp(8443)),
        [("INGRESS", POD_RANGE, None, {"tcp": ["8443", "30443"]})],
    ),
    "hostport": (
        opens(PODS, tcp(18443)),
        [("INGRESS", POD_RANGE, None, {"tcp": ["18443"]})],
    ),
    "hostnetwork": (
        opens(PODS, tcp(9443)),
        [("INGRESS", POD_RANGE, None, {"tcp": ["9443"]})],
    ),
    "nodes to pod": (
        opens(NODES, tcp(8443)),
        [("INGRESS", NODE_RANGE, None, {"tcp": ["8443"]})],
    ),
    "cidr to nodeport": (
        opens(PARTNERS, tcp(30443)) + opens(NODES, tcp(8443)),
        [
            ("INGRESS", ["203.0.113.0/24"], None, {"tcp": ["30443"]}),
            ("INGRESS", NODE_RANGE, None, {"tcp": ["8443"]}),
        ],
    ),
    "cidr to loadbalancer": (
        opens(PARTNERS, tcp(443), target=BALANCER) + opens(NODES, tcp(8443)),
        [
            ("INGRESS", ["203.0.113.0/24"], ["198.51.100.7/32"], {"tcp": ["443"]}),
            ("INGRESS", NODE_RANGE, None, {"tcp": ["8443"]}),
        ],
    ),
    "google health checks": (
        opens(HEALTH_CHECKS, tcp(8080)),
        [("INGRESS", ["35.191.0.0/16", "130.211.0.0/22"], None, {"tcp": ["8080"]})],
    ),
    "control plane to pod": (
        opens(CONTROL_PLANE, tcp(9443)),
        [("INGRESS", ["172.16.0.0/28"], None, {"tcp": ["9443"]})],
    ),
    "name resolution": (
        opens(PODS, udp(53), tcp(53), by=(origin("dns"),)),
        [("INGRESS", POD_RANGE, None, {"tcp": ["53"], "udp": ["53"]})],
    ),
    "egress of pod to control plane": (
        leaves(ENDPOINT, tcp(443)),
        [("EGRESS", None, ["172.16.0.2/32"], {"tcp": ["443"]})],
    ),
    "egress of pod to cidr": (
        leaves(PARTNERS, tcp(443)),
        [("EGRESS", None, ["203.0.113.0/24"], {"tcp": ["443"]})],
    ),
    "egress of pod to pod": (
        leaves(PODS, tcp(8443)),
        [("EGRESS", None, POD_RANGE, {"tcp": ["8443"]})],
    ),
    "every port": (
        opens(PODS, *EVERY_PORT),
        [("INGRESS", POD_RANGE, None, {"sctp": ["1-65535"], "tcp": ["1-65535"], "udp": ["1-65535"]})],
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_table_2b(row: str) -> None:
    rules, expected = ROWS[row]
    found = firewall_rules(module(rules))
    assert [said(rule) for rule in found.values()] == expected
    for label, rule in found.items():
        assert re.fullmatch(r"(from|to)_[a-z0-9_]+_[0-9a-f]{10}", label)
        assert rule["name"] == "intentc-prod-" + label.replace("_", "-")
        assert rule["target_tags"] == ["gke-prod-node"]
        assert (rule["project"], rule["network"], rule["priority"]) == ("net-prod", "vpc-prod", 1000)
        assert rule["description"].startswith("From ")
        assert rule.keys() <= {
            *("name", "description", "project", "network", "direction", "priority", "allow"),
            *("source_ranges", "destination_ranges", "target_tags"),
        }


def test_priority_and_targets_are_the_profile_s() -> None:
    chosen = Firewall(target_tags=("b", "a", "b"), priority=7)
    (rule,) = firewall_rules(module(opens(PODS, tcp(1)), Profile(firewall=chosen))).values()
    assert (rule["priority"], rule["target_tags"]) == (7, ["a", "b"])


PAGE = (development.ROOT / "docs" / "terraform.md").read_text()
DOCUMENTED = re.findall(r"^```hcl\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_documented_rule_is_what_is_written() -> None:
    clauses = Clauses("orders", "team-shop", "NET-1")
    rules = opens(PODS, tcp(8443), by=(origin(said=clauses),))
    rules += opens(PODS, udp(53), tcp(53), by=(origin("dns"),))
    files = module(rules)
    (documented,) = (block for block in DOCUMENTED if block.startswith("resource"))
    header = "# Written by intentc. Change the intents, not this file.\n\n"
    assert files["firewall.tf"].decode() == header + documented
    assert files.keys() == set(re.findall(r"^\| `([a-z]+\.tf)` \|", PAGE, re.MULTILINE))
    assert files["variables.tf"].count(b"\n") == 1
    assert b"    google_compute_firewall.from_pods_d1e5e7200b.name,\n" in files["outputs.tf"]
    versions = hcl.parse_hcl(files["versions.tf"].decode())["terraform"][0]
    assert versions["required_version"] == ">= 1.3"
    assert versions["required_providers"] == [
        {"google": {"source": "hashicorp/google", "version": ">= 5.0, < 8.0"}}
    ]


def test_the_documented_inputs_and_errors_are_all_there_are() -> None:
    files = module(opens(UNKNOWN_PODS, tcp(1)) + opens(UNKNOWN_NODES, tcp(1)), BARE)
    variables = hcl.parse_hcl(files["variables.tf"].decode())["variable"].keys()
    assert variables == set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))
    calls = [
        hcl.parse_hcl(block)["module"]["intents_prod"][0]
        for block in DOCUMENTED
        if block.startswith("module")
    ]
    assert [call.keys() - {"source"} for call in calls] == [set(), variables]
    written = set(re.findall(r'"(E[0-9]{3})"', Path(terraform.__file__).read_text()))
    assert written == set(re.findall(r"^\| (E[0-9]{3}) \|", PAGE, re.MULTILINE))


def test_a_policy_without_node_rules_is_a_module_without_resources() -> None:
    pods = Pods(())
    files = module(
        [Rule(Point.ENTERING_POD, pods, pods, tcp(8443)), Rule(Point.LEAVING_POD, pods, pods, tcp(1))], BARE
    )
    assert firewall_rules(files) == {}
    assert hcl.parse_hcl(files["variables.tf"].decode()) == {}
    assert hcl.parse_hcl(files["outputs.tf"].decode())["output"]["firewall_rules"][0]["value"] == []


# --- Form -------------------------------------------------------------------------------------------------


def test_every_module_is_in_canonical_form(tmp_path: Path) -> None:
    modules = {row: module(rules) for row, (rules, _) in ROWS.items()}
    modules["unknown"] = module(opens(UNKNOWN_PODS, tcp(1)) + opens(UNKNOWN_NODES, tcp(1)), BARE)
    modules["nothing"] = module([])
    texts = (origin(said=Clauses('"${x}\n%{x}\\')),)
    accounts = Firewall(
        target_service_accounts=("b@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com")
    )
    modules["accounts"] = module(opens(PODS, tcp(1), by=texts), Profile(firewall=accounts))
    paths = []
    for row, files in modules.items():
        for name, content in files.items():
            path = tmp_path / row / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            paths.append(path)
            assert b"\r" not in content
            assert content.endswith(b"\n")
    assert hcl.fmt_check(paths) == []
    (rule,) = firewall_rules(modules["accounts"]).values()
    assert rule["target_service_accounts"] == ["a@p.iam.gserviceaccount.com", "b@p.iam.gserviceaccount.com"]
    assert "target_tags" not in rule


# What stands unquoted is HCL already: rendered fragments, identifiers of our own, and the priority.
READY = {"argument", "block", "label", "name", "network", "priority", "project", "variable", "word"}
READY_LIST = 'ports | map("hcl") | join(", ")'


def test_templates_hold_shape_only() -> None:
    """A template loops and interpolates, and what it does not quote is known."""
    templates = sorted((development.ROOT / "templates" / "terraform").glob("*.j2"))
    texts = [template.read_text() for template in templates]
    statements = {found for text in texts for found in re.findall(r"{%\s*(.*?)\s*%}", text)}
    values = {found for text in texts for found in re.findall(r"{{\s*(.*?)\s*}}", text)}
    assert statements
    assert all(re.fullmatch(r"for [a-z]+ in [a-z]+|endfor", statement) for statement in statements)
    assert {value for value in values if not re.fullmatch(r"[a-z]+ \| hcl", value)} == {*READY, READY_LIST}
    assert not any("{#" in text for text in texts)


def test_importing_the_backend_loads_no_template_engine() -> None:
    code = "import intentc.backends.terraform, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- What a firewall cannot say ---------------------------------------------------------------------------

SOURCE = SourceFile("a.intent", "a -> b:metrics\nc -> d:metrics\n")
FIRST, SECOND = Span(SOURCE, 0, 14), Span(SOURCE, 15, 29)
BOTH = (origin(span=FIRST), origin(span=SECOND))


def test_a_named_port_is_an_error_at_every_intent_behind_it() -> None:
    named = Ports("TCP", 0, 0, "metrics")
    found = errors(
        opens(PODS, named, by=BOTH) + opens(PODS, named, by=BOTH[:1]) + opens(PODS, tcp(1), by=BOTH)
    )
    assert [(each.code, each.span) for each in found] == [("E402", FIRST), ("E402", SECOND)]
    assert found[0].message == "port name `metrics` means nothing to a firewall"
    assert [word in " ".join(found[0].help) for word in ("number", "gke-managed", "--target kubernetes")] == [
        True
    ] * 3
    assert [each.span for each in errors(opens(PODS, named))] == [None]


def test_exceptions_that_leave_no_address_are_an_error() -> None:
    nothing = Addresses("cidr", (Block("10.0.0.0/8", ("10.0.0.0/9", "10.128.0.0/9")),))
    for rules in (opens(nothing, tcp(1), by=BOTH), opens(PARTNERS, tcp(1), target=nothing, by=BOTH)):
        found = errors(rules)
        assert [(each.code, each.span) for each in found] == [("E411", FIRST), ("E411", SECOND)]
        assert found[0].message == "the exceptions leave no address of `10.0.0.0/8`"
    assert [each.code for each in errors(leaves(nothing, tcp(1)))] == ["E411"]


def test_ends_of_different_ip_versions_are_an_error() -> None:
    six = Addresses("cidr", (Block("2001:db8::1/128"),))
    for source in (PARTNERS, UNKNOWN_PODS):
        found = errors(opens(source, tcp(1), target=six, by=BOTH))
        assert [(each.code, each.span) for each in found] == [("E412", FIRST), ("E412", SECOND)]
        assert found[0].message == "no connection leads from IPv4 to IPv6"
    both = Addresses("cidr", (*PARTNERS.blocks, *six.blocks))
    (rule,) = firewall_rules(module(opens(both, tcp(1), target=six))).values()
    assert (rule["source_ranges"], rule["destination_ranges"]) == (["2001:db8::1/128"], ["2001:db8::1/128"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            Firewall(target_tags=("a",), target_service_accounts=("b",)),
            "the firewall of cluster `default` has target tags and target service accounts",
        ),
        (
            Firewall(target_tags=tuple(f"t{number}" for number in range(71))),
            "the firewall of cluster `default` has 71 `targetTags`",
        ),
        (
            Firewall(target_service_accounts=tuple(f"t{number}" for number in range(11))),
            "the firewall of cluster `default` has 11 `targetServiceAccounts`",
        ),
    ],
)
def test_targets_that_no_firewall_rule_takes_are_an_error(settings: Firewall, message: str) -> None:
    profile = Profile(firewall=settings)
    assert [(each.code, each.message) for each in errors(opens(PODS, tcp(1)), profile)] == [("E413", message)]
    assert firewall_rules(module([], profile)) == {}


@pytest.mark.parametrize(
    "rule",
    [
        Rule(IN, Pods(()), NODES, tcp(1)),
        Rule(IN, PODS, Pods(()), tcp(1)),
        Rule(OUT, PODS, PARTNERS, tcp(1)),
        Rule(IN, Addresses("internet", ()), NODES, tcp(1)),
        Rule(OUT, NODES, Addresses("control-plane", ()), tcp(1)),
    ],
)
def test_a_rule_that_no_intent_leads_to_stops_the_build(rule: Rule) -> None:
    with pytest.raises(MalformedRule):
        emit(Policy("prod", (), (), (rule,)), PROFILE)


def test_an_empty_list_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "plain_cidrs", lambda _: {4: ()})
    monkeypatch.setattr(terraform, "chunks", lambda items, _: [tuple(items)])
    with pytest.raises(MalformedRule, match="source_ranges is empty"):
        module(opens(PODS, tcp(1)))


def test_two_firewall_rules_of_one_name_are_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "_named", lambda *_: "a")
    with pytest.raises(MalformedRule, match="two firewall rules are called"):
        module(opens(PODS, tcp(1)) + opens(NODES, tcp(1)))
