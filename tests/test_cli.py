"""The commands as a person and a pipeline use them: what they print and touch, the code they end with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree  # noqa: ICN001 - a whole word

import pytest
import yaml

PLAIN = "shop[app=web] -> data[app=postgres]:5432\n"


def run(
    *arguments: str, cwd: Path, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "intentc", *arguments],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **(env or {})},
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.intent").write_text(PLAIN)
    return tmp_path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_build_writes_and_says_what_was_proved(project: Path) -> None:
    done = run("build", cwd=project)
    assert (done.returncode, done.stdout) == (0, "")
    assert "proved: 1 flow equal, 0 declared extras; kept open: name resolution" in done.stderr
    assert "the default profile: no intentc.yaml" in done.stderr
    assert (project / "generated/default/kubernetes/shop.yaml").is_file()


def test_a_second_build_touches_nothing(project: Path) -> None:
    run("build", cwd=project)
    before = {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*")}
    done = run("build", cwd=project)
    assert "0 written, 7 unchanged, 0 removed" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*")} == before


def test_an_error_touches_no_file(project: Path) -> None:
    run("build", cwd=project)
    before = snapshot(project / "generated")
    (project / "b.intent").write_text("shop => data:1\nshop -> data:70000\nSHOP -> data:1\n")
    done = run("build", cwd=project)
    assert done.returncode == 1
    assert [code for code in ("E111", "E120", "E130") if f"error[{code}]" in done.stderr] == [
        "E111",
        "E120",
        "E130",
    ]
    assert snapshot(project / "generated") == before


def test_check_of_a_build_names_the_files_that_differ(project: Path) -> None:
    assert run("build", "--check", cwd=project).returncode == 1
    run("build", cwd=project)
    assert run("build", "--check", cwd=project).returncode == 0
    (project / "a.intent").write_text(PLAIN.replace("5432", "5433"))
    before = snapshot(project / "generated")
    done = run("build", "--check", cwd=project)
    assert done.returncode == 1
    assert "changed generated/default/kubernetes/data.yaml" in done.stdout.splitlines()
    assert snapshot(project / "generated") == before


def test_stdout_has_kubernetes_documents_and_nothing_else(project: Path) -> None:
    done = run("build", "--stdout", cwd=project)
    assert done.returncode == 0
    assert [document["kind"] for document in yaml.safe_load_all(done.stdout)] == ["NetworkPolicy"] * 2
    assert not (project / "generated").exists()


def test_stdout_is_empty_when_anything_is_wrong(project: Path) -> None:
    (project / "b.intent").write_text("shop -> data\n")
    done = run("build", "--stdout", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")


def test_stdout_is_one_cluster_and_never_without_a_policy(project: Path) -> None:
    (project / "intentc.yaml").write_text("version: 1\nclusters: {a: {dns: kube-dns}, b: {dns: kube-dns}}\n")
    done = run("build", "--stdout", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "= help: `--cluster NAME` says which: `a`, `b`\n" in done.stderr
    one = run("build", "--stdout", "--cluster", "b", cwd=project)
    assert (one.returncode, one.stdout.count("kind:")) == (0, 2)
    for path in project.glob("*.intent"):
        path.write_text("# nothing yet\n")
    done = run("build", "--stdout", "--cluster", "b", cwd=project)
    assert (done.returncode, done.stdout) == (3, "")
    assert "error[E520]: there is no policy to write to `stdout`\n" in done.stderr
    assert run("build", "--stdout", "--cluster", "b", "--allow-empty", cwd=project).returncode == 0


def test_a_single_file_is_a_program(project: Path) -> None:
    (project / "other.intent").write_text("x -> y:1\n")
    done = run("build", "other.intent", "-o", "out", "--target", "kubernetes", cwd=project)
    assert done.returncode == 0
    names = sorted(path.name for path in (project / "out").rglob("*.yaml"))
    assert names == ["x.yaml", "y.yaml"]
    assert list((project / "out").rglob("*.tf")) == []


def test_one_cluster_of_several(project: Path) -> None:
    (project / "intentc.yaml").write_text("version: 1\nclusters: {one: , two: }\n")
    assert run("build", "--cluster", "two", cwd=project).returncode == 0
    assert [path.name for path in (project / "generated").iterdir() if path.is_dir()] == ["two"]
    run("build", cwd=project)
    assert sorted(path.name for path in (project / "generated").iterdir() if path.is_dir()) == ["one", "two"]
    done = run("build", "--cluster", "three", cwd=project)
    assert done.returncode == 2
    assert "cluster `three` is not known" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["build", "nowhere"], 5, "does not exist"),
        (["build", "--color", "sometimes"], 2, "--color sometimes"),
        (["build", "--target", "helm"], 2, "--target helm"),
        (["build", "--today", "tomorrow"], 2, "--today tomorrow"),
        (["build", "--nonsense"], 2, "No such option"),
        (["explain", "E999"], 2, "no diagnostic has the code"),
    ],
)
def test_wrong_usage(project: Path, arguments: list[str], code: int, said: str) -> None:
    done = run(*arguments, cwd=project)
    assert done.returncode == code
    assert said in done.stderr


def test_nothing_to_build_is_code_3(tmp_path: Path) -> None:
    done = run("build", cwd=tmp_path)
    assert done.returncode == 3
    assert "no `.intent` file" in done.stderr


def test_a_wrong_profile_is_code_2(project: Path) -> None:
    (project / "intentc.yaml").write_text("version: 1\nclusterz: {}\n")
    done = run("build", cwd=project)
    assert done.returncode == 2
    assert "a key with a similar name exists: `clusters`" in done.stderr


def test_a_shrunken_result_is_code_3(project: Path) -> None:
    (project / "a.intent").write_text("".join(f"s{number} -> t{number}:1\n" for number in range(40)))
    run("build", cwd=project)
    (project / "a.intent").write_text(PLAIN)
    before = snapshot(project / "generated")
    assert run("build", cwd=project).returncode == 3
    assert snapshot(project / "generated") == before
    assert run("build", "--allow-shrink", cwd=project).returncode == 0


def test_expiry_is_judged_by_the_day_that_is_given(project: Path) -> None:
    (project / "a.intent").write_text("shop -> data:1 until 2027-03-31\n")
    assert run("check", "--today", "2027-01-01", cwd=project).returncode == 0
    soon = run("check", "--today", "2027-03-10", cwd=project)
    assert soon.returncode == 0
    assert "warning[W301]" in soon.stderr
    late = run("build", "--today", "2027-04-01", cwd=project)
    assert late.returncode == 1
    assert "error[E213]" in late.stderr
    assert run("build", "--today", "2027-04-01", "--allow-expired", cwd=project).returncode == 0


def test_fix_applies_safe_fixes_only(project: Path) -> None:
    text = "let unused = x\n" + PLAIN + "# kept\n" + PLAIN + "shop => data:1\n"
    (project / "a.intent").write_text(text)
    diff = run("check", "--diff", cwd=project)
    assert diff.returncode == 1
    assert "-let unused = x" in diff.stdout
    assert (project / "a.intent").read_text() == text
    done = run("check", "--fix", cwd=project)
    assert done.returncode == 1
    assert (project / "a.intent").read_text() == PLAIN + "# kept\nshop => data:1\n"


def test_fmt(project: Path) -> None:
    (project / "a.intent").write_text("shop   ->data:80,81   # why\n\n\n\na->b:1\n")
    assert run("fmt", "--check", cwd=project).returncode == 1
    assert run("fmt", cwd=project).returncode == 0
    assert (project / "a.intent").read_text() == "shop -> data:80, 81  # why\n\na -> b:1\n"
    assert run("fmt", "--check", cwd=project).returncode == 0
    piped = run("fmt", "-", cwd=project, stdin="a->b:1")
    assert (piped.returncode, piped.stdout) == (0, "a -> b:1\n")


def test_json_is_for_machines(project: Path) -> None:
    (project / "a.intent").write_text("shop -> data:0\n")
    done = run("check", "--format", "json", cwd=project)
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)["diagnostics"]
    assert (found["code"], found["span"]["path"], found["span"]["start"]["column"]) == (
        "E120",
        "a.intent",
        14,
    )
    assert done.stderr == ""


def test_colour_only_where_it_is_wanted(project: Path) -> None:
    (project / "a.intent").write_text("shop -> data:0\n")
    assert "\x1b" not in run("check", cwd=project).stderr
    assert "\x1b[" in run("check", "--color", "always", cwd=project).stderr
    assert "\x1b" not in run("check", cwd=project, env={"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}).stderr


def test_init_writes_a_project_that_builds(tmp_path: Path) -> None:
    assert run("init", "new", cwd=tmp_path).returncode == 0
    assert run("build", "new", cwd=tmp_path).returncode == 0
    assert run("fmt", "--check", "new", cwd=tmp_path).returncode == 0
    assert run("init", "new", cwd=tmp_path).returncode == 2


def test_schema_and_version(tmp_path: Path) -> None:
    assert json.loads(run("schema", cwd=tmp_path).stdout)["title"] == "intentc.yaml"
    assert run("--version", cwd=tmp_path).stdout.startswith("intentc ")


def test_links_out_of_the_project_are_not_read(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.intent"
    secret.write_text("canary canary\n")
    (project / "link.intent").symlink_to(secret)
    done = run("check", cwd=project)
    assert done.returncode == 5
    assert "leads out of the project" in done.stderr
    assert "canary" not in done.stderr


def test_a_fifo_does_not_make_the_build_wait(project: Path) -> None:
    os.mkfifo(project / "pipe.intent")
    done = run("check", cwd=project)
    assert done.returncode == 5
    assert "not a regular file" in done.stderr


def test_a_kustomization_lists_the_policies_and_only_on_request(project: Path) -> None:
    (project / "a.intent").write_text(PLAIN + "kustomization -> shop:1\n")
    run("build", cwd=project)
    folder = project / "generated/default/kubernetes"
    assert not (folder / "kustomization.yaml").exists()
    assert run("build", "--kustomization", cwd=project).returncode == 0
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert listed == ["data.yaml", "kustomization.policies.yaml", "shop.yaml"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*listed, "kustomization.yaml"])
    documents = list(yaml.safe_load_all(run("build", "--kustomization", "--stdout", cwd=project).stdout))
    assert {document["kind"] for document in documents} == {"NetworkPolicy"}


def test_verify_names_every_flow_a_hand_edited_file_gains_and_loses(project: Path) -> None:
    run("build", cwd=project)
    done = run("verify", cwd=project)
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 policies and 1 firewall rule admit exactly 1 flow\n" in done.stderr
    edited = project / "generated/default/kubernetes/data.yaml"
    edited.write_text(edited.read_text().replace("port: 5432", "port: 5433"))
    done = run("verify", cwd=project)
    assert done.returncode == 1
    assert "`shop[app=web] -> data[app=postgres] TCP 5433` is admitted on entering the pod" in done.stderr
    assert "`shop[app=web] -> data[app=postgres] TCP 5432` is not admitted on entering the pod" in done.stderr
    assert run("build", cwd=project).returncode == 5


def test_verify_reads_by_meaning(project: Path) -> None:
    run("build", cwd=project)
    for path in (project / "generated/default/kubernetes").iterdir():
        documents = list(yaml.safe_load_all(path.read_text()))
        path.write_text("# by hand\n" + yaml.safe_dump_all(documents, sort_keys=True))
    assert run("verify", cwd=project).returncode == 0
    assert run("verify", "elsewhere", cwd=project).returncode == 5


CLAIMS = """shop -> data:5432
shop -> cache:6379
assert allow shop[app=web] -> data:5432
assert deny shop -> data:22
"""


def test_asserts_alone_with_their_coverage(project: Path) -> None:
    (project / "a.intent").write_text(CLAIMS)
    done = run("test", cwd=project)
    assert done.returncode == 0
    assert "2 passed, 0 failed\nasserts touch 1 of 2 flows (50.0 %)" in done.stdout
    assert "untouched: default  a.intent:2" in done.stdout
    rule = {
        "cluster": "default",
        "source": "shop",
        "target": "cache",
        "ports": "6379",
        "places": ["a.intent:2"],
    }
    points = ("entering pod", "leaving pod")
    missed = json.loads(run("test", "--format", "json", cwd=project).stdout)["untouched_rules"]
    assert [each for each in missed if each["point"] in points] == [{**rule, "point": at} for at in points]
    assert run("test", "--fail-under", "50", cwd=project).returncode == 0
    assert run("test", "--fail-under", "50.000001", cwd=project).returncode == 1
    assert run("test", "--fail-under", "most", cwd=project).returncode == 2


def test_an_assert_that_fails_fails_the_test_and_the_build(project: Path) -> None:
    (project / "a.intent").write_text(CLAIMS + "assert deny shop -> data:*\nassert allow shop -> data:1\n")
    done = run("test", "--format", "junit", cwd=project)
    assert done.returncode == 1
    suite = ElementTree.fromstring(done.stdout)  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    assert len(suite.findall("testcase/failure")) == 2
    assert json.loads(run("test", "--format", "json", cwd=project).stdout)["asserts"][2]["passed"] is False
    build = run("build", cwd=project)
    assert build.returncode == 1
    assert "`assert deny` fails: `shop -> data TCP 5432` is admitted" in build.stderr
    assert not (project / "generated").exists()


@pytest.mark.parametrize("form", ["concise", "json", "sarif", "github", "gitlab", "junit"])
def test_every_format_goes_to_stdout(project: Path, form: str) -> None:
    (project / "a.intent").write_text("shop -> data:0\n")
    done = run("check", "--format", form, cwd=project)
    assert (done.returncode, done.stderr) == (1, "")
    assert "E120" in done.stdout
    assert "a.intent" in done.stdout
