"""What we offer to other people's CI does what it says, run as they run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import intentc

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "integrations" / "gitlab" / "intentc.yml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INPUT = re.compile(r"\$\{\{ inputs\.([a-z]+) \}\}")
BROKEN = "shop -> data\n"


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with a project whose output is committed."""
    folder = Path(shutil.copytree(ROOT / "examples" / "adoption", tmp_path / "repository" / "network"))
    git(folder.parent, "init", "--quiet", "--initial-branch=main")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "--message=first")
    return folder


# --- GitHub -------------------------------------------------------------------------------------------------


def ran(project: Path, tmp_path: Path, **inputs: str) -> tuple[list[tuple[str, int, str]], dict[str, str]]:
    """Run the steps of the action as a runner does; return name, exit code and output of each, and the files.

    A runner stops at the first step that fails. `install.sh` has a test of its own: here its place is taken.
    """
    runner = tmp_path / "runner"
    (runner / "intentc" / "bin").mkdir(parents=True)
    command = runner / "intentc" / "bin" / "intentc"
    command.symlink_to(Path(sys.executable).with_name("intentc"))
    files = {"GITHUB_OUTPUT": tmp_path / "output", "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    for path in files.values():
        path.touch()
    given = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()} | inputs
    results = []
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        if step["name"] == "Install intentc" or ("if" in step and not given["base"]):
            continue
        environment = {
            **os.environ,
            **{
                key: INPUT.sub(lambda found: given[found[1]], text)
                for key, text in step.get("env", {}).items()
            },
            **{key: str(path) for key, path in files.items()},
            "RUNNER_TEMP": str(runner),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        assert "${{" not in step["run"], "an input in a script is code"
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            bash, cwd=project.parent, env=environment, capture_output=True, text=True, check=False
        )
        results.append((step["name"], done.returncode, done.stdout + done.stderr))
        if done.returncode:
            break
    return results, {key: path.read_text() for key, path in files.items()}


def test_the_action_passes_what_is_right_and_says_what_changes(project: Path, tmp_path: Path) -> None:
    line = project / "intents" / "more.intent"
    line.write_text("shop[app=web] -> data[app=redis]:6379\n")
    subprocess.run([sys.executable, "-m", "intentc", "build", str(project)], check=True, capture_output=True)
    results, files = ran(project, tmp_path, path="network", base="main")
    assert [(name, code) for name, code, _ in results] == [
        ("Check the intents", 0),
        ("Prove the output", 0),
        ("Say what changes", 0),
    ]
    assert "`prod: + shop[app=web] -> data[app=redis]:6379`" in files["GITHUB_STEP_SUMMARY"]
    written = dict(text.split("=", 1) for text in files["GITHUB_OUTPUT"].splitlines())
    assert Path(written["diff"]).read_text() == files["GITHUB_STEP_SUMMARY"]
    assert json.loads(Path(written["sarif"]).read_text())["version"] == "2.1.0"
    assert set(written) == set(ACTION["outputs"])


def test_the_action_annotates_an_error_and_stops(project: Path, tmp_path: Path) -> None:
    (project / "intents" / "more.intent").write_text(BROKEN)
    results, _ = ran(project, tmp_path, path="network", base="main")
    assert [(name, code) for name, code, _ in results] == [("Check the intents", 1)]
    assert re.search(
        r"^::error title=E[0-9]+,file=network/intents/more.intent,line=1,", results[0][2], re.MULTILINE
    )


def test_the_action_finds_output_that_was_not_built(project: Path, tmp_path: Path) -> None:
    (project / "intents" / "more.intent").write_text("shop[app=web] -> data[app=redis]:6379\n")
    results, _ = ran(project, tmp_path, path="network")
    assert [(name, code) for name, code, _ in results][-1] == ("Prove the output", 1)
    shutil.rmtree(tmp_path / "runner")
    results, _ = ran(project, tmp_path, path="network", committed="false")
    assert [code for _, code, _ in results] == [0, 0]


@pytest.mark.parametrize("path", ["$(touch x)", "`touch x`", "'; touch x; '", "--help", "a b"])
def test_an_input_is_no_code(path: str, project: Path, tmp_path: Path) -> None:
    results, _ = ran(project, tmp_path, path=path)
    assert results[0][1] == 5  # no such folder
    assert not list(tmp_path.rglob("x"))


def test_every_input_and_output_is_described_and_used() -> None:
    text = (ROOT / "action.yml").read_text()
    assert all(value["description"] for value in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))
    assert set(re.findall(r"inputs\.([a-z]+)", text)) == set(ACTION["inputs"])
    assert "uses:" not in text  # nothing of others runs


# --- GitLab -------------------------------------------------------------------------------------------------


