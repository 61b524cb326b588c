"""Manifests are found by patterns, on the command line and on standard input, and nothing else is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVICE = """apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, ports: [{containerPort: 8080}]}]
"""


def run(*arguments: str, cwd: Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "intentc", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        input=given,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "intentc.yaml").write_text("version: 1\nmanifests: [k8s/**/*.yaml]\n")
    (root / "a.intent").write_text("data -> shop/web:80\n")
    (root / "k8s").mkdir()
    (root / "k8s" / "web.yaml").write_text(f"{SERVICE}---\n{POD}")
    return root


def test_patterns_find_manifests(project: Path) -> None:
    assert run("build", cwd=project).returncode == 0
    assert b"port: 8080" in (project / "generated/default/kubernetes/shop.yaml").read_bytes()


def test_a_changed_manifest_changes_the_next_build(project: Path) -> None:
    assert run("build", cwd=project).returncode == 0
    place = project / "k8s" / "web.yaml"
    place.write_text(place.read_text().replace("8080", "9090"))
    assert run("build", cwd=project).returncode == 0
    assert b"port: 9090" in (project / "generated/default/kubernetes/shop.yaml").read_bytes()
    (project / "k8s" / "zz.yaml").write_text(SERVICE.replace("80,", "81,"))
    assert run("build", cwd=project).returncode == 1


def test_a_pattern_that_matches_nothing_is_an_error(project: Path) -> None:
    (project / "intentc.yaml").write_text("version: 1\nmanifests: [k8s/*.yaml, charts/*.yaml]\n")
    done = run("check", cwd=project)
    assert (done.returncode, b"charts/*.yaml" in done.stderr) == (3, True)


def test_standard_input_files_and_folders_stand_in_place_of_the_patterns(project: Path) -> None:
    text = f"{SERVICE}---\n{POD}".replace("8080", "9090").encode()
    (project / "other").mkdir()
    (project / "other" / "a.yml").write_bytes(text)
    for arguments, given in (
        (["--manifests", "-"], text),
        (["--manifests", "other"], b""),
        (["--manifests", "other/a.yml"], b""),
    ):
        done = run("build", "--stdout", *arguments, cwd=project, given=given)
        assert (done.returncode, b"port: 9090" in done.stdout) == (0, True), done.stderr
    done = run(
        "build",
        "--stdout",
        "--manifests",
        "-",
        "--namespace",
        "shop",
        cwd=project,
        given=(text.replace(b", namespace: shop", b"")),
    )
    assert done.returncode == 0
    assert run("check", "--manifests", "nowhere", cwd=project).returncode == 5


@pytest.mark.parametrize("kind", ["link", "device", "fifo", "sparse", "folder link"])
def test_files_that_are_not_for_reading_are_refused(kind: str, project: Path, tmp_path: Path) -> None:
    place = project / "k8s" / "zz.yaml"
    (tmp_path / "secret.yaml").write_text("kind: Service\napiVersion: v1\ncanary: s3cr3t\n  x\n")
    if kind == "link":
        place.symlink_to("../../secret.yaml")
    elif kind == "device":
        place.symlink_to("/dev/zero")
    elif kind == "fifo":
        os.mkfifo(place)
    elif kind == "sparse":
        with place.open("wb") as file:
            file.truncate(10 * 1024**3)
    else:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret.yaml").write_text((tmp_path / "secret.yaml").read_text())
        (project / "k8s" / "zz").symlink_to(tmp_path / "outside")
    done = run("check", cwd=project)
    assert b"s3cr3t" not in done.stdout + done.stderr
    if kind == "folder link":
        assert done.returncode == 0
    else:
        assert done.returncode == 5
        assert b"zz.yaml" in done.stderr


def test_a_link_inside_the_project_is_followed(project: Path) -> None:
    (project / "k8s" / "web.yaml").rename(project / "real.yaml")
    (project / "k8s" / "web.yaml").symlink_to("../real.yaml")
    assert run("check", cwd=project).returncode == 0


def test_a_secret_never_shows(project: Path) -> None:
    (project / "k8s" / "secret.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\n"
        "stringData: {URL: 'http://user:s3cr3t@web.shop:80'}\n"
    )
    (project / "k8s" / "pod.yaml").write_text(
        POD.replace("name: web", "name: user").replace(
            "{name: main,", "{name: main, env: [{name: URL, value: 'http://user:s3cr3t@web.shop:81'}],"
        )
    )
    for command in ("check", "suggest", "coverage"):
        for form in ("text", "json"):
            done = run(command, "--format", form, cwd=project)
            assert done.returncode in (0, 1)
            assert b"s3cr3t" not in done.stdout + done.stderr


def test_formatting_needs_no_manifests(project: Path) -> None:
    (project / "k8s" / "web.yaml").write_text("kind: Service {\n")
    assert run("check", cwd=project).returncode == 1
    assert run("fmt", "--check", cwd=project).returncode == 0
