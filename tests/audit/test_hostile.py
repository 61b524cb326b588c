"""Policies from strangers end in findings: whatever they hold, soon, and without a crash."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from intentc.audit import MAXIMUM_FINDINGS, Audit, audit
from intentc.compiler import load_inventory, load_project
from intentc.output.text import render
from intentc.profile import Project

HERE = Path(__file__).parent
HEAD = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {0}, namespace: shop}}\nspec:\n"
)
ALONE = HEAD.format("web")
RULES = ALONE + "  podSelector: {}\n  ingress:\n"
PEERS = RULES + "  - from:\n"

MANY_KEYS = "".join(f"k{number}: v, " for number in range(1000))
MANY_VALUES = ",".join(f"v{number}" for number in range(2000))

REFUSED = {
    "alias": (ALONE + "  podSelector: &a {}\n  ingress: [{from: [{podSelector: *a}]}]\n", "E803"),
    "merge key": (ALONE + "  <<: {podSelector: {}}\n", "E803"),
    "tag": (ALONE + "  podSelector: !!python/object/apply:os.system [x]\n", "E803"),
    "key twice": (ALONE + "  podSelector: {}\n  podSelector: {a: b}\n", "E803"),
    "brackets": (ALONE + "  ingress: " + "[" * 100_000, "E801"),
    "braces": (ALONE + "  ingress: " + "{a: " * 100_000, "E801"),
    "levels": (ALONE + "".join(" " * depth + "a:\n" for depth in range(2, 3000)), "E801"),
    "long number": (RULES + f"  - ports: [{{port: {'9' * 100_000}}}]\n", "E804"),
    "long address": (PEERS + f"    - ipBlock: {{cidr: {'1' * 100_000}/8}}\n", "E804"),
    "foreign digits": (PEERS + "    - ipBlock: {cidr: 10.0.0.0/٨}\n", "E804"),
    "leading zeros": (PEERS + "    - ipBlock: {cidr: 010.0.0.0/8}\n", "E804"),
    "a zone": (PEERS + "    - ipBlock: {cidr: fe80::1%eth0/64}\n", "E804"),
    "zero port": (RULES + "  - ports: [{port: 0}]\n", "E804"),
    "too many rules": (RULES + "  - {from: [{podSelector: {}}]}\n" * 20_001, "E804"),
}

LONG = {
    "rules": RULES
    + "".join(
        f"  - {{from: [{{podSelector: {{matchLabels: {{a: b{number}}}}}}}]}}\n" for number in range(3000)
    ),
    "peers": PEERS + "".join(f"    - podSelector: {{matchLabels: {{a: b{n}}}}}\n" for n in range(3000)),
    "ports": RULES + "  - ports:\n" + "".join(f"    - {{port: {number + 1}}}\n" for number in range(6000)),
    "labels": RULES
    + "".join(
        f"  - {{from: [{{podSelector: {{matchLabels: {{{MANY_KEYS} z: y{number}}}}}}}]}}\n"
        for number in range(90)
    ),
    "values": RULES
    + "".join(
        "  - {from: [{podSelector: {matchExpressions: "
        f"[{{key: a, operator: NotIn, values: [{MANY_VALUES}, z{number}]}}]}}}}]}}\n"
        for number in range(90)
    ),
    "policies": "---\n".join(
        HEAD.format(f"p{number}") + f"  podSelector: {{matchLabels: {{a: b{number}}}}}\n"
        "  policyTypes: [Ingress, Egress]\n"
        f"  egress: [{{to: [{{podSelector: {{matchLabels: {{a: b{number + 1}}}}}}}]}}]\n"
        for number in range(1100)
    ),
}
"""What would take minutes if all of it were compared with all of it."""


def judged(data: str | bytes, project: Project | None = None) -> Audit:
    encoded = data.encode() if isinstance(data, str) else data
    return audit([("policies.yaml", encoded, "default")], project or load_project(None)[0])


def codes(result: Audit) -> set[str]:
    return {diagnostic.code for diagnostic in result.diagnostics}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_reader_should_take_is_refused_and_the_others_are_judged(name: str) -> None:
    text, code = REFUSED[name]
    start = time.monotonic()
    result = judged(f"{text}\n---\n{RULES}  - from: []\n")
    assert code in codes(result)
    assert time.monotonic() - start < 20
    if code != "E801":
        # What is no YAML ends the file: nobody can say where its documents begin.
        assert result.policies == 1
        assert "W702" in codes(result)


@pytest.mark.parametrize(
    "data", [b"kind: NetworkPolicy\0", b"kind: NetworkPolicy\xff", ALONE.encode("utf-16")]
)
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    assert codes(judged(data)) == {"E801"}


@pytest.mark.parametrize("name", LONG)
def test_what_is_too_much_to_compare_is_said_not_to_be_judged(name: str) -> None:
    start = time.monotonic()
    result = judged(LONG[name])
    assert "W749" in codes(result)
    assert time.monotonic() - start < 30


def test_manifests_in_which_all_is_alike_are_not_compared_without_end() -> None:
    labels = "{app: x}"
    described = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: shop, labels: {labels}}}\n"
        "spec: {containers: [{name: main, ports: [{containerPort: 8080}]}]}\n"
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{number}, namespace: shop}}\n"
        f"spec: {{selector: {labels}, ports: [{{port: 80, targetPort: 8080}}]}}\n"
        for number in range(600)
    )
    project, problems = load_inventory(
        load_project(None)[0], [("manifests.yaml", described.encode(), "default")]
    )
    assert problems == ()
    policies = (
        HEAD.format(f"p{number}") + "  podSelector: {}\n  ingress: [{ports: [{port: 80}]}]\n"
        for number in range(60)
    )
    found = Counter(diagnostic.code for diagnostic in judged("---\n".join(policies), project).diagnostics)
    assert found["W749"] == 1
    assert 0 < found["W731"] < 60


def test_a_long_list_of_ranges_is_not_too_much() -> None:
    ranges = [f"10.{number // 256}.{number % 256}.0/24" for number in range(5000)]
    text = PEERS + "".join(f"    - ipBlock: {{cidr: {cidr}}}\n" for cidr in (*ranges, ranges[7]))
    (found,) = judged(text).diagnostics
    assert (found.code, found.message) == ("W741", "peer adds nothing")
    assert found.span is not None
    assert text.count("\n", 0, found.span.start) == text.count("\n") - 1


def test_there_is_an_end_to_findings() -> None:
    text = RULES + "  - from: []\n"
    count = MAXIMUM_FINDINGS + 100
    result = judged("---\n".join(text.replace("name: web", f"name: w{number}") for number in range(count)))
    assert result.policies == count
    assert "W749" in codes(result)
    assert len(result.diagnostics) < MAXIMUM_FINDINGS + 10


def test_what_is_shown_of_a_hostile_text_moves_no_cursor() -> None:
    text = (
        RULES + '  - "from\\e[2J\\u202e": []\n    from: [{"\\e]0;x\\a": {}, podSelector: {}}]\n'
        "    ports: [{protocol: TCP, port: 80}]\n"
    )
    shown = render(judged(text).diagnostics)
    assert "W706" in shown
    assert [character for character in shown if not character.isprintable() and character != "\n"] == []


# --- Ranges against counting --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_a_range_adds_nothing_exactly_where_another_has_all_its_addresses(seed: int) -> None:
    """Addresses are counted by their first eight bits: no prefix here is longer."""
    draw = random.Random(seed)
    members, text = [], PEERS
    for _ in range(12):
        prefix = draw.choice([0, 1, 2, 3, 8])
        first = draw.randrange(256) >> (8 - prefix) << (8 - prefix)
        mine = set(range(first, first + (256 >> prefix)))
        block = f"cidr: {first}.0.0.0/{prefix}"
        if prefix < 4 and draw.random() < 0.4:
            out = draw.choice(sorted(mine)) >> 4 << 4
            mine -= set(range(out, out + 16))
            block += f", except: [{out}.0.0.0/4]"
        members.append(mine)
        text += f"    - ipBlock: {{{block}}}\n"
    wanted = [
        index
        for index, mine in enumerate(members)
        if any(
            other != index and mine <= theirs and (other < index or mine != theirs)
            for other, theirs in enumerate(members)
        )
    ]
    before = PEERS.count("\n")
    spans = [found.span for found in judged(text).diagnostics if found.code == "W741"]
    assert sorted(text.count("\n", 0, span.start) - before for span in spans if span) == wanted


# --- Policies with a part that is something else ------------------------------------------------------------

ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "x",
    1,
    -1,
    True,
    1.5,
    [None],
    [[]],
    [{}],
    {"": None},
    {"x": []},
    "10.0.0.0/8",
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the container and the key of every value below another."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def mutated(document: Any, draw: random.Random) -> Any:
    """Return a policy of which one part is another value, is gone, or is there twice."""
    changed = deepcopy(document)
    places_of = list(places(changed))
    if not places_of:
        return changed
    container, key = draw.choice(places_of)
    kind = draw.randrange(8)
    if kind == 0:
        del container[key]
    elif kind == 1 and isinstance(container, list):
        container.append(deepcopy(container[key]))
    elif kind == 2 and isinstance(container, dict):
        container[draw.choice(["from", "to", "ports", "ipBlock", "x"])] = container.pop(key)
    else:
        container[key] = deepcopy(draw.choice(ODD))
    return changed


@pytest.mark.parametrize("path", sorted((HERE / "planted").glob("*.txt"))[::3], ids=lambda path: path.stem)
def test_a_part_that_is_something_else_is_a_finding_or_nothing(path: Path) -> None:
    text = path.read_text().partition("\n")[2].partition("=== ok\n")[0]
    documents = list(yaml.safe_load_all(text))
    draw = random.Random(path.stem)
    world = HERE / "worlds"
    project, _ = load_project((world / "node-local.yaml").read_bytes())
    manifests = (world / "nodes.manifests.yaml").read_bytes()
    project, _ = load_inventory(project, [("manifests.yaml", manifests, "default")])
    for _ in range(12):
        changed = mutated(mutated(documents, draw), draw)
        result = judged(yaml.safe_dump_all(changed), project)
        render(result.diagnostics)
        assert all(found.message and found.help for found in result.diagnostics if found.code != "W399")
