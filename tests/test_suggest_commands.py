"""`intentc suggest` and `intentc coverage` answer people and machines, and say what they were not given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema

from tests.test_suggest import ORDERS, PROJECT, WEB, app

ROOT = Path(__file__).parent.parent


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "intentc", *arguments], cwd=cwd, check=False, capture_output=True, text=True
    )


def validated(document: Any, name: str) -> None:
    schema = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def test_commands_answer_in_json(tmp_path: Path) -> None:
    (tmp_path / "intentc.yaml").write_text(PROJECT)
    (tmp_path / "manifests.yaml").write_text(WEB + ORDERS)
    (tmp_path / "a.intent").write_text("isolate shop\n")
    done = run("suggest", "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    validated(found, "suggest")
    assert done.returncode == 1
    assert [(item["state"], item["intent"], item["breaks"]) for item in found["needs"]] == [
        ("missing", "shop/deployment/web -> shop/orders:80", True)
    ]
    done = run("coverage", "--format", "json", "--fail-under", "100", cwd=tmp_path)
    validated(json.loads(done.stdout), "coverage")
    assert (done.returncode, json.loads(done.stdout)["clusters"][0]["isolated"]) == (0, 4)
    (tmp_path / "a.intent").write_text("isolate shop ingress\n")
    done = run("coverage", "--fail-under", "50.1", cwd=tmp_path)
    assert (done.returncode, "50.0 %" in done.stderr) == (1, True)
    assert run("coverage", "--fail-under", "50", cwd=tmp_path).returncode == 0


def test_the_example_has_an_intent_for_each_need() -> None:
    done = run("suggest", "--cluster", "staging", cwd=ROOT / "examples" / "boutique")
    assert (done.returncode, done.stderr) == (
        0,
        "17 correct, 0 missing, 0 broken, 0 unused, 1 unprotected\n",
    )


def test_commands_need_manifests_and_legal_options(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("isolate shop\n")
    for command in ("coverage", "suggest"):
        assert run(command, cwd=tmp_path).returncode == 3
        assert run(command, "--format", "xml", cwd=tmp_path).returncode == 2
    assert run("coverage", "--fail-under", "101", cwd=tmp_path).returncode == 2


def test_coverage_counts_directions_and_leaves_hosts_out(tmp_path: Path) -> None:
    (tmp_path / "intentc.yaml").write_text(f"{PROJECT}  dev: {{}}\n")
    agent = app("agent", extra="      hostNetwork: true\n")
    other = app("lonely").replace("namespace: shop", "namespace: other")
    (tmp_path / "manifests.yaml").write_text(WEB + ORDERS + agent + other)
    (tmp_path / "a.intent").write_text("shop/deployment/web -> shop/orders:80  on prod\n")
    done = run("coverage", "--format", "json", cwd=tmp_path)
    prod, dev = sorted(json.loads(done.stdout)["clusters"], key=lambda item: -int(item["isolated"]))
    assert (prod["cluster"], prod["directions"], prod["isolated"]) == ("prod", 6, 2)
    assert (dev["cluster"], dev["directions"], dev["isolated"]) == ("dev", 6, 0)
    other_space, shop = prod["namespaces"]
    assert [item["workload"] for item in shop["host_network"]] == ["shop/deployment/agent"]
    assert [item["workload"] for item in shop["open_for_egress"]] == ["shop/deployment/orders"]
    assert [item["workload"] for item in shop["open_for_ingress"]] == ["shop/deployment/web"]
    assert (other_space["namespace"], other_space["workloads"]) == ("other", 1)
    text = run("coverage", cwd=tmp_path).stdout
    assert "prod: 33.3 % isolated (2 of 6 directions)" in text
    assert "open both ways: other/deployment/lonely  manifests.yaml:" in text
    assert "not selectable, hostNetwork: shop/deployment/agent" in text


def test_names_of_files_can_do_nothing(tmp_path: Path) -> None:
    (tmp_path / "intentc.yaml").write_text('version: 1\nmanifests: ["k8s/*"]\n')
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "a\n::error::x\x1b[31m\u202e.yaml").write_text(WEB + ORDERS)
    for arguments in (["suggest"], ["suggest", "--format", "intents"], ["coverage"]):
        (tmp_path / "a.intent").write_text("isolate shop ingress\n")
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode in (0, 1)
        for line in (done.stdout + done.stderr).splitlines():
            assert not line.startswith("::")
            assert line.isprintable()
    (tmp_path / "b.intent").write_text(run("suggest", "--format", "intents", cwd=tmp_path).stdout)
    assert run("check", cwd=tmp_path).returncode == 0
