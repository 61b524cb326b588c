"""A compiled cluster becomes the files of its kit, or one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from intentc import ir
from intentc.answers.probe import tools
from intentc.answers.probe.checks import Plan, neighbours, plan
from intentc.answers.probe.script import script
from intentc.answers.probe.standins import DEFAULT, OWN_LABEL, StandIn, stand_ins
from intentc.answers.rendering import environment
from intentc.compiler import ClusterResult
from intentc.profile import Profile
from intentc.prove.admits import Admissions
from intentc.prove.emitted import KUBERNETES, read
from intentc.prove.intended import Meaning
from intentc.prove.regions import Budget, TooHard
from intentc.prove.shapes import Shapes

IMAGE = "docker.io/nicolaka/netshoot:v0.14"
"""An image with socat, nc and tcpdump: https://github.com/nicolaka/netshoot"""

FILES = {
    "script": "probe.sh",
    "pods": "pods.yaml",
    "nodeports": "nodeports.yaml",
    "netassert": "netassert.yaml",
    "netchecks": "networkassertions.yaml",
}
"""The files of a kit that one can ask for alone, by the word that asks."""

README = "README.md"

_TICKS = re.compile("`+")
_STEPS = 100_000
_STEPS_PER_FLOW = 20


@dataclass(frozen=True, slots=True)
class Kit:
    """One cluster's kit: its files by name, and what they try."""

    cluster: str
    files: dict[str, bytes]
    plan: Plan


def kit(cluster: ClusterResult, namespace: str | None = None) -> Kit:
    """Return the kit of a cluster that was compiled and proved.

    With `namespace`, only connections with an end there are tried. The same policy gives the same bytes.
    """
    policy, profile = cluster.policy, cluster.profile
    found = plan(policy, profile, denied(cluster), namespace)
    pods = stand_ins(found.checks, policy.namespaces)
    texts = {
        README: _readme(policy.cluster, found, pods),
        FILES["script"]: script(policy.cluster, found.checks, IMAGE),
        FILES["pods"]: _pods(pods, profile),
        FILES["netassert"]: tools.netassert(found.checks, pods),
        FILES["netchecks"]: tools.netchecks(found.checks, pods),
    }
    if services := tools.node_ports(found.checks, pods):
        template = environment().get_template("probe/nodeports.yaml.j2")
        texts[FILES["nodeports"]] = template.render(services=services, own_label=OWN_LABEL)
    return Kit(policy.cluster, {name: text.encode() for name, text in texts.items()}, found)


def denied(cluster: ClusterResult) -> Iterator[ir.Flow]:
    """Yield the flows of a neighbour that the emitted policies refuse; what cannot be decided is left out."""
    shapes = Shapes()
    below = f"{cluster.profile.name}/"
    artifacts = [
        ir.Artifact(artifact.path.removeprefix(below), artifact.content)
        for artifact in cluster.artifacts
        if artifact.path.startswith(f"{below}{KUBERNETES}/")
    ]
    emitted, _ = read(artifacts, cluster.profile, shapes, own_shape=True)
    meaning = Meaning(_with_default(cluster.policy), cluster.profile, shapes)
    budget = Budget(_STEPS + _STEPS_PER_FLOW * len(cluster.policy.flows))
    admissions = Admissions(emitted, meaning, shapes, budget, with_firewall=False)
    for flow in neighbours(cluster.policy):
        try:
            if admissions.admitted(flow) is None:
                yield flow
        except TooHard:
            return


def _with_default(policy: ir.Policy) -> ir.Policy:
    """Return the policy with the neighbour's namespace among those that are known to exist."""
    if policy.namespaces is None or any(item.name == DEFAULT.name for item in policy.namespaces):
        return policy
    return replace(policy, namespaces=(*policy.namespaces, DEFAULT))


def _pods(pods: dict[ir.Pods, StandIn], profile: Profile) -> str:
    family = "6" if profile.pod_cidrs and all(":" in cidr for cidr in profile.pod_cidrs) else "4"
    unique = sorted(
        {pod.name: pod for pod in pods.values()}.values(), key=lambda pod: (pod.namespace, pod.name)
    )
    commands = {pod.name: _command(pod, family) for pod in unique}
    template = environment().get_template("probe/pods.yaml.j2")
    return template.render(pods=unique, commands=commands, image=IMAGE, own_label=OWN_LABEL)


def _command(pod: StandIn, family: str) -> str:
    """Return what a stand-in runs: something that takes what arrives at each of its ports."""
    heard = [
        f"socat -u {listener.protocol}{family}-{'LISTEN' if listener.protocol == 'TCP' else 'RECVFROM'}:"
        f"{listener.number},fork,reuseaddr OPEN:/dev/null"
        for listener in pod.listeners
    ]
    return " & ".join([*heard, "exec sleep infinity"])


def _readme(cluster: str, found: Plan, pods: dict[ir.Pods, StandIn]) -> str:
    template = environment().get_template("probe/README.md.j2")
    names = sorted({pod.namespace for pod in pods.values()})
    return template.render(
        cluster=cluster,
        allowed=sum(check.verdict == "allow" for check in found.checks),
        denied=sum(check.verdict == "deny" for check in found.checks),
        namespaces=names,
        left_out=[(_code(item.place), _code(item.said), item.reason) for item in found.left_out],
        has_node_ports=any(check.path.kind == "nodeport" for check in found.checks),
    )


def _code(text: str) -> str:
    """Return text as a code span in a table of Markdown, whatever it holds.

    https://github.github.com/gfm/#code-spans and #example-200
    """
    shown = text.replace("|", "\\|")
    if "`" not in shown:
        return f"`{shown}`"
    fence = "`" * (max(len(run) for run in _TICKS.findall(shown)) + 1)
    return f"{fence} {shown} {fence}"
