"""Files in, artifacts out: the stages in their order, and nothing of the world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from intentc import ir
from intentc.diagnostics import Diagnostic, error, has_errors, in_order
from intentc.nodes import Program
from intentc.profile import Profile, Project

if TYPE_CHECKING:
    from intentc.prove.proof import Proof

PROJECT_FILE = "intentc.yaml"
TARGETS = ("kubernetes", "terraform")
"""What `--target` chooses from; the record of provenance is always made."""


class Options(NamedTuple):
    """What a run is asked for; `today` is an ISO date, and without one no date is compared."""

    clusters: tuple[str, ...] = ()
    targets: tuple[str, ...] = TARGETS
    today: str | None = None
    allow_expired: bool = False
    kustomization: bool = False


class ClusterResult(NamedTuple):
    """One cluster's part of a result: its artifacts below `<cluster>/`, and what was proved of them."""

    profile: Profile
    policy: ir.Policy
    artifacts: tuple[ir.Artifact, ...] = ()
    proof: Proof | None = None


class Result(NamedTuple):
    """What a run gives: with an error among `diagnostics`, there are no artifacts at all."""

    project: Project
    program: Program
    clusters: tuple[ClusterResult, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def artifacts(self) -> tuple[ir.Artifact, ...]:
        """Return the artifacts of all clusters, in the order of their paths."""
        return tuple(sorted(artifact for cluster in self.clusters for artifact in cluster.artifacts))


def compile_texts(
    files: Mapping[str, str], *, today: str | None = None, allow_expired: bool = False
) -> Result:
    """Compile a project given as texts by path: `intentc.yaml`, `.intent` files and manifests."""
    return compile_files(
        {path: text.encode() for path, text in files.items()},
        Options(today=today, allow_expired=allow_expired),
    )


def compile_files(files: Mapping[str, bytes], options: Options) -> Result:
    """Compile a project given as bytes by path.

    Every stage runs as far as it can, so that one run reports all errors; with an error no artifact is made.
    """
    project, diagnostics = load_project(files.get(PROJECT_FILE))
    if project.manifests:
        from intentc.project.patterns import manifests

        chosen = manifests(sorted(files), project.manifests)
        project, problems = load_inventory(
            project, ((name, files[name], entry.namespace) for name, entry in chosen)
        )
        diagnostics = (*diagnostics, *problems)
    sources = {path: data for path, data in sorted(files.items()) if path.endswith(".intent")}
    program, syntax = parse_files(sources)
    return compile_program(program, project, options, (*diagnostics, *syntax))


def load_project(data: bytes | None, path: str = PROJECT_FILE) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the project that the bytes of `intentc.yaml` describe; without them, the default."""
    if data is None:
        return Project(), ()
    from intentc.parser.text import decode
    from intentc.project import load

    source, diagnostics = decode(path, data)
    if has_errors(diagnostics):
        return Project(), diagnostics
    project, more = load(source)
    return project, (*diagnostics, *more)


def load_inventory(
    project: Project, files: Iterable[tuple[str, bytes, str]]
) -> tuple[Project, tuple[Diagnostic, ...]]:
    """Return the project with what its manifests say exists.

    Each file is its path, its bytes, and the namespace of the objects in it that name none.
    """
    from intentc.manifests import read

    inventory, diagnostics = read(files)
    return replace(project, inventory=inventory), diagnostics


def parse_files(files: Mapping[str, bytes]) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return one program of all files, in the order of their paths, and every syntax error in them."""
    from intentc.parser import parse
    from intentc.parser.text import decode

    programs: list[Program] = []
    diagnostics: list[Diagnostic] = []
    for path, data in files.items():
        source, problems = decode(path, data)
        diagnostics.extend(problems)
        if has_errors(problems):
            continue
        program, problems = parse(source)
        programs.append(program)
        diagnostics.extend(problems)
    statements = tuple(statement for program in programs for statement in program.statements)
    comments = tuple(comment for program in programs for comment in program.comments)
    return Program(statements, comments), tuple(diagnostics)


def compile_program(
    program: Program, project: Project, options: Options, earlier: Iterable[Diagnostic] = ()
) -> Result:
    """Analyze, check, emit and prove a program for each cluster that is asked for."""
    from intentc.analysis import analyze, policy_of, weigh
    from intentc.checks import Context, check
    from intentc.prove.proof import prove

    diagnostics = list(earlier)
    resolved, problems = analyze(program, project)
    diagnostics.extend(problems)
    profiles = _chosen(project, options, diagnostics)
    policies: list[tuple[Profile, ir.Policy]] = []
    for profile in profiles:
        policy, problems = policy_of(resolved, project, profile)
        diagnostics.extend(problems)
        diagnostics.extend(check(policy, Context(profile, options.today, options.allow_expired)))
        policies.append((profile, policy))
    diagnostics = list(weigh(program, project.severities, in_order(diagnostics)))
    emitted: list[tuple[Profile, ir.Policy, tuple[ir.Artifact, ...]]] = []
    for profile, policy in policies:
        artifacts, problems = _emit(policy, profile, options)
        diagnostics.extend(problems)
        emitted.append((profile, policy, artifacts))
    clusters: list[ClusterResult] = []
    if not has_errors(diagnostics):
        for profile, policy, artifacts in emitted:
            proof, problems = prove(artifacts, policy, profile, targets=options.targets)
            diagnostics.extend(problems)
            clusters.append(ClusterResult(profile, policy, _below(profile.name, artifacts), proof))
    if has_errors(diagnostics):
        clusters = [ClusterResult(profile, policy) for profile, policy in policies]
    return Result(project, program, tuple(clusters), in_order(diagnostics))


def _below(folder: str, artifacts: Iterable[ir.Artifact]) -> tuple[ir.Artifact, ...]:
    return tuple(ir.Artifact(f"{folder}/{artifact.path}", artifact.content) for artifact in artifacts)


def _chosen(project: Project, options: Options, diagnostics: list[Diagnostic]) -> tuple[Profile, ...]:
    known = {profile.name: profile for profile in project.clusters}
    for name in options.clusters:
        if name not in known:
            listing = f"known clusters: {', '.join(f'`{cluster}`' for cluster in known)}"
            diagnostics.append(error("E650", f"cluster `{name}` is not known", help=listing))
    return tuple(
        profile for name, profile in known.items() if not options.clusters or name in options.clusters
    )


def _emit(
    policy: ir.Policy, profile: Profile, options: Options
) -> tuple[tuple[ir.Artifact, ...], tuple[Diagnostic, ...]]:
    """Return what every chosen backend makes of one cluster."""
    from intentc.backends import emit

    artifacts: list[ir.Artifact] = []
    diagnostics: list[Diagnostic] = []
    for target in (*options.targets, "provenance"):
        made, problems = emit(target, policy, profile)
        diagnostics.extend(problems)
        artifacts.extend(made)
        if target == "kubernetes" and options.kustomization and made:
            from intentc.backends.kubernetes import kustomization

            artifacts.append(kustomization(made))
    return tuple(artifacts), tuple(diagnostics)
