"""The picture holds every flow with what stands behind it, and each form of it is what its readers take."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from intentc.answers.graph.document import document, text
from intentc.answers.graph.drawing import arrows, dot, mermaid
from intentc.answers.graph.page import island, page
from intentc.answers.graph.picture import Picture, picture
from intentc.compiler import compile_texts
from tests.readback import CLUSTER
from tests.test_cases import compile_case, folders

ROOT = Path(__file__).parent.parent
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "graph.schema.json").read_text()))
INTENTS = """\
shop[app=web] -> data[app=postgres]:5432 because "x" owner shop until 2027-03-31
shop -> data[app=postgres]:5432 via nodeport 30443
ops -> data:*
{kubernetes.io/metadata.name in (a, b)} -> data:9187
203.0.113.0/24 -> shop[app=web]:8080
isolate legacy
"""


def drawn(intents: str, namespace: str | None = None) -> Picture:
    result = compile_texts({"intentc.yaml": CLUSTER, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    (cluster,) = result.clusters
    return picture(cluster, result.diagnostics, namespace)


def test_groups_are_namespaces_first() -> None:
    found = [(group.kind, group.name) for group in drawn(INTENTS).groups]
    assert found == [
        ("namespace", "data"),
        ("namespace", "legacy"),
        ("namespace", "ops"),
        ("namespace", "shop"),
        ("namespaces", "{kubernetes.io/metadata.name in (a, b)}"),
        ("addresses", "203.0.113.0/24"),
    ]


def test_node_rules_and_wide_intents_are_marked() -> None:
    marks = {edge.seen.place: (edge.has_node_rule, edge.is_wide) for edge in drawn(INTENTS).edges}
    assert marks == {
        "a.intent:1": (False, False),
        "a.intent:2": (True, False),
        "a.intent:3": (False, True),
        "a.intent:4": (False, False),
        "a.intent:5": (False, False),
    }


def test_warnings_stand_at_the_flows_of_their_line() -> None:
    said = {edge.seen.place: sorted({item.code for item in edge.warnings}) for edge in drawn(INTENTS).edges}
    assert said["a.intent:2"] == ["W305"]
    assert said["a.intent:3"] == ["W304"]
    assert said["a.intent:1"] == []


@pytest.mark.parametrize("folder", folders()[::7], ids=lambda folder: folder.name)
def test_every_flow_of_every_cluster_is_in_the_data(folder: Path) -> None:
    result = compile_case(folder)
    for cluster in result.clusters:
        if not cluster.artifacts:
            continue
        found = document(picture(cluster, result.diagnostics))
        assert [error.message for error in SCHEMA.iter_errors(found)] == []
        assert len(found["flows"]) == len(cluster.policy.flows)
        paths = {artifact.path for artifact in cluster.artifacts}
        assert {rule["file"] for rule in found["rules"]} <= paths
        for flow in found["flows"]:
            assert max(flow["from"], flow["to"]) < len(found["groups"])
            assert all(number < len(found["rules"]) for number in flow.get("rules", []))
            assert all(number < len(found["warnings"]) for number in flow.get("warnings", []))
            assert flow.get("walks", 0) < max(1, len(found["walks"]))


def test_the_schema_refuses_what_is_not_the_data() -> None:
    found = document(drawn(INTENTS))
    assert SCHEMA.is_valid(found)
    for path in (("flows", 0, "from"), ("groups", 0, "kind"), ("walks", 0, 0, "hops", 0, "layer")):
        broken: Any = json.loads(json.dumps(found))
        at = broken
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = "no"
        assert not SCHEMA.is_valid(broken), path


def test_a_flow_says_all_that_is_known_of_it() -> None:
    found = document(drawn(INTENTS))
    flow = found["flows"][0]
    rules = [found["rules"][number] for number in flow.pop("rules")]
    walks = found["walks"][flow.pop("walks")]
    assert flow == {
        "from": 3,
        "to": 0,
        "source": "shop[app=web]",
        "target": "data[app=postgres]",
        "ports": "5432",
        "place": "a.intent:1",
        "statement": 'shop[app=web] -> data[app=postgres]:5432 because "x" owner shop until 2027-03-31',
        "because": "x",
        "owner": "shop",
        "until": "2027-03-31",
    }
    assert [rule["layer"] for rule in rules] == ["egress", "firewall", "ingress"]
    assert [walk["rows"] for walk in walks] == [[1], [2], [3], [4]]
    assert walks[0]["dials"] == {
        "source": ["A", "100.64.1.10"],
        "target": ["B", "100.64.2.30"],
        "port": "pod",
    }


def test_flows_of_one_form_share_their_walks() -> None:
    found = document(drawn("".join(f"10.1.{number}.0/24 -> shop:{80 + number}\n" for number in range(50))))
    assert len({flow["walks"] for flow in found["flows"]}) == len(found["walks"]) == 1


def test_one_namespace_can_be_drawn_alone() -> None:
    found = drawn("a -> b:1\nb -> c:2\nc -> d:3\n", "c")
    assert [edge.seen.place for edge in found.edges] == ["a.intent:2", "a.intent:3"]
    assert [group.name for group in found.groups] == ["b", "c", "d"]


def test_the_same_program_gives_the_same_bytes_whatever_the_order_of_its_files() -> None:
    files = {"a.intent": "shop -> data:5432\n", "b.intent": "ops -> data:22\n", "intentc.yaml": CLUSTER}
    texts = []
    for names in (sorted(files), sorted(files, reverse=True)):
        result = compile_texts({name: files[name] for name in names}, today="2026-11-23")
        found = picture(result.clusters[0], result.diagnostics)
        texts.append((text(found), page(found), mermaid(found), dot(found)))
    assert texts[0] == texts[1]


# --- Text for other programs ------------------------------------------------------------------------------


def test_an_arrow_holds_all_flows_between_two_ends() -> None:
    (arrow,) = arrows(drawn("shop -> data:1\nshop -> data:2, 3\n").edges)
    assert (arrow.label, list(arrow.places)) == ("1, 2, 3", ["a.intent:1", "a.intent:2"])


HOSTILE = 'x"]; click e0 "javascript:alert(1)" %% \\" -> \n#quot; <b>.intent'


def test_a_hostile_file_name_stays_inside_its_quotes() -> None:
    result = compile_texts({"intentc.yaml": CLUSTER, HOSTILE: "shop -> data:1\n"}, today="2026-11-23")
    found = picture(result.clusters[0], result.diagnostics)
    graph = dot(found)
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', graph, re.DOTALL)
    shown = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\ufffd")
    assert sum(shown in item for item in strings) == 1
    assert "click" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", graph, flags=re.DOTALL)
    assert "click" not in mermaid(found)


# --- The page ---------------------------------------------------------------------------------------------


class _Parts(HTMLParser):
    """Collect the elements of a page: tag, attributes, text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, before = self.found[-1]
            self.found[-1] = tag, attributes, before + data


