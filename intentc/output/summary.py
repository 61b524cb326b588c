"""What a build did becomes a few lines a person understands."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.compiler import ClusterResult, Result
from intentc.ir import Isolation, Point
from intentc.profile import Profile
from intentc.prove.proof import Proof
from intentc.wording import endpoint_text

_OTHERS = ("/kustomization.yaml", ".clusterwide.yaml")
"""How the names of files end beside those of the namespaces."""
_SHOWN = 5
"""How many isolated subjects are named before the rest is counted."""


def summarize(result: Result) -> str:
    """Return, for each cluster, the profile used, what was made, and whose connections are now limited."""
    lines: list[str] = []
    for cluster in result.clusters:
        lines.append(f"{cluster.profile.name}: {_facts(cluster.profile, result.project.declared)}")
        lines.append(f"  {', '.join(_counts(cluster))}")
        if cluster.proof is not None:
            lines.append(f"  {_proved(cluster.proof)}")
        for point, word in ((Point.LEAVING_POD, "egress"), (Point.ENTERING_POD, "ingress")):
            subjects = [isolation for isolation in cluster.policy.isolations if isolation.point is point]
            if subjects:
                lines.append(f"  isolated for {word}: {_named(subjects)}")
    return "".join(f"{line}\n" for line in lines)


def count_policies(cluster: ClusterResult) -> int:
    """Return the number of policies among a cluster's artifacts, as the prover has counted them."""
    return cluster.proof.documents if cluster.proof is not None else 0


def _facts(profile: Profile, declared: bool) -> str:
    facts = [
        profile.dataplane,
        profile.routing,
        f"dns {profile.dns.preset}",
        f"firewall {profile.firewall.mode}",
    ]
    origin = "" if declared else " (the default profile: no intentc.yaml)"
    return ", ".join(facts) + origin


def _counts(cluster: ClusterResult) -> Iterator[str]:
    files = [
        artifact
        for artifact in cluster.artifacts
        if "/kubernetes/" in artifact.path and not artifact.path.endswith(_OTHERS)
    ]
    if files:
        yield plural(len(files), "namespace")
        yield plural(count_policies(cluster), "policy", "policies")
    for artifact in cluster.artifacts:
        if artifact.path.endswith("/terraform/firewall.tf"):
            yield plural(artifact.content.count(b'resource "google_compute_firewall"'), "firewall rule")


def _proved(proof: Proof) -> str:
    """Say what was proved: the emitted bytes admit the flows, and beside them only what has a reason."""
    nodes = sum(extra.cause == "node" for extra in proof.extras)
    kept = sorted({extra.cause for extra in proof.extras} - {"node"})
    words = {"dns": "name resolution", "metadata": "the metadata server"}
    lifelines = f"; kept open: {', '.join(words[cause] for cause in kept)}" if kept else ""
    return f"proved: {plural(proof.flows, 'flow')} equal, {plural(nodes, 'declared extra')}{lifelines}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number and what it counts, in words; `many` where an `s` behind `one` will not do."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _named(isolations: list[Isolation]) -> str:
    rest = len(isolations) - _SHOWN
    shown = ", ".join(endpoint_text(isolation.pods) for isolation in isolations[:_SHOWN])
    return f"{shown} and {rest:,} more" if rest > 0 else shown
