"""The files of a kit: what is tried and what is not, stand-ins that policies select, formats others read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from intentc import ir
from intentc.answers.probe.checks import Check
from intentc.answers.probe.kit import FILES, Kit, kit
from intentc.answers.walk import walks
from intentc.compiler import compile_texts
from intentc.prove.labels import holds, label_set
from tests.readback import CLUSTER

DATA = Path(__file__).parent / "data"
EXAMPLES = Path(__file__).parent.parent / "examples"
GKE_MANAGED = CLUSTER.replace("mode: explicit", "mode: gke-managed")
INTENTS = """\
shop[app=web, tier!=old], billing -> data[app=postgres]:5432, metrics, 53/udp, 9000-9010
shop -> data[app=postgres]:5432 via nodeport 30443
shop -> data[role in (a, b)]:8443 via nodeport 30444 local
shop -> data[app=postgres]:5432 via hostport 18443
shop -> monitoring[app=node-exporter]:9100 via hostnetwork
nodes -> data[app=postgres]:5432
shop -> nodes:10250
shop -> 203.0.113.7:443
203.0.113.0/24 -> shop:8080
shop -> 198.51.100.0/24:443
shop -> data[app=postgres]:9999/sctp
assert deny monitoring -> data[app=postgres]:5432
assert allow shop[app=web] -> data[app=postgres]:5432
"""


def made(intents: str, cluster: str = GKE_MANAGED, namespace: str | None = None) -> Kit:
    result = compile_texts({"intentc.yaml": cluster, "a.intent": intents}, today="2026-11-23")
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    (found,) = result.clusters
    return kit(found, namespace)


def documents(found: Kit, name: str) -> list[dict[str, Any]]:
    return [item for item in yaml.safe_load_all(found.files[FILES[name]].decode()) if item]


def words(check: Check) -> str:
    port = check.port.name or check.port.first
    way = check.path.kind + (" local" if check.path.local else "")
    tried = f"{check.verdict} {check.cause} {check.place[9:]} {port}/{check.port.protocol}"
    return f"{tried} {way} {check.seen or '-'}"


def test_every_line_is_tried_or_left_out_with_a_reason() -> None:
    found = made(INTENTS)
    assert [words(check) for check in found.plan.checks] == [
        "allow intent 1 metrics/TCP direct source",
        "allow intent 1 5432/TCP direct source",
        "allow intent 1 9000/TCP direct source",
        "allow intent 1 53/UDP direct source",
        "allow intent 1 metrics/TCP direct source",
        "allow intent 1 5432/TCP direct source",
        "allow intent 1 9000/TCP direct source",
        "allow intent 1 53/UDP direct source",
        "allow intent 2 5432/TCP nodeport node",
        "allow intent 3 8443/TCP nodeport local source",
        "allow intent 4 5432/TCP hostport source",
        "allow intent 5 9100/TCP hostnetwork source",
        "allow intent 6 5432/TCP direct node",
        "allow intent 7 10250/TCP direct -",
        "allow intent 8 443/TCP direct -",
        "deny assert 12 5432/TCP direct source",
        "allow assert 13 5432/TCP direct source",
        "deny neighbour 1 metrics/TCP direct source",
        "deny neighbour 1 53/UDP direct source",
        "deny neighbour 3 8443/TCP direct source",
        "deny neighbour 9 8080/TCP direct source",
    ]
    reasons = [(item.place, item.reason.partition(":")[0]) for item in found.plan.left_out]
    assert reasons == [
        ("a.intent:9", "starts outside of the cluster"),
        ("a.intent:10", "the target is a range"),
        ("a.intent:11", "SCTP"),
    ]


def test_a_masquerading_cluster_may_show_a_node_where_a_pod_dials_one() -> None:
    narrow = GKE_MANAGED.replace("172.16.0.0/12, 192.168.0.0/16, ", "172.16.0.0/12, ")
    seen = {check.path.kind: check.seen for check in made(INTENTS, narrow).plan.checks[5:12]}
    assert seen == {"direct": "source", "nodeport": "either", "hostport": "either", "hostnetwork": "either"}


@pytest.mark.parametrize("kept", ["192.168.0.0/16, ", ""], ids=["kept", "masqueraded"])
def test_who_must_be_seen_is_who_the_truth_table_says_the_application_sees(kept: str) -> None:
    cluster = GKE_MANAGED.replace("192.168.0.0/16, ", kept)
    result = compile_texts({"intentc.yaml": cluster, "a.intent": INTENTS}, today="2026-11-23")
    profile = result.clusters[0].profile
    for check in made(INTENTS, cluster).plan.checks:
        flow = ir.Flow(check.source, check.target, (check.port,), check.path)
        seen = {
            "node" if hop.packet.source.name in ("n1", "n2", "n3") else "source"
            for walk in walks(flow, profile)
            for hop in walk.hops
            if hop.layer == "application" and 17 not in walk.rows and 19 not in walk.rows
        }
        if check.seen == "either":
            assert "node" in seen, check
        elif check.seen:
            assert seen == {check.seen}, check


def test_a_neighbour_that_may_is_not_said_to_be_denied() -> None:
    def denied(intents: str, cluster: str = GKE_MANAGED) -> list[str]:
        return [check.said for check in made(intents, cluster).plan.checks if check.verdict == "deny"]

    assert denied("shop -> data:5432\n") == ["no intent says default -> data:5432"]
    assert denied("default[app=cron], shop -> data:5432\n") == []
    known = f"{GKE_MANAGED}namespaces: {{shop: , data: , pay: {{team: payments}}}}\n"
    assert denied("* -> data:5432\n", known + "  # no `default` among them\n") == []


def test_a_namespace_can_be_asked_for_alone() -> None:
    intents = "a -> b:1\nb -> c:2\nc -> d:3\n"
    assert [words(check)[:14] for check in made(intents, namespace="c").plan.checks] == [
        "allow intent 2",
        "allow intent 3",
        "deny neighbour",
    ]


def test_stand_ins_are_selected_as_the_pods_they_stand_for() -> None:
    found = made(INTENTS)
    pods = {item["metadata"]["name"]: item for item in documents(found, "pods") if item["kind"] == "Pod"}
    ends = [end for check in found.plan.checks for end in (check.source, check.target)]
    for end in dict.fromkeys(ends):
        if not isinstance(end, ir.Pods):
            continue
        wanted = label_set(end.pods, of_namespace=False)
        assert wanted is not None
        fitting = [
            pod
            for pod in pods.values()
            if pod["metadata"]["namespace"] == end.namespace and holds(wanted, pod["metadata"]["labels"])
        ]
        assert (end.namespace == "monitoring" and end.pods != ()) or fitting, end
    for pod in pods.values():
        assert pod["spec"]["readinessGates"] == [{"conditionType": "intentc.io/never-ready"}]
    (postgres,) = [pod for pod in pods.values() if pod["metadata"]["labels"].get("app") == "postgres"]
    (container,) = postgres["spec"]["containers"]
    assert container["ports"] == [
        {"protocol": "TCP", "containerPort": 5432, "hostPort": 18443},
        {"protocol": "TCP", "containerPort": 9000},
        {"protocol": "TCP", "containerPort": 18000, "name": "metrics"},
        {"protocol": "UDP", "containerPort": 53},
    ]
    assert "socat -u TCP4-LISTEN:18000,fork,reuseaddr OPEN:/dev/null & " in container["command"][2]


def test_stand_ins_are_pods_that_run_without_privileges() -> None:
    """What https://kubernetes.io/docs/concepts/security/pod-security-standards/ asks for as `restricted`."""
    for pod in documents(made("shop -> data:5432\n"), "pods"):
        if pod["kind"] == "Pod":
            spec, (container,) = pod["spec"], pod["spec"]["containers"]
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert not spec.get("hostNetwork")
            assert all("hostPort" not in port for port in container.get("ports", []))


