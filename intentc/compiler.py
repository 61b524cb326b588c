"""Files in, artifacts out: the stages in their order, and nothing of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from intentc import ir
from intentc.diagnostics import Diagnostic, error, has_errors, in_order
from intentc.nodes import Program
from intentc.profile import Profile, Project

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from intentc.analysis.statements import Resolved
    from intentc.checks import Context
    from intentc.prove.proof import Proof

PROJECT_FILE = "intentc.yaml"
TARGETS = ("kubernetes", "terraform")
"""What `--target` chooses from; the record of provenance is always made."""


class Options(NamedTuple):
    """What a run is asked for; `today` is an ISO date, and without one no date is compared.

    With `processes`, a large cluster is emitted and proved in parts, by so many of them; its policy then has
    no rules.
    """

    clusters: tuple[str, ...] = ()
    targets: tuple[str, ...] = TARGETS
    today: str | None = None
    allow_expired: bool = False
    kustomization: bool = False
    processes: int = 0


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
    program: Program,
    project: Project,
    options: Options,
    earlier: Iterable[Diagnostic] = (),
    *,
    fleet: Fleet | None = None,
    note: Callable[[str], None] = lambda _doing: None,
) -> Result:
    """Analyze, check, emit and prove a program for each cluster that is asked for.

    With a fleet, clusters are compiled side by side, and the result is the same. `note` is told what is done
    next, for people who wait.
    """
    from intentc.analysis import analyze, weigh

    diagnostics = list(earlier)
    resolved, problems = analyze(program, project)
    diagnostics.extend(problems)
    profiles = _chosen(project, options, diagnostics)
    is_clean = not has_errors(diagnostics)
    outcomes: list[Outcome] = []
    if fleet is None:
        for profile in profiles:
            note(f"compiling and proving {len(program.statements):,} statements for {profile.name}")
            outcomes.append(compile_cluster(resolved, project, profile, options, is_clean=is_clean))
    else:
        jobs = [Job(fleet.sources, project, options, profile.name, is_clean) for profile in profiles]
        for outcome in fleet.executor.map(work, jobs):
            outcomes.append(outcome)
            note(f"{len(outcomes)} of {len(jobs)} clusters are compiled and proved")
    for outcome in outcomes:
        diagnostics.extend(outcome.advice)
    diagnostics = list(weigh(program, project.severities, in_order(diagnostics)))
    for outcome in outcomes:
        diagnostics.extend(outcome.problems)
    if not has_errors(diagnostics):
        for outcome in outcomes:
            diagnostics.extend(outcome.refuted)
    is_proved = not has_errors(diagnostics)
    clusters = tuple(
        ClusterResult(profile, outcome.policy, _below(profile.name, outcome.artifacts), outcome.proof)
        if is_proved
        else ClusterResult(profile, outcome.policy)
        for profile, outcome in zip(profiles, outcomes, strict=True)
    )
    return Result(project, program, clusters, in_order(diagnostics))


class Outcome(NamedTuple):
    """What one cluster's part of a run gives: what is wrong by stage, and what was made and proved."""

    policy: ir.Policy
    advice: tuple[Diagnostic, ...]
    problems: tuple[Diagnostic, ...]
    artifacts: tuple[ir.Artifact, ...] = ()
    proof: Proof | None = None
    refuted: tuple[Diagnostic, ...] = ()


def compile_cluster(
    resolved: tuple[Resolved, ...], project: Project, profile: Profile, options: Options, *, is_clean: bool
) -> Outcome:
    """Take one cluster from statements to proved artifacts; nothing is proved where there are errors."""
    from intentc.analysis import said_of
    from intentc.analysis.rules import with_rules
    from intentc.checks import Context, check

    said, problems = said_of(resolved, project, profile)
    context = Context(profile, options.today, options.allow_expired)
    if options.processes and is_clean and not has_errors(problems):
        outcome = _in_parts(said, profile, options, context, problems)
        if outcome is not None:
            return outcome
    policy = with_rules(said, profile)
    advice = (*problems, *check(policy, context))
    artifacts, problems = _emit(policy, profile, options)
    if not is_clean or has_errors((*advice, *problems)):
        return Outcome(policy, advice, problems)
    from intentc.prove.proof import prove

    proof, refuted = prove(artifacts, policy, profile, targets=options.targets)
    return Outcome(policy, advice, problems, artifacts, proof, refuted)


def _in_parts(
    said: ir.Policy, profile: Profile, options: Options, context: Context, problems: tuple[Diagnostic, ...]
) -> Outcome | None:
    """Emit and prove a large cluster in parts, where all is well and there is a use in it."""
    from intentc.analysis.division import outline, ranges

    among = ranges(said, options.processes)
    if len(among) < 2 or options.targets != TARGETS or options.kustomization:
        return None
    from intentc.analysis.rules import with_rules
    from intentc.checks import check
    from intentc.parts import make

    rules = with_rules(outline(said), profile).rules
    advice = (*problems, *check(replace(said, rules=rules), context))
    made = None if has_errors(advice) else make(said, profile, among, options.processes)
    return None if made is None else Outcome(said, advice, (), *made)


# --- Many clusters ----------------------------------------------------------------------------------------


class Fleet(NamedTuple):
    """Where clusters are compiled side by side, and what they are compiled from: sources by their path."""

    executor: Executor
    sources: Mapping[str, bytes]


class Job(NamedTuple):
    """One cluster's part of a run, as it is sent to another process or machine."""

    sources: Mapping[str, bytes]
    project: Project
    options: Options
    cluster: str
    is_clean: bool


def work(job: Job) -> Outcome:
    """Carry out a job; a worker parses a program once for all clusters it is given."""
    profile = next(profile for profile in job.project.clusters if profile.name == job.cluster)
    resolved = _resolved(job.sources, job.project)
    return compile_cluster(resolved, job.project, profile, job.options, is_clean=job.is_clean)


_last: list[tuple[Mapping[str, bytes], tuple[Resolved, ...]]] = []


def _resolved(sources: Mapping[str, bytes], project: Project) -> tuple[Resolved, ...]:
    from intentc.analysis import analyze

    if not _last or _last[0][0] != sources:
        program, _ = parse_files(sources)
        _last[:] = [(sources, analyze(program, project)[0])]
    return _last[0][1]


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
