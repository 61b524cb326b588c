"""NetworkPolicies that exist become intents whose build admits exactly the same, and that is proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from intentc import ir
from intentc.adoption.comparison import compare
from intentc.adoption.lines import program, single
from intentc.adoption.openings import compare_firewall
from intentc.adoption.reading import Written, read
from intentc.adoption.sides import Cause, Said, Sides
from intentc.answers.diff.words import subjects_of
from intentc.compiler import TARGETS, Options, Result, compile_program, parse_files
from intentc.diagnostics import Diagnostic, error, has_errors, in_order, warning
from intentc.profile import Profile, Project
from intentc.prove import emitted as readers
from intentc.prove.differences import subject_region
from intentc.prove.platform import matches_nodes, shared_peers
from intentc.prove.regions import Region, TooHard, shared_part
from intentc.prove.shapes import Admitted, Peer, Shapes, Subject
from intentc.wording import endpoint_text

__all__ = ["Adoption", "adopt"]

FILE = "imported.intent"
NOBODY = "# These policies restrict nobody, and no intent is needed for that."
SHOWN = 20
"""How many differences are told; the first is enough to refuse."""

_END = {ir.Point.LEAVING_POD: "egress", ir.Point.ENTERING_POD: "ingress"}


class Adoption(NamedTuple):
    """What became of policies: with an error among `diagnostics`, there is no text.

    `resolving` are the pods that may resolve names by a build and not by the policies.
    """

    text: str
    policies: int
    lines: int
    resolving: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def adopt(
    files: Iterable[tuple[str, bytes, str]],
    project: Project,
    *,
    firewall: Iterable[tuple[str, bytes]] = (),
    targets: tuple[str, ...] = TARGETS,
    with_dns: bool = False,
    allow_residue: bool = False,
) -> Adoption:
    """Return intents whose build admits, on every cluster of the project, exactly what the policies admit.

    Each file is its path, its bytes, and the namespace of policies in it that name none, empty where that is
    not known. `targets` are those of the build: a firewall knows no names of ports. What no intent can say is
    an error (E760), with `allow_residue` a warning (W760). A build keeps name resolution open for all pods
    that it isolates for egress: where the policies do not, that is an error (E761) unless `with_dns`.
    Protocols without ports are a note (W761). `firewall` is a module of rules that exist: what they open and
    no intent needs is an error as well (E760), what a build opens beyond them a note (W762). What differs
    nevertheless is an error (E762): then the text says something else than the policies.
    """
    profile = project.clusters[0]
    shapes = _shapes(profile)
    written, problems = read(files, shapes)
    if not written or (has_errors(problems) and not allow_residue):
        return Adoption("", len(written), 0, (), problems)
    diagnostics = [_less(problem) for problem in problems] if allow_residue else list(problems)
    source = _Policies(written, profile, shapes)
    sides = Sides(source.emitted, source.shared, profile, shapes)
    said, unsaid = _sayable(tuple(sides.said()), project, targets)
    residue = [*source.names_at_addresses(), *(source.residue(each, reason) for each, reason in unsaid)]
    diagnostics += map(_less, residue) if allow_residue else residue
    if has_errors(diagnostics):
        return Adoption("", len(written), 0, (), _once(diagnostics))
    comments = [f"# left out, {item.span}: {item.label}\n" for item in _once(diagnostics) if item.span]
    text = "".join((*comments, program(said, sides.isolations(said)))) or NOBODY
    diagnostics += source.without_ports()
    left_out = [cause for each, _ in unsaid for cause in each.causes]
    text, count, resolving, found = _proved(text, project, targets, source, left_out, tuple(firewall))
    if allow_residue:
        found = tuple(map(_less, found))
    if resolving and not with_dns:
        found = (*found, *source.unresolved(resolving))
    diagnostics += found
    titles = tuple(
        endpoint_text(pods)
        for subject in resolving
        for pods in subjects_of(subject_region(subject), subject.namespace)
    )
    is_refused = has_errors(diagnostics)
    return Adoption("" if is_refused else text, len(written), count, titles, _once(diagnostics))


def _shapes(profile: Profile) -> Shapes:
    return Shapes(nodes_by_identity=not matches_nodes(profile))


class _Policies:
    """The policies as one cluster has them: what they admit, and where they say it."""

    def __init__(self, written: Sequence[Written], profile: Profile, shapes: Shapes) -> None:
        self._written = {policy.artifact.path: policy for policy in written}
        artifacts = [policy.artifact for policy in written]
        self.shapes = shapes
        self.emitted, _ = readers.read(artifacts, profile, shapes, own_shape=False)
        self.shared: Admitted = {}
        for _, _, admitted in shared_peers(profile, shapes):
            for peer, ports in admitted.items():
                shapes.admit(self.shared, peer, ports)

    def of(self, profile: Profile) -> _Policies:
        """Return the same policies as another cluster has them."""
        return _Policies(tuple(self._written.values()), profile, _shapes(profile))

    def residue(self, said: Said, reason: str) -> Diagnostic:
        """Return the error for what cannot be said."""
        cause = said.causes[0]
        for document in self.emitted.documents_of(cause.subject, cause.point):
            rules = document.leaving if cause.point is ir.Point.LEAVING_POD else document.entering
            for index, (peers, ports) in enumerate(rules or ()):
                if cause.peer in peers and ports.may_share(cause.ports):
                    policy = self._written[document.path]
                    place = document.place(_END[cause.point], index, peers.index(cause.peer))
                    label = (
                        "everybody, inside the cluster and outside"
                        if _is_everybody(peers, self.shapes)
                        else reason
                    )
                    return _unsaid(policy, place, label)
        return error("E760", "a rule cannot be said as an intent", label=reason)

    def names_at_addresses(self) -> Iterator[Diagnostic]:
        """Yield the error for each rule that names a port where no pod says what the name means."""
        for document in self.emitted.documents:
            for index, (peers, ports) in enumerate(document.leaving or ()):
                number = next((number for number, peer in enumerate(peers) if peer.kind != "pods"), None)
                if ports.names and number is not None:
                    place = document.place("egress", index, number)
                    yield _unsaid(
                        self._written[document.path], place, "the name of a port means nothing here"
                    )

    def without_ports(self) -> tuple[Diagnostic, ...]:
        """Return a note where rules admit protocols that have no ports."""
        for document in self.emitted.documents:
            for point, rules in (
                (ir.Point.LEAVING_POD, document.leaving),
                (ir.Point.ENTERING_POD, document.entering),
            ):
                for index, (peers, ports) in enumerate(rules or ()):
                    if ports.others and not _is_everybody(peers, self.shapes):
                        span = self._written[document.path].span(f"spec.{_END[point]}[{index}]")
                        message = "a rule without `ports` becomes every port of TCP, UDP and SCTP"
                        label = "some data planes also let through what has no ports, such as ICMP"
                        help_text = (
                            "an intent says nothing of such protocols, and the API defines nothing for them"
                        )
                        note = warning("W761", message, span, label, help=help_text)
                        return (note._replace(severity="note"),)
        return ()

    def unresolved(self, subjects: Iterable[Subject]) -> tuple[Diagnostic, ...]:
        """Return an error for each policy that closes name resolution."""
        message, label = "a build opens more of name resolution than the policies do", "isolates for egress"
        help_text = "`--with-dns` says that this is wanted: hardly a pod works without it"
        regions: dict[str, list[Region]] = {}
        for subject in subjects:
            regions.setdefault(subject.namespace, []).append(subject_region(subject))
        found = [
            error("E761", message, self._written[document.path].span(""), label, help=help_text)
            for document in self.emitted.documents
            if document.leaving is not None and document.subject is not None
            for region in (subject_region(document.subject),)
            if any(shared_part(region, other) is not None for other in regions.get(document.namespace, []))
        ]
        return tuple(found) or (error("E761", message, help=help_text),)


def _is_everybody(peers: tuple[Peer, ...], shapes: Shapes) -> bool:
    return set(shapes.every_peer) <= set(peers)


def _unsaid(policy: Written, place: str, label: str) -> Diagnostic:
    message = f"a rule of policy `{policy.title}` cannot be said as an intent"
    more = ("`--target kubernetes` imports for builds without a firewall",) if "firewall" in label else ()
    help_texts = (
        *more,
        "an intent names its ends: `*` for every pod, `internet` for every public address, ranges",
        "`--allow-residue` leaves it out: then a build admits less than the policies",
    )
    return error("E760", message, policy.span(place), label, help=help_texts)


def _less(problem: Diagnostic) -> Diagnostic:
    """Return an error as the warning about what is left out; other errors as they are."""
    if problem.code != "E760":
        return problem
    return problem._replace(code="W760", severity="warning", help=("it is left out",))


def _once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return one diagnostic for each place and code."""
    found: dict[object, Diagnostic] = {}
    for item in in_order(diagnostics):
        found.setdefault((item.code, item.span, item.message if item.span is None else ""), item)
    return tuple(found.values())


