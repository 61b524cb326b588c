"""Advice on a policy that means what it says; one check, one file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from intentc.diagnostics import Diagnostic
from intentc.ir import Policy
from intentc.profile import Profile

CHECKS = (
    "covered_intents",
    "expiry",
    "host_network",
    "local_traffic",
    "node_rules",
    "resolver_isolation",
    "wide_ends",
)
"""The modules of all checks."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may know beside the policy; `today` is an ISO date or None."""

    profile: Profile
    today: str | None = None
    allow_expired: bool = False


def check(policy: Policy, context: Context) -> tuple[Diagnostic, ...]:
    """Return what every check has to say of one cluster's policy."""
    found: list[Diagnostic] = []
    for name in CHECKS:
        module = import_module(f"intentc.checks.{name}")
        said: Iterable[Diagnostic] = module.check(policy, context)
        found.extend(said)
    return tuple(found)
