"""The target platforms: a policy and a profile become artifacts, or errors at the user's lines."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from intentc.diagnostics import Diagnostic
from intentc.ir import Artifact, Policy
from intentc.profile import Profile

Emit = Callable[[Policy, Profile], tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]]

BACKENDS: dict[str, str] = {
    "kubernetes": "intentc.backends.kubernetes",
    "terraform": "intentc.backends.terraform",
    "provenance": "intentc.backends.provenance",
}
"""Every target by its name, with the module whose `emit` writes it."""


def emit(
    target: str, policy: Policy, profile: Profile
) -> tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]:
    """Return the artifacts of one target; the backend is imported when it is first needed."""
    backend: Emit = import_module(BACKENDS[target]).emit
    return backend(policy, profile)
