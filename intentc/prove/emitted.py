"""Emitted files become what they admit: the policies of each side of the pods, and the network's firewall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from intentc import ir
from intentc.diagnostics import Diagnostic, error
from intentc.profile import Profile
from intentc.prove.admission import Refusal, refusals
from intentc.prove.canonical import Canonical
from intentc.prove.clusterwide import read_clusterwide
from intentc.prove.differences import ADDRESSES, KIND, PORTS, Entry, region_of
from intentc.prove.documents import PolicyDocument, Unreadable
from intentc.prove.firewall_reader import FirewallRule, Text, read_firewall
from intentc.prove.hcl import Reference
from intentc.prove.labels import Values
from intentc.prove.numbers import Numbers, PortSet
from intentc.prove.policy_reader import read_policies
from intentc.prove.regions import Budget, uncovered
from intentc.prove.shapes import Admitted, Peer, Shapes, Side, Subject
from intentc.prove.yaml_tree import read_trees

KUBERNETES = "kubernetes"
TERRAFORM = "terraform"
CLUSTERWIDE = ".clusterwide.yaml"
"""How the name of a file ends that holds policies of Cilium for the whole cluster."""
BESIDE = ("provenance.json",)
"""Files beside the output that nobody applies."""


@dataclass(slots=True)
class Emitted:
    """What the emitted files say and admit; `into_nodes_at_least` leaves out what only some nodes get."""

    documents: tuple[PolicyDocument, ...] = ()
    by_subject: dict[Subject, list[PolicyDocument]] = field(default_factory=dict)
    firewall: tuple[FirewallRule, ...] = ()
    leaving: Side = field(default_factory=dict)
    entering: Side = field(default_factory=dict)
    into_nodes: Admitted = field(default_factory=dict)
    into_nodes_at_least: Admitted = field(default_factory=dict)
    out_of_nodes: Admitted = field(default_factory=dict)

    def side(self, point: ir.Point) -> Side:
        """Return what the policies on this side of the pods admit."""
        return self.leaving if point is ir.Point.LEAVING_POD else self.entering

    def documents_of(self, subject: Subject | None, point: ir.Point) -> Iterator[PolicyDocument]:
        """Return the policies that isolate a subject on one side."""
        for document in self.by_subject.get(subject, ()) if subject else ():
            rules = document.leaving if point is ir.Point.LEAVING_POD else document.entering
            if rules is not None:
                yield document


def read(
    artifacts: Iterable[ir.Artifact], profile: Profile, shapes: Shapes, *, own_shape: bool
) -> tuple[Emitted, tuple[Diagnostic, ...]]:
    """Return what a cluster's files admit, or the errors (E904) of files that cannot be read.

    With `own_shape` every NetworkPolicy must be in the shape that we write, byte for byte; without, any
    manifest that all readers of YAML agree about is read by the rules of Kubernetes.
    """
    files = _Files(shapes, own_shape=own_shape, clusterwide=profile.clusterwide_policies)
    emitted = Emitted()
    for artifact in artifacts:
        try:
            files.read(artifact)
        except Unreadable as problem:
            files.diagnostics.append(unreadable(problem))
    try:
        files.check_kustomizations()
        emitted.firewall = read_firewall(files.modules, shapes)
        _add_firewall(emitted, profile, shapes, own_shape=own_shape)
    except Unreadable as problem:
        files.diagnostics.append(unreadable(problem))
    emitted.documents = tuple(files.documents)
    _add_policies(emitted, shapes)
    return emitted, (*files.diagnostics, *files.refused(), *_namesakes(files.documents))


class _Files:
    """Read files one by one, and keep what they hold."""

    def __init__(self, shapes: Shapes, *, own_shape: bool, clusterwide: bool) -> None:
        self._shapes = shapes
        self._clusterwide = clusterwide
        self._canonical = Canonical(shapes) if own_shape else None
        self._suffixes = (".yaml",) if own_shape else (".yaml", ".yml")
        self._refused: list[tuple[str, Refusal]] = []
        self._names: list[str] = []
        self._kustomizations: list[ir.Artifact] = []
        self.documents: list[PolicyDocument] = []
        self.modules: list[tuple[str, bytes]] = []
        self.diagnostics: list[Diagnostic] = []

    def read(self, artifact: ir.Artifact) -> None:
        *_, folder, name = ("", *artifact.path.split("/"))
        if folder == KUBERNETES and name == "kustomization.yaml":
            self._kustomizations.append(artifact)
        elif folder == KUBERNETES and name.endswith(CLUSTERWIDE) and self._clusterwide:
            self._names.append(name)
            self.documents.extend(read_clusterwide(artifact.path, artifact.content, self._shapes))
        elif folder == KUBERNETES and name.endswith(self._suffixes):
            self._names.append(name)
            self._read_policies(artifact)
        elif folder == TERRAFORM and name.startswith("."):
            raise Unreadable(artifact.path, "Terraform passes over a file whose name starts with a dot")
        elif folder == TERRAFORM and name.endswith(".tf"):
            self.modules.append((artifact.path, artifact.content))
        elif folder in (KUBERNETES, TERRAFORM) or name not in BESIDE:
            raise Unreadable(artifact.path, "a file that the prover does not know")

    def _read_policies(self, artifact: ir.Artifact) -> None:
        if self._canonical is not None:
            self.documents.extend(self._canonical.read(artifact.path, artifact.content))
            return
        for document, tree in read_policies(artifact.path, artifact.content, self._shapes):
            self.documents.append(document)
            found = (refusal for refusal in refusals(tree) if refusal.group == "server")
            self._refused.extend((document.title, refusal) for refusal in found)

    def refused(self) -> Iterator[Diagnostic]:
        """Return an error (E905) for what the platform would not admit, or what we must never write."""
        found = self._refused if self._canonical is None else self._canonical.refused
        for place, refusal in found:
            where = f" `{refusal.path}`" if refusal.path else ""
            message = f"emitted policy is refused: {place},{where} {refusal.message} ({refusal.id})"
            yield error("E905", message)

    def check_kustomizations(self) -> None:
        """Refuse a kustomization that does anything but list every file beside it, once."""
        expected = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
        for artifact in self._kustomizations:
            trees = [tree for _, tree in read_trees(artifact.path, artifact.content)]
            tree = trees[0] if len(trees) == 1 and isinstance(trees[0], dict) else {}
            resources = tree.get("resources")
            listed = (
                [item for item in resources if isinstance(item, str)] if isinstance(resources, list) else []
            )
            rest = {key: value for key, value in tree.items() if key != "resources"}
            if rest != expected or listed != resources or sorted(listed) != sorted(self._names):
                raise Unreadable(artifact.path, "not a list of all files beside it, and nothing else")


def unreadable(problem: Unreadable) -> Diagnostic:
    """Return the error for bytes that the prover cannot account for."""
    return error("E904", f"emitted file cannot be read: {problem.place}: {problem.reason}")


def _namesakes(documents: Iterable[PolicyDocument]) -> Iterable[Diagnostic]:
    """Return an error for every policy that replaces another one when both are applied."""
    known: dict[tuple[str, str], PolicyDocument] = {}
    for document in documents:
        first = known.setdefault((document.namespace, document.name), document)
        if first is not document:
            message = f"{document.title} replaces another of the same name in `{first.path}`"
            yield error("E904", message)


def _add_policies(emitted: Emitted, shapes: Shapes) -> None:
    """Add up all policies: what one admits, none takes away.

    A port name means nothing at an address range, which has no pod to give the name a number.
    """
    admit = shapes.admit
    for document in emitted.documents:
        if document.subject is None:
            continue
        emitted.by_subject.setdefault(document.subject, []).append(document)
        for side, rules, leaves in (
            (emitted.leaving, document.leaving, True),
            (emitted.entering, document.entering, False),
        ):
            if rules is None:
                continue
            admitted = side.get(document.subject)
            if admitted is None:
                admitted = side[document.subject] = {}
            for peers, ports in rules:
                for peer in peers:
                    if leaves and ports.names and peer.kind != "pods":
                        numbered = shapes.ports(PortSet(ports.numbers, others=ports.others))
                        if numbered:
                            admit(admitted, peer, numbered)
                    elif peer in admitted:
                        admit(admitted, peer, ports)
                    else:
                        admitted[peer] = ports


# --- The network's firewall -----------------------------------------------------------------------------


def machines(profile: Profile) -> tuple[Text | tuple[str, Text | tuple[str, ...]], ...]:
    """Return project, network and targets that the profile's firewall rules hold for."""
    firewall = profile.firewall
    targets: tuple[str, Text | tuple[str, ...]]
    if firewall.target_service_accounts:
        targets = "target_service_accounts", tuple(sorted(set(firewall.target_service_accounts)))
    elif firewall.target_tags:
        targets = "target_tags", tuple(sorted(set(firewall.target_tags)))
    else:
        targets = "target_tags", Reference("var.target_tags")
    return (
        firewall.project or Reference("var.project"),
        firewall.network or Reference("var.network"),
        targets,
    )