def test_a_stand_in_is_called_the_same_whatever_else_there_is() -> None:
    one, other = made("shop -> data:5432\n"), made("shop -> data:5432, 9187\nbilling -> data:5432\n")
    names = [{item["metadata"]["name"] for item in documents(found, "pods")} for found in (one, other)]
    assert names[0] < names[1]


def test_node_port_services_stand_before_the_pods_that_are_meant_or_before_the_stand_in() -> None:
    services = documents(made(INTENTS), "nodeports")
    assert [item["metadata"] | {"labels": {}} for item in services] == [
        {"name": "intentc-probe-30443", "namespace": "data", "labels": {}},
        {"name": "intentc-probe-30444", "namespace": "data", "labels": {}},
    ]
    first, second = (item["spec"] for item in services)
    assert first["selector"] == {"app": "postgres"}
    assert list(second["selector"]) == ["intentc.io/probe"]
    assert (first["externalTrafficPolicy"], second["externalTrafficPolicy"]) == ("Cluster", "Local")
    assert first["ports"] == [{"protocol": "TCP", "port": 5432, "targetPort": 5432, "nodePort": 30443}]


def schema(name: str) -> jsonschema.Draft202012Validator:
    content = json.loads((DATA / name).read_text())
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


NETASSERT = schema("netassert-2.schema.json")
NETCHECKS = schema("networkassertion.schema.json")


