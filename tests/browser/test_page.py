"""The page of `intentc graph`, as a person meets it: looked at, clicked, searched and driven by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intentc.answers.graph.page import PLAIN, page
from intentc.answers.graph.picture import picture
from intentc.compiler import compile_texts
from tests.browser.driver import ask, look
from tests.readback import CLUSTER

# One test process for this module, because its tests share one browser.
pytestmark = pytest.mark.xdist_group("browser")

INTENTS = """\
shop[app=web] -> data[app=postgres]:5432 because "orders are stored there" owner team-shop ticket NET-1
shop -> data[app=postgres]:9187
shop -> cache:6379
billing -> data[app=postgres]:5432 via nodeport 30443
ops -> cache:*
203.0.113.0/24 -> shop[app=web]:8080 via nodeport 30444 local
"""


def drawn(intents: str) -> str:
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    (cluster,) = result.clusters
    return page(picture(cluster, result.diagnostics))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "small.html"
    path.write_text(drawn(INTENTS))
    return path


def large_intents(namespaces: int = 500, flows: int = 2500) -> str:
    """Return a program of teams of ten namespaces that talk among themselves and to shared services."""
    lines = []
    for number in range(flows):
        source = (number * 7 + number // namespaces) % namespaces
        shared = number % 5 == 0
        target = (
            (number // 5) % 12 if shared else source // 10 * 10 + (source + 1 + number // namespaces) % 10
        )
        reason = f' because "call {number} of team {source // 10}"' if number % 3 == 0 else ""
        lines.append(
            f"team-{source // 10:02d}-{source % 10}[app=worker] -> "
            f"team-{target // 10:02d}-{target % 10}[app=api]:{8000 + number % 7}{reason}"
        )
    return "\n".join(dict.fromkeys(lines)) + "\n"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "large.html"
    path.write_text(drawn(large_intents()))
    return path


def seen(answer: dict[str, Any], file: Path) -> Any:
    """Return what was seen, of a page that said nothing, broke no rule of its policy and fetched nothing."""
    assert answer["said"] == []
    assert answer["violations"] == []
    assert [url.partition("#")[0] for url in answer["requests"]] == [file.as_uri()]
    return answer["seen"]


def test_the_start_shows_the_whole_matrix(small: Path) -> None:
    found = seen(look(small, "start"), small)
    assert found["title"] == "prod · who may talk to whom"
    assert found["counts"] == "5 namespaces · 6 flows · 1 with a node rule · 1 wide"
    assert found["rows"] == ["billing", "cache", "data", "ops", "shop", "203.0.113.0/24"]
    assert found["columns"][1:] == ["billing", "cache", "data", "ops", "shop"]
    assert found["cells"] == [
        "billing to billing: no flow",
        "billing to data: 1 flow, with a node rule",
        "ops to cache: 1 flow, wide",
        "shop to cache: 1 flow",
        "shop to data: 2 flows",
        "203.0.113.0/24 to shop: 1 flow",
    ]
    assert found["beside"] == ["name resolution as in kube-dns"]
    assert found["roles"] == {"grid": 1, "rows": 7, "columns": 6, "strays": 0, "unnamed": 0}
    assert found["ids"] == 0


def test_a_click_shows_flows_lines_rules_and_packets(small: Path) -> None:
    found = seen(look(small, "click", cells=["shop to data", "billing to data", "shop to cache"]), small)
    plain, by_node, last = found["found"]
    assert plain["title"] == "shop → data"
    assert plain["lead"] == "2 flows"
    assert plain["flows"] == ["shop[app=web] -> data[app=postgres]:5432", "shop -> data[app=postgres]:9187"]
    assert plain["places"] == ["a.intent:1", "a.intent:2"]
    assert plain["because"] == ["“orders are stored there”"]
    assert plain["facts"] == ["owner\nteam-shop\nticket\nNET-1"]
    assert [rule.split("\n")[0] for rule in plain["rules"][:3]] == ["egress", "firewall", "ingress"]
    assert "prod/kubernetes/shop.yaml" in plain["rules"][0]
    assert "\ndata/app-postgres-ingress" in plain["rules"][2]
    assert plain["notes"] == []
    assert [note.partition(" ")[0] for note in by_node["notes"]] == ["W305", "W305"]
    assert by_node["heading"] == ["Packet walk: 5 ways"]
    third = by_node["walks"][2].replace("\t", " ").split("\n")
    assert third[0].startswith("row 7 · ")
    assert [line.replace(" → ", "→") for line in third[1:]] == [
        "dials A 100.64.1.10→n3 192.168.65.12:30443",
        "egress policy A 100.64.1.10→n3 192.168.65.12:30443",
        "firewall A 100.64.1.10→n3 192.168.65.12:30443",
        "firewall n3 192.168.65.12→B 100.64.2.30:5432",
        "ingress policy n3 192.168.65.12→B 100.64.2.30:5432",
        "application sees n3 192.168.65.12→B 100.64.2.30:5432",
    ]
    assert last["title"] == "shop → cache"
    assert found["hash"] == "#shop/cache"
    assert sorted(found["chosen"]) == ["cache", "shop"]


def test_a_name_shows_all_of_its_row_or_column(small: Path) -> None:
    found = seen(look(small, "header", row="shop", column="data"), small)
    assert (found["from"]["title"], found["from"]["lead"]) == ("shop → anybody", "3 flows")
    assert (found["to"]["title"], found["to"]["lead"]) == ("anybody → data", "3 flows")
    assert (found["all"]["title"], found["all"]["lead"]) == ("Everything", "6 flows")


def test_everything_can_be_done_with_keys(small: Path) -> None:
    keys = [
        "ArrowRight",
        "ArrowDown",
        "Control+ArrowDown",
        "End",
        "Home",
        "ArrowLeft",
        "ArrowRight",
        "Enter",
        "Escape",
    ]
    found = seen(look(small, "keyboard", keys=keys), small)
    assert found["path"] == ["search", "by", "order", "only-node", "only-wide", "grid"]
    assert found["seen"] == [
        ["ArrowRight", "billing to cache: no flow", "grid"],
        ["ArrowDown", "cache to cache: no flow", "grid"],
        ["Control+ArrowDown", "ops to cache: 1 flow, wide", "grid"],
        ["End", "ops to shop: no flow", "grid"],
        ["Home", "ops to billing: no flow", "grid"],
        ["ArrowLeft", "ops", "grid"],
        ["ArrowRight", "ops to billing: no flow", "grid"],
        ["Enter", "ops to billing: no flow", "detail"],
        ["Escape", "ops to billing: no flow", "grid"],
    ]
    assert found["title"] == "ops → billing"
    assert found["ring"] == ["solid", 3]


@pytest.mark.parametrize(
    ("words", "found", "cells"),
    [
        ("postgres 5432", "2 flows in 2 cells", ["billing to data", "shop to data"]),
        ("ORDERS are", "1 flow in 1 cell", ["shop to data"]),
        ("a.intent:3", "1 flow in 1 cell", ["shop to cache"]),
        ("w304", "1 flow in 1 cell", ["ops to cache"]),
        ("net-1", "1 flow in 1 cell", ["shop to data"]),
    ],
)
def test_a_search_leaves_what_matches(small: Path, words: str, found: str, cells: list[str]) -> None:
    answer = seen(look(small, "search", words=words), small)
    assert answer["found"] == found
    assert [name.partition(":")[0] for name in answer["cells"] if "no flow" not in name] == cells
    assert answer["title"] == cells[0].replace(" to ", " → ")
    assert (answer["where"], answer["after"]) == ("grid", "")


def test_a_search_without_a_match_says_so(small: Path) -> None:
    answer = seen(look(small, "search", words="nobody"), small)
    assert (answer["found"], answer["empty"], answer["where"]) == ("0 flows in 0 cells", True, "search")


def test_marks_and_orders_choose_and_sort(small: Path) -> None:
    found = seen(look(small, "marks"), small)
    assert found["only-node"][0] == "1 flow in 1 cell"
    assert "billing to data: 1 flow, with a node rule" in found["only-node"][1]
    assert [cell for cell in found["only-wide"][1] if "1 flow" in cell] == ["ops to cache: 1 flow, wide"]
    assert found["pods"] == [
        ["billing", "ops", "shop", "shop[app=web]", "203.0.113.0/24"],
        ["cache", "data[app=postgres]", "shop[app=web]"],
    ]
    assert found["name"] == ["billing", "cache", "data", "ops", "shop", "203.0.113.0/24"]
    assert found["count"][0] == "shop"
    assert sorted(found["near"]) == sorted(found["name"])


def test_a_link_to_a_cell_opens_it(small: Path) -> None:
    answer = look(small, "click", cells=[], hash="#ops/cache")
    assert seen(answer, small)["chosen"] == ["cache", "ops"]


def test_a_link_to_pods_opens_their_view(small: Path) -> None:
    answer = look(small, "click", cells=[], hash="#shop%5Bapp%3Dweb%5D/data%5Bapp%3Dpostgres%5D")
    assert seen(answer, small)["chosen"] == ["data[app=postgres]", "shop[app=web]"]


def test_one_namespace_alone_is_shown_by_its_pods(tmp_path: Path) -> None:
    path = tmp_path / "one.html"
    path.write_text(drawn("shop[app=web] -> shop[app=db]:5432\n"))
    found = seen(look(path, "start"), path)
    assert (found["counts"], found["rows"]) == ("1 namespace · 1 flow", ["shop[app=web]"])


def test_a_project_without_a_flow_says_so(tmp_path: Path) -> None:
    path = tmp_path / "none.html"
    path.write_text(drawn("isolate legacy\n"))
    found = seen(look(path, "start"), path)
    assert (found["counts"], found["cells"], found["empty"]) == (
        "1 namespace · 0 flows",
        [],
        "No intent allows anything.",
    )


@pytest.mark.parametrize(("scheme", "background"), [("light", "247"), ("dark", "20")])
def test_both_color_schemes_are_readable(small: Path, scheme: str, background: str) -> None:
    """Contrast of text is 4.5, of signs 3: https://www.w3.org/TR/WCAG22/#contrast-minimum."""
    found = seen(look(small, "colors", scheme=scheme), small)
    assert found["page"].startswith(f"rgb({background},")
    poor = {
        pair: ratio
        for pair, ratio in found["found"].items()
        if ratio < (3 if pair.startswith(("--node", "--wide", "--focus")) else 4.5)
    }
    assert poor == {}


