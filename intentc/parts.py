"""A large policy is emitted and proved in parts, by ranges of namespaces: less memory, several processors."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from intentc import ir
from intentc.analysis.division import divided
from intentc.analysis.rules import with_rules
from intentc.backends import emit, provenance
from intentc.processes import spread
from intentc.profile import Profile
from intentc.prove.parts import Parts
from intentc.prove.proof import Proof

Made = tuple[tuple[ir.Artifact, ...], Proof]

_Files = list[tuple[str, bytes]]
_Pods = tuple[_Files, dict[str, bytes], tuple[int, int]] | None
_Network = tuple[_Files, dict[str, bytes]] | None


def make(
    policy: ir.Policy, profile: Profile, among: tuple[ir.NamespaceRange, ...], processes: int
) -> Made | None:
    """Return the artifacts of all targets for one cluster, and the proof of them.

    `policy` needs no rules. None is returned where anything is to be said, warnings included: to say it, and to
    decide, is left to the emission and the proof of the whole.
    """
    network, *parts = divided(policy, among)
    proofs = Parts(policy, profile, among)
    tasks = [
        partial(_network, network, profile),
        *(partial(_pods, proofs, part, profile, place) for place, part in enumerate(parts)),
    ]
    del network, parts
    first, *others = spread(tasks, processes)
    return _together(policy.cluster, proofs, first, others)


def _together(cluster: str, proofs: Parts, network: _Network, parts: list[_Pods]) -> Made | None:
    done = [part for part in parts if part is not None]
    if network is None or len(done) < len(parts):
        return None
    firewall = [ir.Artifact(*file) for file in network[0]]
    proof = proofs.network(firewall, (counts for _, _, counts in done))
    if proof is None:
        return None
    record = provenance.document(cluster, [network[1], *(lines for _, lines, _ in done)])
    policies = [ir.Artifact(*file) for files, _, _ in done for file in files]
    policies.sort(key=attrgetter("path"))
    artifacts = (*policies, *firewall, record)
    is_each_once = len({artifact.path for artifact in artifacts}) == len(artifacts)
    return (artifacts, proof) if is_each_once else None


def _network(part: ir.Policy, profile: Profile) -> Any:  # noqa: ANN401 - as `_Network`
    """Emit what the network needs."""
    ruled = with_rules(part, profile)
    artifacts, problems = emit("terraform", ruled, profile)
    return None if problems else ([_file(item) for item in artifacts], provenance.lines(ruled))


def _pods(proofs: Parts, part: ir.Policy, profile: Profile, place: int) -> Any:  # noqa: ANN401 - as `_Pods`
    """Emit and prove the policies of one range."""
    ruled = with_rules(part, profile)
    artifacts, problems = emit("kubernetes", ruled, profile)
    if problems:
        return None
    lines = provenance.lines(ruled)
    del ruled
    counts = proofs.pods(place, artifacts)
    return None if counts is None else ([_file(item) for item in artifacts], lines, counts)


def _file(artifact: ir.Artifact) -> tuple[str, bytes]:
    """Return an artifact as what can be sent from one process to another."""
    return artifact.path, artifact.content
