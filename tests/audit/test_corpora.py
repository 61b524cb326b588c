"""Public policies that are right: of each by itself nothing is said, and of a set what is true of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from intentc.audit import audit
from intentc.compiler import load_inventory, load_project
from intentc.profile import Project

ROOT = Path(__file__).parents[2]
CORPORA = ROOT.parent / "shared" / "corpora"
WORLDS = Path(__file__).parent / "worlds"
BOUTIQUE = sorted((CORPORA / "boutique" / "policies").glob("*.yaml"))
RECIPES = sorted((CORPORA / "recipes").glob("*.yaml"))
GENERATED = sorted((ROOT / "examples").glob("*/generated/*/kubernetes"))

needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not beside this repository")


def project(world: str = "") -> Project:
    return load_project((WORLDS / f"{world}.yaml").read_bytes() if world else None)[0]


def found(paths: list[Path], known: Project) -> list[str]:
    """Return the warnings; a note, such as that manifests would decide something, is none."""
    result = audit([(path.name, path.read_bytes(), "default") for path in paths], known)
    assert result.policies >= len(paths)
    return [f"{item.code} {item.span}" for item in result.diagnostics if item.severity != "note"]


@needs_corpora
@pytest.mark.parametrize("world", ["", "calico", "dataplane-v2", "node-local", "cloud-dns"])
def test_of_policies_that_are_right_nothing_is_said(world: str) -> None:
    known = project(world)
    manifests = [
        (path.name, path.read_bytes(), "default") for path in sorted((CORPORA / "boutique").glob("*.yaml"))
    ]
    with_manifests, problems = load_inventory(known, manifests)
    assert problems == ()
    assert len(BOUTIQUE) == 13
    assert found(BOUTIQUE, known) == []
    assert found(BOUTIQUE, with_manifests) == []
    assert len(RECIPES) == 15
    said = {path.stem: found([path], known) for path in RECIPES}
    if world in ("node-local", "cloud-dns"):
        # Two let their pods ask kube-dns, which is not whom the pods of such a cluster ask.
        for name in (
            "11-deny-egress-traffic-from-an-application-1",
            "14-deny-external-egress-traffic",
        ):
            assert [line.split()[0] for line in said.pop(name)] == ["W712"]
    assert [line for lines in said.values() for line in lines] == []


@needs_corpora
def test_of_recipes_that_were_never_meant_to_be_applied_at_once_it_is_said() -> None:
    """One of them denies all egress, which six of the others did not count on; two share a name."""
    assert Counter(line.split()[0] for line in found(RECIPES, project())) == {"W740": 6, "W742": 1}


@pytest.mark.parametrize("folder", GENERATED, ids=lambda path: path.relative_to(ROOT / "examples").as_posix())
def test_of_what_intentc_writes_nothing_is_said(folder: Path) -> None:
    home = next(parent for parent in folder.parents if (parent / "intentc.yaml").is_file())
    known, _ = load_project((home / "intentc.yaml").read_bytes())
    (cluster,) = (its for its in known.clusters if its.name == folder.parent.name)
    policies = [path for path in sorted(folder.glob("*.yaml")) if not path.name.endswith(".clusterwide.yaml")]
    assert found(policies, replace(known, clusters=(cluster,))) == []
