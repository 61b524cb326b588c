"""`intentc import`: the intents of NetworkPolicies that exist."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from intentc.cli import console
from intentc.cli.options import ClusterOption, ColorOption, FormatOption
from intentc.cli.workspace import Workspace, of_clusters, open_workspace, read_folder, read_given
from intentc.compiler import TARGETS
from intentc.diagnostics import Diagnostic, error, has_errors

if TYPE_CHECKING:
    from intentc.adoption import Adoption


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `policies` are files, folders, or `-`."""

    asked: console.Asked
    policies: tuple[str, ...]
    output: Path | None = None
    firewall: tuple[Path, ...] = ()
    targets: tuple[str, ...] = TARGETS
    with_dns: bool = False
    allow_residue: bool = False


def command(
    policies: Annotated[
        list[str],
        typer.Argument(
            metavar="POLICIES...", help="NetworkPolicies: files, folders, or - for standard input."
        ),
    ],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Write the intents into this new file."),
    ] = None,
    project: Annotated[
        Path,
        typer.Option(
            "--project",
            metavar="PATH",
            help="The folder of an intentc.yaml that says how the clusters are made.",
            show_default="this folder",
        ),
    ] = Path(),
    cluster: ClusterOption = None,
    namespace: Annotated[
        str,
        typer.Option("--namespace", metavar="NAME", help="The namespace of policies that name none."),
    ] = "",
    firewall: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(
            "--firewall",
            metavar="PATH",
            help="Terraform files, or a folder of them, with firewall rules that exist: what they open and "
            "no intent needs is listed; may be given several times.",
        ),
    ] = None,
    target: Annotated[
        str, typer.Option(metavar="NAMES", help="What will be built: kubernetes, or terraform as well.")
    ] = ",".join(TARGETS),
    with_dns: Annotated[
        bool, typer.Option("--with-dns", help="Open name resolution also where the policies close it.")
    ] = False,
    allow_residue: Annotated[
        bool, typer.Option("--allow-residue", help="Leave out what no intent can say; each is listed.")
    ] = False,
    color: ColorOption = "auto",
    form: FormatOption = "text",
) -> None:
    """Write the intents whose build admits exactly what existing NetworkPolicies admit.

    The lines are built and compared with the policies over all pods and addresses there could be; where they
    differ in one flow, nothing is written. The policies count together, as in a cluster. What no intent can
    say is listed with its place and reason. With --format other than text, findings go to stdout and the
    intents only into --output.
    """
    chosen = tuple(cluster or ())
    asked = console.Asked(project, chosen, None, True, color, form, (), namespace or "default")
    targets = tuple(name.strip() for name in target.split(","))
    rules = tuple(firewall or ())
    request = Request(asked, tuple(policies), output, rules, targets, with_dns, allow_residue)
    raise typer.Exit(import_policies(request, namespace))


def import_policies(request: Request, namespace: str) -> int:
    """Print or write the intents and return the exit code; `namespace` is empty where none was given."""
    if request.output is not None and request.output.exists():
        console.say(f"intentc: `{request.output}` exists: nothing was written\n")
        return console.USAGE
    workspace, adoption, found = _adopted(request, namespace)
    code = console.show(found, request.asked, workspace.prefix)
    if adoption is None or has_errors(found):
        return code
    if request.output is not None:
        try:
            with request.output.open("x", encoding="utf-8", newline="\n") as file:
                file.write(adoption.text)
        except OSError as problem:
            console.say(f"intentc: `{request.output}`: {problem.strerror}\n")
            return console.INPUT_OUTPUT
    elif request.asked.form == "text":
        sys.stdout.write(adoption.text)
    if request.asked.form == "text":
        console.say(_summary(request, adoption, found))
    return code


def _adopted(request: Request, namespace: str) -> tuple[Workspace, Adoption | None, tuple[Diagnostic, ...]]:
    """Return where the paths begin, the intents, and what is to be said."""
    from intentc.adoption import adopt

    asked = request.asked
    workspace = open_workspace(asked.path, with_intents=False, with_manifests=False, intents_required=False)
    problems = [*console.wrong_options(asked, request.targets), *workspace.diagnostics]
    project = of_clusters(workspace.project, asked.clusters, problems)
    files = {each[0]: each for each in read_given(workspace.root, request.policies, namespace, problems)}
    firewall = _firewall(request.firewall, workspace, problems)
    if has_errors(problems):
        return workspace, None, tuple(problems)
    adoption = adopt(
        files.values(),
        project,
        firewall=firewall,
        targets=request.targets,
        with_dns=request.with_dns,
        allow_residue=request.allow_residue,
    )
    problems.extend(adoption.diagnostics)
    if not adoption.policies and not has_errors(problems):
        paths = ", ".join(f"`{path}`" for path in request.policies)
        help_text = "what is imported has `apiVersion: networking.k8s.io/v1` and `kind: NetworkPolicy`"
        problems.append(error("E523", f"no NetworkPolicy in {paths}", help=help_text))
    return workspace, adoption, tuple(problems)


def _firewall(
    paths: tuple[Path, ...], workspace: Workspace, problems: list[Diagnostic]
) -> list[tuple[str, bytes]]:
    """Return the Terraform files, by paths that lead to them from the project."""
    found: list[tuple[str, bytes]] = []
    for path in paths:
        if path.is_dir():
            files, refused = read_folder(path, (".tf",))
            problems.extend(refused)
            found.extend((os.path.relpath(path / name, workspace.root), data) for name, data in files.items())
        else:
            given = read_given(workspace.root, (str(path),), "", problems)
            found.extend((name, data) for name, data, _ in given)
    if paths and not found and not has_errors(problems):
        listing = ", ".join(f"`{path}`" for path in paths)
        problems.append(error("E523", f"no Terraform file in {listing}", help="they end in `.tf`"))
    return found


def _summary(request: Request, adoption: Adoption, found: tuple[Diagnostic, ...]) -> str:
    policies = "1 policy" if adoption.policies == 1 else f"{adoption.policies:,} policies"
    lines = "1 intent" if adoption.lines == 1 else f"{adoption.lines:,} intents"
    where = f" in {request.output}" if request.output is not None else ""
    said = [f"{policies}, {lines}{where}: proved to admit the same"]
    if left_out := sum(item.code == "W760" for item in found):
        said.append(f", but for {left_out:,} left out" if left_out > 1 else ", but for one left out")
    text = "".join(said) + "\n"
    if adoption.resolving:
        text += f"  name resolution is now open in full to {', '.join(adoption.resolving)}\n"
    return text
