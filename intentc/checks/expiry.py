"""Intents that have an end: a warning from 30 days before, an error after it."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.checks import Context
from intentc.diagnostics import Diagnostic, error, warning
from intentc.ir import Policy

DAYS_BEFORE = 30


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each statement that ends soon, or has ended: it is never dropped silently."""
    if context.today is None:
        return
    claims = (assertion.flow for assertion in policy.assertions)
    ending = [flow for flow in (*policy.flows, *claims) if flow.clauses.until]
    if not ending:
        return
    from datetime import date

    today = date.fromisoformat(context.today)
    seen: set[tuple[str, int, int]] = set()
    for flow in ending:
        if flow.span is None or flow.span.sort_key in seen:
            continue
        seen.add(flow.span.sort_key)
        left = (date.fromisoformat(flow.clauses.until) - today).days
        if left < 0 and not context.allow_expired:
            help_text = "renew the date or remove the intent; `--allow-expired` builds it all the same"
            label = f"{-left} {'day' if left == -1 else 'days'} ago"
            yield error("E213", f"intent ended on {flow.clauses.until}", flow.span, label, help=help_text)
        elif left <= DAYS_BEFORE:
            when = (
                "today"
                if left == 0
                else f"in {left} {'day' if left == 1 else 'days'}"
                if left > 0
                else "over"
            )
            message = f"intent ends on {flow.clauses.until}"
            yield warning(
                "W301", message, flow.span, when, help="after that day the build fails at this line"
            )
