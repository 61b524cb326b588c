"""`intentc audit` as it is called: what it reads, prints and changes, and its exit codes."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from intentc.cli import main, workspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "audit"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
    - from: [{ipBlock: {cidr: 203.0.113.0/24}}]
    - from: [{ipBlock: {cidr: 203.0.113.7/32}}]
"""


class Said(NamedTuple):
    """What a run ended with."""

    code: int
    out: str
    err: str


Audit = Callable[..., Said]


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Audit:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str, piped: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["intentc", "audit", *arguments])
        workspace._standard_input.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def test_words_go_to_the_one_stream_and_data_to_the_other(audit: Audit) -> None:
    Path("a.yaml").write_text(POLICY)
    said = audit("a.yaml")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("1 warning\n1 policy was judged\n")
    for form in ("json", "sarif", "github", "gitlab", "junit", "concise"):
        said = audit("a.yaml", "--format", form)
        assert (said.code, said.err) == (1, ""), form
        assert "W741" in said.out, form
    (found,) = json.loads(audit("a.yaml", "--format", "json").out)["diagnostics"]
    assert (found["code"], found["span"]["path"], found["span"]["start"]["line"]) == ("W741", "a.yaml", 9)


def test_what_is_right_is_said_to_be(audit: Audit) -> None:
    right = "".join(POLICY.splitlines(keepends=True)[:-1])
    assert audit("-", piped=right) == (0, "", "1 policy was judged, and nothing was found\n")
    assert json.loads(audit("-", "--format", "json", piped=right).out)["total"] == 0


def test_what_kubectl_prints_is_read(audit: Audit) -> None:
    """A List, with what the API server and kubectl add to each object."""
    policy = yaml.safe_load(POLICY)
    policy["metadata"] |= {
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(policy)},
        "creationTimestamp": "2026-11-23T08:00:00Z",
        "generation": 1,
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {".": {}}}}],
        "resourceVersion": "17",
        "uid": "5c0a9a0e-9c0f-4a0b-8f2e-0d7a8a6f0c11",
    }
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [policy]}
    for text in (yaml.safe_dump(listed), json.dumps(listed), json.dumps(listed, indent=4)):
        said = audit("-", "--format", "concise", piped=text)
        assert said.code == 1
        assert "W741" in said.out
        assert len(said.out.splitlines()) == 1


def test_a_folder_of_everything_is_searched_for_policies(audit: Audit, tmp_path: Path) -> None:
    tree = tmp_path / "deploy" / "base"
    tree.mkdir(parents=True)
    (tree / "policy.yml").write_text(POLICY)
    (tree / "compose.yaml").write_text("x: &x {a: b}\nservices: {web: *x}\n")
    (tree / "chart.yaml").write_text("{{- if .Values.on }}\nkind: Deployment\n{{ end }}\n")
    (tree / "notes.txt").write_text("kind: NetworkPolicy\n")
    said = audit("deploy", "--format", "concise")
    assert said.out.startswith("deploy/base/policy.yml:9:7: warning[W741]: ")
    assert len(said.out.splitlines()) == 1


def test_nothing_to_judge_is_not_nothing_found(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, piped, code in (
        (("-",), "", 3),
        (("-",), "kind: ConfigMap\napiVersion: v1\n", 3),
        (("empty",), "", 3),
        (("missing.yaml",), "", 5),
        (("-", "--cluster", "x"), POLICY, 2),
        (("-", "--format", "x"), POLICY, 2),
        ((), "", 2),
    ):
        said = audit(*arguments, piped=piped)
        assert said.code == code, (arguments, said.err)
        assert said.out == ""
        assert said.err


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(audit: Audit, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert audit("a.yaml").code == 5


def test_a_file_that_cannot_be_read_leaves_the_others_judged(audit: Audit) -> None:
    Path("a.yaml").write_text(POLICY)
    Path("b.yaml").write_text("kind: NetworkPolicy\n a: b\n")
    said = audit("a.yaml", "b.yaml", "--format", "concise")
    assert said.code == 1
    assert [line.split(":")[0] for line in said.out.splitlines()] == ["a.yaml", "b.yaml"]
    assert "error[E801]" in said.out


def test_a_comment_excuses_its_line_and_is_reported_when_it_excuses_nothing(audit: Audit) -> None:
    lines = POLICY.splitlines(keepends=True)
    lines[-1] = lines[-1].rstrip() + "  # intentc: allow W741\n"
    assert audit("-", piped="".join(lines)).code == 0
    said = audit("-", "--format", "concise", piped="".join((*lines[:-2], lines[-1])))
    assert said.code == 1
    assert "warning[W399]" in said.out


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 1), ("note", 0), ('"off"', 0)])
def test_the_project_says_what_counts(severity: str, code: int, audit: Audit) -> None:
    Path("intentc.yaml").write_text(f"version: 1\nseverity: {{W741: {severity}}}\n")
    said = audit("-", "--format", "concise", piped=POLICY)
    assert said.code == code
    assert (f"{severity}[W741]" in said.out) == (severity != '"off"')