def test_netassert_takes_its_file() -> None:
    found = made(INTENTS)
    (tests,) = yaml.safe_load_all(found.files[FILES["netassert"]].decode())
    assert [error.message for error in NETASSERT.iter_errors(tests)] == []
    assert len({test["name"] for test in tests}) == len(tests)
    pods = {item["metadata"]["name"] for item in documents(found, "pods")}
    named = [
        test[end]["k8sResource"]["name"]
        for test in tests
        for end in ("src", "dst")
        if "k8sResource" in test[end]
    ]
    assert set(named) <= pods
    assert [(test["protocol"], test["targetPort"], test["exitCode"]) for test in tests[:4]] == [
        ("tcp", 18000, 0),
        ("tcp", 5432, 0),
        ("tcp", 9000, 0),
        ("udp", 53, 0),
    ]
    assert {test["exitCode"] for test in tests if "-deny-" in test["name"]} == {1}
    assert {"host": {"name": "203.0.113.7"}} in [test["dst"] for test in tests]
    tests[0]["protocol"] = "sctp"
    assert not NETASSERT.is_valid(tests)


def test_netchecks_takes_its_objects() -> None:
    found = made(INTENTS)
    assertions = documents(found, "netchecks")
    for assertion in assertions:
        assert [error.message for error in NETCHECKS.iter_errors(assertion)] == []
    services = {
        f"{item['metadata']['name']}.{item['metadata']['namespace']}.svc"
        for item in documents(found, "pods")
        if item["kind"] == "Service"
    }
    rules = [rule for assertion in assertions for rule in assertion["spec"]["rules"]]
    assert {rule["host"] for rule in rules} == services | {"203.0.113.7"}
    assert {rule["expected"] for rule in rules} == {"pass", "fail"}
    templates = [item["spec"]["template"] for item in assertions if "template" in item["spec"]]
    assert templates == [{"metadata": {"labels": {"app": "web"}}}] * 2
    del assertions[0]["spec"]["rules"][0]["host"]
    assert not NETCHECKS.is_valid(assertions[0])


def test_netchecks_is_not_asked_to_change_the_labels_it_needs() -> None:
    """Its operator finds its pods by labels of its own; a source with other values is left to the rest."""
    found = made('shop["app.kubernetes.io/name"=web] -> data:5432\n'.replace('"', ""))
    assert [item["metadata"]["namespace"] for item in documents(found, "netchecks")] == ["default"]
    assert len(yaml.safe_load(found.files[FILES["netassert"]])) == 2


