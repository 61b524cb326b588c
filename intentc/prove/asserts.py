"""The asserts of a policy become results: each holds for what was emitted, or a connection breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intentc import ir
from intentc.diagnostics import Diagnostic, error
from intentc.prove.admits import Admissions
from intentc.prove.intended import Meaning

_WHERE = {
    ir.Point.LEAVING_POD: "on leaving the pod",
    ir.Point.ENTERING_POD: "on entering the pod",
    ir.Point.LEAVING_NODE: "on leaving a node",
    ir.Point.ENTERING_NODE: "on entering a node",
}


class AssertResult(NamedTuple):
    """What became of one assert: `failure` is None where it holds."""

    assertion: ir.Assertion
    failure: Diagnostic | None


def results(
    assertions: Iterable[ir.Assertion], meaning: Meaning, admissions: Admissions
) -> Iterator[AssertResult]:
    """Return for each assert whether it holds; raise TooHard where that cannot be decided.

    `allow` holds when every connection the flow denotes is admitted at every point it passes, on every way
    it may take; `deny` when none is, on any way.
    """
    for assertion in assertions:
        if not meaning.ways_of(assertion.flow):
            message = "an assert speaks of a connection that has no way"
            help_text = "a policy selects pods: name them on one side of the arrow"
            failure = error("E906", message, assertion.flow.span, "nothing can be said of it", help=help_text)
            yield AssertResult(assertion, failure)
        elif assertion.verdict == "allow":
            yield AssertResult(assertion, _allow(assertion.flow, admissions))
        else:
            yield AssertResult(assertion, _deny(assertion.flow, admissions))


def _allow(flow: ir.Flow, admissions: Admissions) -> Diagnostic | None:
    refused = admissions.refused(flow)
    if refused is None:
        return None
    message = f"`assert allow` fails: `{refused.connection}` is refused {_WHERE[refused.point]}"
    help_text = "an intent that admits it is missing, or the claim is too wide"
    return error("E906", message, flow.span, "all of this must be admitted", help=help_text)


def _deny(flow: ir.Flow, admissions: Admissions) -> Diagnostic | None:
    admitted = admissions.admitted(flow)
    if admitted is None:
        return None
    message = f"`assert deny` fails: `{admitted.connection}` is admitted"
    return error("E907", message, flow.span, "none of this may be admitted", help=admitted.reasons)
