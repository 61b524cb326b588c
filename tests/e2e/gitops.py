"""Argo CD's plugin server and kubectl take what we give them: the plugin, its policies, a kustomization."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.e2e import evidence, programs

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "integrations" / "argocd"
NOBODY = 65534
"""A user without a home, as the sidecar's: nothing of it can be written but its temporary folder."""

SECONDS = 20.0
BROKEN = "shop -> data\n"
REPOSITORY_SERVER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server, namespace: argocd}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      containers:
        - name: argocd-repo-server
          image: quay.io/argoproj/argocd
      volumes:
        - {name: var-files, emptyDir: {}}
        - {name: plugins, emptyDir: {}}
"""
"""The part of Argo CD's own Deployment that the sidecar is put into."""


class Answer(NamedTuple):
    """What the plugin server says of an application."""

    supported: bool
    documents: tuple[dict[str, Any], ...]
    error: str


def prepare() -> None:
    """Build the plugin server, the repository server's side of it, and kubectl."""
    programs.prepare(("argocd-cmp-server", "argocd-client", "kubectl"))


def run(*, short: bool) -> list[str]:
    """Return what differs from what is promised; the short form asks as much, and leaves the page alone."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        wrong = [*plugin(scratch / "plugin"), *kustomizations(scratch / "kustomize")]
    if not short and not wrong:
        evidence.write("gitops", FACTS)
    return wrong


FACTS = (
    "* Argo CD's plugin server, with `integrations/argocd/plugin.yaml` and as a user that owns nothing,",
    "  finds the example and returns exactly the policies of the cluster that a parameter or the environment",
    "  names.",
    "* A broken line, a result without a policy, and several clusters without a choice are errors in our",
    "  words, and no manifest; a folder without `intentc.yaml` is not taken for ours.",
    "* Every policy carries a sync wave.",
    "* `kubectl kustomize` over an output with `--kustomization` gives the same policies, and puts the",
    "  sidecar of `integrations/argocd` into the repository server.",
)


# --- The plugin ---------------------------------------------------------------------------------------------


def plugin(scratch: Path) -> Iterator[str]:
    """Yield what the plugin server does that it should not."""
    scratch.mkdir()
    application = Path(shutil.copytree(ROOT / "examples" / "boutique", scratch / "repository" / "network"))
    shutil.rmtree(application / "generated")
    (application.parent / "other").mkdir()
    (application.parent / "other" / "deployment.yaml").write_text("kind: Deployment\n")
    wanted = compiled(application, "prod")
    with server(scratch) as socket:
        for setting in ("PARAM_CLUSTER=prod", "ARGOCD_ENV_CLUSTER=prod"):
            found = ask(socket, application, setting)
            if not found.supported or found.error or found.documents != wanted:
                yield f"the plugin with {setting}: {found.error or 'other policies than a build'}"
            if any(WAVE not in document["metadata"]["annotations"] for document in found.documents):
                yield "a policy has no sync wave"
        if ask(socket, application.parent / "other").supported:
            yield "a folder without intentc.yaml is taken for ours"
        several = ask(socket, application)
        if several.documents or "`--cluster NAME` says which" not in several.error:
            yield f"several clusters and no choice: {several}"
        line = application / "intents" / "broken.intent"
        line.write_text(BROKEN)
        broken = ask(socket, application, "PARAM_CLUSTER=prod")
        if broken.documents or "intents/broken.intent:1" not in broken.error:
            yield f"a broken line: {broken}"
        for path in (application / "intents").glob("*.intent"):
            path.write_text("# nothing\n")
        empty = ask(socket, application, "PARAM_CLUSTER=prod")
        if empty.documents or "E520" not in empty.error:
            yield f"no policy at all: {empty}"


WAVE = "argocd.argoproj.io/sync-wave"


def compiled(project: Path, cluster: str) -> tuple[dict[str, Any], ...]:
    """Return the policies of a build, as `intentc build --stdout` prints them."""
    command = [sys.executable, "-m", "intentc", "build", str(project), "--stdout", "--cluster", cluster]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return tuple(yaml.safe_load_all(done.stdout))


@contextlib.contextmanager
def server(scratch: Path) -> Iterator[Path]:
    """Run the plugin server as a user of its own, with a shell's tools and intentc on its path."""
    config, sockets, work, programs_of_its = (scratch / name for name in ("config", "sockets", "work", "bin"))
    for folder in (config, sockets, work, programs_of_its):
        folder.mkdir()
    shutil.copy(INTEGRATION / "plugin.yaml", config)
    packages = installed(scratch / "site")
    python, user = interpreter(packages)
    if user is not None:
        for folder in (sockets, work):
            os.chown(folder, user, user)
    command = programs_of_its / "intentc"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {python} -m intentc "$@"\n')
    command.chmod(0o755)
    environment = {
        "PATH": f"{programs_of_its}:/usr/bin:/bin",
        "ARGOCD_PLUGINSOCKFILEPATH": str(sockets),
        "ARGOCD_CMP_WORKDIR": str(work),
        "TMPDIR": str(work),
    }
    built = Path(shutil.copy(programs.built("argocd-cmp-server"), scratch))  # the cache is its owner's alone
    process = subprocess.Popen(
        [built, "--config-dir-path", config],
        env=environment,
        cwd=work,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_user(user),
    )
    try:
        socket = sockets / "intentc.sock"
        deadline = time.monotonic() + SECONDS
        while not socket.exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        yield socket
    finally:
        process.kill()  # asked kindly, it waits for its repository server
        process.wait()


