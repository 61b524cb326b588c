"""Rules for cluster nodes, written briefly, and firewall rules as HashiCorp's parser reads them."""

from __future__ import annotations

from typing import Any

from intentc.backends.terraform import emit
from intentc.diagnostics import Diagnostic
from intentc.ir import (
    NO_CLAUSES,
    Addresses,
    Block,
    Clauses,
    Flow,
    Origin,
    Path,
    Pods,
    Point,
    Policy,
    Ports,
    Rule,
)
from intentc.profile import ControlPlane, Firewall, Profile
from intentc.source import Span
from tests.tools import hcl

PODS = Addresses("pods", (Block("100.64.0.0/14"),))
NODES = Addresses("nodes", (Block("192.168.64.0/19"),))
PARTNERS = Addresses("cidr", (Block("203.0.113.0/24"),))
BALANCER = Addresses("cidr", (Block("198.51.100.7/32"),))
HEALTH_CHECKS = Addresses("google-health-checks", (Block("130.211.0.0/22"), Block("35.191.0.0/16")))
CONTROL_PLANE = Addresses("control-plane", (Block("172.16.0.0/28"),))
ENDPOINT = Addresses("control-plane", (Block("172.16.0.2/32"),))
UNKNOWN_PODS = Addresses("pods", ())
UNKNOWN_NODES = Addresses("nodes", ())

PROFILE = Profile(
    name="prod",
    pod_cidrs=("100.64.0.0/14",),
    node_cidrs=("192.168.64.0/19",),
    control_plane=ControlPlane("172.16.0.2", "172.16.0.0/28"),
    firewall=Firewall(project="net-prod", network="vpc-prod", target_tags=("gke-prod-node",)),
)
BARE = Profile()

IN, OUT = Point.ENTERING_NODE, Point.LEAVING_NODE


def tcp(first: int, last: int = 0) -> Ports:
    return Ports("TCP", first, last or first)


def udp(first: int, last: int = 0) -> Ports:
    return Ports("UDP", first, last or first)


def origin(
    cause: Any = "intent", kind: Any = "direct", said: Clauses = NO_CLAUSES, span: Span | None = None
) -> Origin:
    anybody = Pods(())
    return Origin(cause, (1,), Flow(anybody, anybody, (tcp(1),), Path(kind), said, span))


def opens(
    source: Addresses, *ports: Ports, target: Addresses = NODES, by: tuple[Origin, ...] = ()
) -> list[Rule]:
    return [Rule(IN, source, target, port, by) for port in ports]


def leaves(target: Addresses, *ports: Ports) -> list[Rule]:
    return [Rule(OUT, NODES, target, port) for port in ports]


def module(rules: list[Rule], profile: Profile = PROFILE) -> dict[str, bytes]:
    """Return the files of the module by name, after seeing that emitting found nothing to say."""
    artifacts, diagnostics = emit(Policy(profile.name, (), (), tuple(rules)), profile)
    assert diagnostics == ()
    assert artifacts == tuple(sorted(artifacts))
    return {artifact.path.removeprefix("terraform/"): artifact.content for artifact in artifacts}


def errors(rules: list[Rule], profile: Profile = PROFILE) -> tuple[Diagnostic, ...]:
    artifacts, diagnostics = emit(Policy(profile.name, (), (), tuple(rules)), profile)
    assert artifacts == ()
    assert {diagnostic.severity for diagnostic in diagnostics} == {"error"}
    return diagnostics


def literal(value: Any) -> Any:
    """Return a value with its texts as Terraform evaluates them; the parser leaves `$${` doubled."""
    if isinstance(value, dict):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [literal(item) for item in value]
    return value.replace("$${", "${").replace("%%{", "%{") if isinstance(value, str) else value


def firewall_rules(files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return the arguments of every firewall rule by its label, as the Go parser reads them."""
    resources = hcl.parse_hcl(files["firewall.tf"].decode()).get("resource", {})
    assert resources.keys() <= {"google_compute_firewall"}
    blocks = resources.get("google_compute_firewall", {})
    assert all(len(found) == 1 for found in blocks.values())
    return {label: literal(found[0]) for label, found in blocks.items()}


def said(rule: dict[str, Any]) -> tuple[str, Any, Any, dict[str, list[str]]]:
    """Return what a firewall rule opens: direction, sources, destinations, ports by protocol."""
    allow = {block["protocol"]: block["ports"] for block in rule["allow"]}
    assert len(allow) == len(rule["allow"])
    return rule["direction"], rule.get("source_ranges"), rule.get("destination_ranges"), allow