HOSTILE = (
    "quote ' \\\" and `tick` | pipe",
    "$(touch x) ${HOME} `touch x`",
    "</td><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %}",
    ": # - [a](javascript:x)",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_user_writes_is_text_in_every_file(text: str) -> None:
    plain = made('shop -> data:5432 because "x"\nshop -> 198.51.100.0/24:443 because "x"\n')
    found = made(f'shop -> data:5432 because "{text}"\nshop -> 198.51.100.0/24:443 because "{text}"\n')
    for name in ("pods", "netassert"):
        assert found.files[FILES[name]] == plain.files[FILES[name]]
    rules = [rule for item in documents(found, "netchecks") for rule in item["spec"]["rules"]]
    assert [rule["name"] for rule in rules] == [
        rule["name"] for item in documents(plain, "netchecks") for rule in item["spec"]["rules"]
    ]
    assert any(rule["validate"]["message"].endswith(f'because "{text}"') for rule in rules)
    table = found.files["README.md"].decode().partition("## Not tried")[2].splitlines()
    assert len(table) == len(plain.files["README.md"].decode().partition("## Not tried")[2].splitlines())
    (row,) = [line for line in table if "198.51.100" in line]
    assert len(row.replace("\\|", "").split("|")) == 5


HOSTILE_PATH = 'a|b\n`<img src=x>`$(touch x)";\\.intent'


def test_a_hostile_file_name_is_text_in_every_file(tmp_path: Path) -> None:
    files = {"intentc.yaml": GKE_MANAGED, HOSTILE_PATH: "shop -> data:1\nshop -> 198.51.100.0/24:443\n"}
    (cluster,) = compile_texts(files, today="2026-11-23").clusters
    found = kit(cluster)
    (row,) = [line for line in found.files["README.md"].decode().splitlines() if "198.51.100" in line]
    assert len(row.replace("\\|", "").split("|")) == 5
    assert row.startswith("| `` a\\|b\ufffd`<img src=x>`")
    rules = [rule for item in documents(found, "netchecks") for rule in item["spec"]["rules"]]
    shown = HOSTILE_PATH.replace("\n", "\ufffd")
    assert f"{shown}:1 shop -> data:1" in [rule["validate"]["message"] for rule in rules]
    script = tmp_path / "probe.sh"
    script.write_bytes(found.files[FILES["script"]])
    subprocess.run(["bash", "-n", script], check=True)
    words = script.read_text().partition("check allow ")[2].partition("\\\n")[0]
    done = subprocess.run(
        ["bash", "-c", f'set -- {words}\nprintf %s "$1"'], check=True, capture_output=True, cwd=tmp_path
    )
    assert done.stdout.decode() == f"{shown}:1"
    assert [path.name for path in tmp_path.iterdir()] == ["probe.sh"]


# --- The command line -------------------------------------------------------------------------------------


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "intentc", "probe", *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, env=environment)


def test_a_kit_is_written_for_each_cluster_and_again_without_a_change(tmp_path: Path) -> None:
    done = run("-o", str(tmp_path / "kit"), cwd=EXAMPLES / "boutique")
    assert (done.returncode, done.stdout) == (0, "")
    written = sorted(path.relative_to(tmp_path / "kit").as_posix() for path in (tmp_path / "kit").glob("*/*"))
    names = ["README.md", "netassert.yaml", "networkassertions.yaml", "pods.yaml", "probe.sh"]
    assert written == [f"{cluster}/{name}" for cluster in ("edge", "prod", "staging") for name in names]
    assert re.search(
        r"^staging: [0-9]+ allowed and [0-9]+ denied connections to try, 3 left out",
        done.stderr,
        re.MULTILINE,
    )
    again = run("-o", str(tmp_path / "kit"), cwd=EXAMPLES / "boutique")
    assert f"0 written, {len(written)} unchanged" in again.stderr


def test_a_foreign_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kit" / "prod").mkdir(parents=True)
    (tmp_path / "kit" / "prod" / "probe.sh").write_text("mine")
    done = run("-o", str(tmp_path / "kit"), cwd=EXAMPLES / "gke-paths")
    assert done.returncode == 5
    assert (tmp_path / "kit" / "prod" / "probe.sh").read_text() == "mine"
    assert [path.name for path in (tmp_path / "kit").rglob("*")] == ["prod", "probe.sh"]


@pytest.mark.parametrize("form", ["script", "pods", "nodeports", "netassert", "netchecks"])
def test_one_file_goes_to_stdout(form: str, tmp_path: Path) -> None:
    done = run("--format", form, cwd=EXAMPLES / "gke-paths")
    assert (done.returncode, done.stderr) == (0, "")
    run("-o", str(tmp_path / "kit"), cwd=EXAMPLES / "gke-paths")
    assert (tmp_path / "kit" / "prod" / FILES[form]).read_text() == done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--format", "xml"), 2, "error[E651]: `--format xml` is not known"),
        (("--format", "pods", "-o", "x"), 2, "error[E651]: `--format` and `-o` do not go together"),
        ((), 2, "error[E651]: the project has 3 clusters, and stdout has room for one"),
        (
            ("--cluster", "prod", "--only", "nowhere"),
            3,
            "error[E524]: there is nothing to try of namespace `nowhere`",
        ),
        (
            ("--cluster", "prod", "--format", "nodeports"),
            3,
            "error[E524]: no check goes through a NodePort Service",
        ),
    ],
    ids=["format", "both", "clusters", "namespace", "nodeports"],
)
def test_what_cannot_be_answered_is_said(arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(*arguments, cwd=EXAMPLES / "boutique")
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(said)


def test_a_project_with_errors_gives_no_kit(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("shop => data:5432\n")
    done = run("-o", "kit", cwd=tmp_path)
    assert done.returncode == 1
    assert not (tmp_path / "kit").exists()
