"""`intentc verify`: which files it judges, and what it says of a layer that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from intentc.cli.console import Asked
from intentc.cli.verify import Request, verify
from intentc.compiler import compile_texts

TEXTS = {"a.intent": "shop[app=web] -> data[app=postgres]:5432\n"}
BOTH, POLICIES, MODULE = ("kubernetes", "terraform"), ("kubernetes",), ("terraform",)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return the folder of a cluster as a build writes it, in a project."""
    (tmp_path / "a.intent").write_text(TEXTS["a.intent"])
    for artifact in compile_texts(TEXTS).artifacts:
        path = tmp_path / "generated" / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(artifact.content)
    return tmp_path / "generated/default"


def said(
    output: Path, capsys: pytest.CaptureFixture[str], targets: tuple[str, ...] = BOTH
) -> tuple[int, str]:
    code = verify(Request(Asked(output.parent.parent, color="never"), None, targets))
    return code, capsys.readouterr().err


def test_what_is_judged_is_said(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exactly = "admit exactly 1 flow\n"
    assert said(output, capsys) == (0, f"default: 2 policies and 1 firewall rule {exactly}")
    assert said(output, capsys, POLICIES) == (0, f"default: 2 policies {exactly}")
    assert said(output, capsys, MODULE) == (0, f"default: 1 firewall rule {exactly}")


@pytest.mark.parametrize(("layer", "other"), [BOTH, BOTH[::-1]])
def test_a_layer_that_is_not_there_is_missed(
    output: Path, capsys: pytest.CaptureFixture[str], layer: str, other: str
) -> None:
    (output / layer).rename(output / "away")
    code, text = said(output, capsys)
    assert code == 5
    assert f"error[E510]: `{output}` has no folder `{layer}`" in text
    assert f"`--target {other}` judges only what is there" in text
    assert said(output, capsys, (other,))[0] == 0


def test_a_folder_of_a_cluster_that_is_not_there_is_missed(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.rename(output.parent / "another")
    code, text = said(output, capsys)
    assert code == 5
    assert "--target" not in text


@pytest.mark.parametrize(
    "name",
    [
        *("kubernetes/more.json", "kubernetes/Kustomization", "kubernetes/kustomization.yml"),
        *("terraform/more.tf.json", "terraform/firewall.tofu", "terraform/more.tofu.json"),
        "terraform/firewall_override.tf",
    ],
)
def test_a_file_that_some_tool_reads_is_judged(
    output: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (output / name).write_text("")
    code, text = said(output, capsys)
    assert code == 0 or f"error[E904]: emitted file cannot be read: {name}" in text
    assert (code == 0) == name.endswith("kustomization.yml")  # an empty file of policies has none
    (output / name).write_text("{}\n")
    assert said(output, capsys)[0] == 1


@pytest.mark.parametrize("name", ["kubernetes/README.md", "terraform/prod.tfvars", "notes.txt"])
def test_a_file_that_no_tool_reads_is_not(
    output: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (output / name).write_text("{}\n")
    assert said(output, capsys)[0] == 0


def test_a_folder_among_the_policies_is_refused(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (output / "kubernetes/more").mkdir()
    code, text = said(output, capsys)
    assert code == 1
    assert "kubernetes/more: a folder, which only some tools look into" in text
    (output / "terraform/.terraform").mkdir()
    (output / "kubernetes/more").rmdir()
    assert said(output, capsys)[0] == 0
