"""`intentc audit`: the mistakes in NetworkPolicies that somebody wrote."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from intentc.cli import console
from intentc.cli.files import replace_text
from intentc.cli.options import (
    ClusterOption,
    ColorOption,
    FormatOption,
    ManifestsOption,
    NamespaceOption,
)
from intentc.cli.workspace import Workspace, of_clusters, open_workspace, read_given
from intentc.diagnostics import Diagnostic, error, has_errors


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `policies` are files, folders, or `-`."""

    asked: console.Asked
    policies: tuple[str, ...]
    fix: bool = False
    diff: bool = False


def command(
    policies: Annotated[
        list[str],
        typer.Argument(
            metavar="POLICIES...", help="NetworkPolicies: files, folders, or - for standard input."
        ),
    ],
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
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    color: ColorOption = "auto",
    form: FormatOption = "text",
    fix: Annotated[bool, typer.Option("--fix", help="Apply the fixes that change no meaning.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change.")] = False,
) -> None:
    """Find mistakes in NetworkPolicies that intentc did not write; change nothing.

    The policies are judged together, since policies add up. With an intentc.yaml they are held against the
    clusters: addresses of nodes, pods and Services, and where names are resolved. With --manifests they are
    held against what runs: labels, ports, protocols. A comment `# intentc: allow W722` excuses its line, and
    `severity` in intentc.yaml says what counts. Exit code 1 says that there are errors or warnings; notes are
    for reading.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(project, chosen, None, True, color, form, given, namespace)
    raise typer.Exit(audit(Request(asked, tuple(policies), fix, diff)))


def audit(request: Request) -> int:
    """Show what is wrong with the policies and return the exit code: 1 for errors and warnings."""
    workspace, count, found = _audited(request)
    if request.fix or request.diff:
        return _mend(request, workspace, found)
    return _shown(request, workspace, count, found)


def _audited(request: Request) -> tuple[Workspace, int, tuple[Diagnostic, ...]]:
    """Return where the paths begin, how many policies there are, and what was found."""
    from intentc.audit import audit as audit_files

    asked = request.asked
    wrong = tuple(console.wrong_options(asked))
    workspace = open_workspace(
        asked.path, asked.manifests, asked.namespace, with_intents=False, intents_required=False
    )
    problems = [*wrong, *workspace.diagnostics]
    project = of_clusters(workspace.project, asked.clusters, problems)
    unreadable: list[Diagnostic] = []
    files = read_given(workspace.root, request.policies, asked.namespace, unreadable)
    by_path = {path: (path, data, namespace) for path, data, namespace in files}
    if has_errors(item for item in problems if not item.code.startswith("E80")):
        # Without its profile a policy would be judged by the wrong facts.
        return workspace, 0, tuple(problems)
    found = audit_files(by_path.values(), project)
    problems.extend(unreadable)
    if not found.policies and not has_errors((*problems, *found.diagnostics)):
        paths = ", ".join(f"`{path}`" for path in request.policies)
        help_text = "what is audited has `apiVersion: networking.k8s.io/v1` and `kind: NetworkPolicy`"
        problems.append(error("E523", f"no NetworkPolicy in {paths}", help=help_text))
    return workspace, found.policies, (*problems, *found.diagnostics)


def _shown(request: Request, workspace: Workspace, count: int, found: tuple[Diagnostic, ...]) -> int:
    code = console.show(found, request.asked, workspace.prefix)
    if code == console.CLEAN and any(item.severity == "warning" for item in found):
        code = console.FINDINGS
    if request.asked.form == "text" and code in (console.CLEAN, console.FINDINGS):
        judged = "1 policy was judged" if count == 1 else f"{count:,} policies were judged"
        console.say(f"{judged}\n" if found else f"{judged}, and nothing was found\n")
    return code


def _mend(request: Request, workspace: Workspace, found: tuple[Diagnostic, ...]) -> int:
    """Apply or show the safe fixes, then say what is left."""
    from intentc.output.fixes import apply, diff

    changed = [(file, text) for file, text in apply(found) if file.path != "<stdin>"]
    for file, text in changed:
        path = os.path.normpath(f"{workspace.prefix}{file.path}")
        if request.diff:
            sys.stdout.write(diff(file.text, text, path))
        elif (code := replace_text(Path(path), text)) != console.CLEAN:
            return code
    if request.diff:
        return console.FINDINGS if changed else console.exit_code(found)
    workspace, count, left = _audited(request)
    return _shown(request, workspace, count, left)