def test_fix_changes_what_changes_no_meaning_and_nothing_else(audit: Audit) -> None:
    text = POLICY + "  egress: [{to: [{podSelector: {}}]}]\n"
    Path("a.yaml").write_text(text)
    shown = audit("a.yaml", "--diff")
    assert shown.code == 1
    assert [line for line in shown.out.splitlines() if line.startswith(("-", "+"))][2:] == [
        "-    - from: [{ipBlock: {cidr: 203.0.113.7/32}}]"
    ]
    assert Path("a.yaml").read_text() == text
    said = audit("a.yaml", "--fix", "--format", "concise")
    assert said.code == 1
    assert "W704" in said.out
    assert "W741" not in said.out
    assert Path("a.yaml").read_text() == text.replace("    - from: [{ipBlock: {cidr: 203.0.113.7/32}}]\n", "")
    assert audit("-", "--fix", piped=POLICY).code == 1


def test_the_facts_are_those_of_the_project_that_is_named(example: Path, audit: Audit) -> None:
    policies = f"{example.name}/policies"
    alone = audit(policies, "--format", "concise").out
    known = audit(policies, "--project", example.name, "--format", "concise").out
    assert ("W722" in alone, "W731" in alone, "W704" in alone) == (False, False, True)
    assert ("W722" in known, "W731" in known, "W704" in known) == (True, True, True)
    manifests = audit(policies, "--manifests", f"{example.name}/manifests", "--format", "concise").out
    assert ("W722" in manifests, "W731" in manifests) == (False, True)


def test_what_another_cluster_makes_right_is_a_note_until_a_cluster_is_named(
    example: Path, audit: Audit
) -> None:
    with (example / "intentc.yaml").open("a") as file:
        file.write(
            "  other: {dataplane: calico, podCIDRs: [10.4.0.0/14], nodeCIDRs: [10.128.0.0/20],"
            " firewall: {mode: explicit, targetTags: [a]}}\n"
        )
    arguments = (f"{example.name}/policies", "--project", example.name, "--format", "concise")
    assert "note[W722]" in audit(*arguments).out
    assert "warning[W722]" in audit(*arguments, "--cluster", "prod").out
    assert "W722" not in audit(*arguments, "--cluster", "other").out


def test_a_path_outside_of_the_project_is_the_short_one(example: Path, audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    Path("deploy/a.yaml").write_text(POLICY.replace("203.0.113.7/32", "192.168.64.0/19"))
    for project in (example.name, str(example), "deploy/../example"):
        said = audit("deploy/a.yaml", "--project", project, "--format", "concise")
        assert said.out.split(":")[0].endswith("deploy/a.yaml")
        assert "/../" not in said.out
    (found,) = json.loads(audit("deploy/a.yaml", "--project", example.name, "--format", "json").out)[
        "diagnostics"
    ]
    assert found["span"]["path"] == "deploy/a.yaml"
    said = audit("-", "--project", example.name, "--format", "concise", piped=POLICY)
    assert said.out.startswith("<stdin>:9:7: ")
    inside = audit(f"{example.name}/policies", "--project", example.name, "--format", "concise")
    assert inside.out.startswith("example/policies/namespace-a.yaml:")


def test_fix_changes_the_file_that_was_given_by_whatever_way_the_project_is_named(
    example: Path, audit: Audit, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    moved = example.rename(tmp_path / "elsewhere" / "deep" / "example")
    (tmp_path / "link").symlink_to(moved)
    for folder in (tmp_path, tmp_path / "elsewhere" / "deep"):
        (folder / "a.yaml").write_text(POLICY)
    audit("a.yaml", "--project", "link", "--fix")
    assert "203.0.113.7" not in (tmp_path / "a.yaml").read_text()
    assert (tmp_path / "elsewhere" / "deep" / "a.yaml").read_text() == POLICY
