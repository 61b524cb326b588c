"""The compiler is held against the reference model, and the model against what is known without it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.model import conformance, conformance_upstream, exhaustive, harness, laws, model, wording
from tests.model.artifacts import NOTHING_LEAVES
from tests.model.model import evaluate_firewall, evaluate_policies, meaning, walk
from tests.model.places import NODE_RANGE, WORLD, Place
from tests.model.programs import Program, Statement, Target, any_program
from tests.model.rows import MASQUERADED, ROWS, Row, hops
from tests.model.truth import Case, Document, State, block, connections, peer, policy, rule
from tests.model.world import (
    ENTERING_NODE,
    ENTERING_POD,
    LEAVING_NODE,
    LEAVING_POD,
    NAMESPACE_LABEL,
    Intent,
    Pod,
    Pods,
    Ports,
    Ranges,
    World,
)

FOLDER = Path(__file__).parent / "model"

DIFFERENTIAL = 5_000
"""How many random programs are tried here; `python -m tests.model differential --count N` tries more."""
CHUNK = 250


# --- The model itself ---------------------------------------------------------------------------------------


def test_the_model_is_small_and_knows_nothing_of_the_compiler() -> None:
    assert len((FOLDER / "model.py").read_text().splitlines()) <= 300
    for name in ("model.py", "world.py"):
        for node in ast.walk(ast.parse((FOLDER / name).read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [imported for imported in names if imported.startswith("intentc")]


def test_every_row_of_the_truth_table_is_walked() -> None:
    assert {row[0] for row in ROWS} == set(range(1, 29))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row {row[0]} {row[1]} {row[2]} {row[4]}")
def test_row(row: Row) -> None:
    assert walked(row, masquerades=False) == (None if row[5] is None else hops(row[5]))


@pytest.mark.parametrize("row", MASQUERADED, ids=lambda row: f"row {row[0]} {row[2]} {row[4]}")
def test_row_where_nodes_are_masqueraded(row: Row) -> None:
    assert walked(row, masquerades=True) == (None if row[5] is None else hops(row[5]))


def walked(row: Row, *, masquerades: bool) -> list[tuple[str, str, str, str]] | None:
    _, start, kind, local, places, _ = row
    at, dialled, home = (place.strip("-") for place in places.split())
    return walk(start, kind, local, at, dialled, home, masquerades)


# What table 2b says of a way beside the plain selectors: where a node's address stands in for somebody.
STAND_INS = [
    ("direct", False, False, set()),
    ("nodeport", False, False, {(LEAVING_POD, 30443), (ENTERING_POD, 8443)}),
    ("nodeport", True, False, {(LEAVING_POD, 30443)}),
    ("hostport", False, False, {(LEAVING_POD, 30443)}),
    ("hostnetwork", False, False, {(LEAVING_POD, 8443)}),
    ("direct", False, True, set()),
    ("nodeport", False, True, {(LEAVING_POD, 30443), (ENTERING_POD, 8443)}),
    ("nodeport", True, True, {(LEAVING_POD, 30443), (ENTERING_POD, 8443)}),
    ("hostport", False, True, {(LEAVING_POD, 30443), (ENTERING_POD, 8443)}),
    ("hostnetwork", False, True, {(LEAVING_POD, 8443)}),
]


@pytest.mark.parametrize(("kind", "local", "masquerades", "expected"), STAND_INS)
def test_node_rules_are_declared_extras(
    kind: str, local: bool, masquerades: bool, expected: set[tuple[str, int]]
) -> None:
    number = 0 if kind in ("direct", "hostnetwork") else 30443
    intent = Intent(named("shop"), named("data"), (Ports("TCP", 8443, 8443),), kind, number, local)
    extras = meaning([intent], Place(masquerades=masquerades).cluster, WORLD)["node"]
    found = {(point, port) for (point, _, _), packets in extras.passes.items() for _, port in packets}
    assert found == expected


def named(namespace: str) -> Pods:
    return Pods(((NAMESPACE_LABEL, "=", (namespace,)),))


# --- Policies, as the model evaluates them ------------------------------------------------------------------

CASES = [*conformance.cases(), *conformance_upstream.cases()]


def test_the_conformance_cases_are_complete() -> None:
    assert len(conformance.cases()) == 230 - 13
    assert len(conformance_upstream.cases()) == 48
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_conformance(case: Case) -> None:
    assert [number for number, state in enumerate(case.states) if not agrees(state)] == []


def agrees(state: State) -> bool:
    """Tell whether the model admits what is expected: no more, no less."""
    return connections(evaluate_policies(state.policies, state.world), state.world) == state.expected


def one_selector_is_enough(right: Any) -> Any:
    def is_peer(entry: Mapping[str, Any], *rest: Any) -> bool:
        parts = [{key: entry[key]} for key in ("namespaceSelector", "podSelector") if key in entry]
        return any(right(part, *rest) for part in parts or [dict(entry)])

    return is_peer


def not_in_is_in(right: Any) -> Any:
    def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> Any:
        entries = selector.get("matchExpressions", ())
        turned = [{**entry, "operator": entry["operator"].removeprefix("Not")} for entry in entries]
        return right({**selector, "matchExpressions": turned}, labels)

    return selects


WRONG: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "one selector of a peer is enough": ("is_peer", one_selector_is_enough),
    "exceptions are forgotten": ("in_ranges", lambda right: lambda who, cidrs, *_: right(who, cidrs)),
    "every protocol is TCP": (
        "accepted",
        lambda right: lambda entry, *rest: right(("TCP", *entry[1:]), *rest),
    ),
    "ranges have no end": ("accepted", lambda right: lambda entry, *rest: right((*entry[:2], None), *rest)),
    "names are ignored": ("accepted", lambda right: lambda entry, _, world: right(entry, (), world)),
    "NotIn is In": ("selects", not_in_is_in),
    "selectors select everything": ("selects", lambda _: lambda *_: True),
}


@pytest.mark.parametrize(("function", "broken"), WRONG.values(), ids=WRONG)
def test_the_cases_catch_a_wrong_evaluator(
    function: str, broken: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "meant_by", model.meant_by.__wrapped__)  # it remembers what was right
    monkeypatch.setattr(model, function, broken(getattr(model, function)))
    assert not all(agrees(state) for case in CASES for state in case.states)


A = Pod("x/a", "x", {NAMESPACE_LABEL: "x"}, {"app": "a"}, "10.0.0.1")
HOST = replace(A, name="x/host", address="192.168.0.1", host_network=True)
SMALL = World((A, HOST), ("2001:db8::1", "192.0.2.1"), frozenset({("TCP", 80), ("UDP", 80)}))


def test_pods_with_host_network_are_never_selected() -> None:
    shut = evaluate_policies([policy("x", {}, ingress=[rule([peer({})])])], SMALL)
    assert shut.closed == {(ENTERING_POD, "x/a")}
    assert shut.admits(ENTERING_POD, A, A, ("TCP", 80))
    assert not shut.admits(ENTERING_POD, A, HOST, ("TCP", 80))


def test_ranges_match_their_own_family_only() -> None:
    found = evaluate_policies([policy("x", {}, ingress=[rule([block("::/0", "2001:db8:1::/48")])])], SMALL)
    assert found.admits(ENTERING_POD, A, "2001:db8::1", ("TCP", 80))
    assert not found.admits(ENTERING_POD, A, "192.0.2.1", ("TCP", 80))


@pytest.mark.parametrize(
    ("spec", "points"),
    [
        ({}, {ENTERING_POD}),
        ({"egress": []}, {ENTERING_POD}),
        ({"egress": [{}]}, {ENTERING_POD, LEAVING_POD}),
        ({"ingress": [{}], "policyTypes": ["Egress"]}, {LEAVING_POD}),
    ],
)
def test_policy_types_that_are_not_written(spec: Document, points: set[str]) -> None:
    document = {"metadata": {"namespace": "x"}, "spec": {"podSelector": {}, **spec}}
    assert evaluate_policies([document], SMALL).closed == {(point, "x/a") for point in points}


def test_a_policy_without_a_namespace_is_in_default() -> None:
    assert not evaluate_policies([{"metadata": {}, "spec": {"podSelector": {}}}], SMALL).closed


@pytest.mark.parametrize("entry", [{}, {**block("0.0.0.0/0"), "podSelector": {}}])
def test_what_the_api_refuses_is_no_peer(entry: Document) -> None:
    with pytest.raises(ValueError, match="not a peer"):
        evaluate_policies([policy("x", {}, ingress=[rule([entry])])], SMALL)


# --- Firewall rules, as the model evaluates them ------------------------------------------------------------


def firewall_rule(**attributes: Any) -> Document:
    return {"source_ranges": ["0.0.0.0/0"], "target_tags": ["node"], **attributes}


WEB: list[Document] = [{"protocol": "tcp", "ports": ["80"]}]
FIREWALL: dict[str, tuple[list[Document], bool]] = {
    "nothing is said": ([], False),
    "allowed": ([firewall_rule(allow=WEB)], True),
    "allowed in a range of ports": ([firewall_rule(allow=[{"protocol": "tcp", "ports": ["79-81"]}])], True),
    "allowed without ports": ([firewall_rule(allow=[{"protocol": "tcp"}])], True),
    "allowed altogether": ([firewall_rule(allow=[{"protocol": "all"}])], True),
    "another port": ([firewall_rule(allow=[{"protocol": "tcp", "ports": ["8080"]}])], False),
    "another protocol": ([firewall_rule(allow=[{"protocol": "udp", "ports": ["80"]}])], False),
    "another source": ([firewall_rule(allow=WEB, source_ranges=["198.51.100.0/24"])], False),
    "the source's range": ([firewall_rule(allow=WEB, source_ranges=["192.0.2.0/30"])], True),
    "another target": ([firewall_rule(allow=WEB, target_tags=["other"])], False),
    "no target means all": ([firewall_rule(allow=WEB, target_tags=[])], True),
    "a service account": ([firewall_rule(allow=WEB, target_tags=[], target_service_accounts=["node"])], True),
    "another destination": ([firewall_rule(allow=WEB, destination_ranges=["203.0.113.9/32"])], False),
    "the other direction": ([firewall_rule(allow=WEB, direction="EGRESS")], False),
    "disabled": ([firewall_rule(allow=WEB, disabled=True)], False),
    "by the tag of the source": ([firewall_rule(allow=WEB, source_ranges=[], source_tags=["client"])], False),
    "the smaller number wins": ([firewall_rule(allow=WEB, priority=900), firewall_rule(deny=WEB)], True),
    "the larger number loses": ([firewall_rule(allow=WEB, priority=1100), firewall_rule(deny=WEB)], False),
    "deny wins at the same number": ([firewall_rule(allow=WEB), firewall_rule(deny=WEB)], False),
    "a deny of another": ([firewall_rule(allow=WEB), firewall_rule(deny=[{"protocol": "udp"}])], True),
}


@pytest.mark.parametrize(("rules", "expected"), FIREWALL.values(), ids=FIREWALL)
def test_firewall_rules(rules: list[Document], expected: bool) -> None:
    found = evaluate_firewall(rules, "10.0.0.9", ["node"], SMALL)
    assert found.admits(ENTERING_NODE, "nodes", "192.0.2.1", ("TCP", 80)) is expected


def test_everything_leaves_until_it_is_denied() -> None:
    exception: Document = {"direction": "EGRESS", "destination_ranges": ["192.0.2.0/24"], "allow": WEB}
    for rules, leaves in (
        ([], (True, True)),
        ([NOTHING_LEAVES], (False, False)),
        ([NOTHING_LEAVES, exception], (True, False)),
    ):
        found = evaluate_firewall(rules, "10.0.0.9", [], SMALL)
        assert found.admits(LEAVING_NODE, "nodes", "192.0.2.1", ("TCP", 80)) is leaves[0]
        assert found.admits(LEAVING_NODE, "nodes", "192.0.2.1", ("UDP", 80)) is leaves[1]


# --- The compiler, held against the model -------------------------------------------------------------------


@pytest.mark.parametrize("mode", exhaustive.PLACES)
def test_small_programs(mode: str) -> None:
    step = 131 if mode == "kube-dns" else 9_973 if mode.endswith("masqueraded") else 997
    numbers = range(0, exhaustive.COUNT, step)
    assert list(exhaustive.check(numbers, mode)) == []


@pytest.mark.parametrize("start", range(0, DIFFERENTIAL, CHUNK))
def test_random_programs(start: int) -> None:
    for seed, failure in harness.differential(range(start, start + CHUNK)):
        pytest.fail(f"seed {seed}: {harness.report(harness.shrink(failure))}")


@pytest.mark.parametrize("start", range(0, 80, 20))
def test_laws(start: int) -> None:
    assert {seed: found for seed in range(start, start + 20) if (found := laws.broken(seed))} == {}


def test_a_seed_is_always_the_same_program() -> None:
    assert [any_program(seed) for seed in range(50)] == [any_program(seed) for seed in range(50)]


WEB_PODS = Pods(((NAMESPACE_LABEL, "=", ("shop",)),), (("app", "=", ("web",)),))
PLANTED = Program(
    (
        Statement((WEB_PODS,), (Target(named("data"), (Ports("TCP", 8443, 8443),)),), "nodeport", 30443),
        Statement(
            (Ranges("cidr", ("203.0.113.0/24",), ("203.0.113.0/28",)),),
            (Target(WEB_PODS, (Ports("UDP", 8079, 9090),)),),
        ),
        Statement((named("no"),), points=(LEAVING_POD, ENTERING_POD)),
    ),
    Place(),
)
FAULTS = {
    "another port": (r"port: 8443", "port: 8079"),
    "a range that ends early": (r"endPort: 9090", "endPort: 8443"),
    "another protocol": (r'"UDP"\n          port: 8079', '"TCP"\n          port: 8079'),
    "no DNS over TCP": (r'        - protocol: "TCP"\n          port: 53\n', ""),
    "or instead of and": (r"          podSelector:", "        - podSelector:"),
    "no pod selector in a peer": (r"          podSelector:\n +matchLabels:\n.*\n", ""),
    "an exception is lost": (r" +except:\n.*\n", ""),
    "another namespace's pods": (r'namespace: "data"', 'namespace: "no"'),
    "more pods": (r'  podSelector:\n    matchLabels:\n      "app": "web"', "  podSelector: {}"),
    "everybody": (r"    - from:\n(        .*\n)+?      (?=ports)", "    - "),
    "the wrong direction": (r'- "Egress"', '- "Ingress"'),
    "a node rule is lost": (rf'        - ipBlock:\n            cidr: "{NODE_RANGE}"\n', ""),
    "a wider source": (r"100\.64\.0\.0/14", "100.64.0.0/10"),
    "a wider port": (r'ports    = \["53"', 'ports    = ["53-80"'),
    "no firewall rule for nodePorts": (r'"30443"', '"30080"'),
    "every machine": (r"  target_tags = \[[^]]*]\n", ""),
    "deny": (r"  allow \{", "  deny {"),
}


@pytest.mark.parametrize(("pattern", "replacement"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_seen(pattern: str, replacement: str) -> None:
    def faulty(texts: Mapping[str, str]) -> dict[str, bytes]:
        right = {path: data.decode() for path, data in harness.compiled(texts).items()}
        wrong = {path: re.sub(pattern, replacement, text) for path, text in right.items()}
        assert wrong != right
        return {path: text.encode() for path, text in wrong.items()}

    assert harness.compare(PLANTED) == []
    assert harness.compare(PLANTED, faulty)


def test_a_failing_program_shrinks_to_what_fails() -> None:
    def no_udp(texts: Mapping[str, str]) -> dict[str, bytes]:
        artifacts = harness.compiled(texts)
        return {
            path: data.replace(b'"UDP"\n          port: 8', b'"TCP"\n          port: 8')
            for path, data in artifacts.items()
        }

    failure = harness.judge(PLANTED, no_udp)
    assert failure
    least = harness.shrink(failure, no_udp).program
    assert [wording.plain(statement) for statement in least.statements] == [
        "203.0.113.0/24 -> *:8079-9090/udp"
    ]