def parts(html: str, tag: str) -> list[tuple[dict[str, str | None], str]]:
    parser = _Parts()
    parser.feed(html)
    return [(attributes, content) for name, attributes, content in parser.found if name == tag]


def test_the_page_lets_only_its_own_script_and_style_run() -> None:
    html = page(drawn(INTENTS))
    (policy,) = [attributes["content"] for attributes, _ in parts(html, "meta") if "http-equiv" in attributes]
    ((_, style),) = parts(html, "style")
    (data, script) = parts(html, "script")

    def named(content: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

    assert policy == (
        f"default-src 'none'; script-src {named(script[1])}; style-src {named(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert data[0] == {"type": "application/json", "id": "data"}
    for attributes, _ in (
        part for tag in ("script", "link", "img", "a", "iframe") for part in parts(html, tag)
    ):
        assert not {"src", "href"} & attributes.keys()
    assert not re.search(r"https?:|@import|url\(|innerHTML|insertAdjacentHTML|document\.write|eval\(", html)


def test_the_data_of_a_page_is_the_document_less_statements_that_say_nothing_more() -> None:
    def without(found: Picture, *places: str) -> dict[str, Any]:
        content = document(found)
        for flow in content["flows"]:
            if flow["place"] in places:
                del flow["statement"]
        return content

    said = ("let web = shop[app=web]", "@web -> data:1", 'shop  -> data:2 because "<x>&" # why')
    more = ("a, b -> c:1", "d -> e:1, f:2", "g -> h:10")
    small = drawn("\n".join((*said, *more, "")))
    kind, content = island(small)
    assert (kind, json.loads(content)) == ("application/json", without(small, "a.intent:3", "a.intent:6"))
    assert not set("<>&") & set(content)
    large = drawn("".join(f'team-{n} -> data:{1000 + n} because "reason {n}"\n' for n in range(300)))
    kind, content = island(large)
    assert kind == "text/plain"
    found = json.loads(zlib.decompress(base64.b64decode(content)))
    assert found == without(large, *(f"a.intent:{n + 1}" for n in range(300)))


def test_the_name_of_a_cluster_is_escaped() -> None:
    found = drawn("shop -> data:1\n")
    html = page(Picture("<script>x</script>", found.groups, found.edges, found.extras))
    assert "<title>&lt;script&gt;x&lt;/script&gt; · " in html
    assert len(parts(html, "script")) == 2


# --- The command line -------------------------------------------------------------------------------------


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "intentc", "graph", *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, env=environment)


GKE_PATHS = ROOT / "examples" / "gke-paths"
BOUTIQUE = ROOT / "examples" / "boutique"


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("mermaid", "flowchart LR\n"),
        ("dot", 'digraph "prod" {\n'),
        ("json", "{\n"),
        ("html", "<!doctype html>\n"),
    ],
)
def test_each_form_goes_to_stdout_or_into_a_file(form: str, start: str, tmp_path: Path) -> None:
    done = run("--format", form, cwd=GKE_PATHS)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(start)
    target = tmp_path / "picture"
    target.write_text("old")
    done = run("--format", form, "-o", str(target), cwd=GKE_PATHS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"wrote {target}\n")
    assert target.read_text().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == ["picture"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--format", "svg"), 2, "error[E651]: `--format svg` is not known"),
        ((), 2, "error[E651]: the project has 3 clusters, and a picture shows one"),
        (("--cluster", "prod", "--only", "nowhere"), 3, "error[E525]: no flow has namespace `nowhere`"),
        (
            ("--cluster", "prod", "-o", "/nowhere/x.html"),
            5,
            "error[E501]: cannot write `/nowhere/x.html`: no such",
        ),
        (("--cluster", "prod", "-o", "/"), 5, "error[E50"),
    ],
    ids=["format", "clusters", "namespace", "folder", "directory"],
)
def test_what_cannot_be_answered_is_said(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(*arguments, cwd=BOUTIQUE)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(said)


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "link").symlink_to("secret")
    done = run("-o", str(tmp_path / "link"), cwd=GKE_PATHS)
    assert done.returncode == 5
    assert "error[E502]" in done.stderr
    assert (tmp_path / "secret").read_text() == "mine"


def test_a_project_with_errors_has_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("shop => data:5432\n")
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[E1" in done.stderr


def test_more_arrows_than_mermaid_draws_are_announced(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("".join(f"team-{n} -> data:1\n" for n in range(501)))
    done = run(cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith("501 arrows: Mermaid draws up to 500")


def test_the_example_shows_what_is_drawn() -> None:
    shown = re.search(r"```mermaid\n(flowchart .*?)```", (GKE_PATHS / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert run(cwd=GKE_PATHS).stdout == shown[1]


def test_the_page_of_the_documentation_shows_what_is_drawn() -> None:
    shown = re.search(r"```mermaid\n(.*?)```", (ROOT / "docs" / "graph.md").read_text(), re.DOTALL)
    assert shown is not None
    assert run("--only", "node-port-b", cwd=GKE_PATHS).stdout == shown[1]