def _add_firewall(emitted: Emitted, profile: Profile, shapes: Shapes, *, own_shape: bool) -> None:
    denying = [rule for rule in emitted.firewall if not rule.is_allow]
    if own_shape and denying:
        raise Unreadable(denying[0].title, "a rule that denies is not of our shape")
    for rule in emitted.firewall:
        if not rule.is_allow:
            continue
        if rule.machines != machines(profile):
            raise Unreadable(rule.title, "it is for another project, network or target than the profile's")
        if rule.priority != profile.firewall.priority:
            raise Unreadable(rule.title, f"priority {rule.priority} is not the profile's")
        for peer, ports in _effective(rule, denying, shapes):
            if rule.direction == "EGRESS":
                shapes.admit(emitted.out_of_nodes, peer, ports)
                continue
            shapes.admit(emitted.into_nodes, peer, ports)
            if not rule.is_narrowed:
                shapes.admit(emitted.into_nodes_at_least, peer, ports)


def _effective(
    rule: FirewallRule, denying: Iterable[FirewallRule], shapes: Shapes
) -> Iterable[tuple[Peer, PortSet]]:
    """Return what denying rules of the same or a higher priority leave of a rule.

    https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules
    """
    stronger = [
        other for other in denying if other.direction == rule.direction and other.priority <= rule.priority
    ]
    if not stronger:
        for peer in rule.peers:
            yield peer, rule.ports
        return
    kinds = {peer.kind for other in (rule, *stronger) for peer in other.peers}
    if "variable" in kinds or any(other.is_narrowed or other.machines != rule.machines for other in stronger):
        raise Unreadable(rule.title, "what a denying rule leaves of it depends on what is not known here")
    denied = [region_of(Entry(None, peer, other.ports)) for other in stronger for peer in other.peers]
    for peer in rule.peers:
        for region in uncovered(region_of(Entry(None, peer, rule.ports)), denied, Budget(100_000)):
            kind, addresses, ports = region[KIND], region[ADDRESSES], region[PORTS]
            if isinstance(kind, Values) and isinstance(addresses, Numbers) and isinstance(ports, PortSet):
                yield shapes.peer(peer.kind, addresses=addresses), shapes.ports(ports)