def installed(site: Path) -> str:
    """Return the search path of intentc as it is installed, copied, and of the packages it needs."""
    shutil.copytree(ROOT / "intentc", site / "intentc", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("docs", "grammar", "templates"):
        shutil.copytree(ROOT / name, site / "intentc" / name)
    return f"{site}:{Path(yaml.__file__).parents[1]}"


def interpreter(packages: str) -> tuple[str, int | None]:
    """Return a Python that runs intentc, and the user it can be run as; None is the one who runs this.

    An interpreter in somebody's home, as pyenv installs it, cannot be run by others.
    """
    for python in (sys.executable, "/usr/bin/python3") if os.geteuid() == 0 else ():
        command = [python, "-c", "import sys, rpds, yaml, intentc; assert sys.version_info >= (3, 11)"]
        environment = {"PYTHONPATH": packages}
        with contextlib.suppress(OSError):
            done = subprocess.run(
                command, check=False, env=environment, cwd="/", capture_output=True, **as_user(NOBODY)
            )
            if done.returncode == 0:
                return python, NOBODY
    return sys.executable, None


def as_user(user: int | None) -> dict[str, Any]:
    """Return what makes a process another user's."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def ask(socket: Path, application: Path, *environment: str) -> Answer:
    """Send an application as the repository server does, and return the answer."""
    root, name = application.parent, application.name
    command = [str(programs.built("argocd-client")), str(socket), str(root), name, *environment]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    found = json.loads(done.stdout)
    documents = tuple(json.loads(text) for text in found["manifests"] or ())
    return Answer(found["supported"], documents, found["error"])


# --- kubectl kustomize --------------------------------------------------------------------------------------


def kustomizations(scratch: Path) -> Iterator[str]:
    """Yield what `kubectl kustomize` makes of an output and of the sidecar that it should not."""
    scratch.mkdir()
    project = ROOT / "examples" / "boutique"
    command = [sys.executable, "-m", "intentc", "build", str(project), "--kustomization", "-o"]
    subprocess.run([*command, str(scratch / "generated")], check=True, capture_output=True, cwd=ROOT)
    for folder in sorted((scratch / "generated").glob("*/kubernetes")):
        files = (path for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")
        wanted = [document for path in files for document in yaml.safe_load_all(path.read_text())]
        if by_name(kustomized(folder)) != by_name(wanted):
            yield f"kubectl kustomize over {folder.parent.name} gives other policies"
    shutil.copytree(INTEGRATION, scratch / "sidecar")
    (scratch / "server.yaml").write_text(REPOSITORY_SERVER)
    (scratch / "kustomization.yaml").write_text("resources: [server.yaml]\ncomponents: [sidecar]\n")
    made = {document["kind"]: document for document in kustomized(scratch)}
    names = [each["name"] for each in made["Deployment"]["spec"]["template"]["spec"]["containers"]]
    if sorted(names) != ["argocd-repo-server", "intentc"]:
        yield f"the repository server has the containers {names}"
    if made["ConfigMap"]["data"]["plugin.yaml"] != (INTEGRATION / "plugin.yaml").read_text():
        yield "the sidecar is told something else than plugin.yaml"


def kustomized(folder: Path) -> list[dict[str, Any]]:
    """Return what `kubectl kustomize` prints."""
    command = [str(programs.built("kubectl")), "kustomize", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True)
    return list(yaml.safe_load_all(done.stdout))


def by_name(documents: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return documents by namespace and name."""
    return {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in documents}