def _sayable(
    said: tuple[Said, ...], project: Project, targets: tuple[str, ...]
) -> tuple[list[Said], list[tuple[Said, str]]]:
    """Return what the language can say, and what it cannot, each with what is wrong with its line."""
    text = "".join(f"{single(each)}\n" for each in said)
    wrong: dict[int, str] = {}
    for item in _compiled(text, project, targets).diagnostics:
        if item.severity == "error" and item.span is not None:
            line = item.span.file.position(item.span.start)[0]
            wrong.setdefault(line, item.message)
    kept = [each for line, each in enumerate(said, 1) if line not in wrong]
    return kept, [(each, wrong[line]) for line, each in enumerate(said, 1) if line in wrong]


def _compiled(text: str, project: Project, targets: tuple[str, ...]) -> Result:
    tree, problems = parse_files({FILE: text.encode()})
    return compile_program(tree, project, Options(targets=targets), problems)


def _proved(
    text: str,
    project: Project,
    targets: tuple[str, ...],
    source: _Policies,
    left_out: Iterable[Cause],
    firewall: tuple[tuple[str, bytes], ...],
) -> tuple[str, int, tuple[Subject, ...], tuple[Diagnostic, ...]]:
    """Return the canonical text, its statements, whom a build of it lets resolve names, and what differs."""
    from intentc.formatter import layout

    tree, problems = parse_files({FILE: text.encode()})
    if tree.statements and not has_errors(problems):
        text = layout(tree.statements[0].span.file, tree)
    text = text.rstrip("\n") + "\n"
    count = len(tree.statements)
    result = _compiled(text, project, targets)
    errors = tuple(item for item in result.diagnostics if item.severity == "error")
    if errors:
        return text, count, (), errors
    resolving: dict[Subject, None] = {}
    found: list[Diagnostic] = []
    causes = tuple(left_out)
    for number, cluster in enumerate(result.clusters):
        mine = source.of(cluster.profile) if number else source
        built, _ = readers.read(cluster.artifacts, cluster.profile, mine.shapes, own_shape=True)
        try:
            compared = compare(mine.emitted, built, mine.shared, causes, mine.shapes)
            if firewall:
                found += compare_firewall(firewall, built, cluster.profile, mine.shapes)
        except TooHard:
            found.append(error("E762", "not proved: the policies overlap in too many ways to be compared"))
            continue
        resolving |= dict.fromkeys(compared.resolving)
        for difference in compared.differences[:SHOWN]:
            message = f"on cluster `{cluster.profile.name}` a build would differ: {difference}"
            help_text = "`--cluster NAME` imports for one cluster of several"
            found.append(error("E762", message, help=help_text if len(result.clusters) > 1 else ()))
    return text, count, tuple(resolving), tuple(found)
