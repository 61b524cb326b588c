"""A large policy is emitted and proved in parts, by ranges of namespaces: less memory, several processors."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from intentc import ir
from intentc.analysis.division import divided
from intentc.analysis.rules import with_rules
from intentc.backends import emit, provenance
from intentc.processes import Task, spread
from intentc.profile import Profile
from intentc.prove.parts import Parts
from intentc.prove.proof import Proof

_Network = tuple[tuple[ir.Artifact, ...], dict[str, bytes], Proof] | None
"""The firewall module, the lines of its provenance, and its proof; None where there is something to say."""

_Pods = tuple[list[tuple[str, bytes]], dict[str, bytes], tuple[int, int]] | None
"""Files by path, the lines of their provenance, and what the prover counted in them; or None, as above."""


def make(
    policy: ir.Policy, profile: Profile, among: tuple[ir.NamespaceRange, ...], processes: int
) -> tuple[tuple[ir.Artifact, ...], Proof] | None:
    """Return the artifacts of all targets for one cluster, and the proof of them.

    `policy` needs no rules. None is returned where anything is to be said, warnings included: to say it, and
    to decide, is left to the emission and the proof of the whole.
    """
    network, *parts = divided(policy, among)
    proofs = Parts(policy, profile, among)
    tasks: list[Task] = [
        partial(_network, proofs, network, profile),
        *(partial(_pods, proofs, part, profile, place) for place, part in enumerate(parts)),
    ]
    first, *others = spread(tasks, processes)
    return _together(proofs, policy.cluster, first, others)


def _network(proofs: Parts, part: ir.Policy, profile: Profile) -> _Network:
    """Emit and prove what the network needs."""
    ruled = with_rules(part, profile)
    artifacts, problems = emit("terraform", ruled, profile)
    proof = None if problems else proofs.network(artifacts)
    return None if proof is None else (artifacts, provenance.lines(ruled), proof)


def _pods(proofs: Parts, part: ir.Policy, profile: Profile, place: int) -> _Pods:
    """Emit and prove the policies of one range."""
    ruled = with_rules(part, profile)
    artifacts, problems = emit("kubernetes", ruled, profile)
    if problems:
        return None
    lines = provenance.lines(ruled)
    del ruled
    counts = proofs.pods(place, artifacts)
    return None if counts is None else ([(file.path, file.content) for file in artifacts], lines, counts)


def _together(
    proofs: Parts, cluster: str, network: _Network, parts: list[_Pods]
) -> tuple[tuple[ir.Artifact, ...], Proof] | None:
    done = [part for part in parts if part is not None]
    if network is None or len(done) < len(parts):
        return None
    firewall, lines, proof = network
    record = provenance.document(cluster, [lines, *(its_lines for _, its_lines, _ in done)])
    policies = [ir.Artifact(*file) for files, _, _ in done for file in files]
    policies.sort(key=attrgetter("path"))
    artifacts = (*policies, *firewall, record)
    if len({artifact.path for artifact in artifacts}) < len(artifacts):
        return None
    return artifacts, proofs.whole(proof, (counts for _, _, counts in done))
