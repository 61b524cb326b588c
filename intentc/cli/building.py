"""Read a project, compile it, and write, compare or print the result: the work of `intentc build`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from intentc.cli import console
from intentc.cli.workspace import Workspace
from intentc.compiler import TARGETS, Result
from intentc.diagnostics import Diagnostic, error
from intentc.output.summary import count_policies, summarize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intentc.cli.receipt import Before
    from intentc.output.manifest import Entry


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for beside the question every command shares."""

    asked: console.Asked
    output: Path | None = None
    targets: tuple[str, ...] = TARGETS
    kustomization: bool = False
    stdout: bool = False
    check: bool = False
    force: bool = False
    allow_empty: bool = False
    allow_shrink: bool = False
    cache: bool = True
    jobs: int = 0


def build(request: Request) -> int:
    """Build a project and return the exit code."""
    before = _before(request)
    targets = ("kubernetes",) if request.stdout else request.targets
    workspace, result = console.compiled(
        request.asked, targets, kustomization=request.kustomization, jobs=request.jobs, in_parts=True
    )
    code = console.show(result.diagnostics, request.asked, workspace.prefix)
    if code != console.CLEAN:
        return code
    if request.stdout:
        return _print(request, result)
    if request.check:
        return _check(request, workspace, result)
    return _write(request, workspace, result, before)


def _before(request: Request) -> Before | None:
    """Return what a receipt needs to know before a build, or None for a build that leaves none."""
    is_plain = request == Request(console.Asked(request.asked.path))
    if not is_plain or not request.asked.path.is_dir():
        return None
    from intentc.cli.receipt import Before

    return Before(os.fspath(request.asked.path))


def _has_days(result: Result) -> bool:
    """Tell whether a build may have something else to say on another day."""
    policies = [cluster.policy for cluster in result.clusters]
    claims = (claim.flow for policy in policies for claim in policy.assertions)
    flows = (flow for policy in policies for flow in policy.flows)
    return any(flow.clauses.until for some in (flows, claims) for flow in some)


def _keep_receipt(
    before: Before, workspace: Workspace, result: Result, summary: str, entries: Mapping[str, Entry]
) -> None:
    from intentc.cli.receipt import entry_of, keep
    from intentc.output.names import MANIFEST

    root = workspace.root / workspace.project.output
    try:
        manifest = (root / MANIFEST).read_bytes()
    except OSError:
        return
    warnings = console.rendered(result.diagnostics, console.Asked(), workspace.prefix)
    said = f"{warnings}{summary}{os.fspath(root)}: 0 written, {len(entries)} unchanged, 0 removed\n"
    inputs = {**workspace.sources, **{name: data for name, data, _ in workspace.manifests}}
    outputs = {name: (entry.size, entry.digest) for name, entry in entries.items()}
    keep(before, workspace.project.output, inputs, {**outputs, MANIFEST: entry_of(manifest)}, said)


def _output(request: Request, workspace: Workspace) -> Path:
    return request.output if request.output is not None else workspace.root / workspace.project.output


def _files(result: Result) -> dict[str, bytes]:
    return {artifact.path: artifact.content for artifact in result.artifacts}


def _inside(request: Request, workspace: Workspace) -> Path | None:
    """Return the folder below which no link may lead the output elsewhere."""
    return None if request.output is not None else workspace.root


def _scope(request: Request, result: Result) -> tuple[str, ...] | None:
    """Return the clusters a partial build speaks for, or None when it speaks for all."""
    return tuple(cluster.profile.name for cluster in result.clusters) if request.asked.clusters else None


def _print(request: Request, result: Result) -> int:
    """Print the policies of one cluster: those of several would take each other's place."""
    from intentc.output.errors import empty

    if len(result.clusters) > 1:
        names = ", ".join(f"`{cluster.profile.name}`" for cluster in result.clusters)
        help_text = f"`--cluster NAME` says which: {names}"
        return _fail(error("E651", "`--stdout` prints the policies of one cluster", help=help_text), request)
    if not any(map(count_policies, result.clusters)) and not request.allow_empty:
        return _fail(empty("stdout", "", 0).diagnostic, request)
    for artifact in result.artifacts:
        if "/kubernetes/" in artifact.path and not artifact.path.endswith("/kustomization.yaml"):
            sys.stdout.write(artifact.content.decode())
    return console.CLEAN


def _check(request: Request, workspace: Workspace, result: Result) -> int:
    from intentc.output.errors import OutputError
    from intentc.output.tree import compare_tree

    root = _output(request, workspace)
    try:
        differences = compare_tree(
            root,
            _files(result),
            policies={cluster.profile.name: count_policies(cluster) for cluster in result.clusters},
            scope=_scope(request, result),
            inside=_inside(request, workspace),
        )
    except OutputError as problem:
        return _fail(problem.diagnostic, request)
    if not differences:
        console.say(f"{os.fspath(root)} is what the intents say\n")
        return console.CLEAN
    for difference in differences:
        sys.stdout.write(f"{difference.kind} {os.fspath(root)}/{difference.path}\n")
    noun = "file differs" if len(differences) == 1 else "files differ"
    console.say(f"{len(differences)} {noun} from what the intents say; run `intentc build`\n")
    return console.FINDINGS


def _write(request: Request, workspace: Workspace, result: Result, before: Before | None) -> int:
    from intentc.output.errors import OutputError
    from intentc.output.tree import write_tree

    root = _output(request, workspace)
    try:
        report = write_tree(
            root,
            _files(result),
            policies={cluster.profile.name: count_policies(cluster) for cluster in result.clusters},
            scope=_scope(request, result),
            inside=_inside(request, workspace),
            force=request.force,
            allow_empty=request.allow_empty,
            allow_shrink=request.allow_shrink,
        )
    except OutputError as problem:
        return _fail(problem.diagnostic, request)
    counts = (
        f"{len(report.written)} written, {len(report.unchanged)} unchanged, {len(report.removed)} removed"
    )
    summary = summarize(result)
    console.say(summary)
    console.say(f"{os.fspath(root)}: {counts}\n")
    for path in report.removed:
        console.say(f"  removed {path}\n")
    for path in report.replaced:
        console.say(f"  replaced {path}, which intentc did not write\n")
    if before is not None and not _has_days(result):
        _keep_receipt(before, workspace, result, summary, report.entries)
    return console.CLEAN


def _fail(problem: Diagnostic, request: Request) -> int:
    return console.show((problem,), request.asked)
