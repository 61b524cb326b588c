"""Flatten blocks and expand sets: every statement with its own clauses and plain endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intentc.analysis.sets import Sets
from intentc.diagnostics import Diagnostic, error
from intentc.nodes import (
    Assert,
    Clause,
    Endpoint,
    Intent,
    Isolate,
    Let,
    PlainIntent,
    Program,
    Statement,
    Target,
    With,
)

MAXIMUM_FLOWS = 1_000_000
"""How many flows one statement may denote; counted before they are expanded."""

MAXIMUM_STATEMENTS = 2_000_000
"""How many statements a program may have, those in blocks included."""

MAXIMUM_TOTAL_FLOWS = 5_000_000
"""How many flows all statements of a program may denote."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A statement with the clauses that hold for it, and its ends; None where they are as it says."""

    statement: Intent | Isolate | Assert
    clauses: dict[str, Clause]
    ends: tuple[tuple[Endpoint, ...], tuple[Target, ...]] | None = None

    @property
    def sources(self) -> tuple[Endpoint, ...]:
        """Return the sources, or what an `isolate` names."""
        if self.ends is not None:
            return self.ends[0]
        return self.statement.endpoints if isinstance(self.statement, Isolate) else self.statement.sources

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return the targets; an `isolate` has none."""
        if self.ends is not None:
            return self.ends[1]
        return () if isinstance(self.statement, Isolate) else self.statement.targets


def resolve(program: Program) -> tuple[tuple[Resolved, ...], tuple[Diagnostic, ...]]:
    """Return every intent, `isolate` and `assert` of `program`, and what is wrong with its sets.

    Of a program that is too large as a whole nothing is returned but the error that says so.
    """
    diagnostics: list[Diagnostic] = []
    flat = list(_flatten(program.statements, {}))
    if len(flat) > MAXIMUM_STATEMENTS:
        return (), (_too_large(len(flat), "statements", MAXIMUM_STATEMENTS),)
    sets = Sets((statement for statement, _ in flat if isinstance(statement, Let)), diagnostics)
    resolved: list[Resolved] = []
    flows = 0
    for statement, clauses in flat:
        if isinstance(statement, PlainIntent):
            resolved.append(Resolved(statement, clauses))
            flows += 1
            continue
        if isinstance(statement, Let):
            continue
        if isinstance(statement, Isolate):
            sources = sets.endpoints(statement.endpoints)
            resolved.append(Resolved(statement, clauses, (sources, ())))
            continue
        sources = sets.endpoints(statement.sources)
        targets = sets.targets(statement.targets)
        count = len(sources) * sum(max(1, len(target.ports)) for target in targets)
        if count > MAXIMUM_FLOWS:
            message = f"statement denotes {count:,} flows"
            label = f"at most {MAXIMUM_FLOWS:,} are expanded"
            help_text = "name the sources by a shared label instead: `{team=payments}`"
            diagnostics.append(error("E219", message, statement.span, label, help=help_text))
            continue
        resolved.append(Resolved(statement, clauses, (sources, targets)))
        flows += count
    if flows > MAXIMUM_TOTAL_FLOWS:
        return (), (*diagnostics, _too_large(flows, "flows", MAXIMUM_TOTAL_FLOWS))
    diagnostics.extend(sets.unknown())
    diagnostics.extend(sets.unused())
    return tuple(resolved), tuple(diagnostics)


def _too_large(count: int, noun: str, most: int) -> Diagnostic:
    help_text = f"at most {most:,} are compiled; a shared label, `{{team=payments}}`, says the same in fewer"
    return error("E219", f"program has {count:,} {noun}", help=help_text)


def _flatten(
    statements: tuple[Statement, ...], inherited: dict[str, Clause]
) -> Iterator[tuple[Intent | Isolate | Assert | Let, dict[str, Clause]]]:
    """Yield the statements of all blocks with the clauses that hold for them: an inner clause wins.

    The parser keeps blocks at most 32 deep, so the recursion is bounded.
    """
    for statement in statements:
        if isinstance(statement, PlainIntent):
            yield statement, inherited
        elif isinstance(statement, With):
            clauses = inherited | {clause.word: clause for clause in statement.clauses}
            yield from _flatten(statement.statements, clauses)
        elif isinstance(statement, Let):
            yield statement, inherited
        else:
            yield statement, inherited | {clause.word: clause for clause in statement.clauses}