def test_the_job_of_gitlab_leaves_its_reports(project: Path) -> None:
    job = GITLAB["intentc"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    script = "set -e\n" + "\n".join(job["script"])

    def run() -> int:
        environment = {**os.environ, "PATH": path, "INTENTC_PATH": "network"}
        done = subprocess.run(["bash", "-c", script], cwd=project.parent, env=environment, check=False)
        return done.returncode

    assert run() == 0
    reports = {kind: project.parent / name for kind, name in job["artifacts"]["reports"].items()}
    assert {item["severity"] for item in json.loads(reports["codequality"].read_text())} == {"minor"}
    assert reports["junit"].read_text().startswith("<?xml")
    (project / "intents" / "more.intent").write_text(BROKEN)
    assert run() == 1
    found = json.loads(reports["codequality"].read_text())
    assert "network/intents/more.intent" in {item["location"]["path"] for item in found}


# --- pre-commit ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of ours as it is on disk, committed."""
    folder = tmp_path_factory.mktemp("offered") / "intentc"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "examples/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message=all")
    return folder


@pytest.mark.slow
def test_the_hooks_run_as_pre_commit_runs_them(offered: Path, project: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}

    def tried(folder: Path, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(offered), *arguments, "--all-files"]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    folder = project
    shutil.rmtree(project.parent / ".git")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    code, text = tried(folder)
    assert code == 0, text
    assert text.count("Passed") == len(HOOKS) == 3
    (folder / "intents" / "more.intent").write_text("shop[app=web]->data[app=redis]:6379\n")
    git(folder, "add", ".")
    code, text = tried(folder)
    assert code == 1
    assert (folder / "intents" / "more.intent").read_text() == "shop[app=web] -> data[app=redis]:6379\n"
    assert text.count("files were modified by this hook") == 2  # the layout, and the output


# --- Installations ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_installation_is_complete_and_has_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    environment = {**os.environ, "PYTHON": sys.executable}
    command = [str(ROOT / "integrations" / "install.sh"), str(place)]
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"intentc {intentc.__version__}\n"), done.stderr
    packages = subprocess.run(
        [place / "bin" / "python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
    )
    names = {item["name"].lower().replace("_", "-") for item in json.loads(packages.stdout)}
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / "run.lock").read_text(), re.MULTILINE)
    )
    assert names - {"pip", "intentc"} <= locked
    output = tmp_path / "output"
    example = ROOT / "examples" / "gke-paths"
    build = [str(place / "bin" / "intentc"), "build", str(example), "-o", str(output)]
    subprocess.run(build, check=True, capture_output=True, cwd=tmp_path)
    assert (output / ".intentc-manifest.json").read_bytes() == (
        example / "generated" / ".intentc-manifest.json"
    ).read_bytes()


def instructions() -> Iterator[tuple[str, str]]:
    for line in DOCKERFILE.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_image_runs_as_nobody_and_takes_nothing_but_what_is_locked() -> None:
    found = list(instructions())
    assert [rest for word, rest in found if word == "RUN"] == ["/src/integrations/install.sh /opt/intentc"]
    assert ("USER", "999:999") in found
    assert found.index(("USER", "999:999")) > max(
        place for place, (word, _) in enumerate(found) if word == "COPY"
    )
    assert all(rest.startswith("${PYTHON}") for word, rest in found if word == "FROM")
    assert not any(word in ("ADD", "VOLUME") for word, _ in found)


def test_the_image_gets_all_that_the_installation_reads() -> None:
    """What `.dockerignore` lets through is what install.sh copies and installs from."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    script = (ROOT / "integrations" / "install.sh").read_text()
    copied = re.search(r"cp -R (.+) \"\$work\"", script)
    assert copied is not None
    locks = {f"requirements/{name}.lock" for name in re.findall(r"requirements/([a-z]+)\.lock", script)}
    assert allowed == {*copied[1].split(), *locks, "integrations/install.sh"}
    assert all((ROOT / name).exists() for name in allowed)


# --- Argo CD ------------------------------------------------------------------------------------------------


def test_the_plugin_is_told_which_cluster(project: Path) -> None:
    """The real server asks it in `./dev e2e gitops`; this is the command alone."""
    generate = argocd("plugin.yaml")["spec"]["generate"]
    command = [*generate["command"], *generate["args"]]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for name, cluster, code in (
        ("PARAM_CLUSTER", "prod", 0),
        ("ARGOCD_ENV_CLUSTER", "$(id)", 2),
        ("X", "", 0),
    ):
        environment = {**os.environ, "PATH": path, name: cluster}
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, bool(done.stdout)) == (code, code == 0)


def test_the_applications_never_delete_what_is_missing_by_mistake() -> None:
    template = argocd("applicationset.yaml")["spec"]["template"]["spec"]
    for spec in (template, argocd("application-plugin.yaml")["spec"]):
        assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True, "allowEmpty": False}
    container = argocd("sidecar.yaml")["spec"]["template"]["spec"]["containers"][0]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert re.fullmatch(r".+@sha256:[0-9a-f]{64}", container["image"])


def argocd(name: str) -> Any:
    return yaml.safe_load((ROOT / "integrations" / "argocd" / name).read_text())
