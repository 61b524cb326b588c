"""`intentc list`: every flow once, the filters as a person means them, and forms that programs read back."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from intentc.answers.flows import seen_flows
from intentc.answers.listing import csv_text, json_text, make_filter, table
from intentc.compiler import compile_texts
from tests.readback import CLUSTER
from tests.test_cases import compile_case, folders

ROOT = Path(__file__).parent.parent
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "list.schema.json").read_text()))
INTENTS = """\
shop[app=web] -> data[app=postgres]:5432 because "=1+1" owner team-shop
shop -> data:9187 via nodeport 30443
* -> metrics:9090-9099
{team=web} -> cache:6379
203.0.113.0/24 -> shop:8080 via nodeport 30080 local
nodes -> data:53/udp
ops -> internet:443
ops -> 198.51.100.0/24:22
"""
SPACES = "namespaces: {shop: {team: web}, data: {}, metrics: {}, cache: {}, ops: {}}\n"
PAGES = ("docs/answers.md", "examples/gke-paths/README.md")
CONSOLE = re.compile(r"^\$ (?P<command>.+)\n(?P<output>(?:(?!\$ |```).*\n)*)", re.MULTILINE)


def result(project: str = CLUSTER + SPACES):  # type: ignore[no-untyped-def] # noqa: ANN201 - a compiler's result
    found = compile_texts({"intentc.yaml": project, "a.intent": INTENTS})
    assert [item.message for item in found.diagnostics if item.severity == "error"] == []
    return found


def wanted(source: str = "", target: str = "", project: str = CLUSTER + SPACES) -> list[int]:
    """Return the lines of the flows that a filter takes."""
    compiled = result(project)
    (cluster,) = compiled.clusters
    found, problems = make_filter(source, target, compiled.project, cluster.profile)
    assert problems == ()
    return [
        int(flow.place.rpartition(":")[2]) for flow in seen_flows(cluster).flows if found.wants(flow.flow)
    ]


@pytest.mark.parametrize(
    ("source", "target", "lines"),
    [
        ("", "", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("shop", "", [1, 2, 3, 4]),
        ("shop[app=web]", "", [1, 2, 3, 4]),
        ("shop[app=other]", "", [2, 3, 4]),
        ("cache", "", [3]),
        ("nodes", "", [6]),
        ("203.0.113.7", "", [5]),
        ("203.0.114.7", "", []),
        ("shop, nodes", "", [1, 2, 3, 4, 6]),
        ("", "data", [1, 2, 6]),
        ("", "data:5432", [1]),
        ("", "data:5432, 9187", [1, 2]),
        ("", "data:53/udp", [6]),
        ("", "*:9095", [3]),
        ("", "internet", [7, 8]),
        ("", "198.51.100.7:22", [7, 8][1:]),
        ("shop", "data", [1, 2]),
        ("", "data, cache", [1, 2, 4, 6]),
        ("ops", "data", []),
    ],
)
def test_filters_take_every_flow_that_may_be_meant(source: str, target: str, lines: list[int]) -> None:
    assert wanted(source, target) == lines


@pytest.mark.parametrize("folder", folders()[::11], ids=lambda folder: folder.name)
def test_every_form_has_every_flow(folder: Path) -> None:
    clusters = [cluster for cluster in compile_case(folder).clusters if cluster.artifacts]
    found = [seen_flows(cluster) for cluster in clusters]
    count = sum(len(cluster.policy.flows) for cluster in clusters)
    assert len(table(found).splitlines()) == count + 1
    rows = list(csv.DictReader(io.StringIO(csv_text(found), newline="")))
    assert len(rows) == count
    document = json.loads(json_text(found))
    SCHEMA.validate(document)
    flows = [flow for cluster in document["clusters"] for flow in cluster["flows"]]
    assert [row["place"] for row in rows] == [flow["place"] for flow in flows]
    assert [row["from"].lstrip("'") for row in rows] == [flow["from"] for flow in flows]
    assert all(flow["rules"] for flow in flows)


def test_csv_is_read_back_and_no_cell_is_a_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text([seen_flows(result().clusters[0])]), newline="")))
    assert rows[0] == {
        "cluster": "prod",
        "from": "shop[app=web]",
        "to": "data[app=postgres]",
        "ports": "5432",
        "via": "",
        "place": "a.intent:1",
        "node rule": "no",
        "statement": 'shop[app=web] -> data[app=postgres]:5432 because "=1+1" owner team-shop',
        "because": "'=1+1",
        "owner": "team-shop",
        "ticket": "",
        "until": "",
    }
    assert [row["node rule"] for row in rows] == ["no", "yes", "no", "no", "no", "no", "no", "no"]


def test_json_joins_a_flow_with_the_rules_it_needs() -> None:
    document = json.loads(json_text([seen_flows(result().clusters[0])]))
    second = document["clusters"][0]["flows"][1]
    assert {rule["layer"] for rule in second["rules"]} == {"egress", "ingress", "firewall"}
    assert len([rule for rule in second["rules"] if rule["layer"] == "egress"]) == 2
    assert [extra["rows"] for extra in second["extras"]] == [[6, 7, 9], [5, 7, 9]]
    assert document["clusters"][0]["extras"][0]["cause"] == "dns"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "intentc", *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--from", "@x"), "E651", "names a set"),
        (("--from", "a -> b"), "E651", "is no endpoint"),
        (("--from", "a:1"), "E651", "is no endpoint"),
        (("--to", "data:70000"), "E651", "is no endpoint"),
        (("--from", "shoop"), "E203", "similar name exists: `shop`"),
        (("--format", "xml"), "E651", "legal are"),
        (("--cluster", "x"), "E650", "known clusters"),
    ],
)
def test_a_wrong_filter_is_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...], code: str, said: str
) -> None:
    (tmp_path / "a.intent").write_text(INTENTS)
    (tmp_path / "intentc.yaml").write_text(CLUSTER + SPACES)
    done = run("list", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr
    assert said in done.stderr


def test_nothing_wanted_is_said_beside_the_data(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("shop -> data:80\n")
    done = run("list", "--from", "other", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "CLUSTER  FROM  TO  PORTS  VIA  PLACE\n")
    assert done.stderr == "no flow is wanted by the filters\n"


@pytest.mark.parametrize("page", PAGES)
def test_answers_on_the_pages_are_true(page: str) -> None:
    """Every transcript of why, diff and list in the pages is what the command prints."""
    text = (ROOT / page).read_text("utf-8")
    asked = [
        found
        for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for found in CONSOLE.finditer(block)
    ]
    assert len(asked) >= 3
    for found in asked:
        program, name, *arguments = shlex.split(found["command"])
        assert (program, name) == ("./dev", "intentc")
        done = run(*arguments, cwd=ROOT)
        assert done.returncode in (0, 1)
        assert done.stdout == found["output"], found["command"]


def test_the_diagram_on_the_page_is_what_is_drawn() -> None:
    page = (ROOT / "docs" / "answers.md").read_text("utf-8")
    shown = re.findall(r"^```mermaid\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    question = "namespace-a -> namespace-b[app=your-app-b]:8443"
    done = run("why", question, "examples/gke-paths", "--format", "mermaid", cwd=ROOT)
    assert shown == [done.stdout]
