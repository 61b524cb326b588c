"""What `--fix` applies leaves the meaning of policies as it is, and every fix leaves them readable."""

from __future__ import annotations

import re
from random import Random

import pytest

from intentc.audit import audit
from intentc.audit.policies import Policy, policy
from intentc.audit.relations import rule_holds
from intentc.compiler import load_inventory, load_project
from intentc.diagnostics import Diagnostic, Fix
from intentc.manifests import decode, objects
from intentc.manifests.tree import Unreadable
from intentc.output.fixes import apply
from intentc.profile import Project
from tests.audit.test_planted import FILES, HERE, case
from tests.fuzz.inputs import changed
from tests.fuzz.targets import check_diagnostics

CASES = {path.stem: case(path) for path in FILES}
BY_IDENTITY = "W723"
"""What is taken out there is in no text but on no packet either: nodes are not matched by address."""


def known(name: str) -> Project:
    its = CASES[name]
    world = HERE / "worlds"
    project, _ = load_project((world / f"{its.project}.yaml").read_bytes() if its.project else None)
    if its.manifests:
        file = f"{its.manifests}.manifests.yaml"
        project, _ = load_inventory(project, [(file, (world / file).read_bytes(), "default")])
    return project


def read(text: str) -> list[Policy]:
    source = decode("p.yaml", text.encode(), [])
    found = []
    for value in objects(source, re.compile("kind"), []) if source is not None else ():
        kind = value.get("kind")
        if kind is not None and kind.content == "NetworkPolicy":
            try:
                found.append(policy(value, "default", []))
            except Unreadable:
                continue
    return found


def is_same(one: Policy, other: Policy) -> bool:
    """Tell whether two policies isolate the same pods, and each rule of either is within one of the other."""
    if (one.path, one.pods, one.directions) != (other.path, other.pods, other.directions):
        return False
    return all(
        any(rule_holds(outer, inner) for outer in second.rules(direction))
        for first, second in ((one, other), (other, one))
        for direction in one.directions
        for inner in first.rules(direction)
        if inner.ends
    )


def with_fix(text: str, fix: Fix) -> str:
    for edit in sorted(fix.edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def said(text: bytes, project: Project) -> tuple[Diagnostic, ...]:
    return audit([("p.yaml", text, "default")], project).diagnostics


@pytest.mark.parametrize("name", CASES)
def test_what_fix_applies_changes_no_meaning(name: str) -> None:
    """Of the mistake as it is planted, and of what slips of the pen make of it."""
    project, chance = known(name), Random(name)
    texts = [CASES[name].bad.encode(), CASES[name].ok.encode()]
    others = tuple(its.bad.encode() for its in CASES.values())
    for text in (*texts, *(changed(chance.choice(texts), others, chance) for _ in range(6))):
        found = said(text, project)
        check_diagnostics(found)
        for file, fixed in apply(tuple(item for item in found if item.code != BY_IDENTITY)):
            before, after = read(file.text), read(fixed)
            assert len(before) == len(after)
            assert all(map(is_same, before, after))


@pytest.mark.parametrize("name", CASES)
def test_every_fix_leaves_a_policy_and_takes_its_finding_away(name: str) -> None:
    project, text = known(name), CASES[name].bad
    count = len(read(text))
    found = said(text.encode(), project)
    for item in found:
        for fix in item.fixes:
            fixed = with_fix(text, fix)
            assert len(read(fixed)) == count
            left = [(each.code, each.message) for each in said(fixed.encode(), project)]
            before = [(each.code, each.message) for each in found]
            assert left.count((item.code, item.message)) < before.count((item.code, item.message))


@pytest.mark.parametrize("types", ["policyTypes:", "policyTypes: []", "policyTypes: null", ""])
@pytest.mark.parametrize(("rules", "code"), [("egress: []", "W704"), ("egress: [{}]", "W705")])
def test_types_that_say_nothing_are_replaced(types: str, rules: str, code: str) -> None:
    text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\n"
    text += f"spec:\n  podSelector: {{}}\n  {types}\n  {rules}\n"
    project, _ = load_project(None)
    (found,) = said(text.encode(), project)
    assert found.code == code
    (fix,) = found.fixes
    assert said(with_fix(text, fix).encode(), project) == ()


def test_there_are_fixes_of_both_kinds() -> None:
    fixes = {
        (item.code, fix.safe)
        for name, its in CASES.items()
        for item in said(its.bad.encode(), known(name))
        for fix in item.fixes
    }
    assert fixes >= {(code, True) for code in ("W702", "W703", "W723", "W725", "W741")}
    assert fixes >= {(code, False) for code in ("W701", "W704", "W705", "W706", "W710", "W722", "W731")}
