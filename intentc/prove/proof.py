"""Emitted bytes and a policy become a proof that they say the same, or the flows in which they differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from intentc import ir
from intentc.diagnostics import Diagnostic, error, in_order
from intentc.profile import Profile
from intentc.prove.emitted import KUBERNETES, TERRAFORM, read
from intentc.prove.intended import Meaning
from intentc.prove.judge import Judge
from intentc.prove.needs import Extra
from intentc.prove.platform import matches_nodes
from intentc.prove.regions import Budget, TooHard
from intentc.prove.shapes import Shapes

STEPS = 100_000
STEPS_PER_FLOW = 20
"""How many pairs of regions are looked at before the answer is "not proved" (E908)."""

SHOWN = 20
"""How many differences of one kind are shown at one point; the first is enough to stop a build."""


class Proof(NamedTuple):
    """What was shown: these flows are admitted at every point they pass, and beyond them only the extras."""

    cluster: str
    flows: int
    extras: tuple[Extra, ...]
    documents: int
    firewall_rules: int


def prove(
    artifacts: Iterable[ir.Artifact],
    policy: ir.Policy,
    profile: Profile,
    *,
    targets: tuple[str, ...] = (KUBERNETES, TERRAFORM),
    own_shape: bool = True,
    shown: int | None = SHOWN,
) -> tuple[Proof, tuple[Diagnostic, ...]]:
    """Show that one cluster's files admit what its flows need, and nothing else.

    Reads the bytes, `policy.flows`, isolations that no flow is the origin of, `policy.namespaces`,
    `policy.assertions` and the profile; never `policy.rules`. `targets` are the layers the files are meant
    to hold. With `own_shape`, every byte must be as we write it; without, any readable manifest is judged
    by its meaning. `shown` limits the differences reported of one kind at one point, None reports all.

    The proof holds only when no diagnostic is an error: E901 gained, E902 lost, E903 isolation differs,
    E904 unreadable, E905 refused by the platform, E906 and E907 asserts, E908 not proved.
    """
    shapes = Shapes(nodes_by_identity=not matches_nodes(profile))
    emitted, problems = read(artifacts, profile, shapes, own_shape=own_shape)
    meaning = Meaning(policy, profile, shapes)
    intended = meaning.derive()
    diagnostics = [*problems, *intended.problems]
    assertions = policy.assertions
    budget = Budget(STEPS + STEPS_PER_FLOW * len(policy.flows))
    judge = Judge(emitted, intended, meaning, budget, shown)
    if any(diagnostic.code == "E904" for diagnostic in problems):
        targets, assertions = (), ()  # what a file leaves open, comparing the others would only repeat
    try:
        if KUBERNETES in targets:
            diagnostics += judge.pods(ir.Point.LEAVING_POD)
            diagnostics += judge.pods(ir.Point.ENTERING_POD)
        if TERRAFORM in targets:
            diagnostics += judge.nodes()
        if assertions:
            from intentc.prove.admits import Admissions
            from intentc.prove.asserts import results

            admissions = Admissions(emitted, meaning, shapes, budget, with_firewall=TERRAFORM in targets)
            failures = (result.failure for result in results(assertions, meaning, admissions))
            diagnostics += filter(None, failures)
    except TooHard:
        diagnostics.append(not_proved())
    proof = Proof(
        policy.cluster,
        len(policy.flows),
        tuple(intended.extras),
        len(emitted.documents),
        len(emitted.firewall),
    )
    return proof, in_order(diagnostics)


def not_proved() -> Diagnostic:
    """Return the error for what could be neither shown nor refuted within the budget."""
    return error(
        "E908",
        "not proved: the emitted policies overlap in too many ways to be compared",
        help="fewer label keys in selectors that overlap make it decidable",
    )
