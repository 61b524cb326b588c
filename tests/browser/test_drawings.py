"""Flowcharts are drawn by Mermaid itself, graphs are read by Graphviz: both show every box, end and arrow."""

from __future__ import annotations

from typing import Any

import pytest

from intentc.answers.graph.drawing import dot, mermaid
from intentc.answers.graph.picture import Picture, picture
from intentc.compiler import compile_texts
from tests.browser.driver import ask
from tests.readback import CLUSTER
from tests.test_cases import compile_case, folders

# One test process, because these tests share one browser.
pytestmark = pytest.mark.xdist_group("browser")

INTENTS = """\
shop[app=web], billing -> data[app=postgres]:5432, 9000-9010
shop[app=web] -> data[app=postgres]:5432, 53/udp
shop[tier in (a, b), !old, x!=y] -> data[app=postgres]:5432 via nodeport 30443
203.0.113.0/24, 2001:db8::/48 -> shop[app=web]:8080
nodes -> shop[app=web]:8081
ops -> data:*
{kubernetes.io/metadata.name=subgraph} -> end:1
"""


def drawn(intents: str) -> Picture:
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    (cluster,) = result.clusters
    return picture(cluster, result.diagnostics)


def read(what: str, text: str) -> Any:
    answer = ask(what, text=text)
    assert "error" not in answer, answer["error"]
    return answer["seen"]


BOXES = ["billing", "data", "end", "ops", "shop", "subgraph"]
ENDS = [
    "!old, tier in (a, b), x!=y",
    "2001:db8::/48",
    "203.0.113.0/24",
    "all pods",
    "all pods",
    "all pods",
    "all pods",
    "all pods",
    "app=postgres",
    "app=web",
    "nodes",
]
LABELS = [
    "*",
    "1",
    "5432 via nodeport 30443",
    "5432, 9000-9010",
    "5432, 9000-9010, 5432, 53/udp",
    "8080",
    "8080",
    "8081",
]


def test_mermaid_draws_every_box_end_and_arrow() -> None:
    found = read("mermaid", mermaid(drawn(INTENTS)))
    assert sorted(found["boxes"]) == BOXES
    assert sorted(found["nodes"]) == ENDS
    assert sorted(found["edges"]) == LABELS
    assert (found["arrows"], found["markup"]) == (len(LABELS), 0)


def test_graphviz_reads_every_box_end_and_arrow() -> None:
    found = read("dot", dot(drawn(INTENTS)))
    assert found["name"] == "prod"
    assert sorted(found["boxes"]) == BOXES
    assert sorted(found["nodes"]) == ENDS
    assert sorted(edge[1] for edge in found["edges"]) == LABELS
    (by_node,) = [edge for edge in found["edges"] if edge[4] == "dashed"]
    assert by_node == [ENDS[0], "5432 via nodeport 30443", "app=postgres", "a.intent:3", "dashed"]
    assert [edge[1] for edge in found["edges"] if edge[4] == "bold"] == ["*"]


def test_a_picture_of_nothing_is_a_picture() -> None:
    nothing = drawn("isolate legacy\n")
    assert read("mermaid", mermaid(nothing))["nodes"] == []
    assert read("dot", dot(nothing))["nodes"] == []


def test_a_text_that_is_neither_is_refused() -> None:
    assert "error" in ask("mermaid", text="flowchart LR\n  a[[")
    assert "error" in ask("dot", text="digraph {")


@pytest.mark.parametrize("folder", folders()[::30], ids=lambda folder: folder.name)
def test_whatever_compiles_is_drawn(folder: Any) -> None:
    result = compile_case(folder)
    for cluster in result.clusters:
        if not cluster.artifacts:
            continue
        found = picture(cluster, result.diagnostics)
        if found.edges:
            arrows = len(read("dot", dot(found))["edges"])
            assert read("mermaid", mermaid(found))["arrows"] == arrows > 0
