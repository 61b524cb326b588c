"""`intentc import` as a person uses it: what it prints, writes and refuses, and the pages that show it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shown import ROOT, Shown, said, shown

PAGES = shown(ROOT / "docs" / "adoption.md", ROOT / "examples" / "adoption" / "README.md")
EXAMPLE = ROOT / "examples" / "adoption"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: cart}}}]
      ports: [{port: 8080}]
"""
LINE = "shop[app=cart] -> shop[app=web]:8080  only ingress\n"


def run(*arguments: str, cwd: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "intentc", "import", *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, input=given)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.page)
def test_what_is_shown_is_what_is_said(
    page: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    output = said(page.command, ("adoption", "audit"), tmp_path, monkeypatch, capfd)
    assert output == page.output


def test_the_example_is_what_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    command = "import examples/adoption/policies --project examples/adoption --output new.intent"
    said(command, ("adoption",), tmp_path, monkeypatch, capfd)
    assert (tmp_path / "new.intent").read_text() == (EXAMPLE / "intents" / "imported.intent").read_text()


def test_intents_go_to_stdout_and_words_to_stderr(tmp_path: Path) -> None:
    done = run("-", cwd=tmp_path, given=POLICY)
    assert (done.returncode, done.stdout) == (0, f"# shop\n{LINE}")
    assert done.stderr == "1 policy, 1 intent: proved to admit the same\n"


def test_a_list_as_kubectl_prints_it_is_read(tmp_path: Path) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}\n"},
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "generation": 1,
            "managedFields": [{"manager": "kubectl"}],
            "name": "web",
            "namespace": "shop",
            "resourceVersion": "1",
            "uid": "4d6ab3a8-0000-0000-0000-000000000000",
        },
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        "status": {},
    }
    (tmp_path / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy]}))
    done = run("all.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "# shop\nisolate shop ingress\n")


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    files = [EXAMPLE / "policies" / name for name in ("shop.yaml", "data.yaml")]
    one, other = (run(*map(str, order), cwd=tmp_path) for order in (files, files[::-1]))
    assert one.stdout == other.stdout != ""


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("# mine\n")
    done = run("-", "-o", "a.intent", cwd=tmp_path, given=POLICY)
    assert (done.returncode, done.stdout) == (2, "")
    assert (tmp_path / "a.intent").read_text() == "# mine\n"


def test_nothing_is_written_of_what_is_refused(tmp_path: Path) -> None:
    wide = POLICY.replace("[{podSelector: {matchLabels: {app: cart}}}]", "[{ipBlock: {cidr: 0.0.0.0/0}}]")
    done = run("-", "-o", "a.intent", cwd=tmp_path, given=wide)
    assert done.returncode == 1
    assert "error[E760]: a rule of policy `shop/web` cannot be said as an intent\n" in done.stderr
    assert " --> <stdin>:7:14\n" in done.stderr
    assert not (tmp_path / "a.intent").exists()
    done = run("-", "-o", "a.intent", "--allow-residue", cwd=tmp_path, given=wide)
    assert done.returncode == 0
    assert done.stderr.endswith(
        "1 policy, 1 intent in a.intent: proved to admit the same, but for one left out\n"
    )
    assert "# left out, <stdin>:7:14: " in (tmp_path / "a.intent").read_text()
    assert "isolate shop[app=web] ingress\n" in (tmp_path / "a.intent").read_text()


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ("", 3, "error[E523]: no NetworkPolicy in `-`"),
        ("kind: Pod\n", 3, "error[E523]"),
        ("kind: NetworkPolicy\nspec: [\n", 1, "error[E801]"),
        (POLICY.replace("port: 8080", "port: 70000"), 1, "is one that the API server refuses"),
        (POLICY.replace("app: web", "app: 1"), 1, "is one that the API server refuses"),
        (POLICY.replace("app: web", "app: 1.5"), 1, "error[E804]: `1.5` is not a text"),
        (POLICY.replace("app: web", "app: yes"), 1, "error[E804]: `yes` is not a text"),
        (POLICY.replace("podSelector:", "podselector:", 1), 1, "is one that the API server refuses"),
        (
            POLICY.replace("networking.k8s.io", "cilium.io"),
            1,
            "`NetworkPolicy` of `cilium.io/v1` is not read",
        ),
        (POLICY + "---\n" + POLICY, 1, "error[E763]: policy `shop/web` is described twice"),
        (POLICY.replace(", namespace: shop", ""), 1, "error[E763]: policy `web` names no namespace"),
    ],
)
def test_what_cannot_be_read_is_said(given: str, code: int, words: str, tmp_path: Path) -> None:
    done = run("-", cwd=tmp_path, given=given)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_every_format_is_data_on_stdout(tmp_path: Path) -> None:
    done = run("-", "--format", "json", "-o", "a.intent", cwd=tmp_path, given=POLICY)
    assert done.returncode == 0
    assert json.loads(done.stdout)["diagnostics"] == []
    assert (tmp_path / "a.intent").read_text() == f"# shop\n{LINE}"
