"""`intentc why`: the verdict and all that is said with it, on small programs, and held against the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import jsonschema
import pytest

from intentc.analysis import analyze
from intentc.answers.excerpt import excerpt
from intentc.answers.why import Answer, answers, ask
from intentc.answers.why.document import json_text
from intentc.answers.why.text import text
from intentc.cli.workspace import open_workspace
from intentc.compiler import Options, compile_program, load_project, parse_files
from intentc.profile import Profile
from tests.model.places import WORLD
from tests.model.programs import any_program
from tests.model.queries import any_query, disagreements, wrong_examples
from tests.model.wording import files
from tests.readback import CLUSTER
from tests.test_cases import folders

ROOT = Path(__file__).parent.parent
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "why.schema.json").read_text()))
SHOP = "shop[app=web] -> data[app=postgres]:5432"


def answer(intents: str, question: str, project: str = CLUSTER, *, exact: bool = False) -> Answer:
    (found,) = all_answers(intents, question, project, exact=exact)
    return found


def all_answers(
    intents: str, question: str, project: str = CLUSTER, *, exact: bool = False
) -> tuple[Answer, ...]:
    known, _ = load_project(project.encode())
    program, problems = parse_files({"a.intent": intents.encode()})
    asked, more = ask(question, program, known)
    assert [item.message for item in (*problems, *more) if item.severity == "error"] == []
    assert asked is not None
    found: list[Answer] = []
    for profile in known.clusters:
        its, problems = answers(asked, known, profile, exact=exact)
        assert problems == (), problems
        found.extend(its)
    return tuple(found)


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


# --- Verdicts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        (SHOP, "all"),
        ("shop[app=web, tier=front] -> data[app=postgres]:5432", "all"),
        ("shop -> data[app=postgres]:5432", "some"),
        ("shop[app!=web] -> data[app=postgres]:5432", "none"),
        ("shop[app=web] -> data[app=postgres]:5432-5433", "some"),
        ("shop[app=web] -> data[app=postgres]:5433", "none"),
        ("shop[app=web] -> data[app=postgres]:5432/udp", "none"),
        ("billing -> data[app=postgres]:5432", "none"),
        ("shop[app=web] -> kube-system[k8s-app=kube-dns]:53", "all"),
        ("shop[app=web] -> data[app=postgres]:5432 via nodeport 30443", "some"),
        ("203.0.113.0/24 -> data[app=postgres]:5432 via nodeport 30443", "none"),
        ("{team=x} -> data[app=postgres]:5432", "some"),
    ],
)
def test_the_verdict_is_about_all_connections_asked_about(question: str, verdict: str) -> None:
    assert answer(f"{SHOP}\n", question).verdict == verdict


def test_allowed_names_the_line_and_the_rules_of_every_layer() -> None:
    found = answer(f'# first\n{SHOP}  because "orders"\n', SHOP)
    assert [(line.place, line.said, line.cause) for line in found.intents] == [
        ("a.intent:2", f'{SHOP} because "orders"', "intent")
    ]
    assert [(layer.layer, len(layer.rules), layer.refused) for layer in found.layers] == [
        ("egress", 1, ""),
        ("firewall", 1, ""),
        ("ingress", 1, ""),
    ]
    places = [rule.place for layer in found.layers for rule in layer.rules]
    assert places == ["spec.egress[0].to[0]", "", "spec.ingress[0].from[0]"]
    assert (found.line, found.effects, found.refused) == ("", (), "")


def test_partly_shows_the_smallest_connection_of_each_kind() -> None:
    found = answer(f"{SHOP}\n", "shop -> data[app=postgres]:5432")
    assert found.admitted == "shop[app=web] -> data[app=postgres] TCP 5432"
    assert found.refused == "shop -> data[app=postgres] TCP 5432"
    ports = answer(f"{SHOP}\n", "shop[app=web] -> data[app=postgres]:5431-5433")
    assert ports.admitted == "shop[app=web] -> data[app=postgres] TCP 5432"
    assert ports.refused == "shop[app=web] -> data[app=postgres] TCP 5431"


def test_denied_names_the_policy_and_the_line_that_isolates() -> None:
    found = answer(f"{SHOP}\nisolate billing egress\n", "billing -> data[app=postgres]:5432")
    blocking = {layer.layer: layer.blocking for layer in found.layers}
    assert [(item.place, item.said) for item in blocking["egress"]] == [
        ("a.intent:2", "isolate billing egress")
    ]
    (ingress,) = blocking["ingress"]
    assert ingress.place == "a.intent:1"
    assert ingress.rule.name.startswith("data/app-postgres-ingress-")
    assert found.line == "billing -> data[app=postgres]:5432"


def test_the_line_says_what_else_it_would_do() -> None:
    found = answer(f"{SHOP}\n", "shop[app=web] -> billing:80")
    assert found.effects == ("it isolates `billing` for ingress, which is open to everything now",)
    partly = answer(f"{SHOP}\n", "shop -> data:5432")
    assert partly.effects == (
        "it isolates `shop` for egress: some of these pods are open to everything now",
        "it isolates `data` for ingress: some of these pods are open to everything now",
    )
    assert answer("isolate a\nisolate b\n", "a -> b:80").effects == ()


def test_what_nobody_isolates_is_open_but_for_the_firewall() -> None:
    found = answer(f"{SHOP}\n", "a -> b:80")
    assert [(layer.layer, layer.is_open, layer.verdict) for layer in found.layers] == [
        ("egress", True, "all"),
        ("firewall", False, "none"),
        ("ingress", True, "all"),
    ]
    assert {way.walk.rows: way.verdict for way in found.ways} == {
        (1,): "none",
        (2,): "all",
        (3,): "none",
        (4,): "all",
    }
    managed = CLUSTER.replace("explicit", "gke-managed")
    assert answer(f"{SHOP}\n", "a -> b:80", managed).verdict == "all"


def test_exact_means_pods_with_no_other_label_that_policies_ask_for() -> None:
    intents = "shop[app=web, tier!=legacy] -> data:5432\n"
    assert answer(intents, "shop[app=web] -> data:5432").verdict == "some"
    assert answer(intents, "shop[app=web] -> data:5432", exact=True).verdict == "all"
    assert answer("shop[tier] -> data:5432\n", "shop[app=web] -> data:5432", exact=True).verdict == "none"


def test_one_side_of_a_question_is_asked_whole() -> None:
    intents = "shop -> data:5432 only egress\nisolate data ingress\n"
    (found,) = all_answers(intents, "shop -> data:5432 only egress")
    assert found.verdict == "none"
    assert found.line == "shop -> data:5432"
    (after,) = all_answers(f"{intents}{found.line}\n", "shop -> data:5432 only egress")
    assert after.verdict == "all"


def test_labels_of_listed_namespaces_are_known() -> None:
    intents = "{team=web} -> data:5432\n"
    spaces = "namespaces: {shop: {team: web}, ops: {}, data: {}}\n"
    assert answer(intents, "shop -> data:5432", CLUSTER + spaces).verdict == "all"
    assert answer(intents, "ops -> data:5432", CLUSTER + spaces).verdict == "none"


def test_a_question_may_use_the_sets_of_the_project() -> None:
    intents = "let clients = shop, billing\n@clients -> data:5432\n"
    found = all_answers(intents, "@clients -> data:5432")
    assert [(item.text, item.verdict) for item in found] == [
        ("shop -> data:5432", "all"),
        ("billing -> data:5432", "all"),
    ]


def test_port_names_are_certain_only_by_their_name() -> None:
    managed = CLUSTER.replace("explicit", "gke-managed")
    assert answer("shop -> data:pg\n", "shop -> data:pg", managed).verdict == "all"
    assert answer("shop -> data:pg\n", "shop -> data:5432", managed).verdict == "some"


# --- Reasons --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        ("a -> b:80", ["no node rule is needed", "rows 1 to 4"]),
        ("a -> b:80 via nodeport 30443", ["egress needs `nodes:30443`", "rows 6, 7, 9", "rows 5, 7, 9"]),
        ("a -> b:80 via nodeport 30443 local", ["row 11", "ingress needs no node rule"]),
        ("a -> b:80 via hostport 18443", ["egress needs `nodes:18443`", "row 16", "ingress needs no"]),
        ("a -> b:80 via hostnetwork", ["egress needs `nodes:80`", "rows 18, 19", "no selector means it"]),
        ("nodes -> b:80", ["ingress needs the node ranges", "no selector means it"]),
        ("203.0.113.0/24 -> b:80 via nodeport 30443", ["ingress needs `nodes:80`", "row 14"]),
        ("203.0.113.0/24 -> b:80 via nodeport 30443 local", ["no node rule is needed", "client's own"]),
        ("203.0.113.0/24 -> b:80 via loadbalancer 443", ["ingress needs `nodes:80`", "row 24"]),
        ("a -> internet:443", ["no node rule is needed", "its own address"]),
    ],
)
def test_reasons_name_the_rows_that_force_a_node_rule(intent: str, said: list[str]) -> None:
    reasons = " ".join(answer(f"{intent}\n", intent).reasons)
    assert [part for part in said if part not in reasons] == []


def test_a_node_rule_is_told_apart_from_the_intent_s_own() -> None:
    found = answer("a -> b:80 via nodeport 30443\n", "a -> b:80 via nodeport 30443")
    assert {line.cause for line in found.intents} == {"intent", "node"}


def test_what_the_masquerade_changes_is_said() -> None:
    project = CLUSTER.replace("192.168.0.0/16, ", "")
    found = answer("a -> b:80 via hostport 18443\n", "a -> b:80 via hostport 18443", project)
    assert "nonMasqueradeCIDRs do not cover the nodes" in text([found])
    assert any("ingress needs `nodes:80`" in reason for reason in found.reasons)


# --- Forms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "folder", [each for each in folders() if each.name.startswith("allow_")][::9], ids=lambda f: f.name
)
def test_json_follows_its_schema(folder: Path) -> None:
    project, _ = load_project(None)
    path = folder / "intentc.yaml"
    if path.exists():
        project, _ = load_project(path.read_bytes())
    program, _ = parse_files({each.name: each.read_bytes() for each in sorted(folder.glob("*.intent"))})
    result = compile_program(program, project, Options())
    for cluster in result.clusters:
        for flow in cluster.policy.flows[:3]:
            if flow.span is None or "let " in flow.span.file.text or " on " in flow.span.text:
                continue
            asked, _ = ask(flow.span.text, program, project)
            assert asked is not None
            found, _ = answers(asked, project, cluster.profile)
            SCHEMA.validate(json.loads(json_text(found)))


def test_text_has_no_line_without_end_and_names_every_row_once() -> None:
    found = text([answer("a -> b:80 via nodeport 30443\n", "a -> b:80 via nodeport 30443")])
    assert found.endswith("\n")
    assert [found.count(f"row {number}: ") for number in range(5, 10)] == [1] * 5


def test_long_lists_are_counted() -> None:
    intents = "".join(f"shop -> data:{number}\n" for number in range(2000, 2040, 2))
    found = text([answer(intents, "shop -> data:2000-2040")])
    assert "and 15 more intents; `--format json` has all" in found


# --- Only what is near is built, and it is what a whole build writes ------------------------------------


def test_an_excerpt_has_the_bytes_of_a_whole_build() -> None:
    compared = 0
    for seed in range(70):
        texts = files(any_program(seed))
        project, _ = load_project(texts["intentc.yaml"].encode())
        program, problems = parse_files({p: t.encode() for p, t in texts.items() if p.endswith(".intent")})
        result = compile_program(program, project, Options(), problems)
        resolved, _ = analyze(program, project)
        random = Random(seed)
        for cluster in result.clusters:
            whole = {item.path.partition("/")[2]: item.content for item in cluster.artifacts}
            if cluster.profile.clusterwide_policies:
                continue
            spaces = sorted(path[11:-5] for path in whole if path.startswith("kubernetes/"))
            near = frozenset(random.sample(spaces, min(2, len(spaces))))
            part = excerpt(resolved, project, cluster.profile, near)
            wanted = {
                path: content
                for path, content in whole.items()
                if path.startswith("terraform/") or path[11:-5] in near
            }
            assert {item.path: item.content for item in part.artifacts} == wanted
            compared += len(wanted)
    assert compared > 300


@pytest.mark.parametrize(
    "folder", [each for each in folders() if "manifest" in each.name or "via" in each.name]
)
def test_an_excerpt_of_a_case_has_the_bytes_of_its_build(folder: Path) -> None:
    workspace = open_workspace(folder)
    program, problems = parse_files(workspace.sources)
    result = compile_program(program, workspace.project, Options(), (*workspace.diagnostics, *problems))
    resolved, _ = analyze(program, workspace.project)
    for cluster in result.clusters:
        whole = {item.path.partition("/")[2]: item.content for item in cluster.artifacts}
        for path in whole:
            if path.startswith("kubernetes/") and not cluster.profile.clusterwide_policies:
                part = excerpt(resolved, workspace.project, cluster.profile, frozenset({path[11:-5]}))
                wanted = {own for own in whole if own == path or own.startswith("terraform/")}
                assert {item.path: item.content for item in part.artifacts} == {
                    own: whole[own] for own in wanted
                }


def test_an_answer_among_many_intents_lowers_few() -> None:
    lines = "".join(f"ns-{n % 97}[app=a{n % 7}] -> ns-{n % 89}:{8000 + n % 50}\n" for n in range(3000))
    project, _ = load_project(None)
    program, _ = parse_files({"a.intent": lines.encode()})
    resolved, _ = analyze(program, project)
    part = excerpt(resolved, project, Profile(), frozenset({"ns-1", "ns-2"}))
    assert len(part.policy.flows) < 300
    assert (
        answer(lines, "ns-1[app=a1] -> ns-1:8001", "version: 1\nclusters: {default: {}}\n").verdict == "all"
    )


def test_a_plain_question_loads_no_grammar(project: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from intentc.cli.console import Asked; "
        "from intentc.cli.why import Request, why; "
        f"why(Request({SHOP!r}, Asked(Path()), 'json', False)); "
        "sys.exit(','.join({name.split('.')[0] for name in sys.modules} & {'lark', 'jinja2', 'yaml'}) or 0)"
    )
    (project / "intentc.yaml").unlink()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- The model ------------------------------------------------------------------------------------------


def test_answers_agree_with_the_model() -> None:
    counts: Counter[str] = Counter()
    found = [wrong for seed in range(80) for wrong in disagreements(seed, 4, counts)]
    assert found == []
    for verdict in ("all", "some", "none"):
        assert counts[f"{verdict}, answered {verdict}"] > 15


def test_the_smallest_examples_are_what_the_model_sees() -> None:
    counts: Counter[str] = Counter()
    assert [wrong for seed in range(90) for wrong in wrong_examples(seed, counts)] == []
    assert min(counts["admitted"], counts["refused"]) > 10


def test_the_line_allows_what_was_asked() -> None:
    tried = 0
    for seed in range(70):
        program = any_program(seed)
        if program.dev is not None:
            continue
        texts = files(program)
        items = program.items("prod")
        query = any_query(Random(seed), items)
        if query.port not in WORLD.packets:
            continue
        intents = "\n".join(t for p, t in sorted(texts.items()) if p.endswith(".intent"))
        if "\n}" in intents or len(texts) > 2:
            continue
        (found,) = all_answers(intents, query.text, texts["intentc.yaml"], exact=True)
        if found.line:
            (after,) = all_answers(f"{intents}\n{found.line}\n", query.text, texts["intentc.yaml"])
            assert after.verdict == "all", (seed, found.line)
            tried += 1
    assert tried > 8


# --- The command ----------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.intent").write_text(f"{SHOP}\n")
    (tmp_path / "intentc.yaml").write_text(
        CLUSTER + CLUSTER.partition("clusters:\n")[2].replace("prod:", "dev:")
    )
    return tmp_path


def test_the_exit_code_is_the_verdict(project: Path) -> None:
    assert run("why", SHOP, cwd=project).returncode == 0
    assert run("why", "shop -> data:5432", cwd=project).returncode == 1
    assert run("why", "shop -> data:1", "--cluster", "dev", cwd=project).returncode == 1


def test_every_cluster_answers_unless_one_is_named(project: Path) -> None:
    assert run("why", SHOP, cwd=project).stdout.count("allowed on ") == 2
    only = run("why", SHOP, "--cluster", "dev", cwd=project).stdout
    assert (only.count("allowed on dev"), only.count("allowed on prod")) == (1, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("",), "E652", "the question is not one intent"),
        (("a -> b:1\nc -> d:2",), "E652", "the question is not one intent"),
        (("isolate a",), "E652", "the question is not one intent"),
        (("a -> b",), "E1", "question:1:"),
        (("a -> b:70000",), "E1", "question:1:"),
        (("a -> b:1 via nodeport 80",), "E208", "outside the range"),
        (("nodes -> internet:1",), "E209", "neither end"),
        (("a -> b:1", "--cluster", "x"), "E650", "known clusters"),
        (("a -> b:1", "--format", "xml"), "E651", "legal are"),
        (("a, c -> b:1", "--format", "mermaid", "--cluster", "dev"), "E651", "draws one flow"),
        (("\udcff -> b:1",), "E1", ""),
    ],
)
def test_a_wrong_question_is_wrong_usage(
    project: Path, arguments: tuple[str, ...], code: str, said: str
) -> None:
    done = run("why", *arguments, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr
    assert said in done.stderr


def test_a_question_may_name_services_and_what_nobody_listens_on() -> None:
    folder = str(ROOT / "tests" / "cases" / "allow_manifest_service")
    done = run("why", "shop/deployment/web -> data/db:5432", folder, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("allowed on default: shop[app=web] -> data[app=db]:5432\n")
    done = run("why", "shop[app=web] -> data[app=db]:22", folder, cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("denied on default: ")


def test_a_broken_project_says_so(project: Path) -> None:
    (project / "b.intent").write_text("shop -> \n")
    done = run("why", SHOP, cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "b.intent:1" in done.stderr


def test_json_and_mermaid_are_alone_on_stdout(project: Path) -> None:
    done = run("why", SHOP, "--format", "json", cwd=project)
    document = json.loads(done.stdout)
    SCHEMA.validate(document)
    assert [item["cluster"] for item in document["answers"]] == ["prod", "dev"]
    drawn = run("why", SHOP, "--format", "mermaid", "--cluster", "prod", cwd=project)
    assert drawn.stdout.startswith("sequenceDiagram\n")
    assert (done.stderr, drawn.stderr) == ("", "")
