"""Every rule on NetworkPolicies refuses what breaks it, for no other reason, and takes what comes close."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from intentc.prove import admission
from intentc.prove.admission import Refusal, blocks, refusals, spelling
from tests.networkpolicy import refused_by_server, refused_by_us
from tests.networkpolicy.accepted import ACCEPTED
from tests.networkpolicy.cases import (
    ANNOTATIONS,
    BLOCK,
    GONE,
    POLICY,
    Changes,
    Refused,
    changed,
    document,
    peers,
    reasons,
)

PAGE = Path(__file__).parents[1] / "docs" / "networkpolicy-rules.md"
SOURCES = sorted(Path(admission.__file__).parent.glob("*.py"))
REFUSED = {**refused_by_server.REFUSED, **refused_by_us.REFUSED}
LARGEST = 256 * 1024


def every(cases: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(rule, case, id=f"{rule} {name}")
        for rule, named in cases.items()
        for name, case in named.items()
    ]


def all_refusals() -> Iterator[Refusal]:
    for cases in REFUSED.values():
        for case in cases.values():
            yield from refusals(document(case))


# --- The cases --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "case"), every(REFUSED))
def test_a_policy_that_breaks_a_rule_is_refused_there_and_only_there(
    rule: str, case: Changes | Refused
) -> None:
    found = [(refusal.id, refusal.path) for refusal in refusals(document(case))]
    assert sorted(found) == sorted(reasons(case, rule))
    assert rule in {identity for identity, _ in found}


@pytest.mark.parametrize(("rule", "changes"), every(ACCEPTED))
def test_a_policy_that_comes_close_to_breaking_a_rule_is_taken(rule: str, changes: Changes) -> None:
    assert rule in REFUSED
    assert refusals(changed(changes)) == ()


@pytest.fixture
def long_numbers() -> Iterator[None]:
    """Let numbers of any length be shown: one of the cases is larger than Python prints by itself."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(limit)


@pytest.mark.usefixtures("long_numbers")
def test_every_case_is_another_policy() -> None:
    policies = [repr(document(case)) for cases in REFUSED.values() for case in cases.values()]
    assert len(set(policies)) == len(policies) >= 80
    near = [repr(changed(changes)) for cases in ACCEPTED.values() for changes in cases.values()]
    assert len(set(near)) >= len(REFUSED) * 3 // 4  # a policy may come close to several rules
    assert set(policies).isdisjoint(near)


# --- The page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One rule as the page has it."""

    rule: str
    group: str
    source: str
    refused: tuple[str, ...]
    accepted: tuple[str, ...]


def rows() -> list[Row]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| NP-"):
            rule, said, group, source, refused, accepted = (
                cell.strip() for cell in line.strip("|").split(" | ")
            )
            assert said
            found.append(Row(rule, group, source, tuple(refused.split("; ")), tuple(accepted.split("; "))))
    return found


def test_the_page_has_each_rule_once_in_order_with_its_cases() -> None:
    found = rows()
    assert [row.rule for row in found] == sorted(REFUSED)
    assert {row.rule: row.refused for row in found} == {rule: tuple(cases) for rule, cases in REFUSED.items()}
    assert {row.rule: row.accepted for row in found} == {
        rule: tuple(cases) for rule, cases in ACCEPTED.items()
    }


def test_the_page_says_who_refuses_and_where_that_is_written() -> None:
    groups = {row.rule: row.group for row in rows()}
    assert set(groups.values()) == {"server", "house"}
    assert {refusal.id: refusal.group for refusal in all_refusals()} == groups
    assert {rule for rule, group in groups.items() if group == "server"} == set(refused_by_server.REFUSED)
    for row in rows():
        assert re.search(r"\]\((https://\S+|[a-z-]+\.md(#\S+)?)\)", row.source), row


# --- The code ---------------------------------------------------------------------------------------------


def test_the_code_names_the_rules_of_the_page_and_no_others() -> None:
    texts = {
        node.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {text for text in texts if re.fullmatch(r"NP-\d+", text)} == {row.rule for row in rows()}


def places_that_refuse() -> set[tuple[str, int]]:
    """Return the file and line of each call that makes a refusal."""
    return {
        (str(path), node.lineno)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"server", "house"}
    }


def test_every_place_that_refuses_is_reached_by_a_case() -> None:
    places = places_that_refuse()
    files = {str(path) for path in SOURCES}
    assert len(places) > len(REFUSED)
    reached = set()

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    remembered = [value for module in (blocks, spelling) for value in vars(module).values()]
    for function in remembered:
        if hasattr(function, "cache_clear"):
            function.cache_clear()
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert any(True for _ in refusals(POLICY)) is False
        taken = places & reached
        found = list(all_refusals())
    finally:
        sys.settrace(before)
    assert not taken
    assert found
    assert places - reached == set()


def test_messages_are_one_short_printable_line() -> None:
    for refusal in all_refusals():
        text = refusal.message
        assert text.isascii(), refusal
        assert text.isprintable(), refusal
        assert len(text) <= 160, refusal
        assert not text.endswith("."), refusal
        assert refusal.path.isprintable(), refusal
        assert re.match("[a-z`]|JSON|[0-9]", text) or text.startswith(("IP", "Kubernetes")), refusal


# --- Limits that no policy can be just below of, or that need counting
# ---------------------------------------


def identities(policy: object) -> set[str]:
    return {refusal.id for refusal in refusals(policy)}


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_annotations_are_counted_in_bytes_of_keys_and_values(letter: str) -> None:
    size = len(letter.encode())
    fitting = letter * ((LARGEST - 4) // size)
    filler = "y" * (LARGEST - 1 - len(fitting.encode()))
    assert "NP-11" not in identities(changed({ANNOTATIONS: {"k": fitting + filler}}))
    assert "NP-11" in identities(changed({ANNOTATIONS: {"k": fitting + filler + "y"}}))
    assert "NP-11" in identities(changed({ANNOTATIONS: {"kk": fitting + filler}}))


@pytest.mark.parametrize("annotations", [{"x": ""}, {}], ids=["annotated", "not annotated"])
def test_what_kubectl_adds_is_counted_to_the_byte(annotations: dict[str, str]) -> None:
    """It adds one annotation: the whole object as JSON with its annotations, even if none, and a line end."""
    key = "kubectl.kubernetes.io/last-applied-configuration"

    def policy(count: int, more: int, *, applied: bool = False) -> object:
        changes: Changes = {
            ANNOTATIONS: annotations if annotations or applied else GONE,
            "metadata.name": "x" * (more + 1),
            "spec.ingress[0].from": peers(count),
        }
        return changed(changes)

    def room(count: int) -> int:
        value = json.dumps(policy(count, 0, applied=True), separators=(",", ":")) + "\n"
        return LARGEST - len(key) - len(value) - sum(len(name) for name in annotations)

    each = room(1) - room(2)
    count = 1 + room(1) // each
    left = room(count)
    assert 0 <= left < each
    assert "NP-73" not in identities(policy(count, left))
    assert "NP-73" in identities(policy(count, left + 1))


@pytest.mark.parametrize(
    ("cidr", "rule"),
    [("0100::/64", "NP-69"), ("2001:0db8::/32", "NP-69"), ("100::/064", "NP-27"), ("010.0.0.0/8", "NP-27")],
)
def test_a_zero_before_a_group_of_ipv6_changes_no_address(cidr: str, rule: str) -> None:
    assert identities(changed({BLOCK: {"cidr": cidr}})) == {rule}