def test_500_namespaces_stay_quick_and_small(large: Path) -> None:
    assert large.stat().st_size <= 300_000
    answer = look(large, "large")
    found = seen(answer, large)
    assert answer["ready"] < 5_000
    assert found["first"][1] == "team-00-0"
    assert max(found["first"][0], found["last"][0]) < 3_000  # elements: only what is in view
    assert found["last"][1] == "team-49-9"
    assert found["last"][2].startswith("team-49-9 to team-49-9: ")
    at, height = found["middle"]
    assert 0.3 < at / height < 0.6
    assert found["took"] < 2_000


PAYLOADS = [
    "<script>window.ran = true</script>",
    "<img src=x onerror='window.ran = true'>",
    "</script><script>window.ran = true</script>",
    "<!--<script>",
    "]]> &lt;b&gt; &amp; {{ 7 * 7 }}",
    "javascript:window.ran=true",
]


@pytest.mark.parametrize("size", ["plain", "compressed"])
def test_nothing_a_user_writes_becomes_markup(tmp_path: Path, size: str) -> None:
    intents = "".join(
        f'hostile -> data:{1000 + number} because "{text}" owner "{text}" ticket "{text}"\n'
        for number, text in enumerate(PAYLOADS)
    )
    if size == "compressed":
        intents += large_intents(100, 400)
    path = tmp_path / "hostile.html"
    path.write_text(drawn(intents))
    assert ('type="text/plain"' in path.read_text()) == (size == "compressed")
    found = seen(look(path, "hostile", words="hostile"), path)
    assert found["seen"]["because"] == [f"“{text}”" for text in PAYLOADS]
    assert [fact.split("\n")[1] for fact in found["seen"]["facts"]] == PAYLOADS
    assert found["elements"]["ran"] is False
    assert found["elements"]["handlers"] == 0
    assert found["elements"]["scripts"] == 2
    assert not {"img", "a", "b", "iframe"} & set(found["elements"]["kinds"])


def test_the_policy_of_the_page_forbids_what_it_is_there_to_forbid(small: Path) -> None:
    answer = look(small, "forbidden")
    assert answer["seen"] == {"ran": False, "fetched": False}
    assert {"script-src-elem", "style-src-attr", "connect-src"} <= set(answer["violations"])


def test_small_data_can_be_read_in_the_file(small: Path, large: Path) -> None:
    assert '"source":"shop","target":"cache","ports":"6379"' in small.read_text()
    assert len(small.read_text()) < PLAIN
    assert "team-49-9" not in large.read_text()


def test_a_page_that_is_broken_is_noticed(tmp_path: Path, small: Path) -> None:
    """The tests above would fail on a page whose script is not the one its policy names."""
    path = tmp_path / "broken.html"
    path.write_text(small.read_text().replace('"use strict";', '"use strict" ;'))
    assert "error" in ask("open", file=str(path), scenario="start", patience=1500)
