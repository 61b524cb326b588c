"""The proof of a policy in parts: each range of namespaces by itself, and the network.

Every name of a namespace is in one range, and what a policy admits in a namespace is written there: so all
parts together are the proof of the whole. Which flows a part needs is worked out here anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

from intentc import ir
from intentc.profile import Profile
from intentc.prove.emitted import Emitted, read
from intentc.prove.intended import Meaning
from intentc.prove.judge import Judge
from intentc.prove.needs import Intended
from intentc.prove.platform import matches_nodes
from intentc.prove.proof import STEPS, STEPS_PER_FLOW, Proof
from intentc.prove.regions import Budget, TooHard
from intentc.prove.shapes import Shapes


class Parts:
    """Prove one part after the other; what does not hold is only told of by a proof of the whole."""

    def __init__(self, policy: ir.Policy, profile: Profile, among: tuple[ir.NamespaceRange, ...]) -> None:
        """Take the policy and the ranges, in the order of their names."""
        if (among[0].first, *(its.end for its in among)) != ("", *(its.first for its in among[1:]), None):
            raise ValueError("the ranges leave out a name, or have one twice")
        stated = tuple(isolation for isolation in policy.isolations if not isolation.origins)
        self._policy = replace(policy, isolations=stated)
        self._profile = profile
        self._among = among
        self._flows = self._divided()

    def _divided(self) -> list[list[ir.Flow]]:
        """Return the flows with an end in each range; an end of no one namespace may be in any."""
        firsts = [its.first for its in self._among]
        flows: list[list[ir.Flow]] = [[] for _ in firsts]
        for flow in self._policy.flows:
            places: set[int] = set()
            for end in (flow.source, flow.target):
                if isinstance(end, ir.Pods):
                    name = end.namespace
                    places.update(range(len(firsts)) if name is None else (bisect_right(firsts, name) - 1,))
            for place in places:
                flows[place].append(flow)
        return flows

    def pods(self, place: int, artifacts: Iterable[ir.Artifact]) -> tuple[int, int] | None:
        """Prove the policies of a range; return how many they are and how many pod sets may resolve names.

        None says that something is wrong.
        """
        shapes = self._shapes()
        emitted, problems = read(artifacts, self._profile, shapes, own_shape=True)
        part = replace(self._policy, flows=tuple(self._flows[place]))
        meaning = Meaning(part, self._profile, shapes, self._among[place])
        intended = meaning.at_pods()
        if problems or intended.problems:
            return None
        judge = self._judge(emitted, intended, meaning)
        try:
            for point in (ir.Point.LEAVING_POD, ir.Point.ENTERING_POD):
                if any(True for _ in judge.pods(point)):
                    return None
        except TooHard:
            return None
        return len(emitted.documents), len(intended.leaving)

    def network(self, artifacts: Iterable[ir.Artifact]) -> Proof | None:
        """Prove the firewall; return a proof without the policies, or None where something is wrong."""
        shapes = self._shapes()
        emitted, problems = read(artifacts, self._profile, shapes, own_shape=True)
        meaning = Meaning(self._policy, self._profile, shapes)
        intended = Intended()
        meaning.add_network(intended)
        if problems or emitted.documents:
            return None
        try:
            if any(True for _ in self._judge(emitted, intended, meaning).nodes()):
                return None
        except TooHard:
            return None
        flows, rules = len(self._policy.flows), len(emitted.firewall)
        return Proof(self._policy.cluster, flows, tuple(intended.extras), 0, rules)

    def whole(self, network: Proof, parts: Iterable[tuple[int, int]]) -> Proof:
        """Return the proof of all, given that of the network and what was found of each range."""
        documents, subjects = (sum(counts) for counts in zip(*parts, strict=True))
        shared = Meaning(self._policy, self._profile, self._shapes()).shared_extras(subjects)
        return network._replace(extras=(*network.extras, *shared), documents=documents)

    def _shapes(self) -> Shapes:
        return Shapes(nodes_by_identity=not matches_nodes(self._profile))

    def _judge(self, emitted: Emitted, intended: Intended, meaning: Meaning) -> Judge:
        return Judge(emitted, intended, meaning, Budget(STEPS + STEPS_PER_FLOW * len(meaning.flows)), 1)
