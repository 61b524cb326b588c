"""`intentc verify`: prove files that exist, whoever wrote them, against the intents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.options import (
    AllowExpiredOption,
    ClusterOption,
    ColorOption,
    FormatOption,
    ManifestsOption,
    NamespaceOption,
    TodayOption,
)
from intentc.cli.workspace import read_folder
from intentc.compiler import ClusterResult
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.ir import Artifact
from intentc.output.summary import plural
from intentc.prove.documents import Unreadable
from intentc.prove.emitted import unreadable
from intentc.prove.proof import Proof, prove

LAYERS = {
    "kubernetes": (".yaml", ".yml", ".json", "Kustomization"),
    "terraform": (".tf", ".tf.json", ".tofu", ".tofu.json"),
}
"""The layers of a cluster, and how the files end that tools read there.

https://kubernetes.io/docs/reference/kubectl/generated/kubectl_apply/
https://opentofu.org/docs/language/files/
"""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for: `folder` holds `<cluster>/<target>` for each of the targets."""

    asked: console.Asked
    folder: Path | None
    targets: tuple[str, ...] = tuple(LAYERS)


def command(
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            metavar="[DIR]", help="What to verify; else the project's output.", show_default="output"
        ),
    ] = None,
    project: Annotated[
        Path,
        typer.Option(metavar="PATH", help="The project whose intents count.", show_default="this folder"),
    ] = Path(),
    cluster: ClusterOption = None,
    target: Annotated[
        str, typer.Option(metavar="NAMES", help="What to judge: kubernetes, terraform, or both with a comma.")
    ] = "kubernetes,terraform",
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    today: TodayOption = None,
    allow_expired: AllowExpiredOption = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
) -> None:
    """Prove files that exist, also hand-edited ones, against the intents.

    Every flow they admit beyond the intents is reported, and every one they refuse. Of what was built with
    `--target kubernetes`, only that is there to be judged: say so here as well.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(project, chosen, today, allow_expired, color, form, given, namespace)
    targets = tuple(name.strip() for name in target.split(","))
    raise typer.Exit(verify(Request(asked, folder, targets)))


def verify(request: Request) -> int:
    """Report every flow the files admit beyond the intents, and every one they refuse; return the exit code.

    The files are read by what they mean: order, comments and quoting may differ from what a build writes. A
    layer that is to be judged and is not there is an error: without policies, nobody is isolated.
    """
    workspace, result = console.compiled(request.asked, request.targets)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return console.show(errors, request.asked, workspace.prefix)
    folder = request.folder if request.folder is not None else workspace.root / workspace.project.output
    found: list[Diagnostic] = []
    for cluster in result.clusters:
        proof, problems = _cluster(cluster, folder / cluster.profile.name, request.targets)
        found.extend(problems)
        if proof is not None and not has_errors(problems):
            counts = {
                "kubernetes": plural(proof.documents, "policy", "policies"),
                "terraform": plural(proof.firewall_rules, "firewall rule"),
            }
            layers = " and ".join(counts[layer] for layer in LAYERS if layer in request.targets)
            console.say(f"{cluster.profile.name}: {layers} admit exactly {plural(proof.flows, 'flow')}\n")
    code = console.show(tuple(found), request.asked, workspace.prefix)
    return console.FINDINGS if code == console.NOT_PROVED else code


def _cluster(
    cluster: ClusterResult, folder: Path, layers: tuple[str, ...]
) -> tuple[Proof | None, tuple[Diagnostic, ...]]:
    missing = [layer for layer in layers if not (folder / layer).is_dir()]
    if missing:
        help_texts = ["give the folder that `intentc build` writes"]
        if len(missing) < len(layers):
            present = ",".join(layer for layer in layers if layer not in missing)
            help_texts.append(f"`--target {present}` judges only what is there")
        return None, (error("E510", f"`{folder}` has no folder `{missing[0]}`", help=tuple(help_texts)),)
    artifacts: list[Artifact] = []
    problems: list[Diagnostic] = []
    for layer in layers:
        files, refused = read_folder(folder / layer, LAYERS[layer])
        problems.extend(refused)
        artifacts.extend(Artifact(f"{layer}/{name}", content) for name, content in files.items())
    problems.extend(_deeper(folder / "kubernetes") if "kubernetes" in layers else ())
    if has_errors(problems):
        return None, tuple(problems)
    return prove(artifacts, cluster.policy, cluster.profile, targets=layers, own_shape=False, shown=None)


def _deeper(folder: Path) -> Iterator[Diagnostic]:
    """Yield an error for each folder among the policies: some tools apply what is in it, some do not."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield unreadable(
                Unreadable(f"{folder.name}/{path.name}", "a folder, which only some tools look into")
            )
