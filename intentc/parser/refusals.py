"""Read what Lark says of a text it refuses."""

from __future__ import annotations

from typing import cast

from lark import UnexpectedInput, UnexpectedToken


def position_of(problem: UnexpectedInput, text: str) -> int:
    """Return where a text stops making sense."""
    if isinstance(problem, UnexpectedToken):
        return len(text) if problem.token.type == "$END" else int(problem.token.start_pos or 0)
    return int(cast("int", problem.pos_in_stream))


def accepted_at(problem: UnexpectedInput) -> frozenset[str]:
    """Return the terminals that would have made sense there."""
    parser = getattr(problem, "interactive_parser", None)  # set on every problem that LALR raises
    return frozenset(parser.accepts()) if parser else frozenset()
